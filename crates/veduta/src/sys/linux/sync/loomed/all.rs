//! Waits for all of several.

use super::super::futex::Deadline;
use super::stage::{all, auto, check, manual, mutex, semaphore, spawn};
use crate::Waited;

#[test]
fn two_events() {
    check(3, || {
        let (a, b) = (auto(1, false), auto(2, false));
        let waiter = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || assert_eq!(all(&[&a, &b], Deadline::Never), Waited::Signaled(0))
        });
        let setter = spawn({
            let a = a.clone();
            move || a.set()
        });
        b.set();
        setter.join();
        waiter.join();
        assert_eq!((a.value(), b.value()), (0, 0));
    });
}

#[test]
fn a_manual_event_stays() {
    check(3, || {
        let (a, b) = (manual(1, false), semaphore(2, 0, 2));
        let waiter = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || assert_eq!(all(&[&b, &a], Deadline::Never), Waited::Signaled(0))
        });
        a.set();
        assert_eq!(b.release(2), Ok(0));
        waiter.join();
        assert_eq!((a.value(), b.value()), (1, 1));
    });
}

#[test]
fn beside_a_waiter_for_one() {
    check(2, || {
        let (a, b) = (semaphore(1, 0, 2), auto(2, false));
        let both = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || assert_eq!(all(&[&a, &b], Deadline::Never), Waited::Signaled(0))
        });
        let single = spawn({
            let a = a.clone();
            move || a.wait()
        });
        b.set();
        assert!(a.release(1).is_ok());
        assert!(a.release(1).is_ok());
        both.join();
        single.join();
        assert_eq!((a.value(), b.value()), (0, 0));
    });
}

#[test]
fn takes_both_or_nothing() {
    check(3, || {
        let (a, b) = (auto(1, false), semaphore(2, 0, 1));
        let waiter = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || all(&[&a, &b], Deadline::soon())
        });
        a.set();
        assert_eq!(b.release(1), Ok(0));
        match waiter.join() {
            Waited::Signaled(0) => assert_eq!((a.value(), b.value()), (0, 0)),
            Waited::TimedOut => assert_eq!((a.value(), b.value()), (1, 1)),
            other => panic!("{other:?}"),
        }
    });
}

/// Whoever takes one of the two: the other one is there afterwards, and the waiter gets the next.
#[test]
fn a_taker_in_between() {
    check(3, || {
        let (a, b) = (auto(1, false), auto(2, true));
        let both = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || assert_eq!(all(&[&a, &b], Deadline::Never), Waited::Signaled(0))
        });
        let taker = spawn({
            let b = b.clone();
            move || b.take()
        });
        a.set();
        if taker.join() {
            b.set();
        }
        both.join();
        assert_eq!((a.value(), b.value()), (0, 0));
    });
}

#[test]
fn in_opposite_order() {
    check(2, || {
        let (a, b) = (semaphore(1, 0, 2), semaphore(2, 0, 2));
        let first = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || assert_eq!(all(&[&a, &b], Deadline::Never), Waited::Signaled(0))
        });
        let second = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || assert_eq!(all(&[&b, &a], Deadline::Never), Waited::Signaled(0))
        });
        assert!(b.release(1).is_ok());
        assert!(a.release(2).is_ok());
        assert!(b.release(1).is_ok());
        first.join();
        second.join();
        assert_eq!((a.value(), b.value()), (0, 0));
    });
}

/// Who is woken by what it has no use for wakes the next, who has.
#[test]
fn a_wake_up_is_passed_on() {
    check(2, || {
        let (a, b, c) = (auto(1, false), auto(2, false), auto(3, true));
        let unlucky = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || all(&[&a, &b], Deadline::Never)
        });
        let lucky = spawn({
            let (a, c) = (a.clone(), c.clone());
            move || all(&[&a, &c], Deadline::Never)
        });
        a.set();
        let _ = lucky.join();
        a.set();
        b.set();
        let _ = unlucky.join();
    });
}

#[test]
fn a_mutex_and_an_event() {
    check(3, || {
        let (mutex, event) = (mutex(1), auto(2, false));
        mutex.lock();
        let waiter = spawn({
            let (mutex, event) = (mutex.clone(), event.clone());
            move || {
                assert_eq!(all(&[&mutex, &event], Deadline::Never), Waited::Signaled(0));
                mutex.unlock();
            }
        });
        event.set();
        mutex.unlock();
        waiter.join();
        assert!(mutex.take());
        assert_eq!(event.value(), 0);
    });
}

#[test]
fn a_mutex_and_an_event_beside_a_waiter_for_the_mutex() {
    check(2, || {
        let (mutex, event) = (mutex(1), auto(2, false));
        mutex.lock();
        let both = spawn({
            let (mutex, event) = (mutex.clone(), event.clone());
            move || {
                assert_eq!(all(&[&mutex, &event], Deadline::Never), Waited::Signaled(0));
                mutex.unlock();
            }
        });
        let single = spawn({
            let mutex = mutex.clone();
            move || {
                mutex.lock();
                mutex.unlock();
            }
        });
        mutex.unlock();
        single.join();
        event.set();
        both.join();
        assert_eq!(event.value(), 0);
    });
}
