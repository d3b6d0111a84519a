//! What this process remembers of a mutex beside what the kernel does: which acquisitions have a guard, and whether the owner before ended.
//!
//! Only the thread that owns the mutex writes here, after it acquired it and before it releases it: the mutex itself keeps all others out. What a thread
//! left behind that ended is of no meaning, because it says whose it is, and numbers of threads here are never used again.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::Result;

/// How a mutex came to be owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acquired {
    /// It was free, or the thread owned it already.
    Free,
    /// Its owner had ended without releasing it.
    Abandoned,
}

/// The calling thread, which it cannot leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thread {
    number: u64,
    here: PhantomData<*const ()>,
}

impl Thread {
    pub(crate) fn current() -> Result<Thread> {
        Ok(Thread { number: number(), here: PhantomData })
    }

    /// The calling thread, if it can be had without an error.
    pub(crate) fn known() -> Option<Thread> {
        Thread::current().ok()
    }
}

/// A number that no other thread of this process has or had. Threads release mutexes on their way out, too, when it may be gone already, as some
/// compilers keep it on the heap: then it is another, which does no more than leave a guard uncounted, since who owns the mutex is the kernel's to say.
fn number() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        // The lint does not see that it is constant where the variable is kept on the heap.
        #[allow(clippy::missing_const_for_thread_local)]
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    if NUMBER.get() == 0 {
        NUMBER.set(COUNT.fetch_add(1, Relaxed));
    }
    NUMBER.get()
}

/// What is remembered of a mutex.
#[derive(Default)]
pub(super) struct Ownership {
    /// The number of the owner, if it is a thread of this process, or was and ended.
    thread: AtomicU64,
    /// How often it owns the mutex: what was acquired and released by other means than this library is found out by [`Self::believe`].
    recursion: AtomicU32,
    /// How many of these times a guard answers for.
    guards: AtomicU32,
    /// Whether the owner before ended without releasing it.
    abandoned: AtomicBool,
}

impl Ownership {
    /// Whether the calling thread owns it, as far as is known here.
    pub(super) fn is_held(&self) -> bool {
        self.thread.load(Relaxed) == number()
    }

    /// Notes that the calling thread has just acquired it.
    pub(super) fn acquired(&self, how: Acquired) {
        if how == Acquired::Free && self.is_held() {
            self.recursion.store(self.recursion.load(Relaxed).saturating_add(1), Relaxed);
        } else {
            self.settle_in(1, how);
        }
    }

    fn settle_in(&self, recursion: u32, how: Acquired) {
        self.thread.store(number(), Relaxed);
        self.recursion.store(recursion, Relaxed);
        self.guards.store(0, Relaxed);
        self.abandoned.store(how == Acquired::Abandoned, Relaxed);
    }

    /// Notes that the calling thread is about to release it: afterwards another may be here.
    pub(super) fn releases(&self) {
        if self.is_held() {
            let left = self.recursion.load(Relaxed).saturating_sub(1);
            self.recursion.store(left, Relaxed);
            if left == 0 {
                self.thread.store(0, Relaxed);
            }
        }
    }

    /// Notes how often the calling thread owns it, as the kernel says.
    pub(super) fn believe(&self, recursion: u32) {
        match (self.is_held(), recursion) {
            (true, 0) => self.thread.store(0, Relaxed),
            (true, times) => self.recursion.store(times, Relaxed),
            (false, 0) => {}
            (false, times) => self.settle_in(times, Acquired::Free),
        }
    }

    /// Notes that a guard answers for one of the times that the calling thread acquired it. `false`: each has one.
    pub(super) fn add_guard(&self) -> bool {
        let guards = self.guards.load(Relaxed);
        let free = self.is_held() && guards < self.recursion.load(Relaxed);
        if free {
            self.guards.store(guards + 1, Relaxed);
        }
        free
    }

    /// Undoes [`add_guard`](Self::add_guard), by the owner.
    pub(super) fn remove_guard(&self, me: Thread) {
        if self.thread.load(Relaxed) == me.number {
            self.guards.store(self.guards.load(Relaxed).saturating_sub(1), Relaxed);
        }
    }

    /// Whether it was abandoned when the calling thread, its owner, acquired it.
    pub(super) fn was_abandoned(&self) -> bool {
        self.abandoned.load(Relaxed)
    }
}
