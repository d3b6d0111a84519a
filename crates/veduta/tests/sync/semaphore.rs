//! Semaphores: their limits, and who gets what is released.

use crate::crowd::{Crowd, elsewhere};
use crate::scratch::{code, name, shown, told};
use crate::{Object, until};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use veduta::{Code, Disposition, ObjectState, Semaphore, Waitable, Waited};

fn semaphore(count: u32, maximum: u32) -> Semaphore {
    Semaphore::options().count(count).maximum(maximum).create_unnamed().unwrap()
}

fn count(semaphore: &Semaphore) -> u32 {
    let ObjectState::Semaphore { count, .. } = semaphore.now() else { panic!("it is a semaphore") };
    count
}

fn take(semaphore: &Semaphore) -> bool {
    semaphore.wait(Duration::ZERO).unwrap() == Waited::Signaled(0)
}

#[test]
fn it_begins_as_it_was_created() {
    const MOST: u32 = Semaphore::MAXIMUM;
    for (count, maximum) in [(0, 1), (1, 1), (3, 5), (0, MOST), (MOST, MOST)] {
        let semaphore = semaphore(count, maximum);
        assert_eq!(semaphore.now(), ObjectState::Semaphore { count, maximum, waiters: shown(0) });
        assert_eq!(take(&semaphore), count > 0);
    }
    let plain = Semaphore::options().create_unnamed().unwrap();
    assert_eq!(plain.now(), ObjectState::Semaphore { count: 0, maximum: MOST, waiters: shown(0) });
}

#[test]
fn limits_that_cannot_be_are_refused() {
    const TOO_MANY: u32 = Semaphore::MAXIMUM + 1;
    let name = name("impossible");
    for (count, maximum) in
        [(0, 0), (1, 0), (2, 1), (0, TOO_MANY), (TOO_MANY, TOO_MANY), (u32::MAX, u32::MAX)]
    {
        let mut options = Semaphore::options();
        options.count(count).maximum(maximum);
        assert_eq!(code(options.create_unnamed()), Code::INVALID_PARAMETER, "{count} of {maximum}");
        assert_eq!(code(options.create(&name)), Code::INVALID_PARAMETER, "{count} of {maximum}");
        assert_eq!(code(options.create_new("")), Code::INVALID_PARAMETER, "{count} of {maximum}");
    }
    let advice = Semaphore::options().count(2).maximum(1).create_unnamed().unwrap_err();
    assert!(advice.to_string().contains("this one has 2 of 1"), "{advice}");
    assert_eq!(code(Semaphore::options().open(&name)), Code::FILE_NOT_FOUND);
}

#[test]
fn one_that_is_there_stays_as_it_is() {
    let name = name("stays");
    let _first = Semaphore::options().count(1).maximum(2).create_new(&name).unwrap();
    let (second, disposition) = Semaphore::options().count(5).maximum(10).create(&name).unwrap();
    assert_eq!(disposition, Disposition::Opened);
    assert_eq!(second.now(), ObjectState::Semaphore { count: 1, maximum: 2, waiters: shown(0) });
    assert_eq!(second.release(1).unwrap(), 1);
    assert_eq!(code(second.release(1)), Code::TOO_MANY_POSTS);
    // What cannot be is refused before anybody looks whether it is needed.
    assert_eq!(code(Semaphore::options().maximum(0).create(&name)), Code::INVALID_PARAMETER);
}

#[test]
fn waits_take_one_each() {
    let semaphore = semaphore(3, 3);
    assert_eq!([(); 4].map(|()| take(&semaphore)), [true, true, true, false]);
}

#[test]
fn a_release_tells_what_was_there() {
    let semaphore = semaphore(1, 10);
    let before = [2, 1, 6].map(|units| semaphore.release(units).unwrap());
    assert_eq!((before, count(&semaphore)), ([1, 3, 4], 10));
}

#[test]
fn a_release_that_does_not_fit_changes_nothing() {
    const MOST: u32 = Semaphore::MAXIMUM;
    for (begin, maximum, units) in
        [(0, 1, 2), (1, 1, 1), (3, 5, 3), (1, 5, MOST), (MOST, MOST, 1), (MOST, MOST, MOST)]
    {
        let semaphore = semaphore(begin, maximum);
        let error = semaphore.release(units).unwrap_err();
        assert_eq!(error.code(), Code::TOO_MANY_POSTS, "{units} into {begin} of {maximum}");
        assert!(
            error.to_string().contains(&format!("it has {begin}, and there is no room for {units} more")),
            "{error}"
        );
        assert_eq!(count(&semaphore), begin);
        // On Windows these would be no numbers above 0.
        for units in [0, MOST + 1, u32::MAX] {
            assert_eq!(code(semaphore.release(units)), Code::INVALID_PARAMETER);
        }
        assert_eq!(count(&semaphore), begin);
    }
    let most = semaphore(MOST, MOST);
    assert!(take(&most));
    assert_eq!(most.release(1).unwrap(), MOST - 1);
}

#[test]
fn as_many_waiters_go_on_as_units_are_released() {
    let semaphore = semaphore(0, 10);
    std::thread::scope(|scope| {
        let crowd = Crowd::start(scope, 6, |_| semaphore.wait(None).unwrap());
        crowd.asleep_at(&semaphore);
        for (units, through) in [(3, 3), (1, 4)] {
            assert_eq!(semaphore.release(units).unwrap(), 0, "who waits proves that nothing was there");
            until("as many are through", || crowd.through() >= through);
            assert_eq!(crowd.through(), through);
            let waiters = shown(6 - through as u32);
            assert_eq!(semaphore.now(), ObjectState::Semaphore { count: 0, maximum: 10, waiters });
        }
        assert_eq!(semaphore.release(5).unwrap(), 0);
        assert!(crowd.join().into_iter().all(|waited| waited == Waited::Signaled(0)));
    });
    assert_eq!(count(&semaphore), 3, "what nobody waited for stays");
}

/// On Windows, too, the sum has to fit before anybody takes of it.
#[test]
fn waiters_make_no_room() {
    let semaphore = semaphore(0, 2);
    std::thread::scope(|scope| {
        let crowd = Crowd::start(scope, 3, |_| semaphore.wait(None).unwrap());
        crowd.asleep_at(&semaphore);
        assert_eq!(code(semaphore.release(3)), Code::TOO_MANY_POSTS);
        assert_eq!((crowd.through(), semaphore.waiters()), (0, told(3)));
        assert_eq!(semaphore.release(2).unwrap(), 0);
        assert_eq!(semaphore.release(1).unwrap(), 0);
        crowd.join();
    });
    assert_eq!(count(&semaphore), 0);
}

#[test]
fn nobody_owns_what_was_taken() {
    let semaphore = semaphore(1, 1);
    elsewhere(|| assert!(take(&semaphore)));
    assert!(!take(&semaphore), "the thread that took it is gone, and so is what it took");
    elsewhere(|| assert_eq!(semaphore.release(1).unwrap(), 0));
    assert!(take(&semaphore));
}

#[test]
fn units_are_neither_lost_nor_made() {
    const EACH: u32 = 3_000;
    let (semaphore, taken) = (semaphore(0, 1_000_000), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (semaphore, taken) = (&semaphore, &taken);
            scope.spawn(move || {
                for round in 0..EACH {
                    // 1 to 3 at a time, 2 on average.
                    semaphore.release((thread + round) % 3 + 1).unwrap();
                }
            });
            scope.spawn(move || {
                for _ in 0..EACH {
                    assert_eq!(semaphore.wait(None).unwrap(), Waited::Signaled(0));
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(taken.into_inner() + count(&semaphore), 3 * EACH * 2);
    assert_eq!(semaphore.waiters(), 0);
}
