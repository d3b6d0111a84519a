//! What the tests of the tool take of Windows.
#![allow(unsafe_code, reason = "Windows is asked through windows-sys")]

use super::text;
use serde_json::{Value, json};
use std::os::windows::io::AsRawHandle;
use std::os::windows::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use windows_sys::Win32::Foundation::{STATUS_CONTROL_C_EXIT, WAIT_OBJECT_0};
use windows_sys::Win32::System::Console::{
    AttachConsole, CTRL_C_EVENT, FreeConsole, GenerateConsoleCtrlEvent, SetConsoleCtrlHandler,
};
use windows_sys::Win32::System::Threading::{CREATE_NO_WINDOW, TerminateProcess, WaitForSingleObject};
use windows_sys::core::BOOL;

/// What ends a process, called as on Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl+C.
    Term,
    /// `TerminateProcess`.
    Kill,
}

impl Signal {
    pub(crate) const TERM: Signal = Signal::Term;
    pub(crate) const KILL: Signal = Signal::Kill;
}

/// What asks the tool to end.
pub(crate) const ENDING: [Signal; 1] = [Signal::TERM];

/// The variable that temporary files follow.
pub(crate) const TEMPORARY: &str = "TMP";

/// How the tour's processes are killed.
pub(crate) const KILL: &str = "by TerminateProcess";

/// What the tour can check of memory.
pub(crate) const MEMORY: &str = "the system does not tell";

/// Says that it runs, and runs until its input ends.
pub(crate) const UNTIL_TOLD: [&str; 3] = ["cmd", "/c", "echo in& set /p x=& echo out"];

/// Says `abandoned=` and what the variable is.
pub(crate) const SAY_ABANDONED: [&str; 3] = ["cmd", "/c", "echo abandoned=%VEDUTA_ABANDONED%"];

/// What that says if it is not set.
pub(crate) const NOT_ABANDONED: &str = "abandoned=%VEDUTA_ABANDONED%\n";

/// Commands, and what they end with.
pub(crate) const ENDS: [([&str; 3], i32); 5] = [
    (["cmd", "/c", "exit 0"], 0),
    (["cmd", "/c", "exit 1"], 1),
    (["cmd", "/c", "exit 7"], 7),
    (["cmd", "/c", "exit 255"], 255),
    // More than Linux has.
    (["cmd", "/c", "exit 123456789"], 123_456_789),
];

/// Where tests have their directories.
pub(crate) fn directories() -> PathBuf {
    std::env::temp_dir()
}

/// Has the process and those that it starts be in a console of their own: Ctrl+C comes to all of one.
pub(crate) fn in_reach_of_signals(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW);
}

const PROCESS: &str = "VEDUTA_TEST_PROCESS";

/// A role: goes into the console of a process, and presses Ctrl+C there.
#[test]
#[ignore = "a role"]
fn presses_ctrl_c() {
    unsafe extern "system" fn ignore(_: u32) -> BOOL {
        1
    }

    let process = std::env::var(PROCESS).unwrap().parse().unwrap();
    // SAFETY: takes nothing. Fails where there is none, which is fine.
    unsafe { FreeConsole() };
    // SAFETY: the function lives as long as the process.
    let ignores = unsafe { SetConsoleCtrlHandler(Some(ignore), 1) };
    // SAFETY: takes a number only.
    let attached = unsafe { AttachConsole(process) };
    // SAFETY: takes numbers only.
    let pressed = unsafe { GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) };
    assert_eq!([ignores, attached, pressed], [1; 3], "{}", std::io::Error::last_os_error());
}

pub(crate) fn send(child: &Child, signal: Signal) {
    match signal {
        Signal::Term => {
            let role = Command::new(std::env::current_exe().unwrap())
                .args(["common::system::presses_ctrl_c", "--exact", "--ignored"])
                .env(PROCESS, child.id().to_string())
                .output()
                .unwrap();
            // As on Linux, nothing is wrong if the process ends just now.
            // SAFETY: the handle is the child's.
            let has_ended = || unsafe { WaitForSingleObject(child.as_raw_handle(), 0) == WAIT_OBJECT_0 };
            assert!(text(&role.stdout).contains("1 passed") || has_ended(), "{role:?}");
        }
        Signal::Kill => {
            // SAFETY: the handle is the child's.
            let killed = unsafe { TerminateProcess(child.as_raw_handle(), 1) };
            assert_ne!(killed, 0, "{}", std::io::Error::last_os_error());
        }
    }
}

pub(crate) fn ended_by(status: ExitStatus, signal: Signal) -> bool {
    match signal {
        Signal::Term => status.code() == Some(STATUS_CONTROL_C_EXIT),
        Signal::Kill => status.code() == Some(1),
    }
}

/// How many wait for an object, where the system tells.
pub(crate) fn waiters(_: u32) -> Value {
    json!(null)
}

/// Bytes in memory, where the system tells: as JSON, and in a table.
pub(crate) fn resident_page() -> (Value, &'static str) {
    (json!(null), "        ?")
}

/// Whether the JSON is a user.
pub(crate) fn is_this_user(owner: &Value) -> bool {
    owner.as_str().is_some_and(|sid| sid.starts_with("S-1-"))
}

/// Whether the JSON of an owner of a mutex may be this process: not every system tells more than that there is one.
pub(crate) fn may_be_process(owner: &Value, pid: u32) -> bool {
    owner.as_object().is_some_and(|owner| owner["process"] == pid || owner["process"].is_null())
}

/// What the tool says of an owner that the system does not tell.
pub(crate) fn owned_by(_: u32) -> String {
    "is ".into()
}

/// Whether one more than before has opened an object: nobody tells who waits.
pub(crate) fn one_more_waits(before: &Value, now: &Value) -> bool {
    let holders = |shown: &Value| shown["holders"].as_array().unwrap().len();
    holders(now) > holders(before)
}
