//! SIGINT, SIGTERM and SIGHUP, and what else a command is told by signals.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, getpgrp, pidfd_open, pidfd_send_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;

const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];
const WATCHED: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

/// Notes the first signal in `last`; the second ends the process at once.
pub(crate) fn note(last: &Arc<AtomicUsize>) -> io::Result<()> {
    let again = Arc::new(AtomicBool::new(false));
    for signal in ENDING {
        // In this order: the first signal finds `again` unset, and sets it.
        signal_hook::flag::register_conditional_default(signal, again.clone())
            .and_then(|_| signal_hook::flag::register(signal, again.clone()))
            .and_then(|_| signal_hook::flag::register_usize(signal, last.clone(), signal as usize))?;
    }
    Ok(())
}

/// Notes each signal in `last`, which is set in the handler: when a command has died of one that came to both, it is there. Then calls `take`.
pub(crate) fn watch(last: &Arc<AtomicUsize>, take: impl Fn(i32) + Send + Sync + 'static) -> io::Result<()> {
    let ignored = ignored();
    // What was ignored when the tool was started (nohup, a script's background job) stays so, for the command too.
    let watched = || WATCHED.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    for signal in watched() {
        signal_hook::flag::register_usize(signal, last.clone(), signal as usize)?;
    }
    let mut signals = Signals::new(watched())?;
    thread::Builder::new().spawn(move || signals.forever().for_each(take)).map(drop)
}

/// The signals that this process ignores, as bits; none where that cannot be known.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// A command that signals go on to. Its number could be another process's by the time a signal comes; the descriptor is its own for ever.
#[derive(Debug)]
pub(crate) struct Running(OwnedFd);

impl Running {
    pub(crate) fn of(command: &Child) -> Option<Running> {
        pidfd_open(Pid::from_child(command), PidfdFlags::empty()).ok().map(Running)
    }

    pub(crate) fn pass_on(&self, signal: i32) {
        if let Some(signal) = Signal::from_named_raw(signal).filter(|_| !comes_from_the_terminal(signal)) {
            // It may have ended by now, which is fine.
            let _ = pidfd_send_signal(&self.0, signal);
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

/// Waits until standard input ends or a signal comes. Does not read from a terminal before there is something to read, which would stop a job in the
/// background.
#[derive(Debug)]
pub(crate) struct UntilTold {
    /// Becomes readable when a signal comes.
    signals: UnixStream,
}

impl UntilTold {
    /// From now on no signal is missed.
    pub(crate) fn watch() -> io::Result<UntilTold> {
        let (signals, theirs) = UnixStream::pair()?;
        for signal in ENDING {
            signal_hook::low_level::pipe::register(signal, theirs.try_clone()?)?;
        }
        Ok(UntilTold { signals })
    }

    pub(crate) fn wait(self) -> io::Result<()> {
        let mut input = io::stdin().lock();
        let mut discarded = [0; 4096];
        loop {
            let stdin = io::stdin();
            let mut ready = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&self.signals, PollFlags::IN)];
            match poll(&mut ready, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
            let [input_ready, signal_ready] = ready.map(|fd| !fd.revents().is_empty());
            if signal_ready {
                return Ok(());
            }
            if input_ready {
                match input.read(&mut discarded) {
                    Ok(1..) => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    // The end. An input that cannot be read, as when none was given, has ended too.
                    Ok(0) | Err(_) => return Ok(()),
                }
            }
        }
    }
}

/// Ends the process as the signal would have, so that the shell sees which one it was. Gives the exit code for when that fails.
pub(crate) fn die_by(signal: i32) -> i32 {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    128 + signal
}
