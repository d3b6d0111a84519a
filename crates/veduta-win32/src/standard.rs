//! The standard handles.
//!
//! At first they are duplicates of the descriptors 0, 1 and 2: closing such a handle does not take the stream from the C library.

use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::file::{self, File, RIGHTS};
use crate::rights::{GENERIC_READ, GENERIC_WRITE};
use crate::types::{BOOL, DWORD, HANDLE};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Standard input, output and errors; `None` until one was asked for or set.
static STANDARD: Mutex<[Option<HANDLE>; 3]> = Mutex::new([None; 3]);

fn standard() -> MutexGuard<'static, [Option<HANDLE>; 3]> {
    STANDARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `STD_INPUT_HANDLE` is -10, and so on.
fn index(which: u32) -> Result<usize> {
    match -10 - i64::from(which as i32) {
        index @ 0..=2 => Ok(index as usize),
        _ => Err(Failure::hint(
            code::INVALID_HANDLE,
            "it is STD_INPUT_HANDLE, STD_OUTPUT_HANDLE or STD_ERROR_HANDLE",
        )),
    }
}

export! {
    fn GetStdHandle(which: DWORD) -> HANDLE, failing HANDLE::INVALID {
        let index = index(which)?;
        let mut standard = standard();
        if let Some(handle) = standard[index] {
            return Ok(handle);
        }
        let handle = open(index)?;
        standard[index] = Some(handle);
        Ok(handle)
    }

    fn SetStdHandle(which: DWORD, handle: HANDLE) -> BOOL {
        set(which, handle)
    }
}

/// The standard handle that was asked for or set before; `None` if the descriptor is as it was.
pub(crate) fn current(which: u32) -> Option<HANDLE> {
    standard()[index(which).ok()?]
}

pub(crate) fn set(which: u32, handle: HANDLE) -> Result<()> {
    standard()[index(which)?] = Some(handle);
    Ok(())
}

fn open(index: usize) -> Result<HANDLE> {
    // SAFETY: the descriptor is only duplicated, and if nothing is open under the number the call says so.
    let stream = unsafe { BorrowedFd::borrow_raw(index as i32) };
    let descriptor = match rustix::io::fcntl_dupfd_cloexec(stream, 3) {
        // The process was started without the stream.
        Err(Errno::BADF) => return Ok(HANDLE::NULL),
        descriptor => descriptor?,
    };
    let file = File::shared(descriptor, false)?;
    // A terminal may be read and written through each of the three, but the program is told what each is for.
    let access = if index == 0 { GENERIC_READ } else { GENERIC_WRITE };
    file::insert(file, RIGHTS.map(access), true)
}
