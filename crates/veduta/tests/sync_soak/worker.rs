//! The process that is killed.

use crate::cells::{Cells, EVENT, GATE, MUTEXES, Objects, SEMAPHORES, Word};
use crate::support::Random;
use rustix::process::{Signal, set_parent_process_death_signal};
use std::env;
use std::path::Path;
use std::time::Duration;
use veduta::{Disposition, Waited, wait_all, wait_any};

pub(crate) const SLOT: &str = "VEDUTA_TEST_SLOT";
pub(crate) const SEED: &str = "VEDUTA_TEST_SEED";

#[test]
#[ignore = "a role: the soak starts it in processes of their own"]
fn worker() {
    let Ok(slot) = env::var(SLOT) else { return };
    set_parent_process_death_signal(Some(Signal::KILL)).expect("every process may");
    let root = env::var_os("VEDUTA_ROOT").expect("the soak says");
    let directory = Path::new(&root).join("private");
    let seed = env::var(SEED).expect("the soak says").parse().expect("it is a number");
    let worker = Worker {
        slot: slot.parse().expect("it is a number"),
        cells: Cells::at(&directory),
        objects: Objects::at(&directory, Disposition::Opened),
    };
    let mut random = Random(seed);
    loop {
        if worker.cells.is_time_to_rest() {
            worker.cells.put(worker.slot, Word::Rests, 1);
            std::thread::sleep(Duration::from_secs(3600));
        }
        worker.operate(&mut random);
        worker.cells.add(worker.slot, Word::Progress);
    }
}

struct Worker {
    slot: usize,
    cells: Cells,
    objects: Objects,
}

impl Worker {
    fn operate(&self, random: &mut Random) {
        match random.below(16) {
            0..=2 => self.one(random, &MUTEXES),
            3..=4 => self.one(random, &SEMAPHORES),
            5 => self.one(random, &[EVENT]),
            6..=7 => {
                self.cells.add(self.slot, Word::Sets);
                self.objects.event.set().expect("it is an event");
            }
            8 => {
                self.cells.has(self.slot, GATE, 0);
                self.objects.gate.reset().expect("it is an event");
                self.objects.gate.set().expect("it is an event");
                self.cells.has(self.slot, 0, 0);
            }
            9 => {
                self.cells.has(self.slot, GATE, 0);
                self.objects.gate.pulse().expect("it is an event");
                self.objects.gate.set().expect("it is an event");
                self.cells.has(self.slot, 0, 0);
            }
            10..=11 => self.several(random, false, None),
            12..=13 => {
                let timeout = Duration::from_micros(random.below(800));
                let all = random.below(2) == 0;
                self.several(random, all, Some(timeout));
            }
            _ => self.several(random, true, None),
        }
    }

    fn one(&self, random: &mut Random, bits: &[u64]) {
        let bit = bits[random.below(bits.len() as u64) as usize];
        self.get_and_give(random, &[bit], false, None);
    }

    fn several(&self, random: &mut Random, all: bool, timeout: Option<Duration>) {
        let bits = some(random, &ALL);
        self.get_and_give(random, &bits, all, timeout);
    }

    /// Waits for any or all of the objects, and gives back what it got.
    fn get_and_give(&self, random: &mut Random, bits: &[u64], all: bool, timeout: Option<Duration>) {
        let Worker { slot, cells, objects } = self;
        let waitables: Vec<_> = bits.iter().map(|bit| objects.waitable(*bit)).collect();
        let wanted = bits.iter().sum();
        cells.has(*slot, wanted, 0);
        let waited = if all { wait_all(&waitables, timeout) } else { wait_any(&waitables, timeout) };
        let (got, abandoned) = match (waited.expect("waiting does not fail"), all) {
            (Waited::TimedOut, _) => {
                assert!(timeout.is_some(), "it waits for ever");
                (0, None)
            }
            (Waited::Signaled(_), true) => (wanted, None),
            (Waited::Abandoned(index), true) => (wanted, Some(bits[index])),
            (Waited::Signaled(index), false) => (bits[index], None),
            (Waited::Abandoned(index), false) => (bits[index], Some(bits[index])),
        };
        // What was abandoned is written down first: who dies before that leaves it abandoned once more.
        for (number, _) in MUTEXES.iter().enumerate().filter(|(_, bit)| abandoned == Some(**bit)) {
            cells.add(*slot, Word::Abandoned0.of(number));
        }
        if got & EVENT != 0 {
            cells.add(*slot, Word::Takes);
        }
        let held: Vec<_> = bits.iter().copied().filter(|bit| got & bit & !(EVENT | GATE) != 0).collect();
        let mut surely: u64 = held.iter().sum();
        cells.has(*slot, 0, surely);
        for (number, _) in MUTEXES.iter().enumerate().filter(|(_, bit)| held.contains(bit)) {
            // A wait for all tells of one only.
            cells.enter(number, *slot, abandoned.is_some());
        }
        // Now and then somebody keeps it for a while.
        let most = if random.below(4) == 0 { 20_000 } else { 100 };
        for _ in 0..random.below(most) {
            std::hint::spin_loop();
        }
        for bit in held {
            if let Some(number) = MUTEXES.iter().position(|mutex| *mutex == bit) {
                cells.leave(number, *slot);
            }
            surely -= bit;
            cells.has(*slot, bit, surely);
            match bit {
                1 | 2 => objects.mutexes[bit as usize - 1].release().expect("it owns it"),
                _ => drop(objects.semaphores[bit as usize / 8].release(1).expect("there is room")),
            }
            cells.has(*slot, 0, surely);
        }
    }
}

const ALL: [u64; 6] = [MUTEXES[0], MUTEXES[1], SEMAPHORES[0], SEMAPHORES[1], EVENT, GATE];

/// Two to four of them, in any order.
fn some(random: &mut Random, bits: &[u64]) -> Vec<u64> {
    let mut rest = bits.to_vec();
    (0..random.below(3) + 2).map(|_| rest.swap_remove(random.below(rest.len() as u64) as usize)).collect()
}
