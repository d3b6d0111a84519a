//! Semaphores.

use crate::Replay;
use crate::access::created;
use crate::row::{Row, outcome};
use crate::scratch::{self, child};
use crate::wait::look;
use serde_json::{Value, json};
use veduta::{ObjectState, Result, Semaphore, SyncAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("SEM-01", more_than_the_maximum),
    ("SEM-05/06", previous),
    ("SEM-07/08", too_many),
    ("SEM-10", full),
    ("SEM-11", nothing),
    ("SEM-13", waits),
    ("SEM-14/15/16", existing),
    ("SEM-18/19", taken_and_gone),
    ("SEM-rule-01", rights),
];

fn semaphore(count: u32, maximum: u32) -> Semaphore {
    Semaphore::options().count(count).maximum(maximum).create_unnamed().expect("there is memory")
}

/// The previous count, or the error's number.
fn release(semaphore: &Semaphore, units: u32) -> Value {
    match semaphore.release(units) {
        Ok(previous) => json!(previous),
        failed => outcome(failed),
    }
}

fn more_than_the_maximum(_: &Row) -> Value {
    json!({ "create": outcome(Semaphore::options().count(2).maximum(1).create_unnamed()) })
}

fn previous(_: &Row) -> Value {
    let semaphore = semaphore(1, 5);
    json!({ "previous": [release(&semaphore, 2), release(&semaphore, 1)] })
}

fn too_many(_: &Row) -> Value {
    let semaphore = semaphore(1, 2);
    let release = release(&semaphore, 2);
    let same = matches!(semaphore.state(), Ok(ObjectState::Semaphore { count: 1, .. }));
    json!({ "release": release, "count": if same { "as before" } else { "other" } })
}

fn full(_: &Row) -> Value {
    json!({ "release": release(&semaphore(2, 2), 1) })
}

fn nothing(_: &Row) -> Value {
    json!({ "release": release(&semaphore(0, 2), 0) })
}

fn waits(_: &Row) -> Value {
    let semaphore = semaphore(2, 2);
    json!({ "waits": [look(&semaphore), look(&semaphore), look(&semaphore)] })
}

fn named(count: u32, maximum: u32) -> (String, Semaphore) {
    let name = scratch::name("fact semaphore");
    let mut options = Semaphore::options();
    let semaphore = options.count(count).maximum(maximum).create_new(&name).expect("the name is new");
    (name, semaphore)
}

fn existing(_: &Row) -> Value {
    let (name, _first) = named(1, 2);
    let mut options = Semaphore::options();
    let (second, disposition) = options.count(5).maximum(10).create(&name).expect("it exists");
    json!({
        "create": created(disposition),
        "previous": release(&second, 1),
        "release": release(&second, 1),
    })
}

fn taken_and_gone(_: &Row) -> Value {
    let (name, semaphore) = named(1, 1);
    let mut taker = child::play("semaphore::role_take", &[("FACT_NAME", &name)]);
    assert_eq!(taker.hear(), "\"signaled\"");
    assert!(taker.until_ended().success());
    json!({ "wait": look(&semaphore) })
}

#[test]
#[ignore = "a role: takes one from a semaphore"]
fn role_take() {
    let name = std::env::var("FACT_NAME").expect("the test says which semaphore");
    child::say(look(&Semaphore::options().open(&name).expect("it exists")));
}

fn rights(_: &Row) -> Value {
    let (name, _first) = named(1, 5);
    let open = |access| -> Result<Semaphore> { Semaphore::options().access(access).open(&name) };
    let observed = |access| {
        let semaphore = open(access).expect("it exists");
        json!({ "release": outcome(semaphore.release(1)), "wait": look(&semaphore) })
    };
    json!({
        "SYNCHRONIZE": observed(SyncAccess::SYNCHRONIZE),
        "SEMAPHORE_MODIFY_STATE": observed(SyncAccess::MODIFY_STATE),
    })
}
