//! How long a thread looks for itself before it sleeps.
//!
//! To put a thread to sleep and to wake it takes longer than most answers that another processor is about to give; but as long as a
//! thread looks, nobody else can use its processor, perhaps not even the one who has the answer. So a thread whose last answer came while
//! one looked looks for about as long as a sleep would cost, and for half as long after each time that none came, until it does not look at
//! all. Now and then it does all the same, to find out whether the others have become faster.

use super::futex::Deadline;
use crate::Result;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The patience of the waits for one object, in this process.
pub(super) struct Patience {
    nanoseconds: AtomicU32,
    waits: AtomicU32,
}

/// About what it takes to wake a thread on an idle processor.
const MOST: u32 = 25_000;
/// Who would look for less does not look at all.
const LEAST: u32 = 500;
/// How often a thread looks between two looks at the clock.
const LOOKS: u32 = 8;
/// Every how many waits a thread looks for as long as it may. Seldom enough that it does not show if it is in vain: two threads that wake each other
/// in turn on one processor take about a microsecond for a wait, and this adds a fortieth of one.
const EXPLORE: u32 = 1024;

impl Patience {
    pub(super) fn new() -> Patience {
        Patience { nanoseconds: AtomicU32::new(LEAST), waits: AtomicU32::new(0) }
    }

    /// Looks until `look` gives something, patience ends, or the deadline passes.
    pub(super) fn spin<T>(
        &self,
        deadline: Deadline,
        mut look: impl FnMut() -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        /// With a single processor nobody can answer as long as this thread runs.
        static ALONE: LazyLock<bool> = LazyLock::new(|| {
            std::thread::available_parallelism().is_ok_and(|processors| processors.get() == 1)
        });
        if *ALONE {
            return Ok(None);
        }
        let known = self.nanoseconds.load(Ordering::Relaxed);
        let explores = self.waits.fetch_add(1, Ordering::Relaxed) % EXPLORE == EXPLORE - 1;
        if known <= LEAST && !explores {
            return Ok(None);
        }
        let mut look_some_times = || {
            for _ in 0..LOOKS {
                if let Some(found) = look()? {
                    return Ok(Some(found));
                }
                std::hint::spin_loop();
            }
            Ok(None)
        };
        // The quickest answers come before it is worth asking for the time.
        if let Some(found) = look_some_times()? {
            self.learn(MOST);
            return Ok(Some(found));
        }
        let patience = Duration::from_nanos(if explores { MOST } else { known }.into());
        let begun = Instant::now();
        while begun.elapsed() < patience && !deadline.has_passed() {
            if let Some(found) = look_some_times()? {
                self.learn(MOST);
                return Ok(Some(found));
            }
        }
        self.learn(known / 2);
        Ok(None)
    }

    fn learn(&self, nanoseconds: u32) {
        // A word that others read is written only if it changes.
        if nanoseconds != self.nanoseconds.load(Ordering::Relaxed) {
            self.nanoseconds.store(nanoseconds, Ordering::Relaxed);
        }
    }
}
