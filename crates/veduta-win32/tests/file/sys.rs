//! The functions under test, as headers declare them, and short ways to call them.

#![allow(non_snake_case, clippy::upper_case_acronyms, reason = "the names are Windows'")]

use std::ffi::{CString, c_char, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};

// Only linking it brings the functions in.
use veduta_win32 as _;

pub type HANDLE = *mut c_void;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct OVERLAPPED {
    pub status: usize,
    pub transferred: usize,
    pub offset: u64,
    pub event: HANDLE,
}

#[repr(C)]
pub struct SecurityAttributes {
    pub length: u32,
    pub descriptor: *mut c_void,
    pub inherit: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub struct ByHandleInformation {
    pub attributes: u32,
    pub times: [u32; 6],
    pub volume: u32,
    pub size_high: u32,
    pub size_low: u32,
    pub links: u32,
    pub index_high: u32,
    pub index_low: u32,
}

unsafe extern "C" {
    pub safe fn GetLastError() -> u32;
    pub safe fn SetLastError(code: u32);
    pub safe fn CloseHandle(handle: HANDLE) -> i32;
    pub safe fn CreateEventA(attributes: *const c_void, manual: i32, set: i32, name: *const c_char)
    -> HANDLE;
    pub safe fn WaitForSingleObject(handle: HANDLE, milliseconds: u32) -> u32;
    pub safe fn GetHandleInformation(handle: HANDLE, flags: *mut u32) -> i32;
    pub fn CreateFileA(
        name: *const c_char,
        access: u32,
        share: u32,
        attributes: *const SecurityAttributes,
        disposition: u32,
        flags: u32,
        template: HANDLE,
    ) -> HANDLE;
    pub fn CreateFileW(
        name: *const u16,
        access: u32,
        share: u32,
        attributes: *const SecurityAttributes,
        disposition: u32,
        flags: u32,
        template: HANDLE,
    ) -> HANDLE;
    pub fn ReadFile(file: HANDLE, to: *mut u8, length: u32, read: *mut u32, at: *mut OVERLAPPED) -> i32;
    pub fn WriteFile(
        file: HANDLE,
        from: *const u8,
        length: u32,
        written: *mut u32,
        at: *mut OVERLAPPED,
    ) -> i32;
    pub fn GetOverlappedResult(file: HANDLE, at: *mut OVERLAPPED, bytes: *mut u32, wait: i32) -> i32;
    pub safe fn FlushFileBuffers(file: HANDLE) -> i32;
    pub fn SetFilePointer(file: HANDLE, distance: i32, high: *mut i32, method: u32) -> u32;
    pub fn SetFilePointerEx(file: HANDLE, distance: i64, moved: *mut i64, method: u32) -> i32;
    pub fn GetFileSize(file: HANDLE, high: *mut u32) -> u32;
    pub fn GetFileSizeEx(file: HANDLE, size: *mut i64) -> i32;
    pub safe fn SetEndOfFile(file: HANDLE) -> i32;
    pub safe fn GetFileType(file: HANDLE) -> u32;
    pub fn GetFileTime(file: HANDLE, created: *mut u64, accessed: *mut u64, written: *mut u64) -> i32;
    pub fn SetFileTime(file: HANDLE, created: *const u64, accessed: *const u64, written: *const u64) -> i32;
    pub fn GetFileInformationByHandle(file: HANDLE, information: *mut ByHandleInformation) -> i32;
    pub fn GetFileInformationByHandleEx(file: HANDLE, class: i32, information: *mut c_void, size: u32)
    -> i32;
    pub fn SetFileInformationByHandle(file: HANDLE, class: i32, information: *const c_void, size: u32)
    -> i32;
    pub fn DeleteFileA(name: *const c_char) -> i32;
    pub fn MoveFileExA(from: *const c_char, to: *const c_char, flags: u32) -> i32;
    pub fn CopyFileA(from: *const c_char, to: *const c_char, fail_if_exists: i32) -> i32;
    pub fn CreateDirectoryA(name: *const c_char, attributes: *const c_void) -> i32;
    pub fn RemoveDirectoryA(name: *const c_char) -> i32;
    pub fn GetFileAttributesA(name: *const c_char) -> u32;
    pub fn SetFileAttributesA(name: *const c_char, attributes: u32) -> i32;
    pub fn GetTempPathA(capacity: u32, buffer: *mut u8) -> u32;
    pub fn GetTempFileNameA(path: *const c_char, prefix: *const c_char, unique: u32, name: *mut u8) -> u32;
    pub fn GetCurrentDirectoryA(capacity: u32, buffer: *mut u8) -> u32;
    pub fn SetCurrentDirectoryA(name: *const c_char) -> i32;
    pub fn GetFullPathNameA(name: *const c_char, capacity: u32, buffer: *mut u8, part: *mut *mut u8) -> u32;
    pub fn CreatePipe(
        reader: *mut HANDLE,
        writer: *mut HANDLE,
        attributes: *const SecurityAttributes,
        size: u32,
    ) -> i32;
    pub fn PeekNamedPipe(
        pipe: HANDLE,
        buffer: *mut u8,
        capacity: u32,
        read: *mut u32,
        available: *mut u32,
        left: *mut u32,
    ) -> i32;
    pub safe fn GetStdHandle(which: u32) -> HANDLE;
    pub safe fn SetStdHandle(which: u32, handle: HANDLE) -> i32;
    pub safe fn GetCommandLineA() -> *const c_char;
    pub safe fn GetCommandLineW() -> *const u16;
    pub fn GetModuleFileNameA(module: *mut c_void, buffer: *mut u8, capacity: u32) -> u32;
    pub fn GetModuleHandleA(name: *const c_char) -> *mut c_void;
    pub fn GetEnvironmentVariableA(name: *const c_char, buffer: *mut u8, capacity: u32) -> u32;
    pub fn SetEnvironmentVariableA(name: *const c_char, value: *const c_char) -> i32;
    pub fn GetComputerNameA(buffer: *mut u8, size: *mut u32) -> i32;
    pub fn GetUserNameA(buffer: *mut u8, size: *mut u32) -> i32;
    pub fn veduta_linux_path(path: *const c_char, buffer: *mut u8, capacity: usize) -> usize;
}

pub const INVALID_HANDLE_VALUE: HANDLE = usize::MAX as HANDLE;
pub const GENERIC_READ: u32 = 0x8000_0000;
pub const GENERIC_WRITE: u32 = 0x4000_0000;
pub const DELETE: u32 = 0x1_0000;
pub const FILE_APPEND_DATA: u32 = 4;
pub const SHARE_NOTHING: u32 = 0;
pub const SHARE_READ: u32 = 1;
pub const SHARE_WRITE: u32 = 2;
pub const SHARE_DELETE: u32 = 4;
pub const SHARE_ALL: u32 = 7;
pub const CREATE_NEW: u32 = 1;
pub const CREATE_ALWAYS: u32 = 2;
pub const OPEN_EXISTING: u32 = 3;
pub const OPEN_ALWAYS: u32 = 4;
pub const TRUNCATE_EXISTING: u32 = 5;
pub const READONLY: u32 = 1;
pub const FLAG_OVERLAPPED: u32 = 0x4000_0000;
pub const FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
pub const FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;

/// Text for C.
pub fn c(text: impl AsRef<str>) -> CString {
    CString::new(text.as_ref()).expect("it has no 0")
}

/// A path of this system for C: rooted, without a drive.
pub fn name(path: impl AsRef<Path>) -> CString {
    c(path.as_ref().to_str().expect("it is UTF-8").replace('/', "\\"))
}

/// `Err` with the last error where a function says that it failed.
#[track_caller]
pub fn check(truth: i32) -> Result<(), u32> {
    if truth != 0 { Ok(()) } else { Err(GetLastError()) }
}

/// Opens, and closes when dropped.
pub struct Open(pub HANDLE);

impl Drop for Open {
    fn drop(&mut self) {
        assert_eq!(CloseHandle(self.0), 1);
    }
}

pub fn create_file(
    path: impl AsRef<Path>,
    access: u32,
    share: u32,
    disposition: u32,
    flags: u32,
) -> Result<Open, u32> {
    let name = name(path);
    // SAFETY: the name ends with 0.
    let handle = unsafe { CreateFileA(name.as_ptr(), access, share, null(), disposition, flags, null_mut()) };
    if handle == INVALID_HANDLE_VALUE { Err(GetLastError()) } else { Ok(Open(handle)) }
}

/// Opens an existing file.
pub fn open(path: impl AsRef<Path>, access: u32, share: u32) -> Result<Open, u32> {
    create_file(path, access, share, OPEN_EXISTING, 0)
}

pub fn read(file: &Open, length: usize) -> Result<Vec<u8>, u32> {
    let (mut bytes, mut read) = (vec![0; length], 77);
    // SAFETY: the buffer has that length.
    check(unsafe { ReadFile(file.0, bytes.as_mut_ptr(), length as u32, &mut read, null_mut()) })?;
    bytes.truncate(read as usize);
    Ok(bytes)
}

pub fn write(file: &Open, bytes: &[u8]) -> Result<usize, u32> {
    let mut written = 77;
    // SAFETY: the buffer has that length.
    check(unsafe { WriteFile(file.0, bytes.as_ptr(), bytes.len() as u32, &mut written, null_mut()) })?;
    Ok(written as usize)
}

pub fn seek(file: &Open, distance: i64, method: u32) -> Result<i64, u32> {
    let mut moved = -77;
    // SAFETY: a number may be written there.
    check(unsafe { SetFilePointerEx(file.0, distance, &mut moved, method) })?;
    Ok(moved)
}

pub fn delete(path: impl AsRef<Path>) -> Result<(), u32> {
    // SAFETY: the name ends with 0.
    check(unsafe { DeleteFileA(name(path).as_ptr()) })
}

/// What a function writes into a buffer, and its length.
pub fn text(fill: impl FnOnce(*mut u8, u32) -> u32) -> Result<String, u32> {
    let mut buffer = vec![0; 0x4000];
    let length = fill(buffer.as_mut_ptr(), buffer.len() as u32) as usize;
    if length == 0 {
        return Err(GetLastError());
    }
    assert_eq!(buffer[length], 0, "it ends there");
    buffer.truncate(length);
    Ok(String::from_utf8(buffer).expect("it is UTF-8"))
}
