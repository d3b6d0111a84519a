//! Ctrl+C, Ctrl+Break, and the end of the console or of the session.
//!
//! The system calls a handler on a thread of its own, so that it may do whatever a thread may. All of these have one number here, the status that a process
//! ended by them has.

use super::done;
use std::io;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, OnceLock};
use std::thread;
use windows_sys::Win32::Foundation::STATUS_CONTROL_C_EXIT;
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::core::BOOL;

const SIGNAL: i32 = STATUS_CONTROL_C_EXIT;

/// What a signal does; whether that is all, else the process ends.
type Reaction = dyn Fn() -> bool + Send + Sync;

/// Each verb has one.
static REACTION: OnceLock<Box<Reaction>> = OnceLock::new();

fn react(reaction: impl Fn() -> bool + Send + Sync + 'static) -> io::Result<()> {
    if REACTION.set(Box::new(reaction)).is_err() {
        unreachable!("a verb watches for signals once");
    }
    // SAFETY: the handler may be called on any thread and at any time, until the process ends.
    done(unsafe { SetConsoleCtrlHandler(Some(handle), 1) })
}

unsafe extern "system" fn handle(event: u32) -> BOOL {
    let reacted = REACTION.get().is_some_and(|react| react());
    if reacted && !matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) {
        // The console closes, the user logs off: the process is ended as soon as this returns. It ends by itself before, in the seconds it is left.
        loop {
            thread::park();
        }
    }
    reacted.into()
}

/// Notes the first signal in `last`; the second ends the process at once.
pub(crate) fn note(last: &Arc<AtomicUsize>) -> io::Result<()> {
    let last = last.clone();
    react(move || last.swap(SIGNAL as usize, Ordering::SeqCst) == 0)
}

/// Notes each signal in `last`. Then calls `take`.
pub(crate) fn watch(last: &Arc<AtomicUsize>, take: impl Fn(i32) + Send + Sync + 'static) -> io::Result<()> {
    let last = last.clone();
    react(move || {
        last.store(SIGNAL as usize, Ordering::SeqCst);
        take(SIGNAL);
        true
    })
}

/// A command that runs. It is in our console, whose signals it gets by itself.
#[derive(Debug)]
pub(crate) struct Running;

impl Running {
    pub(crate) fn of(_: &Child) -> Option<Running> {
        Some(Running)
    }

    pub(crate) fn pass_on(&self, _: i32) {}
}

/// Waits until standard input ends or a signal comes.
#[derive(Debug)]
pub(crate) struct UntilTold {
    told: Receiver<()>,
}

impl UntilTold {
    /// From now on no signal is missed.
    pub(crate) fn watch() -> io::Result<UntilTold> {
        let (tell, told) = mpsc::channel();
        let of_input = tell.clone();
        // Nobody listens any more when both come.
        react(move || tell.send(()).is_ok())?;
        thread::Builder::new().spawn(move || {
            // The end. An input that cannot be read, as when none was given, has ended too.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = of_input.send(());
        })?;
        Ok(UntilTold { told })
    }

    pub(crate) fn wait(self) -> io::Result<()> {
        self.told.recv().map_err(io::Error::other)
    }
}

/// The exit code of a process that a signal ended.
pub(crate) fn die_by(signal: i32) -> i32 {
    signal
}
