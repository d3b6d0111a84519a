//! Threads that are killed before one of their steps, each step in turn. What they were doing may have happened or not;
//! whatever others do afterwards must happen. What the kernel does for the owners of mutexes is not here.

use super::super::futex::Deadline;
use super::stage::{Running, all, auto, check_killed, manual, semaphore, spawn, spawn_killed};

#[test]
fn in_a_set() {
    check_killed(2, |steps| {
        let event = auto(1, false);
        let waiter = spawn({
            let event = event.clone();
            move || event.wait()
        });
        let killed = spawn_killed(steps, {
            let event = event.clone();
            move || event.set()
        })
        .join();
        event.set();
        waiter.join();
        assert!(event.value() <= 1);
        killed
    });
}

/// The survivor does not wait for the other to die.
#[test]
fn in_a_set_beside_another() {
    check_killed(2, |steps| {
        let event = auto(1, false);
        let waiter = spawn({
            let event = event.clone();
            move || event.wait()
        });
        let killed = spawn_killed(steps, {
            let event = event.clone();
            move || event.set()
        });
        event.set();
        waiter.join();
        assert!(event.value() <= 1);
        killed.join()
    });
}

#[test]
fn in_a_set_that_two_wait_for() {
    check_killed(2, |steps| {
        let event = auto(1, false);
        let waiters = [event.clone(), event.clone()].map(|event| spawn(move || event.wait()));
        let slept = event.asleep() == 2;
        let killed = spawn_killed(steps, {
            let event = event.clone();
            move || event.set()
        })
        .join();
        event.set();
        if !slept {
            // Or this set and the next may come to the same.
            event.until(|event| event.value() == 0 || waiters.iter().all(Running::has_ended));
        }
        event.set();
        let _ = waiters.map(|waiter| waiter.join());
        killed
    });
}

#[test]
fn in_a_release() {
    check_killed(2, |steps| {
        let object = semaphore(1, 0, 9);
        let waiter = spawn({
            let object = object.clone();
            move || object.wait()
        });
        let killed = spawn_killed(steps, {
            let object = object.clone();
            move || assert!(object.release(2).is_ok())
        })
        .join();
        assert!(object.release(1).is_ok());
        waiter.join();
        assert!(object.value() <= 2);
        killed
    });
}

#[test]
fn in_a_set_of_a_manual_event() {
    check_killed(2, |steps| {
        let event = manual(1, false);
        let waiters = [event.clone(), event.clone()].map(|event| spawn(move || event.wait()));
        let killed = spawn_killed(steps, {
            let event = event.clone();
            move || event.set()
        })
        .join();
        event.set();
        let _ = waiters.map(|waiter| waiter.join());
        assert_eq!(event.value(), 1);
        killed
    });
}

#[test]
fn in_a_set_that_is_waited_for_with_another() {
    check_killed(2, |steps| {
        let (a, b) = (auto(1, false), auto(2, true));
        let waiter = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || all(&[&a, &b], Deadline::Never)
        });
        let killed = spawn_killed(steps, {
            let a = a.clone();
            move || a.set()
        });
        a.set();
        let _ = waiter.join();
        killed.join()
    });
}

#[test]
fn in_a_wait() {
    check_killed(2, |steps| {
        let event = auto(1, false);
        let dead = spawn_killed(steps, {
            let event = event.clone();
            move || {
                event.wait_briefly();
            }
        });
        let waiter = spawn({
            let event = event.clone();
            move || event.wait()
        });
        let killed = dead.join();
        event.set();
        waiter.join();
        assert_eq!(event.value(), 0);
        killed
    });
}

#[test]
fn in_a_wait_for_all() {
    check_killed(2, |steps| {
        let (a, b) = (auto(1, true), auto(2, true));
        let dead = spawn_killed(steps, {
            let (a, b) = (a.clone(), b.clone());
            move || {
                let _ = all(&[&a, &b], Deadline::soon());
            }
        });
        let waiter = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || all(&[&a, &b], Deadline::Never)
        });
        a.set();
        b.set();
        let killed = dead.join();
        // What it took before it died is gone.
        a.set();
        b.set();
        let _ = waiter.join();
        killed
    });
}
