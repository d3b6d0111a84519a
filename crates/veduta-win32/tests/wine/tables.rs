//! The tables beside the programs: what Windows answers, and who differs.

use crate::build;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub(crate) struct Tables {
    /// What Windows answers.
    pub(crate) windows: BTreeMap<String, String>,
    /// Who answers something else.
    pub(crate) differences: BTreeMap<String, Difference>,
}

/// A row of `differences.toml`.
#[derive(Default)]
pub(crate) struct Difference {
    /// What Wine answers; several if it depends on the machine. None: as Windows.
    pub(crate) wine: Vec<String>,
    /// What is answered here. None: as Windows.
    pub(crate) here: Vec<String>,
    /// Who says what Windows answers.
    pub(crate) source: String,
    pub(crate) why: String,
}

impl Tables {
    pub(crate) fn read() -> Self {
        let read =
            |name: &str| fs::read_to_string(build::conformance().join(name)).expect("the table is there");
        Self { windows: expected(&read("expected.txt")), differences: differences(&read("differences.toml")) }
    }
}

/// An id and an answer in each line; lines that begin with `#` are comments.
fn expected(text: &str) -> BTreeMap<String, String> {
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (id, answer) = line.split_once(' ').unwrap_or((line, ""));
        assert!(rows.insert(id.to_owned(), answer.to_owned()).is_none(), "{id} is there twice");
    }
    rows
}

/// Of TOML, what the table needs: `[[difference]]`, and keys with a string in single quotes.
fn differences(text: &str) -> BTreeMap<String, Difference> {
    let mut rows: Vec<(String, Difference)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line == "[[difference]]" {
            rows.push(Default::default());
            continue;
        }
        let (key, value) = line.split_once(" = ").unwrap_or_else(|| panic!("no key and value: {line}"));
        let values = strings(value);
        let one = || values.concat();
        let (id, row) = rows.last_mut().expect("keys belong to a row");
        match key {
            "id" => *id = one(),
            "wine" => row.wine = values,
            "here" => row.here = values,
            "source" => row.source = one(),
            "why" => row.why = one(),
            _ => panic!("no such key: {line}"),
        }
    }
    let count = rows.len();
    for (id, row) in &rows {
        assert!(!id.is_empty() && !row.source.is_empty() && !row.why.is_empty(), "{id}: incomplete");
    }
    let rows: BTreeMap<_, _> = rows.into_iter().collect();
    assert_eq!(rows.len(), count, "a fact has two rows");
    rows
}

/// `'one'`, or `['one', 'two']`.
fn strings(value: &str) -> Vec<String> {
    let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap_or(value);
    let one = |part: &str| part.trim_matches('\'').to_owned();
    inner.split("', '").map(one).collect()
}

/// The ids of all facts in `vectors/`.
pub(crate) fn facts() -> Vec<String> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let mut ids = Vec::new();
    for entry in fs::read_dir(vectors).expect("vectors/ is there") {
        let text = fs::read_to_string(entry.expect("it can be read").path()).expect("it is text");
        let rows = text.lines().filter_map(|line| line.trim_start().strip_prefix("\"id\": \""));
        ids.extend(rows.filter_map(|rest| rest.split_once('"')).map(|(id, _)| id.to_owned()));
    }
    assert!(ids.len() > 200, "{} facts", ids.len());
    ids
}
