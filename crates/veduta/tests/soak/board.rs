//! What the processes write down where everybody sees it. Each has a slot of words; a killed one leaves them as they were.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use veduta::{Namespace, Section, View, ViewAccess};

/// How many processes there are that the coordinator starts. Each may have one child by fork, whose slot is so much further on.
pub(crate) const WORKERS: usize = 6;
pub(crate) const SLOTS: usize = 2 * WORKERS;
/// The slot of the process that lists and sweeps.
pub(crate) const OPERATOR: usize = SLOTS;
/// How many units a semaphore has, if nobody died.
pub(crate) const UNITS: u32 = 2;

// What is had in the middle of an operation, as bits.
pub(crate) const MUTEXES: [u64; 2] = [1, 2];
pub(crate) const SEMAPHORES: [u64; 2] = [4, 8];
pub(crate) const AUTO: u64 = 16;

/// What processes do, for the table at the end.
pub(crate) const OPERATIONS: [&str; 16] = [
    "create or open",
    "close",
    "write",
    "read",
    "duplicate",
    "hand over",
    "receive",
    "fork",
    "views of all accesses",
    "keep a view",
    "add",
    "mutex",
    "semaphore",
    "event",
    "wait for several",
    "timer",
];
pub(crate) const CUT: usize = 16;
pub(crate) const KINDS: usize = OPERATIONS.len() + 1;

/// The words of a slot. Where there are several of a kind, as many numbers are left out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    /// The process; 0: nobody has the slot.
    Process,
    /// How many operations it has finished.
    Progress,
    /// Which operation it is in.
    Doing,
    /// The names to which it may have handles (low half), and to which it has for certain.
    Held,
    /// How many handles and views it has.
    Handles,
    /// What it may have of the mutexes and semaphores (low half), and what for certain.
    InHand,
    /// The phase that it has come to.
    Reached,
    /// A name whose handles it is to close, and 1.
    Close,
    /// How often bytes were not there, and it went on.
    Faults,
    /// How often a holder that was stopped did not show the bytes.
    Hidden,
    Sets,
    Takes,
    /// How often it was told that a mutex was each of two mutexes was abandoned.
    Told = 12,
    /// How often it has changed the number that a mutex guards.
    Logged = 14,
    /// What it was about to add to each of the four numbers that are kept, and what it has added.
    Wanted = 16,
    Added = 20,
    /// How often it did each operation.
    Done = 24,
}

/// What all are to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    Run,
    /// Finish what you are at, and begin nothing.
    Rest,
    /// Nobody sends any more: take what was sent, and close it.
    Drain,
    /// Do what you are told.
    Stand,
}

/// The words that are nobody's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Common {
    Phase,
    /// Not 0: the operator only looks.
    OnlyLook,
    /// Of each mutex: the number, how many changes were found made but not logged, and who is inside.
    Number = 2,
    Explained = 4,
    Inside = 6,
}

const WORDS: usize = 64;
const COMMON: usize = (SLOTS + 1) * WORDS;
pub(crate) const BOARD: &str = "board";

pub(crate) struct Board(View);

impl Board {
    pub(crate) fn create(namespace: &Namespace) -> (Board, Section) {
        let section =
            Section::options().size(16384).namespace(namespace).create_new(BOARD).expect("it is free");
        (Board(section.map(ViewAccess::Write).expect("it can be mapped")), section)
    }

    pub(crate) fn open(namespace: &Namespace) -> Board {
        let section = Section::options().namespace(namespace).open(BOARD).expect("the coordinator has it");
        Board(section.map(ViewAccess::Write).expect("it can be mapped"))
    }

    /// A word, or one of several of its kind.
    pub(crate) fn word(&self, slot: usize, word: Word, index: usize) -> &AtomicU64 {
        self.0.atomic((slot * WORDS + word as usize + index) * 8).expect("the board has room")
    }

    pub(crate) fn common(&self, word: Common, index: usize) -> &AtomicU64 {
        self.0.atomic((COMMON + word as usize + index) * 8).expect("the board has room")
    }

    pub(crate) fn get(&self, slot: usize, word: Word) -> u64 {
        self.word(slot, word, 0).load(SeqCst)
    }

    pub(crate) fn put(&self, slot: usize, word: Word, value: u64) {
        self.word(slot, word, 0).store(value, SeqCst);
    }

    pub(crate) fn add(&self, slot: usize, word: Word, index: usize) {
        self.word(slot, word, index).fetch_add(1, SeqCst);
    }

    pub(crate) fn sum(&self, word: Word, index: usize) -> u64 {
        (0..SLOTS).map(|slot| self.word(slot, word, index).load(SeqCst)).sum()
    }

    /// What may be, and what is for certain: of [`Word::Held`] and [`Word::InHand`].
    pub(crate) fn pair(&self, slot: usize, word: Word) -> (u64, u64) {
        let value = self.get(slot, word);
        (value & 0xFFFF_FFFF, value >> 32)
    }

    pub(crate) fn put_pair(&self, slot: usize, word: Word, maybe: u64, surely: u64) {
        self.put(slot, word, maybe | surely << 32);
    }

    pub(crate) fn phase(&self) -> Phase {
        let phases = [Phase::Run, Phase::Rest, Phase::Drain, Phase::Stand];
        phases[self.common(Common::Phase, 0).load(SeqCst) as usize]
    }

    pub(crate) fn call(&self, phase: Phase) {
        self.common(Common::Phase, 0).store(phase as u64, SeqCst);
    }

    /// What a slot is at, for who wonders why it is stuck.
    pub(crate) fn describe(&self, slot: usize) -> String {
        let doing = self.get(slot, Word::Doing) as usize;
        let doing = OPERATIONS.get(doing).copied().unwrap_or("cut files off");
        format!(
            "slot {slot}: process {}, after {} operations in \"{doing}\", names {:x?}, in hand {:x?}, phase {}",
            self.get(slot, Word::Process),
            self.get(slot, Word::Progress),
            self.pair(slot, Word::Held),
            self.pair(slot, Word::InHand),
            self.get(slot, Word::Reached),
        )
    }
}
