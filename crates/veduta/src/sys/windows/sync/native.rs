//! What the kernel tells of such objects; windows-sys lacks these calls. All are as they were in Windows NT.

use super::super::error::succeeded;
use std::ffi::c_void;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS};

/// `MUTANT_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct MutantBasicInformation {
    /// 1: nobody owns it; 0: it is owned once, -1: twice, and so on.
    pub(super) count: i32,
    pub(super) owned_by_caller: u8,
    pub(super) abandoned: u8,
}

/// `MUTANT_OWNER_INFORMATION`: numbers as wide as pointers.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct MutantOwnerInformation {
    pub(super) process: usize,
    pub(super) thread: usize,
}

/// `EVENT_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct EventBasicInformation {
    /// 0: manual reset (`NotificationEvent`), 1: auto reset (`SynchronizationEvent`).
    pub(super) kind: i32,
    pub(super) state: i32,
}

/// `SEMAPHORE_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct SemaphoreBasicInformation {
    pub(super) count: i32,
    pub(super) maximum: i32,
}

/// `TIMER_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct TimerBasicInformation {
    pub(super) remaining: i64,
    pub(super) state: u8,
}

windows_link::link!("ntdll.dll" "system" fn NtQueryMutant(mutant: HANDLE, class: i32, information: *mut c_void, length: u32, returned: *mut u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQueryEvent(event: HANDLE, class: i32, information: *mut c_void, length: u32, returned: *mut u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQuerySemaphore(semaphore: HANDLE, class: i32, information: *mut c_void, length: u32, returned: *mut u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQueryTimer(timer: HANDLE, class: i32, information: *mut c_void, length: u32, returned: *mut u32) -> NTSTATUS);

/// Any of the calls above.
type Query = unsafe extern "system" fn(HANDLE, i32, *mut c_void, u32, *mut u32) -> NTSTATUS;

/// # Safety
/// The call writes a `T` for that class.
unsafe fn ask<T: Default>(query: Query, class: i32, handle: BorrowedHandle<'_>) -> Result<T, u32> {
    let mut told = T::default();
    let (to, bytes) = ((&raw mut told).cast(), size_of::<T>() as u32);
    // SAFETY: the handle is open, and the structure is the one that the caller vouches for, and as long as is said.
    succeeded(unsafe { query(handle.as_raw_handle(), class, to, bytes, null_mut()) }).map(|()| told)
}

pub(super) fn mutant(handle: BorrowedHandle<'_>) -> Result<MutantBasicInformation, u32> {
    // SAFETY: class 0 is `MutantBasicInformation`.
    unsafe { ask(NtQueryMutant, 0, handle) }
}

pub(super) fn mutant_owner(handle: BorrowedHandle<'_>) -> Result<MutantOwnerInformation, u32> {
    // SAFETY: class 1 is `MutantOwnerInformation`.
    unsafe { ask(NtQueryMutant, 1, handle) }
}

pub(super) fn event(handle: BorrowedHandle<'_>) -> Result<EventBasicInformation, u32> {
    // SAFETY: class 0 is `EventBasicInformation`.
    unsafe { ask(NtQueryEvent, 0, handle) }
}

pub(super) fn semaphore(handle: BorrowedHandle<'_>) -> Result<SemaphoreBasicInformation, u32> {
    // SAFETY: class 0 is `SemaphoreBasicInformation`.
    unsafe { ask(NtQuerySemaphore, 0, handle) }
}

pub(super) fn timer(handle: BorrowedHandle<'_>) -> Result<TimerBasicInformation, u32> {
    // SAFETY: class 0 is `TimerBasicInformation`.
    unsafe { ask(NtQueryTimer, 0, handle) }
}
