//! Compiling the programs, for Linux and for Windows.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

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

pub(crate) const CROSS_COMPILER: &str = "x86_64-w64-mingw32-gcc";

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

pub(crate) fn installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn crate_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where what is built and written goes.
pub(crate) fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs")
}

/// The shared library that this test was built with: beside the test, or one directory up.
fn library() -> PathBuf {
    let test = std::env::current_exe().expect("this program is a file");
    let written = |path: &PathBuf| {
        fs::metadata(path).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let places = test.ancestors().skip(1).take(2).map(|directory| directory.join("libveduta_win32.so"));
    places.filter(|path| path.exists()).max_by_key(written).expect("the library is built for its tests")
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
        // By its path: a search by name might find one that is installed. It is loaded by its SONAME.
        let library = library();
        let link = directory.join("libveduta_win32.so.0");
        symlink(&library, &link).expect("the library can be linked to");
        command.arg(library).arg(format!("-Wl,-rpath,{}", directory.display())).arg("-pthread");
    }
    if program.sources.iter().any(|source| source.ends_with(".cpp")) {
        command.arg("-lstdc++");
    }
    let result = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&result.stderr);
    assert!(result.status.success(), "{command:?}: {}\n{said}", result.status);
    output
}
