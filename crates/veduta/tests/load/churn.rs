//! Listings while names come and go.

use crate::footprint::Footprint;
use crate::support::world::role_command;
use crate::{alone, count, duration, figure};
use std::collections::BTreeSet;
use std::process::Child;
use std::time::{Duration, Instant};
use veduta::{Kind, Mutex, Namespace, Section, SweepMode};

const STAYS: &str = r"Local\stays ";
const COMES_AND_GOES: &str = r"Local\comes and goes ";
const CHURNERS: usize = 3;
/// How many names each of them has at a time, and how long it waits before the next: a name lives longer than a listing takes.
const AT_ONCE: usize = 300;
const PAUSE: Duration = Duration::from_micros(500);

#[test]
fn names_are_listed_while_others_come_and_go() {
    alone("churn::role");
}

fn size_of(number: u64) -> u64 {
    4096 * (number % 7 + 1)
}

#[test]
#[ignore = "a role: the process that lists"]
fn role() {
    let stay: BTreeSet<String> = (0..count(1000, 50)).map(|number| format!("{STAYS}{number}")).collect();
    let sections: Vec<Section> =
        stay.iter().map(|name| Section::options().size(4096).create_new(name).unwrap()).collect();
    let namespace = Namespace::local().unwrap();
    look(&namespace, &stay);
    let footprint = Footprint::now();
    let mut churners: Vec<Child> = (0..CHURNERS)
        .map(|_| role_command("churn::role_churner").spawn().expect("processes are left"))
        .collect();
    while std::fs::read_dir(namespace.path()).unwrap().count() < stay.len() + AT_ONCE {
        std::thread::sleep(Duration::from_millis(1));
    }
    let begun = Instant::now();
    let (mut looks, mut seen, mut longest) = (0, 0, Duration::ZERO);
    while begun.elapsed() < duration() || looks < 10 {
        let looking = Instant::now();
        seen += look(&namespace, &stay);
        longest = longest.max(looking.elapsed());
        looks += 1;
        for churner in &mut churners {
            let ended = churner.try_wait().unwrap();
            assert!(ended.is_none(), "one that makes names had a complaint: {ended:?}");
        }
    }
    figure!(
        "{looks} listings in {:?} while names came and went: all {} that stayed in each, and {} of the others; the longest took {longest:?}",
        begun.elapsed(),
        stay.len(),
        seen / looks
    );
    for churner in &mut churners {
        churner.kill().unwrap();
        churner.wait().unwrap();
    }
    let sweep = namespace.sweep(SweepMode::Remove).unwrap();
    assert!(sweep.problems.is_empty(), "{:?}", sweep.problems);
    assert_eq!(look(&namespace, &stay), 0);
    footprint.is_again(Footprint::now());
    drop(sections);
}

/// Lists, and finds all that stay, nothing that is not whole, and so many of the others.
fn look(namespace: &Namespace, stay: &BTreeSet<String>) -> usize {
    let listing = namespace.objects().unwrap();
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    let mut missing: BTreeSet<&str> = stay.iter().map(String::as_str).collect();
    let mut others = BTreeSet::new();
    for object in &listing.objects {
        if missing.remove(object.name.as_str()) {
            assert!(object.holders.iter().any(|holder| holder.pid == std::process::id()), "{object:?}");
            continue;
        }
        // What its name says must be what it is.
        let number = object.name.strip_prefix(COMES_AND_GOES).and_then(|words| words.split(' ').next());
        let number: u64 = number.and_then(|number| number.parse().ok()).expect("it is one of the others");
        let (kind, size) = kind_and_size(number);
        assert!(object.kind == kind && size.is_none_or(|size| object.size == size), "{object:?}");
        assert!(others.insert(&object.name), "{} is listed twice", object.name);
    }
    assert!(missing.is_empty(), "not listed: {missing:?}");
    assert!(listing.stale.iter().all(|name| !stay.contains(name)), "{:?}", listing.stale);
    others.len()
}

fn kind_and_size(number: u64) -> (Kind, Option<u64>) {
    if number.is_multiple_of(3) { (Kind::Mutex, None) } else { (Kind::Section, Some(size_of(number))) }
}

#[test]
#[ignore = "a role: a process that makes names and gives them up, until it is killed"]
fn role_churner() {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).unwrap();
    let mut sections = std::collections::VecDeque::new();
    for number in 0.. {
        let name = format!("{COMES_AND_GOES}{number} {}", std::process::id());
        let made = match kind_and_size(number) {
            (Kind::Mutex, _) => (Some(Mutex::options().create_new(&name).unwrap()), None),
            (_, size) => (None, Some(Section::options().size(size.unwrap()).create_new(&name).unwrap())),
        };
        sections.push_back(made);
        if sections.len() > AT_ONCE {
            sections.pop_front();
        }
        std::thread::sleep(PAUSE);
    }
}
