//! Waiting for one of many, and for the end of an owner.

use super::unique;
use crate::contest::{Bench, Contest};
use crate::iceoryx;
use crate::partner::Partner;
use crate::peer::Peer;
use crate::results::Work;
use crate::signal::{Futex, Signal};
use iceoryx2::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use veduta::{Event, Mutex, Waitable, Waited, wait_any};

pub(crate) fn all(bench: &mut Bench) {
    for (objects, what) in [(1, "any1"), (8, "any8"), (64, "any64")] {
        any(bench, objects, what);
    }
    death(bench);
}

/// Waits for the last of some, which a partner signals when it is told to.
fn any(bench: &mut Bench, objects: usize, what: &'static str) {
    let work =
        Work::new("Waiting", "tell a process to signal the last of some objects, and wait for any of them")
            .among("objects", objects as u64)
            .programs(what);
    if !bench.wants(&work) {
        return;
    }
    let names = |what| unique(&format!("any-{objects}-{what}"));
    let (told, signaled): (_, Vec<_>) =
        (names("go".into()), (0..objects).map(|index| names(index.to_string())).collect());
    let far = Partner::with(
        || iceoryx::Link::new(&iceoryx::node(), &signaled[objects - 1], &told),
        |link| {
            link.wait();
            link.signal();
        },
    );
    let node = iceoryx::node();
    let tell = iceoryx::event(&node, &told).notifier_builder().create().expect("a notifier");
    let listener =
        |name: &String| iceoryx::event(&node, name).listener_builder().create().expect("a listener");
    let listeners: Vec<_> = signaled.iter().map(listener).collect();
    let wait_set = WaitSetBuilder::new().signal_handling_mode(SignalHandlingMode::Disabled);
    let wait_set = wait_set.create::<ipc::Service>().expect("a wait set");
    let attach = |listener| wait_set.attach_notification(listener).expect("to attach");
    let guards: Vec<_> = listeners.iter().map(attach).collect();
    let of: HashMap<_, _> = guards.iter().map(WaitSetAttachmentId::from_guard).zip(&listeners).collect();

    let event = || Event::options().create_unnamed().expect("an event");
    let ours = Many::new(objects, event);
    let waitable: Vec<_> = ours.objects.iter().map(|event| event as &dyn Waitable).collect();
    let bare = Many::new(objects, Futex::new);
    let mut contest = Contest::new(work);
    contest
        .with(Peer::Veduta, || {
            ours.go.set().expect("to wake");
            assert_eq!(wait_any(&waitable, None).expect("to be woken"), Waited::Signaled(objects - 1));
        })
        .with(Peer::Bare, || {
            bare.go.signal();
            while !bare.objects.iter().any(Futex::take) {
                Futex::sleep_on_any(&bare.objects, 0);
            }
        })
        .with(Peer::Iceoryx2, || {
            tell.notify().expect("to wake");
            let mut woken = 0;
            while woken == 0 {
                let on_event = |id| {
                    woken += of[&id].try_wait(|_| ()).expect("to look");
                    CallbackProgression::Continue
                };
                wait_set.wait_and_process_once(on_event).expect("to be woken");
            }
        });
    bench.run(contest);
    drop(far);
}

/// Some, the last of which a partner signals after `go`.
struct Many<S> {
    objects: Vec<S>,
    go: S,
    _partner: Partner,
}

impl<S: Signal> Many<S> {
    fn new(count: usize, signal: impl Fn() -> S) -> Many<S> {
        let (objects, go): (Vec<_>, _) = ((0..count).map(|_| signal()).collect(), signal());
        let _partner = Partner::of(|| {
            go.wait();
            objects[count - 1].signal();
        });
        Many { objects, go, _partner }
    }
}

fn death(bench: &mut Bench) {
    let work =
        Work::new("Waiting", "kill the owner of a mutex that a thread sleeps for, until the thread has it")
            .programs("death")
            .note("Boost's and Python's mutexes stay locked for ever. The Win32 programs end a whole process, started as one and with its threads, the others a forked one.");
    if !bench.wants(&work) {
        return;
    }
    let mutex = Mutex::options().create_unnamed().expect("a mutex");
    let bare = RobustFutex::new();
    let mut contest = Contest::new(work);
    contest
        .timed(Peer::Veduta, |count| {
            let own = || std::mem::forget(mutex.lock().expect("the lock"));
            inherited(count, own, || {
                let guard = mutex.lock().expect("the lock");
                let then = Instant::now();
                assert!(guard.is_abandoned());
                then
            })
        })
        .timed(Peer::Bare, |count| inherited(count, || bare.own(), || bare.inherit()));
    bench.run(contest);
}

/// The time from the kill of a process that owns something until a thread that sleeps for it has it, which says when that was.
fn inherited(count: u64, own: impl Fn(), inherit: impl Fn() -> Instant + Sync) -> Duration {
    let mut time = Duration::ZERO;
    for _ in 0..count {
        let owner = Partner::with(&own, |()| std::thread::park());
        time += std::thread::scope(|scope| {
            let heir = scope.spawn(&inherit);
            std::thread::sleep(Duration::from_millis(1));
            let start = Instant::now();
            owner.kill();
            heir.join().expect("the heir has it") - start
        });
    }
    time
}

/// A robust mutex by hand: a word that the kernel finds by the owner's list when the owner ends.
struct RobustFutex(Futex);

#[repr(C)]
struct List {
    first: *const u8,
    /// From an entry to its word.
    offset: libc::c_long,
    pending: *const u8,
}

impl RobustFutex {
    /// Where the entry of the list is in the word's page.
    const ENTRY: usize = 64;

    fn new() -> RobustFutex {
        RobustFutex(Futex::new())
    }

    fn word(&self) -> &AtomicU32 {
        self.0.word()
    }

    /// For a thread that owns nothing else, and waits for its end.
    fn own(&self) {
        let entry = self.word().as_ptr().cast::<u8>().wrapping_add(Self::ENTRY);
        let offset = -(Self::ENTRY as libc::c_long);
        let list = Box::leak(Box::new(List { first: entry, offset, pending: std::ptr::null() }));
        // SAFETY: the entry is in the word's page, aligned, and nobody else's. A list ends where it begins.
        unsafe { entry.cast::<*const List>().write(list) };
        // SAFETY: takes nothing.
        self.word().store(unsafe { libc::gettid() } as u32, Ordering::SeqCst);
        // SAFETY: the list stays, and so does its entry.
        let set = unsafe { libc::syscall(libc::SYS_set_robust_list, &raw const *list, size_of::<List>()) };
        assert_eq!(set, 0);
    }

    /// Has it when its owner has ended.
    fn inherit(&self) -> Instant {
        let owned = self.word().fetch_or(libc::FUTEX_WAITERS, Ordering::SeqCst) | libc::FUTEX_WAITERS;
        while self.word().load(Ordering::SeqCst) & libc::FUTEX_OWNER_DIED == 0 {
            self.0.sleep(owned);
        }
        // SAFETY: takes nothing.
        self.word().store(unsafe { libc::gettid() } as u32, Ordering::SeqCst);
        Instant::now()
    }
}
