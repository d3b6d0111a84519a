//! Who waits, counted.

use crate::crowd::Crowd;
use crate::listing::state;
use crate::processes::{peer, place};
use crate::scratch::Private;
use crate::{Object, until};
use std::time::Duration;
use veduta::{Event, Mutex, Semaphore, Waitable, Waited, wait_all, wait_any};

#[test]
fn it_counts_who_waits() {
    let private = Private::new();
    let namespace = private.namespace();
    let event = Event::options().namespace(namespace).create_new("event").unwrap();
    let semaphore = Semaphore::options().namespace(namespace).create_new("semaphore").unwrap();
    let mutex = Mutex::options().namespace(namespace).create_new("mutex").unwrap();
    let guard = mutex.lock().unwrap();
    let waiters = |name| state(namespace, name).waiters().unwrap_or(0);
    let all = || ["event", "semaphore", "mutex"].map(waiters);
    std::thread::scope(|scope| {
        let one = Crowd::start(scope, 3, |_| drop(mutex.lock().unwrap()));
        until("they wait for the mutex", || all() == [0, 0, 3]);
        let two = Crowd::start(scope, 2, |_| wait_any(&[&event, &semaphore], None).unwrap());
        until("two wait for either", || all() == [2, 2, 3]);
        let three = Crowd::start(scope, 1, |_| {
            wait_all(&[&event, &mutex], None).and_then(|_| mutex.release()).unwrap()
        });
        until("one waits for the first that is missing", || matches!(all(), [3, 2, 3] | [2, 2, 4]));
        let mut other = peer("wait", &[("NAMESPACE", private.path().to_str().unwrap()), ("NAME", "event")]);
        until("another process waits", || matches!(all(), [4, 2, 3] | [3, 2, 4]));
        semaphore.release(2).unwrap();
        two.join();
        until("they are gone", || matches!(all(), [2, 0, 3] | [1, 0, 4]));
        event.set().unwrap();
        event.set().unwrap();
        drop(guard);
        one.join();
        three.join();
        assert_eq!(other.hear(), "Signaled(0)");
    });
    assert_eq!(all(), [0, 0, 0]);
}

/// Their seats and their sleep end with them.
#[test]
fn who_was_killed_does_not_wait() {
    let private = Private::new();
    let place = private.path().to_str().unwrap();
    let event = Event::options().namespace(private.namespace()).create_new("event").unwrap();
    let [one, other] = [(); 2].map(|()| peer("wait", &[("NAMESPACE", place), ("NAME", "event")]));
    until("both wait", || event.waiters() == 2);
    one.kill();
    assert_eq!(event.waiters(), 1);
    other.kill();
    assert_eq!(event.waiters(), 0);
    event.set().unwrap();
    assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::Signaled(0), "nobody else is there");
}

#[test]
fn each_signal_reaches_one_process() {
    let private = Private::new();
    let event = Event::options().namespace(private.namespace()).create_new("object").unwrap();
    let mut others = [(); 3].map(|()| peer("wait", &place(&private)));
    until("all wait", || event.waiters() == 3);
    for left in (0..3).rev() {
        event.set().unwrap();
        until("one is gone", || event.waiters() == left);
    }
    for other in &mut others {
        assert_eq!(other.hear(), "Signaled(0)");
    }
    assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::TimedOut);
}

/// A killed waiter takes nothing with it.
#[test]
fn a_unit_that_a_killed_process_waited_for_is_there_for_others() {
    let private = Private::new();
    let semaphore = Semaphore::options().namespace(private.namespace()).create_new("object").unwrap();
    for _ in 0..10 {
        let other = peer("take", &place(&private));
        until("it waits", || semaphore.waiters() == 1);
        other.kill();
        assert_eq!(semaphore.release(1).unwrap(), 0);
        assert_eq!(semaphore.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
    }
}
