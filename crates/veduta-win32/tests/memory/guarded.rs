//! `veduta_guarded`.

use crate::*;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

/// A view of a file that is cut off, to nothing, under it.
struct CutOff {
    view: usize,
    pages: usize,
}

impl CutOff {
    fn new(pages: usize) -> CutOff {
        let path = std::env::temp_dir().join(unique("cut off").replace(['\\', ' '], "-"));
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.set_len((pages * PAGE) as u64).unwrap();
        let name = unique("cut off");
        let section = veduta::Section::options().file(&file).create_new(&name).unwrap();
        let handle = open(FILE_MAP_WRITE, &name);
        let view = map(handle, FILE_MAP_WRITE).addr();
        CloseHandle(handle);
        drop(section);
        put(view, 1);
        file.set_len(0).unwrap();
        CutOff { view, pages }
    }
}

impl Drop for CutOff {
    fn drop(&mut self) {
        assert_eq!(UnmapViewOfFile(self.view as Pointer), 1);
    }
}

fn guarded(body: extern "C" fn(Pointer), context: usize) -> Option<Fault> {
    let mut fault = Fault { address: 77, code: 77 };
    // SAFETY: the bodies of these tests own nothing that a fault would leak.
    match unsafe { veduta_guarded(Some(body), context as Pointer, &raw mut fault) } {
        0 => {
            assert_eq!((fault.address, fault.code), (77, 77), "written only for a fault");
            None
        }
        1 => Some(fault),
        other => panic!("{other}"),
    }
}

extern "C" fn touch(address: Pointer) {
    put(address.addr(), 1);
}

#[test]
fn a_view_that_was_cut_off_is_reported() {
    let gone = CutOff::new(4);
    for page in 0..gone.pages {
        let address = gone.view + page * PAGE + 5;
        let fault = guarded(touch, address).expect("the page is gone");
        assert_eq!((fault.address, fault.code), (address, 0xC000_0006));
    }
    let view = view(1);
    assert!(guarded(touch, view.addr()).is_none());
    assert_eq!(byte(view.addr()), 1);
    assert_eq!(UnmapViewOfFile(view), 1);
    assert_eq!(GetLastError(), 0, "none of it is an error");
}

/// The values of registers and variables around the call survive, and the mask of signals, however often it faults.
#[test]
fn the_caller_goes_on_as_if_nothing_had_been() {
    let gone = CutOff::new(1);
    let mut sum = 0.0_f64;
    let numbers: Vec<f64> = (1..=8).map(f64::from).collect();
    let mask = || {
        // SAFETY: only asks.
        let mut mask: libc::sigset_t = unsafe { std::mem::zeroed() };
        // SAFETY: there is room for the answer.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), &raw mut mask) };
        // SAFETY: it was filled.
        (1..32)
            .filter(|&signal| unsafe { libc::sigismember(&raw const mask, signal) } == 1)
            .collect::<Vec<_>>()
    };
    let before = mask();
    for round in 0..10_000 {
        assert!(guarded(touch, gone.view).is_some());
        sum += numbers[round % 8];
    }
    assert_eq!(sum, 45_000.0);
    assert_eq!(mask(), before);
}

extern "C" fn nested(context: Pointer) {
    let gone = context.addr();
    // The inner one has it, and the outer one's body goes on.
    let fault = guarded(touch, gone).expect("the page is gone");
    assert_eq!(fault.address, gone);
    extern "C" fn nothing(_: Pointer) {}
    assert!(guarded(nothing, 0).is_none());
    put(gone + 8, 1);
}

#[test]
fn calls_nest() {
    let gone = CutOff::new(1);
    let fault = guarded(nested, gone.view).expect("the page is gone");
    assert_eq!(fault.address, gone.view + 8);
}

#[test]
fn threads_fault_at_once() {
    let views: Vec<_> = (0..8).map(|_| CutOff::new(3)).collect();
    std::thread::scope(|scope| {
        for (index, gone) in views.iter().enumerate() {
            scope.spawn(move || {
                for round in 0..2000 {
                    let address = gone.view + (round + index) % 3 * PAGE + index;
                    assert_eq!(guarded(touch, address).expect("the page is gone").address, address);
                }
            });
        }
    });
}

#[test]
fn there_must_be_a_body() {
    // SAFETY: NULL is what is tested.
    assert_eq!(unsafe { veduta_guarded(None, null_mut(), null_mut()) }, -1);
    assert_eq!(GetLastError(), 87);
}

/// Runs a role of this file in a process of its own; gives the signal that ended it.
fn ended_by(role: &str) -> Option<i32> {
    let status = Command::new(std::env::current_exe().unwrap())
        .args([&format!("guarded::{role}"), "--exact", "--ignored", "--nocapture"])
        .status()
        .unwrap();
    if status.signal().is_none() {
        assert!(status.success(), "{role} failed");
    }
    status.signal()
}

#[test]
fn all_else_is_handed_on() {
    assert_eq!(ended_by("role_fault_outside_of_a_call"), Some(libc::SIGBUS));
    assert_eq!(ended_by("role_fault_in_memory_of_others"), Some(libc::SIGBUS));
    assert_eq!(ended_by("role_sent_signal"), Some(libc::SIGBUS));
    assert_eq!(ended_by("role_handler_of_before"), None);
}

#[test]
#[ignore = "a role: ends by a signal"]
fn role_fault_outside_of_a_call() {
    let gone = CutOff::new(1);
    assert!(guarded(touch, gone.view).is_some());
    put(gone.view, 1);
}

/// A mapping beyond the end of a file, which is no view.
fn mapping_of_nothing() -> usize {
    // SAFETY: a mapping of this test.
    let file = unsafe { libc::memfd_create(c"empty".as_ptr(), 0) };
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    // SAFETY: as above.
    unsafe { libc::mmap(null_mut(), PAGE, protection, flags, file, 0) }.addr()
}

#[test]
#[ignore = "a role: ends by a signal"]
fn role_fault_in_memory_of_others() {
    guarded(touch, mapping_of_nothing());
}

extern "C" fn send(_: Pointer) {
    // SAFETY: to this thread.
    unsafe { libc::raise(libc::SIGBUS) };
}

#[test]
#[ignore = "a role: ends by a signal"]
fn role_sent_signal() {
    // Rust's own handler swallows what is sent.
    // SAFETY: the process is this test's.
    unsafe { libc::signal(libc::SIGBUS, libc::SIG_DFL) };
    guarded(send, 0);
}

static HANDLED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

extern "C" fn count(_: i32) {
    HANDLED.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
}

/// Alone in its process: handlers are the process's.
#[test]
#[ignore = "a role: has a handler of its own"]
fn role_handler_of_before() {
    use std::sync::atomic::Ordering::SeqCst;
    // SAFETY: a handler that only counts.
    unsafe { libc::signal(libc::SIGBUS, count as extern "C" fn(i32) as usize) };
    let gone = CutOff::new(1);
    assert!(guarded(touch, gone.view).is_some());
    assert_eq!(HANDLED.load(SeqCst), 0);
    assert!(guarded(send, 0).is_none());
    assert_eq!(HANDLED.load(SeqCst), 1);
    // And once more: it stays.
    assert!(guarded(touch, gone.view).is_some());
    assert!(guarded(send, 0).is_none());
    assert_eq!(HANDLED.load(SeqCst), 2);
}
