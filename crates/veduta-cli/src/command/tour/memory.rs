//! What the kernel says of the machine's shared memory.

use crate::failure::{Failure, Outcome};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The bytes of all shared memory on the machine, `Shmem` in /proc/meminfo.
pub(super) fn shared() -> Outcome<u64> {
    const MEMINFO: &str = "/proc/meminfo";
    let text =
        fs::read_to_string(MEMINFO).map_err(|error| Failure::at("read", Path::new(MEMINFO), &error))?;
    text.lines()
        .find_map(|line| line.strip_prefix("Shmem:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok())
        .map(|kib| kib << 10)
        .ok_or_else(|| Failure::new("/proc/meminfo has no line Shmem"))
}

/// A change of the machine's shared memory since some moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    before: u64,
    after: u64,
    settled: bool,
}

impl Change {
    pub(super) fn since(before: u64) -> Outcome<Change> {
        Ok(Change { before, after: shared()?, settled: false })
    }

    /// Looks until at least nine tenths of `size` are gone, and gives up after some seconds.
    ///
    /// Other processes use shared memory too: what they take is noise, and noise passes; what they give back is none of
    /// our business.
    pub(super) fn freed(before: u64, size: u64) -> Outcome<Change> {
        let start = Instant::now();
        loop {
            let mut change = Change::since(before)?;
            change.settled = change.after <= before.saturating_sub(size / 10 * 9);
            if change.settled || start.elapsed() > Duration::from_secs(10) {
                return Ok(change);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the change was as expected.
    pub(super) fn is_settled(self) -> bool {
        self.settled
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const MIB: f64 = 1_048_576.0;
        let [before, after] = [self.before, self.after].map(|bytes| bytes as f64 / MIB);
        write!(f, "Shmem {before:.1} → {after:.1} MiB ({:+.1})", after - before)
    }
}
