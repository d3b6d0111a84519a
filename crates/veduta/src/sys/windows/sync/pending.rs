//! Waiting without a thread: who waits for futures.
//!
//! A *watcher*, a thread of this module, waits for the objects of many futures at once. All objects of one future are with the same watcher, and the kernel
//! gives a watcher one object at a time: so a future is never given a second one, and nothing has to be given back, but for a future that is dropped before
//! it has told of what it was given. What one signal gives to all who wait, as a manual event's does, all futures of the watcher have.
//!
//! - A future is in its watcher's book from when it begins until it is given an object, which is noted under the book's lock, or is dropped.
//! - Who drops or polls a future that is in the book takes it out, and waits until the watcher has looked at the book again: then the watcher waits for none of its objects any
//!   more, and what it took before stands with the future. Only then are the handles closed, or looked at. A watcher never calls what a program gave us
//!   ([`errands`](super::errands)), so that is soon.
//! - No lock is held while a waker is called, cloned or dropped.

use super::super::error::{done, failed, last};
use super::super::native::is_process_ending;
use super::errands::{self, Errands};
use super::interrupt::Interrupt;
use super::object::Object;
use super::wait::{self, Deadline, Mode, WAIT};
use crate::{MAXIMUM_WAIT_OBJECTS, ObjectState, Reset, Result, SyncAccess, Waited};
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::ptr::{null_mut, without_provenance_mut};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};
use windows_sys::Win32::Foundation::{CompareObjectHandles, HANDLE};
use windows_sys::Win32::System::Threading::{ReleaseSemaphore, SetEvent};

/// For how long a watcher with nothing to do stays.
const LINGER: Duration = Duration::from_secs(1);

static WAKES: Errands = Errands::new("veduta wakers");

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is done under these locks can be left half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A future's own handle to one of its objects.
struct Share {
    handle: OwnedHandle,
    back: Back,
}

/// How an object is given back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Back {
    /// A wait leaves it as it is: all who wait for it have it.
    Shared,
    /// It is a timer, which only time signals.
    Never,
    Event,
    Semaphore,
}

impl Share {
    fn of(object: &Object) -> Result<Share> {
        let back = match object.state()? {
            ObjectState::Event { reset: Reset::Auto, .. } => Back::Event,
            ObjectState::Semaphore { .. } => Back::Semaphore,
            ObjectState::Event { .. } | ObjectState::Timer { reset: Reset::Manual, .. } => Back::Shared,
            _ => Back::Never,
        };
        let giving = match back {
            Back::Shared | Back::Never => SyncAccess::empty(),
            Back::Event | Back::Semaphore => SyncAccess::MODIFY_STATE,
        };
        let handle = object.section.duplicate_handle((SyncAccess::SYNCHRONIZE | giving).bits())?;
        Ok(Share { handle, back })
    }

    fn give_back(&self) {
        let handle = self.handle.as_raw_handle();
        let given = match self.back {
            Back::Shared | Back::Never => Ok(()),
            // SAFETY: the handle is open.
            Back::Event => done(unsafe { SetEvent(handle) }),
            // SAFETY: as above; nobody asks for the count before.
            Back::Semaphore => done(unsafe { ReleaseSemaphore(handle, 1, null_mut()) }),
        };
        // A semaphore that others have filled meanwhile has no room for it.
        let _ = given;
    }
}

/// What a future and its watcher share.
#[derive(Default)]
struct Watched(Mutex<State>);

#[derive(Default)]
struct State {
    /// The object that it was given, and has not told of.
    given: Option<usize>,
    waker: Option<Waker>,
}

/// A future that waits. Dropping it gives back what it was given.
pub(crate) struct Pending {
    watched: Arc<Watched>,
    watcher: Mutex<Arc<Watcher>>,
    shares: Vec<Share>,
}

/// How a wait began.
pub(crate) enum Begun {
    /// This object could be had at once.
    Taken(usize),
    Pending(Pending),
}

impl Pending {
    /// Takes the first of the objects that can be had, or else begins to wait for one.
    pub(crate) fn begin(objects: &[&Object], waker: &Waker) -> Result<Begun> {
        let targets: Vec<_> = objects.iter().map(|object| object.target()).collect();
        if let Some(Waited::Signaled(index)) = wait::any(&targets, Deadline::At(Instant::now()), None)? {
            return Ok(Begun::Taken(index));
        }
        WAKES.be_ready(WAIT)?;
        let shares = objects.iter().map(|object| Share::of(object)).collect::<Result<Vec<_>>>()?;
        let watched = Arc::new(Watched::default());
        lock(&watched.0).waker = Some(waker.clone());
        let watcher = Mutex::new(watch(Entry::of(&watched, &shares))?);
        Ok(Begun::Pending(Pending { watched, watcher, shares }))
    }

    /// There are no forked children.
    pub(crate) fn is_here(&self) -> bool {
        true
    }

    /// Looks whether something was given, or may be had; waits again if not.
    pub(crate) fn poll(&self, waker: &Waker) -> Result<Option<usize>> {
        let given = || lock(&self.watched.0).given.take();
        if let Some(index) = given() {
            return Ok(Some(index));
        }
        let waker = waker.clone();
        // Nobody else polls or drops it.
        let mut watcher = lock(&self.watcher);
        // While a watcher may be taking one, this must not take another.
        watcher.forget(&self.watched);
        if let Some(index) = given() {
            return Ok(Some(index));
        }
        let handles: Vec<_> = self.shares.iter().map(|share| share.handle.as_raw_handle()).collect();
        let now = Deadline::At(Instant::now());
        if let Some(Waited::Signaled(index)) = wait::wait(&handles, Mode::Any, now, None)? {
            return Ok(Some(index));
        }
        let before = lock(&self.watched.0).waker.replace(waker);
        let watching = watch(Entry::of(&self.watched, &self.shares));
        let result = watching.map(|watching| *watcher = watching);
        drop(watcher);
        drop(before);
        result.map(|()| None)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let waker = lock(&self.watched.0).waker.take();
        drop(waker);
        lock(&self.watcher).forget(&self.watched);
        let given = lock(&self.watched.0).given.take();
        if let Some(index) = given {
            self.shares[index].give_back();
        }
    }
}

/// A future in the book.
struct Entry {
    future: Arc<Watched>,
    /// Open as long as it is in the book.
    handles: Vec<(usize, Back)>,
}

impl Entry {
    fn of(future: &Arc<Watched>, shares: &[Share]) -> Entry {
        let handles = shares.iter().map(|share| (share.handle.as_raw_handle().addr(), share.back)).collect();
        Entry { future: future.clone(), handles }
    }
}

/// One of the objects that a watcher waits for.
struct Wanted {
    future: Arc<Watched>,
    /// Which of the future's it is.
    index: usize,
    back: Back,
}

#[derive(Default)]
struct Book {
    futures: Vec<Entry>,
    /// How often somebody was taken out.
    taken_out: u64,
    /// How often that was when the watcher last looked.
    looked: u64,
}

/// A thread that waits for futures.
#[derive(Default)]
struct Watcher {
    book: Mutex<Book>,
    has_looked: Condvar,
    bell: Interrupt,
}

/// Whether two handles, which are open until the watcher looks again, lead to one object.
fn is_same(one: HANDLE, other: HANDLE) -> bool {
    // SAFETY: both are open.
    unsafe { CompareObjectHandles(one, other) != 0 }
}

/// All watchers. Locked before the book of any.
static WATCHERS: Mutex<Vec<Arc<Watcher>>> = Mutex::new(Vec::new());

/// Has the first watcher with room, or a new one, wait for a future.
fn watch(entry: Entry) -> Result<Arc<Watcher>> {
    let mut watchers = lock(&WATCHERS);
    let wanted = entry.handles.len();
    let has_room = |watcher: &&Arc<Watcher>| {
        let taken: usize = lock(&watcher.book).futures.iter().map(|entry| entry.handles.len()).sum();
        taken + wanted <= MAXIMUM_WAIT_OBJECTS
    };
    if let Some(watcher) = watchers.iter().find(has_room) {
        lock(&watcher.book).futures.push(entry);
        watcher.bell.raise();
        return Ok(watcher.clone());
    }
    let watcher = Arc::new(Watcher::default());
    lock(&watcher.book).futures.push(entry);
    let watching = watcher.clone();
    errands::start(WAIT, "veduta", move || watching.run())?;
    watchers.push(watcher.clone());
    Ok(watcher)
}

impl Watcher {
    fn run(&self) {
        loop {
            // Before the look at the book: who changes it rings afterwards.
            self.bell.lower();
            let (handles, wanted) = self.look();
            let deadline = if handles.is_empty() { Deadline::after(Some(LINGER)) } else { Deadline::Never };
            match wait::wait(&handles, Mode::Any, deadline, Some(&self.bell)) {
                Ok(Some(Waited::Signaled(at) | Waited::Abandoned(at))) => self.give(&handles, &wanted, at),
                Ok(Some(Waited::TimedOut)) => {
                    if self.close() {
                        return;
                    }
                }
                Ok(None) => {}
                Err(_) => {
                    debug_assert!(false, "the handles are ours, and open: {}", failed(WAIT, last()));
                    std::thread::sleep(LINGER);
                }
            }
        }
    }

    fn look(&self) -> (Vec<HANDLE>, Vec<Wanted>) {
        let mut book = lock(&self.book);
        book.looked = book.taken_out;
        self.has_looked.notify_all();
        let wanted = book.futures.iter().flat_map(|entry| {
            entry.handles.iter().enumerate().map(|(index, &(handle, back))| {
                (without_provenance_mut(handle), Wanted { future: entry.future.clone(), index, back })
            })
        });
        wanted.unzip()
    }

    /// Gives the future what was taken for it, also one that is just being dropped. What a wait leaves as it is was signaled for all who wait
    /// here: it may be no more when the watcher looks again.
    fn give(&self, handles: &[HANDLE], wanted: &[Wanted], taken: usize) {
        let mut wakers = Vec::new();
        let mut book = lock(&self.book);
        for (at, Wanted { future, index, .. }) in wanted.iter().enumerate() {
            let is_shared = || wanted[taken].back == Back::Shared && is_same(handles[taken], handles[at]);
            let place = book.futures.iter().position(|entry| Arc::ptr_eq(&entry.future, future));
            if at != taken && (place.is_none() || !is_shared()) {
                continue;
            }
            let mut state = lock(&future.0);
            state.given = Some(*index);
            wakers.extend(state.waker.take());
            if let Some(place) = place {
                book.futures.remove(place);
            }
        }
        drop(book);
        for waker in wakers {
            WAKES.run(move || waker.wake());
        }
    }

    /// Takes a future out of the book, if it is still there, and waits until nobody waits for its objects any more.
    fn forget(&self, future: &Arc<Watched>) {
        // Dropped with the data of the last thread: who waited is gone, and perhaps while it had the book.
        if is_process_ending() {
            return;
        }
        let mut book = lock(&self.book);
        let Some(at) = book.futures.iter().position(|entry| Arc::ptr_eq(&entry.future, future)) else {
            return;
        };
        book.futures.swap_remove(at);
        book.taken_out += 1;
        let mine = book.taken_out;
        self.bell.raise();
        while book.looked < mine {
            book = self.has_looked.wait(book).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends, unless somebody has come.
    fn close(&self) -> bool {
        let mut watchers = lock(&WATCHERS);
        let book = lock(&self.book);
        // Who took a future out waits for a look.
        let is_idle = book.futures.is_empty() && book.looked == book.taken_out;
        drop(book);
        if is_idle {
            watchers.retain(|watcher| !std::ptr::eq(Arc::as_ptr(watcher), self));
        }
        is_idle
    }
}
