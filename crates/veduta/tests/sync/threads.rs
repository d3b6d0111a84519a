//! Many threads.

use crate::Object;
use crate::crowd::Crowd;
use std::time::Duration;
use veduta::{Event, Mutex, Reset, Waitable, Waited};

pub(crate) fn assert_all_signaled(waited: Vec<Waited>) {
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
