//! A program that forks by itself, and goes on to use the library in the child.

use super::role::{self, How};
use super::sys::*;
use std::ptr::null_mut;

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(id: i32, status: *mut i32, options: i32) -> i32;
    #[link_name = "_exit"]
    fn libc_exit(code: i32) -> !;
}

extern "C" fn returns(code: *mut std::ffi::c_void) -> u32 {
    code.addr() as u32
}

fn uses_everything() {
    let thread = thread(returns, std::ptr::without_provenance_mut(4), 0);
    wait(thread);
    assert_eq!(thread_code(thread), 4);
    close(thread);
    let child = Start { line: Some("sh -c \"exit 5\""), ..Start::default() }.start().expect("it runs");
    wait(child.process);
    assert_eq!(process_code(child.process), 5);
    close_all([child.process, child.thread]);
    let own = duplicate(GetCurrentThread());
    assert_eq!((GetThreadId(own), GetCurrentThreadId()), (std::process::id(), std::process::id()));
    assert_eq!(WaitForSingleObject(own, 0), TIMEOUT);
    close(own);
}

/// In the constructor, for the harness has more than one thread, and what it does in the others may be half done.
extern "C" fn forks() {
    if std::env::var_os("FORKS").is_none() {
        return;
    }
    uses_everything();
    let sleeper = Start { line: Some("sleep 1000"), ..Start::default() }.start().expect("it runs");
    // SAFETY: the child uses what is under test, and ends.
    let child = unsafe { fork() };
    if child == 0 {
        uses_everything();
        assert_eq!(WaitForSingleObject(sleeper.process, 10), TIMEOUT);
        assert_eq!(TerminateProcess(sleeper.process, 3), 1);
        wait(sleeper.process);
        // SAFETY: it ends the process.
        unsafe { libc_exit(0) };
    }
    let mut status = -1;
    // SAFETY: the status is written there.
    assert_eq!(unsafe { waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    wait(sleeper.process);
    assert_eq!(process_code(sleeper.process), 3);
    close_all([sleeper.process, sleeper.thread]);
    uses_everything();
    ExitProcess(77);
}

#[used]
#[unsafe(link_section = ".init_array")]
static FORKS: extern "C" fn() = forks;

#[test]
fn a_forked_child_can_do_what_its_parent_can() {
    let role = role::start("none", How { told: &[("FORKS", "1")], ..How::default() });
    assert_eq!(role.code(), 77);
    assert_ne!(role.process, null_mut());
}

#[test]
#[ignore = "a role"]
fn forks_beside_busy_threads() {
    let busy = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while busy.load(std::sync::atomic::Ordering::Relaxed) {
                    // A new thread each time: its first look at a handle is a special one.
                    std::thread::scope(|scope| {
                        scope.spawn(|| close(event(None)));
                    });
                }
            });
        }
        for _ in 0..300 {
            // SAFETY: the child ends.
            let child = unsafe { fork() };
            if child == 0 {
                // SAFETY: it ends the process.
                unsafe { libc_exit(0) };
            }
            let mut status = -1;
            // SAFETY: the status is written there.
            assert_eq!(unsafe { waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(status, 0);
        }
        busy.store(false, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn a_child_gets_out_of_fork_whatever_other_threads_were_doing() {
    assert_eq!(role::start("fork::forks_beside_busy_threads", How::default()).code(), 0);
}
