//! Signals that come while the tool waits for others: they end the wait, or go on to the command that the tool runs.

use crate::failure::{Failure, Outcome};
use crate::signals::refused;
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, getpgrp, pidfd_open, pidfd_send_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::{self, File};
use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use veduta::Event;

const WATCHED: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

/// Watches for signals from when it is made to the end of the process.
#[derive(Debug)]
pub(crate) struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    event: Event,
    /// The last that came, or 0. Set in the handler: when a command has died of a signal that came to both, it is there.
    signal: Arc<AtomicUsize>,
    /// The command that runs. Its number could be another process's by the time a signal comes; this is its own for ever.
    command: Mutex<Option<OwnedFd>>,
}

impl Interrupt {
    pub(crate) fn on_signals() -> Outcome<Interrupt> {
        let event = Event::options().create_unnamed()?;
        let shared = Arc::new(Shared { event, signal: Arc::default(), command: Mutex::default() });
        let ignored = ignored();
        // What was ignored when the tool was started (nohup, a script's background job) stays so, for the command too.
        let watched = || WATCHED.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        for signal in watched() {
            signal_hook::flag::register_usize(signal, shared.signal.clone(), signal as usize)
                .map_err(refused)?;
        }
        let mut signals = Signals::new(watched()).map_err(refused)?;
        let theirs = shared.clone();
        thread::Builder::new()
            .spawn(move || signals.forever().for_each(|signal| theirs.take(signal)))
            .map_err(refused)?;
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
            *running = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).ok();
        }
        Ok(child)
    }
}

impl Shared {
    fn command(&self) -> MutexGuard<'_, Option<OwnedFd>> {
        self.command.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, signal: i32) {
        match &*self.command() {
            None => drop(self.event.set()),
            Some(command) => {
                if let Some(signal) =
                    Signal::from_named_raw(signal).filter(|_| !comes_from_the_terminal(signal))
                {
                    // It may have ended by now, which is fine.
                    let _ = pidfd_send_signal(command, signal);
                }
            }
        }
    }
}

/// Whether the terminal sends the signal to the command as well: to all of the group that is in its foreground.
fn comes_from_the_terminal(signal: i32) -> bool {
    matches!(signal, SIGINT | SIGQUIT)
        && File::open("/dev/tty")
            .and_then(|terminal| Ok(rustix::termios::tcgetpgrp(terminal)?))
            .is_ok_and(|group| group == getpgrp())
}

/// The signals that this process ignores, as bits; none where that cannot be known.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
