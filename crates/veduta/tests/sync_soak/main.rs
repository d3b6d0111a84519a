//! Processes that use mutexes, events and semaphores all the time and are killed all the time, at random and at numbered steps.
//!
//! A process is killed only after it has done what it was told to do, so one that is stuck is never helped out by its death: it fails the
//! test. From time to time all of them finish what they are at and begin nothing new. If a wake-up was lost, somebody does not come to its end
//! then; and what is left in the objects is counted.
//!
//! - `VEDUTA_SOAK_KILLS`: how many are killed.
//! - `VEDUTA_SOAK_SEED`: which ones, as an earlier run said. Who runs when is up to the system all the same.
// Row: stop
#![cfg(target_os = "linux")]

mod cells;
mod counter;
#[path = "../support/mod.rs"]
mod support;
mod worker;

use cells::{Cells, Objects, SEMAPHORES, SLOTS, Word};
use rustix::process::Signal;
use std::env;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::{Duration, Instant};
use support::world::role_command;
use support::{Random, World};
use veduta::{Disposition, SYNC_STEPS, Waitable, Waited};

/// How many die between two counts.
const KILLS_BETWEEN_COUNTS: u32 = 64;
/// Longer than anything takes that goes on at all.
const PATIENCE: Duration = Duration::from_secs(60);

fn from_environment(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().expect("it is a number"))
}

#[test]
fn nobody_is_stuck_whoever_is_killed() {
    let kills = from_environment("VEDUTA_SOAK_KILLS", 400);
    let seed = from_environment("VEDUTA_SOAK_SEED", support::sync::nanoseconds());
    println!("VEDUTA_SOAK_SEED={seed}");
    let begun = Instant::now();
    let world = World::new();
    let mut soak = Soak::new(&world, seed);
    while u64::from(soak.tally.kills) < kills {
        soak.run(KILLS_BETWEEN_COUNTS);
        soak.come_to_rest();
        soak.count();
    }
    println!("{} operations in {:?}: {:?}, none lost", soak.cells.operations(), begun.elapsed(), soak.tally);
}

/// What happened, for the record.
#[derive(Debug, Default)]
struct Tally {
    kills: u32,
    at_steps: u32,
    counts: u32,
    abandoned: u64,
    /// Units that were lost with who had them, for certain.
    had_by_the_dead: u32,
    /// Units of which nobody can say whether the dead had them.
    uncertain: u32,
    found: u32,
    sets: u64,
    takes: u64,
}

struct Soak<'a> {
    world: &'a World,
    cells: Cells,
    objects: Objects,
    random: Random,
    slots: Vec<Slot>,
    tally: Tally,
    /// How many units there are at most; there are [`cells::UNITS`] at least.
    most: [u32; 2],
    /// How often this process set the auto event.
    sets: u64,
    /// How often each mutex can have been, and was certainly, left by its owner's death.
    abandonings: [(u64, u64); 2],
}

struct Slot {
    number: usize,
    process: Option<Child>,
    /// It may be killed when it has come so far, and then so long.
    target: u64,
    delay: Duration,
    reached: Option<Instant>,
    /// When it last went on, and how far it was.
    last: (Instant, u64),
}

impl<'a> Soak<'a> {
    fn new(world: &'a World, seed: u64) -> Soak<'a> {
        let directory = world.root().join("private");
        let (cells, objects) = (Cells::at(&directory), Objects::at(&directory, Disposition::Created));
        objects.gate.set().expect("it is an event");
        let slots = (0..SLOTS).map(|number| Slot {
            number,
            process: None,
            target: 0,
            delay: Duration::ZERO,
            reached: None,
            last: (Instant::now(), 0),
        });
        Soak {
            world,
            cells,
            objects,
            random: Random(seed),
            slots: slots.collect(),
            tally: Tally::default(),
            most: [cells::UNITS; 2],
            sets: 0,
            abandonings: [(0, 0); 2],
        }
    }

    /// Starts processes and kills so many.
    fn run(&mut self, kills: u32) {
        let until = self.tally.kills + kills;
        while self.tally.kills < until {
            let mut idle = true;
            for index in 0..SLOTS {
                if self.slots[index].process.is_none() {
                    self.start(index);
                }
                idle &= !self.bury(index);
                let progress = self.cells.get(index, Word::Progress);
                let slot = &mut self.slots[index];
                if slot.process.is_some() && progress >= slot.target {
                    let reached = *slot.reached.get_or_insert_with(Instant::now);
                    if reached.elapsed() >= slot.delay {
                        self.kill(index);
                        idle = false;
                    }
                }
                self.watch(index);
            }
            // Nobody is left to set it.
            if (0..SLOTS).all(|index| self.waits_for_event(index)) {
                self.set();
            }
            if idle {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    }

    fn set(&mut self) {
        self.sets += 1;
        self.objects.event.set().expect("it is an event");
    }

    fn start(&mut self, index: usize) {
        let mut command = role_command("worker::worker");
        command.env("VEDUTA_ROOT", self.world.root()).env(worker::SLOT, index.to_string());
        command.env(worker::SEED, self.random.next().to_string());
        command.env_remove("VEDUTA_STEP");
        if self.random.below(2) == 0 {
            let step = SYNC_STEPS[self.random.below(SYNC_STEPS.len() as u64) as usize];
            command.env("VEDUTA_STEP", format!("{step:?}:{}=kill", self.random.below(12) + 1));
        }
        let progress = self.cells.get(index, Word::Progress);
        let slot = &mut self.slots[index];
        slot.process = Some(command.spawn().expect("processes are left"));
        slot.target = progress + self.random.below(60);
        slot.delay = Duration::from_micros(self.random.below(1500));
        slot.reached = None;
        slot.last = (Instant::now(), progress);
    }

    /// Fails if a process does not go on.
    fn watch(&mut self, index: usize) {
        let progress = self.cells.get(index, Word::Progress);
        let slot = &mut self.slots[index];
        if slot.last.1 != progress || slot.process.is_none() {
            slot.last = (Instant::now(), progress);
        } else if slot.last.0.elapsed() > PATIENCE {
            self.tell();
            panic!("slot {index} is stuck");
        }
    }

    /// Who waits for what.
    fn tell(&self) {
        self.objects.tell();
        for slot in &self.slots {
            let pid = slot.process.as_ref().map(Child::id);
            eprintln!("slot {}: process {pid:?}: {}", slot.number, self.cells.describe(slot.number));
            pid.into_iter().for_each(tell_of_threads);
            pid.into_iter().for_each(tell_of_objects);
        }
        eprintln!("the soak itself:");
        tell_of_objects(std::process::id());
    }

    fn kill(&mut self, index: usize) {
        let process = self.slots[index].process.as_mut().expect("it was started");
        process.kill().expect("nobody else waits for it");
        let status = process.wait().expect("nobody else waits for it");
        self.account(index, status, false);
    }

    /// Whether a process has died by itself, at a step.
    fn bury(&mut self, index: usize) -> bool {
        let Some(process) = &mut self.slots[index].process else { return false };
        let Some(status) = process.try_wait().expect("nobody else waits for it") else { return false };
        self.account(index, status, true);
        true
    }

    fn account(&mut self, index: usize, status: std::process::ExitStatus, at_step: bool) {
        if status.signal() != Some(Signal::KILL.as_raw()) {
            self.tell();
            panic!("slot {index} had a complaint: {status}");
        }
        self.slots[index].process = None;
        self.tally.kills += 1;
        self.tally.at_steps += u32::from(at_step);
        let (maybe, surely) = self.cells.in_hand(index);
        for (number, semaphore) in self.objects.semaphores.iter().enumerate() {
            let bit = SEMAPHORES[number];
            if (maybe | surely) & bit == 0 {
                continue;
            }
            // What the dead took is put back.
            if maybe & bit == 0 {
                self.tally.had_by_the_dead += 1;
            } else {
                self.tally.uncertain += 1;
                self.most[number] += 1;
            }
            semaphore.release(1).expect("there is room");
        }
        for (number, (may, must)) in self.abandonings.iter_mut().enumerate() {
            let bit = cells::MUTEXES[number];
            *may += u64::from((maybe | surely) & bit != 0);
            // Who gets both by one wait is told of one.
            *must += u64::from(surely & 3 == bit && maybe & bit == 0);
        }
        // It may have been about to.
        if maybe & cells::GATE != 0 {
            self.objects.gate.set().expect("it is an event");
        }
        self.cells.put(index, Word::InHand, 0);
    }

    /// Everybody finishes what he is at, which needs nobody who begins anything new, except for sets of the auto event.
    fn come_to_rest(&mut self) {
        self.cells.rest(true);
        loop {
            let mut moving = false;
            for index in 0..SLOTS {
                self.bury(index);
                self.watch(index);
                moving |= self.slots[index].process.is_some() && !self.cells.rests(index);
            }
            if !moving {
                break;
            }
            if (0..SLOTS).any(|index| self.waits_for_event(index)) {
                let before = self.moved();
                self.set();
                let begun = Instant::now();
                while self.moved() == before {
                    for index in 0..SLOTS {
                        self.bury(index);
                    }
                    if begun.elapsed() > PATIENCE {
                        self.tell();
                        panic!("an event was set and nobody went on");
                    }
                    std::thread::sleep(Duration::from_micros(200));
                }
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        for index in 0..SLOTS {
            if self.slots[index].process.is_some() {
                self.kill(index);
            }
        }
        self.cells.rest(false);
        for index in 0..SLOTS {
            self.cells.put(index, Word::Rests, 0);
        }
    }

    /// Whether it may be that only a set of the event lets it go on. The listing does not tell: it does not count those who were given the
    /// event by somebody who died before he woke them.
    fn waits_for_event(&self, index: usize) -> bool {
        let waits = self.slots[index].process.is_some() && !self.cells.rests(index);
        waits && self.cells.in_hand(index).0 & cells::EVENT != 0
    }

    /// Something that changes when somebody goes on or dies.
    fn moved(&self) -> (u64, u32) {
        let operations = (0..SLOTS).map(|index| self.cells.get(index, Word::Progress)).sum();
        (operations, self.tally.kills)
    }

    /// With nobody there: what is in the objects, and is that right?
    fn count(&mut self) {
        self.tally.counts += 1;
        for (number, semaphore) in self.objects.semaphores.iter().enumerate() {
            let state = semaphore.state().expect("it is ours");
            assert_eq!(state.waiters(), Some(0), "{state}");
            let mut units = 0;
            while semaphore.wait(Duration::ZERO).expect("it is ours") != Waited::TimedOut {
                units += 1;
            }
            let range = cells::UNITS..=self.most[number];
            assert!(range.contains(&units), "{units} units, there should be {range:?}");
            self.tally.found += units - cells::UNITS;
            semaphore.release(cells::UNITS).expect("there is room");
            self.most[number] = cells::UNITS;
        }
        let mut all = 0;
        for (number, mutex) in self.objects.mutexes.iter().enumerate() {
            let guard = mutex.try_lock().expect("it is ours").expect("nobody is there");
            self.cells.enter(number, 0, guard.is_abandoned());
            self.cells.leave(number, 0);
            if guard.is_abandoned() {
                self.cells.add(0, Word::Abandoned0.of(number));
            }
            drop(guard);
            let state = mutex.state().expect("it is ours").to_string();
            assert_eq!(state, "free");
            let word = Word::Abandoned0.of(number);
            let told: u64 = (0..SLOTS).map(|index| self.cells.get(index, word)).sum();
            let (may, must) = self.abandonings[number];
            // Who was told may have died before it could write that down; then it was abandoned once more.
            assert!(told <= may, "{told} were told that it was abandoned, {may} died near it");
            assert!(told + (may - must) >= must, "{told} were told that it was abandoned, {must} died in it");
            all += told;
        }
        self.tally.abandoned = all;
        let sum = |word| (0..SLOTS).map(|index| self.cells.get(index, word)).sum::<u64>();
        (self.tally.sets, self.tally.takes) = (sum(Word::Sets) + self.sets, sum(Word::Takes));
        assert!(self.tally.takes <= self.tally.sets, "one set lets one go: {:?}", self.tally);
        for event in [&self.objects.event, &self.objects.gate] {
            let state = event.state().expect("it is ours");
            assert_eq!(state.waiters(), Some(0), "{state}");
        }
        self.objects.gate.set().expect("it is an event");
    }
}

/// What the kernel says of each thread of a process: which call it is in, with its arguments, and how often it was at work.
fn tell_of_threads(pid: u32) {
    for thread in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let read = |file| std::fs::read_to_string(thread.path().join(file)).unwrap_or_default();
        let status = read("status");
        let facts = status.lines().filter(|line| line.starts_with("State") || line.contains("ctxt_switches"));
        eprintln!(
            "    {:?}: call {} {:?}",
            thread.file_name(),
            read("syscall").trim(),
            facts.collect::<Vec<_>>()
        );
    }
}

/// Which files a process has mapped and shares: all must have the same.
fn tell_of_objects(pid: u32) {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    for line in maps.lines().filter(|line| line.split_whitespace().nth(1) == Some("rw-s")) {
        eprintln!("    {line}");
    }
}

impl Drop for Soak<'_> {
    fn drop(&mut self) {
        for process in self.slots.iter_mut().filter_map(|slot| slot.process.as_mut()) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
