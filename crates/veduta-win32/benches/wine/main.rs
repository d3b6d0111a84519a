//! What the C interface costs beside Wine, and beside the library below it: `cargo bench -p veduta-win32`.
//!
//! One source in C (turns.c) is built for Linux and for Windows. The program for Linux, the one for Windows under Wine, and the same in Rust
//! take turns in one run, with the shared library and, as Rust has it, with the static one; what is printed is the median of the ratios of neighbouring turns, with the limit that the project sets
//! itself.

mod contestant;

use contestant::{Contestant, Program};
use std::time::Duration;

/// What is timed, how often in a turn (by the others, by Wine), and the limits beside Wine and beside Rust.
struct Row {
    label: &'static str,
    what: &'static str,
    count: u64,
    under_wine: u64,
    beside_wine: f64,
}

/// Beside our own Rust interface.
const BESIDE_RUST: f64 = 1.15;
const TURNS: usize = 60;

const ROWS: [Row; 5] = [
    Row {
        label: "open+close by name, held here",
        what: "open",
        count: 500,
        under_wine: 50,
        beside_wine: 0.15,
    },
    Row {
        label: "open+close by name, held elsewhere",
        what: "reach",
        count: 500,
        under_wine: 50,
        // A dozen system calls against one message to Wine's server: less than that server takes when it has just been at work.
        beside_wine: 0.4,
    },
    Row { label: "map+unmap of 64 KiB", what: "map", count: 1000, under_wine: 50, beside_wine: 0.08 },
    Row {
        label: "event ping-pong between processes",
        what: "rally",
        // Many: who looks before it sleeps takes hundreds of waits to find out that this is worth while, each contestant at another time.
        count: 5000,
        under_wine: 50,
        beside_wine: 0.3,
    },
    Row { label: "uncontended mutex", what: "lock", count: 20_000, under_wine: 200, beside_wine: 0.05 },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, base] = &arguments[..]
        && role == "answer"
    {
        return contestant::answer(base);
    }
    let built = contestant::build();
    let mut native = Program::start(&built.native, None);
    let mut linked = Program::start(&built.linked, None);
    let mut wine = built.windows.as_ref().map(|program| Program::start(program, Some(&built.prefix)));
    let mut rust = contestant::Rust::new();
    println!(
        "{:<58} {:>8} {:>8}   spread of the middle half",
        "ratio (C interface / other)", "median", "limit"
    );
    let mut over = 0;
    for row in &ROWS {
        let mut beside_wine = Vec::new();
        let mut beside_rust = Vec::new();
        let mut linked_beside_rust = Vec::new();
        let per = |time: Duration, count: u64| time.as_nanos() as f64 / count as f64;
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..TURNS {
            let ours = per(native.turn(row.what, row.count), row.count);
            let theirs = per(rust.turn(row.what, row.count), row.count);
            let again = per(native.turn(row.what, row.count), row.count);
            beside_rust.push((ours + again) / 2.0 / theirs);
            linked_beside_rust.push(per(linked.turn(row.what, row.count), row.count) / theirs);
            times[0].push(ours);
            times[1].push(theirs);
            if let Some(wine) = &mut wine {
                let theirs = per(wine.turn(row.what, row.under_wine), row.under_wine);
                beside_wine.push(again / theirs);
                times[2].push(theirs);
            }
        }
        if wine.is_some() {
            over += print(&format!("{} / Wine", row.label), beside_wine, row.beside_wine);
        }
        over += print(&format!("{} / Rust", row.label), beside_rust, BESIDE_RUST);
        let label = format!("{}, linked statically / Rust", row.label);
        over += print(&label, linked_beside_rust, BESIDE_RUST);
        let [ours, rust, wine] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times.get(times.len() / 2).map_or("-".to_owned(), |time| format!("{time:.0} ns"))
        });
        println!("    medians: C {ours}, Rust {rust}, Wine {wine}");
    }
    if wine.is_none() {
        println!("not compared with Wine: {}", built.why_not);
    }
    if over > 0 {
        println!("{over} over the limit; on a noisy machine, look at the spread and run again");
    }
}

fn print(label: &str, mut ratios: Vec<f64>, limit: f64) -> u32 {
    ratios.sort_by(f64::total_cmp);
    let at = |part: usize| ratios[ratios.len() * part / 4];
    let median = at(2);
    let over = median > limit;
    let note = if over { "   OVER" } else { "" };
    println!("{label:<58} {median:>8.3} {:>8}   {:.3} to {:.3}{note}", format!("<= {limit}"), at(1), at(3));
    over.into()
}
