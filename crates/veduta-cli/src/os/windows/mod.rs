//! Windows.
#![allow(unsafe_code, reason = "Windows is asked through windows-sys")]

pub(crate) mod files;
pub(crate) mod machine;
pub(crate) mod processes;
pub(crate) mod signals;
pub(crate) mod unnamed;

use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use windows_sys::core::BOOL;

/// What a call says that answers with a truth value.
fn done(status: BOOL) -> io::Result<()> {
    if status == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A path as Windows takes it, with a NUL behind it.
fn wide(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}
