//! Sharing modes, between handles and between processes.

use crate::role;
use crate::scratch::Scratch;
use crate::sys::*;
use std::ffi::c_void;
use std::os::fd::AsRawFd;
use std::path::Path;

const READ: u32 = GENERIC_READ;
const WRITE: u32 = GENERIC_WRITE;

/// Each pair of access and share mode against each: the documented rule, both ways round.
#[test]
fn every_pair_of_openers_meets_the_rule() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");
    let bits = |access| {
        (access & READ != 0) as u32
            | ((access & WRITE != 0) as u32) << 1
            | ((access & DELETE != 0) as u32) << 2
    };
    for access in [READ, WRITE, DELETE, READ | WRITE, READ | WRITE | DELETE] {
        for share in 0..8 {
            let _first = open(&path, access, share).expect("nobody has it open");
            for other in [READ, WRITE, DELETE, READ | WRITE] {
                for other_share in 0..8 {
                    let allowed = bits(access) & !other_share == 0 && bits(other) & !share == 0;
                    let expected = if allowed { None } else { Some(32) };
                    let opened = open(&path, other, other_share).err();
                    assert_eq!(opened, expected, "{access:x}/{share} then {other:x}/{other_share}");
                }
            }
        }
    }
    // Nothing is left of any of them.
    open(&path, READ | WRITE | DELETE, SHARE_NOTHING).map(drop).expect("all are closed");
}

#[test]
fn who_asks_for_attributes_only_takes_no_part() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");
    let alone = open(&path, READ | WRITE, SHARE_NOTHING).unwrap();
    let asks = open(&path, 0, SHARE_NOTHING).expect("it reads no data");
    drop(alone);
    open(&path, READ | WRITE, SHARE_NOTHING).map(drop).expect("who asks denies nothing");
    drop(asks);
}

#[test]
fn a_failed_open_changes_nothing() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "bytes");
    let reader = open(&path, READ, SHARE_READ).unwrap();
    for disposition in [CREATE_ALWAYS, TRUNCATE_EXISTING, OPEN_ALWAYS] {
        let opened = create_file(&path, WRITE, SHARE_ALL, disposition, 0);
        assert_eq!(opened.err(), Some(32), "{disposition}");
    }
    // It would write, if only once, whatever its handle may do.
    assert_eq!(create_file(&path, READ, SHARE_ALL, CREATE_ALWAYS, 0).err(), Some(32));
    assert_eq!(read(&reader, 10).unwrap(), b"bytes");
    drop(reader);
    open(&path, WRITE, SHARE_NOTHING).map(drop).unwrap();
}

#[test]
#[ignore = "a role"]
fn holder() {
    let number = |name: &str| role::told(name).parse::<u32>().unwrap();
    let held = open(role::told("FILE"), number("ACCESS"), number("SHARE"));
    role::say(&held.as_ref().err().copied().unwrap_or_default().to_string());
    role::wait();
}

fn hold(path: &Path, access: u32, share: u32) -> role::Role {
    let (access, share) = (access.to_string(), share.to_string());
    let known = [("FILE", path.to_str().unwrap()), ("ACCESS", access.as_str()), ("SHARE", share.as_str())];
    let mut holder = role::start("sharing::holder", &known);
    assert_eq!(holder.hears(), "0");
    holder
}

#[test]
fn limits_hold_between_processes_and_end_with_them() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");

    let holder = hold(&path, READ, SHARE_READ);
    assert_eq!(open(&path, WRITE, SHARE_ALL).err(), Some(32));
    assert_eq!(open(&path, READ, SHARE_WRITE).err(), Some(32), "the holder reads");
    open(&path, READ, SHARE_READ).map(drop).expect("both read");
    holder.release();
    open(&path, WRITE, SHARE_NOTHING).map(drop).expect("it has ended");

    let holder = hold(&path, READ | WRITE, SHARE_NOTHING);
    assert_eq!(open(&path, READ, SHARE_ALL).err(), Some(32));
    assert_eq!(delete(&path), Err(32));
    holder.kill();
    open(&path, READ | WRITE | DELETE, SHARE_NOTHING).map(drop).expect("it was killed");
    delete(&path).unwrap();
}

/// Many that open at once and exclude each other: never two of them, and never nobody for good.
#[test]
fn of_openers_at_once_one_gets_in() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "");
    let inside = std::sync::atomic::AtomicU32::new(0);
    let entered = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                use std::sync::atomic::Ordering::SeqCst;
                for _ in 0..200 {
                    match open(&path, READ | WRITE, SHARE_NOTHING) {
                        Ok(file) => {
                            assert_eq!(inside.fetch_add(1, SeqCst), 0, "nobody else is in");
                            entered.fetch_add(1, SeqCst);
                            inside.fetch_sub(1, SeqCst);
                            drop(file);
                        }
                        Err(code) => assert_eq!(code, 32),
                    }
                }
            });
        }
    });
    assert!(entered.into_inner() > 0);
    open(&path, READ, SHARE_NOTHING).map(drop).unwrap();
}

/// A program that knows nothing of this library and locks the whole file for reading is in nobody's way.
#[test]
fn other_programs_locks_are_not_mistaken() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");
    let file = std::fs::File::open(&path).unwrap();
    let lock = libc::flock { l_type: libc::F_RDLCK as i16, l_whence: 0, l_start: 0, l_len: 0, l_pid: 0 };
    // SAFETY: the descriptor is open and the structure outlives the call.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) }, 0);
    open(&path, READ | WRITE, SHARE_NOTHING).map(drop).expect("it is no limit");
}

/// A pending deletion keeps others out until the handle is closed, in whatever process.
#[test]
fn a_pending_deletion_keeps_others_out() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");
    let file = open(&path, READ | DELETE, SHARE_ALL).unwrap();
    let mut dispose = 1_u8;
    let set = |dispose: &u8| {
        let dispose = std::ptr::from_ref(dispose).cast::<c_void>();
        // SAFETY: the structure is one byte.
        check(unsafe { SetFileInformationByHandle(file.0, 4, dispose, 1) })
    };
    set(&dispose).unwrap();
    assert_eq!(open(&path, READ, SHARE_ALL).err(), Some(5));
    dispose = 0;
    set(&dispose).unwrap();
    open(&path, READ, SHARE_ALL).map(drop).expect("it was taken back");
    dispose = 1;
    set(&dispose).unwrap();
    assert!(path.exists(), "it goes when it is closed");
    drop(file);
    assert!(!path.exists());
}

/// A process that is just being started has copies of all descriptors until it has become another program. It was seen that a file that
/// was closed meanwhile could not be opened again.
#[test]
fn starting_programs_does_not_keep_files_open() {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    let scratch = Scratch::new();
    let path = scratch.file("f", "x");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(SeqCst) {
                assert!(std::process::Command::new("true").status().unwrap().success());
            }
        });
        let failed = (0..3000).find_map(|_| open(&path, READ | WRITE, SHARE_NOTHING).err());
        let gone = (0..500).all(|number| {
            let path = scratch.path(&number.to_string());
            let flags = FLAG_DELETE_ON_CLOSE;
            create_file(&path, WRITE, SHARE_NOTHING, CREATE_NEW, flags).map(drop).is_ok() && !path.exists()
        });
        done.store(true, SeqCst);
        assert_eq!((failed, gone), (None, true));
    });
}
