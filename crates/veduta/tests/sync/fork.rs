//! `fork` without `exec`: the child has its parent's handles, and is somebody else.

use crate::crowd::{Crowd, elsewhere};
use crate::scratch::{child, code};
use crate::wait_any::{events, mutex, semaphore};
use crate::{LONG, Object, until};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use veduta::{Code, Event, Mutex, ObjectState, Reset, Waitable, Waited, wait_all, wait_any};

/// A child made by fork. What it did must have succeeded.
struct Child(libc::pid_t);

/// Has a child do something. It has only the calling thread.
#[allow(unsafe_code, reason = "the standard library does not fork")]
fn fork(job: impl FnOnce()) -> Child {
    // SAFETY: the child uses what the library promises for it, and malloc, which sees to itself.
    let pid = unsafe { libc::fork() };
    assert_ne!(pid, -1, "a process may fork");
    if pid == 0 {
        let failed = catch_unwind(AssertUnwindSafe(job)).is_err();
        // SAFETY: ends the child without running anything of the test harness's.
        unsafe { libc::_exit(failed.into()) };
    }
    Child(pid)
}

impl Child {
    fn kill(self) {
        #[allow(unsafe_code, reason = "the standard library does not know this child")]
        // SAFETY: the child is ours, and was not waited for.
        let killed = unsafe { libc::kill(self.0, libc::SIGKILL) };
        assert_eq!(killed, 0, "a child may be killed");
        #[allow(unsafe_code, reason = "the standard library does not know this child")]
        // SAFETY: the child is ours; nobody wants its status.
        let waited = unsafe { libc::waitpid(self.0, std::ptr::null_mut(), 0) };
        assert_eq!(waited, self.0);
    }

    #[track_caller]
    fn join(self) {
        let mut status = 0;
        #[allow(unsafe_code, reason = "the standard library does not know this child")]
        // SAFETY: the child is ours and the status is a place for it.
        let waited = unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        assert_eq!((waited, status), (self.0, 0), "the child succeeds");
    }
}

/// Each of these runs in a process of its own, which has no other threads than it says.
const PARTS: &[(&str, fn())] = &[
    ("a child does not own what its parent owns", not_owner),
    ("a child does not own what another thread of its parent owns", others_thread),
    ("a child abandons what it owned", abandons),
    ("a child's mutex outlives its parent's handle", child_owns_after),
    ("parent and child talk", talk),
    ("parent and child sit in seats of their own", seats),
    ("a child does not keep the seats of a parent that is gone", left_seats),
    ("a child wakes threads of its parent", wakes),
    ("parent and child share units", units),
    ("a child waits for several objects", several),
    ("threads may use objects while another forks", busy),
    ("who becomes another program abandons what it owned", another_program),
];

#[test]
fn each_part() {
    for (part, _) in PARTS {
        let mut other = child::play("fork::role_fork", &[("PART", part)]);
        assert_eq!(other.hear(), *part);
    }
}

#[test]
#[ignore = "a role: forks"]
fn role_fork() {
    let part = std::env::var("PART").unwrap();
    let _watchdog = crate::scratch::Watchdog::new();
    PARTS.iter().find(|(name, _)| *name == part).unwrap().1();
    child::say(part);
}

fn not_owner() {
    let (owned, free) = (mutex(), mutex());
    std::mem::forget(owned.lock().unwrap());
    drop(free.lock().unwrap());
    let child = fork(|| {
        assert!(owned.try_lock().unwrap().is_none());
        assert_eq!(code(owned.release()), Code::NOT_OWNER);
        assert_eq!(code(owned.guard()), Code::NOT_OWNER);
        assert!(matches!(owned.now(), ObjectState::Mutex { recursion: 1, .. }));
        assert!(owned.lock_timeout(std::time::Duration::from_millis(2)).unwrap().is_none());
        // What is free is the child's as anybody's.
        drop(free.lock().unwrap());
        drop(elsewhere(|| free.lock().unwrap().unlock()));
        drop((owned.try_clone().unwrap(), free.try_clone().unwrap()));
    });
    child.join();
    assert!(matches!(owned.now(), ObjectState::Mutex { recursion: 1, abandoned: false, .. }));
    std::mem::forget(owned.lock().unwrap());
    owned.release().unwrap();
    // A child whose parent releases the mutex while the child looks on.
    let [ready] = events();
    let child = fork(|| {
        ready.set().unwrap();
        assert!(!owned.lock().unwrap().is_abandoned());
    });
    assert_eq!(ready.wait(None).unwrap(), Waited::Signaled(0));
    until("the child waits", || owned.waiters() == 1);
    owned.release().unwrap();
    child.join();
    assert!(!owned.lock().unwrap().is_abandoned());
}

/// The child has a copy of the descriptor by which its parent had them.
fn left_seats() {
    let [event, ready, go_on] = events();
    let parent = fork(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| event.wait(LONG));
            until("a thread waits", || event.waiters() == 1);
            fork(|| {
                ready.set().unwrap();
                assert_eq!(go_on.wait(LONG).unwrap(), Waited::Signaled(0));
                ready.set().unwrap();
            });
            std::thread::sleep(LONG);
        });
    });
    assert_eq!(ready.wait(None).unwrap(), Waited::Signaled(0));
    parent.kill();
    assert_eq!(event.waiters(), 0, "who waited is gone, its child is not");
    go_on.set().unwrap();
    assert_eq!(ready.wait(None).unwrap(), Waited::Signaled(0));
}

/// Not the one that forks.
fn others_thread() {
    let owned = [mutex(), mutex()];
    let [ready, go_on] = events();
    std::thread::scope(|scope| {
        let owner = Crowd::start(scope, 1, |_| {
            owned.iter().for_each(|mutex| std::mem::forget(mutex.lock().unwrap()));
            assert_eq!(go_on.wait(None).unwrap(), Waited::Signaled(0));
            owned[0].release().unwrap();
        });
        owner.asleep_at(&go_on);
        let child = fork(|| {
            assert_eq!(code(owned[0].release()), Code::NOT_OWNER);
            assert!(owned[0].try_lock().unwrap().is_none());
            ready.set().unwrap();
            elsewhere(|| assert!(!owned[0].lock().unwrap().is_abandoned()));
            for (mutex, abandoned) in owned.iter().zip([false, true]) {
                assert_eq!(mutex.lock().unwrap().is_abandoned(), abandoned);
            }
        });
        assert_eq!(ready.wait(None).unwrap(), Waited::Signaled(0));
        go_on.set().unwrap();
        owner.join();
        child.join();
        assert!(owned.iter().all(|mutex| !mutex.lock().unwrap().is_abandoned()));
    });
}

fn abandons() {
    let mutexes = [mutex(), mutex(), mutex()];
    fork(|| mutexes.iter().for_each(|mutex| std::mem::forget(mutex.lock().unwrap()))).join();
    for mutex in &mutexes {
        assert!(mutex.lock().unwrap().is_abandoned());
        assert!(!mutex.lock().unwrap().is_abandoned());
    }
    // The parent's list has other mutexes of the same pages.
    std::mem::forget(mutexes[1].lock().unwrap());
    fork(|| std::mem::forget(mutexes[0].lock().unwrap())).join();
    assert!(mutexes[0].lock().unwrap().is_abandoned());
    mutexes[1].release().unwrap();
    assert!(!mutexes[1].lock().unwrap().is_abandoned());
}

fn child_owns_after() {
    let owned = mutex();
    let [ready, end] = events();
    let child = fork(|| {
        std::mem::forget(owned.lock().unwrap());
        ready.set().unwrap();
        assert_eq!(end.wait(None).unwrap(), Waited::Signaled(0));
        owned.release().unwrap();
        drop(owned.lock().unwrap());
    });
    assert_eq!(ready.wait(None).unwrap(), Waited::Signaled(0));
    let clone = owned.try_clone().unwrap();
    drop(owned);
    assert!(clone.try_lock().unwrap().is_none());
    end.set().unwrap();
    child.join();
    assert!(!clone.lock().unwrap().is_abandoned());
}

fn talk() {
    let [ping, pong] = events();
    let child = fork(|| {
        for _ in 0..1_000 {
            assert_eq!(ping.wait(None).unwrap(), Waited::Signaled(0));
            pong.set().unwrap();
        }
    });
    for _ in 0..1_000 {
        ping.set().unwrap();
        assert_eq!(pong.wait(None).unwrap(), Waited::Signaled(0));
    }
    child.join();
}

fn seats() {
    let [event, other] = events();
    // The parent has seats already, some of them in use.
    std::thread::scope(|scope| {
        let first = Crowd::start(scope, 2, |_| event.wait(None).unwrap());
        first.asleep_at(&event);
        assert_eq!(wait_any(&[&event, &other], std::time::Duration::ZERO).unwrap(), Waited::TimedOut);
        let child = fork(|| assert_eq!(event.wait(LONG).unwrap(), Waited::Signaled(0)));
        until("the child waits, too", || event.waiters() == 3);
        let grandchild = fork(|| {
            let child = fork(|| assert_eq!(event.wait(LONG).unwrap(), Waited::Signaled(0)));
            assert_eq!(event.wait(LONG).unwrap(), Waited::Signaled(0));
            child.join();
        });
        until("all wait", || event.waiters() == 5);
        for left in (0..5).rev() {
            event.set().unwrap();
            until("one went on", || event.waiters() == left);
        }
        child.join();
        grandchild.join();
        assert!(first.join().into_iter().all(|waited| waited == Waited::Signaled(0)));
    });
    assert_eq!(event.wait(std::time::Duration::ZERO).unwrap(), Waited::TimedOut);
}

fn wakes() {
    let event = Event::options().reset(Reset::Manual).create_unnamed().unwrap();
    std::thread::scope(|scope| {
        let crowd = Crowd::start(scope, 5, |_| event.wait(None).unwrap());
        crowd.asleep_at(&event);
        let child = fork(|| {
            event.set().unwrap();
            event.reset().unwrap();
        });
        crowd.join();
        child.join();
    });
}

fn units() {
    let semaphore = semaphore(0);
    let children = [(); 3].map(|()| {
        fork(|| (0..500).for_each(|_| assert_eq!(semaphore.wait(LONG).unwrap(), Waited::Signaled(0))))
    });
    for _ in 0..500 {
        semaphore.release(3).unwrap();
    }
    children.into_iter().for_each(Child::join);
    assert_eq!(semaphore.release(1).unwrap(), 0);
}

fn several() {
    let ([a, b, between], mutex) = (events(), mutex());
    std::mem::forget(mutex.lock().unwrap());
    let child = fork(|| {
        assert_eq!(wait_any(&[&a, &mutex, &b], LONG).unwrap(), Waited::Signaled(2));
        between.set().unwrap();
        assert_eq!(wait_all(&[&a, &mutex, &b], LONG).unwrap(), Waited::Signaled(0));
        mutex.release().unwrap();
    });
    until("it waits for any", || (a.waiters(), b.waiters(), mutex.waiters()) == (1, 1, 1));
    b.set().unwrap();
    assert_eq!(between.wait(None).unwrap(), Waited::Signaled(0));
    for signal in [&|| a.set(), &|| b.set(), &|| mutex.release()] as [&dyn Fn() -> veduta::Result<()>; 3] {
        until("it sleeps for one that is missing", || a.waiters() + b.waiters() + mutex.waiters() == 1);
        signal().unwrap();
    }
    child.join();
    assert!(!mutex.lock().unwrap().is_abandoned());
}

/// Whatever other threads are in the middle of, the child can go on.
fn busy() {
    let (forking, [event, _], common) = (AtomicBool::new(true), events(), mutex());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while forking.load(Ordering::Relaxed) {
                    let made = Mutex::options().owned(true).create_unnamed().unwrap();
                    let [own] = events();
                    own.set().unwrap();
                    assert_eq!(wait_any(&[&event, &own, &made], LONG).unwrap(), Waited::Signaled(1));
                    assert_eq!(
                        wait_any(&[&event, &own], std::time::Duration::from_micros(50)).unwrap(),
                        Waited::TimedOut
                    );
                    made.release().unwrap();
                    drop(common.lock().unwrap());
                }
            });
        }
        for _ in 0..100 {
            let child = fork(|| {
                let made = Mutex::options().create_unnamed().unwrap();
                drop(made.lock().unwrap());
                let [own] = events();
                assert_eq!(
                    wait_any(&[&event, &own], std::time::Duration::from_micros(50)).unwrap(),
                    Waited::TimedOut
                );
                drop(common.lock().unwrap());
            });
            child.join();
        }
        forking.store(false, Ordering::Relaxed);
    });
}

/// The kernel knows the first thread of a process, which a forked child has only, by the same number before and after.
fn another_program() {
    let owned = mutex();
    let [ready] = events();
    let (input, output) = std::io::pipe().unwrap();
    let child = fork(|| {
        std::mem::forget(owned.lock().unwrap());
        ready.set().unwrap();
        let error = Command::new("cat").stdin(input.try_clone().unwrap()).exec();
        panic!("cat is there: {error}");
    });
    assert_eq!(ready.wait(None).unwrap(), Waited::Signaled(0));
    assert!(owned.lock().unwrap().is_abandoned(), "the process lives on, and does not know of it");
    // Another program that reads until there is nothing.
    drop((output, input));
    child.join();
}

/// The destructors of a process's first thread do not run when it ends by itself; the kernel tells all the same.
#[test]
fn a_first_thread_that_ends_abandons_its_mutexes() {
    let mut role = child::play("fork::role_first_thread_ends", &[]);
    assert_eq!(role.hear(), "told");
    assert!(role.until_ended().success());
}

#[test]
#[allow(unsafe_code, reason = "the standard library has no way to end its first thread alone")]
#[ignore = "a role: forks a process whose first thread ends"]
fn role_first_thread_ends() {
    fork(|| {
        let mutex = Mutex::options().owned(true).create_unnamed().unwrap();
        let first = std::process::id();
        std::thread::spawn(move || {
            let has_ended = || {
                let stat = std::fs::read_to_string(format!("/proc/{first}/stat")).unwrap();
                stat.contains(") Z ")
            };
            let job = || {
                until("the first thread has ended", has_ended);
                assert!(mutex.lock().unwrap().is_abandoned());
                assert!(!mutex.lock().unwrap().is_abandoned(), "once");
            };
            let failed = catch_unwind(AssertUnwindSafe(job)).is_err();
            // SAFETY: ends the child without running anything of the test harness's.
            unsafe { libc::_exit(failed.into()) };
        });
        // SAFETY: ends this thread alone; its stack and all on it stay.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    })
    .join();
    child::say("told");
}
