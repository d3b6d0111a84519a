//! Condition variables. Zeroes are one that nobody waits for.
//!
//! One word of 64 bits: a number that changes with each waking, and how many may sleep. The program may free the structure as soon as
//! the last sleeper was woken, so who was woken does not touch it again.
//! - Who waits adds itself and reads the number in one step, before it leaves the lock; it sleeps only while that number stands.
//! - Who wakes one changes the number and takes one away; who wakes all changes it and takes all away. If nobody sleeps it does nothing.
//! - Who wakes up because time is up takes itself away if the number still stands: otherwise somebody may have done it already.
//!
//! So the count is never below the sleepers. It may be above them after a race; then a waking goes to nobody, and corrects it.
//! Who read the number and does not sleep yet wakes up for nothing if another is woken. Windows, too, wakes for nothing at times.

use super::critical::CriticalSection;
use super::futex::{ANYONE, Deadline, lock_at, wait, wake};
use super::slim::SlimLock;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::types::{BOOL, DWORD};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// `CONDITION_VARIABLE`, as in the headers.
#[repr(C)]
pub(crate) struct Condition {
    word: AtomicU64,
}

const _: () = assert!(size_of::<Condition>() == 8);
const _: () = assert!(cfg!(target_endian = "little"), "the number is in the half that comes first");

/// The count is in the high half, so that the number overflows into it: never by itself, see `woken`.
const ONE: u64 = 1 << 32;

const CONDITION_VARIABLE_LOCKMODE_SHARED: u32 = 1;

fn number(word: u64) -> u32 {
    word as u32
}

/// The word after so many were woken.
fn woken(word: u64, count: u64) -> u64 {
    (word >> 32).saturating_sub(count) << 32 | u64::from(number(word).wrapping_add(1))
}

impl Condition {
    fn number_word(&self) -> &AtomicU32 {
        let half = (&raw const self.word).cast::<AtomicU32>();
        // SAFETY: the first half of a structure that is there; only the kernel reads it so.
        unsafe { &*half }
    }

    /// Sleeps between leaving a lock and entering it again. False if time was up.
    fn sleep(
        &self,
        milliseconds: u32,
        leave: impl FnOnce() -> Result<()>,
        enter: impl FnOnce(),
    ) -> Result<bool> {
        let deadline = Deadline::in_milliseconds(milliseconds);
        let mine = number(self.word.fetch_add(ONE, SeqCst));
        if let Err(failure) = leave() {
            self.take_away(mine);
            return Err(failure);
        }
        let timed_out = wait(self.number_word(), mine, ANYONE, deadline);
        if timed_out {
            self.take_away(mine);
        }
        enter();
        Ok(!timed_out)
    }

    fn take_away(&self, mine: u32) {
        let without = |word: u64| (number(word) == mine && word >= ONE).then(|| word - ONE);
        let _unless_woken = self.word.fetch_update(SeqCst, SeqCst, without);
    }

    fn wake(&self, count: u32) {
        let change = |word: u64| (word >= ONE).then(|| woken(word, u64::from(count)));
        if self.word.fetch_update(SeqCst, SeqCst, change).is_ok() {
            wake(self.number_word(), count, ANYONE);
        }
    }
}

type Variable = *mut Condition;

export! {
    fn InitializeConditionVariable(variable: Variable) {
        lock_at("InitializeConditionVariable", variable).word.store(0, SeqCst);
        Ok(())
    }

    fn SleepConditionVariableCS(variable: Variable, section: *mut CriticalSection, milliseconds: DWORD) -> BOOL {
        const NAME: &str = "SleepConditionVariableCS";
        let section = lock_at(NAME, section);
        slept(lock_at(NAME, variable).sleep(milliseconds, || section.leave(), || section.enter(NAME)))
    }

    fn SleepConditionVariableSRW(
        variable: Variable,
        lock: *mut SlimLock,
        milliseconds: DWORD,
        flags: DWORD,
    ) -> BOOL {
        const NAME: &str = "SleepConditionVariableSRW";
        let (variable, lock) = (lock_at(NAME, variable), lock_at(NAME, lock));
        slept(match flags {
            0 => variable.sleep(milliseconds, || lock.release_exclusive(), || lock.acquire_exclusive()),
            CONDITION_VARIABLE_LOCKMODE_SHARED => {
                variable.sleep(milliseconds, || lock.release_shared(), || lock.acquire_shared())
            }
            _ => Err(Failure::Code(code::INVALID_PARAMETER)),
        })
    }

    fn WakeConditionVariable(variable: Variable) {
        lock_at("WakeConditionVariable", variable).wake(1);
        Ok(())
    }

    fn WakeAllConditionVariable(variable: Variable) {
        lock_at("WakeAllConditionVariable", variable).wake(u32::MAX);
        Ok(())
    }
}

fn slept(result: Result<bool>) -> Result<()> {
    if result? { Ok(()) } else { fail(code::TIMEOUT) }
}
