//! What an object is at one moment.

use super::Reset;
use std::fmt;

/// What a mutex, event, semaphore or timer is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectState {
    /// Of a [`Mutex`](crate::Mutex).
    Mutex {
        /// Who owns it.
        owner: Option<Owner>,
        /// How often the owner owns it; 0 if nobody does.
        recursion: u32,
        /// Whether its owner ended without releasing it, and nobody acquired it since.
        abandoned: bool,
        /// How many threads wait for it.
        waiters: u32,
    },
    /// Of an [`Event`](crate::Event).
    Event {
        /// What resets it.
        reset: Reset,
        /// Whether it is signaled.
        signaled: bool,
        /// How many threads wait for it.
        waiters: u32,
    },
    /// Of a [`Semaphore`](crate::Semaphore).
    Semaphore {
        /// How many more may be taken.
        count: u32,
        /// The most that it may be.
        maximum: u32,
        /// How many threads wait for it.
        waiters: u32,
    },
    /// Of a [`Timer`](crate::Timer).
    Timer {
        /// What resets it.
        reset: Reset,
        /// Whether it has gone off.
        signaled: bool,
        /// How many threads wait for it.
        waiters: u32,
    },
}

impl ObjectState {
    /// How many threads wait for the object.
    pub fn waiters(&self) -> u32 {
        match *self {
            ObjectState::Mutex { waiters, .. }
            | ObjectState::Event { waiters, .. }
            | ObjectState::Semaphore { waiters, .. }
            | ObjectState::Timer { waiters, .. } => waiters,
        }
    }
}

/// The thread that owns a mutex, as it calls itself: numbers mean something in the owner's pid namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Its process.
    pub process: u32,
    /// The thread.
    pub thread: u32,
}

impl fmt::Display for ObjectState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ObjectState::Mutex { owner, recursion, abandoned, .. } => {
                match owner {
                    Some(Owner { process, thread }) => {
                        write!(f, "owned by process {process}, thread {thread}")?
                    }
                    None => f.write_str("free")?,
                }
                if recursion > 1 {
                    write!(f, ", {recursion} times")?;
                }
                if abandoned {
                    f.write_str(", abandoned")?;
                }
            }
            ObjectState::Event { reset, signaled, .. } | ObjectState::Timer { reset, signaled, .. } => {
                write!(f, "{}signaled, {reset}", if signaled { "" } else { "not " })?;
            }
            ObjectState::Semaphore { count, maximum, .. } => write!(f, "{count} of {maximum}")?,
        }
        match self.waiters() {
            0 => Ok(()),
            1 => f.write_str(", 1 waits"),
            many => write!(f, ", {many} wait"),
        }
    }
}
