//! What the system says of the memory that all processes share.

use crate::failure::{Failure, Outcome};
use crate::os::machine;
use std::time::{Duration, Instant};

/// The shared memory in use on the whole machine, where the system tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared {
    bytes: u64,
    /// What the system calls the number.
    name: &'static str,
}

impl Shared {
    pub(super) fn now() -> Outcome<Option<Shared>> {
        let told = machine::shared_memory()
            .map_err(|error| Failure::cannot("learn how much memory is shared", &error))?;
        Ok(told.map(|(bytes, name)| Shared { bytes, name }))
    }
}

/// A change of the machine's shared memory since some moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    before: Shared,
    after: Shared,
}

impl Change {
    pub(super) fn since(before: Option<Shared>) -> Outcome<Option<Change>> {
        Ok(before.zip(Shared::now()?).map(|(before, after)| Change { before, after }))
    }

    /// Looks until at least nine tenths of `size` are gone, and gives up after some seconds.
    ///
    /// Other processes use shared memory too: what they take is noise, and noise passes; what they give back is none of
    /// our business.
    pub(super) fn freed(before: Option<Shared>, size: u64) -> Outcome<Option<Change>> {
        let start = Instant::now();
        loop {
            let change = Change::since(before)?;
            if change.is_none_or(|change| change.frees(size)) || start.elapsed() > Duration::from_secs(10) {
                return Ok(change);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether at least nine tenths of `size` are gone.
    pub(super) fn frees(self, size: u64) -> bool {
        self.after.bytes <= self.before.bytes.saturating_sub(size / 10 * 9)
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const MIB: f64 = 1_048_576.0;
        let [before, after] = [self.before, self.after].map(|shared| shared.bytes as f64 / MIB);
        write!(f, "{} {before:.1} → {after:.1} MiB ({:+.1})", self.after.name, after - before)
    }
}
