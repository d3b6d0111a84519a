//! Rows of facts, as they stand in `vectors/`.

use crate::system;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

/// A fact about Windows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) situation: String,
    source: String,
    confidence: String,
    pub(crate) replay: Option<String>,
    #[serde(default)]
    pub(crate) given: Map<String, Value>,
    windows: Value,
    linux: Option<Deviation>,
    reason: Option<String>,
}

/// What is observed here instead, on purpose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deviation {
    expected: Value,
    reason: String,
}

impl Row {
    /// What is to be observed here.
    pub(crate) fn expected(&self) -> Cow<'_, Value> {
        system::of_wine(&self.id).map_or_else(|| Cow::Borrowed(self.by_right()), Cow::Owned)
    }

    /// The same, if the system does what it should.
    fn by_right(&self) -> &Value {
        self.deviation().map_or(&self.windows, |deviation| &deviation.expected)
    }

    /// What is different here, on purpose.
    pub(crate) fn deviation(&self) -> Option<&Deviation> {
        self.linux.as_ref().filter(|_| system::deviates(&self.id))
    }

    /// The names of what is to be observed.
    pub(crate) fn observations(&self) -> impl Iterator<Item = &str> {
        self.by_right().as_object().expect("observations have names").keys().map(String::as_str)
    }

    /// Why the fact cannot be shown here.
    pub(crate) fn reason(&self) -> &str {
        self.reason.as_deref().expect("a fact that is shown elsewhere says why")
    }

    /// Observes the row once for each combination of what its lists give.
    pub(crate) fn each(&self, observe: impl Fn(&Given<'_>) -> Value) -> Value {
        let mut combinations = vec![Map::new()];
        let mut lists = false;
        for (key, value) in &self.given {
            let choices = match value {
                Value::Array(choices) => {
                    lists = true;
                    choices.as_slice()
                }
                one => std::slice::from_ref(one),
            };
            combinations = combinations
                .iter()
                .flat_map(|so_far| {
                    choices.iter().map(move |choice| {
                        let mut with = so_far.clone();
                        with.insert(key.clone(), choice.clone());
                        with
                    })
                })
                .collect();
        }
        let mut observed: Vec<_> = combinations.iter().map(|given| observe(&Given(given))).collect();
        if lists { Value::Array(observed) } else { observed.remove(0) }
    }
}

/// One combination of what a row gives.
pub(crate) struct Given<'a>(&'a Map<String, Value>);

impl<'a> Given<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.0.get(key)
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key).map(|value| value.as_str().expect("a text"))
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.get(key).map(number)
    }
}

/// A number, which is written in hexadecimal where it is large.
pub(crate) fn number(value: &Value) -> u64 {
    let large = || u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok();
    value.as_u64().or_else(large).unwrap_or_else(|| panic!("{value} is not a number"))
}

/// Whether something observed is what is expected, by the rules of `vectors/README.md`.
pub(crate) fn agrees(expected: &Value, observed: &Value) -> bool {
    match (expected, observed) {
        (Value::Array(expected), Value::Array(observed)) => {
            expected.len() == observed.len() && expected.iter().zip(observed).all(|(e, o)| agrees(e, o))
        }
        (expected, Value::Array(observed)) => observed.iter().all(|observed| agrees(expected, observed)),
        (Value::Object(expected), Value::Object(observed)) => {
            expected.len() == observed.len()
                && expected.iter().all(|(key, expected)| {
                    observed.get(key).is_some_and(|observed| agrees(expected, observed))
                })
        }
        (Value::String(refused), Value::Number(_)) if refused == "refused" => true,
        (Value::String(large), Value::Number(_)) if large.starts_with("0x") => {
            number(expected) == number(observed)
        }
        _ => expected == observed,
    }
}

/// What a call gave: `"ok"`, or the error's number.
pub(crate) fn outcome<T>(result: veduta::Result<T>) -> Value {
    match result {
        Ok(_) => json!("ok"),
        Err(error) => json!(error.code().get()),
    }
}

/// All rows, each checked for what every row must have.
pub(crate) fn all() -> Vec<Row> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let mut rows: Vec<Row> = Vec::new();
    for file in std::fs::read_dir(directory).expect("the vectors are in the repository") {
        let path = file.expect("the directory can be read").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).expect("a file of rows can be read");
            let more: Vec<Row> =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            rows.extend(more);
        }
    }
    let mut ids = HashSet::new();
    for row in &rows {
        assert!(ids.insert(&row.id), "{} stands twice", row.id);
        assert!(matches!(&*row.confidence, "A" | "B"), "{}: confidence {}", row.id, row.confidence);
        assert!(!row.source.is_empty() && !row.situation.is_empty(), "{} says too little", row.id);
        if let Some(linux) = &row.linux {
            assert!(!linux.reason.is_empty(), "{} differs from Windows without a reason", row.id);
            assert_ne!(linux.expected, row.windows, "{} does not differ from Windows", row.id);
        }
    }
    rows
}
