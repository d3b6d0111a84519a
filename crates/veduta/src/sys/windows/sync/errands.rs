//! Threads that call what a program gave us: procedures of timers, wakers of futures.
//!
//! They may do anything: take long, panic, wait for a lock that somebody has who just now sets a timer or drops a future. So who waits for objects on
//! the program's behalf never calls them itself: it has them called, and goes on.

use super::super::module::stay_loaded;
use crate::{Code, Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};

type Errand = Box<dyn FnOnce() + Send>;

/// One such thread, from when it is first needed.
pub(super) struct Errands {
    name: &'static str,
    sender: Mutex<Option<Sender<Errand>>>,
}

impl Errands {
    pub(super) const fn new(name: &'static str) -> Errands {
        Errands { name, sender: Mutex::new(None) }
    }

    /// Has the thread be there.
    pub(super) fn be_ready(&self, operation: &'static str) -> Result<()> {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if sender.is_none() {
            let (to, from) = channel::<Errand>();
            start(operation, self.name, move || {
                for errand in from {
                    // One that panics is no reason for all others to be left.
                    drop(catch_unwind(AssertUnwindSafe(errand)));
                }
            })?;
            *sender = Some(to);
        }
        Ok(())
    }

    /// Has something called, after all that was asked for before.
    pub(super) fn run(&self, errand: impl FnOnce() + Send + 'static) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = sender.as_ref().map(|sender| sender.send(Box::new(errand)));
        debug_assert!(matches!(sent, Some(Ok(()))), "the thread is there, and never ends");
    }
}

/// Starts a thread for an operation.
pub(super) fn start(operation: &'static str, name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    stay_loaded(operation)?;
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map(drop).map_err(|error| {
        Error::new(Code::NO_SYSTEM_RESOURCES, operation).source(error).hint("no thread can be started")
    })
}
