//! Which names there are and what they name: the interpreter `name`, and what its form does not cover.

use crate::Replay;
use crate::access::created;
use crate::constant::protection;
use crate::create::length;
use crate::row::{Row, outcome};
use crate::scratch;
use crate::view::region;
use serde_json::{Map, Value, json};
use veduta::{Disposition, Event, Mutex, Section, Semaphore, ViewAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("NM-06/07", global_and_local),
    ("NM-18/19/20", empty_name),
    ("NM-26/27/28", long_names),
    ("NM-34", name_of_another_kind),
    ("NM-35", prefixed_name_of_another_kind),
    ("NM-37/38", larger_than_what_exists),
    ("NM-39", view_larger_than_what_exists),
    ("NM-41", existing_name_without_access),
    ("NM-42", file_for_an_existing_name),
];

/// What opening and creating under names gives while others exist.
pub(crate) fn name(row: &Row) -> Value {
    row.each(|given| {
        let tag = scratch::unique();
        let full = |key: &str| given.text(key).map(|name| name.replace("{}", &tag));
        let _exists =
            full("exists").map(|name| Section::options().size(100).create_new(&name).expect("it is new"));
        let mut observed = Map::new();
        if let Some(name) = full("open") {
            observed.insert("open".to_owned(), outcome(Section::options().open(&name)));
        }
        if let Some(name) = full("create") {
            let result = match Section::options().size(100).create(&name) {
                Ok((_, disposition)) => json!(created(disposition)),
                failed => outcome(failed),
            };
            observed.insert("create".to_owned(), result);
        }
        Value::Object(observed)
    })
}

/// Two sections that are created under two names, and whether they have the same bytes.
fn create_two(first: &str, second: &str) -> Value {
    let create = |name| Section::options().size(100).create(name).expect("the names are valid");
    let ((a, first), (b, second)) = (create(first), create(second));
    json!({ "first": created(first), "second": created(second), "bytes": separate(&a, &b) })
}

fn separate(a: &Section, b: &Section) -> &'static str {
    let write = a.map(ViewAccess::Write).expect("it may be written");
    write.write_at(0, b"only in one").expect("inside the view");
    let read = b.map(ViewAccess::Read).expect("it may be read");
    let differ = read.compare_bytes(0, b"only in one").expect("inside the view").is_some();
    if differ { "separate" } else { "the same" }
}

fn global_and_local(_: &Row) -> Value {
    let tag = scratch::unique();
    let (local, _) = Section::options().size(100).create(&tag).expect("the name is new");
    let name = format!(r"Global\{tag}");
    let (global, disposition) = Section::options().size(100).create(&name).expect("anybody may create one");
    json!({
        "create": created(disposition),
        "open": outcome(Section::options().open(&name)),
        "bytes": separate(&local, &global),
    })
}

fn empty_name(_: &Row) -> Value {
    create_two("", "")
}

fn long_names(_: &Row) -> Value {
    let common = format!("{:x<1099}", scratch::unique());
    create_two(&format!("{common}a"), &format!("{common}b"))
}

fn name_of_another_kind(_: &Row) -> Value {
    let name = |kind| scratch::name(&format!("fact {kind}"));
    let (mutex, event, semaphore) = (name("mutex"), name("event"), name("semaphore"));
    let _holders = (
        Mutex::options().create_new(&mutex).expect("the name is new"),
        Event::options().create_new(&event).expect("the name is new"),
        Semaphore::options().create_new(&semaphore).expect("the name is new"),
    );
    let observed = [mutex, event, semaphore].map(|name| {
        json!({
            "open": outcome(Section::options().open(&name)),
            "create": outcome(Section::options().size(100).create(&name)),
        })
    });
    json!(observed)
}

fn prefixed_name_of_another_kind(_: &Row) -> Value {
    let name = scratch::name("fact event");
    let _holder = Event::options().create_new(&name).expect("the name is new");
    let plain = name.trim_start_matches(r"Local\");
    json!({ "create": outcome(Section::options().size(100).create(plain)) })
}

fn existing(what: &str, size: u64) -> (String, Section) {
    let name = scratch::name(what);
    let section = Section::options().size(size).create_new(&name).expect("the name is new");
    (name, section)
}

fn larger_than_what_exists(_: &Row) -> Value {
    let (name, _first) = existing("fact larger", 4096);
    let (second, disposition) = Section::options().size(8192).create(&name).expect("it exists");
    let view = second.map(ViewAccess::Write).expect("it may be written");
    json!({ "create": created(disposition), "region": region(&view) })
}

fn view_larger_than_what_exists(_: &Row) -> Value {
    let (name, _first) = existing("fact larger view", 4096);
    let (second, disposition) = Section::options().size(8192).create(&name).expect("it exists");
    json!({ "create": created(disposition), "map": outcome(second.view().len(8192).map()) })
}

fn existing_name_without_access(_: &Row) -> Value {
    let (name, _first) = existing("fact no access", 4096);
    let created = protection("PAGE_NOACCESS")
        .and_then(|none| Section::options().size(4096).protection(none).create(&name));
    json!({ "create": outcome(created) })
}

fn file_for_an_existing_name(_: &Row) -> Value {
    let (name, first) = existing("fact file", 4096);
    first.map(ViewAccess::Write).and_then(|view| view.write_at(0, b"old")).expect("it may be written");
    let file = scratch::file(100);
    let (second, disposition) =
        Section::options().size(100_000).file(&file).create(&name).expect("it exists");
    assert_eq!(disposition, Disposition::Opened);
    let view = second.map(ViewAccess::Read).expect("it may be read");
    let old = view.compare_bytes(0, b"old").expect("inside the view").is_none();
    json!({
        "create": created(disposition),
        "bytes": if old { "of the old section" } else { "others" },
        "size": second.len(),
        "file length": length(&file),
    })
}
