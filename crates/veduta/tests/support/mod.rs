//! Real processes for tests: a [`World`] of names of their own, and [`Actor`]s in it that do what they are told.
//!
//! An actor is this same test program, started once more with the one ignored test in [`stage`], which obeys lines that
//! come over a socket. `stage::VERBS` is the table of all that an actor can do; [`Actor`] has a method for each verb.
//!
//! Nobody sleeps to synchronise: every line has an answer, and who does not answer within [`WATCHDOG`] fails the test.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses its part")]

pub mod actor;
pub mod cell;
pub mod memory;
pub mod random;
pub mod reply;
#[path = "../scratch/skip.rs"]
mod skip;
pub mod stage;
pub mod sync;
pub mod world;

pub use actor::{Actor, Reply};
pub use random::Random;
pub use reply::{Incarnation, Outcome, Refusal, expect_refusal};
pub use skip::skipped;
pub use world::World;

use std::time::Duration;

/// Why this process may not mount, become other users and so on; `None` if it may.
pub fn lacks_privileges() -> Option<&'static str> {
    // To change owners, to override permissions, to look into other users' processes, to change users, to mount.
    const NEEDED: u64 = 1 | 1 << 1 | 1 << 19 | 1 << 6 | 1 << 7 | 1 << 21;
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line =
        status.lines().find_map(|line| line.strip_prefix("CapEff:")).expect("every process has capabilities");
    let capabilities = u64::from_str_radix(line.trim(), 16).expect("they are a number");
    (capabilities & NEEDED != NEEDED).then_some("it takes root")
}

/// How long anything may take before a test is taken to hang. Not a limit on speed: no test comes near it.
pub const WATCHDOG: Duration = Duration::from_secs(120);
