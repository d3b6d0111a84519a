//! Events: something has happened.

use super::options::SyncOptions;
use super::{Handle, NewState, SyncObject, handle_methods};
use crate::{Kind, Result, sys};
use std::fmt;

/// What makes an event unsignaled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reset {
    /// The wait that it ends: one waiter per signal.
    #[default]
    Auto,
    /// [`Event::reset`] only: all waiters, until then.
    Manual,
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reset::Auto => "auto reset",
            Reset::Manual => "manual reset",
        })
    }
}

/// An event: threads wait until it is signaled.
///
/// ```
/// use veduta::{Event, Waitable, Waited};
///
/// let event = Event::options().create_new(r"Local\event example")?;
/// event.set()?;
/// // In another process, or here:
/// assert_eq!(event.wait(None)?, Waited::Signaled(0));
/// // The wait reset it.
/// assert_eq!(event.wait(std::time::Duration::ZERO)?, Waited::TimedOut);
/// # Ok::<(), veduta::Error>(())
/// ```
#[derive(Debug)]
#[doc(alias = "CreateEventW")]
pub struct Event {
    pub(super) handle: Handle,
}

handle_methods!(Event);

impl SyncObject for Event {
    const KIND: Kind = Kind::Event;
}

impl Event {
    /// Says what event to create or open.
    pub fn options<'a>() -> SyncOptions<'a, Event> {
        SyncOptions::new(NewState::Event { reset: Reset::Auto, signaled: false })
    }

    /// Signals the event. With manual reset it releases all waiters and stays signaled. With auto reset it releases exactly one; if
    /// nobody waits it stays signaled until somebody does. Signaling what is signaled changes nothing.
    ///
    /// # Errors
    /// - [`Code::ACCESS_DENIED`](crate::Code::ACCESS_DENIED): the handle has no [`SyncAccess::MODIFY_STATE`](crate::SyncAccess::MODIFY_STATE).
    /// - [`Code::INVALID_DATA`](crate::Code::INVALID_DATA): somebody cut off the event's entry, and it is lost.
    #[doc(alias = "SetEvent")]
    pub fn set(&self) -> Result<()> {
        // An event cannot be too full.
        self.handle.modify("set event", |event| event.put(1)).map(drop)
    }

    /// Makes the event unsignaled. Waiters that were released stay released.
    ///
    /// # Errors
    /// Those of [`set`](Self::set).
    #[doc(alias = "ResetEvent")]
    pub fn reset(&self) -> Result<()> {
        self.handle.modify("reset event", sys::sync::Object::reset)
    }

    /// Releases those who wait at this moment (all with manual reset, else one), and leaves the event unsignaled.
    ///
    /// Use a [`Semaphore`](crate::Semaphore) or [`set`](Self::set) where it matters who was there in time. Nobody is released from
    /// [`wait_all`](crate::wait_all).
    ///
    /// # Windows
    /// Who waits for all is released if everything else that it waits for is signaled.
    ///
    /// # Errors
    /// Those of [`set`](Self::set).
    #[doc(alias = "PulseEvent")]
    pub fn pulse(&self) -> Result<()> {
        self.handle.modify("pulse event", sys::sync::Object::pulse)
    }
}

impl SyncOptions<'_, Event> {
    /// What resets the event; [`Reset::Auto`] unless said otherwise.
    #[doc(alias = "bManualReset")]
    pub fn reset(&mut self, reset: Reset) -> &mut Self {
        if let NewState::Event { reset: old, .. } = &mut self.new {
            *old = reset;
        }
        self
    }

    /// Whether a new event is signaled; not unless said otherwise.
    #[doc(alias = "bInitialState")]
    pub fn signaled(&mut self, signaled: bool) -> &mut Self {
        if let NewState::Event { signaled: old, .. } = &mut self.new {
            *old = signaled;
        }
        self
    }
}
