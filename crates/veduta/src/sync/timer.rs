//! Timers: it is time.

use super::options::SyncOptions;
use super::{Handle, NewState, Reset, SyncObject, handle_methods};
use crate::{Code, Error, Kind, Result, SyncAccess, sys};
use std::time::{Duration, Instant, SystemTime};
use sys::sync::Schedule;

/// When a [`Timer`] goes off for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Due {
    /// So long from now.
    In(Duration),
    /// At this time of day; now, if it has passed. The clock is read once: if it is set later, the timer does not follow.
    At(SystemTime),
}

impl From<Duration> for Due {
    fn from(time: Duration) -> Due {
        Due::In(time)
    }
}

impl From<SystemTime> for Due {
    fn from(time: SystemTime) -> Due {
        Due::At(time)
    }
}

/// A timer: threads wait until it goes off, once or again and again.
///
/// ```
/// use std::time::Duration;
/// use veduta::{Timer, Waitable, Waited};
///
/// let timer = Timer::options().create_unnamed()?;
/// timer.set(Duration::from_millis(20), Some(Duration::from_millis(10)))?;
/// assert_eq!(timer.wait(None)?, Waited::Signaled(0));
/// assert_eq!(timer.wait(None)?, Waited::Signaled(0));
/// timer.cancel()?;
/// # Ok::<(), veduta::Error>(())
/// ```
///
/// # Linux
/// There is no kernel object that would go off by itself: a thread of the process that set the timer does it. A timer therefore goes
/// off only as long as that process lives and keeps a handle to it.
///
/// # Windows
/// A timer goes off as long as any process has a handle to it; one that [calls something](Timer::set_and_call), as long as the process that set it
/// lives. Periods are whole milliseconds, rounded up, and at most 24 days; what is more than a thousand years away is never.
#[derive(Debug)]
#[doc(alias = "CreateWaitableTimerW")]
pub struct Timer {
    pub(super) handle: Handle,
}

handle_methods!(Timer);

impl SyncObject for Timer {
    const KIND: Kind = Kind::Timer;
}

impl Timer {
    /// Says what timer to create or open.
    pub fn options<'a>() -> SyncOptions<'a, Timer> {
        SyncOptions::new(NewState::Timer { reset: Reset::Auto })
    }

    /// Makes the timer unsignaled, and signals it when it is due, and from then on in every period. What it was set to before, by any process,
    /// is forgotten.
    ///
    /// A period in which nobody waits is not made up for: at most one signal is kept.
    ///
    /// # Errors
    /// - [`Code::ACCESS_DENIED`]: the handle has no [`SyncAccess::MODIFY_STATE`].
    /// - [`Code::INVALID_PARAMETER`]: a period of 0, or one that the system cannot take.
    /// - [`Code::NO_SYSTEM_RESOURCES`]: the thread that it takes cannot be started.
    #[doc(alias = "SetWaitableTimer")]
    pub fn set(&self, due: impl Into<Due>, period: Option<Duration>) -> Result<()> {
        self.arm(due.into(), period, None)
    }

    /// As [`set`](Self::set), and calls something each time that the timer goes off, in a thread that all timers of this process share: it
    /// should not take long. The last time may be just after the timer was cancelled or set anew in another thread.
    ///
    /// # Errors
    /// Those of [`set`](Self::set).
    pub fn set_and_call(
        &self,
        due: impl Into<Due>,
        period: Option<Duration>,
        call: impl FnMut() + Send + 'static,
    ) -> Result<()> {
        self.arm(due.into(), period, Some(Box::new(call)))
    }

    fn arm(&self, due: Due, period: Option<Duration>, call: Option<Box<dyn FnMut() + Send>>) -> Result<()> {
        self.handle.check(SyncAccess::MODIFY_STATE, SET)?;
        if period == Some(Duration::ZERO) {
            return Err(self
                .handle
                .tell(Error::new(Code::INVALID_PARAMETER, SET).hint("a period is longer than nothing")));
        }
        let after = match due {
            Due::In(time) => time,
            Due::At(time) => time.duration_since(SystemTime::now()).unwrap_or_default(),
        };
        // Too far away to be said is never.
        let due = Instant::now().checked_add(after);
        let schedule = Schedule { due, period, call };
        self.handle.sys.arm(schedule).map_err(|error| self.handle.tell(error))
    }

    /// Stops the timer: it will not go off. Whether it is signaled does not change.
    ///
    /// # Errors
    /// [`Code::ACCESS_DENIED`]: the handle has no [`SyncAccess::MODIFY_STATE`].
    #[doc(alias = "CancelWaitableTimer")]
    pub fn cancel(&self) -> Result<()> {
        self.handle.modify("cancel timer", sys::sync::Object::disarm)
    }
}

const SET: &str = "set timer";

impl SyncOptions<'_, Timer> {
    /// What resets the timer: the wait that it ends ([`Reset::Auto`], the default), or only that it is set again.
    #[doc(alias = "bManualReset")]
    pub fn reset(&mut self, reset: Reset) -> &mut Self {
        self.new = NewState::Timer { reset };
        self
    }
}
