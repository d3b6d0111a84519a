//! What only Linux does about pages: populating them, counting who locks them, hiding them from strangers.

use crate::scratch::{PAGE, child, code, named_file, skipped, thread};
use crate::{section, view};
use std::fs::File;
use veduta::Residency::{Absent, Resident, Unknown};
use veduta::{Advice, Code, Commit, Protection, Section, View, ViewAccess};

/// The kernel says of a file that the caller neither owns nor may write that every page is resident.
#[test]
fn what_the_kernel_would_not_tell_is_unknown() {
    let whole = named_file(4 * PAGE as u64);
    let its_owner = read_only(&File::open(whole.path()).unwrap());
    assert!(!its_owner.residency(0..4 * PAGE).unwrap().contains(&Unknown), "its owner is told");
    let mut stranger = child::play("advice::role_stranger", &[]);
    assert_eq!(stranger.hear(), "[Unknown]");
}

#[test]
#[ignore = "a role: asks about a file of root's that everybody may read"]
fn role_stranger() {
    thread::become_nobody();
    let view = read_only(&File::open("/etc/passwd").unwrap());
    child::say(format!("{:?}", view.residency(0..1).unwrap()));
}

fn read_only(file: &File) -> View {
    let section = Section::options().file(file).protection(Protection::ReadOnly).create_unnamed();
    section.unwrap().map(ViewAccess::Read).unwrap()
}

#[test]
fn large_pages_are_advised_or_unknown_to_the_kernel() {
    match view(4 << 20).advise(0..4 << 20, Advice::LargePages) {
        Ok(()) => {}
        Err(error) => assert_eq!(error.code(), Code::NOT_SUPPORTED),
    }
}

#[test]
fn populating_brings_the_pages() {
    let section = section(8 * PAGE as u64);
    let view = section.map(ViewAccess::Write).unwrap();
    view.advise(2 * PAGE..4 * PAGE, Advice::PopulateWrite).unwrap();
    let expected = [Absent, Absent, Resident, Resident, Absent, Absent, Absent, Absent];
    assert_eq!(view.residency(0..8 * PAGE).unwrap(), expected);
    let copy = section.map(ViewAccess::Copy).unwrap();
    copy.advise(0..PAGE, Advice::PopulateWrite).unwrap();
    assert_eq!(copy.query(0).unwrap().len, PAGE, "that made a copy");
}

#[test]
fn pages_that_may_not_be_written_are_not_populated_for_writing() {
    let view = section(4 * PAGE as u64).map(ViewAccess::Read).unwrap();
    assert_eq!(code(view.advise(0..PAGE, Advice::PopulateWrite)), Code::NOACCESS);
}

#[test]
fn locking_beyond_the_limit_says_what_the_limit_is() {
    let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::Memlock).current else {
        return skipped("this process may lock all memory");
    };
    let section =
        Section::options().size(limit + PAGE as u64).commit(Commit::Reserve).create_unnamed().unwrap();
    thread::with_limit_on_locks(|| {
        let view = section.map(ViewAccess::Read).unwrap();
        let error = view.lock(0..view.len()).unwrap_err();
        assert_eq!(error.code(), Code::WORKING_SET_QUOTA);
        assert!(error.advice().unwrap().contains(&format!("may lock {limit} bytes")), "{error}");
    });
}
