//! Which views a section's protection and a handle's rights give: the interpreters `map`, `open` and `protect`.

use crate::constant::{access_of_page, constant, desired, page, protection};
use crate::create::section;
use crate::row::{Row, outcome};
use crate::scratch;
use serde_json::{Map, Value, json};
use veduta::{Disposition, Section, SectionAccess};

/// What the pages of a view are, or the error.
pub(crate) fn protect_of_view(section: &Section, access: &str) -> Value {
    match section.map(desired(access)) {
        Ok(view) => {
            let region = view.query(0).expect("a view can be queried");
            assert_eq!(
                region.access, region.allocation_access,
                "nothing changed the view since it was mapped"
            );
            json!(page(region.access))
        }
        Err(error) => json!(error.code().get()),
    }
}

/// What each access gives that a row wants to know of.
fn views(section: &Section, row: &Row) -> Map<String, Value> {
    row.observations()
        .filter(|name| *name != "open")
        .map(|access| (access.to_owned(), protect_of_view(section, access)))
        .collect()
}

/// A section, and each view of all of it.
pub(crate) fn map(row: &Row) -> Value {
    row.each(|given| {
        let protection = protection(given.text("protection").expect("a protection")).expect("a valid one");
        let file = match given.text("backing") {
            Some("file") => Some(scratch::file(10_000)),
            _ => None,
        };
        let section = section(file.as_ref(), protection, 10_000).expect("the protection is allowed");
        Value::Object(views(&section, row))
    })
}

/// A named section, another handle to it, and each view through that.
pub(crate) fn open(row: &Row) -> Value {
    row.each(|given| {
        let made = protection(given.text("section").expect("a protection")).expect("a valid one");
        let name = scratch::name("fact open");
        let _first =
            Section::options().size(10_000).protection(made).create_new(&name).expect("the name is new");
        let second = match (given.text("open"), given.text("create")) {
            (Some(rights), _) => SectionAccess::from_desired_access(constant(rights))
                .and_then(|rights| Section::options().access(rights).open(&name))
                .map(|section| (section, "ok")),
            (_, Some(again)) => protection(again)
                .and_then(|again| Section::options().size(10_000).protection(again).create(&name))
                .map(|(section, disposition)| (section, created(disposition))),
            _ => panic!("{} does not say how to open", row.id),
        };
        match second {
            Ok((second, how)) => {
                let mut observed = views(&second, row);
                observed.insert("open".to_owned(), json!(how));
                Value::Object(observed)
            }
            Err(error) => json!({ "open": error.code().get() }),
        }
    })
}

/// How creating succeeded, in the words of the facts.
pub(crate) fn created(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Created => "new",
        Disposition::Opened => "exists",
    }
}

/// A view whose protection is changed again and again.
pub(crate) fn protect(row: &Row) -> Value {
    let text = |key: &str| row.given[key].as_str().expect("a text");
    let made = protection(text("section")).expect("a valid protection");
    let section = section(None, made, 10_000).expect("the protection is allowed");
    let mut view = section.map(desired(text("map"))).expect("the section allows the view");
    let steps = row.given["protect"].as_array().expect("a list").iter();
    let observed: Vec<_> = steps
        .map(|to| {
            let to = access_of_page(to.as_str().expect("a text"));
            match view.protect(0..view.len(), to) {
                Ok(before) => json!(page(before)),
                failed => outcome(failed),
            }
        })
        .collect();
    json!({ "protect": observed })
}
