//! Compiling the programs, for Linux and for Windows.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

fn crate_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

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

/// Whether a program is installed.
pub(crate) fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The shared library that this test was built with: beside the test, or one directory up.
pub(crate) fn library() -> Result<PathBuf, String> {
    let test = env::current_exe().expect("this program is a file");
    let written = |path: &PathBuf| {
        fs::metadata(path).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let name = "libveduta_win32.so";
    let places = test.ancestors().skip(1).take(2).map(|directory| directory.join(name));
    places.filter(|path| path.exists()).max_by_key(written).ok_or_else(|| format!("{name} is not built"))
}

/// Compiles a program; `Err` has what the compiler says.
fn compile(compiler: &str, program: &str, output: &Path, arguments: &[String]) -> Result<(), String> {
    fs::create_dir_all(output.parent().expect("it is in a directory")).expect("it can be made");
    let result = Command::new(compiler)
        .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"])
        .arg(conformance().join(program).with_extension("c"))
        .args(arguments)
        .arg("-o")
        .arg(output)
        .output()
        .map_err(|error| format!("{compiler} does not start: {error}"))?;
    let said = String::from_utf8_lossy(&result.stderr).into_owned();
    if result.status.success() { Ok(()) } else { Err(format!("{compiler} {program}.c: {said}")) }
}

/// A directory in which the library has the name that programs load it by, its SONAME.
fn loadable(library: &Path) -> PathBuf {
    let directory = scratch().join("linux/lib");
    fs::create_dir_all(&directory).expect("it can be made");
    let link = directory.join("libveduta_win32.so.0");
    let _ = fs::remove_file(&link);
    symlink(library, &link).expect("it can be linked");
    directory
}

pub(crate) fn for_linux(compiler: &str, library: &Path, program: &str) -> Result<PathBuf, String> {
    let output = scratch().join("linux").join(program);
    let include = crate_root().join("include");
    let arguments = [
        "-fshort-wchar".to_owned(),
        format!("-I{}", include.display()),
        // By its path: a search by name might find one that is installed.
        library.display().to_string(),
        format!("-Wl,-rpath,{}", loadable(library).display()),
        "-pthread".to_owned(),
    ];
    compile(compiler, program, &output, &arguments).map(|()| output)
}

pub(crate) fn for_windows(compiler: &str, program: &str) -> Result<PathBuf, String> {
    let output = scratch().join("windows").join(program).with_extension("exe");
    compile(compiler, program, &output, &["-ladvapi32".to_owned()]).map(|()| output)
}
