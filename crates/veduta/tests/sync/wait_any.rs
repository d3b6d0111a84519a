//! Waiting for any of several objects.

use crate::crowd::{Crowd, elsewhere};
use crate::scratch::{code, told};
use crate::{LONG, Object, until};
use std::time::Duration;
use veduta::{Code, Event, MAXIMUM_WAIT_OBJECTS, Mutex, Reset, Semaphore, Waitable, Waited, wait_any};

pub(crate) fn events<const N: usize>() -> [Event; N] {
    [(); N].map(|()| Event::options().create_unnamed().unwrap())
}

pub(crate) fn mutex() -> Mutex {
    Mutex::options().create_unnamed().unwrap()
}

pub(crate) fn semaphore(count: u32) -> Semaphore {
    Semaphore::options().count(count).create_unnamed().unwrap()
}

pub(crate) fn all_of<T: Waitable>(objects: &[T]) -> Vec<&dyn Waitable> {
    objects.iter().map(|object| object as &dyn Waitable).collect()
}

fn look(objects: &[&dyn Waitable]) -> Waited {
    wait_any(objects, Duration::ZERO).unwrap()
}

#[test]
pub(crate) fn the_first_of_those_that_are_signaled_is_taken() {
    let events = events::<4>();
    let objects = all_of(&events);
    assert_eq!(look(&objects), Waited::TimedOut);
    for set in 1..16_u32 {
        for (index, event) in events.iter().enumerate() {
            if set >> index & 1 == 1 {
                event.set().unwrap();
            }
        }
        let mut left = set;
        while left != 0 {
            let first = left.trailing_zeros();
            assert_eq!(wait_any(&objects, None).unwrap(), Waited::Signaled(first as usize));
            left &= left - 1;
        }
        assert_eq!(look(&objects), Waited::TimedOut);
    }
}

#[test]
fn only_one_is_taken() {
    let (event, semaphore, mutex) = (&events::<1>()[0], semaphore(1), mutex());
    let manual = Event::options().reset(Reset::Manual).signaled(true).create_unnamed().unwrap();
    event.set().unwrap();
    let objects: [&dyn Waitable; 4] = [event, &semaphore, &mutex, &manual];
    for index in [0, 1, 2, 2, 2] {
        assert_eq!(look(&objects), Waited::Signaled(index));
    }
    (0..3).for_each(|_| mutex.release().unwrap());
    assert_eq!(code(mutex.release()), Code::NOT_OWNER);
    elsewhere(|| std::mem::forget(mutex.lock().unwrap()));
    assert_eq!(look(&[&mutex, &manual]), Waited::Abandoned(0));
    mutex.release().unwrap();
    assert_eq!(look(&[event, &semaphore, &manual, &mutex]), Waited::Signaled(2));
    assert_eq!(look(&[event, &semaphore, &manual, &mutex]), Waited::Signaled(2), "manual reset stays");
}

#[test]
pub(crate) fn one_to_64_objects() {
    let mut events = Vec::from(events::<65>());
    for count in [0, 65] {
        let error = wait_any(&all_of(&events[..count]), Duration::ZERO).unwrap_err();
        assert_eq!(error.code(), Code::INVALID_PARAMETER);
        assert!(error.to_string().contains(&format!("not for {count}")), "{error}");
    }
    assert_eq!(MAXIMUM_WAIT_OBJECTS, 64);
    events.truncate(MAXIMUM_WAIT_OBJECTS);
    let objects = all_of(&events);
    assert_eq!(look(&objects), Waited::TimedOut);
    events[63].set().unwrap();
    assert_eq!(look(&objects), Waited::Signaled(63));
    std::thread::scope(|scope| {
        let events = &events;
        for last in [63, 0, 31] {
            let waiter = Crowd::start(scope, 1, |_| wait_any(&all_of(events), LONG).unwrap());
            waiter.asleep_at(&events[7]);
            events[last].set().unwrap();
            assert_eq!(waiter.join(), [Waited::Signaled(last)]);
        }
    });
}

#[test]
pub(crate) fn whichever_comes_first_ends_the_wait() {
    let ([event, other], semaphore) = (events(), semaphore(0));
    let objects: [&dyn Waitable; 3] = [&event, &semaphore, &other];
    std::thread::scope(|scope| {
        for round in 0..30 {
            let waiter = Crowd::start(scope, 1, |_| {
                let objects: [&dyn Waitable; 3] = [&event, &semaphore, &other];
                wait_any(&objects, None).unwrap()
            });
            waiter.asleep_at(&semaphore);
            waiter.asleep_at(&event);
            match round % 3 {
                0 => event.set().unwrap(),
                1 => assert_eq!(semaphore.release(1).unwrap(), 0),
                _ => other.set().unwrap(),
            }
            assert_eq!(waiter.join(), [Waited::Signaled(round % 3)]);
            assert_eq!(look(&objects), Waited::TimedOut, "it took what ended it, and nothing is left");
            assert_eq!((event.waiters(), semaphore.waiters(), other.waiters()), (0, 0, 0));
        }
    });
}

#[test]
pub(crate) fn a_mutex_is_acquired_when_its_owner_lets_it_go() {
    let (mutex, [event, unrelated]) = (mutex(), events());
    for abandon in [false, true] {
        std::thread::scope(|scope| {
            let owner = Crowd::start(scope, 1, |_| {
                std::mem::forget(mutex.lock().unwrap());
                assert_eq!(event.wait(None).unwrap(), Waited::Signaled(0));
                if !abandon {
                    mutex.release().unwrap();
                }
            });
            owner.asleep_at(&event);
            let waiter = Crowd::start(scope, 1, |_| {
                let waited = wait_any(&[&unrelated, &mutex], None).unwrap();
                drop(mutex.guard().unwrap());
                waited
            });
            waiter.asleep_at(&mutex);
            event.set().unwrap();
            owner.join();
            let expected = if abandon { Waited::Abandoned(1) } else { Waited::Signaled(1) };
            assert_eq!(waiter.join(), [expected]);
        });
        assert!(!mutex.lock().unwrap().is_abandoned());
    }
}

/// The kernel hands the wake-up of one mutex on if its receiver dies; who waits for two looks from time to time.
#[test]
pub(crate) fn several_mutexes() {
    let (mutexes, [end]) = ([mutex(), mutex(), mutex()], events());
    for abandon in [false, true] {
        for index in 0..3 {
            std::thread::scope(|scope| {
                let (mutexes, end) = (&mutexes, &end);
                let owner = Crowd::start(scope, 1, |_| {
                    mutexes.iter().for_each(|mutex| std::mem::forget(mutex.lock().unwrap()));
                    assert_eq!(end.wait(None).unwrap(), Waited::Signaled(0));
                    if !abandon {
                        mutexes[index].release().unwrap();
                        assert_eq!(end.wait(None).unwrap(), Waited::Signaled(0));
                    }
                });
                owner.asleep_at(end);
                let waiter = Crowd::start(scope, 1, |_| wait_any(&all_of(mutexes), None).unwrap());
                until("it waits", || mutexes.iter().any(|mutex| mutex.waiters() == told(1)));
                end.set().unwrap();
                let [waited] = waiter.join()[..] else { panic!("there is one") };
                match waited {
                    Waited::Abandoned(_) => assert!(abandon),
                    waited => assert_eq!(waited, Waited::Signaled(index)),
                }
                if !abandon {
                    end.set().unwrap();
                }
                owner.join();
            });
            // The owner ended with two of them, the waiter with one.
            assert!(mutexes.iter().all(|mutex| mutex.lock().unwrap().is_abandoned()));
        }
    }
}

#[test]
pub(crate) fn the_same_object_may_stand_there_twice() {
    let ([event, other], semaphore, mutex) = (events(), semaphore(2), mutex());
    event.set().unwrap();
    assert_eq!(look(&[&other, &event, &event]), Waited::Signaled(1));
    assert_eq!(look(&[&other, &event, &event]), Waited::TimedOut, "one wait takes one");
    assert_eq!(look(&[&semaphore, &semaphore]), Waited::Signaled(0));
    assert_eq!(semaphore.release(1).unwrap(), 1);
    assert_eq!(look(&[&mutex, &mutex]), Waited::Signaled(0));
    mutex.release().unwrap();
    assert_eq!(code(mutex.release()), Code::NOT_OWNER);
    std::thread::scope(|scope| {
        let waiter = Crowd::start(scope, 1, |_| wait_any(&[&event, &other, &event], None).unwrap());
        until("it waits in both places", || event.waiters() == told(2));
        event.set().unwrap();
        let [waited] = waiter.join()[..] else { panic!("there is one") };
        assert!(matches!(waited, Waited::Signaled(0 | 2)), "{waited:?}");
        assert_eq!(look(&[&event]), Waited::TimedOut);
    });
}

#[test]
fn a_mutex_of_ones_own_can_be_had() {
    let (mutex, [event]) = (mutex(), events());
    let guard = mutex.lock().unwrap();
    assert_eq!(wait_any(&[&event, &mutex], None).unwrap(), Waited::Signaled(1));
    mutex.release().unwrap();
    drop(guard);
    assert_eq!(code(mutex.release()), Code::NOT_OWNER);
}

/// Two signals at the same time: the waiter keeps one of them and gives the other back.
#[test]
pub(crate) fn what_is_not_needed_is_there_for_the_next() {
    let [a, b] = events();
    std::thread::scope(|scope| {
        for round in 0..500 {
            let waiter = Crowd::start(scope, 1, |_| wait_any(&[&a, &b], None).unwrap());
            if round % 2 == 0 {
                waiter.asleep_at(&a);
            }
            let other = scope.spawn(|| b.set().unwrap());
            a.set().unwrap();
            other.join().unwrap();
            let [waited] = waiter.join()[..] else { panic!("there is one") };
            let Waited::Signaled(taken) = waited else { panic!("{waited:?}") };
            assert_eq!(look(&[&a, &b]), Waited::Signaled(1 - taken), "round {round}");
            assert_eq!(look(&[&a, &b]), Waited::TimedOut, "round {round}");
        }
    });
}

#[test]
pub(crate) fn what_one_waiter_gives_back_another_gets() {
    let [a, b] = events();
    std::thread::scope(|scope| {
        for _ in 0..200 {
            let crowd = Crowd::start(scope, 2, |_| wait_any(&[&a, &b], LONG).unwrap());
            a.set().unwrap();
            b.set().unwrap();
            let mut waited = crowd.join();
            waited.sort_by_key(|waited| format!("{waited:?}"));
            assert_eq!(waited, [Waited::Signaled(0), Waited::Signaled(1)]);
        }
    });
}
