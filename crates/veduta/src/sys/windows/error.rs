//! What a call of Windows left behind, as our error: the code is Windows' own.

use crate::{Code, Error};
use windows_sys::Win32::Foundation::{GetLastError, NTSTATUS, RtlNtStatusToDosError};
use windows_sys::core::BOOL;

/// The failure of a system call, as the caller sees it.
pub(crate) fn failed(operation: &'static str, code: u32) -> Error {
    Error::new(Code::from_number(code), operation)
        .source(std::io::Error::from_raw_os_error(code.cast_signed()))
}

/// The error that the last call of this thread left behind.
pub(crate) fn last() -> u32 {
    // SAFETY: reads a number of this thread.
    unsafe { GetLastError() }
}

/// What a call says that answers with a truth value.
pub(crate) fn done(status: BOOL) -> Result<(), u32> {
    if status == 0 { Err(last()) } else { Ok(()) }
}

/// What a call of the kernel's own interface says.
pub(crate) fn succeeded(status: NTSTATUS) -> Result<(), u32> {
    // SAFETY: turns a number into another.
    if status < 0 { Err(unsafe { RtlNtStatusToDosError(status) }) } else { Ok(()) }
}
