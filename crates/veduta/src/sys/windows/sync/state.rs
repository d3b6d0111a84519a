//! The state of an object, as the kernel tells it. It tells nobody who waits.

use super::super::error::failed;
use super::native;
use crate::{Code, Error, Kind, ObjectState, Owner, Reset, Result};
use std::os::windows::io::BorrowedHandle;
use windows_sys::Win32::System::Threading::GetCurrentThreadId;

const QUERY: &str = "query object";

/// The state of an object of a kind; `detail` is what its maker stated.
pub(crate) fn state_of(handle: BorrowedHandle<'_>, kind: Kind, detail: u32) -> Result<ObjectState> {
    let fail = |code| failed(QUERY, code);
    let waiters = None;
    Ok(match kind {
        Kind::Section => {
            return Err(Error::new(Code::INVALID_HANDLE, QUERY).hint("a section is never signaled"));
        }
        Kind::Mutex => mutex(handle).map_err(fail)?,
        Kind::Event => {
            let event = native::event(handle).map_err(fail)?;
            let reset = if event.kind == 0 { Reset::Manual } else { Reset::Auto };
            ObjectState::Event { reset, signaled: event.state != 0, waiters }
        }
        Kind::Semaphore => {
            let semaphore = native::semaphore(handle).map_err(fail)?;
            let (count, maximum) = (semaphore.count.cast_unsigned(), semaphore.maximum.cast_unsigned());
            ObjectState::Semaphore { count, maximum, waiters }
        }
        Kind::Timer => {
            let timer = native::timer(handle).map_err(fail)?;
            // The kernel does not tell what resets it.
            ObjectState::Timer { reset: reset_of(detail), signaled: timer.state != 0, waiters }
        }
    })
}

/// What resets an event or a timer, by what stands in its description.
pub(super) fn reset_of(detail: u32) -> Reset {
    if detail == 0 { Reset::Auto } else { Reset::Manual }
}

fn mutex(handle: BorrowedHandle<'_>) -> Result<ObjectState, u32> {
    let mutant = native::mutant(handle)?;
    let recursion = recursion(mutant.count);
    let owner = match (recursion, mutant.owned_by_caller) {
        (0, _) => None,
        (_, 0) => Some(owner(handle)),
        // SAFETY: reads a number of this thread.
        _ => Some(Owner::Thread { process: std::process::id(), thread: unsafe { GetCurrentThreadId() } }),
    };
    Ok(ObjectState::Mutex { owner, recursion, abandoned: mutant.abandoned != 0, waiters: None })
}

/// How often a mutex is owned, by the kernel's count.
pub(super) fn recursion(count: i32) -> u32 {
    1_i32.saturating_sub(count).try_into().unwrap_or(0)
}

/// Who owns a mutex that was owned a moment ago.
fn owner(handle: BorrowedHandle<'_>) -> Owner {
    match native::mutant_owner(handle) {
        // 0: it was released meanwhile.
        Ok(owner) if owner.thread != 0 => {
            Owner::Thread { process: owner.process as u32, thread: owner.thread as u32 }
        }
        // Wine has no such question.
        _ => Owner::Unknown,
    }
}
