//! Calls of the kernel's own interface that windows-sys lacks; all are in Microsoft's documentation, or stable since Windows NT. And what of the kernel's
//! is asked for in many places.

use std::ffi::c_void;
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, UNICODE_STRING};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

/// The pseudo handle of this process, which is always good and never closed.
pub(crate) fn this_process() -> HANDLE {
    // SAFETY: no more than a constant.
    unsafe { GetCurrentProcess() }
}

/// Whether the process is ending: all threads but this one are gone, with whatever they had begun.
pub(crate) fn is_process_ending() -> bool {
    // SAFETY: only tells.
    unsafe { RtlDllShutdownInProgress() != 0 }
}

/// `SectionBasicInformation`.
pub(crate) const SECTION_BASIC_INFORMATION: i32 = 0;

/// What [`NtQuerySection`] tells.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct SectionBasicInformation {
    pub(crate) base: usize,
    pub(crate) attributes: u32,
    pub(crate) size: i64,
}

/// `ObjectBasicInformation` and its kin.
pub(crate) const OBJECT_BASIC_INFORMATION: i32 = 0;
pub(crate) const OBJECT_NAME_INFORMATION: i32 = 1;
pub(crate) const OBJECT_TYPE_INFORMATION: i32 = 2;

/// What [`NtQueryObject`] tells of every object.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct ObjectBasicInformation {
    pub(crate) attributes: u32,
    pub(crate) access: u32,
    pub(crate) handles: u32,
    pub(crate) pointers: u32,
    pub(crate) reserved: [u32; 10],
}

/// One entry of a directory of objects.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct ObjectDirectoryInformation {
    pub(crate) name: UNICODE_STRING,
    pub(crate) kind: UNICODE_STRING,
}

/// `SystemExtendedHandleInformation`.
pub(crate) const SYSTEM_EXTENDED_HANDLE_INFORMATION: i32 = 64;

/// One handle of one process.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct SystemHandle {
    pub(crate) object: usize,
    pub(crate) process: usize,
    pub(crate) handle: usize,
    pub(crate) access: u32,
    pub(crate) trace: u16,
    pub(crate) kind: u16,
    pub(crate) attributes: u32,
    pub(crate) reserved: u32,
}

windows_link::link!("ntdll.dll" "system" fn NtQuerySection(section: HANDLE, class: i32, information: *mut c_void, length: usize, returned: *mut usize) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQueryObject(object: HANDLE, class: i32, information: *mut c_void, length: u32, returned: *mut u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQuerySystemInformation(class: i32, information: *mut c_void, length: u32, returned: *mut u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtOpenDirectoryObject(directory: *mut HANDLE, access: u32, attributes: *const ObjectAttributes) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn RtlDllShutdownInProgress() -> u8);
windows_link::link!("ntdll.dll" "system" fn NtQueryDirectoryObject(directory: HANDLE, buffer: *mut c_void, length: u32, single: bool, restart: bool, context: *mut u32, returned: *mut u32) -> NTSTATUS);

/// `OBJECT_ATTRIBUTES`: what a name is looked up in.
#[repr(C)]
pub(crate) struct ObjectAttributes {
    pub(crate) length: u32,
    pub(crate) root: HANDLE,
    pub(crate) name: *const UNICODE_STRING,
    pub(crate) attributes: u32,
    pub(crate) descriptor: *const c_void,
    pub(crate) quality: *const c_void,
}
