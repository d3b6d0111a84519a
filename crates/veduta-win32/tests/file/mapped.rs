//! What may not be done to a mapped file: facts TR-05, TR-07, TR-10, TR-11, with the mark that sections put on their file.

use crate::role;
use crate::scratch::Scratch;
use crate::sys::*;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::Path;

/// The byte whose lock says that the file is mapped. All programs that use the library must agree on it, so it does not change.
const MAPPED: i64 = i64::MAX - 0xFFF + 14;

fn mark(path: &Path) -> File {
    let file = File::open(path).unwrap();
    let lock = libc::flock { l_type: libc::F_RDLCK as i16, l_whence: 0, l_start: MAPPED, l_len: 1, l_pid: 0 };
    // SAFETY: the descriptor is open and the structure outlives the call.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) }, 0);
    file
}

fn dispose(file: &Open) -> Result<(), u32> {
    let (yes, flags) = (1_u8, 3_u32);
    // SAFETY: the structure is one number.
    let ex = check(unsafe { SetFileInformationByHandle(file.0, 21, (&raw const flags).cast(), 4) });
    // SAFETY: as above.
    let plain = check(unsafe { SetFileInformationByHandle(file.0, 4, (&raw const yes).cast(), 1) });
    assert_eq!(ex, plain);
    plain
}

#[test]
fn it_is_not_cut_off_deleted_or_replaced() {
    let scratch = Scratch::new();
    let (path, other) = (scratch.file("f", "bytes"), scratch.file("other", "other"));
    let mapped = mark(&path);
    let file = open(&path, GENERIC_READ | GENERIC_WRITE | DELETE, SHARE_ALL).unwrap();

    seek(&file, 2, 0).unwrap();
    assert_eq!(check(SetEndOfFile(file.0)), Err(1224));
    let length = 4_i64;
    for class in [5, 6] {
        // SAFETY: the structure is one number.
        let set = check(unsafe { SetFileInformationByHandle(file.0, class, (&raw const length).cast(), 8) });
        assert_eq!(set, Err(1224));
    }
    for disposition in [CREATE_ALWAYS, TRUNCATE_EXISTING] {
        let opened = create_file(&path, GENERIC_WRITE, SHARE_ALL, disposition, 0);
        assert_eq!(opened.err(), Some(1224));
    }
    assert_eq!(dispose(&file), Err(5));
    assert_eq!(delete(&path), Err(5));
    // SAFETY: the names end with 0.
    let replace = || check(unsafe { MoveFileExA(name(&other).as_ptr(), name(&path).as_ptr(), 1) });
    assert_eq!(replace(), Err(5));
    assert_eq!(fs::read(&path).unwrap(), b"bytes");

    // The same length, and a larger one: facts TR-02 and TR-03.
    for end in [5, 6] {
        seek(&file, end, 0).unwrap();
        assert_eq!(check(SetEndOfFile(file.0)), Ok(()));
    }
    drop(mapped);
    seek(&file, 2, 0).unwrap();
    assert_eq!(check(SetEndOfFile(file.0)), Ok(()));
    drop(file);
    assert_eq!(replace(), Ok(()));
    assert_eq!(delete(&path), Ok(()));
}

#[test]
#[ignore = "a role"]
fn mapper() {
    let _mapped = mark(Path::new(&role::told("FILE")));
    role::say("mapped");
    role::wait();
}

#[test]
fn the_mark_goes_with_a_killed_process() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "bytes");
    let mut mapper = role::start("mapped::mapper", &[("FILE", path.to_str().unwrap())]);
    assert_eq!(mapper.hears(), "mapped");
    assert_eq!(delete(&path), Err(5));
    mapper.kill();
    assert_eq!(delete(&path), Ok(()));
}
