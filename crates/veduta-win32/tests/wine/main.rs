//! The conformance programs of `tests/conformance`: plain Windows C, run natively and under Wine, and compared.
//!
//! Windows is the judge: `expected.txt` has its answer to each fact, from the sources that `vectors/` names and from
//! Microsoft's documentation. Both runs must give it, except where `differences.toml` says what is given instead, and
//! why; a row there that is no longer true fails the test.

mod build;
mod run;
#[path = "../support/mod.rs"]
mod support;
mod tables;

use run::{Native, System, Wine};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use tables::{Difference, Tables};

/// What a system answers, by the fact's id.
type Answers = BTreeMap<String, String>;

/// Says, past the harness that hides the output of tests that pass, that this test did not test everything. Where
/// `VEDUTA_SKIP_NOTHING` is set, that is a failure.
fn skipped(why: &str) {
    assert!(std::env::var_os("VEDUTA_SKIP_NOTHING").is_none(), "nothing was to be skipped, but {why}");
    let thread = std::thread::current();
    // In one piece: tests run side by side.
    let line = format!("skipped: {}: {why}\n", thread.name().unwrap_or_default());
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
}

/// Compares a run with what is expected of that system; one line for each surprise.
fn surprises(
    system: &dyn System,
    answers: &Answers,
    tables: &Tables,
    known: fn(&Difference) -> &[String],
) -> Vec<String> {
    let mut surprises = Vec::new();
    for (id, windows) in &tables.windows {
        let instead = tables.differences.get(id).map_or(&[][..], known);
        let stale = match (answers.get(id), instead) {
            (None, _) => Some("no answer: no program has this fact".to_owned()),
            (Some(answer), []) if answer == windows => None,
            (Some(answer), []) => Some(answer.clone()),
            (Some(answer), instead) if instead.contains(answer) => None,
            (Some(answer), _) if answer == windows => {
                Some(format!("{answer}\n    as on Windows: the row in differences.toml is out of date"))
            }
            (Some(answer), _) => Some(format!("{answer}\n    not what differences.toml says it is instead")),
        };
        if let Some(answer) = stale {
            surprises.push(format!("{id}\n  Windows: {windows}\n  {}: {answer}", system.name()));
        }
    }
    let unexpected = answers.iter().filter(|(id, _)| !tables.windows.contains_key(*id));
    surprises.extend(
        unexpected.map(|(id, answer)| format!("{id}\n  not in expected.txt\n  {}: {answer}", system.name())),
    );
    surprises
}

/// Runs every program on a system.
fn observe(system: &dyn System) -> Answers {
    let mut answers = Answers::new();
    for program in build::programs() {
        for (id, answer) in run::observe(system, &program) {
            let again = answers.insert(id.clone(), answer);
            assert!(again.is_none(), "two facts have the id {id}");
        }
    }
    answers
}

fn assert_no(surprises: &[String], what: &str) {
    assert!(surprises.is_empty(), "{} {what}:\n\n{}\n", surprises.len(), surprises.join("\n"));
}

#[test]
fn linux_answers_as_windows() {
    let system = match Native::new() {
        Ok(system) => system,
        Err(why) => return skipped(&why),
    };
    let answers = observe(&system);
    assert_no(
        &surprises(&system, &answers, &Tables::read(), |row| &row.here),
        "answers differ from Windows'",
    );
}

#[test]
fn wine_answers_as_windows_but_for_its_known_differences() {
    let system = match Wine::new() {
        Ok(system) => system,
        Err(why) => return skipped(&why),
    };
    let tables = Tables::read();
    let answers = observe(&system);
    // To be read with `--nocapture`.
    println!("{}", table_of(&tables));
    assert_no(&surprises(&system, &answers, &tables, |row| &row.wine), "answers of Wine are not explained");
}

/// The known differences, to be read.
fn table_of(tables: &Tables) -> String {
    let mut table = String::from("known differences from Windows:\n");
    for (id, row) in &tables.differences {
        let windows = &tables.windows[id];
        let _ = writeln!(table, "  {id}\n    Windows: {windows}");
        for (name, answers) in [("Wine", &row.wine), ("here", &row.here)] {
            for answer in answers {
                let _ = writeln!(table, "    {name}:    {answer}");
            }
        }
        let _ = writeln!(table, "    {} ({})", row.why, row.source);
    }
    table
}

#[test]
fn the_tables_are_whole() {
    let tables = Tables::read();
    for (id, row) in &tables.differences {
        let windows = tables.windows.get(id).unwrap_or_else(|| panic!("{id} is not in expected.txt"));
        assert!(!row.wine.is_empty() || !row.here.is_empty(), "{id}: nobody differs");
        // Among several answers one may be Windows'.
        for answers in [&row.wine, &row.here] {
            assert_ne!(answers, std::slice::from_ref(windows), "{id}: that is no difference");
        }
    }
    let sources: String = build::programs().iter().map(|program| build::source(program)).collect();
    for fact in tables::facts() {
        assert!(tables.windows.contains_key(&fact), "{fact} of vectors/ is not in expected.txt");
    }
    for id in tables.windows.keys().filter(|id| !id.starts_with("SHR-")) {
        assert!(sources.contains(&format!("{{\"{id}\", ")), "no program has {id}");
    }
}
