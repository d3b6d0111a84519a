//! Many names in one process.

use crate::footprint::{Footprint, allow_descriptors};
use crate::support::memory::{shared, until_shared};
use crate::{alone, count, figure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::{Duration, Instant};
use veduta::{Code, Namespace, Section, ViewAccess};

/// Bytes that each section has, and uses.
const SIZE: u64 = 4096;

#[test]
fn one_process_has_many_names() {
    alone("names::role");
}

#[test]
#[ignore = "a role: a process of its own with many names"]
fn role() {
    // Each takes two descriptors.
    let wanted = 2 * count(20_000, 400) + 200;
    let allowed = allow_descriptors(wanted);
    if allowed < wanted {
        figure!("{allowed} descriptors are all that this user may have: fewer names");
    }
    let count = (allowed - 200) / 2;
    let before = shared();
    have(count);
    // What the first time left is there to stay: the allocator's, and tables that grow.
    let footprint = Footprint::now();
    let [first, last, list, close] = have(count);
    figure!(
        "{count} names: {first:?} for each of the first tenth, {last:?} of the last, {list:?} to list them, {close:?} to close each"
    );
    footprint.is_again(Footprint::now());
    until_shared("the bytes are gone", |now| now < before + count as u64 * SIZE / 2);
}

/// Has so many names, and gives them up: how long it took to create one of the first and one of the last, to list all, and to close one.
fn have(count: usize) -> [Duration; 4] {
    let name = |index: usize| format!(r"Local\one of many {index}");
    let create = |index: usize| {
        let section = Section::options().size(SIZE).create_new(&name(index)).unwrap();
        section.map(ViewAccess::Write).unwrap().write_value(0, &(index as u64)).unwrap();
        section
    };
    let tenth = count / 10;
    let mut sections = Vec::with_capacity(count);
    let mut add = |many: usize| {
        let begun = Instant::now();
        let from = sections.len();
        sections.extend((from..from + many).map(create));
        begun.elapsed() / many as u32
    };
    let first = add(tenth);
    add(count - 2 * tenth);
    let last = add(tenth);

    let begun = Instant::now();
    let objects = list_with_few_descriptors().objects;
    let list = begun.elapsed();
    assert_eq!(objects.len(), count);
    assert!(objects.iter().all(|object| object.holders.len() == 1 && object.size == SIZE));
    for index in [0, count / 2, count - 1] {
        let section = Section::options().open(&name(index)).unwrap();
        assert_eq!(section.map(ViewAccess::Read).unwrap().read_value::<u64>(0).unwrap(), index as u64);
    }

    let begun = Instant::now();
    drop(sections);
    let close = begun.elapsed() / count as u32;
    assert_eq!(Section::options().open(&name(0)).unwrap_err().code(), Code::FILE_NOT_FOUND);
    [first, last, list, close]
}

/// Lists as an operator would whose process may have few descriptors: not one for each name.
fn list_with_few_descriptors() -> veduta::Listing {
    let limits = getrlimit(Resource::Nofile);
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    setrlimit(Resource::Nofile, Rlimit { current: Some(open + 20), ..limits }).unwrap();
    let listing = Namespace::local().unwrap().objects().unwrap();
    setrlimit(Resource::Nofile, limits).unwrap();
    assert!(listing.problems.is_empty(), "{:?}", listing.problems.first());
    listing
}
