//! Procedures that are queued to threads.

use super::sys::*;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn they_run_in_order_when_the_thread_waits_alertably() {
    static RAN: AtomicUsize = AtomicUsize::new(0);
    extern "C" fn digit(digit: usize) {
        RAN.store(RAN.load(Ordering::SeqCst) * 10 + digit, Ordering::SeqCst);
    }
    extern "C" fn waits(never: *mut c_void) -> u32 {
        WaitForSingleObjectEx(never, LONG, 1)
    }
    let never = event(None);
    let thread = thread(waits, never, SUSPENDED);
    for digit_ in 1..6 {
        assert_eq!(QueueUserAPC(Some(digit), thread, digit_), 1);
    }
    assert_eq!(RAN.load(Ordering::SeqCst), 0);
    ResumeThread(thread);
    // What was queued before it began has run before its routine, which waits for another.
    while RAN.load(Ordering::SeqCst) != 12345 {
        std::thread::yield_now();
    }
    assert_eq!(QueueUserAPC(Some(digit), thread, 6), 1);
    wait(thread);
    assert_eq!(thread_code(thread), IO_COMPLETION);
    assert_eq!(RAN.load(Ordering::SeqCst), 123_456);
    assert_eq!((QueueUserAPC(Some(digit), thread, 7), GetLastError()), (0, 31));
    close_all([thread, never]);
}

#[test]
fn a_procedure_may_end_its_thread() {
    extern "C" fn ends(code: usize) {
        ExitThread(code as u32);
    }
    extern "C" fn sleeps(_: *mut c_void) -> u32 {
        SleepEx(LONG, 1);
        1
    }
    for flags in [0, SUSPENDED] {
        let thread = thread(sleeps, null_mut(), flags);
        assert_eq!(QueueUserAPC(Some(ends), thread, 44), 1);
        ResumeThread(thread);
        wait(thread);
        assert_eq!(thread_code(thread), 44);
        close(thread);
    }
}

#[test]
fn arguments_are_checked() {
    extern "C" fn nothing(_: usize) {}
    assert_eq!((QueueUserAPC(None, GetCurrentThread(), 0), GetLastError()), (0, 87));
    let event = event(None);
    assert_eq!((QueueUserAPC(Some(nothing), event, 0), GetLastError()), (0, 6));
    let (here, mut weak) = (GetCurrentProcess(), null_mut());
    assert_eq!(DuplicateHandle(here, GetCurrentThread(), here, Some(&mut weak), 0, 0, SAME_ACCESS), 1);
    let thread = weak;
    assert_eq!(DuplicateHandle(here, thread, here, Some(&mut weak), SYNCHRONIZE, 0, 0), 1);
    assert_eq!((QueueUserAPC(Some(nothing), weak, 0), GetLastError()), (0, 5));
    close_all([event, thread, weak]);
}
