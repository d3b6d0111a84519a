//! Which file a new process runs.

use super::command_line;
use crate::code;
use crate::failure::{Failure, Result};
use crate::file::path;
use rustix::fs::Access;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The file that `lpApplicationName` names. It is not searched for.
pub(super) fn named(application: &str) -> Result<PathBuf> {
    find(&absolute(path::to_linux(application)?)?).ok_or_else(|| absent(application))
}

/// The file that a command line begins with.
pub(super) fn in_command_line(line: &str) -> Result<PathBuf> {
    let programs = command_line::programs(line);
    for program in &programs {
        if let Some(file) = search(program)? {
            return Ok(file);
        }
    }
    // What the caller most probably meant.
    Err(absent(programs.first().copied().unwrap_or_default()))
}

fn absent(program: &str) -> Failure {
    let directory = program.rfind(['/', '\\']).map(|end| &program[..=end]);
    let is_there = directory.is_none_or(|directory| {
        path::to_linux(directory).and_then(absolute).is_ok_and(|directory| directory.is_dir())
    });
    let code = if is_there { code::FILE_NOT_FOUND } else { code::PATH_NOT_FOUND };
    Failure::hint(code, format!("there is no program \"{}\"", program.escape_debug()))
}

/// The directory of this program, the current directory, then those of `PATH`.
fn search(program: &str) -> Result<Option<PathBuf>> {
    if program.is_empty() {
        return Ok(None);
    }
    if program.contains(['/', '\\', ':']) {
        return Ok(find(&absolute(path::to_linux(program)?)?));
    }
    let own = std::env::current_exe().ok().and_then(|own| own.parent().map(Path::to_owned));
    let variable = std::env::var_os("PATH").unwrap_or_default();
    let directories =
        own.into_iter().chain(std::env::current_dir().ok()).chain(std::env::split_paths(&variable));
    let mut found = None;
    for directory in directories.filter(|directory| !directory.as_os_str().is_empty()) {
        if let Some(file) = find(&absolute(directory)?.join(program)) {
            if is_executable(&file) {
                return Ok(Some(file));
            }
            // Better than nothing: the error will say what is wrong with it.
            found = found.or(Some(file));
        }
    }
    Ok(found)
}

/// The child may be in another directory by the time it looks.
fn absolute(path: PathBuf) -> Result<PathBuf> {
    Ok(if path.is_absolute() { path } else { std::env::current_dir()?.join(path) })
}

fn is_executable(file: &Path) -> bool {
    rustix::fs::access(file, Access::EXEC_OK).is_ok()
}

/// The file, or the one that has `.exe` where the name has not, or the other way round: programs lose it when they are ported.
fn find(path: &Path) -> Option<PathBuf> {
    let is_file = |path: &Path| std::fs::metadata(path).is_ok_and(|file| !file.is_dir());
    if is_file(path) {
        return Some(path.to_owned());
    }
    let other = match path.extension() {
        Some(extension) if extension.as_bytes().eq_ignore_ascii_case(b"exe") => path.with_extension(""),
        _ => {
            let mut name = path.as_os_str().to_owned();
            name.push(".exe");
            name.into()
        }
    };
    if is_file(&other) {
        return Some(other);
    }
    // A directory is found, too, and refused when it is to be run.
    path.exists().then(|| path.to_owned())
}

/// Why a file could not be run.
pub(super) fn failure(errno: rustix::io::Errno, program: &Path) -> Failure {
    use rustix::io::Errno;
    match errno {
        Errno::ACCESS if is_no_program(program) => Failure::hint(
            code::BAD_EXE_FORMAT,
            format!("{} is no program: nobody may execute it (chmod +x)", program.display()),
        ),
        Errno::NOEXEC => Failure::hint(
            code::BAD_EXE_FORMAT,
            format!("{} is not a program for this system", program.display()),
        ),
        Errno::TOOBIG => {
            Failure::hint(code::FILENAME_EXCED_RANGE, "the command line or the environment is too long")
        }
        Errno::LIBBAD | Errno::LIBACC => Failure::System(code::BAD_EXE_FORMAT, errno),
        errno => errno.into(),
    }
}

fn is_no_program(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 == 0)
}
