//! How processes end.

use rustix::process::{Signal, set_parent_process_death_signal};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// What [`Child::kill`](std::process::Child::kill) does.
pub(crate) const KILL: &str = "SIGKILL";

/// The exit code, or the signal that ended the process.
pub(crate) fn code_or_signal(status: ExitStatus) -> Result<i32, i32> {
    status.code().ok_or(status.signal().unwrap_or(0))
}

/// Whether it was killed, and did not end by itself.
pub(crate) fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::KILL.as_raw())
}

/// Has this process end when its parent does, however that dies.
pub(crate) fn end_with_parent() {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
}
