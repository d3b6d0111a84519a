//! Mutexes.

use crate::Replay;
use crate::row::{Row, outcome};
use crate::scratch::{self, all_sleep, child, shown};
use crate::wait::{elsewhere, look, waited};
use serde_json::{Value, json};
use veduta::{Mutex, ObjectState, SyncAccess, Waitable};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("MTX-02/11", release_of_others),
    ("MTX-03/04", owner_waits_again),
    ("MTX-06", release_by_another_thread),
    ("MTX-07/08/09/10", owned_twice),
    ("MTX-14/15", abandoned_once),
    ("MTX-16/17", initial_owner),
    ("MTX-21/22", opened_to_synchronize),
    ("MTX-23", opened_for_nothing),
    ("MTX-25", unknown_name),
    ("MTX-31/32", owner_terminated),
    ("MTX-33/34", another_process_looks),
    ("MTX-rule-01", release_without_rights),
];

fn unnamed() -> Mutex {
    Mutex::options().create_unnamed().expect("there is memory")
}

fn named(owned: bool) -> (String, Mutex) {
    let name = scratch::name("fact mutex");
    let mutex = Mutex::options().owned(owned).create_new(&name).expect("the name is new");
    (name, mutex)
}

/// A process that does one of the things of [`role_mutex`].
fn other(part: &str, name: &str) -> child::Actor {
    child::play("mutex::role_mutex", &[("FACT_PART", part), ("FACT_NAME", name)])
}

#[test]
#[ignore = "a role: another process with the mutex"]
fn role_mutex() {
    let name = std::env::var("FACT_NAME").expect("the test says which mutex");
    let mutex = Mutex::options().open(&name).expect("it exists");
    match &*std::env::var("FACT_PART").expect("the test says what to do") {
        "own" => {
            let _guard = mutex.lock().expect("it may be owned");
            child::say("owned");
            child::listen();
        }
        _ => loop {
            child::say(look(&mutex).as_str().expect("a wait has a word for its end"));
            child::listen();
        },
    }
}

fn release_of_others(_: &Row) -> Value {
    let (name, mutex) = named(false);
    let nobodys = mutex.release();
    let mut owner = other("own", &name);
    assert_eq!(owner.hear(), "owned");
    json!({ "nobody's": outcome(nobodys), "another's": outcome(mutex.release()) })
}

fn owner_waits_again(_: &Row) -> Value {
    let mutex = unnamed();
    json!({ "first": look(&mutex), "second": look(&mutex) })
}

fn release_by_another_thread(_: &Row) -> Value {
    let mutex = Mutex::options().owned(true).create_unnamed().expect("there is memory");
    json!({ "release": elsewhere(|| outcome(mutex.release())) })
}

fn owned_twice(_: &Row) -> Value {
    let mutex = unnamed();
    let mut after = [(); 2].map(|()| drop(look(&mutex))).map(|()| Value::Null);
    for after in &mut after {
        mutex.release().expect("it is owned");
        *after = elsewhere(|| look(&mutex));
    }
    json!({ "after one": after[0], "after two": after[1] })
}

fn abandoned_once(_: &Row) -> Value {
    let mutex = unnamed();
    elsewhere(|| drop(look(&mutex)));
    let first = look(&mutex);
    mutex.release().expect("it is owned");
    json!({ "first": first, "second": look(&mutex) })
}

fn initial_owner(_: &Row) -> Value {
    let (_, mutex) = named(true);
    let before = elsewhere(|| look(&mutex));
    let release = mutex.release();
    json!({ "before": before, "release": outcome(release), "after": elsewhere(|| look(&mutex)) })
}

fn opened_to_synchronize(_: &Row) -> Value {
    let (name, _first) = named(false);
    let opened = Mutex::options().access(SyncAccess::SYNCHRONIZE).open(&name);
    let mutex = opened.as_ref().expect("it exists");
    let (wait, release) = (look(mutex), outcome(mutex.release()));
    json!({ "open": outcome(opened), "wait": wait, "release": release })
}

fn opened_for_nothing(_: &Row) -> Value {
    let (name, _first) = named(false);
    json!({ "open": outcome(Mutex::options().access(SyncAccess::empty()).open(&name)) })
}

fn unknown_name(_: &Row) -> Value {
    json!({ "open": outcome(Mutex::options().open(&scratch::name("fact no mutex"))) })
}

fn owner_terminated(_: &Row) -> Value {
    let (name, mutex) = named(false);
    let mut owner = other("own", &name);
    assert_eq!(owner.hear(), "owned");
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| waited(mutex.wait(None)));
        let waits = || match mutex.state() {
            Ok(ObjectState::Mutex { waiters, .. }) => waiters == shown(1) && all_sleep(&[]),
            other => panic!("a mutex has a state: {other:?}"),
        };
        while !waits() {
            std::thread::yield_now();
        }
        owner.kill();
        json!({ "wait": waiter.join().expect("it does not panic") })
    })
}

fn another_process_looks(_: &Row) -> Value {
    let (name, mutex) = named(true);
    let mut other = other("look", &name);
    let owned = other.hear();
    mutex.release().expect("it is owned");
    other.tell("again");
    json!({ "owned": owned, "free": other.hear() })
}

fn release_without_rights(_: &Row) -> Value {
    let (name, _owned) = named(true);
    let mutex = Mutex::options().access(SyncAccess::QUERY).open(&name).expect("it exists");
    json!({ "wait": look(&mutex), "release": outcome(mutex.release()) })
}
