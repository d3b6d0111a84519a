//! The machine's memory, as the kernel counts it.

use super::WATCHDOG;
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;

/// How many bytes of shared memory there are on the machine.
pub fn shared() -> u64 {
    let meminfo = std::fs::read_to_string("/proc/meminfo").expect("/proc is mounted");
    let line = meminfo.lines().find_map(|line| line.strip_prefix("Shmem:")).expect("the kernel counts it");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
    kib << 10
}

/// Fails unless shared memory comes to be what `wanted` says. Other programs have some too, and the kernel's counters lag
/// behind by a few pages for each processor, so it is asked again until it is.
#[track_caller]
pub fn until_shared(what: &str, wanted: impl Fn(u64) -> bool) {
    let begun = Instant::now();
    while !wanted(shared()) {
        assert!(begun.elapsed() < WATCHDOG, "{what}: {} MiB of shared memory on the machine", shared() / MIB);
        std::thread::sleep(Duration::from_millis(1));
    }
}
