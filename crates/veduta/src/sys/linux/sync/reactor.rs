//! Waiting without a thread: who sleeps in the seats of futures.
//!
//! A future sits down as a thread does (see [`wait`](super::wait)), but does not sleep. A *watcher*, a thread of this module, sleeps in its
//! place: on the seats of many futures at once, and on its bell, which is rung when it has to look at another list. To who
//! signals it is a thread like any other: if it sleeps, the seat it sleeps on has been given something, and if it does not, the unit
//! is taken back and the seat says so. Either way the watcher finds the seat changed and wakes the future's task, which stands up,
//! keeps the first, and gives the others back, as a thread does.
//!
//! - A seat goes back to the process's only when no watcher can be asleep on it: otherwise a watcher would be woken in the place of the
//!   thread that sits there next. So future and watcher share it, and who lets go last gives it back.
//! - A future is armed (has a waker) from when it sits until it is woken or polled. A watcher sleeps for armed ones only, and wakes
//!   each once.
//! - No lock is held while a waker is called, cloned or dropped: it may poll or drop futures.
//! - Watchers are threads, so a forked child has none, and locks that nobody will unlock. It leaves all that alone, its
//!   parent's seats too, and begins anew.

use super::super::fork;
use super::cell::Cell;
use super::futex::{self, Deadline};
use super::object::{self, Object};
use super::primitive::{AtomicU32, Expected, Ordering};
use super::thread;
use super::wait::{Sitting, try_any};
use crate::Result;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

/// The most words that one watcher sleeps on, beside its bell: the kernel takes 128.
const MOST: usize = 127;
/// For how long a watcher with nothing to do stays.
const LINGER: Duration = Duration::from_secs(1);

const WAIT: &str = "wait";

/// A share of a mapping.
struct Share(ManuallyDrop<Arc<Cell>>);

impl Deref for Share {
    type Target = Cell;

    fn deref(&self) -> &Cell {
        &self.0
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // SAFETY: nobody uses what is being dropped.
        object::let_go(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}

/// What a future and its watcher share.
struct Seated {
    sitting: Sitting<Share>,
    /// How many words it takes to watch it.
    words: usize,
    /// `None`: it was woken, or is being polled.
    waker: Mutex<Option<Waker>>,
}

impl Seated {
    /// Changes the waker, and gives the one before.
    fn arm(&self, waker: Option<Waker>) -> Option<Waker> {
        std::mem::replace(&mut lock(&self.waker), waker)
    }

    /// Whether a watcher has to sleep for it. Wakes it if it has to be woken.
    fn is_asleep(&self) -> bool {
        let mut waker = lock(&self.waker);
        if waker.is_none() || !self.sitting.is_called() {
            return waker.is_some();
        }
        let woken = waker.take();
        drop(waker);
        // A task whose waker panics is no reason to leave all others asleep.
        drop(catch_unwind(AssertUnwindSafe(|| woken.map(Waker::wake))));
        false
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is done under these locks can be left half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A future that sits, and that a watcher looks after. Dropping it gives back what it was given.
pub(crate) struct Pending {
    childhood: u64,
    seated: ManuallyDrop<Arc<Seated>>,
    watcher: ManuallyDrop<Arc<Watcher>>,
}

/// How a wait began.
pub(crate) enum Begun {
    /// This object could be had at once.
    Taken(usize),
    Pending(Pending),
}

impl Pending {
    /// Takes the first of the objects that can be had, or else sits down to wait for one.
    pub(crate) fn begin(objects: &[&Object], waker: &Waker) -> Result<Begun> {
        if let Some((index, _)) = try_any(objects.iter().map(|object| &**object.cell()), false)? {
            return Ok(Begun::Taken(index));
        }
        // From now on forks are counted.
        fork::generation();
        let share = |object: &&Object| Share(ManuallyDrop::new(object.cell().clone()));
        let sitting = Sitting::take(objects.iter().map(|object| (share(object), object.section.bytes())));
        let words = sitting.words().count();
        let seated = Arc::new(Seated { sitting, words, waker: Mutex::new(None) });
        let watcher = reactor().watch(&seated)?;
        let pending = Pending {
            childhood: fork::childhood(),
            seated: ManuallyDrop::new(seated),
            watcher: ManuallyDrop::new(watcher),
        };
        Ok(match pending.sit_down(waker)? {
            Some(index) => Begun::Taken(index),
            None => Begun::Pending(pending),
        })
    }

    /// Whether it is one of this process, and not of the one that forked it.
    pub(crate) fn is_here(&self) -> bool {
        self.childhood == fork::childhood()
    }

    /// Looks whether something was given, or may be had; sits down again if not.
    pub(crate) fn poll(&self, waker: &Waker) -> Result<Option<usize>> {
        if !self.seated.sitting.is_called() {
            let waker = waker.clone();
            let mut armed = lock(&self.seated.waker);
            if let Some(before) = armed.as_mut() {
                // The watcher has not seen a change either, and will tell the new one.
                let before = std::mem::replace(before, waker);
                drop(armed);
                drop(before);
                return Ok(None);
            }
            // The watcher has: a nudge, and somebody else was faster.
            drop(armed);
        }
        drop(self.seated.arm(None));
        match self.seated.sitting.stand_up(Ok(None))? {
            Some((index, _)) => Ok(Some(index)),
            None => self.sit_down(waker),
        }
    }

    fn sit_down(&self, waker: &Waker) -> Result<Option<usize>> {
        let sitting = &self.seated.sitting;
        match sitting.sit_down(true) {
            Ok(None) => {
                drop(self.seated.arm(Some(waker.clone())));
                self.watcher.ring();
                Ok(None)
            }
            taken => Ok(sitting.stand_up(taken)?.map(|(index, _)| index)),
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_here() {
            // The seats are those of another process, which may be in the middle of anything.
            return;
        }
        drop(self.seated.arm(None));
        self.seated.sitting.leave();
        self.watcher.forget(&self.seated);
        // SAFETY: nobody uses what is being dropped.
        let seated = unsafe { ManuallyDrop::take(&mut self.seated) };
        let is_watched = Arc::strong_count(&seated) > 1;
        drop(seated);
        if is_watched {
            // The watcher may be asleep on the seats: now it lets go of them.
            self.watcher.ring();
        }
        // SAFETY: as above.
        drop(unsafe { ManuallyDrop::take(&mut self.watcher) });
    }
}

/// All watchers of a process.
struct Reactor {
    childhood: u64,
    watchers: Mutex<Vec<Arc<Watcher>>>,
}

fn reactor() -> &'static Reactor {
    static REACTOR: AtomicPtr<Reactor> = AtomicPtr::new(null_mut());
    let current = || {
        // SAFETY: what was put there stays for ever.
        let reactor: Option<&'static Reactor> = unsafe { REACTOR.load(SeqCst).as_ref() };
        reactor.filter(|reactor| reactor.childhood == fork::childhood())
    };
    if let Some(reactor) = current() {
        return reactor;
    }
    // Nobody forks while somebody has this lock.
    let _alone = object::registry();
    current().unwrap_or_else(|| {
        let new = Reactor { childhood: fork::childhood(), watchers: Mutex::default() };
        let new = Box::leak(Box::new(new));
        REACTOR.store(new, SeqCst);
        new
    })
}

impl Reactor {
    /// Has the watcher with the first room, or a new one, watch a future's seats.
    fn watch(&'static self, seated: &Arc<Seated>) -> Result<Arc<Watcher>> {
        let mut watchers = lock(&self.watchers);
        if let Some(watcher) = watchers.iter().find(|watcher| watcher.admit(seated)) {
            return Ok(watcher.clone());
        }
        let watcher = Arc::new(Watcher { bell: AtomicU32::new(QUIET), book: Mutex::default() });
        watcher.admit(seated);
        let watching = watcher.clone();
        thread::start(WAIT, "veduta", move || watching.run(self))?;
        watchers.push(watcher.clone());
        Ok(watcher)
    }
}

const QUIET: u32 = 0;
const RUNG: u32 = 1;

/// A thread that sleeps for futures.
struct Watcher {
    /// [`RUNG`] until the watcher looks at its list again.
    bell: AtomicU32,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    futures: Vec<Arc<Seated>>,
    words: usize,
    /// The thread is about to end, and admits nobody any more.
    closed: bool,
}

impl Watcher {
    fn admit(&self, seated: &Arc<Seated>) -> bool {
        let mut book = lock(&self.book);
        if book.closed || book.words + seated.words > MOST {
            return false;
        }
        book.words += seated.words;
        book.futures.push(seated.clone());
        true
    }

    fn forget(&self, seated: &Arc<Seated>) {
        let mut book = lock(&self.book);
        if let Some(index) = book.futures.iter().position(|other| Arc::ptr_eq(other, seated)) {
            book.words -= seated.words;
            let forgotten = book.futures.swap_remove(index);
            drop(book);
            drop(forgotten);
        }
    }

    fn ring(&self) {
        if self.bell.swap(RUNG, Ordering::SeqCst) == QUIET {
            futex::wake(&self.bell, 1);
        }
    }

    fn run(&self, reactor: &'static Reactor) {
        loop {
            self.bell.store(QUIET, Ordering::SeqCst);
            let mut armed = lock(&self.book).futures.clone();
            armed.retain(|seated| seated.is_asleep());
            let naps = armed.iter().any(|seated| seated.sitting.naps());
            let mut words: Vec<_> = armed.iter().flat_map(|seated| seated.sitting.words()).collect();
            words.push(Expected { word: &self.bell, value: QUIET });
            let deadline = if armed.is_empty() { Deadline::after(Some(LINGER)) } else { Deadline::Never };
            let deadline = if naps { deadline.or_in(futex::NAP) } else { deadline };
            if futex::sleep(&words, deadline).is_err() {
                // What cannot be slept on is looked at from time to time.
                std::thread::sleep(futex::NAP);
            }
            if armed.is_empty() && deadline.has_passed() && self.close() {
                break;
            }
        }
        lock(&reactor.watchers).retain(|watcher| !std::ptr::eq(Arc::as_ptr(watcher), self));
    }

    fn close(&self) -> bool {
        let mut book = lock(&self.book);
        book.closed = book.futures.is_empty();
        book.closed
    }
}
