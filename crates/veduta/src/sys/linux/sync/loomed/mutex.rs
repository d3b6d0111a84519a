//! Mutexes.

use super::stage::{Object, check, mutex, spawn};
use loom::cell::UnsafeCell;
use std::sync::Arc;

/// What `loom` lets only one thread touch at a time.
struct Guarded(UnsafeCell<u32>);

impl Guarded {
    fn touch(&self) {
        self.0.with_mut(|value| {
            // SAFETY: the mutex is there to see to it, and loom fails the test if it does not.
            unsafe { *value += 1 }
        });
    }
}

fn use_it(mutex: &Object, guarded: &Guarded) {
    mutex.lock();
    guarded.touch();
    mutex.unlock();
}

fn threads(count: usize, interruptions: usize) {
    check(interruptions, move || {
        let (mutex, guarded) = (mutex(1), Arc::new(Guarded(UnsafeCell::new(0))));
        let others: Vec<_> = (1..count)
            .map(|_| {
                let (mutex, guarded) = (mutex.clone(), guarded.clone());
                spawn(move || use_it(&mutex, &guarded))
            })
            .collect();
        use_it(&mutex, &guarded);
        others.into_iter().for_each(|other| other.join());
        mutex.lock();
        guarded.touch();
        mutex.unlock();
    });
}

#[test]
fn two_threads() {
    threads(2, 5);
}

#[test]
fn three_threads() {
    threads(3, 3);
}

/// Two sleep while one that found no sleeper is still at cleaning up.
#[test]
#[ignore = "takes three minutes"]
fn four_threads() {
    threads(4, 2);
}

#[test]
fn who_gives_up_waiting_passes_the_mutex_on() {
    check(3, || {
        let mutex = mutex(1);
        mutex.lock();
        let brief = spawn({
            let mutex = mutex.clone();
            move || {
                if mutex.wait_briefly() {
                    mutex.unlock();
                }
            }
        });
        let waiter = spawn({
            let mutex = mutex.clone();
            move || {
                mutex.lock();
                mutex.unlock();
            }
        });
        mutex.unlock();
        waiter.join();
        brief.join();
        assert!(mutex.take());
    });
}

#[test]
fn as_often_as_it_was_acquired() {
    check(4, || {
        let mutex = mutex(1);
        mutex.lock();
        mutex.lock();
        let waiter = spawn({
            let mutex = mutex.clone();
            move || {
                mutex.lock();
                mutex.unlock();
            }
        });
        mutex.unlock();
        assert!(mutex.take());
        mutex.unlock();
        mutex.unlock();
        waiter.join();
    });
}
