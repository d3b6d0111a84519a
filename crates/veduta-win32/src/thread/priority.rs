//! Priorities of threads.
//!
//! Windows lets every program raise and lower its threads; Linux lets a program without privileges only lower them, and never
//! raise them again. So a priority is always remembered, and becomes the thread's nice value only where it could be taken back.

use super::Life;
use crate::code;
use crate::failure::{Failure, Result};
use std::sync::atomic::Ordering;

/// `THREAD_PRIORITY_ERROR_RETURN`.
pub(super) const FAILED: i32 = i32::MAX;

/// The nice value that goes with a priority, beside that of `THREAD_PRIORITY_NORMAL`.
fn nice(priority: i32) -> Option<i32> {
    Some(match priority {
        -15 => 19,
        -2 => 10,
        -1 => 5,
        0 => 0,
        1 => -5,
        2 => -10,
        15 => -15,
        _ => return None,
    })
}

pub(super) fn set(life: &Life, priority: i32) -> Result<()> {
    let nice = nice(priority).ok_or_else(|| {
        Failure::hint(code::INVALID_PARAMETER, "a priority is one of -15, -2, -1, 0, 1, 2 and 15")
    })?;
    life.priority.store(priority, Ordering::Relaxed);
    if may_be_taken_back(nice.min(0)) {
        // What the system refuses all the same stays as it is: a priority is a wish.
        let _refused = set_nice(life.number(), nice);
    }
    Ok(())
}

fn set_nice(number: u32, nice: i32) -> std::io::Result<()> {
    // SAFETY: the call takes numbers only.
    match unsafe { libc::setpriority(libc::PRIO_PROCESS, number, nice) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Whether this process may go down to a nice value.
fn may_be_taken_back(nice: i32) -> bool {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nice).current;
    // The limit is 20 minus the lowest nice value; none is allowed everything.
    rustix::process::geteuid().is_root() || limit.is_none_or(|limit| 20 - limit.min(40) as i32 <= nice)
}
