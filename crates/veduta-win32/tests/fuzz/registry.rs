//! What the calls have made: handles, in all threads; memory, per thread.

use crate::random::Random;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Any,
    Event,
    Mutex,
    Semaphore,
    Timer,
    Section,
    File,
    Pipe,
    Thread,
    /// A process that is no child of the fuzzer's: it must not be terminated.
    Process,
    Child,
}

#[derive(Default)]
pub struct Handles {
    live: Vec<(u64, Kind)>,
    closed: Vec<u64>,
}

/// So many of the closed handles are remembered.
const CLOSED: usize = 64;

#[derive(Default)]
pub struct Registry(Mutex<Handles>);

/// What stands for nothing, or must not be taken for something.
const STRANGE: &[u64] = &[
    0,
    0,
    u64::MAX,
    u64::MAX - 1,
    u64::MAX - 2,
    u64::MAX - 5,
    1,
    2,
    3,
    4,
    7,
    0xDEAD_BEEC,
    0x4000_0004,
    0x7FFF_FFFC,
    0x3FFF_FFFC,
    0x1_0000_0004,
    1 << 63,
    0x0010_0000,
    0x000F_FFFC,
];

impl Registry {
    pub fn lock(&self) -> MutexGuard<'_, Handles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A handle, most often a live one, and then most often of that kind.
    pub fn draw(&self, random: &mut Random, wanted: Kind) -> u64 {
        let handles = self.lock();
        match random.below(100) {
            0..10 if !handles.closed.is_empty() => random.of(&handles.closed),
            10..25 => random.of(STRANGE),
            _ => {
                let right: Vec<u64> =
                    handles.live.iter().filter(|live| live.1 == wanted).map(|live| live.0).collect();
                let value = if !right.is_empty() && random.percent(85) {
                    random.of(&right)
                } else if handles.live.is_empty() {
                    0
                } else {
                    random.of(&handles.live).0
                };
                if random.percent(10) { value | random.below(4) as u64 } else { value }
            }
        }
    }

    pub fn kind(&self, value: u64) -> Option<Kind> {
        let plain = value & !3;
        self.lock().live.iter().find(|live| live.0 == plain).map(|live| live.1)
    }

    pub fn add(&self, value: u64, kind: Kind) {
        let mut handles = self.lock();
        handles.closed.retain(|&closed| closed != value);
        handles.live.retain(|live| live.0 != value);
        handles.live.push((value, kind));
    }

    pub fn remove(&self, value: u64) {
        let plain = value & !3;
        let mut handles = self.lock();
        handles.live.retain(|live| live.0 != plain);
        handles.closed.push(plain);
        if handles.closed.len() > CLOSED {
            handles.closed.remove(0);
        }
    }

    pub fn count(&self) -> usize {
        self.lock().live.len()
    }

    pub fn take_all(&self) -> Vec<(u64, Kind)> {
        std::mem::take(&mut self.lock().live)
    }
}
