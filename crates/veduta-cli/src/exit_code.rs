//! The tool's exit codes, all of them.

use crate::failure::{Failure, Outcome};
use crate::os::signals;

/// How a command ended, for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// Done; also when the reader of our output went away.
    Done,
    /// The expected no: the object is absent, the time was up, or something was left that could not be removed.
    No,
    /// An error. Wrong usage ends with the same code, in clap.
    Error,
    /// The command to run is there, but cannot be run; as in shells.
    CannotRun,
    /// There is no such command to run; as in shells.
    NoCommand,
    /// What the command that was run ended with.
    Command(i32),
}

impl ExitCode {
    const fn number(self) -> i32 {
        match self {
            ExitCode::Done => 0,
            ExitCode::No => 1,
            ExitCode::Error => 2,
            ExitCode::CannotRun => 126,
            ExitCode::NoCommand => 127,
            ExitCode::Command(code) => code,
        }
    }
}

/// Says what went wrong, if anything did, and gives the exit code for it.
pub(crate) fn conclude(outcome: Outcome) -> i32 {
    match outcome {
        Ok(code) => code.number(),
        Err(Failure::OutputClosed) => ExitCode::Done.number(),
        Err(Failure::Signal(signal)) => signals::die_by(signal),
        Err(Failure::Told(report)) => {
            report.print();
            report.code.number()
        }
    }
}
