//! Semaphores.

use super::stage::{check, semaphore, spawn};

#[test]
fn units_go_to_waiters_and_takers() {
    check(2, || {
        let object = semaphore(1, 0, 4);
        let waiters = [object.clone(), object.clone()].map(|object| spawn(move || object.wait()));
        let taker = spawn({
            let object = object.clone();
            move || object.take()
        });
        assert_eq!(object.release(2), Ok(0));
        if taker.join() {
            assert!(object.release(1).is_ok());
        }
        let _ = waiters.map(|waiter| waiter.join());
        assert_eq!(object.value(), 0);
    });
}

#[test]
fn a_waiter_and_what_is_left() {
    check(3, || {
        let object = semaphore(1, 0, 2);
        let waiter = spawn({
            let object = object.clone();
            move || object.wait()
        });
        assert_eq!(object.release(2), Ok(0));
        waiter.join();
        assert_eq!(object.value(), 1);
    });
}

#[test]
fn the_maximum_is_never_passed() {
    check(4, || {
        let object = semaphore(1, 1, 2);
        let other = spawn({
            let object = object.clone();
            move || object.release(1)
        });
        let here = object.release(1);
        let there = other.join();
        assert!(matches!((here, there), (Ok(1), Err(2)) | (Err(2), Ok(1))), "{here:?} {there:?}");
        assert_eq!(object.value(), 2);
    });
}

#[test]
fn each_release_has_a_count_of_its_own() {
    check(4, || {
        let object = semaphore(1, 0, 9);
        let other = spawn({
            let object = object.clone();
            move || object.release(2)
        });
        let here = object.release(1);
        let there = other.join();
        assert!(matches!((here, there), (Ok(0), Ok(1)) | (Ok(2), Ok(0))), "{here:?} {there:?}");
        assert_eq!(object.value(), 3);
    });
}

#[test]
fn a_taker_among_releases() {
    check(3, || {
        let object = semaphore(1, 1, 2);
        let releaser = spawn({
            let object = object.clone();
            move || object.release(1)
        });
        let taker = spawn({
            let object = object.clone();
            move || object.take()
        });
        let here = object.release(1);
        let there = releaser.join();
        assert!(taker.join());
        let released = [here, there].iter().filter(|released| released.is_ok()).count();
        assert!(released >= 1);
        assert_eq!(object.value(), released as u32);
    });
}

#[test]
fn who_gives_up_waiting_leaves_the_unit() {
    check(3, || {
        let object = semaphore(1, 0, 1);
        let waiters = [object.clone(), object.clone()].map(|object| spawn(move || object.wait_briefly()));
        assert_eq!(object.release(1), Ok(0));
        let took = waiters.map(|waiter| waiter.join());
        assert_ne!(took, [true, true]);
        assert_eq!(object.value(), u32::from(took == [false, false]));
    });
}
