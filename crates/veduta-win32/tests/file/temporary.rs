//! Temporary files.

use crate::scratch::Scratch;
use crate::sys::*;
use std::fs;

#[test]
fn the_directory_for_them_ends_with_a_separator() {
    // SAFETY: the buffer has that length.
    let path = text(|buffer, length| unsafe { GetTempPathA(length, buffer) }).unwrap();
    assert!(path.ends_with('\\') && path.len() > 1, "{path}");
    // SAFETY: there is no buffer.
    let needed = unsafe { GetTempPathA(0, std::ptr::null_mut()) };
    assert_eq!(needed as usize, path.len() + 1);
}

#[test]
fn names_are_of_nobody_else() {
    let scratch = Scratch::new();
    let at = name(&scratch.0);
    let make = |prefix: &str, unique| {
        let mut buffer = [0; 260];
        // SAFETY: the buffer has MAX_PATH bytes.
        let number =
            unsafe { GetTempFileNameA(at.as_ptr(), c(prefix).as_ptr(), unique, buffer.as_mut_ptr()) };
        let length = buffer.iter().position(|&byte| byte == 0).unwrap();
        (number, String::from_utf8(buffer[..length].to_vec()).unwrap())
    };
    let mut names = Vec::new();
    for _ in 0..50 {
        let (number, name) = make("prefix", 0);
        assert!(name.ends_with(&format!("\\pre{number:x}.tmp")), "{name}");
        names.push(name);
    }
    names.sort();
    names.dedup();
    assert_eq!((names.len(), fs::read_dir(&scratch.0).unwrap().count()), (50, 50));
    // A number that was chosen makes a name, not a file.
    let (number, name) = make("x", 0xABCDE);
    assert_eq!((number, name.rsplit('\\').next()), (0xBCDE, Some("xbcde.tmp")));
    assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 50);
}

#[test]
fn there_must_be_a_directory_and_room() {
    let scratch = Scratch::new();
    let code = |path: &str| {
        let mut buffer = [0; 260];
        // SAFETY: the buffer has MAX_PATH bytes.
        let made = unsafe { GetTempFileNameA(c(path).as_ptr(), c"x".as_ptr(), 0, buffer.as_mut_ptr()) };
        assert_eq!(made, 0);
        GetLastError()
    };
    assert_eq!(code(name(scratch.path("no")).to_str().unwrap()), 267);
    assert_eq!(code(name(scratch.file("f", "")).to_str().unwrap()), 267);
    assert_eq!(code(&format!("\\{}", "d".repeat(255))), 111);
}
