//! Compiling the programs, for Linux and for Windows.

use crate::support::{crate_root, link};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn conformance() -> PathBuf {
    crate_root().join("tests/conformance")
}

/// Where what is built and written goes.
pub(crate) fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance")
}

/// The names of the programs: each is one C source.
pub(crate) fn programs() -> Vec<String> {
    let entries = fs::read_dir(conformance()).expect("the programs are there");
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.expect("it can be read").file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".c").map(str::to_owned))
        .collect();
    names.sort();
    names
}

pub(crate) fn source(program: &str) -> String {
    fs::read_to_string(conformance().join(program).with_extension("c")).expect("it can be read")
}

/// Compiles a program; `Err` has what the compiler says.
fn compile(
    compiler: &str,
    program: &str,
    output: &Path,
    more: impl FnOnce(&mut Command),
) -> Result<(), String> {
    fs::create_dir_all(output.parent().expect("it is in a directory")).expect("it can be made");
    let mut command = Command::new(compiler);
    command.args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(output);
    command.arg(conformance().join(program).with_extension("c"));
    more(&mut command);
    let result = command.output().map_err(|error| format!("{compiler} does not start: {error}"))?;
    let said = String::from_utf8_lossy(&result.stderr).into_owned();
    if result.status.success() { Ok(()) } else { Err(format!("{compiler} {program}.c: {said}")) }
}

pub(crate) fn for_linux(compiler: &str, program: &str) -> Result<PathBuf, String> {
    let output = scratch().join("linux").join(program);
    compile(compiler, program, &output, |command| {
        command.args(["-fshort-wchar", "-I"]).arg(crate_root().join("include"));
        link(command, &scratch().join("linux/lib"));
    })
    .map(|()| output)
}

pub(crate) fn for_windows(compiler: &str, program: &str) -> Result<PathBuf, String> {
    let output = scratch().join("windows").join(program).with_extension("exe");
    compile(compiler, program, &output, |command| {
        command.arg("-ladvapi32");
    })
    .map(|()| output)
}
