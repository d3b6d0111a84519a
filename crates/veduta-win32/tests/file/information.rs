//! Attributes, times and identity.

use crate::scratch::Scratch;
use crate::sys::*;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::ptr::{null, null_mut};

#[test]
fn attributes_are_what_linux_keeps() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");
    // SAFETY: the names end with 0.
    let get = |path: &std::path::Path| unsafe { GetFileAttributesA(name(path).as_ptr()) };
    // SAFETY: as above.
    let set = |attributes| check(unsafe { SetFileAttributesA(name(&path).as_ptr(), attributes) });
    assert_eq!(get(&path), 0x20);
    assert_eq!(get(&scratch.0), 0x10);
    set(READONLY).unwrap();
    assert_eq!(get(&path), 0x21);
    set(0x80).unwrap();
    assert_eq!(get(&path), 0x20);
    assert_eq!((get(&scratch.path("no")), GetLastError()), (u32::MAX, 2));
    assert_eq!((get(&scratch.path("no/no")), GetLastError()), (u32::MAX, 3));
}

#[test]
fn a_handle_tells_of_its_file() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "bytes");
    fs::hard_link(&path, scratch.path("g")).unwrap();
    let (one, other) = (open(&path, 0, 0).unwrap(), open(scratch.path("g"), 0, 0).unwrap());
    let (mut a, mut b) = (ByHandleInformation::default(), ByHandleInformation::default());
    // SAFETY: the structures are there.
    unsafe {
        check(GetFileInformationByHandle(one.0, &mut a)).unwrap();
        check(GetFileInformationByHandle(other.0, &mut b)).unwrap();
    }
    assert_eq!((a.size_low, a.links, a.attributes), (5, 2, 0x20));
    assert_eq!((a.volume, a.index_high, a.index_low), (b.volume, b.index_high, b.index_low), "one file");
    assert_eq!(u64::from(a.index_high) << 32 | u64::from(a.index_low), fs::metadata(&path).unwrap().ino());
    let mut standard = [0_u8; 24];
    // SAFETY: the structure has that size.
    let mut ask =
        |size| check(unsafe { GetFileInformationByHandleEx(one.0, 1, standard.as_mut_ptr().cast(), size) });
    assert_eq!((ask(23), ask(24)), (Err(24), Ok(())));
    assert_eq!(standard[8..20], [5, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
}

#[test]
fn times_are_asked_and_set() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");
    let file = open(&path, GENERIC_WRITE, SHARE_ALL).unwrap();
    // The year 2001 begins.
    let time = (978_307_200 + 11_644_473_600) * 10_000_000_u64;
    let mut written = 0;
    // SAFETY: times are there, or NULL.
    unsafe {
        check(SetFileTime(file.0, null(), null(), &time)).unwrap();
        check(GetFileTime(file.0, null_mut(), null_mut(), &mut written)).unwrap();
        assert_eq!(written, time);
        check(SetFileTime(file.0, null(), null(), &u64::MAX)).unwrap();
        let reader = open(&path, GENERIC_READ, SHARE_ALL).unwrap();
        assert_eq!(check(SetFileTime(reader.0, null(), null(), &time)), Err(5));
    }
    assert_eq!(fs::metadata(&path).unwrap().mtime(), 978_307_200);
}
