//! Waiting: for one object, for several, alertably.

use crate::apc::Alerts;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::object::{Kind, Object};
use crate::pointer::In;
use crate::rights::SYNCHRONIZE;
use crate::table::{self, Entry};
use crate::types::{BOOL, DWORD, HANDLE};
use std::sync::Arc;
use std::time::{Duration, Instant};
use veduta::{MAXIMUM_WAIT_OBJECTS, Mutex, Waitable, Waited};

const WAIT_OBJECT_0: u32 = 0;
const WAIT_ABANDONED_0: u32 = 0x80;
const WAIT_IO_COMPLETION: u32 = 0xC0;
const WAIT_TIMEOUT: u32 = 258;
const WAIT_FAILED: u32 = u32::MAX;
const INFINITE: u32 = u32::MAX;

export! {
    fn WaitForSingleObject(
        handle: HANDLE,
        milliseconds: DWORD,
    ) -> DWORD, failing WAIT_FAILED, at_once { claim(handle) } {
        one(handle, milliseconds, false)
    }

    fn WaitForSingleObjectEx(handle: HANDLE, milliseconds: DWORD, alertable: BOOL) -> DWORD, failing WAIT_FAILED {
        one(handle, milliseconds, alertable.is_true())
    }

    fn WaitForMultipleObjects(
        count: DWORD,
        handles: In<HANDLE>,
        all: BOOL,
        milliseconds: DWORD,
    ) -> DWORD, failing WAIT_FAILED {
        several(count, handles, all.is_true(), milliseconds, false)
    }

    fn WaitForMultipleObjectsEx(
        count: DWORD,
        handles: In<HANDLE>,
        all: BOOL,
        milliseconds: DWORD,
        alertable: BOOL,
    ) -> DWORD, failing WAIT_FAILED {
        several(count, handles, all.is_true(), milliseconds, alertable.is_true())
    }

    fn SignalObjectAndWait(
        signal: HANDLE,
        wait: HANDLE,
        milliseconds: DWORD,
        alertable: BOOL,
    ) -> DWORD, failing WAIT_FAILED {
        let signal = table::entry(signal)?;
        let wait = to_wait_for(wait)?;
        let target = wait.object.waitable()?;
        match &*signal.object {
            Object::Event(event) => event.set()?,
            Object::Mutex(mutex) => mutex.release()?,
            Object::Semaphore(semaphore) => drop(semaphore.release(1)?),
            _ => return fail(code::INVALID_HANDLE),
        }
        wait_any(&[target], timeout(milliseconds), alertable.is_true())
    }

    fn Sleep(milliseconds: DWORD) {
        sleep(milliseconds);
        Ok(())
    }

    fn SleepEx(milliseconds: DWORD, alertable: BOOL) -> DWORD {
        if !alertable.is_true() {
            sleep(milliseconds);
            return Ok(0);
        }
        match wait_any(&[], timeout(milliseconds), true)? {
            WAIT_IO_COMPLETION => Ok(WAIT_IO_COMPLETION),
            _ => Ok(0),
        }
    }
}

fn sleep(milliseconds: u32) {
    match timeout(milliseconds) {
        Some(Duration::ZERO) => std::thread::yield_now(),
        Some(time) => std::thread::sleep(time),
        None => loop {
            std::thread::sleep(Duration::MAX);
        },
    }
}

fn timeout(milliseconds: u32) -> Option<Duration> {
    (milliseconds != INFINITE).then(|| Duration::from_millis(milliseconds.into()))
}

/// The entry of a handle that may be waited for; `waitable` checks the rights of those objects that keep them themselves.
fn to_wait_for(handle: HANDLE) -> Result<Arc<Entry>> {
    if handle == HANDLE::CURRENT_THREAD || handle == HANDLE::CURRENT_PROCESS {
        // Neither ends while it waits for itself.
        return Err(Failure::hint(code::INVALID_HANDLE, "a pseudo handle cannot be waited for"));
    }
    let entry = table::entry(handle)?;
    match &*entry.object {
        Object::Timer(_) | Object::Thread(_) | Object::Process(_) if entry.access & SYNCHRONIZE == 0 => {
            Err(Failure::hint(code::ACCESS_DENIED, "the handle has no SYNCHRONIZE right"))
        }
        _ => Ok(entry),
    }
}

/// Acquires a mutex that is free: most waits end here.
#[inline(always)]
fn claim(handle: HANDLE) -> Option<u32> {
    let claimed = table::quick(handle, |entry| Mutex::of(&entry.object).is_some_and(Mutex::claim_at_once));
    (claimed == Some(true)).then_some(WAIT_OBJECT_0)
}

fn one(handle: HANDLE, milliseconds: u32, alertable: bool) -> Result<u32> {
    if handle == HANDLE::CURRENT_PROCESS || handle == HANDLE::CURRENT_THREAD {
        // What waits for itself waits for as long as it may.
        return wait_any(&[], timeout(milliseconds), alertable);
    }
    let entry = to_wait_for(handle)?;
    wait_any(&[entry.object.waitable()?], timeout(milliseconds), alertable)
}

fn several(count: u32, handles: In<HANDLE>, all: bool, milliseconds: u32, alertable: bool) -> Result<u32> {
    let count = count as usize;
    if !(1..=MAXIMUM_WAIT_OBJECTS).contains(&count) {
        let hint = format!("one can wait for 1 to {MAXIMUM_WAIT_OBJECTS} objects, not for {count}");
        return Err(Failure::hint(code::INVALID_PARAMETER, hint));
    }
    let entries = handles.all(count)?.into_iter().map(to_wait_for).collect::<Result<Vec<_>>>()?;
    let targets = entries.iter().map(|entry| entry.object.waitable()).collect::<Result<Vec<_>>>()?;
    let timeout = timeout(milliseconds);
    if all { wait_all(&targets, timeout, alertable) } else { wait_any(&targets, timeout, alertable) }
}

fn wait_any(targets: &[&dyn Waitable], timeout: Option<Duration>, alertable: bool) -> Result<u32> {
    if alertable {
        let alerts = Alerts::of_this_thread();
        return alertably(&alerts, timeout, |left| alerts.interrupt().wait_any(targets, left));
    }
    if targets.is_empty() {
        return Ok(result(veduta::Interrupt::new().wait_any(&[], timeout)?.unwrap_or(Waited::TimedOut)));
    }
    Ok(result(veduta::wait_any(targets, timeout)?))
}

fn wait_all(targets: &[&dyn Waitable], timeout: Option<Duration>, alertable: bool) -> Result<u32> {
    if alertable {
        let alerts = Alerts::of_this_thread();
        return alertably(&alerts, timeout, |left| alerts.interrupt().wait_all(targets, left));
    }
    Ok(result(veduta::wait_all(targets, timeout)?))
}

/// Waits until an object can be had or a procedure was queued; in that case runs all that were.
fn alertably(
    alerts: &Alerts,
    timeout: Option<Duration>,
    wait: impl Fn(Option<Duration>) -> veduta::Result<Option<Waited>>,
) -> Result<u32> {
    let begun = Instant::now();
    let mut left = timeout;
    loop {
        match wait(left)? {
            Some(waited) => return Ok(result(waited)),
            None if alerts.run() => return Ok(WAIT_IO_COMPLETION),
            // What was queued was taken back, as a timer does when it is set anew.
            None => left = timeout.map(|timeout| timeout.saturating_sub(begun.elapsed())),
        }
    }
}

fn result(waited: Waited) -> u32 {
    match waited {
        Waited::Signaled(index) => WAIT_OBJECT_0 + index as u32,
        Waited::Abandoned(index) => WAIT_ABANDONED_0 + index as u32,
        Waited::TimedOut => WAIT_TIMEOUT,
    }
}
