//! Programs as they are written for Windows, in the directories here: each is compiled for Linux and for Windows, run with real files and
//! several processes, natively and under Wine, and must do the same and say the same everywhere.

mod build;
mod running;
mod stage;
mod wine;

mod counter;
mod filecopy;
mod pager;
mod ring;
mod workers;

/// Says, past the harness that hides the output of tests that pass, that this test did not test everything. Where
/// `VEDUTA_SKIP_NOTHING` is set, that is a failure.
fn skipped(why: &str) {
    use std::io::Write;
    assert!(std::env::var_os("VEDUTA_SKIP_NOTHING").is_none(), "nothing was to be skipped, but {why}");
    let thread = std::thread::current();
    let line = format!("skipped: {}: {why}\n", thread.name().unwrap_or_default());
    // In one piece: tests run side by side.
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
}
