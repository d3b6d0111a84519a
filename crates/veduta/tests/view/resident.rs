//! Pages in memory: which are, which should be, which must stay.

use crate::scratch::{PAGE, child, code, file, named_file, skipped, thread};
use crate::{section, view};
use std::fs::File;
use veduta::Residency::{Absent, Resident, Unknown};
use veduta::{Advice, Code, Commit, Protection, Section, View, ViewAccess};

#[test]
fn touched_pages_are_resident_and_others_absent() {
    let view = view(4 * PAGE as u64);
    assert_eq!(view.residency(0..4 * PAGE).unwrap(), [Absent; 4]);
    view.write_at(PAGE + 5, b"here").unwrap();
    assert_eq!(view.residency(0..4 * PAGE).unwrap(), [Absent, Resident, Absent, Absent]);
    assert_eq!(view.residency(PAGE + 100..2 * PAGE + 1).unwrap(), [Resident, Absent]);
}

#[test]
fn residency_is_told_for_the_pages_of_the_range() {
    let view = view(4 * PAGE as u64);
    for (range, pages) in [(0..1, 1), (PAGE - 1..PAGE + 1, 2), (0..4 * PAGE, 4), (0..0, 0), (100..100, 0)] {
        assert_eq!(view.residency(range.clone()).unwrap().len(), pages, "{range:?}");
    }
    assert_eq!(code(view.residency(0..4 * PAGE + 1)), Code::INVALID_PARAMETER);
}

/// The kernel says of a file that the caller neither owns nor may write that every page is resident.
#[test]
fn what_the_kernel_would_not_tell_is_unknown() {
    let whole = named_file(4 * PAGE as u64);
    let its_owner = read_only(&File::open(whole.path()).unwrap());
    assert!(!its_owner.residency(0..4 * PAGE).unwrap().contains(&Unknown), "its owner is told");
    let mut stranger = child::play("resident::role_stranger", &[]);
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
fn advice_changes_no_byte() {
    let file = file(4 * PAGE as u64);
    let of_file = Section::options().file(&file).create_unnamed().unwrap().map(ViewAccess::Write).unwrap();
    let all = [
        Advice::Normal,
        Advice::Sequential,
        Advice::Random,
        Advice::WillNeed,
        Advice::PopulateRead,
        Advice::PopulateWrite,
        Advice::Cold,
        Advice::PageOut,
    ];
    for view in [view(4 * PAGE as u64), of_file] {
        view.fill(0..4 * PAGE, 7).unwrap();
        for advice in all {
            view.advise(100..3 * PAGE, advice).unwrap();
            view.advise(5..5, advice).unwrap();
        }
        view.prefetch(0..4 * PAGE).unwrap();
        assert_eq!(view.compare_bytes(0, &[7; 4 * PAGE]).unwrap(), None);
        assert_eq!(code(view.advise(0..4 * PAGE + 1, Advice::Normal)), Code::INVALID_PARAMETER);
        assert_eq!(code(view.prefetch(0..4 * PAGE + 1)), Code::INVALID_PARAMETER);
    }
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
fn populating_what_was_cut_off_is_an_error() {
    let file = file(4 * PAGE as u64);
    let view = Section::options().file(&file).create_unnamed().unwrap().map(ViewAccess::Read).unwrap();
    file.set_len(PAGE as u64).unwrap();
    view.advise(0..PAGE, Advice::PopulateRead).unwrap();
    assert_eq!(code(view.advise(0..2 * PAGE, Advice::PopulateRead)), Code::SWAPERROR);
}

/// How much of a mapping is locked, in bytes.
fn locked(address: usize) -> usize {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mapping = maps.split_once(&format!("{address:x}-")).expect("the address begins a mapping").1;
    let line = mapping.lines().find_map(|line| line.strip_prefix("Locked:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[test]
fn locked_pages_stay_in_memory_until_they_are_unlocked() {
    let view = view(4 * PAGE as u64);
    let first = view.as_ptr().addr();
    view.lock(0..PAGE + 1).unwrap();
    assert_eq!(view.residency(0..4 * PAGE).unwrap(), [Resident, Resident, Absent, Absent]);
    assert_eq!(locked(first), 2 * PAGE);
    view.unlock(0..1).unwrap();
    assert_eq!((locked(first), locked(first + PAGE)), (0, PAGE));
    view.unlock(0..4 * PAGE).unwrap();
    assert_eq!(locked(first), 0);
    view.unlock(0..4 * PAGE).unwrap();
    view.lock(5..5).unwrap();
    assert_eq!(locked(first), 0, "an empty range locks nothing");
    assert_eq!(code(view.lock(0..4 * PAGE + 1)), Code::INVALID_PARAMETER);
    assert_eq!(code(view.unlock(0..4 * PAGE + 1)), Code::INVALID_PARAMETER);
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
