//! Semaphores: so many at a time.

use super::options::SyncOptions;
use super::{Handle, NewState, SyncObject, handle_methods};
use crate::{Code, Error, Kind, Result};

/// A semaphore: a count that waits take one of, and that is released into.
///
/// What a process took is not given back when it ends: nobody owns a semaphore.
///
/// ```
/// use veduta::{Semaphore, Waitable, Waited};
///
/// let semaphore = Semaphore::options().count(2).maximum(3).create_new(r"Local\semaphore example")?;
/// assert_eq!(semaphore.wait(None)?, Waited::Signaled(0));
/// assert_eq!(semaphore.release(2)?, 1);
/// assert_eq!(semaphore.release(1).unwrap_err().code(), veduta::Code::TOO_MANY_POSTS);
/// # Ok::<(), veduta::Error>(())
/// ```
#[derive(Debug)]
#[doc(alias = "CreateSemaphoreW")]
pub struct Semaphore {
    pub(super) handle: Handle,
}

handle_methods!(Semaphore);

impl SyncObject for Semaphore {
    const KIND: Kind = Kind::Semaphore;
}

impl Semaphore {
    /// The largest maximum.
    pub const MAXIMUM: u32 = i32::MAX as u32;

    /// Says what semaphore to create or open.
    pub fn options<'a>() -> SyncOptions<'a, Semaphore> {
        SyncOptions::new(NewState::Semaphore { count: 0, maximum: Self::MAXIMUM })
    }

    /// Raises the count, releases as many waiters, and gives the count before.
    ///
    /// # Errors
    /// - [`Code::INVALID_PARAMETER`]: `units` is 0, or above [`MAXIMUM`](Self::MAXIMUM).
    /// - [`Code::TOO_MANY_POSTS`]: the maximum would be passed; nothing is changed.
    /// - [`Code::ACCESS_DENIED`]: the handle has no [`SyncAccess::MODIFY_STATE`](crate::SyncAccess::MODIFY_STATE).
    #[doc(alias("ReleaseSemaphore", "post"))]
    pub fn release(&self, units: u32) -> Result<u32> {
        const OPERATION: &str = "release semaphore";
        if !(1..=Self::MAXIMUM).contains(&units) {
            let error = Error::new(Code::INVALID_PARAMETER, OPERATION)
                .hint(format!("release 1 to {}, not {units}", Self::MAXIMUM));
            return Err(self.handle.tell(error));
        }
        self.handle.modify(OPERATION, |semaphore| semaphore.put(units))?.map_err(|count| {
            let has = count.map(|count| format!("it has {count}, and ")).unwrap_or_default();
            let hint = format!("{has}there is no room for {units} more; nothing is changed");
            self.handle.tell(Error::new(Code::TOO_MANY_POSTS, OPERATION).hint(hint))
        })
    }
}

impl SyncOptions<'_, Semaphore> {
    /// What a new semaphore begins with; 0 unless said otherwise.
    #[doc(alias = "lInitialCount")]
    pub fn count(&mut self, count: u32) -> &mut Self {
        if let NewState::Semaphore { count: old, .. } = &mut self.new {
            *old = count;
        }
        self
    }

    /// The most that the count may be, 1 to [`Semaphore::MAXIMUM`]; the latter unless said otherwise.
    #[doc(alias = "lMaximumCount")]
    pub fn maximum(&mut self, maximum: u32) -> &mut Self {
        if let NewState::Semaphore { maximum: old, .. } = &mut self.new {
            *old = maximum;
        }
        self
    }
}
