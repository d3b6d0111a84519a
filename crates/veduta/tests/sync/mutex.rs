//! Mutexes among the threads of one process.

use crate::crowd::{Crowd, elsewhere};
use crate::scratch::{child, code, name, shown, thread_number};
use crate::{LONG, Object};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use veduta::{Code, Disposition, Mutex, MutexGuard, ObjectState, Owner, Waitable, Waited};

pub(crate) fn unnamed() -> Mutex {
    Mutex::options().create_unnamed().unwrap()
}

fn recursion(mutex: &Mutex) -> u32 {
    let ObjectState::Mutex { recursion, .. } = mutex.now() else { panic!("it is a mutex") };
    recursion
}

fn is_abandoned(mutex: &Mutex) -> bool {
    matches!(mutex.now(), ObjectState::Mutex { abandoned: true, owner: None, recursion: 0, .. })
}

/// Whether another thread could have it.
fn is_free(mutex: &Mutex) -> bool {
    elsewhere(|| mutex.try_lock().unwrap().is_some())
}

/// Acquires it for good: who does that and ends abandons it.
pub(crate) fn keep(mutex: &Mutex) {
    std::mem::forget(mutex.lock().unwrap());
}

#[test]
fn a_new_one_is_free() {
    let mutex = unnamed();
    let free = ObjectState::Mutex { owner: None, recursion: 0, abandoned: false, waiters: shown(0) };
    assert_eq!(mutex.now(), free);
    assert!(!mutex.lock().unwrap().is_abandoned());
    assert_eq!(mutex.now(), free);
}

#[test]
fn the_owner_acquires_it_as_often_as_it_likes_and_releases_it_as_often() {
    let mutex = unnamed();
    let ways: [fn(&Mutex); 5] = [
        keep,
        |mutex| std::mem::forget(mutex.try_lock().unwrap().expect("it is ours")),
        |mutex| std::mem::forget(mutex.lock_timeout(Duration::ZERO).unwrap().expect("it is ours")),
        |mutex| assert_eq!(mutex.wait(None).unwrap(), Waited::Signaled(0)),
        |mutex| assert_eq!(veduta::wait_any(&[mutex], LONG).unwrap(), Waited::Signaled(0)),
    ];
    for (index, acquire) in ways.iter().cycle().take(23).enumerate() {
        acquire(&mutex);
        assert_eq!(recursion(&mutex), index as u32 + 1);
    }
    for left in (0..23).rev() {
        assert!(!is_free(&mutex), "{} acquisitions are left", left + 1);
        mutex.release().unwrap();
        assert_eq!(recursion(&mutex), left);
    }
    assert!(is_free(&mutex));
    assert_eq!(code(mutex.release()), Code::NOT_OWNER);
}

#[test]
fn only_the_owner_releases_it() {
    let mutex = unnamed();
    assert_eq!(code(mutex.release()), Code::NOT_OWNER, "nobody's");
    let guard = mutex.lock().unwrap();
    elsewhere(|| {
        assert_eq!(code(mutex.release()), Code::NOT_OWNER, "another thread's");
        assert_eq!(code(mutex.guard()), Code::NOT_OWNER);
        assert!(mutex.try_lock().unwrap().is_none());
        assert!(mutex.lock_timeout(Duration::ZERO).unwrap().is_none());
    });
    assert_eq!(recursion(&mutex), 1, "that changed nothing");
    drop(guard);
    let advice = mutex.release().unwrap_err().to_string();
    assert!(advice.contains("only the thread that acquired it can release it"), "{advice}");
}

#[test]
fn guards_may_go_in_any_order() {
    let mutexes = [unnamed(), unnamed(), unnamed()];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut guards: Vec<_> = mutexes.iter().map(|mutex| mutex.lock().ok()).collect();
        for (gone, index) in order.into_iter().enumerate() {
            guards[index] = None;
            let free = mutexes.iter().filter(|mutex| is_free(mutex)).count();
            assert_eq!(free, gone + 1, "{order:?}");
            assert!(is_free(&mutexes[index]));
        }
    }
    let mutex = unnamed();
    let (first, second) = (mutex.lock().unwrap(), mutex.lock().unwrap());
    drop(first);
    assert!(!is_free(&mutex), "the second guard is as good as the first");
    drop(second);
    assert!(is_free(&mutex));
}

#[test]
fn a_guard_says_if_it_had_nothing_to_release() {
    let mutex = unnamed();
    mutex.lock().unwrap().unlock().unwrap();
    assert!(is_free(&mutex));
    let guard = mutex.lock().unwrap();
    mutex.release().unwrap();
    assert_eq!(code(guard.unlock()), Code::NOT_OWNER, "it was released behind the guard's back");
    let guard = mutex.lock().unwrap();
    mutex.release().unwrap();
    // Who does not ask is not told.
    drop(guard);
    assert!(is_free(&mutex));
}

#[test]
fn a_panic_releases_what_guards_hold() {
    let mutex = unnamed();
    let ended = std::thread::scope(|scope| {
        let owner = scope.spawn(|| {
            let _guard = mutex.lock().unwrap();
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        owner.join()
    });
    assert!(ended.is_err());
    assert!(!mutex.lock().unwrap().is_abandoned(), "it was released, not abandoned");
}

#[test]
fn who_creates_it_owned_owns_it() {
    let mutex = Mutex::options().owned(true).create_unnamed().unwrap();
    assert_eq!(recursion(&mutex), 1);
    assert!(!is_free(&mutex));
    let guard = mutex.guard().unwrap();
    assert_eq!(recursion(&mutex), 1, "a guard of what is owned is not another acquisition");
    assert!(!guard.is_abandoned());
    drop(guard);
    assert!(is_free(&mutex));
    assert_eq!(code(mutex.guard()), Code::NOT_OWNER);
}

#[test]
fn who_opens_it_does_not_own_it() {
    let name = name("owned by its maker");
    let mutex = Mutex::options().owned(true).create_new(&name).unwrap();
    elsewhere(|| {
        let (opened, disposition) = Mutex::options().owned(true).create(&name).unwrap();
        assert_eq!(disposition, Disposition::Opened);
        assert_eq!(code(opened.guard()), Code::NOT_OWNER);
        assert_eq!(code(Mutex::options().owned(true).create_new(&name)), Code::ALREADY_EXISTS);
    });
    let (opened, _) = Mutex::options().owned(true).create(&name).unwrap();
    assert_eq!(recursion(&opened), 1, "not once more by its owner, either");
    mutex.release().unwrap();
    assert!(is_free(&opened));
}

#[test]
fn the_state_says_who_owns_it() {
    let mutex = unnamed();
    let process = std::process::id();
    for _ in 0..3 {
        elsewhere(|| {
            let guards = [mutex.lock().unwrap(), mutex.lock().unwrap()];
            let thread = thread_number();
            let owner = Some(Owner::Thread { process, thread });
            let expected = ObjectState::Mutex { owner, recursion: 2, abandoned: false, waiters: shown(0) };
            assert_eq!(mutex.now(), expected);
            drop(guards);
        });
    }
}

#[test]
fn an_abandoned_mutex_is_acquired_and_that_is_told_once() {
    let ways: [fn(&Mutex) -> bool; 5] = [
        |mutex| keeping(mutex.lock().unwrap()),
        |mutex| keeping(mutex.try_lock().unwrap().expect("it can be had")),
        |mutex| keeping(mutex.lock_timeout(Duration::ZERO).unwrap().expect("it can be had")),
        |mutex| matches!(mutex.wait(None).unwrap(), Waited::Abandoned(0)),
        |mutex| matches!(veduta::wait_all(&[mutex], LONG).unwrap(), Waited::Abandoned(0)),
    ];
    for (index, acquire) in ways.into_iter().enumerate() {
        let mutex = unnamed();
        elsewhere(|| keep(&mutex));
        assert!(is_abandoned(&mutex));
        assert!(acquire(&mutex), "way {index} tells");
        assert_eq!(recursion(&mutex), 1);
        assert!(!acquire(&mutex), "the owner knows");
        mutex.release().unwrap();
        mutex.release().unwrap();
        assert!(!is_abandoned(&mutex));
        assert!(!acquire(&mutex), "it was released since");
    }
}

/// Whether the guard tells of an abandoned mutex, which stays owned.
fn keeping(guard: MutexGuard<'_>) -> bool {
    let abandoned = guard.is_abandoned();
    std::mem::forget(guard);
    abandoned
}

/// On the thread's way out, when much of what is kept for it is gone.
#[test]
fn a_guard_that_goes_with_its_thread_releases() {
    thread_local! {
        // The lint does not see that it is constant where the variable is kept on the heap.
        #[allow(clippy::missing_const_for_thread_local)]
        static GUARD: RefCell<Option<MutexGuard<'static>>> = const { RefCell::new(None) };
    }
    let mutex: &'static Mutex = Box::leak(Box::new(unnamed()));
    elsewhere(|| {
        // Its destructor is registered before this thread touches a mutex, and may so run after those of the library's own data.
        GUARD.with(|guard| drop(guard.borrow_mut().take()));
        let owned = mutex.lock().unwrap();
        GUARD.with(|guard| *guard.borrow_mut() = Some(owned));
    });
    assert_eq!(mutex.wait(LONG).unwrap(), Waited::Signaled(0));
}

#[test]
fn however_often_it_was_owned_it_is_abandoned_as_one() {
    let mutex = unnamed();
    elsewhere(|| (0..5).for_each(|_| keep(&mutex)));
    assert!(is_abandoned(&mutex));
    let guard = mutex.lock().unwrap();
    assert!(guard.is_abandoned());
    drop(guard);
    assert!(is_free(&mutex), "one release is enough for the next owner");
}

#[test]
fn each_owner_may_abandon_it_again() {
    let mutex = unnamed();
    for round in 0..20 {
        let abandoned = elsewhere(|| keeping(mutex.lock().unwrap()));
        assert_eq!(abandoned, round > 0);
    }
    // Who gives it back in order has dealt with it.
    assert!(mutex.lock().unwrap().is_abandoned());
    assert!(!mutex.lock().unwrap().is_abandoned());
}

#[test]
fn who_waits_when_it_is_abandoned_gets_it() {
    let mutex = unnamed();
    std::thread::scope(|scope| {
        let (sender, end) = std::sync::mpsc::channel::<()>();
        let (owns, owned) = std::sync::mpsc::channel();
        let owner = scope.spawn({
            let mutex = &mutex;
            move || {
                keep(mutex);
                owns.send(()).unwrap();
                end.recv().unwrap();
            }
        });
        owned.recv().unwrap();
        let waiting = Crowd::start(scope, 3, |_| mutex.lock().unwrap().is_abandoned());
        waiting.asleep_at(&mutex);
        sender.send(()).unwrap();
        owner.join().unwrap();
        let told = waiting.join().into_iter().filter(|abandoned| *abandoned).count();
        assert_eq!(told, 1, "the first of them, who gave it back in order");
    });
}

#[test]
fn everything_that_a_thread_owned_is_abandoned() {
    let mutexes: Vec<_> = (0..300).map(|_| unnamed()).collect();
    elsewhere(|| {
        mutexes.iter().for_each(keep);
        // Not those that it gave back, wherever they stand.
        mutexes.iter().skip(1).step_by(3).for_each(|mutex| mutex.release().unwrap());
    });
    for (index, mutex) in mutexes.iter().enumerate() {
        assert_eq!(is_abandoned(mutex), index % 3 != 1, "number {index}");
        assert_eq!(keeping(mutex.lock().unwrap()), index % 3 != 1);
    }
    mutexes.iter().rev().for_each(|mutex| mutex.release().unwrap());
}

#[test]
fn each_acquisition_has_one_guard() {
    let mutex = unnamed();
    let first = mutex.lock().unwrap();
    assert_eq!(code(mutex.guard()), Code::NOT_OWNER, "the first one answers for it");
    assert_eq!(mutex.wait(None).unwrap(), Waited::Signaled(0));
    let second = mutex.guard().unwrap();
    assert_eq!(code(mutex.guard()), Code::NOT_OWNER);
    drop(first);
    assert!(!is_free(&mutex));
    drop(second);
    assert!(is_free(&mutex));
}

#[test]
fn a_guard_made_later_knows_that_the_mutex_was_abandoned() {
    let mutex = unnamed();
    std::thread::scope(|scope| scope.spawn(|| keep(&mutex)).join().unwrap());
    assert_eq!(mutex.wait(None).unwrap(), Waited::Abandoned(0));
    assert!(mutex.guard().unwrap().is_abandoned());
    assert!(!mutex.lock().unwrap().is_abandoned());
}

#[test]
fn it_belongs_to_the_thread_and_not_to_a_handle() {
    let name = name("handles");
    let first = Mutex::options().create_new(&name).unwrap();
    let (second, third) = (first.try_clone().unwrap(), Mutex::options().open(&name).unwrap());
    keep(&first);
    keep(&second);
    third.release().unwrap();
    drop(first);
    assert!(!is_free(&third));
    third.release().unwrap();
    assert!(is_free(&second));
}

#[test]
fn a_handle_may_be_closed_by_the_owner_and_opened_again() {
    let name = name("closed by its owner");
    let kept = Mutex::options().create_new(&name).unwrap();
    for _ in 0..3 {
        keep(&Mutex::options().open(&name).unwrap());
    }
    assert_eq!(recursion(&kept), 3);
    let opened = Mutex::options().open(&name).unwrap();
    (0..3).for_each(|_| opened.release().unwrap());
    assert!(is_free(&kept));
}

#[test]
fn with_its_last_handle_an_owned_mutex_is_gone() {
    let _quiet = child::quiet();
    let name = name("gone while owned");
    elsewhere(|| {
        for _ in 0..10 {
            let mutex = Mutex::options().owned(true).create_new(&name).unwrap();
            drop(mutex);
            assert_eq!(code(Mutex::options().open(&name)), Code::FILE_NOT_FOUND);
            let (mutex, disposition) = Mutex::options().create(&name).unwrap();
            assert_eq!(disposition, Disposition::Created);
            assert_eq!(code(mutex.release()), Code::NOT_OWNER, "it is another one");
            drop(Mutex::options().owned(true).create_unnamed().unwrap());
            // Those that are gone stay in the thread's list; that must not matter to others.
            drop(mutex.lock().unwrap());
        }
    });
    assert_eq!(code(Mutex::options().open(&name)), Code::FILE_NOT_FOUND);
}

#[test]
fn closed_and_abandoned_it_is_as_good_as_new() {
    let name = name("closed and abandoned");
    let kept = Mutex::options().create_new(&name).unwrap();
    for _ in 0..5 {
        elsewhere(|| keep(&Mutex::options().open(&name).unwrap()));
        let guard = kept.lock().unwrap();
        assert!(guard.is_abandoned());
    }
}

#[test]
fn one_thread_at_a_time() {
    const THREADS: u32 = 8;
    const ROUNDS: u32 = 3_000;
    let mutex = unnamed();
    let count = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (mutex, count) = (&mutex, &count);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let _guard = match (thread + round) % 3 {
                        0 => mutex.lock().unwrap(),
                        1 => mutex.lock_timeout(LONG).unwrap().expect("nobody keeps it"),
                        _ => loop {
                            if let Some(guard) = mutex.try_lock().unwrap() {
                                break guard;
                            }
                            std::thread::yield_now();
                        },
                    };
                    // Not at once: two threads here would lose a count.
                    let seen = count.load(Ordering::Relaxed);
                    count.store(seen + 1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(count.into_inner(), THREADS * ROUNDS);
    assert_eq!(mutex.waiters(), 0);
}

#[test]
fn everybody_who_waits_gets_it() {
    let mutex = unnamed();
    let guard = mutex.lock().unwrap();
    std::thread::scope(|scope| {
        let waiting = Crowd::start(scope, 10, |_| drop(mutex.lock().unwrap()));
        waiting.asleep_at(&mutex);
        assert_eq!(waiting.through(), 0);
        drop(guard);
        waiting.join();
    });
    assert_eq!(mutex.waiters(), 0);
}

#[test]
fn handles_can_be_shared_by_threads() {
    fn check<T: Send + Sync + ?Sized>() {}
    check::<(Mutex, veduta::Event, veduta::Semaphore)>();
    check::<dyn Waitable>();
}
