//! A number in a section that processes increment under a mutex, one of them killed every now and then.
//! `VEDUTA_COUNTER_SECONDS` makes it last longer.

use crate::support::World;
use crate::support::world::role_command;
use rustix::process::{Signal, set_parent_process_death_signal};
use std::env;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use veduta::{Mutex, Namespace, ObjectState, Section, View, ViewAccess};

const PROCESSES: usize = 16;
const SLOT: &str = "VEDUTA_TEST_COUNTER";
const PATIENCE: Duration = Duration::from_secs(60);

// Words of the section: the number, who is changing it, how many changes were found made but not logged, how often somebody was told
// that an owner died, whether it is over, and what each process has logged.
const NUMBER: usize = 0;
const INSIDE: usize = 1;
const EXPLAINED: usize = 2;
const TOLD: usize = 3;
const OVER: usize = 4;
const LOGS: usize = 5;

struct Counter {
    mutex: Mutex,
    view: View,
}

impl Counter {
    fn at(directory: &Path) -> Counter {
        let namespace = Namespace::at(directory).expect("it is a directory");
        let (mutex, _) = Mutex::options().namespace(&namespace).create("mutex").expect("it can be had");
        let (section, _) =
            Section::options().size(4096).namespace(&namespace).create("number").expect("it can be had");
        let view = section.map(ViewAccess::Write).expect("it can be mapped");
        // The name lasts as long as this process.
        std::mem::forget(section);
        Counter { mutex, view }
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        self.view.atomic(index * 8).expect("the page has room")
    }

    fn logged(&self) -> u64 {
        (0..PROCESSES).map(|slot| self.word(LOGS + slot).load(SeqCst)).sum()
    }

    /// By an owner of the mutex: the number is what was logged, except for who died in between, of whom this owner was told.
    fn check(&self, abandoned: bool) {
        let [number, explained] = [NUMBER, EXPLAINED].map(|word| self.word(word).load(SeqCst));
        let inside = self.word(INSIDE).swap(0, SeqCst);
        let expected = self.logged() + explained;
        if abandoned {
            self.word(TOLD).fetch_add(1, SeqCst);
            assert!(number == expected || inside != 0 && number == expected + 1, "{number}, not {expected}");
            self.word(EXPLAINED).store(explained + number - expected, SeqCst);
        } else {
            assert_eq!(inside, 0, "somebody is inside, or died there and nobody was told");
            assert_eq!(number, expected, "an increment is lost");
        }
    }

    fn increment(&self, slot: usize) {
        let guard = self.mutex.lock().expect("it can be acquired");
        self.check(guard.is_abandoned());
        self.word(INSIDE).store(slot as u64 + 1, SeqCst);
        let number = self.word(NUMBER).load(SeqCst);
        work();
        self.word(NUMBER).store(number + 1, SeqCst);
        work();
        self.word(LOGS + slot).fetch_add(1, SeqCst);
        self.word(INSIDE).store(0, SeqCst);
    }
}

/// A little of it.
fn work() {
    for _ in 0..200 {
        std::hint::spin_loop();
    }
}

#[test]
fn no_increment_is_lost() {
    let seconds = env::var("VEDUTA_COUNTER_SECONDS").map_or(4, |text| text.parse().expect("it is a number"));
    let world = World::new();
    let counter = Counter::at(&world.root().join("private"));
    let start = |slot: usize| {
        let mut command = role_command("counter::incrementer");
        command.env("VEDUTA_ROOT", world.root()).env(SLOT, slot.to_string()).env_remove("VEDUTA_STEP");
        command.spawn().expect("processes are left")
    };
    let mut processes: Vec<Child> = (0..PROCESSES).map(start).collect();
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut kills = 0;
    while Instant::now() < until {
        let before = counter.logged();
        std::thread::sleep(Duration::from_millis(50));
        wait_until(&counter, "nobody increments", || counter.logged() > before);
        // Every other time the one that owns the mutex, if it still does.
        let owner = match counter.mutex.state().expect("it is ours") {
            ObjectState::Mutex { owner: Some(owner), .. } if kills % 2 == 0 => owner.process(),
            _ => None,
        };
        let owner = processes.iter().position(|process| Some(process.id()) == owner);
        let slot = owner.unwrap_or(kills % PROCESSES);
        processes[slot].kill().expect("nobody else waits for it");
        let status = processes[slot].wait().expect("nobody else waits for it");
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "a process had a complaint: {status}");
        processes[slot] = start(slot);
        kills += 1;
    }
    counter.word(OVER).store(1, SeqCst);
    for process in &mut processes {
        let mut status = None;
        wait_until(&counter, "a process does not come to its end", || {
            status = process.try_wait().expect("nobody else waits for it");
            status.is_some()
        });
        assert!(status.is_some_and(|status| status.success()), "a process had a complaint: {status:?}");
    }
    let guard = counter.mutex.try_lock().unwrap().expect("nobody is there");
    counter.check(guard.is_abandoned());
    let word = |index| counter.word(index).load(SeqCst);
    assert_eq!(word(NUMBER), counter.logged() + word(EXPLAINED));
    assert!(word(EXPLAINED) <= word(TOLD), "each difference has an owner who was told");
    println!(
        "{} increments, {kills} kills, {} times abandoned, {} increments made and not logged",
        word(NUMBER),
        word(TOLD),
        word(EXPLAINED)
    );
}

fn wait_until(counter: &Counter, complaint: &str, mut come: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !come() {
        assert!(begun.elapsed() < PATIENCE, "{complaint}: {}", counter.mutex.state().expect("it is ours"));
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
#[ignore = "a role: the counter starts it in processes of their own"]
fn incrementer() {
    let Ok(slot) = env::var(SLOT) else { return };
    set_parent_process_death_signal(Some(Signal::KILL)).expect("every process may");
    let root = env::var_os("VEDUTA_ROOT").expect("the test says");
    let counter = Counter::at(&Path::new(&root).join("private"));
    let slot = slot.parse().expect("it is a number");
    while counter.word(OVER).load(SeqCst) == 0 {
        counter.increment(slot);
    }
}
