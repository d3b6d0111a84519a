//! Critical sections: recursive locks between the threads of a process.
//!
//! `LockCount` is the word that threads sleep on: -1 while nobody has the lock (as programs that look know it), 0 while somebody has
//! it, 1 while somebody has it and others may sleep. It is the three-state mutex of Drepper's "Futexes Are Tricky":
//! - Who sleeps set it to 1 before, and only sleeps while it is 1.
//! - Who leaves sets it to -1, and wakes one if it was 1.
//! - Who was asleep takes it with 1, not 0, since others may still sleep.
//!
//! `OwningThread` and `RecursionCount` are changed only by who has the lock. A thread that reads its own number there does have it; any
//! other number, however old, says that it has not.

use super::futex::{ANYONE, Deadline, SPINS, lock_at, not_held, stop, wait, wake};
use crate::export::export;
use crate::failure::Result;
use crate::types::{BOOL, DWORD};
use std::cell::Cell;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicUsize};

/// `CRITICAL_SECTION`, as in the headers.
#[repr(C)]
pub(crate) struct CriticalSection {
    /// -1 once it is initialised, as on Windows where there is no such information: zeroes are no critical section.
    debug_info: AtomicUsize,
    lock_count: AtomicU32,
    recursion_count: AtomicU32,
    owning_thread: AtomicUsize,
    lock_semaphore: AtomicUsize,
    spin_count: AtomicUsize,
}

const _: () = assert!(size_of::<CriticalSection>() == 40);

const FREE: u32 = u32::MAX;
const LOCKED: u32 = 0;
const CONTENDED: u32 = 1;
const INITIALISED: usize = usize::MAX;
/// The high byte of a spin count holds flags.
const SPIN_COUNT: u32 = 0x00FF_FFFF;

/// The number of the calling thread. A child of `fork` keeps the number of the thread that called it, and with it the locks.
fn this_thread() -> usize {
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(0) };
    }
    #[cold]
    fn ask() -> usize {
        let number = rustix::thread::gettid().as_raw_nonzero().get() as usize;
        NUMBER.set(number);
        number
    }
    match NUMBER.get() {
        0 => ask(),
        number => number,
    }
}

impl CriticalSection {
    fn initialise(&self, spin_count: u32) {
        self.lock_count.store(FREE, Relaxed);
        self.recursion_count.store(0, Relaxed);
        self.owning_thread.store(0, Relaxed);
        self.lock_semaphore.store(0, Relaxed);
        self.spin_count.store((spin_count & SPIN_COUNT) as usize, Relaxed);
        self.debug_info.store(INITIALISED, Release);
    }

    #[inline]
    pub(super) fn enter(&self, function: &str) {
        if !self.try_enter(function) {
            self.wait(function);
            self.owned();
        }
    }

    #[inline]
    fn try_enter(&self, function: &str) -> bool {
        if self.lock_count.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_ok() {
            self.owned();
            return true;
        }
        if self.owning_thread.load(Relaxed) == this_thread() {
            let entered = self.recursion_count.load(Relaxed);
            self.recursion_count.store(entered + 1, Relaxed);
            return true;
        }
        self.check(function);
        false
    }

    fn owned(&self) {
        self.owning_thread.store(this_thread(), Relaxed);
        self.recursion_count.store(1, Relaxed);
    }

    #[cold]
    fn check(&self, function: &str) {
        if self.debug_info.load(Relaxed) == 0 {
            stop(function, "the critical section was not initialised, or deleted");
        }
    }

    #[cold]
    fn wait(&self, function: &str) {
        for _ in 0..self.spin_count.load(Relaxed) {
            if self.lock_count.load(Relaxed) == FREE
                && self.lock_count.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_ok()
            {
                return;
            }
            std::hint::spin_loop();
        }
        while self.lock_count.swap(CONTENDED, Acquire) != FREE {
            wait(&self.lock_count, CONTENDED, ANYONE, Deadline::NEVER);
            self.check(function);
        }
    }

    #[inline]
    pub(super) fn leave(&self) -> Result<()> {
        if self.owning_thread.load(Relaxed) != this_thread() {
            return not_held();
        }
        let entered = self.recursion_count.load(Relaxed) - 1;
        self.recursion_count.store(entered, Relaxed);
        if entered == 0 {
            self.owning_thread.store(0, Relaxed);
            if self.lock_count.swap(FREE, Release) == CONTENDED {
                wake(&self.lock_count, 1, ANYONE);
            }
        }
        Ok(())
    }
}

type Section = *mut CriticalSection;

export! {
    fn InitializeCriticalSection(section: Section) {
        lock_at("InitializeCriticalSection", section).initialise(SPINS);
        Ok(())
    }

    fn InitializeCriticalSectionAndSpinCount(section: Section, spin_count: DWORD) -> BOOL {
        lock_at("InitializeCriticalSectionAndSpinCount", section).initialise(spin_count);
        Ok(())
    }

    /// The flags are about debug information, of which there is none.
    fn InitializeCriticalSectionEx(section: Section, spin_count: DWORD, _flags: DWORD) -> BOOL {
        lock_at("InitializeCriticalSectionEx", section).initialise(spin_count);
        Ok(())
    }

    fn EnterCriticalSection(section: Section) {
        lock_at("EnterCriticalSection", section).enter("EnterCriticalSection");
        Ok(())
    }

    fn TryEnterCriticalSection(section: Section) -> BOOL {
        Ok(BOOL::from(lock_at("TryEnterCriticalSection", section).try_enter("TryEnterCriticalSection")))
    }

    fn LeaveCriticalSection(section: Section) { lock_at("LeaveCriticalSection", section).leave() }

    /// Leaves zeroes, so that who still enters is noticed.
    fn DeleteCriticalSection(section: Section) {
        let section = lock_at("DeleteCriticalSection", section);
        section.initialise(0);
        section.lock_count.store(LOCKED, Relaxed);
        section.debug_info.store(0, Release);
        Ok(())
    }

    fn SetCriticalSectionSpinCount(section: Section, spin_count: DWORD) -> DWORD {
        let section = lock_at("SetCriticalSectionSpinCount", section);
        Ok(section.spin_count.swap((spin_count & SPIN_COUNT) as usize, Relaxed) as u32)
    }
}
