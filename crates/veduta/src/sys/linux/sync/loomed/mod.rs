//! The algorithms of this directory in every order of their steps, in small cases, by `loom`: `just loom`. One case:
//! `just loom all::two_events --nocapture`, which also says how many orders it has.
//!
//! What runs is the code itself. Below it stand others by the same names: [`atomic`] for atomics, `futex` for the kernel's, `robust` for
//! threads, `seats` for the locks on seats, `patience` for none.
//!
//! - Every order is tried in which no more threads are interrupted in the middle of something than the case says (`check`), all
//!   others not. `LOOM_MAX_PREEMPTIONS=4` says otherwise. What a thread does that has to wait is no interruption.
//! - `SeqCst` is what the language says it is, and not what loom takes it for.
//! - A mark is broken by whoever finds it: correctness must not depend on patience.
//! - A deadline passes when a thread has slept once, however briefly.
//! - Any thread may be killed before each of its steps (`killed`), but there is no kernel that looks after the mutexes it had. All threads are
//!   of one process. A wait for several mutexes, which naps, is not here.

#[cfg(test)]
mod all;
#[cfg(test)]
mod any;
pub(super) mod atomic;
#[cfg(test)]
mod event;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod mutex;
#[cfg(test)]
mod semaphore;
#[cfg(test)]
mod stage;

use super::super::step::Step;
use std::cell::Cell;

/// What a killed thread unwinds with.
struct Killed;

loom::thread_local! {
    /// How many steps the thread has left, if it is to be killed.
    static STEPS_LEFT: Cell<Option<u32>> = Cell::new(None);
}

/// Before each step: here a thread may be killed.
pub(crate) fn reached(_: Step) {
    STEPS_LEFT.with(|left| match left.get() {
        Some(0) => std::panic::resume_unwind(Box::new(Killed)),
        Some(more) => left.set(Some(more - 1)),
        None => {}
    });
}
