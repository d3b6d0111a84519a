//! Exit codes, and other ends.

use super::role::{self, How, heir, told};
use super::sys::*;
use std::process::Command;
use std::ptr::null_mut;

const CODES: [u32; 7] = [0, 1, 255, 256, 0x1234_5678, 0xC000_0005, STILL_ACTIVE];

#[test]
#[ignore = "a role"]
fn ends() {
    let code: u32 = told("CODE").parse().expect("a number");
    match &*told("HOW") {
        "ExitProcess" => ExitProcess(code),
        "exit" => std::process::exit(code.cast_signed()),
        "TerminateProcess" => drop(TerminateProcess(GetCurrentProcess(), code)),
        // SAFETY: it ends the process.
        "_exit" => unsafe { libc_exit(code.cast_signed()) },
        "signal" => {
            // SAFETY: the default action (0) of Linux: Rust has handlers of its own.
            unsafe { signal(code.cast_signed(), 0) };
            // SAFETY: it ends the process.
            unsafe { raise(code.cast_signed()) };
        }
        other => panic!("{other} is no end"),
    }
    unreachable!("it has ended");
}

unsafe extern "C" {
    #[link_name = "_exit"]
    fn libc_exit(code: i32) -> !;
    fn raise(signal: i32) -> i32;
    fn signal(signal: i32, handler: usize) -> usize;
}

fn code(how: &str, code: u32) -> u32 {
    role::start("exit::ends", How { told: &[("HOW", how), ("CODE", &code.to_string())], ..How::default() })
        .code()
}

#[test]
fn codes_have_32_bits() {
    for expected in CODES {
        for how in ["ExitProcess", "exit", "TerminateProcess"] {
            assert_eq!(code(how, expected), expected, "{how}({expected:#x})");
        }
    }
}

#[test]
fn what_goes_past_the_library_has_the_bits_of_linux() {
    assert_eq!(code("_exit", 0x1234), 0x34);
}

#[test]
fn signals_have_the_code_of_what_they_stand_for() {
    let signals = [
        (11, 0xC000_0005_u32),
        (7, 0xC000_0006),
        (4, 0xC000_001D),
        (8, 0xC000_0094),
        (5, 0x8000_0003),
        (6, 3),
        (2, 0xC000_013A),
        (15, 0xC000_013A),
        (9, 1),
    ];
    for (signal, expected) in signals {
        assert_eq!(code("signal", signal), expected, "signal {signal}");
    }
}

#[test]
#[ignore = "a role"]
fn sleeps() {
    SleepEx(INFINITE, 0);
}

#[test]
fn a_killed_process_has_the_code_that_was_asked_for() {
    let role = role::start("exit::sleeps", How::default());
    assert_eq!(process_code(role.process), STILL_ACTIVE);
    assert_eq!(WaitForSingleObject(role.process, 0), TIMEOUT);
    assert_eq!(TerminateProcess(role.process, 0xDEAD_BEEF), 1);
    assert_eq!(role.code(), 0xDEAD_BEEF);
    assert_eq!(thread_code(role.thread), 0xDEAD_BEEF);
    wait(role.thread);
    assert_eq!((TerminateProcess(role.process, 1), GetLastError()), (0, 5));
    assert_eq!(role.code(), 0xDEAD_BEEF);
}

#[test]
#[ignore = "a role"]
fn kills_by_handle() {
    let process = handle(&told("PROCESS"));
    assert_eq!(TerminateProcess(process, 0x0102_0304), 1, "{}", GetLastError());
    wait(process);
    assert_eq!(process_code(process), 0x0102_0304);
}

#[test]
fn anybody_with_the_handle_can_kill_and_learn_the_code() {
    let victim = role::start("exit::sleeps", How::default());
    assert_eq!(SetHandleInformation(victim.process, INHERIT, INHERIT), 1);
    let killer = heir("exit::kills_by_handle", &[("PROCESS", &number(victim.process))]);
    assert_eq!(killer.code(), 0);
    assert_eq!(victim.code(), 0x0102_0304);
}

#[test]
fn a_process_by_its_id_is_waited_for_and_killed() {
    let role = role::start("exit::sleeps", How::default());
    let opened = OpenProcess(0x1F_FFFF, 0, role.id);
    assert_eq!(GetProcessId(opened), role.id);
    assert_eq!(TerminateProcess(opened, 5), 1);
    wait(opened);
    assert_eq!((process_code(opened), role.code()), (5, 5));
    close(opened);
}

#[test]
fn a_stranger_is_waited_for_too() {
    let mut stranger = Command::new("sleep").arg("1000").spawn().expect("it runs");
    let opened = OpenProcess(SYNCHRONIZE | 0x1001, 0, stranger.id());
    assert_eq!(process_code(opened), STILL_ACTIVE);
    assert_eq!(WaitForSingleObject(opened, 10), TIMEOUT);
    stranger.kill().expect("it runs");
    wait(opened);
    // Its remains are the program's to remove, and still there.
    assert!(stranger.wait().expect("it is a child").code().is_none());
    assert_eq!(process_code(opened), 1);
    close(opened);
}

#[test]
fn ids_and_rights_are_checked() {
    let error = |access, id| (OpenProcess(access, 0, id).is_null(), GetLastError());
    assert_eq!(error(SYNCHRONIZE, 0), (true, 87));
    assert_eq!(error(SYNCHRONIZE, 0x7FFF_FFF0), (true, 87));
    assert_eq!(error(0, std::process::id()), (true, 5));
    let own = OpenProcess(SYNCHRONIZE, 0, std::process::id());
    assert_eq!((TerminateProcess(own, 1), GetLastError()), (0, 5));
    assert_eq!(WaitForSingleObject(own, 0), TIMEOUT);
    assert_eq!((GetProcessId(own), GetLastError()), (0, 5));
    close(own);
    let event = event(None);
    assert_eq!((GetProcessId(event), GetLastError()), (0, 6));
    assert_eq!((TerminateProcess(null_mut(), 1), GetLastError()), (0, 6));
    close(event);
    assert_eq!(GetProcessId(GetCurrentProcess()), GetCurrentProcessId());
    assert_eq!(process_code(GetCurrentProcess()), STILL_ACTIVE);
}

#[test]
#[ignore = "a role"]
fn lets_the_kernel_remove_children() {
    // SAFETY: SIGCHLD is ignored from now on (SIG_IGN is 1).
    unsafe { signal(17, 1) };
    assert_eq!(code("ExitProcess", 0x0A0B_0C0D), 0x0A0B_0C0D);
}

#[test]
fn codes_are_known_although_the_kernel_removes_the_remains() {
    let role = role::start("exit::lets_the_kernel_remove_children", How::default());
    assert_eq!(role.code(), 0);
}

#[test]
#[ignore = "a role"]
fn owns_a_mutex() {
    assert_eq!(WaitForSingleObject(handle(&told("MUTEX")), 0), 0);
    assert_eq!(SetEvent(handle(&told("OWNED"))), 1);
    SleepEx(INFINITE, 0);
}

/// Facts MTX-31/32.
#[test]
fn a_killed_process_abandons_its_mutexes() {
    let (mutex, owned) = (mutex(INHERITABLE), event(INHERITABLE));
    let told = [("MUTEX", &*number(mutex)), ("OWNED", &*number(owned))];
    let role = heir("exit::owns_a_mutex", &told);
    wait(owned);
    assert_eq!(WaitForSingleObject(mutex, 0), TIMEOUT);
    assert_eq!(TerminateProcess(role.process, 0), 1);
    wait(role.process);
    assert_eq!(WaitForSingleObject(mutex, 0), ABANDONED);
    assert_eq!(ReleaseMutex(mutex), 1);
    close_all([mutex, owned]);
}

#[test]
#[ignore = "a role"]
fn kills_by_id() {
    let id = told("VICTIM").parse().expect("a number");
    // PROCESS_TERMINATE, PROCESS_QUERY_LIMITED_INFORMATION.
    let process = OpenProcess(SYNCHRONIZE | 0x1001, 0, id);
    assert!(!process.is_null(), "{}", GetLastError());
    assert_eq!(TerminateProcess(process, 0x0506_0708), 1, "{}", GetLastError());
    wait(process);
    assert_eq!(process_code(process), 0x0506_0708);
    close(process);
}

#[test]
fn a_third_process_that_kills_by_id_chooses_the_code() {
    let running = role::start("exit::sleeps", How::default());
    // One that has not run a single instruction of its own.
    let newborn = role::suspended("exit::sleeps", &[]);
    for victim in [running, newborn] {
        let id = victim.id.to_string();
        let killer = role::start("exit::kills_by_id", How { told: &[("VICTIM", &id)], ..How::default() });
        assert_eq!(killer.code(), 0);
        assert_eq!(victim.code(), 0x0506_0708);
        assert_eq!(thread_code(victim.thread), 0x0506_0708);
    }
}

#[test]
#[ignore = "a role"]
fn watches_by_id() {
    let process = OpenProcess(SYNCHRONIZE | 0x1000, 0, told("WATCHED").parse().expect("a number"));
    assert_eq!(process_code(process), STILL_ACTIVE);
    assert_eq!(SetEvent(handle(&told("OPENED"))), 1);
    wait(process);
    assert_eq!(process_code(process), 0x1234_5678);
    close(process);
}

#[test]
fn a_third_process_learns_all_of_the_code() {
    let opened = event(INHERITABLE);
    let watched = role::suspended("exit::ends", &[("HOW", "ExitProcess"), ("CODE", "305419896")]);
    let told = [("WATCHED", &*watched.id.to_string()), ("OPENED", &*number(opened))];
    let watcher = heir("exit::watches_by_id", &told);
    wait(opened);
    watched.resume();
    assert_eq!(watcher.code(), 0);
    assert_eq!(watched.code(), 0x1234_5678);
    close(opened);
}

#[test]
fn a_process_that_has_ended_can_be_opened_while_there_is_a_handle() {
    let role = role::start("exit::ends", How { told: &[("HOW", "exit"), ("CODE", "7")], ..How::default() });
    let id = role.id;
    assert_eq!(role.code(), 7);
    // When another one's end was noticed, what there is to do about this one's is done.
    assert_eq!(code("exit", 8), 8);
    // PROCESS_TERMINATE, PROCESS_QUERY_INFORMATION.
    let opened = OpenProcess(SYNCHRONIZE | 0x0401, 0, id);
    assert!(!opened.is_null(), "{}", GetLastError());
    drop(role);
    assert_eq!(WaitForSingleObject(opened, 0), 0);
    assert_eq!((process_code(opened), GetProcessId(opened)), (7, id));
    assert_eq!((TerminateProcess(opened, 1), GetLastError()), (0, 5));
    // The handle that was opened keeps it, too.
    let again = OpenProcess(SYNCHRONIZE, 0, id);
    assert_eq!(WaitForSingleObject(again, 0), 0);
    close_all([opened, again]);
    // Who looks after children may still be at it.
    loop {
        let gone = OpenProcess(SYNCHRONIZE, 0, id);
        if gone.is_null() {
            break;
        }
        close(gone);
        std::thread::yield_now();
    }
    assert_eq!(GetLastError(), 87);
}

#[test]
fn a_process_and_its_thread_are_two_objects_to_wait_for() {
    let role = role::start("exit::ends", How { told: &[("HOW", "exit"), ("CODE", "7")], ..How::default() });
    let both = [role.process, role.thread];
    // SAFETY: there are two handles.
    assert_eq!(unsafe { WaitForMultipleObjects(2, both.as_ptr(), 1, LONG) }, 0, "{}", GetLastError());
}

#[test]
fn the_first_thread_of_another_process_is_opened_by_its_id() {
    let role = role::suspended("exit::sleeps", &[]);
    let opened = OpenThread(0x1F_FFFF, 0, role.id);
    assert!(!opened.is_null(), "{}", GetLastError());
    assert_eq!((GetThreadId(opened), thread_code(opened)), (role.id, STILL_ACTIVE));
    assert_eq!(TerminateProcess(role.process, 6), 1);
    wait(opened);
    assert_eq!(thread_code(opened), 6);
    // It is not suspended any more, and cannot be.
    assert_eq!(ResumeThread(opened), 0);
    assert_eq!((SuspendThread(opened), GetLastError()), (u32::MAX, 5));
    let again = OpenThread(0x1F_FFFF, 0, role.id);
    wait(again);
    close_all([opened, again]);
}

#[test]
fn a_stranger_that_has_ended_can_be_opened_while_there_is_a_handle() {
    let mut stranger = Command::new("sleep").arg("1000").spawn().expect("it runs");
    let opened = OpenProcess(SYNCHRONIZE | 0x1001, 0, stranger.id());
    assert_eq!(TerminateProcess(opened, 9), 1);
    stranger.wait().expect("it is a child");
    let again = OpenProcess(SYNCHRONIZE | 0x1000, 0, stranger.id());
    assert!(!again.is_null(), "{}", GetLastError());
    wait(again);
    assert_eq!(process_code(again), 9);
    close_all([opened, again]);
}
