//! Futures that wait: for one object and for several, given and taken back, across processes, forks and kills.

// Row: fork
#[cfg(target_os = "linux")]
mod linux;
#[path = "../scratch/mod.rs"]
mod scratch;

use scratch::{Watchdog, child, code, told, unique};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use veduta::os::InheritExt;
use veduta::{
    Awaitable, Code, Event, ObjectState, Reset, Semaphore, SyncAccess, Waitable, Waited, Waiting, waiting_any,
};

/// Wakes a thread, and counts how often.
struct Alarm {
    thread: Thread,
    rung: AtomicU32,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rung.fetch_add(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}

fn alarm() -> (Arc<Alarm>, Waker) {
    let alarm = Arc::new(Alarm { thread: thread::current(), rung: AtomicU32::new(0) });
    (alarm.clone(), alarm.into())
}

/// The smallest runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let (_, waker) = alarm();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn poll<T>(future: &mut (impl Future<Output = T> + Unpin), waker: &Waker) -> Poll<T> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Polls a future whose objects are not signaled.
#[track_caller]
fn sit<P>(future: &mut Waiting<P>, waker: &Waker)
where
    Waiting<P>: Future<Output = veduta::Result<usize>>,
{
    assert!(poll(future, waker).is_pending());
}

#[track_caller]
fn ready(polled: Poll<veduta::Result<usize>>) -> usize {
    match polled {
        Poll::Ready(index) => index.unwrap(),
        Poll::Pending => panic!("it has something to tell"),
    }
}

/// Looks until something is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(100), "it should come to this: {what}");
        thread::yield_now();
    }
}

fn event() -> Event {
    Event::options().create_unnamed().unwrap()
}

fn manual() -> Event {
    Event::options().reset(Reset::Manual).create_unnamed().unwrap()
}

fn semaphore(count: u32) -> Semaphore {
    Semaphore::options().count(count).create_unnamed().unwrap()
}

/// Sets an event for a moment, in which futures that wait for it are given it.
fn flash(event: &Event, alarm: &Alarm, futures: u32) {
    let rung = alarm.rung.load(Ordering::SeqCst);
    event.set().unwrap();
    // Row: moments
    if cfg!(windows) {
        until("all are woken", || alarm.rung.load(Ordering::SeqCst) == rung + futures);
    }
    event.reset().unwrap();
}

fn is_signaled(event: &Event) -> bool {
    matches!(event.state().unwrap(), ObjectState::Event { signaled: true, .. })
}

fn waiters(object: &Event) -> u32 {
    object.state().unwrap().waiters().unwrap_or(0)
}

fn count(semaphore: &Semaphore) -> u32 {
    let ObjectState::Semaphore { count, .. } = semaphore.state().unwrap() else { unreachable!("it is one") };
    count
}

fn is_owned<T: Send + 'static>(_: &T) {}

fn what_is_signaled_is_taken_at_once() {
    let (event, semaphore, manual) = (event(), semaphore(2), manual());
    let (alarm, waker) = alarm();
    event.set().unwrap();
    manual.set().unwrap();
    assert_eq!(ready(poll(&mut event.waiting(), &waker)), 0);
    assert!(!is_signaled(&event));
    assert_eq!(ready(poll(&mut semaphore.waiting(), &waker)), 0);
    assert_eq!(count(&semaphore), 1);
    assert_eq!(ready(poll(&mut waiting_any(&[&event, &semaphore, &manual]), &waker)), 1);
    assert_eq!(ready(poll(&mut waiting_any(&[&event, &semaphore, &manual]), &waker)), 2);
    assert!(is_signaled(&manual));
    assert_eq!(alarm.rung.load(Ordering::SeqCst), 0);
}

fn a_signal_wakes_the_task() {
    let event = Arc::new(event());
    let mut future = Waiting::any([event.clone()]);
    is_owned(&future);
    let (alarm, waker) = alarm();
    for round in 1..=200 {
        sit(&mut future, &waker);
        assert_eq!(waiters(&event), told(1));
        event.set().unwrap();
        until("it is woken", || alarm.rung.load(Ordering::SeqCst) == round);
        assert_eq!(ready(poll(&mut future, &waker)), 0);
        assert!(!is_signaled(&event));
    }
    // Polled for another reason, it goes on waiting, and wakes whoever polled it last.
    sit(&mut future, &waker);
    let (last, waker) = crate::alarm();
    sit(&mut future, &waker);
    event.set().unwrap();
    until("it is woken", || last.rung.load(Ordering::SeqCst) == 1);
    assert_eq!(alarm.rung.load(Ordering::SeqCst), 200);
    assert_eq!(block_on(future).unwrap(), 0);
}

fn another_process_ends_the_wait() {
    let name = format!(r"Local\Awaited {}", unique());
    let (there, back) = (format!("{name} there"), format!("{name} back"));
    let event = Event::options().create_new(&there).unwrap();
    let semaphore = Semaphore::options().create_new(&back).unwrap();
    let other = child::play("role_answers", &[("NAME", &name)]);
    for _ in 0..100 {
        semaphore.release(1).unwrap();
        assert_eq!(block_on(event.waiting()).unwrap(), 0);
    }
    assert!(other.until_ended().success());
}

#[test]
#[ignore = "a role: answers a hundred times"]
fn role_answers() {
    let _watchdog = Watchdog::new();
    let name = std::env::var("NAME").unwrap();
    let event = Event::options().open(&format!("{name} there")).unwrap();
    let semaphore = Semaphore::options().open(&format!("{name} back")).unwrap();
    block_on(async {
        for _ in 0..100 {
            assert_eq!(semaphore.waiting().await.unwrap(), 0);
            event.set().unwrap();
        }
    });
}

fn one_set_releases_one() {
    let event = event();
    let (alarm, waker) = alarm();
    let mut futures: Vec<_> = (0..20).map(|_| event.waiting()).collect();
    futures.iter_mut().for_each(|future| sit(future, &waker));
    assert_eq!(waiters(&event), told(20));
    while !futures.is_empty() {
        let (left, rung) = (futures.len(), alarm.rung.load(Ordering::SeqCst));
        event.set().unwrap();
        until("one is woken", || alarm.rung.load(Ordering::SeqCst) > rung);
        futures.retain_mut(|future| poll(future, &waker).is_pending());
        assert_eq!(futures.len(), left - 1, "an event releases one");
        assert!(!is_signaled(&event));
    }
}

fn a_manual_event_releases_all() {
    let event = manual();
    let (alarm, waker) = alarm();
    let mut futures: Vec<_> = (0..20).map(|_| event.waiting()).collect();
    futures.iter_mut().for_each(|future| sit(future, &waker));
    flash(&event, &alarm, 20);
    assert!(
        futures.iter_mut().all(|future| ready(poll(future, &waker)) == 0),
        "who was released stays released"
    );
    sit(&mut futures[0], &waker);
}

fn any_of_several_ends_the_wait() {
    let (a, b, c) = (event(), semaphore(0), manual());
    let (alarm, waker) = alarm();
    let mut future = waiting_any(&[&a, &b, &c]);
    let signals: [&dyn Fn(); 3] =
        [&|| a.set().unwrap(), &|| assert_eq!(b.release(1).unwrap(), 0), &|| flash(&c, &alarm, 1)];
    for (index, signal) in signals.iter().enumerate() {
        sit(&mut future, &waker);
        let rung = alarm.rung.load(Ordering::SeqCst);
        signal();
        until("it is woken", || alarm.rung.load(Ordering::SeqCst) > rung);
        assert_eq!(ready(poll(&mut future, &waker)), index);
    }
    // Two that are signaled: one is taken, the other is there for the next.
    sit(&mut future, &waker);
    b.release(1).unwrap();
    a.set().unwrap();
    match ready(poll(&mut future, &waker)) {
        0 => assert_eq!((is_signaled(&a), count(&b)), (false, 1)),
        _ => assert_eq!((a.wait(Duration::ZERO).unwrap(), count(&b)), (Waited::Signaled(0), 0)),
    }
    // The same one twice, and as many as there may be.
    let many = vec![&a as &dyn Awaitable; 64];
    let mut future = waiting_any(&many);
    sit(&mut future, &waker);
    a.set().unwrap();
    assert!(ready(poll(&mut future, &waker)) < 64);
    assert!(!is_signaled(&a));
    assert_eq!(code(block_on(waiting_any(&[]))), Code::INVALID_PARAMETER);
    assert_eq!(code(block_on(Waiting::any([&a; 65]))), Code::INVALID_PARAMETER);
    let deaf = a.try_clone_with(SyncAccess::MODIFY_STATE).unwrap();
    assert_eq!(code(block_on(deaf.waiting())), Code::ACCESS_DENIED);
}

fn a_dropped_future_gives_back_what_it_was_given() {
    let (event, semaphore) = (event(), semaphore(0));
    let (alarm, waker) = alarm();
    for given in 0..100 {
        // Not polled, or not given anything.
        drop(event.waiting());
        let mut future = waiting_any(&[&event, &semaphore]);
        sit(&mut future, &waker);
        drop(future);
        assert_eq!((is_signaled(&event), waiters(&event)), (false, 0));
        // Given, woken or not.
        let mut future = waiting_any(&[&event, &semaphore]);
        sit(&mut future, &waker);
        let rung = alarm.rung.load(Ordering::SeqCst);
        event.set().unwrap();
        semaphore.release(2).unwrap();
        if given % 2 == 0 {
            until("it is woken", || alarm.rung.load(Ordering::SeqCst) > rung);
        }
        drop(future);
        assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
        assert_eq!(count(&semaphore), 2);
        block_on(async { (semaphore.waiting().await.unwrap(), semaphore.waiting().await.unwrap()) });
        // To who waits: a future, and a thread.
        let mut first = event.waiting();
        sit(&mut first, &waker);
        event.set().unwrap();
        let mut second = event.waiting();
        match poll(&mut second, &waker) {
            // The first was on its feet, and the second took what it left.
            Poll::Ready(taken) => assert_eq!(taken.unwrap(), 0),
            Poll::Pending => {
                drop(first);
                assert_eq!(block_on(second).unwrap(), 0);
            }
        }
    }
}

fn futures_and_threads_share_the_units() {
    const EACH: u32 = 500;
    let units = semaphore(0);
    thread::scope(|scope| {
        for worker in 0..6 {
            let units = &units;
            scope.spawn(move || {
                for _ in 0..EACH {
                    match worker % 2 {
                        0 => assert_eq!(block_on(units.waiting()).unwrap(), 0),
                        _ => assert_eq!(units.wait(None).unwrap(), Waited::Signaled(0)),
                    }
                }
            });
        }
        // Somebody who changes its mind all the time.
        scope.spawn(|| {
            let (_, waker) = alarm();
            for _ in 0..2 * EACH {
                let mut future = units.waiting();
                if poll(&mut future, &waker).is_ready() {
                    units.release(1).unwrap();
                }
            }
        });
        for _ in 0..3 * EACH {
            units.release(2).unwrap();
        }
    });
    assert_eq!(count(&units), 0);
}

/// What a killed process was given before is lost with it, as with threads; nothing else is.
fn a_killed_process_leaves_the_others_alone() {
    for _ in 0..5 {
        let event = event();
        let mut other = child::play_heir("role_is_killed", event.try_clone().unwrap());
        assert_eq!(other.hear(), "pending");
        let (_, waker) = alarm();
        let mut futures = vec![event.waiting(), event.waiting()];
        futures.iter_mut().for_each(|future| sit(future, &waker));
        assert_eq!(waiters(&event), told(202));
        other.kill();
        assert_eq!(waiters(&event), told(2));
        for left in [1, 0] {
            event.set().unwrap();
            // Either may be given it.
            until("one was given it", || {
                futures.retain_mut(|future| poll(future, &waker).is_pending());
                futures.len() == left
            });
        }
        assert!(!is_signaled(&event));
    }
}

#[test]
#[ignore = "a role: is killed while futures are pending"]
fn role_is_killed() {
    let _watchdog = Watchdog::new();
    #[allow(unsafe_code, reason = "only this process knows what it inherited")]
    // SAFETY: the test left the handle here, and this is the first use of it.
    let event = unsafe { Event::from_inherited(&std::env::var("HANDLE").unwrap()) }.unwrap();
    let mut futures: Vec<_> = (0..200).map(|_| event.waiting()).collect();
    let (_, waker) = alarm();
    futures.iter_mut().for_each(|future| sit(future, &waker));
    child::say("pending");
    child::listen();
}

/// A waker may do whatever it likes: fail, or drop futures.
fn a_waker_may_do_anything() {
    struct Odd(Mutex<Option<Waiting<Arc<Event>>>>, bool);
    impl Wake for Odd {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
            if self.1 {
                // As a panic, without its message.
                std::panic::resume_unwind(Box::new(()));
            }
        }
    }
    let event = Arc::new(event());
    for fails in [false, true] {
        let odd = Arc::new(Odd(Mutex::new(None), fails));
        let mut future = Waiting::any([event.clone()]);
        sit(&mut future, &odd.clone().into());
        *odd.0.lock().unwrap() = Some(future);
        event.set().unwrap();
        until("the future was dropped", || odd.0.lock().is_ok_and(|future| future.is_none()));
        // Which gave the event back.
        assert_eq!(block_on(Waiting::any([event.clone()])).unwrap(), 0);
    }
}

fn it_can_stand_beside_others() {
    let (work, never) = (semaphore(0), event());
    let (mut first, mut second) = (work.waiting(), never.waiting());
    let either = poll_fn(|context| match Pin::new(&mut first).poll(context) {
        Poll::Pending => Pin::new(&mut second).poll(context),
        ready => ready,
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            until("it waits", || waiters(&never) == told(1));
            work.release(1).unwrap();
        });
        assert_eq!(block_on(either).unwrap(), 0);
    });
    assert_eq!(count(&work), 0);
}

const CHECKS: &[(&str, fn())] = &[
    ("what is signaled is taken at once", what_is_signaled_is_taken_at_once),
    ("a signal wakes the task", a_signal_wakes_the_task),
    ("another process ends the wait", another_process_ends_the_wait),
    ("one set releases one", one_set_releases_one),
    ("a manual event releases all", a_manual_event_releases_all),
    ("any of several ends the wait", any_of_several_ends_the_wait),
    ("a dropped future gives back what it was given", a_dropped_future_gives_back_what_it_was_given),
    ("futures and threads share the units", futures_and_threads_share_the_units),
    ("a killed process leaves the others alone", a_killed_process_leaves_the_others_alone),
    ("a waker may do anything", a_waker_may_do_anything),
    ("it can stand beside others", it_can_stand_beside_others),
];

// Row: fork
#[cfg(target_os = "linux")]
use linux::CHECKS as FURTHER;
// Row: fork
#[cfg(windows)]
const FURTHER: &[(&str, fn())] = &[];

fn checks() -> impl Iterator<Item = &'static (&'static str, fn())> {
    CHECKS.iter().chain(FURTHER)
}

/// Each in a process of its own, because they count its threads and fork: with what the kernel has, and as on an old one.
#[test]
fn each_holds() {
    check(&[]);
}

// Row: seats
#[cfg(target_os = "linux")]
#[test]
fn each_holds_where_a_thread_sleeps_on_one_word_only() {
    check(&[("VEDUTA_WAITV", "0")]);
}

fn check(variables: &[(&str, &str)]) {
    for (check, _) in checks() {
        let variables = [variables, &[("CHECK", *check)]].concat();
        let mut other = child::play("role_checks", &variables);
        assert_eq!(other.hear(), *check);
    }
}

#[test]
#[ignore = "a role: makes one of the checks"]
fn role_checks() {
    let _watchdog = Watchdog::new();
    let check = std::env::var("CHECK").unwrap();
    let (_, hold) = checks().find(|(name, _)| *name == check).unwrap();
    hold();
    child::say(check);
}
