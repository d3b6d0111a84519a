//! Events.

use super::stage::{auto, check, manual, spawn};

#[test]
fn two_sets_release_two_waiters() {
    check(3, || {
        let event = auto(1, false);
        let waiters = [event.clone(), event.clone()].map(|event| spawn(move || event.wait()));
        let slept = event.asleep() == 2;
        event.set();
        if !slept {
            event.until_taken();
        }
        event.set();
        let _ = waiters.map(|waiter| waiter.join());
    });
}

/// As above, but the two may come to the same waiter.
#[test]
fn two_setters_release_two_waiters() {
    check(2, || {
        let event = auto(1, false);
        let waiters = [event.clone(), event.clone()].map(|event| spawn(move || event.wait()));
        let slept = event.asleep() == 2;
        let setter = spawn({
            let event = event.clone();
            move || event.set()
        });
        event.set();
        setter.join();
        if !slept {
            // Both may have been there before the waiters were: then one was lost.
            event.until_taken();
            event.set();
        }
        let _ = waiters.map(|waiter| waiter.join());
        assert!(event.value() <= 1);
    });
}

#[test]
fn two_setters_are_one_waiter_and_a_signal() {
    check(3, || {
        let event = auto(1, false);
        let setter = spawn({
            let event = event.clone();
            move || event.set()
        });
        let waiter = spawn({
            let event = event.clone();
            move || event.wait()
        });
        let slept = event.asleep() == 1;
        event.set();
        setter.join();
        waiter.join();
        if slept {
            // Or the other one had been first, and woke it for nothing yet.
            assert!(event.value() <= 1);
        }
    });
}

#[test]
fn a_reset_takes_nothing_from_who_was_released() {
    check(4, || {
        let event = auto(1, false);
        let waiter = spawn({
            let event = event.clone();
            move || event.wait()
        });
        let slept = event.asleep() == 1;
        event.set();
        event.reset();
        if !slept {
            event.set();
        }
        waiter.join();
    });
}

#[test]
fn a_set_releases_a_sleeper_in_spite_of_a_reset() {
    for event in [auto, manual] {
        check(3, move || {
            let event = event(1, false);
            let waiter = spawn({
                let event = event.clone();
                move || event.wait()
            });
            let reset = spawn({
                let event = event.clone();
                move || event.reset()
            });
            let slept = event.asleep() == 1;
            event.set();
            reset.join();
            if !slept {
                event.set();
            }
            waiter.join();
        });
    }
}

#[test]
fn a_manual_event_releases_all() {
    check(3, || {
        let event = manual(1, false);
        let waiters = [event.clone(), event.clone()].map(|event| spawn(move || event.wait()));
        event.set();
        let _ = waiters.map(|waiter| waiter.join());
        assert_eq!(event.value(), 1);
    });
}

#[test]
fn a_manual_event_releases_all_sleepers_before_a_reset() {
    check(2, || {
        let event = manual(1, false);
        let waiters = [event.clone(), event.clone()].map(|event| spawn(move || event.wait()));
        let slept = event.asleep() == 2;
        event.set();
        event.reset();
        if !slept {
            event.set();
        }
        let _ = waiters.map(|waiter| waiter.join());
    });
}

#[test]
fn a_pulse_releases_sleepers_and_leaves_no_signal() {
    for event in [auto, manual] {
        check(3, move || {
            let event = event(1, false);
            let waiter = spawn({
                let event = event.clone();
                move || event.wait()
            });
            let slept = event.asleep() == 1;
            event.pulse();
            assert_eq!(event.value(), 0);
            if !slept {
                event.set();
            }
            waiter.join();
        });
    }
}

#[test]
fn a_pulse_releases_one_of_two() {
    check(2, || {
        let event = auto(1, false);
        let waiters = [event.clone(), event.clone()].map(|event| spawn(move || event.wait()));
        let slept = event.asleep() == 2;
        event.pulse();
        assert_eq!(event.value(), 0);
        event.set();
        if !slept {
            event.until_taken();
            event.set();
        }
        let _ = waiters.map(|waiter| waiter.join());
    });
}

#[test]
fn a_set_is_taken_once_or_stays() {
    check(4, || {
        let event = auto(1, false);
        let waiter = spawn({
            let event = event.clone();
            move || event.wait_briefly()
        });
        event.set();
        let took = waiter.join();
        assert_eq!(event.value(), u32::from(!took));
    });
}

#[test]
fn who_gives_up_waiting_leaves_the_signal_to_the_next() {
    check(3, || {
        let event = auto(1, false);
        let brief = spawn({
            let event = event.clone();
            move || event.wait_briefly()
        });
        let waiter = spawn({
            let event = event.clone();
            move || event.wait()
        });
        event.set();
        if brief.join() {
            event.set();
        }
        waiter.join();
        assert_eq!(event.value(), 0);
    });
}

/// A set is one thing: whoever it released, and looks again, finds the event signaled.
#[test]
fn who_was_released_finds_a_manual_event_signaled() {
    check(3, || {
        let event = manual(1, false);
        let waiters = [event.clone(), event.clone()].map(|event| {
            spawn(move || {
                event.wait();
                event.take()
            })
        });
        event.set();
        assert_eq!(waiters.map(|waiter| waiter.join()), [true, true]);
    });
}
