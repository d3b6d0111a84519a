//! Slim reader/writer locks. Zeroes are a free lock.
//!
//! One word: whether a writer has the lock, whether writers and whether readers may sleep, and how many readers have it. Two kinds of
//! sleepers on one word are told apart by the kernel's bit sets.
//! - Who sleeps set its kind's bit before, and sleeps only while the word is as it was then.
//! - A free lock has no WRITERS bit: who frees the lock clears it, and wakes one writer. That one takes the lock with the bit set, since
//!   others may still sleep; until it does, nobody else needs to wake them.
//! - Where no writer slept, all readers are woken and the READERS bit is cleared. Otherwise it stays: who has the lock next wakes them.
//! - New readers sleep if the WRITERS bit is set, so that readers who come and go do not keep writers out.

use super::futex::{Deadline, READER, SPINS, WRITER, lock_at, not_held, wait, wake};
use crate::export::{FailsAs, export};
use crate::failure::Result;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// `SRWLOCK`, as in the headers.
#[repr(C, align(8))]
pub(crate) struct SlimLock {
    word: AtomicU32,
}

const _: () = assert!(size_of::<SlimLock>() == 8);

const EXCLUSIVE: u32 = 1 << 31;
const WRITERS: u32 = 1 << 30;
const READERS: u32 = 1 << 29;
const COUNT: u32 = READERS - 1;

impl SlimLock {
    #[inline]
    pub(super) fn acquire_exclusive(&self) {
        if self.word.compare_exchange(0, EXCLUSIVE, Acquire, Relaxed).is_err() {
            self.wait_exclusive();
        }
    }

    #[inline]
    pub(super) fn acquire_shared(&self) {
        if !self.try_acquire_shared() {
            self.wait_shared();
        }
    }

    fn try_acquire_exclusive(&self) -> bool {
        let take = |now: u32| (now & (EXCLUSIVE | COUNT) == 0).then_some(now | EXCLUSIVE);
        self.word.fetch_update(Acquire, Relaxed, take).is_ok()
    }

    fn try_acquire_shared(&self) -> bool {
        let take = |now: u32| (now & (EXCLUSIVE | WRITERS) == 0).then(|| now + 1);
        self.word.fetch_update(Acquire, Relaxed, take).is_ok()
    }

    #[cold]
    fn wait_exclusive(&self) {
        for _ in 0..SPINS {
            if self.word.load(Relaxed) & (EXCLUSIVE | COUNT) == 0 && self.try_acquire_exclusive() {
                return;
            }
            std::hint::spin_loop();
        }
        // What this thread knows of other sleepers.
        let mut others = 0;
        loop {
            let now = self.word.load(Relaxed);
            if now & (EXCLUSIVE | COUNT) == 0 {
                if self.word.compare_exchange(now, now | EXCLUSIVE | others, Acquire, Relaxed).is_ok() {
                    return;
                }
            } else if self.mark(now, WRITERS) {
                wait(&self.word, now | WRITERS, WRITER, Deadline::NEVER);
                others = WRITERS;
            }
        }
    }

    #[cold]
    fn wait_shared(&self) {
        for _ in 0..SPINS {
            if self.word.load(Relaxed) & (EXCLUSIVE | WRITERS) == 0 && self.try_acquire_shared() {
                return;
            }
            std::hint::spin_loop();
        }
        while !self.try_acquire_shared() {
            let now = self.word.load(Relaxed);
            if now & (EXCLUSIVE | WRITERS) != 0 && self.mark(now, READERS) {
                wait(&self.word, now | READERS, READER, Deadline::NEVER);
            }
        }
    }

    /// Sets a bit, if nothing else has changed.
    fn mark(&self, now: u32, bit: u32) -> bool {
        now & bit != 0 || self.word.compare_exchange(now, now | bit, Relaxed, Relaxed).is_ok()
    }

    #[inline]
    pub(super) fn release_exclusive(&self) -> Result<()> {
        if self.word.compare_exchange(EXCLUSIVE, 0, Release, Relaxed).is_ok() {
            return Ok(());
        }
        self.release(|now| now & EXCLUSIVE != 0)
    }

    #[inline]
    pub(super) fn release_shared(&self) -> Result<()> {
        self.release(|now| now & EXCLUSIVE == 0 && now & COUNT != 0)
    }

    fn release(&self, held: impl Fn(u32) -> bool) -> Result<()> {
        let mut now = self.word.load(Relaxed);
        loop {
            if !held(now) {
                return not_held();
            }
            let last = now & COUNT <= 1;
            // All readers are woken if no writer is.
            let awaiting = if now & WRITERS != 0 { now & READERS } else { 0 };
            let next = if last { awaiting } else { now - 1 };
            match self.word.compare_exchange_weak(now, next, Release, Relaxed) {
                Ok(_) if last && now & (WRITERS | READERS) != 0 => {
                    self.wake(now);
                    return Ok(());
                }
                Ok(_) => return Ok(()),
                Err(changed) => now = changed,
            }
        }
    }

    /// Wakes who may sleep, after the lock was freed and the bits of those cleared that are woken.
    #[cold]
    fn wake(&self, before: u32) {
        if before & WRITERS != 0 {
            let writers = wake(&self.word, 1, WRITER);
            // Without a writer on its way, who would wake the readers? If somebody else has the lock now, that one does.
            let for_readers = writers == 0
                && before & READERS != 0
                && self.word.compare_exchange(READERS, 0, Relaxed, Relaxed).is_ok();
            if !for_readers {
                return;
            }
        }
        wake(&self.word, u32::MAX, READER);
    }
}

/// `BOOLEAN`, which has 8 bits.
impl FailsAs for u8 {
    const FAILED: u8 = 0;
}

type Lock = *mut SlimLock;

export! {
    fn InitializeSRWLock(lock: Lock) {
        lock_at("InitializeSRWLock", lock).word.store(0, Release);
        Ok(())
    }

    fn AcquireSRWLockExclusive(lock: Lock) {
        lock_at("AcquireSRWLockExclusive", lock).acquire_exclusive();
        Ok(())
    }

    fn AcquireSRWLockShared(lock: Lock) {
        lock_at("AcquireSRWLockShared", lock).acquire_shared();
        Ok(())
    }

    fn ReleaseSRWLockExclusive(lock: Lock) { lock_at("ReleaseSRWLockExclusive", lock).release_exclusive() }

    fn ReleaseSRWLockShared(lock: Lock) { lock_at("ReleaseSRWLockShared", lock).release_shared() }

    fn TryAcquireSRWLockExclusive(lock: Lock) -> u8 {
        Ok(u8::from(lock_at("TryAcquireSRWLockExclusive", lock).try_acquire_exclusive()))
    }

    fn TryAcquireSRWLockShared(lock: Lock) -> u8 {
        Ok(u8::from(lock_at("TryAcquireSRWLockShared", lock).try_acquire_shared()))
    }
}
