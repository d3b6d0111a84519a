//! Inherited handles, of each kind.

use super::role::{self, How, heir, told};
use super::sys::*;
use std::ptr::null_mut;

#[test]
#[ignore = "a role"]
fn uses_what_it_inherited() {
    let inherited = |name: &str| handle(&told(name));
    assert_eq!(WaitForSingleObject(inherited("MUTEX"), 0), 0);
    assert_eq!(ReleaseMutex(inherited("MUTEX")), 1);
    assert_eq!(SetEvent(inherited("EVENT")), 1);
    let mut before = 0;
    assert_eq!(ReleaseSemaphore(inherited("SEMAPHORE"), 2, Some(&mut before)), 1);
    assert_eq!(before, 1);
    assert_eq!(read_byte(inherited("SECTION")), 5);
    write_byte(inherited("SECTION"), 6);
    let mut written = 0;
    // SAFETY: the text is that long.
    let status =
        unsafe { WriteFile(inherited("PIPE"), b"hello".as_ptr(), 5, Some(&mut written), null_mut()) };
    assert_eq!((status, written), (1, 5));
    assert_eq!(GetProcessId(inherited("PROCESS")).to_string(), told("ID"));
    assert_eq!(WaitForSingleObject(inherited("PROCESS"), 0), TIMEOUT);
    // Still inheritable, and closed like any other.
    let grandchild = heir("inherit::sets_an_event", &[("SET", &told("EVENT"))]);
    assert_eq!(grandchild.code(), 0);
    for name in ["MUTEX", "EVENT", "SEMAPHORE", "SECTION", "PIPE", "PROCESS"] {
        close(inherited(name));
        assert_eq!((CloseHandle(inherited(name)), GetLastError()), (0, 6));
    }
}

#[test]
#[ignore = "a role"]
fn sets_an_event() {
    assert_eq!(SetEvent(handle(&told("SET"))), 1, "error {}", GetLastError());
}

#[test]
fn every_kind_is_there_under_the_same_value() {
    let (mutex, event) = (mutex(INHERITABLE), event(INHERITABLE));
    let semaphore = CreateSemaphoreA(INHERITABLE, 1, 5, std::ptr::null());
    let section = section(INHERITABLE);
    write_byte(section, 5);
    let (mut read, mut write) = (null_mut(), null_mut());
    assert_eq!(CreatePipe(&mut read, &mut write, None, 0), 1);
    assert_eq!(SetHandleInformation(write, INHERIT, INHERIT), 1);
    let here = GetCurrentProcess();
    let mut process = null_mut();
    // A real handle of the pseudo one: fact DUP-21.
    assert_eq!(DuplicateHandle(here, here, here, Some(&mut process), 0, 1, SAME_ACCESS), 1);
    let child = heir(
        "inherit::uses_what_it_inherited",
        &[
            ("MUTEX", &number(mutex)),
            ("EVENT", &number(event)),
            ("SEMAPHORE", &number(semaphore)),
            ("SECTION", &number(section)),
            ("PIPE", &number(write)),
            ("PROCESS", &number(process)),
            ("ID", &std::process::id().to_string()),
        ],
    );
    assert_eq!(child.code(), 0);
    close(write);
    let (mut text, mut length) = ([0; 10], 0);
    // SAFETY: the buffer is that long.
    unsafe { ReadFile(read, text.as_mut_ptr(), 10, Some(&mut length), null_mut()) };
    assert_eq!(&text[..length as usize], b"hello");
    assert_eq!(read_byte(section), 6);
    assert_eq!(WaitForSingleObject(event, 0), 0);
    for _ in 0..3 {
        assert_eq!(WaitForSingleObject(semaphore, 0), 0);
    }
    assert_eq!(WaitForSingleObject(semaphore, 0), TIMEOUT);
    close_all([mutex, event, semaphore, section, read, process]);
}

#[test]
#[ignore = "a role"]
fn finds_no_event() {
    let absent = handle(&told("SET"));
    assert_eq!((SetEvent(absent), GetLastError()), (0, 6));
    assert_eq!((CloseHandle(absent), GetLastError()), (0, 6));
}

/// Facts IH-02 and IH-05.
#[test]
fn what_is_not_inherited_is_invalid() {
    let (inheritable, other) = (event(INHERITABLE), event(None));
    for (event, inherit) in [(other, true), (inheritable, false), (other, false)] {
        let told: &[_] = &[("SET", &*number(event))];
        let child = role::start("inherit::finds_no_event", How { inherit, told, flags: 0 });
        assert_eq!(child.code(), 0);
        assert_eq!(WaitForSingleObject(event, 0), TIMEOUT);
    }
    assert_eq!(SetHandleInformation(inheritable, INHERIT, 0), 1);
    let child = heir("inherit::finds_no_event", &[("SET", &number(inheritable))]);
    assert_eq!(child.code(), 0);
    close_all([inheritable, other]);
}

#[test]
fn handles_to_threads_stay_behind_and_do_not_harm() {
    extern "C" fn nothing(_: *mut std::ffi::c_void) -> u32 {
        0
    }
    let thread = thread(nothing, null_mut(), 0);
    assert_eq!(SetHandleInformation(thread, INHERIT, INHERIT), 1);
    let event = event(INHERITABLE);
    assert_eq!(heir("inherit::sets_an_event", &[("SET", &number(event))]).code(), 0);
    wait(event);
    close_all([thread, event]);
}

#[test]
fn a_program_in_between_passes_handles_on() {
    let event = event(INHERITABLE);
    let program = std::env::current_exe().expect("it runs");
    let line = format!(
        "sh -c \"SET={} '{}' inherit::sets_an_event --exact --ignored; exit $?\"",
        number(event),
        program.display()
    );
    let shell = Start { line: Some(&line), inherit: true, ..Start::default() }.start().expect("it runs");
    wait(shell.process);
    assert_eq!(process_code(shell.process), 0);
    assert_eq!(WaitForSingleObject(event, 0), 0);
    close_all([shell.process, shell.thread, event]);
}

#[test]
fn a_variable_that_means_nothing_is_ignored() {
    let absent = number(event(None));
    let program = std::env::current_exe().expect("it runs");
    for variable in ["", "0", "3:1:1", "1:0:0", "-1:2:3", "99999999999:1:1", "a:b:c", "3", ":::"] {
        let status = std::process::Command::new(&program)
            .args(["inherit::finds_no_event", "--exact", "--ignored"])
            .env("VEDUTA_INHERIT", variable)
            .env("SET", &absent)
            .output()
            .expect("it runs")
            .status;
        assert!(status.success(), "{variable}");
    }
}
