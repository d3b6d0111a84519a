//! What an object is at one moment.

use super::Reset;
use crate::Kind;
use std::fmt;

/// What a mutex, event, semaphore or timer is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectState {
    /// Of a [`Mutex`](crate::Mutex).
    Mutex {
        /// Who owns it, if somebody does.
        owner: Option<Owner>,
        /// How often the owner owns it; 0 if nobody does.
        recursion: u32,
        /// Whether its owner ended without releasing it, and nobody acquired it since.
        abandoned: bool,
        /// How many threads wait for it; `None` where the system does not tell.
        waiters: Option<u32>,
    },
    /// Of an [`Event`](crate::Event).
    Event {
        /// What resets it.
        reset: Reset,
        /// Whether it is signaled.
        signaled: bool,
        /// How many threads wait for it; `None` where the system does not tell.
        waiters: Option<u32>,
    },
    /// Of a [`Semaphore`](crate::Semaphore).
    Semaphore {
        /// How many more may be taken.
        count: u32,
        /// The most that it may be.
        maximum: u32,
        /// How many threads wait for it; `None` where the system does not tell.
        waiters: Option<u32>,
    },
    /// Of a [`Timer`](crate::Timer).
    Timer {
        /// What resets it.
        reset: Reset,
        /// Whether it has gone off.
        signaled: bool,
        /// How many threads wait for it; `None` where the system does not tell.
        waiters: Option<u32>,
    },
}

impl ObjectState {
    /// How many threads wait for the object; `None` where the system does not tell.
    ///
    /// # Windows
    /// It never tells.
    pub fn waiters(&self) -> Option<u32> {
        match *self {
            ObjectState::Mutex { waiters, .. }
            | ObjectState::Event { waiters, .. }
            | ObjectState::Semaphore { waiters, .. }
            | ObjectState::Timer { waiters, .. } => waiters,
        }
    }
}

/// Who owns a mutex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A thread, as it calls itself: numbers mean something in the owner's pid namespace.
    Thread {
        /// Its process.
        process: u32,
        /// The thread.
        thread: u32,
    },
    /// Somebody: the system does not tell who.
    ///
    /// # Windows
    /// Since version 8 it tells who may query the mutex. Wine tells nobody but the owner.
    Unknown,
}

impl Owner {
    /// The owner's process, where the system tells it.
    pub fn process(self) -> Option<u32> {
        match self {
            Owner::Thread { process, .. } => Some(process),
            Owner::Unknown => None,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Thread { process, thread } => write!(f, "process {process}, thread {thread}"),
            Owner::Unknown => f.write_str("somebody"),
        }
    }
}

impl fmt::Display for ObjectState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ObjectState::Mutex { owner, recursion, abandoned, .. } => {
                match owner {
                    Some(owner) => write!(f, "owned by {owner}")?,
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
            None | Some(0) => Ok(()),
            Some(1) => f.write_str(", 1 waits"),
            Some(many) => write!(f, ", {many} wait"),
        }
    }
}

/// What a new mutex, event, semaphore or timer is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NewState {
    Mutex { owned: bool },
    Event { reset: Reset, signaled: bool },
    Semaphore { count: u32, maximum: u32 },
    Timer { reset: Reset },
}

impl NewState {
    pub(crate) fn kind(self) -> Kind {
        match self {
            NewState::Mutex { .. } => Kind::Mutex,
            NewState::Event { .. } => Kind::Event,
            NewState::Semaphore { .. } => Kind::Semaphore,
            NewState::Timer { .. } => Kind::Timer,
        }
    }

    /// What every opener is told of it, as a number.
    pub(crate) fn detail(self) -> u32 {
        match self {
            NewState::Mutex { .. } => 0,
            NewState::Event { reset, .. } | NewState::Timer { reset } => (reset == Reset::Manual).into(),
            NewState::Semaphore { maximum, .. } => maximum,
        }
    }
}
