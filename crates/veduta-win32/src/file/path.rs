//! Paths: Windows' to Linux', and back. docs/win32.md has the rule.
//!
//! `\` and `/` both separate. `X:\…` lies below the directory that `VEDUTA_DRIVES` names for the drive; a rooted path without a
//! drive is one of Linux. `.` and `..` are taken out of the text before anything is looked up, as Windows does it: `a\..\b` is `b`
//! also where there is no `a`, or where it is a link.

use crate::code;
use crate::environment;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::pointer::Out;
use crate::text::{Narrow, Text};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// Where a path begins.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Start {
    /// The current directory.
    Here,
    /// The root of Linux' tree.
    Root,
    /// The root of a drive.
    Drive(char),
    /// The current directory of a drive.
    DriveHere(char),
}

/// A path of Windows, taken apart.
#[derive(Debug)]
struct Parsed {
    start: Start,
    parts: Vec<String>,
    /// It ends with a separator, so only a directory can be meant.
    ends_open: bool,
}

/// What has a name but is no file.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Device {
    Null,
    Console,
    ConsoleInput,
    ConsoleOutput,
}

/// What a name given to `CreateFile` stands for.
#[derive(Debug)]
pub(crate) enum Target {
    Device(Device),
    /// A path of Linux, and whether it was written with a separator at its end.
    File(PathBuf, bool),
}

fn is_separator(character: char) -> bool {
    character == '\\' || character == '/'
}

/// The path, or `ERROR_PATH_NOT_FOUND` for NULL and for "".
pub(crate) fn required(text: impl Text) -> Result<String> {
    match text.read()? {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(Failure::hint(code::PATH_NOT_FOUND, "the path is empty")),
    }
}

/// What a path stands for.
pub(crate) fn target(path: &str) -> Result<Target> {
    if let Some(device) = device(path)? {
        return Ok(Target::Device(device));
    }
    let parsed = parse(path)?;
    let ends_open = parsed.ends_open;
    Ok(Target::File(place(parsed)?, ends_open))
}

/// The path of Linux that a path of Windows stands for.
pub(crate) fn to_linux(path: &str) -> Result<PathBuf> {
    Ok(match target(path)? {
        Target::File(path, _) => path,
        Target::Device(Device::Null) => PathBuf::from("/dev/null"),
        Target::Device(_) => PathBuf::from("/dev/tty"),
    })
}

/// The path of Windows that stands for an absolute path of Linux.
pub(crate) fn to_windows(path: &Path) -> String {
    let drives = drives();
    let below = |(letter, root): &(char, PathBuf)| {
        let rest = path.strip_prefix(root).ok()?;
        Some((root.components().count(), *letter, rest.to_owned()))
    };
    // Of drives one inside the other, the inner says more.
    match drives.iter().filter_map(below).max_by_key(|(depth, ..)| *depth) {
        Some((_, letter, rest)) => format!("{letter}:\\{}", backslashes(&rest)),
        None => backslashes(path),
    }
}

fn backslashes(path: &Path) -> String {
    path.to_string_lossy().replace('/', "\\")
}

/// The whole path in Windows' form, without asking whether it exists.
pub(crate) fn full(path: &str) -> Result<String> {
    if let Some(device) = device(path)? {
        let name = match device {
            Device::Null => "NUL",
            Device::Console => "CON",
            Device::ConsoleInput => "CONIN$",
            Device::ConsoleOutput => "CONOUT$",
        };
        return Ok(format!(r"\\.\{name}"));
    }
    let parsed = parse(path)?;
    let open = parsed.ends_open && !parsed.parts.is_empty();
    let mut full = match parsed.start {
        // Only text: the drive need not be there.
        Start::Drive(letter) => format!("{letter}:\\{}", parsed.parts.join("\\")),
        Start::DriveHere(letter) if root_of(letter).is_none() => {
            format!("{letter}:\\{}", parsed.parts.join("\\"))
        }
        _ => to_windows(&absolute(place(parsed)?)?),
    };
    if open {
        full.push('\\');
    }
    Ok(full)
}

fn absolute(path: PathBuf) -> Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path);
    }
    let mut whole = current_directory()?;
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(whole.pop()),
            std::path::Component::Normal(part) => whole.push(part),
            _ => {}
        }
    }
    Ok(whole)
}

pub(crate) fn current_directory() -> Result<PathBuf> {
    Ok(std::env::current_dir()?)
}

/// The device that a name stands for. Windows reserves more; here the others are names like any.
fn device(path: &str) -> Result<Option<Device>> {
    let local = path.strip_prefix(r"\\.\").or_else(|| path.strip_prefix("//./"));
    let name = local.unwrap_or(path).trim_end_matches(':');
    let known = [
        ("NUL", Device::Null),
        ("CON", Device::Console),
        ("CONIN$", Device::ConsoleInput),
        ("CONOUT$", Device::ConsoleOutput),
    ];
    match known.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) {
        Some((_, device)) => Ok(Some(*device)),
        None if local.is_none() => Ok(None),
        None if name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(r"pipe\")) => Err(
            Failure::hint(code::NOT_SUPPORTED, "named pipes are not there; CreatePipe makes unnamed ones"),
        ),
        None => Err(Failure::hint(code::FILE_NOT_FOUND, "of devices, only NUL and the console are there")),
    }
}

fn parse(path: &str) -> Result<Parsed> {
    let literal = path.strip_prefix(r"\\?\");
    let mut rest = literal.unwrap_or(path);
    let mut characters = rest.chars();
    let (first, second) = (characters.next(), characters.next());
    let start = match (first, second) {
        (Some(letter), Some(':')) if letter.is_ascii_alphabetic() => {
            rest = &rest[2..];
            let letter = letter.to_ascii_uppercase();
            if rest.starts_with(is_separator) { Start::Drive(letter) } else { Start::DriveHere(letter) }
        }
        (Some(first), Some(second)) if is_separator(first) && is_separator(second) => {
            return Err(Failure::hint(
                code::BAD_NETPATH,
                r"paths of other machines (\\server\share) are not there",
            ));
        }
        (Some(first), _) if is_separator(first) => Start::Root,
        _ => Start::Here,
    };
    if literal.is_some_and(|literal| literal.get(..4).is_some_and(|unc| unc.eq_ignore_ascii_case(r"UNC\"))) {
        return Err(Failure::hint(code::BAD_NETPATH, r"paths of other machines (\\?\UNC\) are not there"));
    }
    if literal.is_some() && !matches!(start, Start::Drive(_) | Start::Root) {
        return Err(Failure::hint(code::BAD_PATHNAME, r"after \\?\ comes a whole path"));
    }
    // After `\\?\` Windows asks only the file system, and Linux' takes everything.
    if literal.is_none()
        && let Some(wrong) = rest.chars().find(|&character| "<>\"|?*:".contains(character) || character < ' ')
    {
        let hint = format!("names have no {wrong:?} on Windows; put \\\\?\\ before a whole path to use one");
        return Err(Failure::hint(code::INVALID_NAME, hint));
    }
    let mut parts: Vec<String> = Vec::new();
    for part in rest.split(is_separator) {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if last != ".." => drop(parts.pop()),
                // What is above a root is the root.
                None if matches!(start, Start::Drive(_) | Start::Root) => {}
                _ => parts.push("..".to_owned()),
            },
            part => parts.push(part.to_owned()),
        }
    }
    Ok(Parsed { start, parts, ends_open: rest.ends_with(is_separator) })
}

/// The path of Linux.
fn place(parsed: Parsed) -> Result<PathBuf> {
    let Parsed { start, parts, .. } = parsed;
    let climbs = parts.first().is_some_and(|part| part == "..");
    let base = match start {
        Start::Root => PathBuf::from("/"),
        Start::Drive(letter) => drive(letter)?,
        Start::DriveHere(letter) => {
            let root = drive(letter)?;
            let here = current_directory()?;
            // Windows remembers a directory for each drive. Here there is one, of one drive.
            let base =
                if here.starts_with(&root) && on_drive(&here) == Some(letter) { here } else { root.clone() };
            return Ok(climb(base, &root, &parts));
        }
        // Whoever is on a drive does not climb out of it.
        Start::Here if climbs => {
            let here = current_directory()?;
            let root = on_drive(&here).and_then(root_of).unwrap_or_else(|| PathBuf::from("/"));
            return Ok(climb(here, &root, &parts));
        }
        Start::Here if parts.is_empty() => PathBuf::from("."),
        Start::Here => PathBuf::new(),
    };
    Ok(parts.iter().fold(base, |path, part| path.join(part)))
}

fn climb(base: PathBuf, root: &Path, parts: &[String]) -> PathBuf {
    let mut path = base;
    for part in parts {
        if part != ".." {
            path.push(part);
        } else if path != root {
            path.pop();
        }
    }
    path
}

fn on_drive(path: &Path) -> Option<char> {
    let text = to_windows(path);
    let mut characters = text.chars();
    let letter = characters.next()?;
    (characters.next() == Some(':')).then_some(letter)
}

fn root_of(letter: char) -> Option<PathBuf> {
    drives().into_iter().find(|(drive, _)| *drive == letter).map(|(_, root)| root)
}

fn drive(letter: char) -> Result<PathBuf> {
    root_of(letter).ok_or_else(|| {
        let hint =
            format!("there is no drive {letter}: yet; VEDUTA_DRIVES=\"{letter}:=/some/directory\" makes one");
        Failure::hint(code::PATH_NOT_FOUND, hint)
    })
}

/// The drives that `VEDUTA_DRIVES` names: `C:=/srv/c;D:=/mnt`. What is not of this form is left out.
fn drives() -> Vec<(char, PathBuf)> {
    let Some(variable) = environment::direction("VEDUTA_DRIVES") else { return Vec::new() };
    let drive = |text: &str| {
        let (letter, root) = text.split_once(":=")?;
        let mut letters = letter.trim().chars();
        let letter = letters.next().filter(char::is_ascii_alphabetic)?;
        let root = Path::new(root);
        let plain = letters.next().is_none() && root.is_absolute();
        // Without a separator at its end, so that it can be compared.
        plain.then(|| (letter.to_ascii_uppercase(), root.components().collect()))
    };
    variable.to_string_lossy().split(';').filter_map(drive).collect()
}

/// The failure of a call on a path: `ERROR_FILE_NOT_FOUND` if only its last part is not there, else `ERROR_PATH_NOT_FOUND`.
pub(crate) fn failure(errno: Errno, path: &Path) -> Failure {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match errno {
        Errno::NOENT if parent.is_some_and(|parent| !parent.is_dir()) => {
            Failure::System(code::PATH_NOT_FOUND, errno)
        }
        // Windows says so of a program that runs.
        Errno::TXTBSY => Failure::System(code::SHARING_VIOLATION, errno),
        errno => errno.into(),
    }
}

export! {
    /// For code that hands a path on to a function of Linux. Gives the length, also if the buffer is too small for it.
    fn veduta_linux_path(path: Narrow, buffer: Out<u8>, capacity: usize) -> usize {
        let path = to_linux(&required(path)?)?;
        let Some(text) = path.to_str() else { return fail(code::NO_UNICODE_TRANSLATION) };
        if !buffer.is_null() && capacity > 0 {
            let mut cut = text.as_bytes()[..text.len().min(capacity - 1)].to_vec();
            cut.push(0);
            buffer.put_all(&cut);
        }
        Ok(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Start, parse};

    #[track_caller]
    fn parses(path: &str, start: Start, parts: &[&str]) {
        let parsed = parse(path).expect("it is a path");
        assert_eq!(parsed.start, start, "{path}");
        assert_eq!(parsed.parts, parts, "{path}");
    }

    #[test]
    fn paths_are_taken_apart() {
        parses(r"C:\a\b", Start::Drive('C'), &["a", "b"]);
        parses("c:/a\\b/", Start::Drive('C'), &["a", "b"]);
        parses("c:a", Start::DriveHere('C'), &["a"]);
        parses("c:", Start::DriveHere('C'), &[]);
        parses(r"\tmp\x", Start::Root, &["tmp", "x"]);
        parses("/tmp//x", Start::Root, &["tmp", "x"]);
        parses(r"a\.\b\..\c", Start::Here, &["a", "c"]);
        parses(r"..\..\a", Start::Here, &["..", "..", "a"]);
        parses(r"a\..\..\b", Start::Here, &["..", "b"]);
        parses(r"C:\..\..\a", Start::Drive('C'), &["a"]);
        parses(r"\..\a", Start::Root, &["a"]);
        parses(r"\\?\C:\a:b", Start::Drive('C'), &["a:b"]);
        parses(r"a. ", Start::Here, &["a. "]);
    }

    #[test]
    fn malformed_paths_are_refused() {
        let refused = [
            (r"\\server\share\x", 53),
            (r"\\?\UNC\server\x", 53),
            (r"\\?\relative", 161),
            ("a*b", 123),
            ("ab:stream", 123),
            (r"C:\a\b?", 123),
            ("a\tb", 123),
        ];
        for (path, code) in refused {
            assert_eq!(parse(path).expect_err(path).code(), code, "{path}");
        }
    }
}
