//! Counters that two processes share: a total, and what each of them counted. The mutex protects that the total is the sum.

use crate::context::Context;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use veduta::{Mutex, MutexGuard, Section, View, ViewAccess, Waitable, Waited};

const SIZE: u64 = 4096;
const TOTAL_AT: usize = 0;
const OWN_AT: [usize; 2] = [64, 128];

/// One process's handles, and which of the counters is its own.
pub(super) struct Tally {
    _section: Section,
    view: View,
    mutex: Mutex,
    own_at: usize,
}

/// What the counters said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) total: u64,
    pub(super) own: [u64; 2],
}

impl Counts {
    pub(super) fn sum(self) -> u64 {
        self.own.iter().sum()
    }
}

impl Tally {
    /// Fails with `ALREADY_EXISTS` if one of the names is taken.
    pub(super) fn create(context: &Context, counters: &str, mutex: &str) -> veduta::Result<Tally> {
        let section = context.sections().size(SIZE).create_new(counters)?;
        Tally::of(section, context.mutexes().create_new(mutex)?, 0)
    }

    pub(super) fn open(context: &Context, counters: &str, mutex: &str) -> veduta::Result<Tally> {
        Tally::of(context.sections().open(counters)?, context.mutexes().open(mutex)?, 1)
    }

    fn of(section: Section, mutex: Mutex, process: usize) -> veduta::Result<Tally> {
        let view = section.map(ViewAccess::Write)?;
        Ok(Tally { _section: section, view, mutex, own_at: OWN_AT[process] })
    }

    pub(super) fn counts(&self) -> veduta::Result<Counts> {
        let [first, second] = OWN_AT.map(|at| self.view.read_value(at));
        Ok(Counts { total: self.view.read_value(TOTAL_AT)?, own: [first?, second?] })
    }

    /// Counts so often, and says how often it had to wait for its turn.
    pub(super) fn count(&self, times: u64) -> veduta::Result<u64> {
        let mut waits = 0;
        for _ in 0..times {
            let _turn: MutexGuard<'_> = match self.mutex.try_lock()? {
                Some(turn) => turn,
                None => {
                    waits += 1;
                    self.mutex.lock()?
                }
            };
            self.add_one(TOTAL_AT)?;
            self.add_one(self.own_at)?;
        }
        Ok(waits)
    }

    /// Acquires the mutex and keeps it. Says whether it was abandoned, and when that was.
    pub(super) fn acquire(&self) -> veduta::Result<(bool, SystemTime)> {
        let waited = self.mutex.wait(None)?;
        Ok((matches!(waited, Waited::Abandoned(_)), SystemTime::now()))
    }

    /// Acquires the mutex, keeps it, and does half of what it is for.
    pub(super) fn count_half(&self) -> veduta::Result<()> {
        self.acquire()?;
        self.add_one(TOTAL_AT)
    }

    /// Makes the total the sum again, and releases the mutex.
    pub(super) fn repair(&self) -> veduta::Result<()> {
        self.view.write_value(TOTAL_AT, &self.counts()?.sum())?;
        self.mutex.release()
    }

    /// Nothing atomic here: two at once would lose counts.
    fn add_one(&self, at: usize) -> veduta::Result<()> {
        let count: u64 = self.view.read_value(at)?;
        self.view.write_value(at, &(count + 1))
    }
}
