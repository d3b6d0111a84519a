//! Many threads.

use crate::crowd::Crowd;
use crate::{Object, until};
use std::time::Duration;
use veduta::{Event, Mutex, ObjectState, Reset, Semaphore, Waitable, Waited, wait_any};

/// How many threads have a seat of their own at one object; the others look from time to time.
const SEATS: usize = 1_000;
const TOO_MANY: usize = SEATS + 100;

fn assert_all_signaled(waited: Vec<Waited>) {
    assert!(waited.into_iter().all(|waited| waited == Waited::Signaled(0)));
}

#[test]
fn two_hundred_wait_for_one_event() {
    let auto = Event::options().create_unnamed().unwrap();
    let manual = Event::options().reset(Reset::Manual).create_unnamed().unwrap();
    std::thread::scope(|scope| {
        let crowd = Crowd::start(scope, 200, |_| auto.wait(None).unwrap());
        crowd.asleep_at(&auto);
        (0..200).for_each(|_| auto.set().unwrap());
        assert_all_signaled(crowd.join());
        let crowd = Crowd::start(scope, 200, |_| manual.wait(None).unwrap());
        crowd.asleep_at(&manual);
        manual.set().unwrap();
        manual.reset().unwrap();
        assert_all_signaled(crowd.join());
    });
    for event in [&auto, &manual] {
        assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::TimedOut);
    }
}

#[test]
fn two_hundred_wait_for_one_mutex() {
    let mutex = Mutex::options().owned(true).create_unnamed().unwrap();
    std::thread::scope(|scope| {
        let crowd = Crowd::start(scope, 200, |_| mutex.lock().unwrap().unlock());
        crowd.asleep_at(&mutex);
        mutex.release().unwrap();
        assert!(crowd.join().into_iter().all(|unlocked| unlocked.is_ok()));
    });
}

#[test]
fn who_finds_no_seat_is_released_all_the_same() {
    let event = Event::options().reset(Reset::Manual).create_unnamed().unwrap();
    let semaphore = Semaphore::options().create_unnamed().unwrap();
    let (auto, never) = (Event::options(), Event::options().create_unnamed().unwrap());
    let auto = auto.create_unnamed().unwrap();
    std::thread::scope(|scope| {
        let crowd = Crowd::start(scope, TOO_MANY, |_| event.wait(None).unwrap());
        until("every seat is taken", || event.waiters() as usize == SEATS);
        event.set().unwrap();
        assert_all_signaled(crowd.join());

        let crowd = Crowd::start(scope, TOO_MANY, |_| semaphore.wait(None).unwrap());
        until("every seat is taken", || semaphore.waiters() as usize == SEATS);
        assert_eq!(semaphore.release(TOO_MANY as u32).unwrap(), 0);
        assert_all_signaled(crowd.join());

        let crowd = Crowd::start(scope, TOO_MANY, |_| wait_any(&[&auto, &never], None).unwrap());
        until("every seat is taken", || never.waiters() as usize == SEATS);
        for through in 1..=TOO_MANY {
            auto.set().unwrap();
            until("one more is through", || !is_signaled(&auto) && crowd.through() >= through);
        }
        assert_all_signaled(crowd.join());
    });
    assert_eq!((event.waiters(), semaphore.waiters(), auto.waiters(), never.waiters()), (0, 0, 0, 0));
}

fn is_signaled(event: &Event) -> bool {
    matches!(event.now(), ObjectState::Event { signaled: true, .. })
}

/// The seats of those who are gone are free again.
#[test]
fn seats_are_taken_again() {
    let event = Event::options().create_unnamed().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..30 {
            let crowd = Crowd::start(scope, 50, |_| event.wait(None).unwrap());
            crowd.asleep_at(&event);
            (0..50).for_each(|_| event.set().unwrap());
            assert_all_signaled(crowd.join());
        }
    });
    assert_eq!(event.waiters(), 0);
}
