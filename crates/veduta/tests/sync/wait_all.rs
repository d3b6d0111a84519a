//! Waiting for all of several objects at once.

use crate::crowd::{Crowd, elsewhere};
use crate::scratch::{code, name, shown, told, wine_is_wrong};
use crate::wait_any::{all_of, events, mutex, semaphore};
use crate::{LONG, Object, until};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use veduta::{Code, Event, Mutex, ObjectState, Reset, Waitable, Waited, wait_all, wait_any};

fn look(objects: &[&dyn Waitable]) -> Waited {
    wait_all(objects, Duration::ZERO).unwrap()
}

fn recursion(mutex: &Mutex) -> u32 {
    let ObjectState::Mutex { recursion, .. } = mutex.now() else { panic!("it is a mutex") };
    recursion
}

#[test]
pub(crate) fn nothing_is_taken_until_all_can_be() {
    let ([event], semaphore, mutex) = (events(), semaphore(0), mutex());
    let manual = Event::options().reset(Reset::Manual).create_unnamed().unwrap();
    let objects: [&dyn Waitable; 4] = [&event, &semaphore, &mutex, &manual];
    let acts: [&dyn Fn(); 3] =
        [&|| event.set().unwrap(), &|| assert_eq!(semaphore.release(3).unwrap(), 0), &|| {
            manual.set().unwrap()
        }];
    for act in acts {
        assert_eq!(look(&objects), Waited::TimedOut);
        assert_eq!(wait_all(&objects, Duration::from_millis(1)).unwrap(), Waited::TimedOut);
        assert_eq!(recursion(&mutex), 0, "nor is the mutex acquired in between");
        act();
    }
    assert_eq!(look(&objects), Waited::Signaled(0));
    assert_eq!(recursion(&mutex), 1);
    assert_eq!(
        semaphore.now(),
        ObjectState::Semaphore { count: 2, maximum: i32::MAX as u32, waiters: shown(0) }
    );
    assert_eq!(look(&[&event]), Waited::TimedOut);
    assert_eq!(look(&[&manual]), Waited::Signaled(0), "manual reset stays");
    assert_eq!(look(&objects), Waited::TimedOut, "the event is gone");
    assert_eq!(recursion(&mutex), 1);
    mutex.release().unwrap();
}

#[test]
pub(crate) fn a_waiter_lets_others_have_what_it_cannot_use_yet() {
    let ([a, b], semaphore) = (events(), semaphore(0));
    std::thread::scope(|scope| {
        let waiter = Crowd::start(scope, 1, |_| wait_all(&[&a, &b, &semaphore], None).unwrap());
        let waits = || a.waiters() + b.waiters() + semaphore.waiters() == told(1);
        until("it sleeps for one of them", waits);
        for _ in 0..100 {
            a.set().unwrap();
            assert_eq!(a.wait(Duration::ZERO).unwrap(), Waited::Signaled(0), "this thread may take it");
            semaphore.release(1).unwrap();
            assert_eq!(semaphore.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
        }
        assert_eq!(waiter.through(), 0);
        semaphore.release(1).unwrap();
        b.set().unwrap();
        until("it sleeps for the last", || waits() && a.waiters() == told(1));
        a.set().unwrap();
        assert_eq!(waiter.join(), [Waited::Signaled(0)]);
    });
    assert_eq!(wait_any(&[&a, &b, &semaphore], Duration::ZERO).unwrap(), Waited::TimedOut);
}

#[test]
fn one_to_64_objects() {
    let events = events::<65>();
    for count in [0, 65] {
        assert_eq!(code(wait_all(&all_of(&events[..count]), Duration::ZERO)), Code::INVALID_PARAMETER);
    }
    let events = &events[..64];
    std::thread::scope(|scope| {
        let waiter = Crowd::start(scope, 1, |_| wait_all(&all_of(events), LONG).unwrap());
        for event in &events[1..] {
            event.set().unwrap();
        }
        until("it sleeps for the one that is missing", || events[0].waiters() == told(1));
        assert_eq!(waiter.through(), 0);
        events[0].set().unwrap();
        assert_eq!(waiter.join(), [Waited::Signaled(0)]);
    });
    assert_eq!(wait_any(&all_of(events), Duration::ZERO).unwrap(), Waited::TimedOut, "all were taken");
}

#[test]
fn no_object_twice() {
    let name = name("twice");
    let event = Event::options().reset(Reset::Manual).signaled(true).create_new(&name).unwrap();
    let (semaphore, mutex) = (semaphore(5), mutex());
    let other = Event::options().signaled(true).create_unnamed().unwrap();
    let (clone, opened) = (event.try_clone().unwrap(), Event::options().open(&name).unwrap());
    let mutex_again = mutex.try_clone().unwrap();
    let by_one_handle: [&[&dyn Waitable]; 3] =
        [&[&event, &event], &[&semaphore, &semaphore], &[&other, &mutex, &semaphore, &mutex]];
    let by_two_handles: [&[&dyn Waitable]; 3] =
        [&[&event, &other, &clone], &[&opened, &event], &[&mutex, &mutex_again]];
    for (index, list) in by_one_handle.into_iter().chain(by_two_handles).enumerate() {
        if index >= by_one_handle.len() && wine_is_wrong("WFM-07") {
            assert_eq!(look(list), Waited::Signaled(0), "list {index}");
            other.set().unwrap();
            continue;
        }
        let error = wait_all(list, Duration::ZERO).unwrap_err();
        assert_eq!(error.code(), Code::INVALID_PARAMETER, "list {index}");
        assert!(error.to_string().contains("there twice"), "{error}");
    }
    assert_eq!(look(&[&event, &other, &semaphore, &mutex]), Waited::Signaled(0), "nothing was taken before");
}

#[test]
fn a_mutex_that_was_abandoned_is_told_of_once() {
    let mutexes = [mutex(), mutex(), mutex()];
    let [event] = events();
    let objects: [&dyn Waitable; 4] = [&mutexes[0], &event, &mutexes[1], &mutexes[2]];
    elsewhere(|| mutexes[1..].iter().for_each(|mutex| std::mem::forget(mutex.lock().unwrap())));
    for _ in 0..3 {
        assert_eq!(look(&objects), Waited::TimedOut, "the event is missing");
        for mutex in &mutexes[1..] {
            assert!(matches!(mutex.now(), ObjectState::Mutex { abandoned: true, owner: None, .. }));
        }
    }
    event.set().unwrap();
    // Row: abandoned
    let first = if cfg!(windows) { 0 } else { 2 };
    assert_eq!(look(&objects), Waited::Abandoned(first), "the first that was");
    event.set().unwrap();
    assert_eq!(look(&objects), Waited::Signaled(0));
    for mutex in &mutexes {
        assert_eq!(recursion(mutex), 2);
        mutex.release().unwrap();
        mutex.release().unwrap();
    }
}

#[test]
fn a_mutex_that_is_abandoned_meanwhile_ends_the_wait() {
    let (mutex, [event, end]) = (mutex(), events());
    event.set().unwrap();
    std::thread::scope(|scope| {
        let owner = Crowd::start(scope, 1, |_| {
            std::mem::forget(mutex.lock().unwrap());
            assert_eq!(end.wait(None).unwrap(), Waited::Signaled(0));
        });
        owner.asleep_at(&end);
        let waiter = Crowd::start(scope, 1, |_| wait_all(&[&event, &mutex], None).unwrap());
        waiter.asleep_at(&mutex);
        end.set().unwrap();
        owner.join();
        assert_eq!(waiter.join(), [Waited::Abandoned(1)]);
    });
    assert!(mutex.lock().unwrap().is_abandoned(), "the waiter ended, too");
    assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::TimedOut);
}

#[test]
fn a_mutex_of_ones_own_can_be_had() {
    let (mutex, [event]) = (mutex(), events());
    std::mem::forget(mutex.lock().unwrap());
    assert_eq!(look(&[&event, &mutex]), Waited::TimedOut);
    assert_eq!(recursion(&mutex), 1);
    event.set().unwrap();
    assert_eq!(wait_all(&[&event, &mutex], None).unwrap(), Waited::Signaled(0));
    assert_eq!(recursion(&mutex), 2);
    mutex.release().unwrap();
    mutex.release().unwrap();
}

/// Who waits for all looks at what is signaled when it is awake; a pulse is over before.
// Row: pulses
#[cfg(target_os = "linux")]
#[test]
fn a_pulse_does_not_end_it() {
    let [event, signaled] = [(); 2].map(|()| Event::options().reset(Reset::Manual).create_unnamed().unwrap());
    signaled.set().unwrap();
    std::thread::scope(|scope| {
        let waiter = Crowd::start(scope, 1, |_| wait_all(&[&event, &signaled], None).unwrap());
        waiter.asleep_at(&event);
        event.pulse().unwrap();
        waiter.asleep_at(&event);
        assert_eq!(waiter.through(), 0);
        event.set().unwrap();
        waiter.join();
    });
}

#[test]
fn in_whatever_order_they_are_named_nobody_blocks_another() {
    const ROUNDS: u32 = 1_000;
    let (mutexes, count) = ([mutex(), mutex(), mutex()], AtomicU32::new(0));
    std::thread::scope(|scope| {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let (mutexes, count) = (&mutexes, &count);
            scope.spawn(move || {
                let list: Vec<&dyn Waitable> =
                    order.iter().map(|&index| &mutexes[index] as &dyn Waitable).collect();
                for _ in 0..ROUNDS {
                    assert_eq!(wait_all(&list, LONG).unwrap(), Waited::Signaled(0));
                    let seen = count.load(Ordering::Relaxed);
                    count.store(seen + 1, Ordering::Relaxed);
                    order.iter().for_each(|&index| mutexes[index].release().unwrap());
                }
            });
        }
    });
    assert_eq!(count.into_inner(), 4 * ROUNDS);
}

/// Each needs the fork on its left and the one on its right.
#[test]
fn philosophers_dine() {
    const SEATS: usize = 5;
    let forks: [_; SEATS] = [(); SEATS].map(|()| Event::options().signaled(true).create_unnamed().unwrap());
    std::thread::scope(|scope| {
        for seat in 0..SEATS {
            let (left, right) = (&forks[seat], &forks[(seat + 1) % SEATS]);
            scope.spawn(move || {
                for _ in 0..500 {
                    assert_eq!(wait_all(&[left, right], LONG).unwrap(), Waited::Signaled(0));
                    left.set().unwrap();
                    right.set().unwrap();
                }
            });
        }
    });
    assert_eq!(look(&all_of(&forks)), Waited::Signaled(0), "all are back on the table");
}

#[test]
fn those_who_wait_for_all_and_those_who_wait_for_one_share() {
    const ROUNDS: u32 = 500;
    let semaphores = [semaphore(0), semaphore(0)];
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    assert_eq!(wait_all(&all_of(&semaphores), LONG).unwrap(), Waited::Signaled(0));
                }
            });
        }
        for semaphore in &semaphores {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    assert_eq!(semaphore.wait(LONG).unwrap(), Waited::Signaled(0));
                }
            });
            scope.spawn(|| {
                for _ in 0..3 * ROUNDS {
                    semaphore.release(1).unwrap();
                }
            });
        }
    });
    for semaphore in &semaphores {
        assert_eq!(semaphore.release(1).unwrap(), 0, "each unit went to somebody");
    }
}
