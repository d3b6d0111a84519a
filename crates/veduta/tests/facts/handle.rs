//! Handles that are duplicated, inherited and sent.

use crate::Replay;
use crate::access::{created, protect_of_view};
use crate::create::section;
use crate::row::{Row, outcome};
use crate::scratch::{self, child};
use crate::system;
use crate::wait::waited;
use serde_json::{Map, Value, json};
use std::time::Duration;
use veduta::os::InheritExt;
use veduta::{Event, Protection, Section, SectionAccess, SyncAccess, ViewAccess, Waitable};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("IH-01", not_inheritable_by_default),
    ("IH-02", number_of_what_is_not_inherited),
    ("IH-06", inheritance_taken_back),
    ("IH-09", inheritable_by_creating_again),
    ("DUP-01/02/03", duplicate),
    ("DUP-06/07", duplicate_to_read),
    ("DUP-08", duplicate_to_write_again),
    ("DUP-10/11/12", duplicate_without_access),
    ("DUP-13", inheritable_duplicate),
    ("DUP-17/18", rubbish),
    ("DUP-22", duplicate_of_an_event),
    ("DUP-25", duplicate_to_modify),
    ("DUP-26/27", into_another_process),
];

fn unnamed() -> Section {
    section(None, Protection::ReadWrite, 100_000).expect("there is memory")
}

fn not_inheritable_by_default(_: &Row) -> Value {
    let section = unnamed();
    assert_eq!(section.inherited_numbers(), None);
    json!({ "inheritable": section.is_inheritable() })
}

fn number_of_what_is_not_inherited(_: &Row) -> Value {
    let section = unnamed();
    let (numbers, _kept) = system::private_numbers(&section);
    let mut child = child::play("handle::role_inherit", &[("FACT_NUMBERS", &numbers)]);
    json!({ "child": child.hear().parse::<u32>().expect("the role says a number") })
}

#[test]
#[ignore = "a role: adopts an inherited handle"]
fn role_inherit() {
    let numbers = std::env::var("FACT_NUMBERS").expect("the test says which numbers");
    #[allow(unsafe_code, reason = "adopting numbers is up to who got them")]
    // SAFETY: nothing in this role has a descriptor of those numbers.
    let adopted = unsafe { Section::from_inherited(&numbers) };
    child::say(adopted.map_or_else(|error| error.code().get(), |_| 0));
}

fn inheritance_taken_back(_: &Row) -> Value {
    let section = unnamed().into_inheritable().expect("descriptors are left");
    assert!(section.is_inheritable());
    json!({ "inheritable": system::taken_back(section).is_inheritable() })
}

fn inheritable_by_creating_again(_: &Row) -> Value {
    let name = scratch::name("fact inheritable");
    let _first = Section::options().size(100).create_new(&name).expect("the name is new");
    let (second, disposition) =
        Section::options().size(100).inheritable(true).create(&name).expect("it exists");
    let inheritable = second.is_inheritable() && system::reaches_children(&second);
    json!({ "create": created(disposition), "inheritable": inheritable })
}

fn duplicate(_: &Row) -> Value {
    let name = scratch::name("fact duplicate");
    let first = Section::options().size(100).create_new(&name).expect("the name is new");
    let view = first.map(ViewAccess::Write).expect("it may be written");
    let second = first.try_clone().expect("a handle can be duplicated");
    let equal = first.access() == second.access();
    drop(first);
    let lives = Section::options().open(&name).is_ok();
    view.write_at(0, b"seen").expect("inside the view");
    let other = second.map(ViewAccess::Write).expect("it may be written");
    let same = other.compare_bytes(0, b"seen").expect("inside the view").is_none();
    json!({
        "access": if equal { "equal" } else { "other" },
        "name": if lives { "lives on" } else { "gone" },
        "view": if same { "of the same bytes" } else { "of others" },
    })
}

/// A duplicate with those rights, and the views that a row wants to know of.
fn duplicate_with(row: &Row, from: &Section, access: SectionAccess) -> Value {
    match from.try_clone_with(access) {
        Ok(duplicate) => {
            assert_eq!(duplicate.access(), access);
            let views = row.observations().map(|name| match name {
                "duplicate" => (name.to_owned(), json!("ok")),
                access => (access.to_owned(), protect_of_view(&duplicate, access)),
            });
            Value::Object(Map::from_iter(views))
        }
        failed => json!({ "duplicate": outcome(failed) }),
    }
}

fn duplicate_to_read(row: &Row) -> Value {
    duplicate_with(row, &unnamed(), SectionAccess::READ)
}

fn duplicate_to_write_again(row: &Row) -> Value {
    let name = scratch::name("fact read only");
    let _first = Section::options().size(100).create_new(&name).expect("the name is new");
    let opened = Section::options().access(SectionAccess::READ).open(&name).expect("it exists");
    duplicate_with(row, &opened, SectionAccess::READ | SectionAccess::WRITE)
}

fn duplicate_without_access(row: &Row) -> Value {
    duplicate_with(row, &unnamed(), SectionAccess::empty())
}

fn duplicate_of_an_event(_: &Row) -> Value {
    let event = Event::options().create_unnamed().expect("there is memory");
    let duplicate = event.try_clone().expect("a handle can be duplicated");
    event.set().expect("it may be set");
    json!({ "wait": waited(duplicate.wait(Duration::ZERO)) })
}

fn duplicate_to_modify(_: &Row) -> Value {
    let event = Event::options().create_unnamed().expect("there is memory");
    let duplicate = event.try_clone_with(SyncAccess::MODIFY_STATE).expect("a handle can be duplicated");
    json!({ "set": outcome(duplicate.set()), "wait": waited(duplicate.wait(Duration::ZERO)) })
}

fn inheritable_duplicate(_: &Row) -> Value {
    let source = unnamed();
    let duplicate = source.try_clone().and_then(InheritExt::into_inheritable).expect("descriptors are left");
    json!({ "inheritable": duplicate.is_inheritable(), "source inheritable": source.is_inheritable() })
}

fn rubbish(_: &Row) -> Value {
    let adopt = |numbers: &str| {
        #[allow(unsafe_code, reason = "adopting numbers is up to who got them")]
        // SAFETY: these are no numbers at all.
        outcome(unsafe { Section::from_inherited(numbers) })
    };
    json!({ "rubbish": adopt("rubbish"), "null": adopt("") })
}

fn into_another_process(_: &Row) -> Value {
    let section = unnamed();
    let view = section.map(ViewAccess::Write).expect("it may be written");
    system::into_another_process(&section);
    let shared = view.compare_bytes(0, b"from the child").expect("inside the view").is_none();
    json!({ "value": "good there", "memory": if shared { "shared" } else { "separate" } })
}
