//! Timers: the kernel's, and what is called when they go off.
//!
//! The kernel calls a procedure in the thread that set the timer, while that one waits alertably, until the timer is set anew or cancelled by whatever
//! process. So a thread of this module, the *ringer*, sets the timers that call something, and waits. When it is called it only passes on the number of
//! the schedule; the program's procedure is called by another thread ([`errands`](super::errands)).
//!
//! A schedule does not keep the object, nor the procedure: when this process sets the timer anew, cancels it or has no handle left, its procedure goes, and a
//! number that still arrives means nothing.

use super::super::error::{done, failed};
use super::errands::{self, Errands};
use super::interrupt::Interrupt;
use super::wait::{self, Deadline, Mode};
use crate::{Code, Error, Result};
use std::collections::HashMap;
use std::ffi::c_void;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use std::ptr::{null, without_provenance, without_provenance_mut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{CancelWaitableTimer, PTIMERAPCROUTINE, SetWaitableTimer};

const SET: &str = "set timer";
const CANCEL: &str = "cancel timer";

/// When a timer goes off, and what is called then.
pub(crate) struct Schedule {
    /// `None`: never.
    pub(crate) due: Option<Instant>,
    pub(crate) period: Option<Duration>,
    pub(crate) call: Option<Box<dyn FnMut() + Send>>,
}

/// What this process has called when a timer goes off.
#[derive(Default)]
pub(super) struct Alarm(Mutex<Option<Arc<Armed>>>);

/// A procedure, and the number that the kernel calls it by.
struct Armed {
    number: usize,
    once: bool,
    call: Mutex<Option<Box<dyn FnMut() + Send>>>,
}

/// What the ringer finds. It keeps no timer from going.
#[derive(Clone)]
struct Listed {
    armed: Weak<Armed>,
    /// Whether it rang, and was not called yet.
    waits: Arc<AtomicBool>,
}

/// By number. A number is never used again.
static ARMED: LazyLock<Mutex<HashMap<usize, Listed>>> = LazyLock::new(Mutex::default);

static CALLS: Errands = Errands::new("veduta timers");

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is done under these locks can be left half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Armed {
    fn new(call: Box<dyn FnMut() + Send>, once: bool) -> Arc<Armed> {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let number = COUNT.fetch_add(1, Relaxed);
        let armed = Arc::new(Armed { number, once, call: Mutex::new(Some(call)) });
        lock(&ARMED).insert(number, Listed { armed: Arc::downgrade(&armed), waits: Arc::default() });
        armed
    }

    /// Only one thread does this.
    fn call(&self) {
        let mut call = lock(&self.call);
        if let Some(call) = &mut *call {
            call();
        }
        let over = if self.once { call.take() } else { None };
        drop(call);
        drop(over);
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        lock(&ARMED).remove(&self.number);
    }
}

/// The ringer calls this when a timer goes off.
unsafe extern "system" fn rang(number: *const c_void, _: u32, _: u32) {
    let listed = lock(&ARMED).get(&number.addr()).cloned();
    // Periods that pass while it waits to be called are one, as they are for the kernel.
    if let Some(Listed { armed, waits }) = listed.filter(|listed| !listed.waits.swap(true, SeqCst)) {
        CALLS.run(move || {
            waits.store(false, SeqCst);
            if let Some(armed) = armed.upgrade() {
                armed.call();
            }
        });
    }
}

/// A timer to be set by the ringer. Who asks for it waits, and has the handle meanwhile.
struct Request {
    timer: usize,
    times: Times,
    number: usize,
    answer: SyncSender<Result<(), u32>>,
}

/// The ringer, from when it is first needed.
static RINGER: Mutex<Option<Sender<Request>>> = Mutex::new(None);
static BELL: LazyLock<Interrupt> = LazyLock::new(Interrupt::new);

fn ring(requests: &Receiver<Request>) {
    loop {
        // Before the look at what is asked for.
        BELL.lower();
        for Request { timer, times, number, answer } in requests.try_iter() {
            // Whoever asked is waiting.
            let _ =
                answer.send(times.set(without_provenance_mut(timer), Some(rang), without_provenance(number)));
        }
        let waited = wait::wait(&[], Mode::Any, Deadline::Never, Some(&BELL));
        debug_assert!(matches!(waited, Ok(None)), "it is only called");
    }
}

/// Has the ringer set a timer.
fn set_by_ringer(timer: BorrowedHandle<'_>, times: Times, number: usize) -> Result<()> {
    let (answer, answered) = sync_channel(1);
    let request = Request { timer: timer.as_raw_handle().addr(), times, number, answer };
    let mut ringer = lock(&RINGER);
    let requests = match &mut *ringer {
        Some(requests) => requests,
        none => {
            CALLS.be_ready(SET)?;
            let (to, from) = channel();
            errands::start(SET, "veduta ringer", move || ring(&from))?;
            none.insert(to)
        }
    };
    let gone = || Error::new(Code::NO_SYSTEM_RESOURCES, SET).hint("the thread that sets timers is gone");
    requests.send(request).map_err(|_| gone())?;
    drop(ringer);
    BELL.raise();
    answered.recv().map_err(|_| gone())?.map_err(|code| failed(SET, code))
}

/// When a timer goes off. Times from now on are made of it at the last moment.
#[derive(Clone, Copy)]
struct Times {
    due: Instant,
    /// In milliseconds; 0: once.
    period: i32,
}

/// The longest time that is told to the kernel, in its units of 100 ns: a thousand years. What is farther away is never.
const FAR: i64 = 1000 * 365 * 24 * 3600 * 10_000_000;

/// How long until then, in units of 100 ns; `None`: that is never.
fn units_until(due: Instant) -> Option<i64> {
    let left = due.saturating_duration_since(Instant::now()).as_nanos().div_ceil(100);
    i64::try_from(left).ok().filter(|left| *left <= FAR)
}

impl Times {
    /// `None`: never.
    fn of(schedule: &Schedule) -> Result<Option<Times>> {
        let period = match schedule.period {
            None => 0,
            Some(period) => i32::try_from(period.as_nanos().div_ceil(1_000_000).max(1)).map_err(|_| {
                Error::new(Code::INVALID_PARAMETER, SET)
                    .hint(format!("the longest period of Windows is {} milliseconds", i32::MAX))
            })?,
        };
        let due = schedule.due.filter(|due| units_until(*due).is_some());
        Ok(due.map(|due| Times { due, period }))
    }

    /// Makes the timer unsignaled, and has it go off.
    fn set(self, timer: HANDLE, call: PTIMERAPCROUTINE, argument: *const c_void) -> Result<(), u32> {
        set(timer, units_until(self.due).unwrap_or(FAR), self.period, call, argument)
    }
}

fn set(
    timer: HANDLE,
    units: i64,
    period: i32,
    call: PTIMERAPCROUTINE,
    argument: *const c_void,
) -> Result<(), u32> {
    // Negative: from now on.
    let due = -units;
    // SAFETY: the handle is open, and the procedure one for this.
    done(unsafe { SetWaitableTimer(timer, &raw const due, period, call, argument, 0) })
}

impl Alarm {
    /// Sets the timer.
    pub(super) fn arm(&self, timer: BorrowedHandle<'_>, schedule: Schedule) -> Result<()> {
        let times = Times::of(&schedule)?;
        let handle = timer.as_raw_handle();
        let fail = |code| failed(SET, code);
        let (forgotten, result);
        {
            // The kernel's schedule and the procedure are changed as one.
            let mut armed = lock(&self.0);
            let mut next = None;
            result = match (times, schedule.call) {
                (Some(times), None) => times.set(handle, None, null()).map_err(fail),
                (Some(times), Some(call)) => {
                    let new = next.insert(Armed::new(call, times.period == 0));
                    set_by_ringer(timer, times, new.number)
                }
                // To be set makes it unsignaled, too.
                (None, _) => set(handle, FAR, 0, None, null()).map_err(fail).and_then(|()| cancel(timer)),
            };
            forgotten = if result.is_ok() { std::mem::replace(&mut *armed, next) } else { next };
        }
        // Without the lock: what a procedure owns may set or cancel timers as it goes.
        drop(forgotten);
        result
    }

    /// Stops the timer.
    pub(super) fn disarm(&self, timer: BorrowedHandle<'_>) -> Result<()> {
        let mut armed = lock(&self.0);
        cancel(timer)?;
        let forgotten = armed.take();
        drop(armed);
        drop(forgotten);
        Ok(())
    }
}

fn cancel(timer: BorrowedHandle<'_>) -> Result<()> {
    // SAFETY: the handle is open.
    done(unsafe { CancelWaitableTimer(timer.as_raw_handle()) }).map_err(|code| failed(CANCEL, code))
}
