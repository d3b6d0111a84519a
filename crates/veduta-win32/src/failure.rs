//! Why a call failed: a Win32 code for the program, and words for whoever set `VEDUTA_DIAGNOSE=1`.

use crate::code;
use crate::environment;
use crate::last_error;
use rustix::io::Errno;
use std::borrow::Cow;
use std::sync::OnceLock;

pub(crate) type Result<T> = std::result::Result<T, Failure>;

#[derive(Debug)]
pub(crate) enum Failure {
    /// The code says it all.
    Code(u32),
    /// A code, and what the caller can do about it.
    Hint(u32, Cow<'static, str>),
    /// From the library below, with its own words.
    Core(veduta::Error),
    /// A system call's error number.
    System(u32, Errno),
}

impl Failure {
    pub(crate) fn hint(code: u32, hint: impl Into<Cow<'static, str>>) -> Failure {
        Failure::Hint(code, hint.into())
    }

    pub(crate) fn panicked() -> Failure {
        Failure::hint(
            code::INTERNAL_ERROR,
            "this is a bug in veduta; the message above says where it went wrong",
        )
    }

    pub(crate) fn code(&self) -> u32 {
        match self {
            Failure::Code(code) | Failure::Hint(code, _) | Failure::System(code, _) => *code,
            Failure::Core(error) => error.code().get(),
        }
    }

    /// Makes it the last error of the thread, and says it aloud if that is wanted.
    #[cold]
    pub(crate) fn report(&self, function: &'static str) {
        if diagnoses() {
            self.say(function);
        }
        last_error::set(self.code());
    }

    fn say(&self, function: &'static str) {
        let code = self.code();
        let name = code::name(code);
        match self {
            Failure::Code(_) => eprintln!("veduta: {function}: {name} ({code})"),
            Failure::Hint(_, hint) => eprintln!("veduta: {function}: {name} ({code}): {hint}"),
            Failure::Core(error) => eprintln!("veduta: {function}: {error}"),
            Failure::System(_, errno) => eprintln!("veduta: {function}: {name} ({code}): {errno}"),
        }
    }
}

/// Whether `VEDUTA_DIAGNOSE=1` is set.
pub(crate) fn diagnoses() -> bool {
    static DIAGNOSES: OnceLock<bool> = OnceLock::new();
    *DIAGNOSES.get_or_init(|| environment::direction("VEDUTA_DIAGNOSE").is_some_and(|value| value == "1"))
}

impl From<veduta::Error> for Failure {
    fn from(error: veduta::Error) -> Failure {
        Failure::Core(error)
    }
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Failure {
        Failure::System(code::of_errno(errno), errno)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        match Errno::from_io_error(&error) {
            Some(errno) => errno.into(),
            None => Failure::hint(code::GEN_FAILURE, error.to_string()),
        }
    }
}

/// A failure of which the code says everything.
pub(crate) fn fail<T>(code: u32) -> Result<T> {
    Err(Failure::Code(code))
}
