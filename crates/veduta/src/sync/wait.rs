//! Waiting for one object, for any of several, or for all of them.

use super::options::Held;
use super::{Event, Handle, Mutex, Semaphore, Timer};
use crate::{Code, Error, Result, SyncAccess, sys};
use std::fmt;
use std::time::Duration;
use sys::sync::{Deadline, Target};

/// The most objects that one call waits for.
pub const MAXIMUM_WAIT_OBJECTS: usize = 64;

/// How a wait ended. Numbers count the objects from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a mutex may have been abandoned, and a wait may have timed out"]
pub enum Waited {
    /// This object was signaled, and what a wait does to it is done. 0 if it was for all. `WAIT_OBJECT_0`.
    Signaled(usize),
    /// This object is a mutex whose owner ended without releasing it. The calling thread owns it now. `WAIT_ABANDONED_0`.
    Abandoned(usize),
    /// The time was up. Nothing was taken. `WAIT_TIMEOUT`.
    TimedOut,
}

/// What can be waited for: a [`Mutex`] until it is free, which acquires it; an [`Event`] until it is signaled; a [`Semaphore`] until
/// its count is above 0, which takes one; a [`Timer`] until it has gone off.
pub trait Waitable: Held + Send + Sync {
    /// Waits until the object is signaled, at most so long; `None` is for ever. [`Duration::ZERO`] only looks.
    ///
    /// Time is that of the monotonic clock, which on Linux does not run while the machine sleeps.
    ///
    /// # Errors
    /// - [`Code::ACCESS_DENIED`]: the handle has no [`SyncAccess::SYNCHRONIZE`].
    /// - [`Code::NOT_SUPPORTED`]: mutexes need the [GNU C library](Mutex#linux).
    #[doc(alias = "WaitForSingleObject")]
    fn wait(&self, timeout: impl Into<Option<Duration>>) -> Result<Waited>
    where
        Self: Sized,
    {
        self.handle().wait(timeout)
    }

    /// What the object does when [`signal_and_wait`] signals it.
    #[doc(hidden)]
    fn signal(&self) -> Result<()>;
}

impl Waitable for Mutex {
    /// A mutex that is free and that nobody waits for, the common case, is had without a look at anything else.
    #[inline]
    fn wait(&self, timeout: impl Into<Option<Duration>>) -> Result<Waited> {
        if self.try_claim()? { Ok(Waited::Signaled(0)) } else { self.handle().wait(timeout) }
    }

    fn signal(&self) -> Result<()> {
        self.release()
    }
}

impl Waitable for Event {
    fn signal(&self) -> Result<()> {
        self.set()
    }
}

impl Waitable for Semaphore {
    fn signal(&self) -> Result<()> {
        self.release(1).map(drop)
    }
}

impl Waitable for Timer {
    /// Only time signals a timer.
    fn signal(&self) -> Result<()> {
        Err(self
            .handle
            .tell(Error::new(Code::INVALID_HANDLE, "signal object").hint("only time signals a timer")))
    }
}

impl Handle {
    fn wait(&self, timeout: impl Into<Option<Duration>>) -> Result<Waited> {
        any(&[self.to_wait_for()?], timeout).map_err(|error| self.tell(error))
    }

    #[inline]
    fn to_wait_for(&self) -> Result<Target<'_>> {
        self.check(SyncAccess::SYNCHRONIZE, WAIT)?;
        Ok(self.sys.target())
    }
}

pub(super) const WAIT: &str = "wait";

pub(super) fn check_count(objects: usize) -> Result<()> {
    if (1..=MAXIMUM_WAIT_OBJECTS).contains(&objects) {
        return Ok(());
    }
    Err(Error::new(Code::INVALID_PARAMETER, WAIT)
        .hint(format!("one can wait for 1 to {MAXIMUM_WAIT_OBJECTS} objects, not for {objects}")))
}

fn targets<'a>(objects: &[&'a dyn Waitable]) -> Result<Vec<Target<'a>>> {
    check_count(objects.len())?;
    objects.iter().map(|object| object.handle().to_wait_for()).collect()
}

fn any(targets: &[Target<'_>], timeout: impl Into<Option<Duration>>) -> Result<Waited> {
    let waited = sys::sync::any(targets, Deadline::after(timeout.into()), None)?;
    Ok(waited.unwrap_or_else(|| unreachable!("nothing can interrupt it")))
}

/// Waits until any of the objects is signaled, and takes that one only: the first in the list, if there are several. At most so
/// long; `None` is for ever.
///
/// ```
/// use veduta::{Event, Mutex, Waited, wait_any};
///
/// let (work, stop) = (Event::options().create_unnamed()?, Event::options().create_unnamed()?);
/// stop.set()?;
/// assert_eq!(wait_any(&[&work, &stop], None)?, Waited::Signaled(1));
/// # Ok::<(), veduta::Error>(())
/// ```
///
/// # Errors
/// - [`Code::INVALID_PARAMETER`]: no objects, or more than [`MAXIMUM_WAIT_OBJECTS`].
/// - those of [`Waitable::wait`].
#[doc(alias = "WaitForMultipleObjects")]
pub fn wait_any(objects: &[&dyn Waitable], timeout: impl Into<Option<Duration>>) -> Result<Waited> {
    match objects {
        [object] => object.handle().wait(timeout),
        _ => any(&targets(objects)?, timeout),
    }
}

/// Waits until all of the objects are signaled at the same time, and takes them at once: until then, it takes none. At most so long;
/// `None` is for ever.
///
/// Gives `Signaled(0)`, or `Abandoned` with the first mutex that was abandoned: all are the caller's in either case.
///
/// # Windows
/// The system tells that a mutex was abandoned, and not which: each that the thread did not own before counts as abandoned, and the first of them is
/// named.
///
/// # Errors
/// - [`Code::INVALID_PARAMETER`]: no objects, more than [`MAXIMUM_WAIT_OBJECTS`], or one of them twice.
/// - those of [`Waitable::wait`].
#[doc(alias = "WaitForMultipleObjects")]
pub fn wait_all(objects: &[&dyn Waitable], timeout: impl Into<Option<Duration>>) -> Result<Waited> {
    let waited = sys::sync::all(&different(objects)?, Deadline::after(timeout.into()), None)?;
    Ok(waited.unwrap_or_else(|| unreachable!("nothing can interrupt it")))
}

fn different<'a>(objects: &[&'a dyn Waitable]) -> Result<Vec<Target<'a>>> {
    let targets = targets(objects)?;
    let is_twice =
        |(index, target): (usize, &Target<'_>)| targets[..index].iter().any(|other| other.is(target));
    if targets.iter().enumerate().any(is_twice) {
        return Err(Error::new(Code::INVALID_PARAMETER, WAIT)
            .hint("one of the objects is there twice, which could never be had twice at once"));
    }
    Ok(targets)
}

/// Makes waits return before their time: what a thread is waited out of, to do something else or to end.
///
/// ```
/// use veduta::{Event, Interrupt};
///
/// let (never, interrupt) = (Event::options().create_unnamed()?, Interrupt::new());
/// std::thread::scope(|scope| {
///     let waiting = scope.spawn(|| interrupt.wait_any(&[&never], None));
///     interrupt.raise();
///     assert_eq!(waiting.join().unwrap()?, None);
///     Ok::<(), veduta::Error>(())
/// })?;
/// # Ok::<(), veduta::Error>(())
/// ```
///
/// # Windows
/// Waits with an interrupt are alertable: procedures that the program queued to the thread run in them.
#[doc(alias = "QueueUserAPC")]
pub struct Interrupt {
    sys: sys::sync::Interrupt,
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").field("raised", &self.sys.is_raised()).finish()
    }
}

impl Default for Interrupt {
    fn default() -> Interrupt {
        Interrupt::new()
    }
}

impl Interrupt {
    /// An interrupt that is not raised.
    pub fn new() -> Interrupt {
        Interrupt { sys: sys::sync::Interrupt::new() }
    }

    /// Makes every wait with this interrupt return, and all later ones at once, until it is [`lower`](Self::lower)ed.
    pub fn raise(&self) {
        self.sys.raise();
    }

    /// Lets waits wait again, and says whether it was raised.
    pub fn lower(&self) -> bool {
        self.sys.lower()
    }

    /// As [`wait_any`], until the interrupt is raised: `None`, and nothing was taken. An object that is signaled at once comes first. No objects:
    /// waits for the interrupt alone.
    ///
    /// # Errors
    /// Those of [`wait_any`].
    #[doc(alias = "WaitForMultipleObjectsEx")]
    pub fn wait_any(
        &self,
        objects: &[&dyn Waitable],
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Option<Waited>> {
        let targets = if objects.is_empty() { Vec::new() } else { targets(objects)? };
        sys::sync::any(&targets, Deadline::after(timeout.into()), Some(&self.sys))
    }

    /// As [`wait_all`], until the interrupt is raised: `None`, and nothing was taken.
    ///
    /// # Errors
    /// Those of [`wait_all`].
    #[doc(alias = "WaitForMultipleObjectsEx")]
    pub fn wait_all(
        &self,
        objects: &[&dyn Waitable],
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Option<Waited>> {
        sys::sync::all(&different(objects)?, Deadline::after(timeout.into()), Some(&self.sys))
    }
}

/// Signals one object (sets the event, releases the semaphore once, releases the mutex), and then waits for another.
///
/// The two are two steps, as they are on Windows: another thread may come between them.
///
/// # Errors
/// Those of signaling, in which case nothing is waited for, and of [`Waitable::wait`].
#[doc(alias = "SignalObjectAndWait")]
pub fn signal_and_wait(
    signal: &dyn Waitable,
    wait: &dyn Waitable,
    timeout: impl Into<Option<Duration>>,
) -> Result<Waited> {
    let target = wait.handle().to_wait_for()?;
    signal.signal()?;
    any(&[target], timeout).map_err(|error| wait.handle().tell(error))
}
