//! Which sections can be created: the interpreter `create`, and what its form does not cover.

use crate::Replay;
use crate::constant::protection;
use crate::row::{Given, Row, number, outcome};
use crate::scratch::{self, skipped};
use crate::system;
use serde_json::{Value, json};
use std::fs::File;
use veduta::{Pages, Protection, Section, ViewAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("CFM-03", handle_of_another_kind),
    ("CFM-16", smaller_than_the_file),
    ("CFM-31", directory),
    ("CFM-32", pipe),
    ("CFM-34", first_view),
    ("SEC-23", large_pages_of_a_file),
    ("SEC-81", part_of_a_large_page),
];

/// A section without a name, of a file or of memory.
pub(crate) fn section(file: Option<&File>, protection: Protection, size: u64) -> veduta::Result<Section> {
    let mut options = Section::options();
    options.size(size).protection(protection);
    if let Some(file) = file {
        options.file(file);
    }
    options.create_unnamed()
}

/// The file that a row gives, opened for the access that it says.
pub(crate) fn file(given: &Given<'_>) -> Option<File> {
    let file = given.get("file")?;
    Some(opened(number(&file["length"]), file["access"].as_str().expect("an access")))
}

fn opened(length: u64, access: &str) -> File {
    let whole = scratch::named_file(length);
    let rights: Vec<_> = access.split('|').collect();
    File::options()
        .read(rights.contains(&"GENERIC_READ"))
        .write(rights.contains(&"GENERIC_WRITE"))
        .open(whole.path())
        .expect("the file was just made")
}

/// A section, and how long its file is afterwards.
pub(crate) fn create(row: &Row) -> Value {
    row.each(|given| {
        let file = file(given);
        let created = protection(given.text("protection").expect("a protection"))
            .and_then(|protection| section(file.as_ref(), protection, given.number("size").expect("a size")));
        match file {
            Some(file) => json!({ "create": outcome(created), "file length": length(&file) }),
            None => json!({ "create": outcome(created) }),
        }
    })
}

/// How long a file is.
pub(crate) fn length(file: &File) -> u64 {
    file.metadata().expect("an open file has a length").len()
}

fn create_of(file: &File) -> Value {
    json!({ "create": outcome(section(Some(file), Protection::ReadOnly, 0)) })
}

fn handle_of_another_kind(_: &Row) -> Value {
    create_of(&system::event())
}

fn directory(_: &Row) -> Value {
    create_of(&system::directory())
}

fn pipe(_: &Row) -> Value {
    create_of(&system::pipe())
}

fn smaller_than_the_file(row: &Row) -> Value {
    row.each(|given| {
        let file = file(given).expect("a file");
        let size = given.number("size").expect("a size");
        let created = section(Some(&file), Protection::ReadWrite, size);
        let region = created
            .as_ref()
            .ok()
            .and_then(|section| section.map(ViewAccess::Read).ok()?.query(0).ok())
            .map(|region| region.len);
        json!({ "create": outcome(created), "region": region, "file length": length(&file) })
    })
}

fn first_view(_: &Row) -> Value {
    let section = section(None, Protection::ReadWrite, 100_000).expect("there is memory");
    let mut bytes = vec![1; 100_000];
    section.map(ViewAccess::Read).and_then(|view| view.read_at(0, &mut bytes)).expect("it can be read");
    json!({ "bytes": if bytes.iter().all(|&byte| byte == 0) { "zero" } else { "something" } })
}

fn large_pages_of_a_file(_: &Row) -> Value {
    let file = scratch::file(1 << 21);
    json!({ "create": outcome(Section::options().file(&file).pages(Pages::Huge).create_unnamed()) })
}

fn part_of_a_large_page(row: &Row) -> Value {
    if !system::has_large_pages() {
        skipped(format!("{}: this kernel has no large pages", row.id));
        return row.expected().into_owned();
    }
    json!({ "create": outcome(Section::options().size(4096 + 1).pages(Pages::Huge).create_unnamed()) })
}
