//! Objects and threads for the cases.

use super::super::super::record::FileId;
use super::super::cell::{Cell, Nature};
use super::super::futex::{self, Deadline};
use super::super::owner::Owner;
use super::super::page::Page;
use super::super::robust::{Node, Thread};
use super::super::signal::Rule;
use super::super::wait::{self, Target};
use super::{Killed, STEPS_LEFT};
use crate::Waited;
use std::fs::File;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

/// Tries every order in which at most so many threads are interrupted in the middle of something.
#[track_caller]
pub(super) fn check(interruptions: usize, case: impl Fn() + Sync + Send + 'static) {
    let (begun, orders) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(interruptions));
    model.max_branches = 10_000;
    let count = orders.clone();
    model.check(move || {
        count.fetch_add(1, Relaxed);
        case();
    });
    let bound = model.preemption_bound.unwrap_or_default();
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    println!(
        "{name}: {} orders, bound {bound}, {:.1} s",
        orders.load(Relaxed),
        begun.elapsed().as_secs_f32()
    );
}

/// As [`check`], for a case in which a thread is killed after so many steps: for 0, 1 and so on, until it lives through all. The
/// case says whether it was killed.
pub(super) fn check_killed(interruptions: usize, case: impl Fn(u32) -> bool + Copy + Sync + Send + 'static) {
    for steps in 0.. {
        let killed = Arc::new(AtomicBool::new(false));
        let known = killed.clone();
        check(interruptions, move || {
            if case(steps) {
                known.store(true, Relaxed);
            }
        });
        if !killed.load(Relaxed) {
            return;
        }
    }
}

/// An object of the case. They are numbered as they would be sorted.
#[derive(Clone)]
pub(super) struct Object(Arc<Cell>);

fn object(number: u64, value: u32, nature: Nature) -> Object {
    let id = FileId { device: 0, inode: number };
    Object(Arc::new(Cell::new(Page::new(value), id, |_| nature)))
}

pub(super) fn auto(number: u64, signaled: bool) -> Object {
    object(number, signaled.into(), Nature::Signal(Rule::Auto))
}

pub(super) fn manual(number: u64, signaled: bool) -> Object {
    object(number, signaled.into(), Nature::Signal(Rule::Manual))
}

pub(super) fn semaphore(number: u64, count: u32, maximum: u32) -> Object {
    object(number, count, Nature::Signal(Rule::Counting { maximum }))
}

pub(super) fn mutex(number: u64) -> Object {
    // SAFETY: needs nothing under loom.
    object(number, 0, Nature::Mutex(Owner::new(unsafe { Node::of_page(std::ptr::NonNull::dangling()) })))
}

fn targets<'a>(objects: &'a [&Object]) -> Vec<Target<'a>> {
    static NO_FILE: LazyLock<File> = LazyLock::new(|| File::open("/dev/null").expect("it is there"));
    objects.iter().map(|object| Target { cell: &object.0, bytes: NO_FILE.as_fd() }).collect()
}

pub(super) fn any(objects: &[&Object], deadline: Deadline) -> Waited {
    wait::any(&targets(objects), deadline, None).expect("nothing can fail").expect("nothing interrupts")
}

pub(super) fn all(objects: &[&Object], deadline: Deadline) -> Waited {
    wait::all(&targets(objects), deadline, None).expect("nothing can fail").expect("nothing interrupts")
}

impl Object {
    pub(super) fn page(&self) -> &Page {
        self.0.page()
    }

    /// How many threads sleep in a seat of it.
    pub(super) fn asleep(&self) -> u32 {
        self.page().seats.iter().map(futex::sleepers).sum()
    }

    fn rule(&self) -> Rule {
        match self.0.nature {
            Nature::Signal(rule) => rule,
            Nature::Mutex(_) => panic!("a mutex is not signaled"),
        }
    }

    /// Waits for this one, for ever.
    pub(super) fn wait(&self) {
        assert_eq!(any(&[self], Deadline::Never), Waited::Signaled(0));
    }

    /// Waits for this mutex, for ever.
    pub(super) fn lock(&self) {
        self.wait();
    }

    /// Waits for this one, but not for long.
    pub(super) fn wait_briefly(&self) -> bool {
        match any(&[self], Deadline::soon()) {
            Waited::Signaled(0) => true,
            Waited::TimedOut => false,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn set(&self) {
        assert!(self.page().put(self.rule(), 1).is_ok());
    }

    /// The count before, or what it is if there is no room.
    pub(super) fn release(&self, units: u32) -> Result<u32, u32> {
        self.page().put(self.rule(), units).map_err(|too_many| too_many.count)
    }

    /// Comes back when the signal went to somebody.
    pub(super) fn until_taken(&self) {
        self.until(|object| object.value() == 0);
    }

    pub(super) fn until(&self, done: impl Fn(&Object) -> bool) {
        while !done(self) {
            loom::thread::yield_now();
        }
    }

    pub(super) fn reset(&self) {
        self.page().reset();
    }

    pub(super) fn pulse(&self) {
        self.page().pulse(self.rule());
    }

    pub(super) fn take(&self) -> bool {
        self.0.try_acquire(false).expect("nothing can fail").is_some()
    }

    pub(super) fn value(&self) -> u32 {
        self.page().settled_value()
    }

    pub(super) fn unlock(&self) {
        let Nature::Mutex(owner) = &self.0.nature else { panic!("only a mutex is released") };
        owner.release(self.page(), Thread::current().expect("nothing can fail")).expect("the thread owns it");
    }
}

pub(super) struct Running<T> {
    thread: loom::thread::JoinHandle<T>,
    ended: Arc<AtomicBool>,
}

impl<T> Running<T> {
    pub(super) fn join(self) -> T {
        self.thread.join().expect("no thread panics")
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }
}

pub(super) fn spawn<T: 'static>(act: impl FnOnce() -> T + 'static) -> Running<T> {
    let ended = Arc::new(AtomicBool::new(false));
    let end = ended.clone();
    let thread = loom::thread::spawn(move || {
        let result = act();
        end.store(true, Relaxed);
        result
    });
    Running { thread, ended }
}

/// A thread that is killed when it has gone so many steps. Says whether it was.
pub(super) fn spawn_killed(steps: u32, act: impl FnOnce() + 'static) -> Running<bool> {
    spawn(move || {
        STEPS_LEFT.with(|left| left.set(Some(steps)));
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)) {
            Ok(()) => {
                STEPS_LEFT.with(|left| left.set(None));
                false
            }
            Err(reason) if reason.is::<Killed>() => true,
            Err(reason) => std::panic::resume_unwind(reason),
        }
    })
}
