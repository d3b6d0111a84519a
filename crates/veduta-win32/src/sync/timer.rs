//! Waitable timers.

use crate::apc::Alerts;
use crate::attributes::Attributes;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::last_error;
use crate::object::{Object, Packed};
use crate::pointer::In;
use crate::rights::{self, STANDARD_RIGHTS_ALL, to_open};
use crate::table;
use crate::text::{Narrow, Text, Wide};
use crate::time::{self, TICKS_PER_SECOND, UNIX_EPOCH};
use crate::types::{BOOL, DWORD, HANDLE, LARGE, LONG, POINTER, UINT};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};
use veduta::os::unix::HandleExt;
use veduta::{Disposition, Due, Reset, Waitable};

const CREATE_WAITABLE_TIMER_MANUAL_RESET: u32 = 1;
const CREATE_WAITABLE_TIMER_HIGH_RESOLUTION: u32 = 2;
const MODIFY_STATE: u32 = 2;
const ALL_ACCESS: u32 = STANDARD_RIGHTS_ALL | 3;

pub(crate) struct Timer {
    timer: veduta::Timer,
    /// Where the procedure of the last `SetWaitableTimer` is queued, and under which number.
    completion: Arc<Mutex<Option<Queued>>>,
}

/// The thread, and the number.
type Queued = (Weak<Alerts>, u64);

/// Called in an alertable wait of the thread that set the timer, with the time at which it was due.
type Completion = Option<extern "C" fn(POINTER, DWORD, DWORD)>;

impl Timer {
    fn new(timer: veduta::Timer) -> Timer {
        Timer { timer, completion: Arc::default() }
    }

    pub(crate) fn waitable(&self) -> &dyn Waitable {
        &self.timer
    }

    pub(crate) fn pack(&self) -> Result<Packed> {
        let descriptors = self.timer.try_clone()?.into_descriptors()?;
        Ok(Packed { kind: "timer".to_owned(), detail: "-".to_owned(), descriptors })
    }

    pub(crate) fn unpack(_detail: &str, descriptors: Vec<OwnedFd>) -> Result<Timer> {
        Ok(Timer::new(veduta::Timer::from_descriptors(descriptors)?))
    }

    /// Takes back a procedure that was queued and has not run: it belongs to what the timer was set to before.
    fn take_back(&self) {
        let before = lock(&self.completion).take();
        if let Some((alerts, number)) = before
            && let Some(alerts) = alerts.upgrade()
        {
            alerts.take_back(number);
        }
    }

    fn set(&self, due: Due, period: Option<Duration>, completion: Completion, argument: usize) -> Result<()> {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        self.take_back();
        let Some(completion) = completion else { return Ok(self.timer.set(due, period)?) };
        let alerts = Alerts::of_this_thread();
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        *lock(&self.completion) = Some((Arc::downgrade(&alerts), number));
        let current = Arc::clone(&self.completion);
        Ok(self.timer.set_and_call(due, period, move || {
            let now = time::now();
            let run = move || completion(argument as POINTER, now as DWORD, (now >> 32) as DWORD);
            // Under the lock: who cancels the timer or sets it anew meanwhile takes it back, or comes first.
            let current = lock(&current);
            if current.as_ref().is_some_and(|(_, current)| *current == number) {
                // The thread may have ended; then there is nobody to call it.
                alerts.queue(number, Box::new(run));
            }
        })?)
    }
}

fn lock(completion: &Mutex<Option<Queued>>) -> MutexGuard<'_, Option<Queued>> {
    completion.lock().unwrap_or_else(PoisonError::into_inner)
}

fn duration(units: u64) -> Duration {
    Duration::new(units / TICKS_PER_SECOND, (units % TICKS_PER_SECOND) as u32 * 100)
}

/// Negative: so long from now. Else the time of day.
fn due(units: i64) -> Due {
    match u64::try_from(units) {
        Ok(units) => {
            Due::At(SystemTime::UNIX_EPOCH + duration(units.saturating_sub(UNIX_EPOCH * TICKS_PER_SECOND)))
        }
        Err(_) => Due::In(duration(units.unsigned_abs())),
    }
}

export! {
    fn CreateWaitableTimerA(attributes: Attributes, manual: BOOL, name: Narrow) -> HANDLE {
        new(attributes, manual.is_true(), name, ALL_ACCESS)
    }

    fn CreateWaitableTimerW(attributes: Attributes, manual: BOOL, name: Wide) -> HANDLE {
        new(attributes, manual.is_true(), name, ALL_ACCESS)
    }

    fn CreateWaitableTimerExA(attributes: Attributes, name: Narrow, flags: DWORD, access: DWORD) -> HANDLE {
        new_ex(attributes, name, flags, access)
    }

    fn CreateWaitableTimerExW(attributes: Attributes, name: Wide, flags: DWORD, access: DWORD) -> HANDLE {
        new_ex(attributes, name, flags, access)
    }

    fn OpenWaitableTimerA(access: DWORD, inherit: BOOL, name: Narrow) -> HANDLE {
        open(access, inherit.is_true(), name)
    }

    fn OpenWaitableTimerW(access: DWORD, inherit: BOOL, name: Wide) -> HANDLE {
        open(access, inherit.is_true(), name)
    }

    fn SetWaitableTimer(
        timer: HANDLE,
        due: In<LARGE>,
        period: LONG,
        completion: Completion,
        argument: usize,
        resume: BOOL,
    ) -> BOOL {
        // A machine that sleeps is not woken. The call succeeds all the same, and says so, as on Windows.
        set(timer, due, period, completion, argument)?;
        last_error::set(if resume.is_true() { code::NOT_SUPPORTED } else { code::SUCCESS });
        Ok(())
    }

    fn SetWaitableTimerEx(
        timer: HANDLE,
        due: In<LARGE>,
        period: LONG,
        completion: Completion,
        argument: usize,
        _wake_context: POINTER,
        _tolerable_delay: UINT,
    ) -> BOOL {
        set(timer, due, period, completion, argument)
    }

    fn CancelWaitableTimer(timer: HANDLE) -> BOOL {
        with(timer, |timer| {
            timer.take_back();
            Ok(timer.timer.cancel()?)
        })
    }
}

fn new(attributes: Attributes, manual: bool, name: impl Text, access: u32) -> Result<HANDLE> {
    let mut options = veduta::Timer::options();
    options.reset(if manual { Reset::Manual } else { Reset::Auto });
    if let Some(mode) = attributes.mode()? {
        options.mode(mode);
    }
    let (timer, disposition) = options.create(&name.name()?.unwrap_or_default())?;
    let object = Arc::new(Object::Timer(Timer::new(timer)));
    let handle = table::insert(object, rights::timer(access), attributes.inherits())?;
    last_error::set(match disposition {
        Disposition::Created => code::SUCCESS,
        Disposition::Opened => code::ALREADY_EXISTS,
    });
    Ok(handle)
}

fn new_ex(attributes: Attributes, name: impl Text, flags: u32, access: u32) -> Result<HANDLE> {
    if flags & !(CREATE_WAITABLE_TIMER_MANUAL_RESET | CREATE_WAITABLE_TIMER_HIGH_RESOLUTION) != 0 {
        return fail(code::INVALID_PARAMETER);
    }
    new(attributes, flags & CREATE_WAITABLE_TIMER_MANUAL_RESET != 0, name, access)
}

fn open(access: u32, inherit: bool, name: impl Text) -> Result<HANDLE> {
    let name =
        name.name()?.ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "only a name can be opened"))?;
    let timer = veduta::Timer::options().open(&name)?;
    // After the look at the name: programs tell by the error whether the timer is there.
    let access = rights::timer(to_open(access, 3)?);
    table::insert(Arc::new(Object::Timer(Timer::new(timer))), access, inherit)
}

fn set(timer: HANDLE, at: In<LARGE>, period: LONG, completion: Completion, argument: usize) -> Result<()> {
    let period = u64::try_from(period)
        .map_err(|_| Failure::hint(code::INVALID_PARAMETER, "a period is not below 0"))?;
    let at = at.required()?;
    with(timer, |timer| {
        timer.set(due(at), (period > 0).then(|| Duration::from_millis(period)), completion, argument)
    })
}

fn with(timer: HANDLE, change: impl FnOnce(&Timer) -> Result<()>) -> Result<()> {
    let entry = table::entry(timer)?;
    let timer = entry.object.as_kind::<Timer>()?;
    if entry.access & MODIFY_STATE == 0 {
        return Err(Failure::hint(code::ACCESS_DENIED, "the handle has no TIMER_MODIFY_STATE right"));
    }
    change(timer)
}
