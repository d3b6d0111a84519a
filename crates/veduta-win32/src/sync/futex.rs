//! Sleeping on a word of this process' memory, for the locks that lie in the program's own structures.

use crate::code;
use crate::failure::{Failure, Result};
use rustix::io::Errno;
use rustix::thread::futex::{self, Flags};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::num::NonZeroU32;
use std::sync::atomic::AtomicU32;

/// Who sleeps on a word, where there are two kinds of sleepers.
#[derive(Clone, Copy)]
pub(super) struct Who(NonZeroU32);

pub(super) const ANYONE: Who = Who(NonZeroU32::MAX);
pub(super) const READER: Who = Who(NonZeroU32::new(1).unwrap());
pub(super) const WRITER: Who = Who(NonZeroU32::new(2).unwrap());

pub(super) const INFINITE: u32 = u32::MAX;

/// Until when to wait, on the monotonic clock.
#[derive(Clone, Copy)]
pub(super) struct Deadline(Option<Timespec>);

impl Deadline {
    pub(super) const NEVER: Deadline = Deadline(None);

    pub(super) fn in_milliseconds(milliseconds: u32) -> Deadline {
        if milliseconds == INFINITE {
            return Deadline::NEVER;
        }
        let now = clock_gettime(ClockId::Monotonic);
        let nanoseconds = now.tv_nsec + i64::from(milliseconds % 1000) * 1_000_000;
        Deadline(Some(Timespec {
            tv_sec: now.tv_sec + i64::from(milliseconds / 1000) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000,
        }))
    }
}

/// Sleeps while the word has this value, until somebody wakes it. Returns for other reasons too, and says only whether time was up.
pub(super) fn wait(word: &AtomicU32, value: u32, who: Who, deadline: Deadline) -> bool {
    // With no time to wait for, a bitset wait is the one that takes a moment and not a duration.
    let result = futex::wait_bitset(word, Flags::PRIVATE, value, deadline.0.as_ref(), who.0);
    result == Err(Errno::TIMEDOUT)
}

/// Wakes up to so many, and says how many it were. The word may be gone meanwhile: then nobody sleeps there, or somebody who looks again.
pub(super) fn wake(word: &AtomicU32, count: u32, who: Who) -> usize {
    futex::wake_bitset(word, Flags::PRIVATE, count.min(i32::MAX as u32), who.0).unwrap_or(0)
}

/// Short waits are over sooner when they do not sleep.
pub(super) const SPINS: u32 = 100;

/// What the program passed where a lock must be. There is no value that says "failed" to who wants a lock, and going on without one
/// is worse than stopping.
pub(super) fn lock_at<'a, T>(function: &str, lock: *mut T) -> &'a T {
    if lock.is_null() || !lock.is_aligned() {
        stop(function, "the pointer is NULL, or not aligned as the structure has to be");
    }
    // SAFETY: the caller says that a structure of this type is there, and stays there during the call; all of its fields are atomic.
    unsafe { &*lock }
}

#[cold]
pub(super) fn stop(function: &str, why: &str) -> ! {
    eprintln!("veduta: {function}: {why}");
    std::process::abort()
}

/// What a lock says to who releases it and does not have it.
#[cold]
pub(super) fn not_held<T>() -> Result<T> {
    Err(Failure::hint(code::NOT_OWNER, "the lock is released by who does not hold it"))
}
