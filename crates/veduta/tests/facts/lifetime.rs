//! How long names, bytes and views live.

use crate::Replay;
use crate::access::created;
use crate::row::{Row, outcome};
use crate::scratch::{self, FileAt, child};
use serde_json::{Value, json};
use veduta::{Section, View, ViewAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("LT-01", view_outlives_the_name),
    ("LT-03/04/05", name_again_while_a_view_is_left),
    ("LT-06/07", two_handles),
    ("LT-09/10", view_outlives_its_file),
    ("LT-11", bytes_outlive_views),
    ("LT-13", killed_holder),
    ("LT-14", all_gone),
];

/// A new section of that name, a handle and a view of it.
fn section_and_view(what: &str) -> (String, Section, View) {
    let name = scratch::name(what);
    let section = Section::options().size(100_000).create_new(&name).expect("the name is new");
    let view = section.map(ViewAccess::Write).expect("it may be written");
    (name, section, view)
}

fn view_outlives_the_name(_: &Row) -> Value {
    let (_, section, view) = section_and_view("fact view");
    view.write_at(90_000, b"before").expect("inside the view");
    drop(section);
    let kept = view.compare_bytes(90_000, b"before").expect("inside the view").is_none();
    let written = view.write_at(0, b"after").is_ok();
    json!({ "view": if kept && written { "valid" } else { "broken" } })
}

fn name_again_while_a_view_is_left(_: &Row) -> Value {
    let (name, section, old) = section_and_view("fact again");
    old.write_at(0, b"old").expect("inside the view");
    drop(section);
    let (section, disposition) = Section::options().size(100_000).create(&name).expect("the name is free");
    let new = section.map(ViewAccess::Write).expect("it may be written");
    let zero = new.compare_bytes(0, &[0; 100_000]).expect("inside the view").is_none();
    new.write_at(0, b"new").expect("inside the view");
    let separate = old.compare_bytes(0, b"old").expect("inside the view").is_none();
    let bytes = if zero && separate { "zero, and separate from the old view" } else { "others" };
    json!({ "create": created(disposition), "bytes": bytes })
}

fn two_handles(_: &Row) -> Value {
    let name = scratch::name("fact two");
    let first = Section::options().size(100).create_new(&name).expect("the name is new");
    let second = Section::options().open(&name).expect("it exists");
    drop(first);
    let after_one = outcome(Section::options().open(&name));
    drop(second);
    json!({ "open after one": after_one, "open after both": outcome(Section::options().open(&name)) })
}

fn view_outlives_its_file(_: &Row) -> Value {
    let file = scratch::named_file(5000);
    let (file, path) = file.into_parts();
    let section = Section::options().file(&file).create_unnamed().expect("the file may be written");
    let view = section.map(ViewAccess::Write).expect("it may be written");
    drop((file, section));
    view.write_at(4000, b"late").expect("inside the view");
    drop(view);
    let mut bytes = [0; 4];
    std::fs::File::open(path).and_then(|file| file.read_exact_at(&mut bytes, 4000)).expect("it is there");
    json!({ "file": if &bytes == b"late" { "has the bytes" } else { "lacks the bytes" } })
}

fn bytes_outlive_views(_: &Row) -> Value {
    let (_, section, view) = section_and_view("fact bytes");
    view.write_at(0, b"kept").expect("inside the view");
    drop(view);
    let again = section.map(ViewAccess::Read).expect("it may be read");
    let kept = again.compare_bytes(0, b"kept").expect("inside the view").is_none();
    json!({ "bytes": if kept { "kept" } else { "lost" } })
}

fn killed_holder(_: &Row) -> Value {
    let name = scratch::name("fact killed");
    let mut holder = child::play("lifetime::role_hold", &[("FACT_NAME", &name)]);
    assert_eq!(holder.hear(), "held");
    let before = outcome(Section::options().open(&name));
    holder.kill();
    json!({ "open before": before, "open after": outcome(Section::options().open(&name)) })
}

#[test]
#[ignore = "a role: holds a name until it is killed"]
fn role_hold() {
    let name = std::env::var("FACT_NAME").expect("the test says which name");
    let _section = Section::options().size(100).create_new(&name).expect("the name is new");
    child::say("held");
    child::listen();
}

fn all_gone(_: &Row) -> Value {
    let (name, section, view) = section_and_view("fact gone");
    drop((section, view));
    json!({ "open": outcome(Section::options().open(&name)) })
}
