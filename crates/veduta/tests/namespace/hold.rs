//! A process that holds a name.

use crate::scratch::{self, child};
use veduta::{Namespace, Section, SectionAccess, ViewAccess};

/// Starts a process that creates a section in a private namespace, or opens it, and keeps it.
pub(crate) fn hold(private: &scratch::Private, name: &str, access: &str) -> child::Actor {
    let path = private.path().to_str().unwrap();
    let mut holder =
        child::play("hold::role_hold", &[("NAMESPACE", path), ("NAME", name), ("ACCESS", access)]);
    assert_eq!(holder.hear(), "held");
    holder
}

#[test]
#[ignore = "a role: holds a section until it is killed"]
fn role_hold() {
    let variable = |name| std::env::var(name).unwrap();
    let namespace = Namespace::at(variable("NAMESPACE")).unwrap();
    let mut options = Section::options();
    options.size(10_000).namespace(&namespace);
    let section = match &*variable("ACCESS") {
        "create" => options.create_new(&variable("NAME")),
        "read" => options.access(SectionAccess::READ).open(&variable("NAME")),
        _ => options.open(&variable("NAME")),
    };
    let view = section.as_ref().unwrap().map(ViewAccess::Read).unwrap();
    child::say("held");
    child::listen();
    drop((section, view));
}
