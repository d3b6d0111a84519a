//! veduta beside what one would use instead, in one run: `bench/run`.
//!
//! All that do the same piece of work take turns in one run, many short turns each, and the ratio of the turns of one round is what counts:
//! machines are noisy and change their speed while they work, so a time alone says little. Criterion does not let contenders take turns, hence
//! the harness of our own.

mod bare;
mod contest;
mod iceoryx;
mod partner;
mod peer;
mod program;
mod report;
mod results;
#[path = "../../crates/veduta/examples/ring/ring.rs"]
mod ring;
mod signal;
mod workloads;

use clap::Parser;
use contest::{Bench, Pace};
use program::Programs;
use std::path::PathBuf;
use std::process::ExitCode;
use veduta::{Namespace, SweepMode};

/// Lets veduta and its peers take turns, and writes a table, plots and the raw data.
#[derive(Parser)]
struct Arguments {
    /// Only the works whose group or title has this in it
    only: Option<String>,
    /// A look whether everything runs: few and short turns, small sizes
    #[arg(long)]
    quick: bool,
    /// Where the report goes
    #[arg(long, default_value = "docs/benchmarks")]
    out: PathBuf,
    /// Where files are made: on a disk, not in memory
    #[arg(long, default_value = "target")]
    disk: PathBuf,
    /// Fail if a peer is missing
    #[arg(long)]
    all: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let pace = if arguments.quick { Pace::QUICK } else { Pace::FULL };
    let mut bench = Bench::new(pace, arguments.only, arguments.disk, Programs::build());
    workloads::all(&mut bench);
    // Partners are killed, and leave their names.
    Namespace::local().and_then(|names| names.sweep(SweepMode::Remove)).expect("the names can be swept");
    let outcome = bench.end();
    report::write(&arguments.out, &outcome).expect("the report can be written");
    println!("{}", outcome.summary());
    match arguments.all && !outcome.missing.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
