//! Timers go off: the thread of this process that signals them when they are due.
//!
//! A timer's page says by which schedule it goes off, in the field `armed`: setting or cancelling a timer in any process changes that, and
//! with it the schedule that another process keeps for the timer is void. Within this process a schedule is void at once. Between
//! processes there is a moment, between the look at `armed` and the signal, in which a timer that is being set elsewhere goes off
//! once more.
//!
//! A schedule does not keep the object: when this process has no handle left, the timer is stopped.

use super::super::fork;
use super::cell::{Cell, Nature};
use super::object;
use super::primitive::Ordering;
use super::thread;
use crate::Result;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// When a timer goes off, and what is called then.
pub(crate) struct Schedule {
    /// `None`: never.
    pub(crate) due: Option<Instant>,
    pub(crate) period: Option<Duration>,
    pub(crate) call: Option<Box<dyn FnMut() + Send>>,
}

/// A schedule that is kept.
struct Armed {
    cell: Weak<Cell>,
    schedule: Schedule,
}

/// By when it is due, and by its number. What is taken out is dropped when the lock is given back: what a program's procedure owns may set
/// or cancel timers as it goes.
type Queue = BTreeMap<(Instant, u64), Armed>;

/// What one process has: a child begins anew, because the thread is its parent's.
struct Timers {
    childhood: u64,
    queue: Mutex<(Queue, bool)>,
    changed: Condvar,
}

static TIMERS: AtomicPtr<Timers> = AtomicPtr::new(null_mut());

/// The timers of this process. Those of a parent are left alone for ever: somebody may have been in the middle of them.
fn timers() -> &'static Timers {
    fork::generation();
    let childhood = fork::childhood();
    loop {
        let seen = TIMERS.load(SeqCst);
        // SAFETY: what is stored there is never freed.
        if let Some(timers) = unsafe { seen.as_ref() }
            && timers.childhood == childhood
        {
            return timers;
        }
        let new = Timers { childhood, queue: Mutex::default(), changed: Condvar::new() };
        let new = Box::into_raw(Box::new(new));
        if TIMERS.compare_exchange(seen, new, SeqCst, SeqCst).is_err() {
            // SAFETY: it was just made, and nobody else has seen it.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

impl Timers {
    fn lock(&self) -> MutexGuard<'_, (Queue, bool)> {
        // Nothing that is done with it can be left half done.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that no other schedule of any process has, as good as ever.
fn number() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    COUNT.fetch_add(1, SeqCst) & 0xFFFF_FFFF | u64::from(fork::process_id()) << 32
}

/// Sets a timer.
pub(super) fn arm(cell: &Arc<Cell>, schedule: Schedule) -> Result<()> {
    let timers = timers();
    let _forgotten;
    let mut guard = timers.lock();
    let (queue, runs) = &mut *guard;
    if !*runs {
        thread::start("set timer", "veduta timers", move || run(timers))?;
        *runs = true;
    }
    let number = number();
    cell.page().armed.store(number, Ordering::SeqCst);
    cell.page().reset();
    _forgotten = forget(queue, cell);
    let Some(due) = schedule.due else { return Ok(()) };
    queue.insert((due, number), Armed { cell: Arc::downgrade(cell), schedule });
    drop(guard);
    timers.changed.notify_one();
    Ok(())
}

/// Stops a timer.
pub(super) fn disarm(cell: &Arc<Cell>) {
    let mut guard = timers().lock();
    cell.page().armed.store(0, Ordering::SeqCst);
    let forgotten = forget(&mut guard.0, cell);
    drop(guard);
    drop(forgotten);
}

#[must_use]
fn forget(queue: &mut Queue, cell: &Arc<Cell>) -> Vec<Armed> {
    let is_its = |armed: &Armed| std::ptr::eq(armed.cell.as_ptr(), Arc::as_ptr(cell));
    let keys: Vec<_> = queue.iter().filter(|(_, armed)| is_its(armed)).map(|(key, _)| *key).collect();
    keys.iter().filter_map(|key| queue.remove(key)).collect()
}

fn run(timers: &Timers) {
    let mut guard = timers.lock();
    loop {
        let now = Instant::now();
        let first = guard.0.keys().next().copied();
        guard = match first {
            None => timers.changed.wait(guard).unwrap_or_else(PoisonError::into_inner),
            Some((due, _)) if due > now => {
                timers.changed.wait_timeout(guard, due - now).unwrap_or_else(PoisonError::into_inner).0
            }
            Some(key) => go_off(timers, guard, key, now),
        };
    }
}

/// Signals one timer, and plans its next time.
fn go_off<'a>(
    timers: &'a Timers,
    mut guard: MutexGuard<'a, (Queue, bool)>,
    (due, number): (Instant, u64),
    now: Instant,
) -> MutexGuard<'a, (Queue, bool)> {
    let Some(mut armed) = guard.0.remove(&(due, number)) else { return guard };
    let Some(cell) = armed.cell.upgrade() else {
        drop(guard);
        drop(armed);
        return timers.lock();
    };
    let is_ours = cell.page().armed.load(Ordering::SeqCst) == number;
    if is_ours && let Nature::Signal(rule) = &cell.nature {
        // An event cannot be too full.
        let _ = cell.page().put(*rule, 1);
    }
    // Somebody may have closed the last handle meanwhile. The registry has a lock of its own.
    drop(guard);
    object::let_go(cell);
    if !is_ours {
        drop(armed);
        return timers.lock();
    }
    // A program's procedure that panics is no reason for all other timers to stand still.
    if let Some(call) = &mut armed.schedule.call {
        drop(catch_unwind(AssertUnwindSafe(call)));
    }
    let next = armed.schedule.period.and_then(|period| next(due, period, now));
    if let Some(next) = next
        && let Some(cell) = armed.cell.upgrade()
    {
        let mut guard = timers.lock();
        // Unless it was set anew or cancelled while it was being called.
        let wanted = cell.page().armed.load(Ordering::SeqCst) == number;
        let unwanted = if wanted { guard.0.insert((next, number), armed) } else { Some(armed) };
        drop(guard);
        drop(unwanted);
        object::let_go(cell);
    } else {
        drop(armed);
    }
    timers.lock()
}

/// The next time after now, in step with the first. Times that were missed are left out.
fn next(due: Instant, period: Duration, now: Instant) -> Option<Instant> {
    let missed = (now - due).as_nanos() / period.as_nanos().max(1);
    let steps = u32::try_from(missed + 1).ok()?;
    due.checked_add(period.checked_mul(steps)?)
}
