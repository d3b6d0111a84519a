//! Waits for one of several.

use super::super::futex::Deadline;
use super::stage::{any, auto, check, mutex, semaphore, spawn};
use crate::Waited;

#[test]
fn one_is_kept_and_the_other_given_back() {
    check(3, || {
        let (a, b) = (auto(1, false), auto(2, false));
        let waiter = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || any(&[&a, &b], Deadline::Never)
        });
        let setter = spawn({
            let a = a.clone();
            move || a.set()
        });
        b.set();
        setter.join();
        match waiter.join() {
            Waited::Signaled(0) => assert_eq!((a.value(), b.value()), (0, 1)),
            Waited::Signaled(1) => assert_eq!((a.value(), b.value()), (1, 0)),
            other => panic!("{other:?}"),
        }
    });
}

/// What is given back goes to who waits for it.
#[test]
fn beside_a_waiter_for_one() {
    check(2, || {
        let (a, b) = (auto(1, false), auto(2, false));
        let several = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || any(&[&a, &b], Deadline::Never)
        });
        let single = spawn({
            let a = a.clone();
            move || a.wait()
        });
        b.set();
        a.set();
        match several.join() {
            Waited::Signaled(0) => {
                assert_eq!(b.value(), 1);
                a.set();
            }
            Waited::Signaled(1) => {}
            other => panic!("{other:?}"),
        }
        single.join();
        assert_eq!(a.value(), 0);
    });
}

#[test]
fn a_deadline_among_signals() {
    check(3, || {
        let (a, b) = (semaphore(1, 0, 1), auto(2, false));
        let waiter = spawn({
            let (a, b) = (a.clone(), b.clone());
            move || any(&[&a, &b], Deadline::soon())
        });
        assert_eq!(a.release(1), Ok(0));
        b.set();
        let left = match waiter.join() {
            Waited::Signaled(0) => (0, 1),
            Waited::Signaled(1) => (1, 0),
            Waited::TimedOut => (1, 1),
            other => panic!("{other:?}"),
        };
        assert_eq!((a.value(), b.value()), left);
    });
}

#[test]
fn a_mutex_or_an_event() {
    check(3, || {
        let (mutex, event) = (mutex(1), auto(2, false));
        mutex.lock();
        let waiter = spawn({
            let (mutex, event) = (mutex.clone(), event.clone());
            move || {
                let waited = any(&[&mutex, &event], Deadline::Never);
                if waited == Waited::Signaled(0) {
                    mutex.unlock();
                }
                waited
            }
        });
        let setter = spawn({
            let event = event.clone();
            move || event.set()
        });
        mutex.unlock();
        setter.join();
        let waited = waiter.join();
        assert!(mutex.take());
        assert_eq!(event.value(), u32::from(waited == Waited::Signaled(0)));
    });
}

/// Who was woken from the mutex and takes the event instead passes the wake-up on.
#[test]
fn a_mutex_or_an_event_beside_a_waiter_for_the_mutex() {
    check(2, || {
        let (mutex, event) = (mutex(1), auto(2, false));
        mutex.lock();
        let several = spawn({
            let (mutex, event) = (mutex.clone(), event.clone());
            move || {
                if any(&[&mutex, &event], Deadline::Never) == Waited::Signaled(0) {
                    mutex.unlock();
                }
            }
        });
        let single = spawn({
            let mutex = mutex.clone();
            move || {
                mutex.lock();
                mutex.unlock();
            }
        });
        event.set();
        mutex.unlock();
        single.join();
        several.join();
    });
}
