//! Every fact about Windows in `vectors/`, replayed.
//!
//! The facts say what is to be observed; the functions here only observe. A row that no function replays fails the test,
//! and so does a function without a row. `vectors/README.md` explains the rows.

mod access;
mod constant;
mod copy_on_write;
mod create;
mod event;
mod file;
mod handle;
mod lifetime;
mod mutex;
mod name;
mod query;
mod reserve;
mod row;
#[path = "../scratch/mod.rs"]
mod scratch;
mod semaphore;
#[cfg_attr(target_os = "linux", path = "linux.rs")] // Row: test support
#[cfg_attr(windows, path = "windows.rs")] // Row: test support
mod system;
mod view;
mod wait;

use row::{Row, agrees};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does what a row says, and tells what is observed.
type Replay = fn(&Row) -> Value;

/// The functions for rows that share a form, by the form's name.
const INTERPRETERS: &[(&str, Replay)] = &[
    ("create", create::create),
    ("map", access::map),
    ("open", access::open),
    ("protect", access::protect),
    ("view", view::view),
    ("name", name::name),
];

/// The functions for rows of their own, by id.
const SCENARIOS: &[&[(&str, Replay)]] = &[
    constant::SCENARIOS,
    create::SCENARIOS,
    view::SCENARIOS,
    name::SCENARIOS,
    lifetime::SCENARIOS,
    file::SCENARIOS,
    query::SCENARIOS,
    reserve::SCENARIOS,
    copy_on_write::SCENARIOS,
    handle::SCENARIOS,
    mutex::SCENARIOS,
    event::SCENARIOS,
    semaphore::SCENARIOS,
    wait::SCENARIOS,
];

const ELSEWHERE: &str = "elsewhere";

#[test]
fn facts_about_windows_hold() {
    let rows = row::all();
    let mut unused: BTreeSet<&str> =
        SCENARIOS.iter().copied().flatten().chain(INTERPRETERS).map(|(name, _)| *name).collect();
    let mut failures = Vec::new();
    let mut elsewhere: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let (mut replayed, mut on_purpose, mut by_wine) = (0, 0, 0);
    for row in &rows {
        if row.replay.as_deref() == Some(ELSEWHERE) {
            elsewhere.entry(row.reason()).or_default().push(&row.id);
            continue;
        }
        let Some((name, replay)) = find(row) else {
            failures.push(format!("{}: nothing replays it", row.id));
            continue;
        };
        unused.remove(name);
        if let Some((_, reason)) = system::ELSEWHERE.iter().find(|(id, _)| *id == row.id) {
            elsewhere.entry(reason).or_default().push(&row.id);
            continue;
        }
        // One fact that panics must not hide the others.
        match catch_unwind(AssertUnwindSafe(|| replay(row))) {
            Ok(observed) if agrees(&row.expected(), &observed) => {
                replayed += 1;
                on_purpose += usize::from(row.deviation().is_some());
                by_wine += usize::from(system::of_wine(&row.id).is_some());
            }
            Ok(observed) => failures.push(format!(
                "{} ({}):\n    expected {}\n    observed {observed}",
                row.id,
                row.situation,
                row.expected()
            )),
            Err(_) => failures.push(format!("{} ({}): panicked, see above", row.id, row.situation)),
        }
    }
    failures.extend(unused.iter().map(|name| format!("{name}: a function without a row")));
    println!("{replayed} facts hold, {on_purpose} of them in another way than on Windows, on purpose");
    println!("{by_wine} of them in another way because Wine is not Windows");
    println!("{} cannot be shown here:", elsewhere.values().map(Vec::len).sum::<usize>());
    for (reason, ids) in &elsewhere {
        println!("    {}: {reason}", ids.join(", "));
    }
    assert!(failures.is_empty(), "{} facts do not hold:\n{}", failures.len(), failures.join("\n"));
}

fn find(row: &Row) -> Option<(&'static str, Replay)> {
    let (table, key): (Vec<_>, _) = match &row.replay {
        Some(interpreter) => (INTERPRETERS.iter().collect(), interpreter),
        None => (SCENARIOS.iter().copied().flatten().collect(), &row.id),
    };
    table.into_iter().find(|(name, _)| name == key).copied()
}
