//! The table.

use super::machine;
use super::plot::Plot;
use crate::peer::Peer;
use crate::results::{Measured, Outcome, Spread, Verdict};
use cargo_lock::Lockfile;
use std::collections::BTreeSet;
use std::fmt::Write;

const INTRODUCTION: &str = "\
# What veduta costs beside what one would use instead

Made by `bench/run`, which measures anew and writes this page, the plots and `raw.csv`. All that do the same work took turns in one run, on one
machine; the **ratio** is the median of the ratios of turns in the same round, then the middle half of them. Below 1 ours takes less time. **Wanted** is
the limit that the project sets itself: 1.05 beside the bare system calls, 1 beside everybody else, 1.15 for the C interface beside the Rust one.
What is in Rust runs in one process, which has much mapped; the programs in C, C++ and Python run in smaller ones, whose page faults and switches cost less.
A ratio in bold is over it; where it is in italics the limit is within the middle half, so that another run may say otherwise. Why veduta is not
ahead where it is not: the notes below each table, and [what each operation asks of the kernel](../performance.md#what-each-operation-asks-of-the-kernel).
";

pub(crate) fn text(outcome: &Outcome, plots: &[Plot]) -> String {
    let mut page = INTRODUCTION.to_owned();
    machine(&mut page);
    peers(&mut page, outcome);
    let mut groups: Vec<&str> = outcome.measured.iter().map(|measured| measured.work.group).collect();
    groups.dedup();
    for group in groups {
        let of_group: Vec<_> =
            outcome.measured.iter().filter(|measured| measured.work.group == group).collect();
        section(&mut page, group, &of_group, plots);
    }
    page
}

/// A line of Markdown. Writing to a text cannot fail.
macro_rules! line {
    ($page:expr, $($text:tt)*) => {{
        let _written = writeln!($page, $($text)*);
    }};
}

fn machine(page: &mut String) {
    line!(page, "\n## The machine\n\n| | |\n|---|---|");
    for (name, fact) in machine::facts() {
        line!(page, "| {name} | {fact} |");
    }
}

fn peers(page: &mut String, outcome: &Outcome) {
    line!(page, "\n## Who takes part\n\n| | version | how it is used |\n|---|---|---|");
    let present: BTreeSet<Peer> = outcome
        .measured
        .iter()
        .flat_map(|measured| measured.entrants.iter().map(|(peer, _)| *peer))
        .collect();
    for peer in present {
        line!(page, "| {peer} | {} | {} |", version(peer, outcome), peer.usage());
    }
    for what in outcome.not_run() {
        line!(page, "\nNot run: {what}.");
    }
}

fn version(peer: Peer, outcome: &Outcome) -> String {
    let lock: Lockfile = include_str!("../../Cargo.lock").parse().expect("it is a lock file");
    let package = lock.packages.iter().find(|package| Some(package.name.as_str()) == peer.package());
    let said = outcome.versions.iter().find(|(other, _)| *other == peer).map(|(_, said)| said.clone());
    match (package, peer) {
        (Some(package), _) => package.version.to_string(),
        (None, Peer::Cp | Peer::Dd | Peer::Cat) => machine::said_by(&peer.to_string(), &["--version"]),
        (None, Peer::Bare) => String::new(),
        (None, _) => said.unwrap_or_default(),
    }
}

fn section(page: &mut String, group: &str, works: &[&Measured], plots: &[Plot]) {
    line!(page, "\n## {group}\n");
    for plot in plots.iter().filter(|plot| plot.group == group) {
        line!(page, "![{}]({})", plot.title, plot.file);
    }
    line!(
        page,
        "\n| work | who | time or size | middle half | ratio | middle half | wanted |\n|---|---|--:|--:|--:|--:|--:|"
    );
    for measured in works {
        table(page, measured);
    }
    // A note is said once, whatever it grows with, and of all works that have it.
    let mut notes: Vec<(&str, Vec<&str>)> = Vec::new();
    for (note, title) in works.iter().flat_map(|of| of.work.notes.iter().map(|note| (&**note, of.work.title)))
    {
        match notes.iter_mut().find(|(known, _)| *known == note) {
            Some((_, titles)) if titles.contains(&title) => {}
            Some((_, titles)) => titles.push(title),
            None => notes.push((note, vec![title])),
        }
    }
    for (note, titles) in notes {
        line!(page, "\n*{}*: {note}", titles.join("; "));
    }
}

fn table(page: &mut String, measured: &Measured) {
    let mut title = measured.work.to_string();
    let amount = |value| measured.work.unit.of(value);
    for (peer, samples) in &measured.entrants {
        let Spread { low, median, high } = Spread::of(samples.iter().copied());
        let speed = measured.work.bytes.map_or_else(String::new, |bytes| {
            format!(" ({:.2} GiB/s)", bytes as f64 / median * 1e9 / f64::from(1 << 30))
        });
        let ratio = measured.ratio(*peer).map_or_else(
            || "| | |".to_owned(),
            |ratio| {
                let mark = match ratio.verdict() {
                    Verdict::Kept => "",
                    Verdict::Open => "*",
                    Verdict::Over => "**",
                };
                let Spread { low, median, high } = ratio.spread;
                let beside = if ratio.ours == Peer::Veduta {
                    String::new()
                } else {
                    format!("{} / {} ", ratio.ours, ratio.theirs)
                };
                format!("{beside}{mark}{median:.2}{mark} | {low:.2}–{high:.2} | {:.2} |", ratio.limit)
            },
        );
        line!(
            page,
            "| {title} | {peer} | {}{speed} | {}–{} | {ratio}",
            amount(median),
            amount(low),
            amount(high)
        );
        title.clear();
    }
}
