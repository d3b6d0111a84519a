//! What the processes write down where everybody sees it, and the objects that they use.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use veduta::{Disposition, Event, Mutex, Namespace, Reset, Section, Semaphore, View, ViewAccess, Waitable};

/// How many processes there are at a time.
pub(crate) const SLOTS: usize = 8;
/// How many units a semaphore has, if nobody died.
pub(crate) const UNITS: u32 = 2;

// Objects, as bits.
pub(crate) const MUTEXES: [u64; 2] = [1, 2];
pub(crate) const SEMAPHORES: [u64; 2] = [4, 8];
pub(crate) const EVENT: u64 = 16;
pub(crate) const GATE: u64 = 32;

/// The words of a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    /// How many operations it has finished.
    Progress,
    /// What it may have of each object (low half), and what it has for certain.
    InHand,
    /// Not 0: it begins nothing new.
    Rests,
    /// How often it was about to set the auto event.
    Sets,
    /// How often it got the auto event.
    Takes,
    /// How often it was told that a mutex was abandoned.
    Abandoned0,
    Abandoned1,
}

impl Word {
    /// The word of this mutex.
    pub(crate) fn of(self, number: usize) -> Word {
        [Word::Abandoned0, Word::Abandoned1][number]
    }
}

const WORDS: usize = 8;
/// Behind the slots: whether all are to rest; and of each mutex who is inside, and two numbers that he changes.
const REST: usize = SLOTS * WORDS;
const MUTEX: usize = REST + 1;

pub(crate) struct Cells(View);

impl Cells {
    pub(crate) fn at(directory: &Path) -> Cells {
        let namespace = Namespace::at(directory).expect("it is a directory");
        let (section, _) =
            Section::options().size(4096).namespace(&namespace).create("cells").expect("it can be had");
        // The view keeps the bytes, the handle the name.
        let view = section.map(ViewAccess::Write).expect("it can be mapped");
        std::mem::forget(section);
        Cells(view)
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        self.0.atomic(index * 8).expect("the page has room")
    }

    pub(crate) fn get(&self, slot: usize, word: Word) -> u64 {
        self.word(slot * WORDS + word as usize).load(SeqCst)
    }

    pub(crate) fn put(&self, slot: usize, word: Word, value: u64) {
        self.word(slot * WORDS + word as usize).store(value, SeqCst);
    }

    pub(crate) fn add(&self, slot: usize, word: Word) {
        self.word(slot * WORDS + word as usize).fetch_add(1, SeqCst);
    }

    /// What a slot may have, and what it has.
    pub(crate) fn in_hand(&self, slot: usize) -> (u64, u64) {
        let word = self.get(slot, Word::InHand);
        (word & 0xFFFF_FFFF, word >> 32)
    }

    pub(crate) fn has(&self, slot: usize, maybe: u64, surely: u64) {
        self.put(slot, Word::InHand, maybe | surely << 32);
    }

    pub(crate) fn rest(&self, rest: bool) {
        self.word(REST).store(rest.into(), SeqCst);
    }

    pub(crate) fn is_time_to_rest(&self) -> bool {
        self.word(REST).load(SeqCst) != 0
    }

    pub(crate) fn rests(&self, slot: usize) -> bool {
        self.get(slot, Word::Rests) != 0
    }

    /// The owner of a mutex comes in.
    pub(crate) fn enter(&self, mutex: usize, slot: usize, abandoned: bool) {
        let [inside, first, second] = self.of_mutex(mutex);
        let before = inside.swap(slot as u64 + 1, SeqCst);
        if abandoned {
            second.store(first.load(SeqCst), SeqCst);
            return;
        }
        assert_eq!(before, 0, "slot {slot} owns mutex {mutex}, but somebody is inside, or died there");
        assert_eq!(first.load(SeqCst), second.load(SeqCst), "somebody left mutex {mutex} in the middle");
    }

    pub(crate) fn leave(&self, mutex: usize, slot: usize) {
        let [inside, first, second] = self.of_mutex(mutex);
        // Not in one: whoever else is here would get in between.
        let number = first.load(SeqCst) + 1;
        first.store(number, SeqCst);
        std::hint::spin_loop();
        second.store(number, SeqCst);
        assert_eq!(inside.swap(0, SeqCst), slot as u64 + 1, "somebody else is inside mutex {mutex}");
    }

    fn of_mutex(&self, mutex: usize) -> [&AtomicU64; 3] {
        [0, 1, 2].map(|word| self.word(MUTEX + mutex * 3 + word))
    }

    /// How many operations have been finished.
    pub(crate) fn operations(&self) -> u64 {
        (0..SLOTS).map(|slot| self.get(slot, Word::Progress)).sum()
    }

    pub(crate) fn describe(&self, slot: usize) -> String {
        let (maybe, surely) = self.in_hand(slot);
        let names = |bits: u64| {
            let named = ["mutex 0", "mutex 1", "semaphore 0", "semaphore 1", "event", "gate"];
            let named = named.iter().enumerate().filter(|(bit, _)| bits & 1 << bit != 0);
            named.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
        };
        let rests = if self.rests(slot) { ", rests" } else { "" };
        let done = self.get(slot, Word::Progress);
        format!(
            "after {done} operations waits for or gives back [{}], has [{}]{rests}",
            names(maybe),
            names(surely)
        )
    }
}

pub(crate) struct Objects {
    pub(crate) mutexes: [Mutex; 2],
    pub(crate) semaphores: [Semaphore; 2],
    /// Resets itself.
    pub(crate) event: Event,
    /// Is open most of the time.
    pub(crate) gate: Event,
}

impl Objects {
    /// Creates them, or opens what the soak has created and holds as long as it runs: nobody else may find a name free.
    pub(crate) fn at(directory: &Path, expected: Disposition) -> Objects {
        let namespace = Namespace::at(directory).expect("it is a directory");
        let mutex = |name: &str| {
            let (mutex, disposition) =
                Mutex::options().namespace(&namespace).create(name).expect("it can be had");
            assert_eq!(disposition, expected, "{name}");
            mutex
        };
        let semaphore = |name: &str| {
            let mut options = Semaphore::options();
            let (semaphore, disposition) =
                options.count(UNITS).maximum(1000).namespace(&namespace).create(name).expect("it can be had");
            assert_eq!(disposition, expected, "{name}");
            semaphore
        };
        let event = |name: &str, reset| {
            let (event, disposition) =
                Event::options().reset(reset).namespace(&namespace).create(name).expect("it can be had");
            assert_eq!(disposition, expected, "{name}");
            event
        };
        Objects {
            mutexes: [mutex("mutex 0"), mutex("mutex 1")],
            semaphores: [semaphore("semaphore 0"), semaphore("semaphore 1")],
            event: event("event", Reset::Auto),
            gate: event("gate", Reset::Manual),
        }
    }

    /// The object that a bit stands for.
    pub(crate) fn waitable(&self, bit: u64) -> &dyn Waitable {
        match bit {
            1 => &self.mutexes[0],
            2 => &self.mutexes[1],
            4 => &self.semaphores[0],
            8 => &self.semaphores[1],
            EVENT => &self.event,
            GATE => &self.gate,
            _ => panic!("no object has the bit {bit}"),
        }
    }

    pub(crate) fn tell(&self) {
        for mutex in &self.mutexes {
            eprintln!("mutex: {:?}", mutex.state());
        }
        for semaphore in &self.semaphores {
            eprintln!("semaphore: {:?}", semaphore.state());
        }
        for event in [&self.event, &self.gate] {
            eprintln!("event: {:?}", event.state());
        }
    }
}
