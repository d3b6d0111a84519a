//! Events: who is released, and what is left.

use crate::crowd::Crowd;
use crate::scratch::{name, shown};
use crate::{LONG, Object, until};
use std::time::Duration;
use veduta::{Disposition, Event, ObjectState, Reset, Waitable, Waited};

const BOTH: [Reset; 2] = [Reset::Auto, Reset::Manual];

fn event(reset: Reset, signaled: bool) -> Event {
    Event::options().reset(reset).signaled(signaled).create_unnamed().unwrap()
}

fn is_signaled(event: &Event) -> bool {
    let ObjectState::Event { signaled, .. } = event.now() else { panic!("it is an event") };
    signaled
}

/// Whether a look finds it signaled. With auto reset, not for the next one.
fn take(event: &Event) -> bool {
    event.wait(Duration::ZERO).unwrap() == Waited::Signaled(0)
}

#[test]
fn it_begins_as_it_was_created() {
    for reset in BOTH {
        for signaled in [false, true] {
            let event = event(reset, signaled);
            assert_eq!(event.now(), ObjectState::Event { reset, signaled, waiters: shown(0) });
            assert_eq!(take(&event), signaled);
        }
    }
    let plain = Event::options().create_unnamed().unwrap();
    assert_eq!(plain.now(), ObjectState::Event { reset: Reset::Auto, signaled: false, waiters: shown(0) });
}

#[test]
fn one_that_is_there_stays_as_it_is() {
    let name = name("stays");
    let first = Event::options().reset(Reset::Manual).signaled(true).create_new(&name).unwrap();
    let (second, disposition) = Event::options().reset(Reset::Auto).signaled(false).create(&name).unwrap();
    assert_eq!(disposition, Disposition::Opened);
    assert!(take(&second) && take(&second), "signaled, and with manual reset");
    first.reset().unwrap();
    assert!(!take(&second));
    let (third, _) = Event::options().signaled(true).create(&name).unwrap();
    assert!(!take(&third), "opening does not signal it");
}

#[test]
fn without_waiters_it_stays_signaled() {
    for reset in BOTH {
        let event = event(reset, false);
        for _ in 0..3 {
            event.set().unwrap();
            assert!(is_signaled(&event));
        }
        assert!(take(&event));
        assert_eq!(take(&event), reset == Reset::Manual, "the first wait resets an auto-reset event");
        event.set().unwrap();
        event.reset().unwrap();
        event.reset().unwrap();
        assert!(!take(&event));
    }
}

#[test]
fn a_pulse_that_meets_nobody_leaves_nothing() {
    for reset in BOTH {
        for signaled in [false, true] {
            let event = event(reset, signaled);
            event.pulse().unwrap();
            assert!(!is_signaled(&event), "{reset}, signaled before: {signaled}");
            assert!(!take(&event));
        }
    }
}

/// What happens while so many threads sleep, how many of them it releases, and whether the event is signaled then.
fn released(reset: Reset, waiting: usize, act: fn(&Event), expected: usize, signaled_then: bool) {
    let event = event(reset, false);
    std::thread::scope(|scope| {
        let crowd = Crowd::start(scope, waiting, |_| event.wait(None).unwrap());
        crowd.asleep_at(&event);
        act(&event);
        until("as many are through", || crowd.through() >= expected);
        let left = waiting - expected;
        assert_eq!(
            event.now(),
            ObjectState::Event { reset, signaled: signaled_then, waiters: shown(left as u32) }
        );
        assert_eq!(crowd.through(), expected, "{reset}: no more than that");
        (0..left).for_each(|_| event.set().unwrap());
        assert!(crowd.join().into_iter().all(|waited| waited == Waited::Signaled(0)));
    });
}

const SET: fn(&Event) = |event| event.set().unwrap();
const PULSE: fn(&Event) = |event| event.pulse().unwrap();
const SET_AND_RESET: fn(&Event) = |event| {
    event.set().unwrap();
    event.reset().unwrap();
};
const SET_THREE_TIMES: fn(&Event) = |event| (0..3).for_each(|_| event.set().unwrap());

#[test]
fn auto_reset_releases_one() {
    for waiting in [1, 3] {
        for act in [SET, PULSE, SET_AND_RESET] {
            released(Reset::Auto, waiting, act, 1, false);
        }
    }
}

#[test]
fn each_signal_of_an_auto_reset_event_releases_another_one() {
    released(Reset::Auto, 3, SET_THREE_TIMES, 3, false);
    released(Reset::Auto, 5, SET_THREE_TIMES, 3, false);
    // One was left over.
    released(Reset::Auto, 2, SET_THREE_TIMES, 2, true);
}

#[test]
fn manual_reset_releases_all_who_wait() {
    for waiting in [1, 3] {
        released(Reset::Manual, waiting, SET, waiting, true);
        for act in [PULSE, SET_AND_RESET] {
            released(Reset::Manual, waiting, act, waiting, false);
        }
    }
}

#[test]
fn what_was_given_to_a_waiter_can_be_neither_taken_nor_undone() {
    for round in 0..200 {
        let event = event(Reset::Auto, false);
        std::thread::scope(|scope| {
            let waiter = Crowd::start(scope, 1, |_| event.wait(None).unwrap());
            waiter.asleep_at(&event);
            event.set().unwrap();
            assert!(!take(&event), "round {round}: it is the waiter's, awake or not");
            event.reset().unwrap();
            assert_eq!(waiter.join(), [Waited::Signaled(0)]);
        });
    }
}

#[test]
fn a_signal_is_never_lost_between_threads() {
    const ROUNDS: usize = 5_000;
    let (ping, pong) = (event(Reset::Auto, false), event(Reset::Auto, false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                assert_eq!(ping.wait(None).unwrap(), Waited::Signaled(0));
                pong.set().unwrap();
            }
        });
        for _ in 0..ROUNDS {
            ping.set().unwrap();
            assert_eq!(pong.wait(None).unwrap(), Waited::Signaled(0));
        }
    });
    assert!(!take(&ping) && !take(&pong));
}

#[test]
fn a_manual_reset_event_is_a_gate() {
    const THREADS: usize = 4;
    let (gate, arrived) = (event(Reset::Manual, false), event(Reset::Auto, false));
    std::thread::scope(|scope| {
        for _ in 0..100 {
            let crowd = Crowd::start(scope, THREADS, |_| {
                assert_eq!(gate.wait(None).unwrap(), Waited::Signaled(0));
                arrived.set().unwrap();
            });
            gate.set().unwrap();
            // Whoever comes now goes through, too, asleep or not.
            crowd.join();
            gate.reset().unwrap();
            assert!(take(&arrived));
        }
    });
}

/// A set is one thing: whoever it releases finds the event signaled, however soon it looks again.
#[test]
fn who_was_released_by_a_manual_event_finds_it_signaled() {
    const ROUNDS: u32 = 20_000;
    let [next, go_on] = [(); 2].map(|()| event(Reset::Auto, false));
    let gate = event(Reset::Manual, false);
    let missed = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut missed = 0;
            for _ in 0..ROUNDS {
                assert_eq!(gate.wait(LONG).unwrap(), Waited::Signaled(0));
                missed += u32::from(gate.wait(Duration::ZERO).unwrap() == Waited::TimedOut);
                next.set().unwrap();
                assert_eq!(go_on.wait(LONG).unwrap(), Waited::Signaled(0));
            }
            missed
        });
        for _ in 0..ROUNDS {
            gate.set().unwrap();
            assert_eq!(next.wait(LONG).unwrap(), Waited::Signaled(0));
            gate.reset().unwrap();
            go_on.set().unwrap();
        }
        waiting.join().unwrap()
    });
    assert_eq!(missed, 0, "of {ROUNDS}");
}
