//! Processes and threads that begin suspended.

use super::role::{self, How, suspended};
use super::sys::*;
use std::ffi::c_void;
use std::ptr::null_mut;

#[test]
fn a_suspended_process_does_not_run() {
    let file = std::env::temp_dir().join(format!("veduta suspended {}", std::process::id()));
    let line = format!("sh -c \"echo > '{}'\"", file.display());
    let child = Start { line: Some(&line), flags: SUSPENDED, ..Start::default() }.start().expect("it runs");
    // It is the program already, and has done nothing.
    let name = std::fs::read_to_string(format!("/proc/{}/comm", child.process_id)).expect("it is there");
    assert_eq!(name.trim(), "sh");
    assert_eq!(WaitForSingleObject(child.process, 50), TIMEOUT);
    assert!(!file.exists());
    assert_eq!(SuspendThread(child.thread), 1);
    assert_eq!(ResumeThread(child.thread), 2);
    assert_eq!(WaitForSingleObject(child.process, 50), TIMEOUT);
    assert_eq!(ResumeThread(child.thread), 1);
    wait(child.process);
    assert!(file.exists());
    std::fs::remove_file(file).expect("it is there");
    close_all([child.process, child.thread]);
}

#[test]
fn what_cannot_run_is_said_also_of_suspended_processes() {
    let start = Start { application: Some("/etc/passwd"), flags: SUSPENDED, ..Start::default() };
    assert_eq!(start.start().map(|_| ()), Err(193));
}

#[test]
fn a_suspended_process_can_be_killed() {
    let child = suspended("exit::sleeps", &[]);
    assert_eq!(TerminateProcess(child.process, 6), 1);
    assert_eq!(child.code(), 6);
}

const NEW_PROCESS_GROUP: u32 = 0x200;

unsafe extern "C" {
    safe fn kill(process: i32, signal: i32) -> i32;
}

/// What all processes of a group get when the size of their terminal changes.
const SIGWINCH: i32 = 28;

#[test]
#[ignore = "a role"]
fn suspends_while_signals_come() {
    let busy = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while busy.load(std::sync::atomic::Ordering::Relaxed) {
                assert_eq!(kill(0, SIGWINCH), 0);
            }
        });
        for _ in 0..50 {
            let start = Start { line: Some("true"), flags: SUSPENDED, ..Start::default() };
            let child = start.start().expect("it runs");
            // It blocks no signal.
            let status = format!("/proc/{}/status", child.process_id);
            let status = std::fs::read_to_string(status).expect("it is there");
            assert!(status.contains("SigBlk:\t0000000000000000"), "{status}");
            assert_eq!(ResumeThread(child.thread), 1);
            wait(child.process);
            assert_eq!(process_code(child.process), 0);
            close_all([child.process, child.thread]);
        }
        busy.store(false, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn a_signal_does_not_keep_a_process_from_being_created_suspended() {
    let how = How { flags: NEW_PROCESS_GROUP, ..How::default() };
    assert_eq!(role::start("suspend::suspends_while_signals_come", how).code(), 0);
}

extern "C" fn sets(event: *mut c_void) -> u32 {
    SetEvent(event);
    1
}

#[test]
fn a_suspended_thread_does_not_run() {
    let event = event(None);
    let thread = thread(sets, event, SUSPENDED);
    assert_ne!(GetThreadId(thread), 0);
    assert_eq!(SuspendThread(thread), 1);
    assert_eq!((ResumeThread(thread), WaitForSingleObject(event, 20)), (2, TIMEOUT));
    assert_eq!((ResumeThread(thread), WaitForSingleObject(event, LONG)), (1, 0));
    wait(thread);
    assert_eq!(ResumeThread(thread), 0);
    assert_eq!((SuspendThread(thread), GetLastError()), (u32::MAX, 5));
    assert_eq!((SuspendThread(GetCurrentThread()), GetLastError()), (u32::MAX, 50));
    assert_eq!((ResumeThread(null_mut()), GetLastError()), (u32::MAX, 6));
    close_all([thread, event]);
}
