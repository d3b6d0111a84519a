//! Sections, views and memory as C uses them: what single calls give is the business of the programs in C, here is what takes threads, many
//! calls, or a look from outside.
#![allow(unsafe_code, missing_docs, reason = "the functions are those of C")]

mod allocation;
mod concurrent;
mod guarded;
mod placement;
mod query;
mod section;
mod system;

extern crate veduta_win32;

use std::ffi::{CString, c_char, c_void};
use std::ptr::null_mut;

type Pointer = *mut c_void;

const INVALID_HANDLE_VALUE: usize = usize::MAX;
const CURRENT_PROCESS: usize = usize::MAX;

const PAGE_NOACCESS: u32 = 1;
const PAGE_READONLY: u32 = 2;
const PAGE_READWRITE: u32 = 4;
const PAGE_WRITECOPY: u32 = 8;
const PAGE_EXECUTE_READ: u32 = 0x20;
const PAGE_EXECUTE_WRITECOPY: u32 = 0x80;
const PAGE_GUARD: u32 = 0x100;
const PAGE_NOCACHE: u32 = 0x200;
const SEC_IMAGE: u32 = 0x0100_0000;
const SEC_RESERVE: u32 = 0x0400_0000;
const SEC_COMMIT: u32 = 0x0800_0000;
const SEC_NOCACHE: u32 = 0x1000_0000;
const SEC_LARGE_PAGES: u32 = 0x8000_0000;
const FILE_MAP_COPY: u32 = 1;
const FILE_MAP_WRITE: u32 = 2;
const FILE_MAP_READ: u32 = 4;
const MEM_COMMIT: u32 = 0x1000;
const MEM_RESERVE: u32 = 0x2000;
const MEM_DECOMMIT: u32 = 0x4000;
const MEM_RELEASE: u32 = 0x8000;
const MEM_FREE: u32 = 0x1_0000;
const MEM_PRIVATE: u32 = 0x2_0000;
const MEM_MAPPED: u32 = 0x4_0000;
const MEM_RESET: u32 = 0x8_0000;
const MEM_TOP_DOWN: u32 = 0x10_0000;
const MEM_IMAGE: u32 = 0x100_0000;

const GRANULARITY: usize = 1 << 16;
const PAGE: usize = 4096;

#[repr(C)]
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Information {
    base: usize,
    allocation_base: usize,
    allocation_protect: u32,
    partition: u16,
    unused: u16,
    size: usize,
    state: u32,
    protect: u32,
    kind: u32,
    padding: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
struct Fault {
    address: usize,
    code: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct RangeEntry {
    address: Pointer,
    size: usize,
}

#[allow(dead_code, reason = "each test uses some")]
unsafe extern "C" {
    safe fn GetLastError() -> u32;
    safe fn SetLastError(code: u32);
    safe fn CloseHandle(handle: usize) -> i32;
    fn CreateFileMappingA(
        file: usize,
        attributes: Pointer,
        protect: u32,
        high: u32,
        low: u32,
        name: *const c_char,
    ) -> usize;
    fn CreateFileMapping2(
        file: usize,
        attributes: Pointer,
        access: u32,
        protect: u32,
        kind: u32,
        size: u64,
        name: *const u16,
        parameters: *const [u64; 2],
        count: u32,
    ) -> usize;
    fn OpenFileMappingA(access: u32, inherit: i32, name: *const c_char) -> usize;
    safe fn MapViewOfFile(section: usize, access: u32, high: u32, low: u32, size: usize) -> Pointer;
    safe fn MapViewOfFileEx(
        section: usize,
        access: u32,
        high: u32,
        low: u32,
        size: usize,
        base: usize,
    ) -> Pointer;
    fn MapViewOfFile3(
        section: usize,
        process: usize,
        base: usize,
        offset: u64,
        size: usize,
        kind: u32,
        protect: u32,
        parameters: *const [u64; 2],
        count: u32,
    ) -> Pointer;
    safe fn UnmapViewOfFile(address: Pointer) -> i32;
    safe fn FlushViewOfFile(address: Pointer, size: usize) -> i32;
    safe fn VirtualAlloc(address: Pointer, size: usize, kind: u32, protect: u32) -> Pointer;
    safe fn VirtualFree(address: Pointer, size: usize, kind: u32) -> i32;
    fn VirtualProtect(address: Pointer, size: usize, protect: u32, before: *mut u32) -> i32;
    fn VirtualQuery(address: Pointer, buffer: *mut Information, size: usize) -> usize;
    safe fn VirtualLock(address: Pointer, size: usize) -> i32;
    safe fn VirtualUnlock(address: Pointer, size: usize) -> i32;
    fn PrefetchVirtualMemory(process: usize, count: usize, ranges: *const RangeEntry, flags: u32) -> i32;
    safe fn GetLargePageMinimum() -> usize;
    fn GetSystemInfo(info: *mut [u64; 6]);
    fn GlobalMemoryStatusEx(status: *mut [u64; 8]) -> i32;
    fn GlobalMemoryStatus(status: *mut [u64; 7]);
    safe fn IsBadReadPtr(address: Pointer, size: usize) -> i32;
    safe fn IsBadWritePtr(address: Pointer, size: usize) -> i32;
    safe fn IsBadStringPtrA(text: Pointer, most: usize) -> i32;
    safe fn IsBadStringPtrW(text: Pointer, most: usize) -> i32;
    fn veduta_guarded(body: Option<extern "C" fn(Pointer)>, context: Pointer, fault: *mut Fault) -> i32;
}

/// A handle to a new section without a file.
fn section(size: u64, protect: u32) -> usize {
    named(size, protect, "")
}

fn named(size: u64, protect: u32, name: &str) -> usize {
    let name = CString::new(name).unwrap();
    // SAFETY: the name ends with 0, and there are no attributes.
    unsafe {
        CreateFileMappingA(
            INVALID_HANDLE_VALUE,
            null_mut(),
            protect,
            (size >> 32) as u32,
            size as u32,
            name.as_ptr(),
        )
    }
}

fn open(access: u32, name: &str) -> usize {
    let name = CString::new(name).unwrap();
    // SAFETY: the name ends with 0.
    unsafe { OpenFileMappingA(access, 0, name.as_ptr()) }
}

/// The whole of a section.
fn map(section: usize, access: u32) -> Pointer {
    let view = MapViewOfFile(section, access, 0, 0, 0);
    assert!(!view.is_null(), "{}", GetLastError());
    view
}

/// A view of a new section, whose handle is closed.
fn view(size: u64) -> Pointer {
    let section = section(size, PAGE_READWRITE);
    let view = map(section, FILE_MAP_WRITE);
    assert_eq!(CloseHandle(section), 1);
    view
}

fn query(address: usize) -> Information {
    let mut information = Information::default();
    // SAFETY: there is room for the answer.
    let len = unsafe { VirtualQuery(address as Pointer, &raw mut information, size_of::<Information>()) };
    assert_eq!(len, 48, "{}", GetLastError());
    assert_eq!(information.base, address & !(PAGE - 1));
    information
}

/// State, protection and size of the run at an address.
fn run(address: usize) -> (u32, u32, usize) {
    let Information { state, protect, size, .. } = query(address);
    (state, protect, size)
}

fn protect(address: usize, size: usize, protect: u32) -> Result<u32, u32> {
    let mut before = 0;
    // SAFETY: there is room for the answer.
    match unsafe { VirtualProtect(address as Pointer, size, protect, &raw mut before) } {
        0 => Err(GetLastError()),
        _ => Ok(before),
    }
}

fn put(address: usize, byte: u8) {
    // SAFETY: the test has made the address writable.
    unsafe { (address as *mut u8).write_volatile(byte) }
}

fn byte(address: usize) -> u8 {
    // SAFETY: the test has made the address readable.
    unsafe { (address as *const u8).read_volatile() }
}

/// What a call failed with.
#[track_caller]
fn failed<T: PartialEq + Default + std::fmt::Debug>(result: T) -> u32 {
    assert_eq!(result, T::default(), "it should have failed");
    GetLastError()
}

#[track_caller]
fn no_address(result: Pointer) -> u32 {
    assert!(result.is_null(), "it should have failed");
    GetLastError()
}

fn unique(what: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("Local\\win32 memory {what} {} {}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
