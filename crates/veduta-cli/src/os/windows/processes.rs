//! How processes end.

use std::process::ExitStatus;

/// What [`Child::kill`](std::process::Child::kill) does.
pub(crate) const KILL: &str = "TerminateProcess";

/// The exit code: on Windows there is nothing else.
pub(crate) fn code_or_signal(status: ExitStatus) -> Result<i32, i32> {
    Ok(status.code().unwrap_or_default())
}

/// Whether it was killed, by the code that std gives to processes that it kills. Others may end with it, too; the actors of the tour do not.
pub(crate) fn was_killed(status: ExitStatus) -> bool {
    status.code() == Some(1)
}

/// Nothing: what reads from its parent finds the end, and what waits for a mutex gets it when the process that has it does.
pub(crate) fn end_with_parent() {}
