//! What memory there is, and large pages.

use super::error::{done, failed};
use super::native::this_process;
use crate::{Code, Error, Result};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{ERROR_NOT_ALL_ASSIGNED, HANDLE, LUID};
use windows_sys::Win32::Security::{
    AdjustTokenPrivileges, LUID_AND_ATTRIBUTES, LookupPrivilegeValueW, SE_LOCK_MEMORY_NAME,
    SE_PRIVILEGE_ENABLED, TOKEN_ADJUST_PRIVILEGES, TOKEN_PRIVILEGES,
};
use windows_sys::Win32::System::Memory::GetLargePageMinimum;
use windows_sys::Win32::System::SystemInformation::{GlobalMemoryStatusEx, MEMORYSTATUSEX};
use windows_sys::Win32::System::Threading::{GetNumaHighestNodeNumber, OpenProcessToken};

const OPERATION: &str = "promise memory";

fn status() -> Result<MEMORYSTATUSEX> {
    let mut status =
        MEMORYSTATUSEX { dwLength: size_of::<MEMORYSTATUSEX>() as u32, ..MEMORYSTATUSEX::default() };
    // SAFETY: the structure is ours, and says how long it is.
    done(unsafe { GlobalMemoryStatusEx(&raw mut status) }).map_err(|code| failed(OPERATION, code))?;
    Ok(status)
}

/// Refuses a number of bytes that this process cannot be promised now.
pub(crate) fn promise(bytes: u64) -> Result<()> {
    let status = status()?;
    // Who asks Wine while another thread asks for the first time is told 0 of 0: then the call that takes the memory finds out.
    if bytes <= status.ullAvailPageFile || status.ullTotalPageFile == 0 {
        return Ok(());
    }
    Err(Error::new(Code::COMMITMENT_LIMIT, OPERATION).hint(told(bytes)))
}

/// What was needed, and what is there.
pub(crate) fn told(bytes: u64) -> String {
    match status() {
        Ok(status) => format!(
            "{bytes} bytes are needed, and {} of {} can still be promised (memory and page file)",
            status.ullAvailPageFile, status.ullTotalPageFile
        ),
        Err(_) => format!("{bytes} bytes are needed"),
    }
}

/// The size of large pages; 0 where there are none.
pub(crate) fn large_page() -> u64 {
    // SAFETY: only asks.
    unsafe { GetLargePageMinimum() as u64 }
}

/// Refuses a NUMA node that the machine does not have.
pub(crate) fn check_node(node: u32, operation: &'static str) -> Result<()> {
    let mut highest = 0;
    // SAFETY: the number is written to a variable of ours.
    done(unsafe { GetNumaHighestNodeNumber(&raw mut highest) }).map_err(|code| failed(operation, code))?;
    if node <= highest {
        return Ok(());
    }
    Err(Error::new(Code::INVALID_PARAMETER, operation)
        .hint(format!("there is no NUMA node {node}; this machine has 0 to {highest}")))
}

/// Turns on the privilege that large pages take, if this user has it.
pub(crate) fn allow_large_pages(operation: &'static str) -> Result<()> {
    let fail = |code| failed(operation, code);
    let mut token: HANDLE = null_mut();
    // SAFETY: the pseudo handle is always good, and the handle is written to a variable of ours.
    done(unsafe { OpenProcessToken(this_process(), TOKEN_ADJUST_PRIVILEGES, &raw mut token) })
        .map_err(fail)?;
    // SAFETY: it was just opened, and nobody else has it.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut privilege = LUID::default();
    // SAFETY: the name ends with a NUL, and the number is written to a variable of ours.
    done(unsafe { LookupPrivilegeValueW(null(), SE_LOCK_MEMORY_NAME, &raw mut privilege) }).map_err(fail)?;
    let wanted = TOKEN_PRIVILEGES {
        PrivilegeCount: 1,
        Privileges: [LUID_AND_ATTRIBUTES { Luid: privilege, Attributes: SE_PRIVILEGE_ENABLED }],
    };
    // SAFETY: the token is open, and what was before is not asked for.
    let status = unsafe {
        AdjustTokenPrivileges(token.as_raw_handle(), 0, &raw const wanted, 0, null_mut(), null_mut())
    };
    // It succeeds, too, if the user has not got the privilege.
    let code = super::error::last();
    if status != 0 && code != ERROR_NOT_ALL_ASSIGNED {
        return Ok(());
    }
    Err(Error::new(Code::ACCESS_DENIED, operation)
        .hint("large pages take the privilege \"Lock pages in memory\" (SeLockMemoryPrivilege), which this user has not got"))
}
