//! Deleting, moving, copying; directories.

use crate::scratch::Scratch;
use crate::sys::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::ptr::null;

const REPLACE: u32 = 1;

fn move_file(from: &Path, to: &Path, flags: u32) -> Result<(), u32> {
    // SAFETY: the names end with 0.
    check(unsafe { MoveFileExA(name(from).as_ptr(), name(to).as_ptr(), flags) })
}

fn copy(from: &Path, to: &Path, fail_if_exists: bool) -> Result<(), u32> {
    // SAFETY: as above.
    check(unsafe { CopyFileA(name(from).as_ptr(), name(to).as_ptr(), fail_if_exists.into()) })
}

#[test]
fn files_are_deleted_if_nobody_minds() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");
    let file = open(&path, GENERIC_READ, SHARE_READ).unwrap();
    assert_eq!(delete(&path), Err(32));
    drop(file);
    let sharing = open(&path, GENERIC_READ, SHARE_READ | SHARE_DELETE).unwrap();
    assert_eq!(delete(&path), Ok(()));
    assert!(!path.exists());
    assert_eq!(read(&sharing, 1).unwrap(), b"x", "who has it open keeps it");
    assert_eq!(delete(&path), Err(2));
    assert_eq!(delete(scratch.path("no/f")), Err(3));
    assert_eq!(delete(&scratch.0), Err(5));
    // The link, not the file.
    let target = scratch.file("target", "x");
    std::os::unix::fs::symlink(&target, scratch.path("link")).unwrap();
    delete(scratch.path("link")).unwrap();
    assert!(target.exists());
}

#[test]
fn files_are_moved_and_replace_others_if_asked() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.file("one", "1"), scratch.file("two", "2"));
    assert_eq!(move_file(&one, &two, 0), Err(183));
    assert_eq!(move_file(&one, &scratch.path("three"), 0), Ok(()));
    assert_eq!(move_file(&one, &two, REPLACE), Err(2));
    assert_eq!(move_file(&two, &scratch.path("no/f"), 0), Err(3));
    assert_eq!(move_file(&two, &two, 0), Ok(()), "to its own name");
    let three = scratch.path("three");
    let held = open(&three, GENERIC_READ, SHARE_READ).unwrap();
    assert_eq!(move_file(&three, &one, 0), Err(32), "the source may not go");
    assert_eq!(move_file(&two, &three, REPLACE), Err(5), "nor what would be replaced");
    drop(held);
    assert_eq!(move_file(&two, &three, REPLACE), Ok(()));
    assert_eq!(fs::read(&three).unwrap(), b"2");
    assert_eq!(move_file(&three, &scratch.0, REPLACE), Err(5), "a directory is not replaced");
    assert_eq!(move_file(&three, &one, 4), Err(50));
}

#[test]
fn files_are_copied_with_mode_and_time() {
    let scratch = Scratch::new();
    let from = scratch.file("from", "bytes");
    fs::set_permissions(&from, fs::Permissions::from_mode(0o750)).unwrap();
    let to = scratch.path("to");
    assert_eq!(copy(&from, &to, true), Ok(()));
    assert_eq!(copy(&from, &to, true), Err(80));
    assert_eq!(copy(&from, &to, false), Ok(()));
    let (a, b) = (fs::metadata(&from).unwrap(), fs::metadata(&to).unwrap());
    assert_eq!(a.permissions(), b.permissions());
    // Windows' times have steps of 100 ns.
    let apart = a.modified().unwrap().duration_since(b.modified().unwrap()).unwrap();
    assert!(apart.as_nanos() < 100, "{apart:?}");
    assert_eq!(fs::read(&to).unwrap(), b"bytes");
    assert_eq!(copy(&scratch.path("no"), &to, false), Err(2));
    assert_eq!(copy(&from, &from, false), Err(32));
    let _held = open(&to, GENERIC_READ, SHARE_READ).unwrap();
    assert_eq!(copy(&from, &to, false), Err(32));
}

#[test]
fn directories_are_made_and_removed() {
    let scratch = Scratch::new();
    // SAFETY: the names end with 0.
    let make = |path: &Path| check(unsafe { CreateDirectoryA(name(path).as_ptr(), null()) });
    // SAFETY: as above.
    let remove = |path: &Path| check(unsafe { RemoveDirectoryA(name(path).as_ptr()) });
    let directory = scratch.path("d");
    assert_eq!(make(&directory), Ok(()));
    assert_eq!(make(&directory), Err(183));
    assert_eq!(make(&scratch.path("no/d")), Err(3));
    assert_eq!(make(&scratch.path("ends/")), Ok(()));
    let file = scratch.file("d/f", "x");
    assert_eq!(remove(&directory), Err(145));
    assert_eq!(remove(&file), Err(267));
    fs::remove_file(file).unwrap();
    assert_eq!(remove(&directory), Ok(()));
    assert_eq!(remove(&directory), Err(2));
}
