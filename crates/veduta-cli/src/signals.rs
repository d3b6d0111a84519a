//! Ends that come from outside: SIGINT, SIGTERM and SIGHUP; on Windows Ctrl+C, Ctrl+Break, and the end of the console.

use crate::failure::{Failure, Outcome};
use crate::os;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Notes that a signal came, so that work in progress can be undone first. A second signal ends the process at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicUsize>);

impl Stop {
    pub(crate) fn on_signals() -> Outcome<Stop> {
        let stop = Stop::default();
        os::signals::note(&stop.0).map_err(refused)?;
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

/// A failure to learn of signals.
pub(crate) fn refused(error: io::Error) -> Failure {
    Failure::cannot("watch for signals", &error)
}
