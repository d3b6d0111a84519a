//! The handle table: stale values, many threads, rights, and both ways to look without a lock.
#![allow(unsafe_code, non_snake_case, reason = "the functions are C's")]

use std::ffi::c_void;
use std::process::Command;
use std::ptr::{null, null_mut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use veduta_win32 as _;

type Handle = *mut c_void;

unsafe extern "C" {
    safe fn CloseHandle(handle: Handle) -> i32;
    safe fn CreateEventW(attributes: *const c_void, manual: i32, set: i32, name: *const u16) -> Handle;
    safe fn CreateMutexW(attributes: *const c_void, owned: i32, name: *const u16) -> Handle;
    fn GetHandleInformation(handle: Handle, flags: *mut u32) -> i32;
    safe fn GetLastError() -> u32;
    safe fn OpenEventW(access: u32, inherit: i32, name: *const u16) -> Handle;
    safe fn ReleaseMutex(mutex: Handle) -> i32;
    safe fn SetEvent(event: Handle) -> i32;
    safe fn SetHandleInformation(handle: Handle, mask: u32, flags: u32) -> i32;
    safe fn SetLastError(code: u32);
    safe fn WaitForSingleObject(handle: Handle, milliseconds: u32) -> u32;
}

const INVALID_HANDLE: u32 = 6;
const FAILED: u32 = u32::MAX;

fn event() -> Handle {
    let event = CreateEventW(null(), 0, 0, null());
    assert!(!event.is_null());
    event
}

/// A handle value that other threads use too.
fn handle(value: usize) -> Handle {
    value as Handle
}

#[test]
fn a_value_is_a_multiple_of_4_and_its_low_bits_do_not_count() {
    let event = event() as usize;
    assert_eq!(event % 4, 0);
    assert!(event < 1 << 30);
    for bits in 0..4 {
        assert_eq!(SetEvent(handle(event | bits)), 1);
        assert_eq!(WaitForSingleObject(handle(event | bits), 0), 0);
    }
    assert_eq!(CloseHandle(handle(event | 3)), 1);
    assert_eq!((CloseHandle(handle(event)), GetLastError()), (0, INVALID_HANDLE));
}

#[test]
fn garbage_is_no_handle() {
    for garbage in
        [0, 1, 2, 3, 0x1234_5678, 0x7FFF_FFFC, 0x4000_0000, usize::MAX - 7, usize::MAX / 2, 1 << 40]
    {
        SetLastError(0);
        assert_eq!((SetEvent(handle(garbage)), GetLastError()), (0, INVALID_HANDLE), "{garbage:#x}");
        assert_eq!((CloseHandle(handle(garbage)), GetLastError()), (0, INVALID_HANDLE), "{garbage:#x}");
        assert_eq!(WaitForSingleObject(handle(garbage), 0), FAILED, "{garbage:#x}");
        assert_eq!(GetLastError(), INVALID_HANDLE);
    }
}

/// A program that uses a handle after closing it does not get hold of somebody else's object soon.
#[test]
fn a_closed_value_stays_invalid_for_long() {
    let closed = event();
    assert_eq!(CloseHandle(closed), 1);
    for _ in 0..1000 {
        let other = event();
        assert_ne!(other, closed);
        assert_eq!((SetEvent(closed), GetLastError()), (0, INVALID_HANDLE));
        assert_eq!(CloseHandle(other), 1);
    }
}

#[test]
fn a_protected_handle_is_not_closed() {
    const PROTECT: u32 = 2;
    let event = event();
    assert_eq!(SetHandleInformation(event, PROTECT, PROTECT), 1);
    assert_eq!((CloseHandle(event), GetLastError()), (0, INVALID_HANDLE));
    let mut flags = 0;
    // SAFETY: `flags` is there to be written.
    assert_eq!(unsafe { GetHandleInformation(event, &mut flags) }, 1);
    assert_eq!(flags, PROTECT);
    assert_eq!(SetHandleInformation(event, PROTECT, 0), 1);
    assert_eq!(CloseHandle(event), 1);
    // SAFETY: NULL is refused.
    assert_eq!((unsafe { GetHandleInformation(event, null_mut()) }, GetLastError()), (0, INVALID_HANDLE));
}

#[test]
fn a_handle_may_be_closed_while_others_use_it() {
    const USERS: usize = 3;
    static CURRENT: AtomicUsize = AtomicUsize::new(0);
    let done = AtomicBool::new(false);
    let used = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..USERS {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let event = handle(CURRENT.load(Ordering::Relaxed));
                    if SetEvent(event) == 1 {
                        used.fetch_add(1, Ordering::Relaxed);
                    } else {
                        assert_eq!(GetLastError(), INVALID_HANDLE);
                    }
                    assert!(matches!(WaitForSingleObject(event, 0), 0 | 258 | FAILED));
                }
            });
        }
        for _ in 0..300 {
            let event = event();
            CURRENT.store(event as usize, Ordering::Relaxed);
            let seen = used.load(Ordering::Relaxed);
            for _ in 0..1000 {
                if used.load(Ordering::Relaxed) > seen {
                    break;
                }
                thread::yield_now();
            }
            assert_eq!(CloseHandle(event), 1);
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(used.into_inner() > 300, "they met");
}

/// Of many threads that close the same handle, one does.
#[test]
fn a_handle_is_closed_once() {
    for _ in 0..300 {
        let event = event() as usize;
        let closed = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| closed.fetch_add(CloseHandle(handle(event)) as usize, Ordering::Relaxed));
            }
        });
        assert_eq!(closed.into_inner(), 1);
    }
}

/// When `CloseHandle` of the last handle returns, the name is gone, whatever other threads were doing with the value.
#[test]
fn the_name_goes_with_the_last_handle_though_others_use_it() {
    let name: Vec<u16> = format!("Local\\handles {}\0", std::process::id()).encode_utf16().collect();
    let (done, current) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                SetEvent(handle(current.load(Ordering::Relaxed)));
            }
        });
        for _ in 0..2000 {
            let event = CreateEventW(null(), 1, 0, name.as_ptr());
            assert_eq!(GetLastError(), 0, "nobody has it");
            current.store(event as usize, Ordering::Relaxed);
            assert_eq!(CloseHandle(event), 1);
            assert!(OpenEventW(0x10_0000, 0, name.as_ptr()).is_null());
            assert_eq!(GetLastError(), 2);
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// As on Windows: who waits goes on waiting.
#[test]
fn a_wait_outlives_the_handle() {
    let name: Vec<u16> = format!("Local\\outlived {}\0", std::process::id()).encode_utf16().collect();
    let event = CreateEventW(null(), 0, 0, name.as_ptr()) as usize;
    let again = OpenEventW(0x1F_0003, 0, name.as_ptr()) as usize;
    thread::scope(|scope| {
        let waiting = scope.spawn(move || WaitForSingleObject(handle(event), 60_000));
        thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(CloseHandle(handle(event)), 1);
        assert_eq!(SetEvent(handle(again)), 1);
        assert_eq!(waiting.join().unwrap(), 0);
    });
    assert_eq!(CloseHandle(handle(again)), 1);
}

#[test]
fn many_handles_at_once_and_all_can_be_used() {
    let handles: Mutex<Vec<usize>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let some: Vec<usize> = (0..500).map(|_| CreateMutexW(null(), 1, null()) as usize).collect();
                some.iter().for_each(|&mutex| assert_eq!(ReleaseMutex(handle(mutex)), 1));
                handles.lock().unwrap().extend(some);
            });
        }
    });
    let mut handles = handles.into_inner().unwrap();
    handles.sort_unstable();
    handles.dedup();
    assert_eq!(handles.len(), 2000);
    for mutex in handles {
        assert_eq!(WaitForSingleObject(handle(mutex), 0), 0);
        assert_eq!(CloseHandle(handle(mutex)), 1);
    }
}

/// All of the above once more where the kernel cannot make a barrier in all threads.
#[test]
fn the_same_without_membarrier() {
    const VARIABLE: &str = "VEDUTA_MEMBARRIER";
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let myself = std::env::current_exe().expect("a path");
    let output = Command::new(myself).env(VARIABLE, "0").output().expect("the test runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
