//! Signaling one object and waiting for another.

use crate::LONG;
use crate::crowd::{Crowd, elsewhere};
use crate::scratch::code;
use crate::wait_any::{events, mutex, semaphore};
use std::time::Duration;
use veduta::{Code, ObjectState, Semaphore, Waitable, Waited, signal_and_wait};

#[test]
fn each_kind_is_signaled_in_its_way() {
    let ([event, end], semaphore, mutex) = (events(), semaphore(0), mutex());
    std::mem::forget(mutex.lock().unwrap());
    let objects: [&dyn Waitable; 3] = [&event, &semaphore, &mutex];
    for object in objects {
        end.set().unwrap();
        assert_eq!(signal_and_wait(object, &end, None).unwrap(), Waited::Signaled(0));
    }
    assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
    assert_eq!(semaphore.release(1).unwrap(), 1);
    elsewhere(|| assert!(mutex.try_lock().unwrap().is_some()));
}

#[test]
fn what_cannot_be_signaled_is_not_waited_for() {
    let ([end], owned) = (events(), mutex());
    let full = Semaphore::options().count(1).maximum(1).create_unnamed().unwrap();
    end.set().unwrap();
    assert_eq!(code(signal_and_wait(&owned, &end, None)), Code::NOT_OWNER);
    assert_eq!(code(signal_and_wait(&full, &end, None)), Code::TOO_MANY_POSTS);
    assert_eq!(end.wait(Duration::ZERO).unwrap(), Waited::Signaled(0), "it was not taken");
}

#[test]
fn a_time_out_does_not_take_the_signal_back() {
    let [event, end] = events();
    assert_eq!(signal_and_wait(&event, &end, Duration::from_millis(1)).unwrap(), Waited::TimedOut);
    assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
}

#[test]
fn an_object_may_be_both() {
    let [event] = events();
    let mutex = mutex();
    assert_eq!(signal_and_wait(&event, &event, LONG).unwrap(), Waited::Signaled(0));
    assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::TimedOut);
    std::mem::forget(mutex.lock().unwrap());
    assert_eq!(signal_and_wait(&mutex, &mutex, LONG).unwrap(), Waited::Signaled(0));
    assert!(matches!(mutex.state().unwrap(), ObjectState::Mutex { recursion: 1, .. }));
    mutex.release().unwrap();
}

#[test]
fn an_abandoned_mutex_is_told_of() {
    let ([event], mutex) = (events(), mutex());
    elsewhere(|| std::mem::forget(mutex.lock().unwrap()));
    assert_eq!(signal_and_wait(&event, &mutex, None).unwrap(), Waited::Abandoned(0));
    mutex.release().unwrap();
}

#[test]
fn two_threads_hand_over_to_each_other() {
    const ROUNDS: usize = 2_000;
    let [ping, pong] = events();
    std::thread::scope(|scope| {
        let other = Crowd::start(scope, 1, |_| {
            assert_eq!(ping.wait(None).unwrap(), Waited::Signaled(0));
            for _ in 1..ROUNDS {
                assert_eq!(signal_and_wait(&pong, &ping, None).unwrap(), Waited::Signaled(0));
            }
            pong.set().unwrap();
        });
        for _ in 0..ROUNDS {
            assert_eq!(signal_and_wait(&ping, &pong, None).unwrap(), Waited::Signaled(0));
        }
        other.join();
    });
}
