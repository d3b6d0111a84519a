//! Threads: how they begin, end, and what is known of them.

use super::role::{self, How};
use super::sys::*;
use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr::{null_mut, without_provenance_mut};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

extern "C" fn returns(code: *mut c_void) -> u32 {
    code.addr() as u32
}

extern "C" fn exits(code: *mut c_void) -> u32 {
    ExitThread(code.addr() as u32);
    unreachable!("it has ended")
}

extern "C" fn owns(mutex: *mut c_void) -> u32 {
    WaitForSingleObject(mutex, LONG)
}

/// Threads that each own a mutex when they end; whoever has waited for one finds the mutex abandoned.
pub(crate) fn rounds(count: u32) {
    let mutex = mutex(None);
    for round in 0..count {
        let thread = thread(owns, mutex, 0);
        wait(thread);
        assert!(thread_code(thread) == 0 || thread_code(thread) == ABANDONED);
        assert_eq!(WaitForSingleObject(mutex, 0), ABANDONED, "round {round}");
        assert_eq!(ReleaseMutex(mutex), 1);
        close(thread);
    }
    close(mutex);
}

#[test]
fn a_thread_that_has_ended_has_abandoned_its_mutexes() {
    rounds(1000);
}

#[test]
fn codes_have_32_bits_however_the_thread_ends() {
    for code in [0, 1, 0x1234_5678, 0xFFFF_FFFE] {
        for routine in [returns, exits] {
            let thread = thread(routine, without_provenance_mut(code as usize), 0);
            wait(thread);
            assert_eq!(thread_code(thread), code);
            close(thread);
        }
    }
}

#[test]
fn the_arguments_are_checked() {
    // SAFETY: there is no routine, which is refused.
    let no_routine = unsafe { CreateThread(None, 0, None, null_mut(), 0, None) };
    // SAFETY: the routine takes a number.
    let flags = unsafe { CreateThread(None, 0, Some(returns), null_mut(), 0x8000, None) };
    assert!(no_routine.is_null() && flags.is_null());
    assert_eq!(GetLastError(), 87);
    // SAFETY: the address space ends before that.
    let huge = unsafe { CreateThread(None, usize::MAX / 2, Some(returns), null_mut(), 0, None) };
    assert_eq!((huge, GetLastError()), (null_mut(), 8));
    for size in [1, 4096, 1 << 20, 64 << 20] {
        for flags in [0, 0x1_0000] {
            let mut id = 0;
            // SAFETY: the routine takes a number.
            let thread = unsafe { CreateThread(None, size, Some(returns), null_mut(), flags, Some(&mut id)) };
            assert_eq!(GetThreadId(thread), id);
            wait(thread);
            close(thread);
        }
    }
}

#[test]
fn the_runtimes_functions_do_the_same() {
    static RAN: AtomicU32 = AtomicU32::new(0);
    extern "C" fn ends(code: *mut c_void) -> u32 {
        _endthreadex(code.addr() as u32);
        unreachable!("it has ended")
    }
    let mut id = 0;
    // SAFETY: the routine takes a number.
    let thread = unsafe { _beginthreadex(None, 0, Some(ends), without_provenance_mut(9), 0, Some(&mut id)) };
    let thread = without_provenance_mut(thread);
    wait(thread);
    assert_eq!(thread_code(thread), 9);
    assert_ne!(id, 0);
    close(thread);
    extern "C" fn old(event: *mut c_void) {
        RAN.store(1, Ordering::SeqCst);
        SetEvent(event);
    }
    let event = event(None);
    // SAFETY: the routine takes a handle.
    let thread = unsafe { _beginthread(Some(old), 0, event) };
    assert_ne!(thread, usize::MAX);
    wait(event);
    assert_eq!(RAN.load(Ordering::SeqCst), 1);
    close(event);
    // SAFETY: there is no routine, which is refused.
    assert_eq!(unsafe { _beginthread(None, 0, null_mut()) }, usize::MAX);
    // SAFETY: as above.
    assert_eq!(unsafe { _beginthreadex(None, 0, None, null_mut(), 0, None) }, 0);
}

#[test]
fn destructors_of_thread_local_objects_run_before_the_end_is_seen() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Slow;
    impl Drop for Slow {
        fn drop(&mut self) {
            std::thread::sleep(std::time::Duration::from_millis(30));
            DROPPED.fetch_add(1, Ordering::SeqCst);
        }
    }
    thread_local!(static SLOW: RefCell<Option<Slow>> = const { RefCell::new(None) });
    extern "C" fn has(code: *mut c_void) -> u32 {
        SLOW.set(Some(Slow));
        if code.is_null() { 0 } else { exits(code) }
    }
    for (index, code) in [0, 5].into_iter().enumerate() {
        let thread = thread(has, without_provenance_mut(code), 0);
        wait(thread);
        assert_eq!(DROPPED.load(Ordering::SeqCst), index + 1);
        assert_eq!(thread_code(thread), code as u32);
        close(thread);
    }
}

/// A handle, which is a number, for another thread.
#[derive(Clone, Copy)]
struct Sent(usize);

impl Sent {
    fn handle(self) -> Handle {
        without_provenance_mut(self.0)
    }
}

#[test]
fn any_thread_has_a_handle() {
    let mutex = mutex(None);
    for _ in 0..50 {
        let here = Sent(mutex.addr());
        let (sender, receiver) = std::sync::mpsc::channel();
        let (go, wait_for_go) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let own = duplicate(GetCurrentThread());
            assert_eq!(GetThreadId(own), GetCurrentThreadId());
            assert_eq!(OpenThread(0x1F_FFFF, 0, 0x7FFF_FFF0), null_mut());
            let opened = OpenThread(0x1F_FFFF, 0, GetCurrentThreadId());
            assert_eq!(GetThreadId(opened), GetCurrentThreadId());
            close(opened);
            assert!(matches!(WaitForSingleObject(here.handle(), LONG), 0 | ABANDONED));
            sender.send(Sent(own.addr())).expect("it is waited for");
            wait_for_go.recv().expect("it comes");
        });
        let handle = receiver.recv().expect("it is sent").handle();
        assert_eq!(WaitForSingleObject(handle, 0), TIMEOUT);
        assert_eq!(thread_code(handle), STILL_ACTIVE);
        go.send(()).expect("it is waited for");
        wait(handle);
        assert_eq!(thread_code(handle), 0);
        assert_eq!(WaitForSingleObject(mutex, 0), ABANDONED);
        assert_eq!(ReleaseMutex(mutex), 1);
        close(handle);
        thread.join().expect("it ended well");
    }
    close(mutex);
}

#[test]
fn a_thread_that_has_not_begun_is_opened_by_its_number() {
    extern "C" fn returns(_: Handle) -> u32 {
        5
    }
    let thread = thread(returns, null_mut(), SUSPENDED);
    let opened = OpenThread(0x1F_FFFF, 0, GetThreadId(thread));
    assert!(!opened.is_null(), "{}", GetLastError());
    assert_eq!(ResumeThread(opened), 1);
    wait(opened);
    assert_eq!(thread_code(opened), 5);
    close_all([thread, opened]);
}

#[test]
fn handles_are_checked() {
    let event = event(None);
    assert_eq!((GetThreadId(event), GetLastError()), (0, 6));
    assert_eq!((GetExitCodeThread(null_mut(), Some(&mut 0)), GetLastError()), (0, 6));
    assert_eq!((GetExitCodeThread(GetCurrentThread(), None), GetLastError()), (0, 87));
    let (here, mut weak) = (GetCurrentProcess(), null_mut());
    let thread = duplicate(GetCurrentThread());
    assert_eq!(DuplicateHandle(here, thread, here, Some(&mut weak), SYNCHRONIZE, 0, 0), 1);
    assert_eq!((GetThreadId(weak), GetLastError()), (0, 5));
    assert_eq!(WaitForSingleObject(weak, 0), TIMEOUT);
    close_all([event, thread, weak]);
}

#[test]
fn priorities_are_remembered() {
    let thread = GetCurrentThread();
    for priority in [-15, -2, -1, 1, 2, 15, 0] {
        assert_eq!(SetThreadPriority(thread, priority), 1);
        assert_eq!(GetThreadPriority(thread), priority);
    }
    assert_eq!((SetThreadPriority(thread, 7), GetLastError()), (0, 87));
    assert_eq!((GetThreadPriority(null_mut()), GetLastError()), (i32::MAX, 6));
}

#[test]
fn one_thread_may_wait_for_another_in_its_last_destructor() {
    // The helper that sees the ends must not stand behind a thread that takes its time.
    static OTHER: AtomicUsize = AtomicUsize::new(0);
    struct Waits;
    impl Drop for Waits {
        fn drop(&mut self) {
            wait(without_provenance_mut(OTHER.load(Ordering::SeqCst)));
        }
    }
    thread_local!(static WAITS: RefCell<Option<Waits>> = const { RefCell::new(None) });
    extern "C" fn has(_: *mut c_void) -> u32 {
        WAITS.set(Some(Waits));
        0
    }
    let other = thread(returns, null_mut(), SUSPENDED);
    OTHER.store(other.addr(), Ordering::SeqCst);
    let first = thread(has, null_mut(), 0);
    assert_eq!(WaitForSingleObject(first, 20), TIMEOUT);
    assert_eq!(ResumeThread(other), 1);
    wait(first);
    close_all([first, other]);
}

unsafe extern "C" {
    fn pthread_key_create(key: *mut u32, destructor: Option<extern "C" fn(*mut c_void)>) -> i32;
    fn pthread_setspecific(key: u32, value: *const c_void) -> i32;
}

static LATE: AtomicU32 = AtomicU32::new(0);

/// Runs after the library's own destructor, whose key is older.
extern "C" fn asks_late(own: *mut c_void) {
    // SAFETY: where `sets_late` was told to leave it.
    unsafe { own.cast::<Handle>().write(duplicate(GetCurrentThread())) };
}

extern "C" fn sets_late(own: *mut c_void) -> u32 {
    // SAFETY: the key was made before.
    assert_eq!(unsafe { pthread_setspecific(LATE.load(Ordering::Relaxed), own) }, 0);
    5
}

#[test]
#[ignore = "a role"]
fn asks_for_itself_late() {
    // From here on the library has its key.
    close(duplicate(GetCurrentThread()));
    let mut key = 0;
    // SAFETY: the key is written there.
    assert_eq!(unsafe { pthread_key_create(&raw mut key, Some(asks_late)) }, 0);
    LATE.store(key, Ordering::Relaxed);
    for _ in 0..100 {
        let mut own: Handle = null_mut();
        // Too large to be kept for the next thread: what looks at this one when it is gone faults.
        // SAFETY: the routine takes a pointer to a handle, and is waited for.
        let thread =
            unsafe { CreateThread(None, 256 << 20, Some(sets_late), (&raw mut own).cast(), 0, None) };
        wait(thread);
        // SAFETY: written by the thread, which has ended.
        let own = unsafe { (&raw const own).read_volatile() };
        wait(own);
        assert_eq!(thread_code(thread), 5);
        close_all([thread, own]);
    }
}

#[test]
fn a_thread_may_ask_for_itself_on_its_way_out() {
    assert_eq!(role::start("thread::asks_for_itself_late", How::default()).code(), 0);
}
