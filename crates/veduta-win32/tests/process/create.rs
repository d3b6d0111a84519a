//! `CreateProcess`: what it finds, what it refuses, what the child gets of its surroundings.

use super::sys::*;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::ptr::{null, null_mut};

fn fails(application: Option<&str>, line: Option<&str>) -> u32 {
    Start { application, line, ..Start::default() }.start().map(|_| ()).expect_err("it should not run")
}

fn code(start: Start<'_>) -> u32 {
    let child = start.start().unwrap_or_else(|error| panic!("error {error}"));
    wait(child.process);
    let code = process_code(child.process);
    close_all([child.process, child.thread]);
    code
}

/// A directory with programs that end with a code of their own.
struct Programs(PathBuf);

impl Programs {
    fn new(name: &str) -> Programs {
        let directory = std::env::temp_dir().join(format!("veduta {name} {}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("it can be made");
        Programs(directory)
    }

    fn add(&self, name: &str, text: &str, mode: u32) -> String {
        let program = self.0.join(name);
        std::fs::write(&program, text).expect("it can be written");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(mode)).expect("it is there");
        program.to_str().expect("it is text").to_owned()
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        let removed = std::fs::remove_dir_all(&self.0);
        assert!(removed.is_ok() || std::thread::panicking());
    }
}

#[test]
fn what_cannot_run_is_said_by_the_call_itself() {
    let programs = Programs::new("refused");
    let text = programs.add("text", "no program", 0o644);
    let data = programs.add("data", "\x01\x02no program either", 0o755);
    let directory = programs.0.to_str().expect("text");
    assert_eq!(fails(Some("/no/such/program"), None), 3);
    assert_eq!(fails(Some(r"\tmp\no such program"), None), 2);
    assert_eq!(fails(None, Some("no-such-program-anywhere x")), 2);
    assert_eq!(fails(Some(&text), None), 193);
    assert_eq!(fails(Some(&data), None), 193);
    assert_eq!(fails(Some(directory), None), 5);
    assert_eq!(fails(None, None), 87);
    assert_eq!(fails(None, Some("")), 2);
    let start = || Start { line: Some("true"), ..Start::default() };
    let error = |start: Start<'_>| start.start().map(|_| ()).expect_err("it should not run");
    assert_eq!(error(Start { directory: Some("/no such directory"), ..start() }), 267);
    // DEBUG_PROCESS; DETACHED_PROCESS with CREATE_NEW_CONSOLE.
    assert_eq!(error(Start { flags: 1, ..start() }), 87);
    assert_eq!(error(Start { flags: 0x18, ..start() }), 87);
    // SAFETY: the texts end with 0.
    let failed = unsafe {
        CreateProcessA(c"/bin/true".as_ptr(), null_mut(), None, None, 0, 0, null_mut(), null(), None, None)
    };
    assert_eq!((failed, GetLastError()), (0, 87));
}

#[test]
fn a_program_is_found_with_and_without_exe_and_quotes() {
    let programs = Programs::new("found");
    let seven = programs.add("seven", "#!/bin/sh\nexit 7\n", 0o755);
    let eight = programs.add("eight.exe", "#!/bin/sh\nexit 8\n", 0o755);
    let line = |line: &str| code(Start { line: Some(line), ..Start::default() });
    let application = |application: &str| code(Start { application: Some(application), ..Start::default() });
    assert_eq!(application(&seven), 7);
    assert_eq!(application(&format!("{seven}.EXE")), 7);
    assert_eq!(application(&seven.replace('/', "\\")), 7);
    assert_eq!(application(eight.strip_suffix(".exe").expect("it is there")), 8);
    assert_eq!(line(&format!("\"{seven}\" x")), 7);
    // The directory's name has spaces: each may be the end of the program's name.
    assert_eq!(line(&format!("{seven} x y")), 7);
    assert_eq!(line("sh -c \"exit 9\""), 9);
    assert_eq!(line("sh.exe -c \"exit 10\""), 10);
    // The application runs, and the command line is what it is told.
    let both = Start { application: Some("/bin/sh"), line: Some("x -c \"exit 11\""), ..Start::default() };
    assert_eq!(code(both), 11);
}

#[test]
fn the_child_is_where_and_with_what_it_was_told() {
    let programs = Programs::new("surroundings");
    let directory = programs.0.to_str().expect("text").replace('/', "\\");
    programs.add("here", "", 0o644);
    let line = r#"/bin/sh -c "test -e here && test \"$ONE\" = 1 && test -z \"$HOME\"""#;
    let block = b"=C:=C:\\ignored\0ONE=1\0\0".to_vec();
    let start = || Start { line: Some(line), directory: Some(&directory), ..Start::default() };
    assert_eq!(code(Start { environment: Some(block), ..start() }), 0);
    // CREATE_UNICODE_ENVIRONMENT, in a block of another order.
    let block = "TWO=2\0ONE=1\0\0".encode_utf16().flat_map(u16::to_ne_bytes).collect();
    assert_eq!(code(Start { environment: Some(block), flags: 0x400, ..start() }), 0);
}

#[test]
fn wide_text_starts_the_same() {
    let units = |text: &str| text.encode_utf16().chain([0]).collect::<Vec<_>>();
    let mut line = units("sh -c \"test \\\"$0\\\" = é\" é");
    let directory = units(r"\tmp");
    let mut information = NO_PROCESS;
    // SAFETY: the texts end with 0 and last until the call returns.
    let created = unsafe {
        CreateProcessW(
            null(),
            line.as_mut_ptr(),
            None,
            None,
            0,
            0,
            null_mut(),
            directory.as_ptr(),
            Some(&StartupInfo::new()),
            Some(&mut information),
        )
    };
    assert_eq!(created, 1, "error {}", GetLastError());
    wait(information.process);
    assert_eq!(process_code(information.process), 0);
    close_all([information.process, information.thread]);
}

#[test]
fn flags_that_have_no_meaning_here_are_accepted() {
    // New console, no window, each priority class, new group, detached, unicode environment.
    for flags in [0x10, 0x0800_0000, 0x20, 0x40, 0x80, 0x100, 0x4000, 0x8000, 0x200, 0x8, 0x400] {
        assert_eq!(code(Start { line: Some("true"), flags, ..Start::default() }), 0, "{flags:#x}");
    }
}

#[test]
fn handlers_and_masks_of_signals_stay_behind() {
    let line = r#"/bin/sh -c "grep -q 'SigBlk:\s*0000000000000000' /proc/self/status""#;
    assert_eq!(code(Start { line: Some(line), ..Start::default() }), 0);
}
