//! Thousands of processes create, open, write and close the same few names, and are killed at random.
//!
//! Whoever holds a name writes down from when to when, and which incarnation; the kills are written down too. Afterwards
//! the ledger must show that all who held a name at the same time held the same thing, and nothing may be left.
//! `VEDUTA_STORM_SECONDS` makes it last longer.
// Row: entries
#![cfg(target_os = "linux")]

mod support;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::collections::HashMap;
use std::env;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::memory::{shared, until_shared};
use support::world::role_command;
use support::{World, expect_refusal};
use veduta::{Code, Namespace, STEPS, Section, SectionAccess, SweepMode, ViewAccess};
use zerocopy::{FromBytes, Immutable, IntoBytes};

const NAMES: [&str; 4] = [r"Local\Storm 1", r"Local\Storm 2", r"Global\Storm 3", r"Global\Storm 4"];
/// Large enough that a leak of a few shows in the machine's memory.
const SIZE: u64 = 4 << 20;
const AT_ONCE: usize = 12;
/// How often a process visits a name, if it lives.
const VISITS: u32 = 60;
const LEDGER: &str = "VEDUTA_TEST_LEDGER";

#[test]
fn a_storm_leaves_nothing() {
    let seconds = env::var("VEDUTA_STORM_SECONDS").map_or(10, |text| text.parse().expect("it is a number"));
    let until = Instant::now() + Duration::from_secs(seconds);
    let world = World::new();
    let path = world.root().join("ledger");
    let ledger = Ledger::at(&path);
    let descriptors = open_descriptors();
    let before = shared();

    let processes: u32 = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..AT_ONCE).map(|_| scope.spawn(|| rage(&world, &path, &ledger, until))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no process had a complaint")).sum()
    });
    let holds = check(&path);
    eprintln!("{processes} processes held names {holds} times");

    assert_eq!(open_descriptors(), descriptors, "we have the descriptors that we had");
    let mut survivor = world.actor();
    for name in NAMES {
        expect_refusal(survivor.open(name), Code::FILE_NOT_FOUND);
        survivor.create_new(name);
        survivor.close(name);
        assert_eq!(survivor.sweep(name).problems, [""; 0], "nothing is malformed");
    }
    world.expect_nothing_left();
    until_shared("all bytes are gone", |now| now <= before + 3 * SIZE);
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("/proc is mounted").count()
}

/// Starts one process after another and kills most of them, some from outside at any moment, some at a step of the protocol.
fn rage(world: &World, path: &Path, ledger: &Ledger, until: Instant) -> u32 {
    let mut random = Random::new();
    let mut processes = 0;
    while Instant::now() < until {
        let mut command = role_command("worker");
        command.env("VEDUTA_ROOT", world.root()).env(LEDGER, path);
        let dies_by_itself = random.below(3) == 0;
        if dies_by_itself {
            let step = STEPS[random.below(STEPS.len() as u64) as usize];
            command.env("VEDUTA_STEP", format!("{step:?}:{}=kill", random.below(8) + 1));
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("processes are left");
        let pid = Pid::from_child(&child);
        let process = pidfd_open(pid, PidfdFlags::empty()).expect("nobody else waits for our children");
        // The harness prints this when it is about to begin.
        let mut said =
            BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
        assert!(said.any(|line| line.starts_with("running")), "it begins");
        let patience = Timespec { tv_sec: 0, tv_nsec: random.below(25_000_000).cast_signed() };
        poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience)).expect("a process can be watched");
        let alive = Entry::new(child.id(), Event::AliveThen, 0, 0);
        pidfd_send_signal(&process, Signal::KILL).expect("it is not waited for yet");
        let dead = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::PidFd(process.as_fd()), dead).expect("nobody else waits for it");
        // Before its pid is anybody else's. One that dies by itself may have been dead for a while.
        ledger.write(if dies_by_itself { Entry { event: Event::Gone as u16, ..alive } } else { alive });
        let status = child.wait().expect("nobody else waits for it");
        assert!(status.success() || status.signal() == Some(libc::SIGKILL), "a process complained: {status}");
        processes += 1;
    }
    processes
}

#[test]
#[ignore = "a role: the storm starts it in processes of their own"]
fn worker() {
    let Some(path) = env::var_os(LEDGER) else { return };
    let ledger = Ledger::at(Path::new(&path));
    let mut random = Random::new();
    for _ in 0..VISITS {
        visit(&mut random, &ledger);
    }
}

fn visit(random: &mut Random, ledger: &Ledger) {
    let index = random.below(NAMES.len() as u64) as usize;
    let name = NAMES[index];
    let section = match random.below(64) {
        0 => return list(),
        1..=4 => return sweep(),
        5..=16 => Section::options().access(SectionAccess::READ).open(name),
        17..=32 => Section::options().open(name),
        _ => Section::options().size(SIZE).create(name).map(|(section, _)| section),
    };
    let section = match section {
        Ok(section) => section,
        Err(error) if error.code() == Code::FILE_NOT_FOUND => return,
        Err(error) => panic!("{error}"),
    };
    let number = number_of(&section, random);
    ledger.write(Entry::new(std::process::id(), Event::Held, index, number));
    for _ in 0..random.below(4) {
        let again = Section::options().open(name).expect("what is held can be opened");
        let seen = number_of(&again, random);
        assert!(seen == number || number == 0, "the name has not changed its object meanwhile");
    }
    ledger.write(Entry::new(std::process::id(), Event::Closing, index, number));
}

/// Which incarnation it is: a number that whoever writes first leaves at the beginning. 0 while nobody has.
fn number_of(section: &Section, random: &mut Random) -> u64 {
    if !section.access().contains(SectionAccess::WRITE) {
        return section.map(ViewAccess::Read).unwrap().load(0, Ordering::SeqCst).unwrap();
    }
    let view = section.map(ViewAccess::Write).unwrap();
    let number = view.atomic::<AtomicU64>(0).unwrap();
    let mine = random.next() | 1;
    match number.compare_exchange(0, mine, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => {
            view.fill(8..view.len(), 0xA5).unwrap();
            mine
        }
        Err(theirs) => theirs,
    }
}

fn sweep() {
    for namespace in [Namespace::local().unwrap(), Namespace::global().unwrap()] {
        let sweep = namespace.sweep(SweepMode::Remove).unwrap();
        assert!(sweep.problems.is_empty(), "{:?}", sweep.problems);
    }
}

fn list() {
    let listing = Namespace::local().unwrap().objects().unwrap();
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
}

/// What the processes write down, in the order in which they do.
struct Ledger(File);

impl Ledger {
    fn at(path: &Path) -> Ledger {
        Ledger(File::options().append(true).create(true).open(path).expect("/dev/shm has room"))
    }

    fn write(&self, entry: Entry) {
        // One write to a file that is appended to is not torn by others.
        (&self.0).write_all(entry.as_bytes()).expect("/dev/shm has room");
    }
}

#[derive(FromBytes, IntoBytes, Immutable, Clone, Copy)]
#[repr(C)]
struct Entry {
    time: u64,
    number: u64,
    process: u32,
    name: u16,
    event: u16,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    /// It has held the name at least since now.
    Held,
    /// It has held the name at least until now.
    Closing,
    /// It is dead, and was alive at this moment.
    AliveThen,
    /// It is dead, nobody knows since when.
    Gone,
}

impl Entry {
    fn new(process: u32, event: Event, name: usize, number: u64) -> Entry {
        // The same clock for all processes.
        let now = clock_gettime(ClockId::Monotonic);
        let time = now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned();
        Entry { time, number, process, name: name as u16, event: event as u16 }
    }
}

/// From when to when a process held an incarnation for certain.
#[derive(Debug, Clone, Copy)]
struct Span {
    begin: u64,
    end: u64,
    number: u64,
}

/// Fails if two incarnations of a name were held at the same time; gives how often names were held.
fn check(path: &Path) -> usize {
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("it was written");
    let mut spans: HashMap<u16, Vec<Span>> = HashMap::new();
    let mut open: HashMap<u32, (u16, Span)> = HashMap::new();
    for entry in bytes.chunks_exact(size_of::<Entry>()) {
        let Entry { time, number, process, name, event } =
            Entry::read_from_bytes(entry).expect("it is whole");
        if event == Event::Held as u16 {
            open.insert(process, (name, Span { begin: time, end: time, number }));
        } else if let Some((name, mut span)) = open.remove(&process) {
            if event != Event::Gone as u16 {
                span.end = time.max(span.begin);
            }
            spans.entry(name).or_default().push(span);
        }
    }
    let mut count = 0;
    for (name, mut spans) in spans {
        count += spans.len();
        spans.retain(|span| span.number != 0);
        spans.sort_by_key(|span| span.begin);
        let mut current: Vec<Span> = Vec::new();
        for span in spans {
            current.retain(|other| other.end > span.begin);
            let other = current.iter().find(|other| other.number != span.number);
            assert!(
                other.is_none(),
                "{} was two things at once: {span:?} and {other:?}",
                NAMES[usize::from(name)]
            );
            current.push(span);
        }
    }
    assert!(count > 0, "somebody held something");
    count
}

/// Numbers that differ from run to run.
struct Random {
    seed: RandomState,
    count: u64,
}

impl Random {
    fn new() -> Random {
        Random { seed: RandomState::new(), count: 0 }
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.seed.hash_one(self.count)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
