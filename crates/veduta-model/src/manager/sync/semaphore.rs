//! Semaphores: a count that waits take from.

use crate::manager::code::{INVALID_PARAMETER, TOO_MANY_POSTS};

#[derive(Debug, Clone)]
pub(in crate::manager) struct Semaphore {
    pub(super) count: u32,
    pub(super) maximum: u32,
}

/// Counts are signed in Windows.
const MOST: u32 = i32::MAX as u32;

impl Semaphore {
    pub(super) fn new(count: u32, maximum: u32) -> Result<Semaphore, u32> {
        if maximum == 0 || maximum > MOST || count > maximum {
            return Err(INVALID_PARAMETER);
        }
        Ok(Semaphore { count, maximum })
    }

    /// Whether so many can be released at all, whatever the semaphore and the handle are.
    pub(super) fn check_release(count: u32) -> Result<(), u32> {
        if count == 0 || count > MOST { Err(INVALID_PARAMETER) } else { Ok(()) }
    }

    /// Tells the count before.
    pub(super) fn release(&mut self, count: u32) -> Result<u32, u32> {
        let before = self.count;
        if count > self.maximum - before {
            return Err(TOO_MANY_POSTS);
        }
        self.count += count;
        Ok(before)
    }

    pub(super) fn take(&mut self) {
        self.count -= 1;
    }
}
