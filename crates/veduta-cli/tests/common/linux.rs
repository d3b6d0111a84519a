//! What the tests of the tool take of Linux.

use super::Place;
use rustix::process::{Pid, kill_process};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

pub(crate) use rustix::process::Signal;

/// What asks the tool to end.
pub(crate) const ENDING: [Signal; 3] = [Signal::TERM, Signal::INT, Signal::HUP];

/// The variable that temporary files follow.
pub(crate) const TEMPORARY: &str = "TMPDIR";

/// How the tour's processes are killed.
pub(crate) const KILL: &str = "by SIGKILL";

/// What it can check of memory.
pub(crate) const MEMORY: &str = "all freed";

/// Says that it runs, and runs until its input ends.
pub(crate) const UNTIL_TOLD: [&str; 3] = ["sh", "-c", "echo in; read x; echo out"];

/// Says `abandoned=` and what the variable is.
pub(crate) const SAY_ABANDONED: [&str; 3] = ["sh", "-c", "echo abandoned=$VEDUTA_ABANDONED"];

/// What that says if it is not set.
pub(crate) const NOT_ABANDONED: &str = "abandoned=\n";

/// Commands, and what they end with.
pub(crate) const ENDS: [([&str; 3], i32); 5] = [
    (["sh", "-c", "exit 0"], 0),
    (["sh", "-c", "exit 1"], 1),
    (["sh", "-c", "exit 7"], 7),
    (["sh", "-c", "exit 255"], 255),
    (["sh", "-c", "kill -KILL $$"], 137),
];

/// Where tests have their directories: in memory.
pub(crate) fn directories() -> PathBuf {
    if Path::new("/dev/shm").is_dir() { "/dev/shm".into() } else { std::env::temp_dir() }
}

pub(crate) fn in_reach_of_signals(_: &mut Command) {}

pub(crate) fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

pub(crate) fn ended_by(status: ExitStatus, signal: Signal) -> bool {
    status.signal() == Some(signal.as_raw())
}

/// How many wait for an object, where the system tells.
pub(crate) fn waiters(count: u32) -> Value {
    json!(count)
}

/// Bytes in memory, where the system tells: as JSON, and in a table.
pub(crate) fn resident_page() -> (Value, &'static str) {
    (json!(4096), "    4 KiB")
}

/// Whether the JSON is this user.
pub(crate) fn is_this_user(owner: &Value) -> bool {
    *owner == rustix::process::getuid().as_raw()
}

/// Whether the JSON of an owner of a mutex may be this process.
pub(crate) fn may_be_process(owner: &Value, pid: u32) -> bool {
    owner["process"] == pid
}

/// What the tool says of an owner: `process 4711 (`.
pub(crate) fn owned_by(pid: u32) -> String {
    format!("is owned by process {pid} (")
}

/// Whether one more than before waits for an object.
pub(crate) fn one_more_waits(before: &Value, now: &Value) -> bool {
    now["state"]["waiters"].as_u64().unwrap() > before["state"]["waiters"].as_u64().unwrap()
}

impl Place {
    /// Runs the tool with its output, and its errors, on a terminal; returns all that it wrote there.
    pub(crate) fn run_on_terminal<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> (ExitStatus, String) {
        let (ours, theirs) = terminal();
        let mut child = self
            .command()
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .args(args)
            .stdin(Stdio::null())
            .stdout(theirs.try_clone().unwrap())
            .stderr(theirs)
            .spawn()
            .unwrap();
        let mut seen = Vec::new();
        // The end of a terminal's other side is an error (EIO), after everything was read.
        let _ = File::from(ours).read_to_end(&mut seen);
        (child.wait().unwrap(), String::from_utf8_lossy(&seen).into_owned())
    }
}

/// The master and the slave side of a new terminal.
pub(crate) fn terminal() -> (OwnedFd, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let path = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let theirs = File::options().read(true).write(true).open(path).unwrap();
    (ours, theirs)
}
