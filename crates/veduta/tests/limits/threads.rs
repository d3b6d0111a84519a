//! RLIMIT_NPROC and the cgroup of processes: the threads that signal timers and sleep for futures.

use crate::confined::{self, Belongings, expect, root, under};
use crate::memory::Group;
use crate::scratch::{skipped, thread};
use rustix::process::{DumpableBehavior, Resource, set_dumpable_behavior};
use std::fs::{self, Permissions};
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use veduta::{Code, Event, Timer, Waited, wait_any};

#[test]
fn a_limit_on_processes_is_told_by_what_needs_a_thread() {
    confined::play("threads::role_limited");
}

#[test]
#[ignore = "a role: may start no thread"]
fn role_limited() {
    fs::set_permissions(root(), Permissions::from_mode(0o777)).unwrap();
    // Root may start as many as it likes.
    thread::become_nobody();
    // Who becomes another user may no longer look at itself.
    set_dumpable_behavior(DumpableBehavior::Dumpable).unwrap();
    let (timer, event) = objects();
    without_threads(&timer, &event, "RLIMIT_NPROC", |refused| under(Resource::Nproc, 0, refused));
}

#[test]
fn a_cgroup_of_processes_is_told_by_what_needs_a_thread() {
    match Group::new("pids", "pids.max", "pids.max", 1) {
        Ok(group) => confined::play_with("threads::role_member", &[("GROUP", group.path())]),
        Err(error) => skipped(format!("no cgroup of processes can be made here: {error}")),
    }
}

#[test]
#[ignore = "a role: may start no thread"]
fn role_member() {
    let group = std::env::var("GROUP").unwrap();
    let (timer, event) = objects();
    without_threads(&timer, &event, &group, |refused| {
        let before = Group::of_this_process("pids");
        Group::enter(&group);
        refused();
        Group::enter(&before);
    });
}

fn objects() -> (Timer, Event) {
    let (timer, event) =
        (Timer::options().create_unnamed().unwrap(), Event::options().create_unnamed().unwrap());
    // An event that was waited for has one more descriptor, for its seats, as long as it is open.
    assert_eq!(wait_any(&[&event], Duration::from_millis(1)).unwrap(), Waited::TimedOut);
    (timer, event)
}

fn without_threads(timer: &Timer, event: &Event, limit: &str, confine: impl FnOnce(&mut dyn FnMut())) {
    let before = Belongings::now();
    let context = &mut Context::from_waker(Waker::noop());
    confine(&mut || {
        for _ in 0..2 {
            let error = timer.set(Duration::ZERO, None).unwrap_err();
            expect(&error, Code::NO_SYSTEM_RESOURCES, &["one more thread is needed", limit]);
            let Poll::Ready(Err(error)) = pin!(event.waiting()).poll(context) else { panic!("it waits") };
            expect(&error, Code::NO_SYSTEM_RESOURCES, &["one more thread is needed", limit]);
        }
    });
    assert_eq!(Belongings::now(), before);
    let mut waiting = pin!(event.waiting());
    assert!(waiting.as_mut().poll(context).is_pending());
    event.set().unwrap();
    assert!(waiting.poll(context).is_ready());
    timer.set(Duration::ZERO, None).unwrap();
    assert_eq!(wait_any(&[timer], None).unwrap(), Waited::Signaled(0));
}
