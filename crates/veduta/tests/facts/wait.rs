//! Waits for several objects, and how every wait is told.

use crate::Replay;
use crate::row::{Row, outcome};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use veduta::{
    Event, MAXIMUM_WAIT_OBJECTS, Mutex, Reset, Result, Waitable, Waited, signal_and_wait, wait_all, wait_any,
};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("WFM-02", no_object),
    ("WFM-03", sixty_four),
    ("WFM-rule-01", sixty_five),
    ("WFM-06", not_all),
    ("WFM-07", twice),
    ("WFM-10/11", all_or_nothing),
    ("WFM-13/14", any_abandoned),
    ("WFM-15", all_abandoned),
    ("WFM-20", not_early),
    ("WFM-rule-02", smallest_index),
    ("SOW-03", signal_what_is_not_owned),
    ("SOW-05", signal_and_time_out),
];

/// How a wait for one object, or for all, ended.
pub(crate) fn waited(result: Result<Waited>) -> Value {
    match result {
        Ok(Waited::Signaled(_)) => json!("signaled"),
        Ok(Waited::Abandoned(_)) => json!("abandoned"),
        Ok(Waited::TimedOut) => json!("timed out"),
        Err(error) => json!(error.code().get()),
    }
}

/// How a wait for any ended, with the object that ended it.
fn waited_for_any(result: Result<Waited>) -> Value {
    match result {
        Ok(Waited::Signaled(index)) => json!(format!("signaled {index}")),
        Ok(Waited::Abandoned(index)) => json!(format!("abandoned {index}")),
        other => waited(other),
    }
}

/// How a wait without time ends.
pub(crate) fn look(object: &impl Waitable) -> Value {
    waited(object.wait(Duration::ZERO))
}

/// Does something on a thread that ends with it.
pub(crate) fn elsewhere<T: Send>(job: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(job).join().expect("it does not panic"))
}

pub(crate) fn event() -> Event {
    Event::options().create_unnamed().expect("there is memory")
}

fn abandoned() -> Mutex {
    let mutex = Mutex::options().create_unnamed().expect("there is memory");
    elsewhere(|| std::mem::forget(mutex.lock().expect("nobody owns it")));
    mutex
}

fn manual(signaled: bool) -> Event {
    let mut options = Event::options();
    options.reset(Reset::Manual).signaled(signaled).create_unnamed().expect("there is memory")
}

fn any_and_all(count: usize) -> Value {
    let events: Vec<_> = (0..count).map(|_| event()).collect();
    let objects: Vec<_> = events.iter().map(|event| event as &dyn Waitable).collect();
    json!({
        "any": waited(wait_any(&objects, Duration::ZERO)),
        "all": waited(wait_all(&objects, Duration::ZERO)),
    })
}

fn no_object(_: &Row) -> Value {
    any_and_all(0)
}

fn sixty_four(_: &Row) -> Value {
    any_and_all(MAXIMUM_WAIT_OBJECTS)
}

fn sixty_five(_: &Row) -> Value {
    any_and_all(MAXIMUM_WAIT_OBJECTS + 1)
}

fn not_all(_: &Row) -> Value {
    json!({ "all": waited(wait_all(&[&manual(true), &manual(false)], Duration::ZERO)) })
}

fn twice(_: &Row) -> Value {
    let event = manual(true);
    json!({ "all": waited(wait_all(&[&event, &event], Duration::ZERO)) })
}

fn all_or_nothing(_: &Row) -> Value {
    let (a, b) = (event(), event());
    a.set().expect("it may be set");
    let one = wait_all(&[&a, &b], Duration::ZERO);
    b.set().expect("it may be set");
    let both = wait_all(&[&a, &b], Duration::ZERO);
    json!({ "one": waited(one), "both": waited(both), "each": [look(&a), look(&b)] })
}

fn any_abandoned(_: &Row) -> Value {
    let mutex = abandoned();
    let any = wait_any(&[&event(), &mutex], Duration::ZERO);
    json!({ "any": waited_for_any(any), "release": outcome(mutex.release()) })
}

fn all_abandoned(_: &Row) -> Value {
    json!({ "all": waited(wait_all(&[&manual(true), &abandoned()], Duration::ZERO)) })
}

fn not_early(_: &Row) -> Value {
    let (event, begun) = (event(), Instant::now());
    let wait = waited(event.wait(Duration::from_millis(200)));
    json!({ "wait": wait, "early": begun.elapsed() < Duration::from_millis(185) })
}

fn smallest_index(_: &Row) -> Value {
    let events = [manual(false), manual(true), manual(true)];
    let objects = events.each_ref().map(|event| event as &dyn Waitable);
    json!({ "any": waited_for_any(wait_any(&objects, Duration::ZERO)) })
}

fn signal_what_is_not_owned(_: &Row) -> Value {
    let mutex = Mutex::options().create_unnamed().expect("there is memory");
    let event = event();
    event.set().expect("it may be set");
    let signal = signal_and_wait(&mutex, &event, Duration::ZERO);
    json!({ "signal": waited(signal), "event": look(&event) })
}

fn signal_and_time_out(_: &Row) -> Value {
    let (first, second) = (event(), event());
    let wait = signal_and_wait(&first, &second, Duration::ZERO);
    json!({ "wait": waited(wait), "first": look(&first) })
}
