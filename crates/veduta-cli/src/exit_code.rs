//! The tool's exit codes, all of them.

use crate::failure::{Failure, Outcome};
use crate::signals;

/// How a command ended, for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// Done; also when the reader of our output went away.
    Done = 0,
    /// The expected no: the object is absent, or something was left that could not be removed.
    No = 1,
    /// An error. Wrong usage ends with the same code, in clap.
    Error = 2,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        (code as u8).into()
    }
}

/// Says what went wrong, if anything did, and gives the exit code for it.
pub(crate) fn conclude(outcome: Outcome) -> std::process::ExitCode {
    let code = match outcome {
        Ok(code) => code,
        Err(Failure::OutputClosed) => ExitCode::Done,
        Err(Failure::Signal(signal)) => signals::die_by(signal),
        Err(Failure::Told(report)) => {
            report.print();
            report.code
        }
    };
    code.into()
}
