//! `VirtualLock`: which pages are kept in memory. The kernel does not say of pages whether they are locked, so it is noted here.

use super::maps;
use super::runs::Runs;
use crate::addresses::PAGE;
use crate::code;
use crate::failure::{Failure, Result};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::ffi::c_void;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// By page number.
static LOCKED: Mutex<Runs<bool>> = Mutex::new(Runs::new(false));
/// Whether there ever were any: most programs lock nothing, and unmap much.
static ANY: AtomicBool = AtomicBool::new(false);

fn locked() -> MutexGuard<'static, Runs<bool>> {
    LOCKED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn numbers(range: &Range<usize>) -> Range<usize> {
    range.start / PAGE..range.end / PAGE
}

pub(super) fn lock(range: Range<usize>) -> Result<()> {
    ANY.store(true, Ordering::SeqCst);
    let mut locked = locked();
    // SAFETY: the call changes nothing that a program can see, wherever the pages are.
    let result = unsafe { rustix::mm::mlock(range.start as *mut c_void, range.len()) };
    match result {
        Ok(()) => {
            locked.set(numbers(&range), true);
            Ok(())
        }
        Err(errno @ (Errno::NOMEM | Errno::PERM | Errno::AGAIN)) => {
            // What was not locked before may be by now, up to where it failed.
            for (run, _) in locked.runs(numbers(&range)).filter(|(_, locked)| !locked) {
                let (start, len) = (run.start * PAGE, run.len() * PAGE);
                // SAFETY: as above.
                let _partly_mapped = unsafe { rustix::mm::munlock(start as *mut c_void, len) };
            }
            drop(locked);
            if errno == Errno::NOMEM && !maps::allows(&range, false)? {
                return Err(Failure::hint(
                    code::NOACCESS,
                    "only committed pages that can be read are locked",
                ));
            }
            let limit = getrlimit(Resource::Memlock).current;
            let limit = limit.map_or("unlimited".to_owned(), |bytes| format!("{bytes} bytes"));
            let hint = format!(
                "{} bytes wanted; this process may lock {limit} in all (RLIMIT_MEMLOCK)",
                range.len()
            );
            Err(Failure::hint(code::WORKING_SET_QUOTA, hint))
        }
        Err(errno) => Err(errno.into()),
    }
}

pub(super) fn unlock(range: Range<usize>) -> Result<()> {
    let mut locked = locked();
    if locked.runs(numbers(&range)).any(|(_, locked)| !locked) {
        return Err(Failure::hint(code::NOT_LOCKED, "part of the range is not locked"));
    }
    // SAFETY: as for `lock`.
    unsafe { rustix::mm::munlock(range.start as *mut c_void, range.len()) }?;
    locked.set(numbers(&range), false);
    Ok(())
}

/// The pages are going away, and their locks with them.
pub(crate) fn forget(range: Range<usize>) {
    if ANY.load(Ordering::SeqCst) {
        locked().set(numbers(&range), false);
    }
}
