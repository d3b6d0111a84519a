//! Bytes of a view that are not there, and the signal SIGBUS by which Linux says so.
//!
//! A page of a view is missing when its file was cut off, when the disk or the memory file system behind a hole is full, or when
//! a device fails. All safe copies ([`View::read_at`](crate::View::read_at) and its kin) then fail with
//! [`Code::SWAPERROR`](crate::Code::SWAPERROR) and say [which byte](crate::Error::failed_at) it was; nothing has to be done for that. The
//! library installs a handler when it first maps something. It lets its own copies go on, and hands every other fault to the
//! handler that was there before.
//!
//! Only what is touched otherwise needs this module: through pointers, slices or atomics.
//!
//! # Beside other handlers
//! - One that was installed *before*: is called for all faults that are not the library's.
//! - One that is installed *later*, by a host such as a Java virtual machine: if it calls the one that it found, all is well. If
//!   not, either call [`install`] after it, or have it call [`handle`].
//! - Threads must not block SIGBUS: Linux ends a process whose fault cannot be delivered.
//!
//! # Windows
//! Structured exceptions do this there, without any installation.

use crate::{Result, sys};
use std::ffi::c_void;

pub use sys::in_page::{Fault, Recovery};

/// Puts the library's handler before the one that is installed now. Does nothing if it is the one that is installed.
///
/// # Errors
/// [`Code::NO_SYSTEM_RESOURCES`](crate::Code::NO_SYSTEM_RESOURCES) when others took its place for the eighth time.
///
/// ```
/// // … a library was loaded that handles SIGBUS …
/// veduta::os::unix::in_page::install()?;
/// # Ok::<(), veduta::Error>(())
/// ```
pub fn install() -> Result<()> {
    sys::in_page::install()
}

/// For a handler of SIGBUS that does not call the one that it found: takes care of the fault if it is one of the library's, and
/// says whether it was. After `true` the handler returns.
///
/// # Safety
/// The two are the second and third argument of a handler that was installed with `SA_SIGINFO` and is running now.
#[allow(unsafe_code, reason = "the pointers are the kernel's")]
pub unsafe fn handle(info: *mut c_void, context: *mut c_void) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { sys::in_page::recover(info, context) }
}

/// Has faults that are not the library's own put to `recovery` before they go to the handler that was there before. There is one;
/// it takes the place of the last.
///
/// `recovery` runs as a signal handler in the thread that met the fault. To let that thread go on elsewhere it calls
/// [`Fault::go_on`].
pub fn set_recovery(recovery: Recovery) -> Result<()> {
    sys::in_page::set_recovery(recovery)
}
