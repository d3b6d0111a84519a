//! Holders that do not answer: stopped, dead but not buried, or alive behind a first thread that is not.

use crate::patience::within;
use crate::scratch::{child, code, name};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, waitid};
use std::time::{Duration, Instant};
use veduta::{
    Code, Disposition, Event, Mutex, Namespace, Section, SectionAccess, SweepMode, ViewAccess, Waitable,
    Waited,
};

/// A holder of a section, an event and a mutex that it owns.
struct Holder {
    actor: child::Actor,
    pid: Pid,
    names: [String; 3],
}

impl Holder {
    fn new(role: &str) -> Holder {
        let names = ["section", "event", "mutex"].map(name);
        let [section, event, mutex] = names.each_ref().map(String::as_str);
        let variables = [("SECTION", section), ("EVENT", event), ("MUTEX", mutex)];
        let mut actor = child::play(&format!("holders::{role}"), &variables);
        let pid = Pid::from_raw(actor.hear().parse().unwrap()).unwrap();
        Holder { actor, pid, names }
    }

    fn signal(&self, signal: Signal, state: char) {
        kill_process(self.pid, signal).unwrap();
        until_in_state(self.pid, state);
    }

    /// All three have nobody any more: they are as good as never made.
    fn is_gone(&self) {
        let [section, event, mutex] = &self.names;
        assert_eq!(code(Section::options().open(section)), Code::FILE_NOT_FOUND);
        assert_eq!(code(Event::options().open(event)), Code::FILE_NOT_FOUND);
        assert_eq!(Mutex::options().create(mutex).unwrap().1, Disposition::Created);
        assert_eq!(code(Namespace::local().unwrap().object(section)), Code::FILE_NOT_FOUND);
    }
}

/// Waits until the kernel says so of the process's first thread.
fn until_in_state(process: Pid, state: char) {
    let begun = Instant::now();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        if stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(state)) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{stat}");
        std::thread::yield_now();
    }
}

fn hold() -> (Section, Event, Mutex) {
    let variable = |name| std::env::var(name).unwrap();
    let section = Section::options().size(100).create_new(&variable("SECTION")).unwrap();
    let event = Event::options().create_new(&variable("EVENT")).unwrap();
    let mutex = Mutex::options().create_new(&variable("MUTEX")).unwrap();
    std::mem::forget(mutex.lock().unwrap());
    child::say(std::process::id());
    (section, event, mutex)
}

#[test]
#[ignore = "a role: holds one of each"]
fn role_hold() {
    let held = hold();
    child::listen();
    drop(held);
}

#[test]
fn nobody_waits_for_a_stopped_holder_to_open_a_name() {
    let mut holder = Holder::new("role_hold");
    holder.signal(Signal::STOP, 'T');
    let [section, event, mutex] = &holder.names;
    within(Duration::ZERO, "what a stopped process holds", || {
        let opened = Section::options().open(section).unwrap();
        opened.map(ViewAccess::Write).unwrap().write_at(0, b"open").unwrap();
        assert_eq!(Section::options().size(100).create(section).unwrap().1, Disposition::Opened);
        let event = Event::options().open(event).unwrap();
        event.set().unwrap();
        assert_eq!(event.wait(Duration::from_secs(1)).unwrap(), Waited::Signaled(0));
        // It owns the mutex: that is waited for, and no longer than asked.
        let mutex = Mutex::options().open(mutex).unwrap();
        assert!(mutex.lock_timeout(Duration::from_millis(20)).unwrap().is_none());
        let local = Namespace::local().unwrap();
        assert_eq!(local.object(section).unwrap().holders.len(), 2);
        assert!(local.sweep(SweepMode::Remove).unwrap().removed.iter().all(|swept| swept.name != *section));
    });
    kill_process(holder.pid, Signal::CONT).unwrap();
    holder.actor.tell("end");
    let Holder { actor, .. } = holder;
    assert!(actor.until_ended().success());
}

#[test]
fn a_dead_process_that_nobody_has_buried_holds_nothing() {
    let holder = Holder::new("role_hold");
    let mutex = Mutex::options().open(&holder.names[2]).unwrap();
    holder.signal(Signal::KILL, 'Z');
    assert!(mutex.lock().unwrap().is_abandoned());
    drop(mutex);
    holder.is_gone();
}

/// Its other threads hold what it has; but by its number the kernel shows only the first one's descriptors, and that has none.
#[test]
fn a_process_whose_first_thread_ended_is_named_to_who_cannot_reach_its_bytes() {
    let holder = Holder::new("role_end_first_thread");
    until_in_state(holder.pid, 'Z');
    let [section, event, _] = &holder.names;
    let error = within(Duration::ZERO, "open", || Section::options().open(section).unwrap_err());
    assert_eq!(error.code(), Code::ACCESS_DENIED, "{error}");
    assert!(error.advice().unwrap().contains(&holder.pid.to_string()), "{error}");
    // The state of the others stands in the entry.
    Event::options().open(event).unwrap().set().unwrap();
    let sweep = Namespace::local().unwrap().sweep(SweepMode::Remove).unwrap();
    assert!(sweep.removed.iter().all(|swept| swept.name != *section));
    holder.signal(Signal::KILL, 'Z');
    let gone = Instant::now();
    // The other threads take a moment to end.
    while Namespace::local().unwrap().object(section).is_ok() {
        assert!(gone.elapsed() < Duration::from_secs(60));
        std::thread::yield_now();
    }
    holder.is_gone();
}

#[test]
#[ignore = "a role: holds one of each in a thread that survives the first one"]
fn role_end_first_thread() {
    // Roles do not run in the first thread of their process, but a child begins with one.
    // SAFETY: no other thread of this process has a lock that the child needs.
    if unsafe { libc::fork() } == 0 {
        std::thread::spawn(|| {
            until_in_state(getpid(), 'Z');
            let held = hold();
            // Its own bytes it reaches, also for less.
            let section = std::env::var("SECTION").unwrap();
            Section::options().access(SectionAccess::QUERY | SectionAccess::READ).open(&section).unwrap();
            child::listen();
            drop(held);
        });
        // SAFETY: ends this thread alone; its stack and all on it stay.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    }
    // Not buried: the test looks at it. If it could not hold what it should, the test is to hear that.
    let ended = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
    assert!(ended.is_some_and(|ended| ended.killed()), "the holder fails");
    loop {
        std::thread::park();
    }
}
