//! Ends that come from outside: SIGINT, SIGTERM and SIGHUP.

use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Notes that a signal came, so that work in progress can be undone first. A second signal ends the process at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicUsize>);

impl Stop {
    pub(crate) fn on_signals() -> Outcome<Stop> {
        let stop = Stop::default();
        let again = Arc::new(AtomicBool::new(false));
        for signal in ENDING {
            // In this order: the first signal finds `again` unset, and sets it.
            signal_hook::flag::register_conditional_default(signal, again.clone())
                .and_then(|_| signal_hook::flag::register(signal, again.clone()))
                .and_then(|_| signal_hook::flag::register_usize(signal, stop.0.clone(), signal as usize))
                .map_err(refused)?;
        }
        Ok(stop)
    }

    /// Fails once a signal came.
    pub(crate) fn check(&self) -> Outcome<()> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Failure::Signal(signal as i32)),
        }
    }
}

/// Has a file that would become longer than RLIMIT_FSIZE be an error, where it would end the process. By a handler: what is ignored,
/// programs that are started would ignore, too.
pub(crate) fn fail_at_file_limit() -> Outcome<()> {
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map(drop).map_err(refused)
}

/// A socket that becomes readable when a signal comes.
pub(crate) fn readable_on_signals() -> Outcome<UnixStream> {
    let (ours, theirs) = UnixStream::pair().map_err(refused)?;
    for signal in ENDING {
        let theirs = theirs.try_clone().map_err(refused)?;
        signal_hook::low_level::pipe::register(signal, theirs).map_err(refused)?;
    }
    Ok(ours)
}

/// Ends the process as the signal would have, so that the shell sees which one it was.
pub(crate) fn die_by(signal: i32) -> ExitCode {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    ExitCode::Error
}

/// A failure to learn of signals.
pub(crate) fn refused(error: io::Error) -> Failure {
    Failure::cannot("watch for signals", &error)
}
