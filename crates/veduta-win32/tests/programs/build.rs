//! Compiling the programs, for Linux and for Windows.

use crate::support::{CROSS_COMPILER, crate_root, link};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A program: its name, its sources, and which text it is written for.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) sources: &'static [&'static str],
    pub(crate) written_for: WrittenFor,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrittenFor {
    /// `char` and the functions with an A.
    Narrow,
    /// `wchar_t` and the functions with a W.
    Wide,
    /// `TCHAR`.
    Both,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Narrow,
    Wide,
}

/// What a program is compiled for, and with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Linux(&'static str),
    Windows,
}

impl Target {
    pub(crate) fn compiler(self) -> &'static str {
        match self {
            Target::Linux(compiler) => compiler,
            Target::Windows => CROSS_COMPILER,
        }
    }

    pub(crate) fn name(self, text: Text) -> String {
        let text = match text {
            Text::Narrow => "narrow",
            Text::Wide => "wide",
        };
        format!("{}-{text}", self.compiler())
    }
}

/// Where what is built and written goes.
pub(crate) fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs")
}

/// The program for the target. Each is compiled once, for all tests.
pub(crate) fn built(program: &Program, target: Target, text: Text) -> PathBuf {
    type Once = Arc<OnceLock<PathBuf>>;
    static BUILT: Mutex<BTreeMap<PathBuf, Once>> = Mutex::new(BTreeMap::new());
    let directory = scratch().join("built").join(target.name(text)).join(program.name);
    let once = {
        let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(directory.clone()).or_default().clone()
    };
    once.get_or_init(|| {
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).expect("there is a place for it");
        build(program, target, text, &directory)
    })
    .clone()
}

fn build(program: &Program, target: Target, text: Text, directory: &Path) -> PathBuf {
    let wide = match program.written_for {
        WrittenFor::Narrow => false,
        WrittenFor::Wide => true,
        WrittenFor::Both => text == Text::Wide,
    };
    let output = directory.join(program.name).with_extension("exe");
    let mut command = Command::new(target.compiler());
    command.args(["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&output);
    if wide {
        command.args(["-DUNICODE", "-D_UNICODE"]);
    }
    match target {
        Target::Linux(_) => {
            // printf as on Windows, where a DWORD is printed with %lu.
            command
                .args(["-fshort-wchar", "-DVEDUTA_WINDOWS_PRINTF", "-I"])
                .arg(crate_root().join("include"));
        }
        Target::Windows => {
            // Windows' own printf, where GNU's C++ library would have another; it decides as stdio.h is first seen.
            command.args(["-D__USE_MINGW_ANSI_STDIO=0", "-include", "stdio.h", "-static"]);
            command.args(wide.then_some("-municode"));
        }
    }
    let sources = crate_root().join("tests/programs");
    command.args(program.sources.iter().map(|source| sources.join(source)));
    if let Target::Linux(_) = target {
        link(&mut command, directory);
    }
    if program.sources.iter().any(|source| source.ends_with(".cpp")) {
        command.arg("-lstdc++");
    }
    let result = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&result.stderr);
    assert!(result.status.success(), "{command:?}: {}\n{said}", result.status);
    output
}
