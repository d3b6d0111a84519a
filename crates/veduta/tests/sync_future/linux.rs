//! Futures and what only Linux has: forks, seats that are counted, threads that can be seen.

use super::*;
use std::sync::mpsc;

pub(crate) const CHECKS: &[(&str, fn())] = &[
    ("a thousand futures wait for three hundred events", a_thousand_futures_wait_for_three_hundred_events),
    ("the threads end when there is nothing to do", the_threads_end_when_there_is_nothing_to_do),
    ("a forked child begins anew", a_forked_child_begins_anew),
    ("others may wait while one forks", others_may_wait_while_one_forks),
    ("more than there are seats", more_than_there_are_seats),
];

/// Tasks on one thread.
struct Tasks<'a> {
    waiting: Vec<Option<Pin<Box<dyn Future<Output = ()> + 'a>>>>,
    woken: mpsc::Receiver<usize>,
    wake: mpsc::Sender<usize>,
}

struct Task {
    index: usize,
    wake: Mutex<mpsc::Sender<usize>>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        // Who listened may have gone.
        let _ = self.wake.lock().unwrap().send(self.index);
    }
}

impl<'a> Tasks<'a> {
    fn new(tasks: impl Iterator<Item = Pin<Box<dyn Future<Output = ()> + 'a>>>) -> Tasks<'a> {
        let (wake, woken) = mpsc::channel();
        Tasks { waiting: tasks.map(Some).collect(), woken, wake }
    }

    fn poll(&mut self, index: usize) {
        let waker = Arc::new(Task { index, wake: Mutex::new(self.wake.clone()) }).into();
        let mut context = Context::from_waker(&waker);
        if self.waiting[index].as_mut().is_some_and(|task| task.as_mut().poll(&mut context).is_ready()) {
            self.waiting[index] = None;
        }
    }

    fn run(&mut self) {
        while self.waiting.iter().any(Option::is_some) {
            let index = self.woken.recv().unwrap();
            self.poll(index);
        }
    }
}

fn a_thousand_futures_wait_for_three_hundred_events() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, most).unwrap();
    let events: Vec<_> = (0..300).map(|_| event()).collect();
    let done = AtomicU32::new(0);
    let mut tasks = Tasks::new((0..1000).map(|index| {
        let (events, done) = (&events, &done);
        Box::pin(async move {
            let (first, second) = (&events[index % 300], &events[(index + 1) % 300]);
            waiting_any(&[first, second]).await.unwrap();
            done.fetch_add(1, Ordering::SeqCst);
        }) as Pin<Box<dyn Future<Output = ()> + '_>>
    }));
    (0..1000).for_each(|index| tasks.poll(index));
    let sitting: u32 = events.iter().map(waiters).sum();
    assert_eq!(sitting, 2000);
    thread::scope(|scope| {
        // Each is set when the one before has been taken, so that no set is lost on one that is signaled.
        scope.spawn(|| {
            let mut round = (0..300).map(|index| &events[index * 7 % 300]).cycle();
            for signal in 0..1000 {
                round.find(|event| waiters(event) > 0).unwrap().set().unwrap();
                until("one went on", || done.load(Ordering::SeqCst) > signal as u32);
            }
        });
        tasks.run();
    });
    assert_eq!(done.load(Ordering::SeqCst), 1000);
    assert!(events.iter().all(|event| !is_signaled(event)));
}

fn the_threads_end_when_there_is_nothing_to_do() {
    let watchers = || {
        let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        let names =
            threads.map(|thread| std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default());
        names.filter(|name| name.trim() == "veduta").count()
    };
    let event = event();
    let (_, waker) = alarm();
    let mut futures: Vec<_> = (0..200).map(|_| event.waiting()).collect();
    futures.iter_mut().for_each(|future| sit(future, &waker));
    until("two threads sleep for them", || watchers() == 2);
    drop(futures);
    until("the threads end", || watchers() == 0);
    let mut future = event.waiting();
    sit(&mut future, &waker);
    event.set().unwrap();
    assert_eq!(block_on(future).unwrap(), 0);
}

fn a_forked_child_begins_anew() {
    let (event, ready) = (event(), event());
    let (_, waker) = alarm();
    let mut parents = [event.waiting(), event.waiting()];
    parents.iter_mut().for_each(|future| sit(future, &waker));
    let child = fork(|| {
        // The copies are the child's own: one waits in a seat of its own, one is dropped and takes nothing with it.
        let [mut first, second] = std::mem::replace(&mut parents, [event.waiting(), event.waiting()]);
        drop(second);
        assert_eq!(waiters(&event), 2);
        sit(&mut first, &waker);
        assert_eq!(waiters(&event), 3);
        ready.set().unwrap();
        assert_eq!(block_on(first).unwrap(), 0);
    });
    block_on(ready.waiting()).unwrap();
    // All three are released, one after the other; nobody else is.
    let mut parents = Vec::from(parents);
    for left in (0..3).rev() {
        event.set().unwrap();
        until("one was given it", || {
            parents.retain_mut(|future| poll(future, &waker).is_pending());
            waiters(&event) == left && !is_signaled(&event)
        });
    }
    assert!(parents.is_empty());
    assert_eq!(child.join(), 0);
}

/// A child has only the thread that forked, whatever the others were in the middle of.
fn others_may_wait_while_one_forks() {
    let (event, stop) = (event(), manual());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let (_, waker) = alarm();
                while stop.wait(Duration::ZERO).unwrap() == Waited::TimedOut {
                    let (own, mut dropped) = (crate::event(), event.waiting());
                    sit(&mut dropped, &waker);
                    let mut future = waiting_any(&[&event, &own]);
                    sit(&mut future, &waker);
                    own.set().unwrap();
                    assert_eq!(block_on(future).unwrap(), 1);
                }
            });
        }
        for _ in 0..50 {
            let child = fork(|| {
                let own = crate::event();
                let mut future = waiting_any(&[&event, &own]);
                sit(&mut future, &alarm().1);
                own.set().unwrap();
                assert_eq!(block_on(future).unwrap(), 1);
            });
            assert_eq!(child.join(), 0);
        }
        stop.set().unwrap();
    });
}

struct Forked(libc::pid_t);

#[allow(unsafe_code, reason = "the standard library does not fork")]
fn fork(job: impl FnOnce()) -> Forked {
    // SAFETY: the child uses what the library promises for it, and malloc, which sees to itself.
    let pid = unsafe { libc::fork() };
    assert_ne!(pid, -1, "a process may fork");
    if pid == 0 {
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err();
        // SAFETY: ends the child without running anything of the test harness's.
        unsafe { libc::_exit(failed.into()) };
    }
    Forked(pid)
}

fn more_than_there_are_seats() {
    let event = event();
    let (alarm, waker) = alarm();
    let mut futures: Vec<_> = (0..1010).map(|_| event.waiting()).collect();
    futures.iter_mut().for_each(|future| sit(future, &waker));
    assert_eq!(waiters(&event), 1000, "the last ones have none");
    let mut without = futures.split_off(1000);
    drop(futures);
    for _ in 0..10 {
        let rung = alarm.rung.load(Ordering::SeqCst);
        event.set().unwrap();
        until("one is woken", || alarm.rung.load(Ordering::SeqCst) > rung);
        let left = without.len();
        without.retain_mut(|future| poll(future, &waker).is_pending());
        assert_eq!(without.len(), left - 1);
    }
}

impl Forked {
    fn join(self) -> i32 {
        let mut status = 0;
        #[allow(unsafe_code, reason = "the standard library does not know this child")]
        // SAFETY: the child is ours and the status is a place for it.
        let waited = unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        assert_eq!(waited, self.0);
        status
    }
}
