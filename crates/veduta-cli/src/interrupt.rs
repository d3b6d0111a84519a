//! Signals that come while the tool waits for others: they end the wait, or go on to the command that the tool runs.

use crate::failure::{Failure, Outcome};
use crate::os::signals::{self, Running};
use crate::signals::refused;
use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use veduta::Event;

/// Watches for signals from when it is made to the end of the process.
#[derive(Debug)]
pub(crate) struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    event: Event,
    /// The last that came, or 0.
    signal: Arc<AtomicUsize>,
    /// The command that runs.
    command: Mutex<Option<Running>>,
}

impl Interrupt {
    pub(crate) fn on_signals() -> Outcome<Interrupt> {
        let event = Event::options().create_unnamed()?;
        let shared = Arc::new(Shared { event, signal: Arc::default(), command: Mutex::default() });
        let theirs = shared.clone();
        signals::watch(&shared.signal, move |signal| theirs.take(signal)).map_err(refused)?;
        Ok(Interrupt { shared })
    }

    /// Signaled once a signal came while no command ran.
    pub(crate) fn event(&self) -> &Event {
        &self.shared.event
    }

    /// The last signal that came.
    pub(crate) fn signal(&self) -> Option<i32> {
        match self.shared.signal.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(signal as i32),
        }
    }

    /// Fails once a signal came.
    pub(crate) fn check(&self) -> Outcome<()> {
        self.signal().map_or(Ok(()), |signal| Err(Failure::Signal(signal)))
    }

    /// Starts the command that signals go on to from now. Fails if one came already.
    pub(crate) fn start(&self, command: &mut Command) -> Outcome<io::Result<Child>> {
        // Kept until the command is known, so that no signal comes between.
        let mut running = self.shared.command();
        self.check()?;
        let child = command.spawn();
        if let Ok(child) = &child {
            *running = Running::of(child);
        }
        Ok(child)
    }
}

impl Shared {
    fn command(&self) -> MutexGuard<'_, Option<Running>> {
        self.command.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, signal: i32) {
        match &*self.command() {
            None => drop(self.event.set()),
            Some(command) => command.pass_on(signal),
        }
    }
}
