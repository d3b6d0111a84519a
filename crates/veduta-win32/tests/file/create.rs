//! `CreateFile`: dispositions, their last errors, attributes and flags.

use crate::role;
use crate::scratch::Scratch;
use crate::sys::*;
use std::fs;
use std::ptr::{null, null_mut};

const WRITE: u32 = GENERIC_WRITE;

#[test]
fn dispositions_say_what_they_found() {
    let scratch = Scratch::new();
    let missing = |disposition: u32| {
        let path = scratch.path(&disposition.to_string());
        SetLastError(77);
        let opened = create_file(&path, WRITE, 0, disposition, 0);
        (opened.map(|_| GetLastError()), path.exists())
    };
    assert_eq!(missing(CREATE_NEW), (Ok(0), true));
    assert_eq!(missing(CREATE_ALWAYS), (Ok(0), true));
    assert_eq!(missing(OPEN_EXISTING), (Err(2), false));
    assert_eq!(missing(OPEN_ALWAYS), (Ok(0), true));
    assert_eq!(missing(TRUNCATE_EXISTING), (Err(2), false));
    assert_eq!(missing(0), (Err(87), false));
    assert_eq!(missing(6), (Err(87), false));

    let existing = |disposition| {
        let path = scratch.file("there", "bytes");
        SetLastError(77);
        let opened = create_file(&path, WRITE, 0, disposition, 0);
        (opened.map(|_| GetLastError()), fs::read(&path).unwrap().len())
    };
    assert_eq!(existing(CREATE_NEW), (Err(80), 5));
    assert_eq!(existing(CREATE_ALWAYS), (Ok(183), 0));
    assert_eq!(existing(OPEN_EXISTING), (Ok(0), 5));
    assert_eq!(existing(OPEN_ALWAYS), (Ok(183), 5));
    assert_eq!(existing(TRUNCATE_EXISTING), (Ok(0), 0));
}

#[test]
fn what_cannot_be_opened_says_why() {
    let scratch = Scratch::new();
    let file = scratch.file("f", "x");
    let code = |path: &std::path::Path, access, share, disposition, flags| {
        create_file(path, access, share, disposition, flags).err()
    };
    assert_eq!(code(&scratch.path("no/f"), WRITE, 0, CREATE_NEW, 0), Some(3));
    assert_eq!(code(&scratch.path("no/f"), WRITE, 0, OPEN_EXISTING, 0), Some(3));
    assert_eq!(code(&scratch.path("f/x"), WRITE, 0, OPEN_EXISTING, 0), Some(3));
    assert_eq!(code(&scratch.path(&"n".repeat(300)), WRITE, 0, CREATE_NEW, 0), Some(206));
    assert_eq!(code(&scratch.path("a*"), WRITE, 0, CREATE_NEW, 0), Some(123));
    assert_eq!(code(&scratch.path("f/"), WRITE, 0, OPEN_EXISTING, 0), Some(123));
    assert_eq!(code(&scratch.path(""), GENERIC_READ, SHARE_ALL, OPEN_EXISTING, 0), Some(5), "a directory");
    assert_eq!(code(&scratch.0, WRITE, 0, CREATE_NEW, 0), Some(80));
    assert_eq!(code(&scratch.0, WRITE, 0, CREATE_ALWAYS, FLAG_BACKUP_SEMANTICS), Some(5));
    assert_eq!(code(&scratch.0, GENERIC_READ, SHARE_ALL, OPEN_EXISTING, FLAG_BACKUP_SEMANTICS), None);
    assert_eq!(code(&file, WRITE, 8, OPEN_EXISTING, 0), Some(87), "no such share mode");
    assert_eq!(code(&file, GENERIC_READ, 0, TRUNCATE_EXISTING, 0), Some(87), "it takes GENERIC_WRITE");
    for name in [null(), c"".as_ptr()] {
        // SAFETY: the name is NULL or ends with 0.
        let handle = unsafe { CreateFileA(name, WRITE, 0, null(), OPEN_EXISTING, 0, null_mut()) };
        assert_eq!((handle, GetLastError()), (INVALID_HANDLE_VALUE, 3));
    }
    let pipe = create_file(r"\\.\pipe\x", WRITE, 0, OPEN_EXISTING, 0);
    assert_eq!(pipe.err(), Some(50));
}

#[test]
fn read_only_files_are_not_written_or_deleted() {
    let scratch = Scratch::new();
    let path = scratch.path("f");
    let file = create_file(&path, WRITE, SHARE_ALL, CREATE_NEW, READONLY).unwrap();
    assert_eq!(write(&file, b"once"), Ok(4), "who made it may write");
    drop(file);
    assert_eq!(open(&path, WRITE, SHARE_ALL).err(), Some(5));
    assert_eq!(create_file(&path, WRITE, SHARE_ALL, CREATE_ALWAYS, 0).err(), Some(5));
    assert_eq!(
        create_file(&path, GENERIC_READ, SHARE_ALL, OPEN_EXISTING, FLAG_DELETE_ON_CLOSE).err(),
        Some(5)
    );
    assert_eq!(delete(&path), Err(5));
    assert_eq!(fs::read(&path).unwrap(), b"once");
    // SAFETY: the name ends with 0.
    assert_eq!(unsafe { SetFileAttributesA(name(&path).as_ptr(), 0x80) }, 1);
    delete(&path).unwrap();
}

#[test]
fn rights_are_those_that_were_asked_for() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "bytes");
    let reader = open(&path, GENERIC_READ, SHARE_ALL).unwrap();
    assert_eq!(write(&reader, b"x"), Err(5));
    assert_eq!(check(SetEndOfFile(reader.0)), Err(5));
    assert_eq!(check(FlushFileBuffers(reader.0)), Err(5));
    let writer = open(&path, WRITE, SHARE_ALL).unwrap();
    assert_eq!(read(&writer, 1), Err(5));
    let asker = open(&path, 0, SHARE_ALL).unwrap();
    assert_eq!((read(&asker, 1), write(&asker, b"x")), (Err(5), Err(5)));
    let mut size = 0;
    // SAFETY: a number may be written there.
    assert_eq!(unsafe { GetFileSizeEx(asker.0, &mut size) }, 1);
    assert_eq!(size, 5);
    let appender = open(&path, FILE_APPEND_DATA, SHARE_ALL).unwrap();
    assert_eq!(seek(&appender, 0, 0), Ok(0));
    assert_eq!(write(&appender, b"!"), Ok(1));
    assert_eq!(fs::read(&path).unwrap(), b"bytes!", "at the end, wherever the position is");
}

#[test]
fn a_file_goes_when_its_handle_is_closed() {
    let scratch = Scratch::new();
    let path = scratch.path("f");
    let file = create_file(&path, WRITE, SHARE_ALL, CREATE_NEW, FLAG_DELETE_ON_CLOSE).unwrap();
    write(&file, b"x").unwrap();
    assert_eq!(open(&path, GENERIC_READ, SHARE_READ | SHARE_WRITE).err(), Some(32), "it uses deletion");
    open(&path, GENERIC_READ, SHARE_ALL).map(drop).expect("until then it is there");
    // It is the file that goes, not the name.
    let moved = scratch.path("g");
    fs::rename(&path, &moved).unwrap();
    fs::write(&path, "another").unwrap();
    drop(file);
    assert!(path.exists() && !moved.exists());
}

#[test]
#[ignore = "a role"]
fn leaver() {
    let file = create_file(role::told("FILE"), WRITE, SHARE_ALL, CREATE_NEW, FLAG_DELETE_ON_CLOSE);
    std::mem::forget(file.unwrap());
}

#[test]
fn a_file_goes_when_its_program_exits() {
    let scratch = Scratch::new();
    let path = scratch.path("f");
    role::run("create::leaver", &[("FILE", path.to_str().unwrap())]);
    assert!(!path.exists());
}

#[test]
fn the_null_device_takes_all_and_gives_nothing() {
    for name in [r"NUL", "nul", r"\\.\NUL"] {
        let null = create_file(name, GENERIC_READ | WRITE, SHARE_ALL, OPEN_EXISTING, 0).unwrap();
        assert_eq!(write(&null, b"gone"), Ok(4));
        assert_eq!(read(&null, 4), Ok(vec![]));
        assert_eq!(GetFileType(null.0), 2);
    }
}

#[test]
fn names_of_16_bit_characters_are_the_same_names() {
    let scratch = Scratch::new();
    let path = scratch.path("mündlich 😀");
    let wide: Vec<u16> = path.to_str().unwrap().encode_utf16().chain([0]).collect();
    // SAFETY: the name ends with 0.
    let handle = unsafe { CreateFileW(wide.as_ptr(), WRITE, 0, null(), CREATE_NEW, 0, null_mut()) };
    assert_ne!(handle, INVALID_HANDLE_VALUE);
    drop(Open(handle));
    assert!(path.exists());
}

#[test]
fn descriptors_do_not_leak_into_other_programs() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");
    let _file = open(&path, GENERIC_READ, SHARE_ALL).unwrap();
    let listing = std::process::Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&listing.stdout).contains(path.to_str().unwrap()));
}
