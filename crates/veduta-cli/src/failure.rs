//! Why a command did not do what it was asked to.

use crate::exit_code::ExitCode;
use crate::os::machine;
use crate::output::{escape, style};
use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

/// What a command comes to.
pub(crate) type Outcome<T = ExitCode> = Result<T, Failure>;

/// Everything that stops a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be told to the user.
    Told(Report),
    /// Nobody reads our output any more, which is no fault.
    OutputClosed,
    /// A signal asked us to stop; everything is cleaned up.
    Signal(i32),
}

/// A sentence, a hint on what to try, and how to exit.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: ExitCode,
    sentence: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Failure {
        Failure::Told(Report { code: ExitCode::Error, sentence: sentence.into(), hint: None })
    }

    /// `cannot <operation> "<path>": <what the system says>`.
    pub(crate) fn at(operation: &str, path: &Path, error: &io::Error) -> Failure {
        Failure::cannot(format_args!("{operation} \"{}\"", path.display()), error)
    }

    /// `cannot <what>: <what the system says>`.
    pub(crate) fn cannot(what: impl Display, error: &io::Error) -> Failure {
        let failure = Failure::new(format!("cannot {what}: {error}"));
        match machine::descriptors_hint(error) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// A failure to write to standard output.
    pub(crate) fn output(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::cannot("write to standard output", &error),
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        if let Failure::Told(report) = &mut self {
            report.hint.get_or_insert_with(|| hint.into());
        }
        self
    }

    /// Nobody has the name, and this is what to try.
    pub(crate) fn of(error: veduta::Error, absent: impl FnOnce() -> String) -> Failure {
        if error.code() == veduta::Code::FILE_NOT_FOUND && error.advice().is_none() {
            return Failure::new(error.to_string()).code(ExitCode::No).hint(absent());
        }
        error.into()
    }

    pub(crate) fn code(mut self, code: ExitCode) -> Failure {
        if let Failure::Told(report) = &mut self {
            report.code = code;
        }
        self
    }
}

impl From<veduta::Error> for Failure {
    fn from(error: veduta::Error) -> Failure {
        let full = error.to_string();
        let failure = match error.advice() {
            // The library's sentence ends with its hint; here the hint has a line of its own.
            Some(hint) => Failure::new(full.strip_suffix(&format!("; {hint}")).unwrap_or(&full)).hint(hint),
            None => Failure::new(full),
        };
        match error.code() {
            veduta::Code::FILE_NOT_FOUND => failure.code(ExitCode::No).hint(
                "a name lasts as long as somebody holds the object; `veduta ls` shows those that are held",
            ),
            _ => failure,
        }
    }
}

impl Report {
    /// Names and paths in it were chosen by others, so it is escaped before it reaches a terminal.
    pub(crate) fn print(&self) {
        let (red, bold) = (style::BAD, style::STRONG);
        let mut words = format!("{red}error{red:#}: {}\n", escape(&self.sentence));
        if let Some(hint) = &self.hint {
            words += &format!(" {bold}hint{bold:#}: {}\n", escape(hint));
        }
        // Nothing is left to do when even this cannot be said.
        let _ = anstream::stderr().write_all(words.as_bytes());
    }
}
