//! What a process takes of the machine.
#![allow(dead_code, reason = "another test uses a part of it")]

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::{read_dir, read_to_string};

/// What the allocator may keep more of than before. What leaks a few bytes for each of thousands of objects is found all the same.
const ALLOCATOR: u64 = 1 << 20;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    /// Bytes of memory of its own.
    pub(crate) resident: u64,
    pub(crate) descriptors: usize,
    pub(crate) mappings: usize,
}

impl Footprint {
    pub(crate) fn now() -> Footprint {
        Footprint::of(std::process::id())
    }

    pub(crate) fn of(process: u32) -> Footprint {
        let status = read_to_string(format!("/proc/{process}/status")).expect("it runs");
        let line =
            status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("the kernel counts it");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
        let maps = read_to_string(format!("/proc/{process}/maps")).expect("it runs");
        let descriptors = read_dir(format!("/proc/{process}/fd")).expect("it runs").count();
        Footprint { resident: kib << 10, descriptors, mappings: maps.lines().count() }
    }

    /// Fails unless a process is back to this. Mappings are counted with what the allocator maps: two more are no leak of thousands.
    #[track_caller]
    pub(crate) fn is_again(&self, now: Footprint) {
        assert_eq!(now.descriptors, self.descriptors, "{now:?}, before: {self:?}");
        assert!(now.mappings <= self.mappings + 2, "{now:?}, before: {self:?}");
        assert!(now.resident <= self.resident + ALLOCATOR, "{now:?}, before: {self:?}");
    }
}

impl std::fmt::Display for Footprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Footprint { resident, descriptors, mappings } = self;
        write!(f, "{} KiB, {descriptors} descriptors, {mappings} mappings", resident >> 10)
    }
}

/// Lets this process have so many descriptors, or as many as this user may raise its limit to. Gives how many that is.
pub(crate) fn allow_descriptors(wanted: usize) -> usize {
    let wanted = wanted as u64;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return wanted as usize;
    }
    let raise = |limit: u64, maximum| setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum });
    if raise(wanted, maximum.map(|maximum| maximum.max(wanted))).is_ok() {
        return wanted as usize;
    }
    let most = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    raise(most, maximum).expect("below the maximum");
    most as usize
}
