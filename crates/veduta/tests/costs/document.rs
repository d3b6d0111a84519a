//! The tables of docs/performance.md: the only place that says what operations are to cost.

const PATH: &str = "docs/performance.md";
const DOCUMENT: &str = include_str!("../../../../docs/performance.md");
const OVERVIEW: &str = "| operation | system calls | instructions |";
const CALLS: &str = "| call | what it buys |";
const RULE: &str = "|---|---|";
/// For what cannot be counted alike on two machines.
const UNCOUNTED: &str = "–";
/// Stands for the words that a new call needs.
const UNEXPLAINED: &str = "?";

pub(crate) struct Document {
    pub(crate) operations: Vec<Operation>,
}

pub(crate) struct Operation {
    pub(crate) name: String,
    /// Of the table of its calls.
    title: String,
    pub(crate) instructions: Option<u64>,
    /// Each call with what it buys.
    calls: Vec<(String, String)>,
}

impl Document {
    pub(crate) fn read() -> Document {
        let sections: Vec<_> = DOCUMENT
            .split("\n### ")
            .skip(1)
            .map(|section| {
                let (title, text) = section.split_once('\n').expect("a section has a text");
                (title, rows(text, CALLS))
            })
            .collect();
        let operations: Vec<_> = rows(DOCUMENT, OVERVIEW)
            .into_iter()
            .map(|row| {
                let [name, count, instructions] = cells(row);
                let is_its = |title: &str| title.split(SAME).any(|one| one == name);
                let (title, rows) = sections
                    .iter()
                    .find(|(title, _)| is_its(title))
                    .map_or((name, &[][..]), |(title, rows)| (*title, rows));
                let calls: Vec<_> = rows.iter().map(|row| explained(row)).collect();
                assert_eq!(count, calls.len().to_string(), "{PATH}: the rows of the table of: {name}");
                let instructions = (instructions != UNCOUNTED)
                    .then(|| instructions.parse().unwrap_or_else(|_| panic!("a number in: {row}")));
                Operation { name: name.to_owned(), title: title.to_owned(), instructions, calls }
            })
            .collect();
        for title in sections.iter().flat_map(|(title, _)| title.split(SAME)) {
            assert!(operations.iter().any(|known| known.name == title), "{PATH}: {title} is no operation");
        }
        Document { operations }
    }

    /// Fails unless exactly the document's operations were counted.
    pub(crate) fn expect_names<'a>(&self, counted: impl Iterator<Item = &'a String>) {
        let names = self.operations.iter().map(|operation| &operation.name);
        assert_eq!(names.collect::<Vec<_>>(), counted.collect::<Vec<_>>(), "{PATH}, its first table");
    }
}

/// Between operations in a title that ask the same of the kernel.
const SAME: &str = " · ";

/// The rows of the first table with that head.
fn rows<'a>(text: &'a str, head: &str) -> Vec<&'a str> {
    let lines = text.lines().skip_while(|line| *line != head).skip(2);
    let rows: Vec<_> = lines.take_while(|line| line.starts_with('|')).collect();
    assert!(!rows.is_empty(), "{PATH}: no table {head}");
    rows
}

fn cells<const N: usize>(row: &str) -> [&str; N] {
    let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
    cells.try_into().unwrap_or_else(|_| panic!("{PATH}: {N} cells in {row}"))
}

fn explained(row: &str) -> (String, String) {
    let [call, buys] = cells(row);
    assert!(!buys.is_empty() && buys != UNEXPLAINED, "{PATH}: what does it buy? {row}");
    (call.trim_matches('`').to_owned(), buys.to_owned())
}

impl Operation {
    /// What is different, and what the document is to say, if the operation makes other calls.
    pub(crate) fn compare_calls(&self, seen: &[String]) -> Option<String> {
        if self.calls.iter().map(|(call, _)| call).eq(seen) {
            return None;
        }
        let (kept, gone) = self.explain(seen);
        let table: String = kept
            .iter()
            .map(|(call, buys)| format!("| `{call}` | {} |\n", buys.unwrap_or(UNEXPLAINED)))
            .collect();
        let is_new = |(_, buys): &&(&String, Option<&str>)| buys.is_none();
        let new: Vec<_> = kept.iter().filter(is_new).map(|(call, _)| call).collect();
        Some(format!(
            "{}\n  new: {new:?}, gone: {gone:?}; the document is to say:\n\n{OVERVIEW}\n{}\n\n### {}\n{CALLS}\n{RULE}\n{table}",
            self.name,
            self.row(seen.len(), self.instructions),
            self.title,
        ))
    }

    /// The calls that were seen, with what the document says of those that are the same, in their order; and the others that it has.
    fn explain<'a>(&'a self, seen: &'a [String]) -> (Vec<(&'a String, Option<&'a str>)>, Vec<&'a str>) {
        let old = &self.calls;
        // longest[i][j]: how many calls are common to what follows i in the document and j in what was seen.
        let mut longest = vec![vec![0; seen.len() + 1]; old.len() + 1];
        for (i, (call, _)) in old.iter().enumerate().rev() {
            for j in (0..seen.len()).rev() {
                longest[i][j] = if *call == seen[j] {
                    longest[i + 1][j + 1] + 1
                } else {
                    longest[i + 1][j].max(longest[i][j + 1])
                };
            }
        }
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        let (mut i, mut j) = (0, 0);
        while i < old.len() || j < seen.len() {
            if i < old.len() && j < seen.len() && old[i].0 == seen[j] {
                kept.push((&seen[j], Some(old[i].1.as_str())));
                (i, j) = (i + 1, j + 1);
            } else if j == seen.len() || i < old.len() && longest[i + 1][j] >= longest[i][j + 1] {
                gone.push(old[i].0.as_str());
                i += 1;
            } else {
                kept.push((&seen[j], None));
                j += 1;
            }
        }
        (kept, gone)
    }

    /// The row of the overview.
    pub(crate) fn row_with_instructions(&self, instructions: u64) -> String {
        self.row(self.calls.len(), Some(instructions))
    }

    fn row(&self, calls: usize, instructions: Option<u64>) -> String {
        let instructions = instructions.map_or(UNCOUNTED.to_owned(), |count| count.to_string());
        format!("| {} | {calls} | {instructions} |", self.name)
    }
}
