//! Events.

use crate::Replay;
use crate::access::created;
use crate::row::{Row, outcome};
use crate::scratch::{self, all_sleep, child, told};
use crate::wait::{event, look, waited};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use veduta::{Event, ObjectState, Reset, SyncAccess, Waitable, wait_all};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("EVT-01/02", unsignaled),
    ("EVT-03", manual_reset),
    ("EVT-05", set_twice),
    ("EVT-06/07", existing),
    ("EVT-09/10", opened_to_modify),
    ("EVT-11", set_by_another_process),
    ("EVT-14/15", one_at_a_time),
    ("EVT-16", pulse_without_waiters),
    ("EVT-19", all_at_once),
    ("EVT-22/23/24", empty_name),
    ("EVT-rule-01", opened_to_synchronize),
    ("EVT-rule-02", pulse_for_who_waits_for_all),
];

fn manual(signaled: bool) -> Event {
    let mut options = Event::options();
    options.reset(Reset::Manual).signaled(signaled).create_unnamed().expect("there is memory")
}

fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        std::thread::yield_now();
    }
}

/// Until so many threads wait for an event.
fn until_waited_for(event: &Event, by: u32) {
    until(|| waiters(event) == told(by) && all_sleep(&[]));
}

fn waiters(event: &Event) -> u32 {
    match event.state() {
        Ok(ObjectState::Event { waiters, .. }) => waiters.unwrap_or(0),
        other => panic!("an event has a state: {other:?}"),
    }
}

fn unsignaled(_: &Row) -> Value {
    let (event, disposition) =
        Event::options().create(&scratch::name("fact event")).expect("the name is new");
    json!({ "create": created(disposition), "wait": look(&event) })
}

fn manual_reset(_: &Row) -> Value {
    let event = manual(false);
    event.set().expect("it may be set");
    let set = [look(&event), look(&event)];
    event.reset().expect("it may be reset");
    json!({ "set": set, "reset": look(&event) })
}

fn set_twice(_: &Row) -> Value {
    let event = event();
    json!({ "first": outcome(event.set()), "second": outcome(event.set()) })
}

fn existing(_: &Row) -> Value {
    let name = scratch::name("fact event");
    let _first =
        Event::options().reset(Reset::Manual).signaled(true).create_new(&name).expect("the name is new");
    let mut options = Event::options();
    let (event, disposition) = options.reset(Reset::Auto).signaled(false).create(&name).expect("it exists");
    json!({ "create": created(disposition), "first": look(&event), "second": look(&event) })
}

fn opened(access: SyncAccess) -> (Event, Event) {
    let name = scratch::name("fact event");
    let first = Event::options().create_new(&name).expect("the name is new");
    (Event::options().access(access).open(&name).expect("it exists"), first)
}

fn opened_to_modify(_: &Row) -> Value {
    let (event, _first) = opened(SyncAccess::MODIFY_STATE);
    json!({ "wait": look(&event), "reset": outcome(event.reset()) })
}

fn opened_to_synchronize(_: &Row) -> Value {
    let (event, _first) = opened(SyncAccess::SYNCHRONIZE);
    json!({ "set": outcome(event.set()), "reset": outcome(event.reset()), "pulse": outcome(event.pulse()) })
}

fn set_by_another_process(_: &Row) -> Value {
    let name = scratch::name("fact event");
    let event = Event::options().create_new(&name).expect("the name is new");
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| waited(event.wait(None)));
        until_waited_for(&event, 1);
        let _setter = child::play("event::role_set", &[("FACT_NAME", &name)]);
        json!({ "wait": waiter.join().expect("it does not panic") })
    })
}

#[test]
#[ignore = "a role: sets an event"]
fn role_set() {
    let name = std::env::var("FACT_NAME").expect("the test says which event");
    Event::options().open(&name).and_then(|event| event.set()).expect("it exists");
    child::listen();
}

/// How many of three waiting threads went on after each time that the event was set.
fn released(event: &Event, times: u32, each: u32) -> Vec<u32> {
    let through = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                assert_eq!(waited(event.wait(None)), "signaled");
                through.fetch_add(1, Ordering::SeqCst);
            });
        }
        until_waited_for(event, 3);
        (1..=times)
            .map(|time| {
                event.set().expect("it may be set");
                // Those who went on cannot be fewer; more would be found.
                until(|| through.load(Ordering::SeqCst) >= time * each);
                until(|| waiters(event) <= told(3 - time * each) && all_sleep(&[]));
                through.load(Ordering::SeqCst)
            })
            .collect()
    })
}

fn one_at_a_time(_: &Row) -> Value {
    json!({ "released": released(&event(), 3, 1) })
}

fn all_at_once(_: &Row) -> Value {
    json!({ "released": released(&manual(false), 1, 3)[0] })
}

fn pulse_without_waiters(_: &Row) -> Value {
    let event = event();
    json!({ "pulse": outcome(event.pulse()), "wait": look(&event) })
}

fn empty_name(_: &Row) -> Value {
    let create = || Event::options().create("").expect("there is memory");
    let ((one, first), (other, second)) = (create(), create());
    one.set().expect("it may be set");
    json!({ "first": created(first), "second": created(second), "wait for the other": look(&other) })
}

fn pulse_for_who_waits_for_all(_: &Row) -> Value {
    let (event, signaled) = (manual(false), manual(true));
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| wait_all(&[&event, &signaled], None));
        until_waited_for(&event, 1);
        event.pulse().expect("it may be pulsed");
        // Asleep again, or still.
        until(|| waiters(&event) == told(1) && all_sleep(&[]) || waiter.is_finished());
        let goes_on = waiter.is_finished();
        event.set().expect("it may be set");
        json!({ "thread": if goes_on { "goes on" } else { "waits" } })
    })
}
