//! Sleeping on words in memory that processes share, and waking who sleeps there.

use super::super::environment;
use super::super::error::{failed, last};
use super::primitive::Expected;
use crate::Result;
use rustix::io::Errno;
use rustix::time::Timespec;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Until when to wait, on the clock of [`Instant`] (`CLOCK_MONOTONIC`, which stands still while the machine sleeps).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    Never,
    At(Instant),
}

impl Deadline {
    pub(crate) fn after(timeout: Option<Duration>) -> Deadline {
        match timeout.and_then(|timeout| Instant::now().checked_add(timeout)) {
            Some(at) => Deadline::At(at),
            None => Deadline::Never,
        }
    }

    pub(super) fn has_passed(self) -> bool {
        matches!(self, Deadline::At(at) if Instant::now() >= at)
    }

    /// The earlier of this and a moment from now.
    pub(super) fn or_in(self, nap: Duration) -> Deadline {
        let soon = Instant::now() + nap;
        match self {
            Deadline::At(at) if at < soon => self,
            _ => Deadline::At(soon),
        }
    }

    /// How much of the kernel's monotonic clock: that is what [`Instant`] reads, but it does not show it.
    fn to_timespec(self) -> Option<Timespec> {
        let Deadline::At(at) = self else { return None };
        let left = at.saturating_duration_since(Instant::now());
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let nanos = now.tv_nsec + i64::from(left.subsec_nanos());
        let seconds = i64::try_from(left.as_secs()).unwrap_or(i64::MAX);
        Some(Timespec {
            tv_sec: now.tv_sec.saturating_add(seconds).saturating_add(nanos / 1_000_000_000),
            tv_nsec: nanos % 1_000_000_000,
        })
    }
}

/// The longest sleep of a thread that nobody may be able to wake.
pub(super) const NAP: Duration = Duration::from_millis(1);

/// Sleeps until somebody wakes one of the words, one of them has not the value expected, the deadline passes, or for no
/// reason at all. The caller looks at the words again.
pub(super) fn sleep(words: &[Expected<'_>], deadline: Deadline) -> Result<()> {
    match words {
        [] => {
            std::thread::sleep(match deadline {
                Deadline::At(at) => at.saturating_duration_since(Instant::now()),
                Deadline::Never => NAP,
            });
            Ok(())
        }
        [one] => sleep_on(*one, deadline),
        many if many.len() <= MANY && has_waitv() => sleep_on_any(many, deadline),
        many => {
            // Nobody can wake a thread on all of them: it naps on one after the other.
            static TURN: AtomicU32 = AtomicU32::new(0);
            let turn = TURN.fetch_add(1, Ordering::Relaxed) as usize % many.len();
            match many.iter().all(|expected| expected.word.load(Ordering::SeqCst) == expected.value) {
                true => sleep_on(many[turn], deadline.or_in(NAP)),
                false => Ok(()),
            }
        }
    }
}

fn sleep_on(expected: Expected<'_>, deadline: Deadline) -> Result<()> {
    let until = deadline.to_timespec();
    let until = until.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let operation = libc::FUTEX_WAIT_BITSET;
    // SAFETY: the word is an aligned atomic that outlives the call; the time is absent or a timespec that does too.
    let status = unsafe {
        libc::syscall(
            libc::SYS_futex,
            expected.word.as_ptr(),
            operation,
            expected.value,
            until,
            std::ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        )
    };
    outcome(status)
}

/// What the kernel takes at once.
const MANY: usize = 128;

#[repr(C)]
#[derive(Clone, Copy)]
struct Waiter {
    value: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

fn sleep_on_any(words: &[Expected<'_>], deadline: Deadline) -> Result<()> {
    const FUTEX2_SIZE_U32: u32 = 2;
    let mut waiters = [Waiter { value: 0, address: 0, flags: FUTEX2_SIZE_U32, reserved: 0 }; MANY];
    for (waiter, expected) in waiters.iter_mut().zip(words) {
        waiter.value = expected.value.into();
        waiter.address = expected.word.as_ptr() as u64;
    }
    let until = deadline.to_timespec();
    let until = until.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the first `words.len()` waiters name aligned atomics that outlive the call; the time as in `sleep_on`.
    let status = unsafe {
        libc::syscall(
            libc::SYS_futex_waitv,
            waiters.as_ptr(),
            words.len() as u32,
            0,
            until,
            libc::CLOCK_MONOTONIC,
        )
    };
    outcome(status)
}

/// Whether the kernel can put a thread to sleep on several words (Linux 5.16). `VEDUTA_WAITV=0` denies it, for tests.
fn has_waitv() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        // SAFETY: with no words the call only says that this is invalid, or that there is no such call.
        let status = unsafe {
            libc::syscall(
                libc::SYS_futex_waitv,
                std::ptr::null::<Waiter>(),
                0,
                0,
                std::ptr::null::<Timespec>(),
                0,
            )
        };
        let there = status == -1 && last() == Errno::INVAL;
        there && environment::variable("VEDUTA_WAITV").is_none_or(|value| value != "0")
    })
}

fn outcome(status: libc::c_long) -> Result<()> {
    if status != -1 {
        return Ok(());
    }
    match last() {
        Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT => Ok(()),
        errno => Err(failed("wait", errno)),
    }
}

/// Wakes at most so many threads that sleep on the word, who came first first, and says how many did.
///
/// Says 0 where the kernel refuses, too: a page that somebody took away has no sleepers.
pub(super) fn wake(word: &AtomicU32, threads: u32) -> u32 {
    let threads = threads.min(i32::MAX as u32);
    // SAFETY: the address is only used as a name.
    let woken = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, threads) };
    u32::try_from(woken).unwrap_or(0)
}

/// How many threads sleep on the word: they are moved from it to itself, and so counted.
pub(super) fn sleepers(word: &AtomicU32) -> u32 {
    // SAFETY: the word is an aligned atomic; nothing is woken, and who sleeps goes on sleeping on the same word.
    let moved = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_REQUEUE,
            0,
            i32::MAX as usize,
            word.as_ptr(),
        )
    };
    u32::try_from(moved).unwrap_or(0)
}
