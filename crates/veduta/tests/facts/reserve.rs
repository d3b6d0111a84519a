//! Memory that nothing is promised of, and sections beyond 4 GiB.

use crate::Replay;
use crate::create::length;
use crate::row::{Row, outcome};
use crate::scratch;
use crate::system;
use crate::view::region;
use serde_json::{Value, json};
use std::fs::File;
use veduta::{Commit, Section, View, ViewAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("SEC-02", touch_a_reserved_page),
    ("SEC-05/06", two_views_of_reserved_pages),
    ("BIG-07/08", reserve_much),
    ("BIG-09", use_one_of_many_pages),
    ("BIG-01", large_file),
    ("BIG-04", view_of_a_large_file),
    ("BIG-05", end_of_a_large_file),
];

const GIB: u64 = 1 << 30;

fn reserve(size: u64) -> Section {
    Section::options().size(size).commit(Commit::Reserve).create_unnamed().expect("nothing is promised")
}

fn map(section: &Section) -> View {
    section.map(ViewAccess::Write).expect("it may be written")
}

fn touch_a_reserved_page(_: &Row) -> Value {
    let view = map(&reserve(100_000));
    json!({ "touch": match view.read_value::<u8>(50_000) {
        Ok(0) => "zero",
        Ok(_) => "something",
        Err(_) => "access violation",
    } })
}

fn two_views_of_reserved_pages(_: &Row) -> Value {
    let section = reserve(100_000);
    let (one, other) = (map(&section), map(&section));
    one.commit(4096..3 * 4096).expect("there is memory");
    one.fill(4096..3 * 4096, 7).expect("inside the view");
    let shared = other.compare_bytes(4096, &[7; 2 * 4096]).expect("inside the view").is_none();
    json!({
        "data": if shared { "shared" } else { "separate" },
        "the rest": system::uncommitted(&section, &one),
    })
}

fn reserve_much(_: &Row) -> Value {
    json!({ "region": region(&map(&reserve(8 * GIB))) })
}

fn use_one_of_many_pages(_: &Row) -> Value {
    let view = map(&reserve(8 * GIB));
    let at = 6 * GIB as usize;
    view.commit(at..at + 4).expect("there is memory");
    view.write_at(at, b"here").expect("inside the view");
    let usable = view.compare_bytes(at, b"here").expect("inside the view").is_none();
    json!({ "page": if usable { "usable" } else { "lost" } })
}

/// A section of a file that has that length afterwards, and takes no room on the disk.
fn five_gib() -> (File, veduta::Result<Section>) {
    let file = scratch::file(0);
    let section = Section::options().size(5 * GIB).commit(Commit::Reserve).file(&file).create_unnamed();
    (file, section)
}

fn large_file(_: &Row) -> Value {
    let (file, section) = five_gib();
    json!({ "create": outcome(section), "file length": length(&file) })
}

fn view_of_a_large_file(_: &Row) -> Value {
    let section = five_gib().1.expect("the file system knows large files");
    json!({ "region": region(&map(&section)) })
}

fn end_of_a_large_file(_: &Row) -> Value {
    let section = five_gib().1.expect("the file system knows large files");
    let view = section.view().access(ViewAccess::Write).offset(0x1_3000_0000).map().expect("inside");
    view.write_at(view.len() - 1, b"!").expect("inside the view");
    json!({ "region": region(&view) })
}
