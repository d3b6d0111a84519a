//! Real processes for tests: a [`World`] of names of their own, and [`Actor`]s in it that do what they are told.
//!
//! An actor is this same test program, started once more with the one ignored test in [`stage`], which obeys lines that
//! come over a socket. `stage::VERBS` is the table of all that an actor can do on both systems; [`Actor`] has a method for each verb.
//!
//! Nobody sleeps to synchronise: every line has an answer, and who does not answer within [`WATCHDOG`] fails the test.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses its part")]

pub mod actor;
// Row: /proc
#[cfg(target_os = "linux")]
pub mod memory;
pub mod random;
pub mod reply;
#[path = "../scratch/skip.rs"]
mod skip;
pub mod stage;
pub mod sync;
#[cfg_attr(target_os = "linux", path = "linux/mod.rs")] // Row: test support
#[cfg_attr(windows, path = "windows.rs")] // Row: test support
mod system;
pub mod world;

pub use actor::{Actor, Reply};
pub use random::Random;
pub use reply::{Incarnation, Outcome, Refusal, expect_refusal};
pub use skip::skipped;
// Row: users and mounts
#[cfg(target_os = "linux")]
pub use system::lacks_privileges;
pub use world::World;

use std::time::Duration;

/// How long anything may take before a test is taken to hang. Not a limit on speed: no test comes near it.
pub const WATCHDOG: Duration = Duration::from_secs(120);
