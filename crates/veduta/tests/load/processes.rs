//! Many processes on one name.

use crate::footprint::Footprint;
use crate::support::WATCHDOG;
use crate::support::world::role_command;
use crate::{alone, count, figure};
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use veduta::{Code, Event, Mutex, Namespace, Reset, Section, SweepMode, View, ViewAccess, Waitable, Waited};

const BYTES: &str = r"Local\everybody's bytes";
const MUTEX: &str = r"Local\everybody's mutex";
const LEAVE: &str = r"Local\everybody leaves";

#[test]
fn many_processes_have_one_name() {
    alone("processes::role");
}

/// Words of the section: additions by all at once, and by one after the other.
fn words(view: &View) -> [&AtomicU64; 2] {
    [0, 8].map(|offset| view.atomic(offset).unwrap())
}

#[test]
#[ignore = "a role: the process that starts the others"]
fn role() {
    let section = Section::options().size(4096).create_new(BYTES).unwrap();
    let mutex = Mutex::options().create_new(MUTEX).unwrap();
    let leave = Event::options().reset(Reset::Manual).create_new(LEAVE).unwrap();
    let view = section.map(ViewAccess::Write).unwrap();
    crowd(10, &view, &leave);
    let footprint = Footprint::now();
    let count = count(1000, 30);
    let took = crowd(count, &view, &leave);
    figure!("{count} processes on one name: all of them had it after {took:?}");
    assert_eq!(Namespace::local().unwrap().object(BYTES).unwrap().holders.len(), 1);
    footprint.is_again(Footprint::now());
    drop((section, mutex, leave));
    // Half of them were killed, but none was the last.
    assert_eq!(Section::options().open(BYTES).unwrap_err().code(), Code::FILE_NOT_FOUND);
    let sweep = Namespace::local().unwrap().sweep(SweepMode::Remove).unwrap();
    assert!(sweep.removed.is_empty() && sweep.problems.is_empty(), "{sweep:?}");
}

/// So many processes come, have the name at the same time, and go: every other one is killed.
fn crowd(count: usize, view: &View, leave: &Event) -> Duration {
    leave.reset().unwrap();
    let [all, ordered] = words(view);
    let before = all.load(SeqCst);
    let begun = Instant::now();
    let mut processes: Vec<Child> = (0..count)
        .map(|_| role_command("processes::role_one").spawn().expect("processes are left"))
        .collect();
    while all.load(SeqCst) < before + count as u64 {
        assert!(begun.elapsed() < WATCHDOG, "{} of {count} came", all.load(SeqCst) - before);
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = begun.elapsed();
    assert_eq!(all.load(SeqCst), ordered.load(SeqCst), "no addition is lost");
    let holders = Namespace::local().unwrap().object(BYTES).unwrap().holders;
    assert_eq!(holders.len(), count + 1);
    for process in processes.iter_mut().step_by(2) {
        process.kill().unwrap();
    }
    leave.set().unwrap();
    for (index, process) in processes.iter_mut().enumerate() {
        assert!(process.wait().unwrap().success() || index % 2 == 0, "process {index} had a complaint");
    }
    took
}

#[test]
#[ignore = "a role: one of many processes"]
fn role_one() {
    let view = Section::options().open(BYTES).unwrap();
    let holder = view.try_clone().unwrap();
    let view = view.map(ViewAccess::Write).unwrap();
    let mutex = Mutex::options().open(MUTEX).unwrap();
    let leave = Event::options().open(LEAVE).unwrap();
    let [all, ordered] = words(&view);
    let guard = mutex.lock().unwrap();
    assert!(!guard.is_abandoned(), "nobody is killed before all are here");
    ordered.store(ordered.load(SeqCst) + 1, SeqCst);
    drop(guard);
    all.fetch_add(1, SeqCst);
    assert_eq!(leave.wait(None).unwrap(), Waited::Signaled(0));
    drop(holder);
}
