//! Files under sections: coherence, growing, cutting off, deleting, flushing.

use crate::Replay;
use crate::create::{length, section};
use crate::row::{Row, outcome};
use crate::scratch::{self, FileAt};
use crate::system;
use crate::view::region;
use serde_json::{Value, json};
use std::fs::File;
use std::io;
use veduta::{Protection, Section, View, ViewAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("COH-02", written_by_view),
    ("COH-03", written_by_file),
    ("PG-07", grown_while_mapped),
    ("PG-08/09", grown_under_a_section),
    ("PG-11", section_of_a_grown_file),
    ("TR-02/03", set_to_the_same_or_more),
    ("TR-05", cut_off_under_a_view),
    ("TR-07", cut_off_by_opening),
    ("TR-08", cut_off_afterwards),
    ("TR-10", deleted_by_handle),
    ("TR-11", deleted_by_name),
    ("TR-13", opened_again),
    ("FL-01/02", flush_memory),
    ("FL-07/08", flush_part),
    ("FL-09", flush_too_much),
    ("FL-11", flush_without_section),
    ("FL-12", flush_read_only),
];

/// What a call of the system gave, which on Windows would be a number.
fn of_system<T>(result: io::Result<T>) -> Value {
    match result {
        Ok(_) => json!("ok"),
        Err(error) => json!(error.raw_os_error()),
    }
}

fn file_and_section(len: u64) -> (File, Section) {
    let file = scratch::file(len);
    let section = section(Some(&file), Protection::ReadWrite, 0).expect("the file may be written");
    (file, section)
}

fn file_and_view(len: u64) -> (File, View) {
    let (file, section) = file_and_section(len);
    (file, section.map(ViewAccess::Write).expect("it may be written"))
}

fn written_by_view(_: &Row) -> Value {
    let (file, view) = file_and_view(5000);
    view.write_at(4500, b"new").expect("inside the view");
    let mut bytes = [0; 3];
    file.read_exact_at(&mut bytes, 4500).expect("the file can be read");
    json!({ "read": if &bytes == b"new" { "new" } else { "old" } })
}

fn written_by_file(_: &Row) -> Value {
    let (file, view) = file_and_view(5000);
    view.write_at(4500, b"old").expect("inside the view");
    file.write_all_at(b"new", 4500).expect("the file can be written");
    let same = view.compare_bytes(4500, b"new").expect("inside the view").is_none();
    json!({ "read": if same { "new" } else { "old" } })
}

fn grown_while_mapped(_: &Row) -> Value {
    let (file, _view) = file_and_view(100);
    json!({ "set length": of_system(file.set_len(9000)) })
}

fn grown_under_a_section(_: &Row) -> Value {
    let (file, section) = file_and_section(100);
    file.set_len(9000).expect("there is room on the disk");
    let whole = section.map(ViewAccess::Read).expect("it may be read");
    json!({ "longer view": outcome(section.view().len(9000).map()), "region": region(&whole) })
}

fn section_of_a_grown_file(_: &Row) -> Value {
    let (file, _old) = file_and_section(100);
    file.set_len(9000).expect("there is room on the disk");
    let new = section(Some(&file), Protection::ReadWrite, 0).expect("the file may be written");
    json!({ "size": new.len() })
}

fn set_to_the_same_or_more(_: &Row) -> Value {
    let (file, _view) = file_and_view(5000);
    json!({ "same": of_system(file.set_len(5000)), "larger": of_system(file.set_len(50_000)) })
}

fn cut_off_under_a_view(_: &Row) -> Value {
    let (file, _view) = file_and_view(5000);
    json!({ "set length": of_system(file.set_len(100)) })
}

fn cut_off_by_opening(_: &Row) -> Value {
    let file = scratch::named_file(5000);
    let _section = section(Some(file.as_file()), Protection::ReadWrite, 0).expect("it may be written");
    json!({ "open": of_system(File::options().write(true).truncate(true).open(file.path())) })
}

fn cut_off_afterwards(_: &Row) -> Value {
    let (file, view) = file_and_view(5000);
    drop(view);
    json!({ "set length": of_system(file.set_len(100)) })
}

/// What becomes of a file, and of a view of it, when the file is deleted in some way.
fn deleted(delete: impl FnOnce(tempfile::NamedTempFile) -> io::Result<()>) -> Value {
    let file = scratch::named_file(5000);
    let path = file.path().to_owned();
    let view = section(Some(file.as_file()), Protection::ReadWrite, 0)
        .and_then(|section| section.map(ViewAccess::Write))
        .expect("it may be written");
    let deleted = of_system(delete(file));
    let valid = view.write_at(4500, b"valid").is_ok()
        && view.compare_bytes(4500, b"valid").expect("inside the view").is_none();
    let what = match (path.exists(), valid) {
        (true, _) => "stays",
        (false, true) => "gone, the view stays valid",
        (false, false) => "gone, and the view too",
    };
    json!({ "delete": deleted, "file": what })
}

fn deleted_by_handle(_: &Row) -> Value {
    deleted(system::delete_by_handle)
}

fn deleted_by_name(_: &Row) -> Value {
    deleted(|file| std::fs::remove_file(file.path()))
}

fn opened_again(_: &Row) -> Value {
    let (file, path) = scratch::named_file(5000).into_parts();
    let _section = section(Some(&file), Protection::ReadWrite, 0).expect("it may be written");
    drop(file);
    json!({ "open": of_system(File::options().read(true).write(true).open(path)) })
}

fn flush_memory(_: &Row) -> Value {
    let view = section(None, Protection::ReadWrite, 100_000)
        .and_then(|section| section.map(ViewAccess::Write))
        .expect("there is memory");
    json!({ "whole": outcome(view.flush(0..100_000)), "part": outcome(view.flush(5000..6000)) })
}

fn flush_part(_: &Row) -> Value {
    let (_file, view) = file_and_view(100_000);
    view.fill(0..100_000, 7).expect("inside the view");
    json!({ "at a page": outcome(view.flush(8192..20_000)), "inside": outcome(view.flush(5000..6000)) })
}

fn flush_too_much(_: &Row) -> Value {
    let (_file, view) = file_and_view(5000);
    json!({ "flush": outcome(view.flush(0..5001)) })
}

fn flush_without_section(_: &Row) -> Value {
    let (_file, view) = file_and_view(5000);
    view.write_at(0, b"changed").expect("inside the view");
    json!({ "flush": outcome(view.flush(0..5000)) })
}

fn flush_read_only(_: &Row) -> Value {
    let file = scratch::file(5000);
    let view = section(Some(&file), Protection::ReadOnly, 0)
        .and_then(|section| section.map(ViewAccess::Read))
        .expect("the file may be read");
    let flushed = outcome(view.flush(0..5000));
    assert_eq!(length(&file), 5000);
    json!({ "flush": flushed })
}
