//! Kill points of mutexes, events and semaphores: at every step, in every scenario, a process dies or stops, and the others go on.
//!
//! What an operation of a killed process comes to: it has happened, or it has not; `release(n)`, and the set or pulse of a
//! manual event, may have reached some waiters and not others; a wait for all that dies while it takes (`Redeem`, from the second on) may
//! have taken some. Whatever a killed waiter was given is lost with it. Beyond that there is no licence: see `Run::drain` and
//! `Run::check`.
// Row: steps
#![cfg(target_os = "linux")]

mod run;
mod scenarios;
#[path = "../support/mod.rs"]
mod support;

use run::{Cast, Run, VICTIM};
use scenarios::{EVENTS, GIVEN_TWO, MUTEXES, SEMAPHORES, SEVERAL, Scenario};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use support::sync::{Object, nanoseconds};
use support::{Reply, World};
use veduta::{SYNC_STEPS, Step, Waited};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kill,
    Stop,
}

#[test]
fn killed_over_mutexes() {
    go_through_all(Fate::Kill, MUTEXES);
}

#[test]
fn killed_over_events() {
    go_through_all(Fate::Kill, EVENTS);
}

#[test]
fn killed_over_semaphores() {
    go_through_all(Fate::Kill, SEMAPHORES);
}

#[test]
fn killed_over_several() {
    go_through_all(Fate::Kill, SEVERAL);
}

#[test]
fn stopped_over_mutexes() {
    go_through_all(Fate::Stop, MUTEXES);
}

#[test]
fn stopped_over_events() {
    go_through_all(Fate::Stop, EVENTS);
}

#[test]
fn stopped_over_semaphores() {
    go_through_all(Fate::Stop, SEMAPHORES);
}

#[test]
fn stopped_over_several() {
    go_through_all(Fate::Stop, SEVERAL);
}

/// Steps that are new with these objects.
fn steps() -> impl Iterator<Item = Step> {
    SYNC_STEPS.iter().copied()
}

/// Steps cannot vanish from what is tested.
#[test]
fn every_step_is_passed() {
    // These take a waiter that was given something before it slept, or two things: they have tests of their own below.
    let apart = [Step::TakeBack, Step::GiveBack];
    let mut cast = Cast::new();
    for step in steps().filter(|step| !apart.contains(step)) {
        let mut scenarios = [SEVERAL, EVENTS, MUTEXES].into_iter().flatten();
        let passed = scenarios.any(|scenario| Run::new(&mut cast, scenario, Fate::Kill, step, 1).play());
        assert!(passed, "no scenario comes to {step:?}");
    }
}

fn go_through_all(fate: Fate, scenarios: &[Scenario]) {
    let mut cast = Cast::new();
    let (mut points, mut passed) = (0, BTreeSet::new());
    for scenario in scenarios {
        for step in steps() {
            for nth in 1.. {
                if !Run::new(&mut cast, scenario, fate, step, nth).play() {
                    break;
                }
                points += 1;
                passed.insert(format!("{step:?}"));
            }
        }
    }
    println!("{fate:?} at {points} points of {} scenarios: {passed:?}", scenarios.len());
}

/// Given both by two who do not know of each other: one has stopped before it wakes it, the other wakes it. It dies before it has given one
/// back, or after.
#[test]
fn killed_with_two_gifts_in_hand() {
    let mut cast = Cast::new();
    for nth in 1..=2 {
        let mut giver = cast.world.actor_until("WakeSeat=stop");
        let mut run = Run::new(&mut cast, &GIVEN_TWO, Fate::Kill, Step::GiveBack, nth);
        assert!(run.begin(VICTIM, &["any", "0", "1"]).is_none(), "it sleeps");
        giver.sync(&run.objects[0].name, run.objects[0].kind);
        assert!(matches!(giver.ask(&["signal", &run.objects[0].name]), Reply::Stopped), "it wakes a waiter");
        run.objects[0].put += 1;
        run.survivor_signals(1);
        let reply = run.actor(VICTIM).hear();
        run.victim_replied("v ?", &["?"], reply);
        assert_eq!(run.happened, nth == 1, "it gives one back");
        run.kill_victim(None);
        giver.go_on();
        giver.hear().done().expect("it only had to go on");
        run.drain();
        // What it had in hand is lost with it, both if need be.
        run.check();
    }
}

/// Stopped before it sleeps, it is given something that it does not know of, and that is taken back: who takes it back dies there.
#[test]
fn killed_taking_back() {
    let mut cast = Cast::new();
    for kind in ["auto", "semaphore:0:9"] {
        for nth in 1..=2 {
            cast.runs += 1;
            let name = cast.world.private(&format!("taking back {}", cast.runs));
            let mut waiter = cast.world.actor_until("Sleep=stop");
            let mut giver = cast.world.actor_until(&format!("TakeBack:{nth}=kill"));
            for actor in [&mut waiter, &mut giver, &mut cast.survivor] {
                actor.sync(&name, kind);
            }
            waiter.begin_wait(&name);
            assert!(matches!(waiter.hear(), Reply::Stopped), "it comes to the step");
            let killed = matches!(giver.ask(&["signal", &name]), Reply::Ended(_));
            assert_eq!(killed, nth == 1, "it takes it back once");
            // Given or not, it does not sleep past a signal.
            waiter.go_on();
            if killed {
                cast.survivor.signal(&name).unwrap();
            }
            assert_eq!(waiter.end_wait().waited, Waited::Signaled(0));
            // The giver's may have come to something, too: one at most.
            let mut rest = 0;
            while cast.survivor.wait(&name, 0) != Waited::TimedOut {
                rest += 1;
            }
            assert!(rest <= u32::from(killed), "{rest} are left");
            let state = Object::create(&name, kind).unwrap().state();
            assert_eq!(state.waiters(), Some(0), "{state}");
        }
    }
}

/// A giver stops when it has woken a waiter and before it notes that. The waiter waits again, in the same seat, and the next giver dies before it
/// wakes it. What the first one then notes is of another gift: the waiter still has to be woken by whoever signals next.
#[test]
fn a_late_note_is_not_of_the_next_gift() {
    let mut cast = Cast::new();
    for kind in ["auto", "semaphore:0:9"] {
        cast.runs += 1;
        let name = cast.world.private(&format!("late note {}", cast.runs));
        let mut late = cast.world.actor_until("MarkGranted=stop");
        let mut killed = cast.world.actor_until("WakeSeat=kill");
        let mut waiter = cast.world.actor();
        for actor in [&mut late, &mut killed, &mut waiter, &mut cast.survivor] {
            actor.sync(&name, kind);
        }
        let object = Object::create(&name, kind).unwrap();
        let sit = |waiter: &mut support::Actor| {
            waiter.begin_wait(&name);
            let begun = Instant::now();
            while object.state().waiters() == Some(0) || !waiter.is_asleep() {
                assert!(begun.elapsed() < support::WATCHDOG, "the waiter never sleeps: {}", object.state());
                std::thread::yield_now();
            }
        };
        sit(&mut waiter);
        assert!(matches!(late.ask(&["signal", &name]), Reply::Stopped), "it woke somebody");
        assert_eq!(waiter.end_wait().waited, Waited::Signaled(0));
        sit(&mut waiter);
        assert!(matches!(killed.ask(&["signal", &name]), Reply::Ended(_)), "it was about to wake somebody");
        late.go_on();
        late.hear().done().expect("it only had to go on");
        cast.survivor.signal(&name).unwrap();
        assert_eq!(waiter.end_wait().waited, Waited::Signaled(0));
    }
}

/// Who waits for all takes an abandoned mutex, finds something else gone, and puts the mutex back: the next one is told, and only that one.
#[test]
fn what_is_put_back_is_still_abandoned() {
    let world = World::new();
    let (mut survivor, mut owner) = (world.actor(), world.actor());
    // Objects are taken in the order of their files: whichever way that is, the mutex is not the last.
    let kinds = ["auto", "mutex", "auto"];
    let names = [0, 1, 2].map(|number| world.private(&format!("put back {number}")));
    let mut waiter = world.actor_until("Reserve:3=stop");
    for (name, kind) in names.iter().zip(kinds) {
        for actor in [&mut survivor, &mut owner, &mut waiter] {
            actor.sync(name, kind);
        }
    }
    let [first, mutex, last] = &names;
    assert_eq!(owner.wait(mutex, 0), Waited::Signaled(0));
    owner.kill();
    survivor.signal(first).unwrap();
    survivor.signal(last).unwrap();
    waiter.tell(&["wait-all", "0", first, mutex, last]);
    assert!(matches!(waiter.hear(), Reply::Stopped), "everything is there");
    for event in [first, last] {
        assert_eq!(survivor.wait(event, 0), Waited::Signaled(0), "what is only set aside can be taken");
    }
    waiter.go_on();
    assert_eq!(waiter.end_wait().waited, Waited::TimedOut);
    for expected in [Waited::Abandoned(0), Waited::Signaled(0)] {
        assert_eq!(survivor.wait(mutex, 0), expected);
        survivor.signal(mutex).unwrap();
    }
}

/// How long it takes from the death of an owner to the next one's turn.
#[test]
fn a_waiter_wakes_up_when_the_owner_is_killed() {
    const RUNS: usize = 200;
    let world = World::new();
    let name = world.private("Next owner");
    let mut waiter = world.actor();
    waiter.sync(&name, "mutex");
    let object = Object::create(&name, "mutex").unwrap();
    let mut times: Vec<_> = (0..RUNS)
        .map(|_| {
            let mut owner = world.actor();
            owner.sync(&name, "mutex");
            assert_eq!(owner.wait(&name, 0), Waited::Signaled(0));
            waiter.begin_wait(&name);
            let begun = Instant::now();
            while object.state().waiters() == Some(0) {
                assert!(begun.elapsed() < support::WATCHDOG, "the waiter never sleeps: {}", object.state());
                std::thread::yield_now();
            }
            let killed = nanoseconds();
            owner.kill();
            let ended = waiter.end_wait();
            assert_eq!(ended.waited, Waited::Abandoned(0));
            waiter.signal(&name).unwrap();
            Duration::from_nanos(ended.at.saturating_sub(killed))
        })
        .collect();
    times.sort();
    let median = times[RUNS / 2];
    println!("from SIGKILL to the next owner: median {median:?}, longest {:?} of {RUNS}", times[RUNS - 1]);
    assert!(median < Duration::from_secs(1), "the next owner's turn comes late: {median:?}");
}
