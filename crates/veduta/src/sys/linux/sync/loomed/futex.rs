//! The kernel's futexes, for `loom`.
//!
//! Between two operations of `loom` no other thread runs. So what is done here right after a word is read happens together
//! with the reading, as it does in the kernel under the lock of the word's queue. As in the kernel, a thread that sleeps on several words
//! joins their queues one after the other, and leaves those through which it was not woken only when it runs again: until
//! then it can be woken, and is counted, through each.
//!
//! There is no time. A deadline passes as soon as a thread has slept for it, which may be for no time at all: whatever can
//! happen before a thread's time is up can happen while it is on its way out.

use super::primitive::{AtomicU32, Expected, Ordering};
use crate::Result;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    Never,
    /// When the thread has slept once.
    Soon,
    /// Never, but the thread wakes up by itself.
    Nap,
}

loom::thread_local! {
    static SLEPT: Cell<bool> = Cell::new(false);
}

impl Deadline {
    pub(crate) fn after(timeout: Option<Duration>) -> Deadline {
        match timeout {
            Some(_) => Deadline::soon(),
            None => Deadline::Never,
        }
    }

    pub(super) fn soon() -> Deadline {
        SLEPT.with(|slept| slept.set(false));
        Deadline::Soon
    }

    pub(super) fn has_passed(self) -> bool {
        self == Deadline::Soon && SLEPT.with(Cell::get)
    }

    pub(super) fn or_in(self, _: Duration) -> Deadline {
        match self {
            Deadline::Never => Deadline::Nap,
            other => other,
        }
    }
}

pub(super) const NAP: Duration = Duration::from_millis(1);

/// A thread that sleeps.
pub(super) struct Sleeper {
    thread: loom::thread::Thread,
    parked: AtomicBool,
    woken: AtomicBool,
}

type Queue<'a> = std::sync::MutexGuard<'a, std::collections::VecDeque<Arc<Sleeper>>>;

/// The word's value, and who sleeps on it just then.
fn look(word: &AtomicU32) -> (u32, Queue<'_>) {
    let value = word.load(Ordering::SeqCst);
    (value, word.sleepers.lock().unwrap_or_else(PoisonError::into_inner))
}

fn leave(words: &[Expected<'_>], sleeper: &Arc<Sleeper>) {
    if words.len() == 1 && sleeper.woken.load(Relaxed) {
        return;
    }
    for expected in words {
        look(expected.word).1.retain(|other| !Arc::ptr_eq(other, sleeper));
    }
}

pub(super) fn sleep(words: &[Expected<'_>], deadline: Deadline) -> Result<()> {
    let sleeper = Arc::new(Sleeper {
        thread: loom::thread::current(),
        parked: AtomicBool::new(false),
        woken: AtomicBool::new(false),
    });
    for (index, expected) in words.iter().enumerate() {
        let (value, mut queue) = look(expected.word);
        if value != expected.value {
            drop(queue);
            leave(&words[..index], &sleeper);
            return Ok(());
        }
        queue.push_back(sleeper.clone());
    }
    match deadline {
        Deadline::Never => {
            while !sleeper.woken.load(Relaxed) {
                sleeper.parked.store(true, Relaxed);
                loom::thread::park();
                sleeper.parked.store(false, Relaxed);
            }
        }
        Deadline::Soon => SLEPT.with(|slept| slept.set(true)),
        Deadline::Nap => loom::thread::yield_now(),
    }
    leave(words, &sleeper);
    Ok(())
}

pub(super) fn wake(word: &AtomicU32, threads: u32) -> u32 {
    let (_, mut queue) = look(word);
    let mut woken = 0;
    while woken < threads
        && let Some(sleeper) = queue.pop_front()
    {
        sleeper.woken.store(true, Relaxed);
        if sleeper.parked.load(Relaxed) {
            sleeper.thread.unpark();
        }
        woken += 1;
    }
    woken
}

pub(super) fn sleepers(word: &AtomicU32) -> u32 {
    look(word).1.len() as u32
}
