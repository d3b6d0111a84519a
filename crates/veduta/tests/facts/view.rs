//! Where views lie in a section and in memory: the interpreter `view`, and what its form does not cover.

use crate::Replay;
use crate::create::{file, length, section};
use crate::row::{Row, outcome};
use crate::scratch::{self, FileAt, PAGE};
use crate::system;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use veduta::{Protection, Section, View, ViewAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("MV-04/05", handle_of_another_kind),
    ("MV-24", one_byte),
    ("PG-03/04", behind_the_end_of_a_file),
    ("PG-05", behind_the_last_page),
    ("EX-01", free_address),
    ("EX-04", page_aligned_address),
    ("EX-05", odd_address),
    ("EX-08", no_wished_address),
    ("EX-09", address_above_all),
    ("UM-01", unmap),
    ("UM-09", unmap_one_of_two),
];

/// A view of a part of a section.
pub(crate) fn view(row: &Row) -> Value {
    row.each(|given| {
        let file = file(given);
        let size = given.number("size").expect("a size");
        let section = section(file.as_ref(), Protection::ReadWrite, size).expect("the section is possible");
        let mut options = section.view().access(ViewAccess::Read).offset(given.number("offset").unwrap_or(0));
        if let Some(length) = given.number("length") {
            options = options.len(length);
        }
        match options.map() {
            Ok(view) => json!({ "region": region(&view) }),
            failed => json!({ "map": outcome(failed) }),
        }
    })
}

/// The size of the region that a view begins with.
pub(crate) fn region(view: &View) -> usize {
    view.query(0).expect("a view can be queried").len
}

fn handle_of_another_kind(_: &Row) -> Value {
    let attempts = system::others_as_sections().into_iter();
    attempts.map(|attempt| json!({ "map": outcome(attempt) })).collect()
}

fn one_byte(_: &Row) -> Value {
    let section = section(None, Protection::ReadWrite, 1).expect("there is memory");
    let view = section.map(ViewAccess::Write).expect("it may be written");
    json!({ "region": region(&view), "write": outcome(view.write_at(4095, &[1])) })
}

fn behind_the_end_of_a_file(_: &Row) -> Value {
    let file = scratch::file(0);
    file.write_all_at(&[b'.'; 100], 0).expect("there is room on the disk");
    let view = section(Some(&file), Protection::ReadWrite, 0)
        .and_then(|section| section.map(ViewAccess::Write))
        .expect("it may be written");
    let written = outcome(view.write_at(200, b"!"));
    view.flush(0..view.len()).expect("a view of a file can be flushed");
    let back = match view.read_value::<u8>(200) {
        Ok(b'!') => json!("what was written"),
        Ok(_) => json!("something else"),
        failed => outcome(failed),
    };
    let mut bytes = [0; 100];
    file.read_exact_at(&mut bytes, 0).expect("the file can be read");
    let unchanged = bytes == [b'.'; 100];
    json!({
        "write": written,
        "read": back,
        "file length": length(&file),
        "file": if unchanged { "unchanged" } else { "changed" },
    })
}

fn behind_the_last_page(_: &Row) -> Value {
    let section = section(None, Protection::ReadWrite, 100_000).expect("there is memory");
    let view = section.view().len(5 * PAGE as u64).map().expect("it may be read");
    json!({ "read": outcome(view.read_at(5 * PAGE, &mut [0])) })
}

/// An address, a multiple of 64K, around which nothing is mapped: programs, libraries and what the kernel places are
/// far away.
fn free_address_space() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0x1000_0000_0000);
    NEXT.fetch_add(1 << 30, Ordering::Relaxed)
}

/// Where a view is mapped that wishes for an address.
fn map_at(address: usize) -> Value {
    let section = section(None, Protection::ReadWrite, 100_000).expect("there is memory");
    match section.view().base(address).map() {
        Ok(view) => {
            let place = if view.as_ptr().addr() == address { "there" } else { "elsewhere" };
            // What Wine maps above the addresses of programs it cannot unmap.
            std::mem::forget(view);
            json!({ "map": place })
        }
        Err(error) => json!({ "map": error.code().get() }),
    }
}

fn free_address(_: &Row) -> Value {
    map_at(free_address_space())
}

fn page_aligned_address(_: &Row) -> Value {
    map_at(free_address_space() + PAGE)
}

fn odd_address(_: &Row) -> Value {
    map_at(free_address_space() + 1)
}

fn address_above_all(_: &Row) -> Value {
    json!([map_at(usize::MAX & !0xFFFF), map_at(0xFFFF_8000_0000_0000)])
}

fn no_wished_address(_: &Row) -> Value {
    let section = section(None, Protection::ReadWrite, 100_000).expect("there is memory");
    let view = section.view().map().expect("it may be read");
    json!({ "map": if view.as_ptr().is_null() { "nowhere" } else { "somewhere" } })
}

fn unmap(_: &Row) -> Value {
    let name = scratch::name("fact unmap");
    let plain = name.trim_start_matches(r"Local\");
    let section = Section::options().size(100_000).create_new(&name).expect("the name is new");
    let view = section.map(ViewAccess::Write).expect("it may be written");
    let address = view.as_ptr().addr();
    assert_eq!(system::mappings(plain, address), 1, "the view is seen where views are counted");
    drop(view);
    json!({ "unmap": "ok", "mapped": system::mappings(plain, address) })
}

fn unmap_one_of_two(_: &Row) -> Value {
    let section = section(None, Protection::ReadWrite, 100_000).expect("there is memory");
    let one = section.map(ViewAccess::Write).expect("it may be written");
    let other = section.map(ViewAccess::Write).expect("it may be written");
    one.write_at(50_000, b"kept").expect("inside the view");
    drop(one);
    let kept = other.compare_bytes(50_000, b"kept").expect("inside the view").is_none();
    json!({ "other": if kept { "valid" } else { "changed" } })
}
