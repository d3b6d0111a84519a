//! Mutexes: one thread at a time.

use super::options::SyncOptions;
use super::{Handle, NewState, SyncObject, Waitable, Waited, handle_methods};
use crate::{Code, Error, Kind, Result, SyncAccess, sys};
use std::time::Duration;
use sys::sync::{Acquired, Thread};

const ACQUIRE: &str = "acquire mutex";

/// A mutex: at most one thread, of all processes, owns it.
///
/// It is owned by a thread, as often as that thread acquired it, and released only by that thread. If the owner ends without releasing
/// it, however it ends, the next one gets it and is told that it was *abandoned*: what it protects may be half done. It is never lost.
/// Somebody must have a handle all the while: with the last one the mutex goes, and the next one to create it gets a new one. Closing a
/// handle does not release what the thread owns.
///
/// ```
/// use veduta::Mutex;
///
/// let (mutex, _) = Mutex::options().create(r"Local\mutex example")?;
/// {
///     let guard = mutex.lock()?;
///     if guard.is_abandoned() {
///         // Its last owner was killed: check what it was working on.
///     }
///     // Nobody else is here now.
/// }
/// assert!(mutex.try_lock()?.is_some());
/// # Ok::<(), veduta::Error>(())
/// ```
///
/// # Windows
/// Waiting threads get it in the order in which they came, more or less. On Linux a thread that comes by may be faster than one that
/// has to wake up first, but nobody starves.
///
/// # Linux
/// The GNU C library's list of robust mutexes does the book-keeping, so a thread can own 2048 at a time, those included; with another C
/// library acquiring fails with [`Code::NOT_SUPPORTED`]. A program that replaces itself (`execve(2)`) abandons what its first
/// thread owns; what another thread owns stays owned for ever.
#[derive(Debug)]
#[doc(alias = "CreateMutexW")]
pub struct Mutex {
    pub(super) handle: Handle,
}

handle_methods!(Mutex);

impl SyncObject for Mutex {
    const KIND: Kind = Kind::Mutex;
}

impl Mutex {
    /// Says what mutex to create or open.
    pub fn options<'a>() -> SyncOptions<'a, Mutex> {
        SyncOptions::new(NewState::Mutex { owned: false })
    }

    /// Acquires the mutex, and waits until that is possible.
    ///
    /// # Errors
    /// - [`Code::ACCESS_DENIED`]: the handle has no [`SyncAccess::SYNCHRONIZE`].
    /// - [`Code::NOT_SUPPORTED`]: see [above](Mutex#linux).
    #[inline(always)]
    pub fn lock(&self) -> Result<MutexGuard<'_>> {
        self.handle.check(SyncAccess::SYNCHRONIZE, ACQUIRE)?;
        let thread = Thread::current()?;
        if self.handle.sys.try_claim(thread) {
            return Ok(MutexGuard::new(self, thread, Acquired::Free));
        }
        self.lock_slowly(thread)
    }

    /// Acquires the mutex if it is free and nobody waits for it; the caller answers for the release. `false` may also mean that it
    /// takes a closer look.
    #[inline(always)]
    pub(super) fn try_claim(&self) -> Result<bool> {
        self.handle.check(SyncAccess::SYNCHRONIZE, ACQUIRE)?;
        Ok(self.handle.sys.try_claim(Thread::current()?))
    }

    /// The common case of [`wait`](crate::Waitable::wait) alone, for callers that cannot be unwound into: it does not panic, and makes no errors. `false`
    /// says nothing but that it takes a closer look.
    #[doc(hidden)]
    #[inline(always)]
    pub fn claim_at_once(&self) -> bool {
        self.access().contains(SyncAccess::SYNCHRONIZE)
            && Thread::known().is_some_and(|thread| self.handle.sys.try_claim(thread))
    }

    /// The common case of [`release`](Mutex::release), as [`claim_at_once`](Mutex::claim_at_once) is that of acquiring.
    #[doc(hidden)]
    #[inline(always)]
    pub fn release_at_once(&self) -> bool {
        Thread::known().is_some_and(|thread| self.handle.sys.try_release(thread))
    }

    #[cold]
    fn lock_slowly(&self, thread: Thread) -> Result<MutexGuard<'_>> {
        match self.wait(None)? {
            Waited::Abandoned(_) => Ok(MutexGuard::new(self, thread, Acquired::Abandoned)),
            _ => Ok(MutexGuard::new(self, thread, Acquired::Free)),
        }
    }

    /// Acquires the mutex if that is possible at once.
    ///
    /// # Errors
    /// Those of [`lock`](Self::lock).
    pub fn try_lock(&self) -> Result<Option<MutexGuard<'_>>> {
        self.handle.check(SyncAccess::SYNCHRONIZE, ACQUIRE)?;
        let thread = Thread::current()?;
        let acquired = self.handle.sys.try_acquire().map_err(|error| self.handle.tell(error))?;
        Ok(acquired.map(|acquired| MutexGuard::new(self, thread, acquired)))
    }

    /// Acquires the mutex, and waits at most so long.
    ///
    /// # Errors
    /// Those of [`lock`](Self::lock).
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Option<MutexGuard<'_>>> {
        let thread = Thread::current()?;
        Ok(match self.wait(timeout)? {
            Waited::TimedOut => None,
            Waited::Abandoned(_) => Some(MutexGuard::new(self, thread, Acquired::Abandoned)),
            Waited::Signaled(_) => Some(MutexGuard::new(self, thread, Acquired::Free)),
        })
    }

    /// A guard of a mutex that this thread owns already, because it created it [`owned`](SyncOptions::owned), or got it from
    /// [`wait`](crate::Waitable::wait), [`wait_any`](crate::wait_any) or [`wait_all`](crate::wait_all): one for each time.
    ///
    /// # Errors
    /// [`Code::NOT_OWNER`]: this thread does not own it, or there is a guard for each time that it acquired it.
    pub fn guard(&self) -> Result<MutexGuard<'_>> {
        let refuse = |hint| Err(self.handle.tell(Error::new(Code::NOT_OWNER, "guard mutex").hint(hint)));
        if !self.handle.sys.is_mine()? {
            return refuse("this thread does not own it");
        }
        if !self.handle.sys.add_guard() {
            return refuse("there is a guard for each time that this thread acquired it");
        }
        Ok(MutexGuard { mutex: self, abandoned: self.handle.sys.was_abandoned(), thread: Thread::current()? })
    }

    /// Releases the mutex once. For who keeps no guard: a thread that acquired it several times releases it as often.
    ///
    /// # Errors
    /// [`Code::NOT_OWNER`]: this thread does not own it.
    #[doc(alias = "ReleaseMutex")]
    #[inline(always)]
    pub fn release(&self) -> Result<()> {
        self.release_as(Thread::current()?)
    }

    #[inline(always)]
    fn release_as(&self, thread: Thread) -> Result<()> {
        self.handle.sys.release_mutex(thread).map_err(|error| self.handle.tell(error))
    }
}

impl SyncOptions<'_, Mutex> {
    /// Whether the calling thread owns the mutex if it is new; see [`Mutex::guard`].
    #[doc(alias = "bInitialOwner")]
    pub fn owned(&mut self, owned: bool) -> &mut Self {
        self.new = NewState::Mutex { owned };
        self
    }
}

/// A mutex that this thread owns. Dropping it releases the mutex, also in a panic: then it is released, and not abandoned.
#[derive(Debug)]
#[must_use = "dropping the guard releases the mutex"]
pub struct MutexGuard<'a> {
    mutex: &'a Mutex,
    abandoned: bool,
    /// Which it cannot leave.
    thread: Thread,
}

impl<'a> MutexGuard<'a> {
    #[inline]
    fn new(mutex: &'a Mutex, thread: Thread, acquired: Acquired) -> MutexGuard<'a> {
        mutex.handle.sys.add_guard();
        MutexGuard { mutex, abandoned: acquired == Acquired::Abandoned, thread }
    }

    /// Whether the owner before ended without releasing the mutex: what it protects may be half done. Told once.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Leaves the mutex owned without a guard: [`Mutex::release`] releases it, or another [`Mutex::guard`].
    pub fn leak(self) {
        self.mutex.handle.sys.remove_guard(self.thread);
        std::mem::forget(self);
    }

    /// Releases the mutex, and says if that failed.
    ///
    /// # Errors
    /// [`Code::NOT_OWNER`]: somebody changed the mutex's memory, or it was released behind the guard's back.
    pub fn unlock(self) -> Result<()> {
        let (mutex, thread) = (self.mutex, self.thread);
        std::mem::forget(self);
        mutex.handle.sys.remove_guard(thread);
        mutex.release_as(thread)
    }
}

impl Drop for MutexGuard<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // It can fail only if somebody else wrote to the mutex's memory; who wants to know calls `unlock`.
        self.mutex.handle.sys.remove_guard(self.thread);
        drop(self.mutex.release_as(self.thread));
    }
}
