//! Waits that return before their time.

use super::{LONG, Object, until};
use crate::scratch::told;
use std::thread;
use std::time::Duration;
use veduta::{Code, Event, Interrupt, Mutex, Semaphore, Waitable, Waited};

#[test]
fn an_interrupt_ends_every_kind_of_wait() {
    let event = Event::options().create_unnamed().unwrap();
    let semaphore = Semaphore::options().create_unnamed().unwrap();
    let mutex = Mutex::options().create_unnamed().unwrap();
    let _held = mutex.lock().unwrap();
    let objects: [&dyn Waitable; 3] = [&event, &semaphore, &mutex];
    for wait in 0..6 {
        let interrupt = Interrupt::new();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| match wait {
                0 => interrupt.wait_any(&objects, None),
                1 => interrupt.wait_any(&[&event], None),
                2 => interrupt.wait_any(&[&mutex], None),
                3 => interrupt.wait_any(&[], None),
                4 => interrupt.wait_all(&objects, None),
                _ => interrupt.wait_all(&[&mutex], None),
            });
            if wait == 1 {
                until("it waits", || event.waiters() == told(1));
            }
            if wait == 2 || wait == 5 {
                until("it waits", || mutex.waiters() == told(1));
            }
            interrupt.raise();
            assert_eq!(waiting.join().unwrap().unwrap(), None, "wait {wait}");
        });
    }
}

#[test]
fn what_is_signaled_comes_before_the_interrupt() {
    let event = Event::options().signaled(true).create_unnamed().unwrap();
    let interrupt = Interrupt::new();
    interrupt.raise();
    assert_eq!(interrupt.wait_any(&[&event], None).unwrap(), Some(Waited::Signaled(0)));
    assert_eq!(interrupt.wait_any(&[&event], None).unwrap(), None, "that one took it");
    event.set().unwrap();
    assert_eq!(interrupt.wait_all(&[&event], None).unwrap(), Some(Waited::Signaled(0)));
}

#[test]
fn an_interrupt_stays_raised_until_it_is_lowered() {
    let interrupt = Interrupt::new();
    assert!(!interrupt.lower());
    interrupt.raise();
    interrupt.raise();
    assert_eq!(interrupt.wait_any(&[], None).unwrap(), None);
    assert_eq!(interrupt.wait_any(&[], LONG).unwrap(), None);
    assert!(interrupt.lower());
    assert_eq!(interrupt.wait_any(&[], Duration::from_millis(5)).unwrap(), Some(Waited::TimedOut));
}

#[test]
fn nothing_is_taken_by_an_interrupted_wait() {
    let event = Event::options().create_unnamed().unwrap();
    for _ in 0..2000 {
        let interrupt = Interrupt::new();
        let waited = thread::scope(|scope| {
            let waiting = scope.spawn(|| interrupt.wait_any(&[&event], None));
            scope.spawn(|| event.set().unwrap());
            scope.spawn(|| interrupt.raise());
            waiting.join().unwrap().unwrap()
        });
        // Either the wait has it, or it is still there.
        let there = event.wait(Duration::ZERO).unwrap() == Waited::Signaled(0);
        assert_eq!(waited.is_none(), there);
    }
}

#[test]
fn the_rules_of_waits_hold() {
    let event = Event::options().create_unnamed().unwrap();
    let interrupt = Interrupt::new();
    let error = interrupt.wait_all(&[&event, &event], None).unwrap_err();
    assert_eq!(error.code(), Code::INVALID_PARAMETER);
    assert_eq!(interrupt.wait_all(&[], None).unwrap_err().code(), Code::INVALID_PARAMETER);
}
