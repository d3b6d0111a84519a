//! Mutexes, events, semaphores and timers, and waiting for them.

mod access;
mod crowd;
// Row: descriptors
#[cfg(target_os = "linux")]
mod descriptors;
// Row: entries
#[cfg(target_os = "linux")]
mod entries;
mod event;
// Row: seats
#[cfg(target_os = "linux")]
mod fallback;
// Row: fork
#[cfg(target_os = "linux")]
mod fork;
mod handles;
mod interrupt;
mod listing;
mod mutex;
mod processes;
// Row: owners
#[cfg(target_os = "linux")]
mod robust;
#[path = "../scratch/mod.rs"]
mod scratch;
// Row: seats
#[cfg(target_os = "linux")]
mod seats;
mod semaphore;
mod signal;
mod threads;
mod timeout;
mod timer;
// Row: descriptors
#[cfg(target_os = "linux")]
mod untrusted;
// Row: users and mounts
#[cfg(target_os = "linux")]
mod users;
mod wait_all;
mod wait_any;
// Row: waiters
#[cfg(target_os = "linux")]
mod waiters;

use std::time::{Duration, Instant};
use veduta::{Event, Mutex, ObjectState, Semaphore, Timer, Waitable};

/// For what would wait for ever if it were wrong. Nothing comes near it.
const LONG: Duration = Duration::from_secs(120);

/// All kinds, where they are alike.
trait Object: Waitable + Sized {
    fn now(&self) -> ObjectState;

    /// How many threads wait for it.
    fn waiters(&self) -> u32 {
        self.now().waiters().unwrap_or(0)
    }
}

macro_rules! objects {
    ($($kind:ident)*) => {
        $(impl Object for $kind {
            fn now(&self) -> ObjectState {
                self.state().unwrap()
            }
        })*
    };
}

objects!(Mutex Event Semaphore Timer);

/// Looks until something is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "it should come to this: {what}");
        std::thread::yield_now();
    }
}
