//! What is counted: one operation after the other, and what each needs made before.

use crate::scratch::child::{listen, say};
use std::sync::atomic::{AtomicU64, Ordering};
use veduta::{Event, Mutex, Section, ViewAccess, Waitable, Waited, wait_any};

const SECTION: &str = r"Local\section";
const MUTEX: &str = r"Local\mutex";
const EVENT: &str = r"Local\event";
const NEW: &str = r"Local\new";
const SIZE: u64 = 64 << 10;

/// How often an operation is to be done before it is counted: what is done once per process is over, and the allocator has what it needs.
pub(crate) const WARM: usize = 8;

/// How often it is counted.
pub(crate) const TIMES: usize = 3;

/// Counts what an operation, of that name in docs/performance.md, takes.
pub(crate) type Count<'a> = dyn FnMut(&str, &mut dyn FnMut()) + 'a;

#[test]
#[ignore = "a role: the process that holds what is opened"]
fn role_hold() {
    let _held = (
        Section::options().size(SIZE).create_new(SECTION).expect("the namespace is new"),
        Mutex::options().create_new(MUTEX).expect("the namespace is new"),
        Event::options().create_new(EVENT).expect("the namespace is new"),
    );
    say("held");
    listen();
}

/// Has every operation counted.
pub(crate) fn run(count: &mut Count<'_>) {
    sections(count);
    views(count);
    objects(count);
}

fn sections(count: &mut Count<'_>) {
    let open = || Section::options().open(SECTION).expect("another process holds it");
    count("create a section, close it", &mut || {
        drop(Section::options().size(SIZE).create_new(NEW).expect("the name is free"));
    });
    count("open a section, map it, read a value, unmap it, close it", &mut || {
        let section = open();
        let view = section.map(ViewAccess::Read).expect("there are addresses");
        assert_eq!(view.read_value::<u64>(64).expect("it is there"), 0);
        drop(view);
    });
    let _held = open();
    count("open a section that this process has open, close it", &mut || drop(open()));
}

fn views(count: &mut Count<'_>) {
    let section = Section::options().size(SIZE).create_unnamed().expect("there is memory");
    let map = || section.map(ViewAccess::Write).expect("there are addresses");
    count("map a section, unmap it", &mut || drop(map()));
    let view = map();
    for len in [64, 4096] {
        let mut buffer = vec![1; len];
        count(&format!("write {len} bytes"), &mut || view.write_at(128, &buffer).expect("they are there"));
        count(&format!("read {len} bytes"), &mut || view.read_at(128, &mut buffer).expect("they are there"));
    }
    count("read a value of 8 bytes", &mut || {
        assert_eq!(view.read_value::<u64>(128).expect("it is there"), 0x0101_0101_0101_0101);
    });
    count("add to an atomic, by its offset", &mut || {
        view.atomic::<AtomicU64>(8).expect("it is aligned").fetch_add(1, Ordering::Relaxed);
    });
}

fn objects(count: &mut Count<'_>) {
    count("create a mutex, close it", &mut || {
        drop(Mutex::options().create_new(NEW).expect("the name is free"));
    });
    count("create an event, close it", &mut || {
        drop(Event::options().create_new(NEW).expect("the name is free"));
    });
    let open_mutex = || Mutex::options().open(MUTEX).expect("another process holds it");
    let open_event = || Event::options().open(EVENT).expect("another process holds it");
    count("open a mutex, close it", &mut || drop(open_mutex()));
    count("open an event, close it", &mut || drop(open_event()));
    let (mutex, event) = (open_mutex(), open_event());
    count("open a mutex that this process has open, close it", &mut || drop(open_mutex()));
    count("open an event that this process has open, close it", &mut || drop(open_event()));

    count("lock a mutex that is free, unlock it", &mut || drop(mutex.lock().expect("it is free")));
    count("set an event that nobody waits for", &mut || event.set().expect("this handle may"));
    count("set an event, wait for it", &mut || {
        event.set().expect("this handle may");
        assert_eq!(event.wait(None).expect("this handle may"), Waited::Signaled(0));
    });
    let events: Vec<_> =
        (0..8).map(|_| Event::options().create_unnamed().expect("there is memory")).collect();
    let any: Vec<_> = events.iter().map(|event| event as &dyn Waitable).collect();
    count("set one of 8 events, wait for any", &mut || {
        events[5].set().expect("this handle may");
        assert_eq!(wait_any(&any, None).expect("these handles may"), Waited::Signaled(5));
    });
}
