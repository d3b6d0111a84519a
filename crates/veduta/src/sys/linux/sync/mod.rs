//! Mutexes, events and semaphores: words in a page that processes share, and the kernel's futexes to sleep on them.
//!
//! Nobody ever waits for a thread that was stopped or killed in the middle of something, except for the mutex that it owns. Read
//! [`signal`] for events and semaphores, [`owner`] for mutexes, [`wait`] for how a thread waits for them; [`page`] is what is shared,
//! [`robust`] how the kernel learns what a thread owns, [`seats`] where waiters sit, [`object`] the handles.

mod cell;
#[cfg_attr(loom, path = "loomed/futex.rs")]
mod futex;
mod listing;
#[cfg(loom)]
pub(super) mod loomed;
mod object;
mod owner;
mod page;
#[cfg_attr(loom, path = "loomed/patience.rs")]
mod patience;
mod primitive;
mod reactor;
#[cfg_attr(loom, path = "loomed/robust.rs")]
mod robust;
#[cfg_attr(loom, path = "loomed/seats.rs")]
mod seats;
mod signal;
mod thread;
mod timers;
mod wait;

pub(crate) use futex::Deadline;
pub(crate) use listing::state_of;
pub(crate) use object::{Object, create_named, create_unnamed, keep_locks, let_go_of_locks, open};
pub(crate) use owner::Acquired;
pub(crate) use reactor::{Begun, Pending};
pub(crate) use robust::Thread;
pub(crate) use timers::Schedule;
pub(crate) use wait::{Interrupt, Target, all, any};

/// Waiters, or objects to wait for. Mostly there is one, and memory from the heap would cost a good part of what its wake-up costs.
type Few<T> = smallvec::SmallVec<[T; 1]>;
