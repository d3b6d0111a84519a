//! More threads than an object has seats.

use crate::crowd::Crowd;
use crate::threads::assert_all_signaled;
use crate::{Object, until};
use veduta::{Event, ObjectState, Reset, Semaphore, Waitable, wait_any};

/// How many threads have a seat of their own at one object; the others look from time to time.
const SEATS: usize = 1_000;

const TOO_MANY: usize = SEATS + 100;

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
