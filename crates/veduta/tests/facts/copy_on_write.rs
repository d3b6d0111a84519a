//! Views that copy what they write.

use crate::Replay;
use crate::constant::desired;
use crate::create::section;
use crate::row::{Row, outcome};
use crate::scratch::{self, FileAt};
use serde_json::{Value, json};
use std::fs::File;
use veduta::{Protection, Section, View, ViewAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("COW-03", page_not_yet_copied),
    ("COW-04", page_already_copied),
    ("COW-07", read_only_file),
    ("COW-11", two_copies),
    ("COW-12", copy_and_write),
];

fn section_of_memory(protection: Protection) -> Section {
    section(None, protection, 100_000).expect("there is memory")
}

fn shows(view: &View, bytes: &[u8]) -> bool {
    view.compare_bytes(10, bytes).expect("inside the view").is_none()
}

fn page_not_yet_copied(_: &Row) -> Value {
    let section = section_of_memory(Protection::ReadWrite);
    let copy = section.map(ViewAccess::Copy).expect("copies may be made");
    assert!(shows(&copy, &[0]), "the page is there, read but not written");
    section.map(ViewAccess::Write).and_then(|view| view.write_at(10, b"new")).expect("it may be written");
    json!({ "copy view": if shows(&copy, b"new") { "shows the new data" } else { "keeps the old data" } })
}

fn page_already_copied(_: &Row) -> Value {
    let section = section_of_memory(Protection::ReadWrite);
    let copy = section.map(ViewAccess::Copy).expect("copies may be made");
    copy.write_at(10, b"own").expect("inside the view");
    section.map(ViewAccess::Write).and_then(|view| view.write_at(10, b"new")).expect("it may be written");
    json!({ "copy view": if shows(&copy, b"own") { "keeps its own data" } else { "shows the new data" } })
}

fn read_only_file(_: &Row) -> Value {
    let file = scratch::named_file(5000);
    let read_only = File::open(file.path()).expect("it was just made");
    let copy = section(Some(&read_only), Protection::WriteCopy, 0)
        .and_then(|section| section.map(ViewAccess::Copy))
        .expect("the file may be read");
    let written = outcome(copy.write_at(10, b"own"));
    assert!(shows(&copy, b"own"));
    let mut bytes = [1; 3];
    file.as_file().read_exact_at(&mut bytes, 10).expect("the file can be read");
    json!({ "write": written, "file": if bytes == [0; 3] { "unchanged" } else { "changed" } })
}

fn two_copies(_: &Row) -> Value {
    let section = section_of_memory(Protection::WriteCopy);
    let [one, other] = [(); 2].map(|()| section.map(ViewAccess::Copy).expect("copies may be made"));
    one.write_at(10, b"one").expect("inside the view");
    let untouched = shows(&other, &[0; 3]);
    other.write_at(10, b"two").expect("inside the view");
    let private = untouched && shows(&one, b"one") && shows(&other, b"two");
    json!({ "writes": if private { "private to each view" } else { "shared" } })
}

fn copy_and_write(_: &Row) -> Value {
    let section = section_of_memory(Protection::ReadWrite);
    let both = section.map(desired("FILE_MAP_COPY|FILE_MAP_WRITE")).expect("it may be written");
    both.write_at(10, b"both").expect("inside the view");
    let other = section.map(ViewAccess::Read).expect("it may be read");
    json!({ "view": if shows(&other, b"both") { "shared" } else { "private" } })
}
