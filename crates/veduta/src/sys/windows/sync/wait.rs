//! Waiting for one object, for any of several, and for all of several at once: the kernel does it, in one call.

use super::super::error::{failed, last};
use super::interrupt::Interrupt;
use super::known::Kept;
use super::object::Object;
use super::owner::{Acquired, Ownership};
use crate::{Code, Error, Result, Waited};
use std::os::windows::io::AsRawHandle;
use std::time::{Duration, Instant};
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_PARAMETER, HANDLE, WAIT_ABANDONED_0, WAIT_EVENT, WAIT_FAILED, WAIT_IO_COMPLETION,
    WAIT_TIMEOUT,
};
use windows_sys::Win32::System::Threading::{INFINITE, SleepEx, WaitForMultipleObjectsEx};

pub(super) const WAIT: &str = "wait";

/// Until when to wait, on the clock of [`Instant`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    Never,
    At(Instant),
}

impl Deadline {
    pub(crate) fn after(timeout: Option<Duration>) -> Deadline {
        match timeout.and_then(|timeout| Instant::now().checked_add(timeout)) {
            Some(at) => Deadline::At(at),
            None => Deadline::Never,
        }
    }

    fn has_passed(self) -> bool {
        matches!(self, Deadline::At(at) if Instant::now() >= at)
    }

    /// For how long one call is to wait: not less than what is left, or as long as a call can.
    fn milliseconds(self) -> u32 {
        const LONGEST: u32 = INFINITE - 1;
        match self {
            Deadline::Never => INFINITE,
            Deadline::At(at) => {
                let left = at.saturating_duration_since(Instant::now()).as_nanos().div_ceil(1_000_000);
                u32::try_from(left).unwrap_or(LONGEST).min(LONGEST)
            }
        }
    }
}

/// An object to wait for.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(super) object: &'a Object,
}

impl Target<'_> {
    /// Whether both are the same handle. Two handles to one object the kernel finds out, when it is asked to wait for all.
    pub(crate) fn is(&self, other: &Target<'_>) -> bool {
        self.handle() == other.handle()
    }

    fn handle(&self) -> HANDLE {
        self.object.section.handle.as_raw_handle()
    }

    /// For a mutex.
    fn ownership(&self) -> Option<&Ownership> {
        match self.object.kept()? {
            Kept::Mutex(ownership) => Some(ownership),
            Kept::Timer(_) => None,
        }
    }
}

fn handles(targets: &[Target<'_>]) -> smallvec::SmallVec<[HANDLE; 1]> {
    targets.iter().map(Target::handle).collect()
}

/// Waits until one of the objects can be had, and takes it: the first in the list, if there are several. `None`: interrupted.
pub(crate) fn any(
    targets: &[Target<'_>],
    deadline: Deadline,
    interrupt: Option<&Interrupt>,
) -> Result<Option<Waited>> {
    let waited = wait(&handles(targets), Mode::Any, deadline, interrupt)?;
    let taken = match waited {
        Some(Waited::Signaled(index)) => Some((index, Acquired::Free)),
        Some(Waited::Abandoned(index)) => Some((index, Acquired::Abandoned)),
        Some(Waited::TimedOut) | None => None,
    };
    if let Some((index, acquired)) = taken
        && let Some(ownership) = targets[index].ownership()
    {
        ownership.acquired(acquired);
    }
    Ok(waited)
}

/// Waits until all objects can be had, and takes them at once. `None`: interrupted.
///
/// The kernel tells that a mutex among them was abandoned, and not which. So all those count as abandoned that the thread did not own before: what they protect
/// may be half done.
pub(crate) fn all(
    targets: &[Target<'_>],
    deadline: Deadline,
    interrupt: Option<&Interrupt>,
) -> Result<Option<Waited>> {
    let waited = wait(&handles(targets), Mode::All, deadline, interrupt)?;
    let how = match waited {
        Some(Waited::Signaled(_)) => Acquired::Free,
        Some(Waited::Abandoned(_)) => Acquired::Abandoned,
        Some(Waited::TimedOut) | None => return Ok(waited),
    };
    let mut abandoned = None;
    for (index, target) in targets.iter().enumerate() {
        if let Some(ownership) = target.ownership() {
            let how = if ownership.is_held() { Acquired::Free } else { how };
            if how == Acquired::Abandoned {
                abandoned.get_or_insert(index);
            }
            ownership.acquired(how);
        }
    }
    Ok(Some(abandoned.map_or(Waited::Signaled(0), Waited::Abandoned)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Any,
    All,
}

/// Waits, as often as it takes. What can be had at once comes before the interrupt, and the interrupt before the deadline.
pub(super) fn wait(
    handles: &[HANDLE],
    mode: Mode,
    deadline: Deadline,
    interrupt: Option<&Interrupt>,
) -> Result<Option<Waited>> {
    let _waiting = interrupt.map(Interrupt::enter).transpose()?;
    loop {
        // After entering the interrupt's list.
        let raised = interrupt.is_some_and(Interrupt::is_raised);
        let milliseconds = if raised { 0 } else { deadline.milliseconds() };
        match wait_once(handles, mode, milliseconds, interrupt.is_some() && !raised) {
            WAIT_TIMEOUT if raised => return Ok(None),
            WAIT_TIMEOUT if deadline.has_passed() => return Ok(Some(Waited::TimedOut)),
            // It was not that long yet, or a procedure ran: ours, or one that the program queued.
            WAIT_TIMEOUT | WAIT_IO_COMPLETION => {}
            WAIT_FAILED => return Err(refused(mode, last())),
            status if status >= WAIT_ABANDONED_0 => {
                return Ok(Some(Waited::Abandoned((status - WAIT_ABANDONED_0) as usize)));
            }
            index => return Ok(Some(Waited::Signaled(index as usize))),
        }
    }
}

/// One call of the kernel.
fn wait_once(handles: &[HANDLE], mode: Mode, milliseconds: u32, alertable: bool) -> WAIT_EVENT {
    if handles.is_empty() {
        // SAFETY: only sleeps, and runs what the program queued.
        let status = unsafe { SleepEx(milliseconds, alertable.into()) };
        return if status == WAIT_IO_COMPLETION { status } else { WAIT_TIMEOUT };
    }
    let (count, all) = (handles.len() as u32, (mode == Mode::All).into());
    // SAFETY: there are so many handles, and they are open: the caller has the objects.
    unsafe { WaitForMultipleObjectsEx(count, handles.as_ptr(), all, milliseconds, alertable.into()) }
}

fn refused(mode: Mode, code: u32) -> Error {
    if mode == Mode::All && code == ERROR_INVALID_PARAMETER {
        return Error::new(Code::INVALID_PARAMETER, WAIT).hint(
            "one of the objects is there twice, by two handles, which could never be had twice at once",
        );
    }
    failed(WAIT, code)
}
