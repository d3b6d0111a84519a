//! What threads of actors do with mutexes, events and semaphores. Plain data, as [`Operation`](crate::Operation) is.

use crate::operation::Rights;
use serde::{Deserialize, Serialize};

/// A thread of an actor's process. When it ends, another takes its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are what they are called")]
pub struct Thread {
    pub actor: usize,
    pub thread: u8,
}

/// Something that a thread does.
///
/// The threads of an actor share its slots, as in [`Operation`](crate::Operation). A slot through which a thread waits is
/// not to be filled or closed, and a thread that waits does nothing else: both are
/// [`Unspecified`](crate::Outcome::Unspecified). What only another kind of object can do is refused with 6, before all else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are what they are called")]
pub enum Operation {
    /// Creates an object, or opens the one of the same kind that has the name. An empty name is none.
    Create { slot: u8, name: String, object: NewObject },
    /// Creates an object under a name that must be free.
    CreateNew { slot: u8, name: String, object: NewObject },
    /// Creates an object without a name.
    CreateUnnamed { slot: u8, object: NewObject },
    /// Opens what has the name.
    Open { slot: u8, name: String, kind: Kind, access: Rights },
    /// Makes another handle, with other rights.
    Duplicate { from: u8, to: u8, access: Rights },
    /// Closes a handle.
    Close { slot: u8 },
    /// Asks about the state.
    State { slot: u8 },
    /// Waits for a mutex, by the call that is for mutexes only.
    Lock { slot: u8, timeout: Timeout },
    /// Waits for one object.
    Wait { slot: u8, timeout: Timeout },
    /// Waits for any of some objects.
    WaitAny { slots: Vec<u8>, timeout: Timeout },
    /// Waits for all of some objects.
    WaitAll { slots: Vec<u8>, timeout: Timeout },
    /// Sets an event, or releases a mutex or one of a semaphore, and waits for one object.
    SignalAndWait { signal: u8, wait: u8, timeout: Timeout },
    /// Releases a mutex once.
    ReleaseMutex { slot: u8 },
    /// Sets an event.
    Set { slot: u8 },
    /// Resets an event.
    Reset { slot: u8 },
    /// Sets an event for who waits just now, but not for all of several: there the library differs from Windows.
    Pulse { slot: u8 },
    /// Adds to the count of a semaphore.
    ReleaseSemaphore { slot: u8, count: u32 },
    /// The thread ends.
    EndThread,
    /// The actor's process ends by itself, whatever its threads do, and is started again with nothing.
    Exit,
    /// The actor's process is killed, and started again with nothing.
    Kill,
}

/// An object to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are named as in the library")]
pub enum NewObject {
    Mutex {
        owned: bool,
    },
    Event {
        reset: Reset,
        signaled: bool,
    },
    Semaphore {
        count: u32,
        maximum: u32,
    },
    /// Memory of 4096 bytes that can be read and written: only to be in the way. It is opened for reading, whichever rights are
    /// asked for.
    Section,
}

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are named as in the library")]
pub enum Kind {
    Mutex,
    Event,
    Semaphore,
    Section,
}

impl NewObject {
    /// Of which kind it is.
    pub fn kind(self) -> Kind {
        match self {
            NewObject::Mutex { .. } => Kind::Mutex,
            NewObject::Event { .. } => Kind::Event,
            NewObject::Semaphore { .. } => Kind::Semaphore,
            NewObject::Section => Kind::Section,
        }
    }
}

/// How an event is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reset {
    /// By the one wait that it satisfies.
    Auto,
    /// By who resets it.
    Manual,
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timeout {
    /// Not at all.
    Zero,
    /// So long that the thread sleeps. Nothing else happens meanwhile, so this comes to the same as [`Timeout::Zero`].
    Short,
    /// Until it is satisfied.
    Forever,
}

/// What an object is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are named as in the library")]
pub enum State {
    Mutex { owner: Option<Thread>, recursion: u32, abandoned: bool },
    Event { reset: Reset, signaled: bool },
    Semaphore { count: u32, maximum: u32 },
}

/// For how many objects a wait can be.
pub const MOST_OBJECTS: usize = 64;
