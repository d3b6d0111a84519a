//! How long waits take: not less than was asked for, and for ever only if that was.

use crate::crowd::{Crowd, elsewhere};
use crate::wait_any::{all_of, events, mutex, semaphore};
use crate::{LONG, Object};
use std::time::{Duration, Instant};
use veduta::{Waitable, Waited, signal_and_wait, wait_all, wait_any};

/// What is true of every time-out: nothing happens before, and nothing is left behind.
fn not_before(timeout: Duration, wait: impl FnOnce() -> Waited) {
    let begun = Instant::now();
    assert_eq!(wait(), Waited::TimedOut);
    assert!(begun.elapsed() >= timeout, "{:?} is less than {timeout:?}", begun.elapsed());
}

#[test]
pub(crate) fn no_wait_ends_before_its_time() {
    let ([event, other], semaphore, owned) = (events(), semaphore(0), mutex());
    let _guard = owned.lock().unwrap();
    for timeout in [0, 1, 30, 31].map(Duration::from_millis) {
        not_before(timeout, || event.wait(timeout).unwrap());
        not_before(timeout, || semaphore.wait(timeout).unwrap());
        not_before(timeout, || wait_any(&[&event, &semaphore, &other], timeout).unwrap());
        not_before(timeout, || wait_all(&[&event, &semaphore, &other], timeout).unwrap());
        not_before(timeout, || signal_and_wait(&semaphore, &event, timeout).unwrap());
        assert_eq!(semaphore.wait(None).unwrap(), Waited::Signaled(0), "that signaled it");
        elsewhere(|| {
            not_before(timeout, || owned.wait(timeout).unwrap());
            not_before(timeout, || wait_any(&[&owned, &event], timeout).unwrap());
            not_before(timeout, || wait_all(&[&owned, &event], timeout).unwrap());
            let begun = Instant::now();
            assert!(owned.lock_timeout(timeout).unwrap().is_none());
            assert!(begun.elapsed() >= timeout);
        });
    }
    assert_eq!((event.waiters(), semaphore.waiters(), owned.waiters()), (0, 0, 0));
}

#[test]
fn without_time_a_wait_looks_and_takes() {
    let ([event, other], semaphore, mutex) = (events(), semaphore(2), mutex());
    for event in [&event, &other] {
        event.set().unwrap();
    }
    assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
    assert_eq!(wait_any(&[&event, &other], Duration::ZERO).unwrap(), Waited::Signaled(1));
    assert_eq!(wait_all(&[&semaphore, &mutex], Duration::ZERO).unwrap(), Waited::Signaled(0));
    mutex.release().unwrap();
    assert!(mutex.lock_timeout(Duration::ZERO).unwrap().is_some());
    event.set().unwrap();
    assert_eq!(signal_and_wait(&event, &semaphore, Duration::ZERO).unwrap(), Waited::Signaled(0));
}

/// Beyond what clocks can count, and beyond what the kernel can.
#[test]
pub(crate) fn no_time_is_too_long() {
    let times = [
        Duration::MAX,
        Duration::from_secs(u64::MAX),
        Duration::from_secs(i64::MAX.unsigned_abs()),
        Duration::from_secs(i64::MAX.unsigned_abs() - 1_000_000_000_000),
        Duration::from_secs(1 << 40),
        Duration::from_millis(u32::MAX.into()),
    ];
    let ([event, other], owned) = (events(), mutex());
    for time in times {
        assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::TimedOut);
        event.set().unwrap();
        assert_eq!(event.wait(time).unwrap(), Waited::Signaled(0));
        std::thread::scope(|scope| {
            let waiter = Crowd::start(scope, 1, |_| event.wait(time).unwrap());
            waiter.asleep_at(&event);
            event.set().unwrap();
            assert_eq!(waiter.join(), [Waited::Signaled(0)]);
            let waiter = Crowd::start(scope, 1, |_| wait_any(&[&event, &other], time).unwrap());
            waiter.asleep_at(&event);
            other.set().unwrap();
            assert_eq!(waiter.join(), [Waited::Signaled(1)]);
            let waiter = Crowd::start(scope, 1, |_| wait_all(&[&event, &other], time).unwrap());
            other.set().unwrap();
            waiter.asleep_at(&event);
            event.set().unwrap();
            assert_eq!(waiter.join(), [Waited::Signaled(0)]);
            let guard = owned.lock().unwrap();
            let waiter = Crowd::start(scope, 1, |_| owned.lock_timeout(time).unwrap().is_some());
            waiter.asleep_at(&owned);
            drop(guard);
            assert_eq!(waiter.join(), [true]);
        });
    }
}

#[test]
fn who_gave_up_gets_nothing_later() {
    let ([a, b], semaphore, owned) = (events(), semaphore(0), mutex());
    let brief = Duration::from_millis(1);
    for _ in 0..20 {
        assert_eq!(wait_any(&[&a, &b, &semaphore], brief).unwrap(), Waited::TimedOut);
        assert_eq!(wait_all(&[&a, &b, &semaphore], brief).unwrap(), Waited::TimedOut);
        a.set().unwrap();
        semaphore.release(1).unwrap();
        assert_eq!(a.wait(Duration::ZERO).unwrap(), Waited::Signaled(0), "it stayed for who waits now");
        assert_eq!(semaphore.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
        let guard = owned.lock().unwrap();
        elsewhere(|| assert!(owned.lock_timeout(brief).unwrap().is_none()));
        drop(guard);
        elsewhere(|| assert!(owned.try_lock().unwrap().is_some()));
    }
}

/// A signal that comes just as the time is up goes to the waiter, or stays.
#[test]
fn a_signal_at_the_last_moment_is_not_lost() {
    let events = events::<2>();
    for round in 0..500 {
        let timeout = Duration::from_micros(50 + round % 7 * 20);
        let [mut taken, mut left] = [0, 0];
        std::thread::scope(|scope| {
            let waiter = Crowd::start(scope, 1, |_| {
                let waited = match round % 3 {
                    0 => events[0].wait(timeout),
                    1 => wait_any(&all_of(&events), timeout),
                    _ => wait_all(&[&events[0]], timeout),
                };
                waited.unwrap()
            });
            let ready = Instant::now() + timeout;
            while Instant::now() < ready {
                std::hint::spin_loop();
            }
            events[0].set().unwrap();
            taken += usize::from(waiter.join() == [Waited::Signaled(0)]);
        });
        left += usize::from(events[0].wait(Duration::ZERO).unwrap() == Waited::Signaled(0));
        assert_eq!(taken + left, 1, "round {round}");
    }
    assert_eq!(wait_any(&all_of(&events), Duration::ZERO).unwrap(), Waited::TimedOut);
    assert_eq!(events[0].wait(Duration::ZERO).unwrap(), Waited::TimedOut);
    events[0].set().unwrap();
    assert_eq!(events[0].wait(LONG).unwrap(), Waited::Signaled(0));
}
