//! Many of everything: names, processes, opens, bytes, views, and listings while names come and go. Afterwards memory, descriptors,
//! mappings and entries are what they were before.
//!
//! With `VEDUTA_LOAD=full` the numbers are those of docs/reliability.md; by default they are small. `VEDUTA_LOAD_SECONDS` says how long
//! objects are opened and listed.
// Row: limits
#![cfg(target_os = "linux")]

mod churn;
mod footprint;
mod names;
mod opens;
mod processes;
mod sparse;
#[path = "../support/mod.rs"]
mod support;
mod views;

use std::env;
use std::process::Stdio;
use std::time::Duration;
use support::World;
use support::world::role_command;

/// What lines begin with that are to be read: figures, and what was not tried.
const MARKS: [&str; 2] = ["figure: ", "skipped: "];

/// How many there are to be.
fn count(full: usize, quick: usize) -> usize {
    if env::var_os("VEDUTA_LOAD").is_some_and(|load| load == "full") { full } else { quick }
}

/// How long it is to go on.
fn duration() -> Duration {
    let seconds = env::var("VEDUTA_LOAD_SECONDS").map_or(1, |text| text.parse().expect("it is a number"));
    Duration::from_secs(seconds)
}

/// Plays a role in a process of its own, whose memory and descriptors are nobody else's, and where names are its own. It leaves none behind.
fn alone(role: &str) {
    let world = World::new();
    let mut command = role_command(role);
    command.env("VEDUTA_ROOT", world.root()).stdout(Stdio::piped());
    let output = command.stderr(Stdio::inherit()).output().expect("a test can start itself");
    let said = String::from_utf8_lossy(&output.stdout);
    for line in said.lines() {
        // The harness writes its own words before the first.
        if let Some(line) = MARKS.iter().find_map(|mark| line.find(mark).map(|at| &line[at..])) {
            println!("{line}");
        }
    }
    assert!(output.status.success(), "{}: {said}", output.status);
    assert!(said.contains("1 passed"), "there is such a role: {said}");
    world.expect_nothing_left();
}

/// Tells a figure to whoever started this role.
macro_rules! figure {
    ($($word:tt)*) => { println!("figure: {}", format_args!($($word)*)) };
}
pub(crate) use figure;
