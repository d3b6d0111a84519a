//! Saying that something was not tested. Nothing is skipped without a word.
#![allow(unreachable_pub, reason = "tests of several kinds include it")]

use std::io::Write;

/// Says, past the harness that hides the output of tests that pass, that this test did not test everything. Where
/// `VEDUTA_SKIP_NOTHING` is set, that is a failure.
pub fn skipped(why: impl std::fmt::Display) {
    assert!(std::env::var_os("VEDUTA_SKIP_NOTHING").is_none(), "nothing was to be skipped, but {why}");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    // In one piece: tests run side by side.
    let line = format!("skipped: {test}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
}
