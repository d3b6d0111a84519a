//! Heaps, local and global memory, and the clocks.

#![allow(unsafe_code, missing_docs)]

use std::ffi::c_void;
use std::ptr::null_mut;
use veduta_win32 as _;

type Pointer = *mut c_void;

#[rustfmt::skip]
unsafe extern "C" {
    safe fn GetLastError() -> u32;
    safe fn SetLastError(code: u32);
    safe fn LocalAlloc(flags: u32, size: usize) -> Pointer;
    fn LocalReAlloc(memory: Pointer, size: usize, flags: u32) -> Pointer;
    fn LocalFree(memory: Pointer) -> Pointer;
    fn LocalSize(memory: Pointer) -> usize;
    safe fn GlobalAlloc(flags: u32, size: usize) -> Pointer;
    fn GlobalFree(memory: Pointer) -> Pointer;
    fn GlobalLock(memory: Pointer) -> Pointer;
    fn GlobalUnlock(memory: Pointer) -> i32;
    safe fn GetProcessHeap() -> Pointer;
    safe fn HeapCreate(flags: u32, initial: usize, maximum: usize) -> Pointer;
    fn HeapDestroy(heap: Pointer) -> i32;
    fn HeapAlloc(heap: Pointer, flags: u32, size: usize) -> Pointer;
    fn HeapReAlloc(heap: Pointer, flags: u32, memory: Pointer, size: usize) -> Pointer;
    fn HeapFree(heap: Pointer, flags: u32, memory: Pointer) -> i32;
    fn HeapSize(heap: Pointer, flags: u32, memory: Pointer) -> usize;
    safe fn GetTickCount64() -> u64;
    safe fn GetTickCount() -> u32;
    safe fn timeBeginPeriod(period: u32) -> u32;
    fn QueryPerformanceCounter(count: *mut i64) -> i32;
    fn QueryPerformanceFrequency(frequency: *mut i64) -> i32;
    fn GetSystemTimeAsFileTime(time: *mut [u32; 2]);
    fn GetSystemTime(date: *mut [u16; 8]);
    fn SystemTimeToFileTime(date: *const [u16; 8], time: *mut [u32; 2]) -> i32;
    fn FileTimeToSystemTime(time: *const [u32; 2], date: *mut [u16; 8]) -> i32;
    fn FileTimeToLocalFileTime(time: *const [u32; 2], local: *mut [u32; 2]) -> i32;
    fn LocalFileTimeToFileTime(local: *const [u32; 2], time: *mut [u32; 2]) -> i32;
    fn CompareFileTime(a: *const [u32; 2], b: *const [u32; 2]) -> i32;
}

/// Runs statements that call functions of C.
macro_rules! c {
    ($($body:tt)*) => {{
        #[allow(clippy::multiple_unsafe_ops_per_block)]
        // SAFETY: the test passes memory that these functions gave it, and variables of its own.
        let result = unsafe { $($body)* };
        result
    }};
}

fn bytes(memory: Pointer, size: usize) -> Vec<u8> {
    c!(std::slice::from_raw_parts(memory.cast::<u8>(), size)).to_vec()
}

#[test]
fn local_and_global_memory() {
    let memory = LocalAlloc(0x40, 100);
    assert_eq!(c!(LocalSize(memory)), 100);
    assert_eq!(bytes(memory, 100), [0; 100]);
    assert!(memory.addr().is_multiple_of(16));
    c!(memory.cast::<u8>().write_bytes(7, 100));
    let larger = c!(LocalReAlloc(memory, 100_000, 0x42));
    assert_eq!(bytes(larger, 101), [vec![7; 100], vec![0]].concat());
    // Fixed memory does not move unless that is allowed.
    assert!(c!(LocalReAlloc(larger, 10_000_000, 0)).is_null());
    assert_eq!(GetLastError(), 8);
    assert!(c!(LocalFree(larger)).is_null());
    assert!(c!(LocalFree(null_mut())).is_null());
    let mut not_ours = [0_u128; 8];
    let not_ours: Pointer = not_ours[4..].as_mut_ptr().cast();
    assert_eq!(c!(LocalFree(not_ours)), not_ours);
    assert_eq!(GetLastError(), 6);
    assert!(LocalAlloc(0, usize::MAX).is_null());
    assert_eq!(GetLastError(), 8);

    let fixed = GlobalAlloc(0, 0);
    assert!(!fixed.is_null());
    assert_eq!((c!(GlobalLock(fixed)), c!(GlobalUnlock(fixed))), (fixed, 1));
    assert!(c!(GlobalFree(fixed)).is_null());
    let moveable = GlobalAlloc(2, 10);
    c!(GlobalLock(moveable));
    c!(GlobalLock(moveable));
    assert_eq!(c!(GlobalUnlock(moveable)), 1);
    SetLastError(5);
    assert_eq!((c!(GlobalUnlock(moveable)), GetLastError()), (0, 0));
    assert_eq!((c!(GlobalUnlock(moveable)), GetLastError()), (0, 158));
    assert!(c!(GlobalFree(moveable)).is_null());
}

#[test]
fn heaps() {
    let process = GetProcessHeap();
    let heap = HeapCreate(0, 0, 0);
    assert_ne!(process, heap);
    let block = c!(HeapAlloc(heap, 8, 33));
    assert_eq!(c!(HeapSize(heap, 0, block)), 33);
    assert_eq!(bytes(block, 33), [0; 33]);
    assert_eq!(c!(HeapFree(process, 0, block)), 0);
    assert_eq!(GetLastError(), 87);
    assert_eq!(c!(HeapSize(process, 0, block)), usize::MAX);
    assert!(c!(HeapReAlloc(heap, 0x10, block, 1 << 24)).is_null());
    let block = c!(HeapReAlloc(heap, 8, block, 5000));
    assert_eq!(bytes(block, 5000), [0; 5000]);
    let shrunk = c!(HeapReAlloc(heap, 0x10, block, 10));
    assert_eq!((shrunk, c!(HeapSize(heap, 0, shrunk))), (block, 10));
    let others: Vec<Pointer> = (0..10).map(|size| c!(HeapAlloc(heap, 0, size))).collect();
    assert_eq!(c!(HeapFree(heap, 0, others[4])), 1);
    assert_eq!(c!(HeapFree(heap, 0, others[9])), 1);
    assert_eq!(c!(HeapFree(heap, 0, others[0])), 1);
    assert_eq!(c!(HeapFree(heap, 0, null_mut())), 1);
    // What is left goes with the heap.
    assert_eq!(c!(HeapDestroy(heap)), 1);
    assert_eq!((c!(HeapDestroy(heap)), GetLastError()), (0, 6));
    assert!(c!(HeapAlloc(heap, 0, 1)).is_null());
    assert_eq!(GetLastError(), 6);
    assert_eq!(c!(HeapDestroy(process)), 0);
    let small = HeapCreate(0, 0, 1 << 16);
    assert!(c!(HeapAlloc(small, 0, 1 << 20)).is_null());
    assert_eq!(c!(HeapDestroy(small)), 1);
}

#[test]
fn heaps_are_for_all_threads() {
    let heap = HeapCreate(0, 0, 0).expose_provenance();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                let heap: Pointer = std::ptr::with_exposed_provenance_mut(heap);
                for round in 0..10_000 {
                    let block = c!(HeapAlloc(heap, 0, round % 100));
                    let block = c!(HeapReAlloc(heap, 0, block, round % 77));
                    if round % 3 != 0 {
                        assert_eq!(c!(HeapFree(heap, 0, block)), 1);
                    }
                }
            });
        }
    });
    assert_eq!(c!(HeapDestroy(std::ptr::with_exposed_provenance_mut(heap))), 1);
}

#[test]
fn clocks_go_forward_and_agree() {
    let (mut frequency, mut before, mut after) = (0, 0, 0);
    assert_eq!(c!(QueryPerformanceFrequency(&mut frequency)), 1);
    assert_eq!(frequency, 10_000_000);
    assert_eq!(c!(QueryPerformanceCounter(null_mut())), 0);
    let ticks = GetTickCount64();
    c!(QueryPerformanceCounter(&mut before));
    std::thread::sleep(std::time::Duration::from_millis(20));
    c!(QueryPerformanceCounter(&mut after));
    assert!(after - before >= 200_000);
    assert!(GetTickCount64() >= ticks + 20);
    assert!(GetTickCount().wrapping_sub(ticks as u32) >= 20);
    assert_eq!((timeBeginPeriod(1), timeBeginPeriod(0)), (0, 97));

    let (mut now, mut date, mut again, mut local) = ([0; 2], [0; 8], [0; 2], [0; 2]);
    c!(GetSystemTimeAsFileTime(&mut now));
    c!(GetSystemTime(&mut date));
    assert!((2024..2100).contains(&date[0]));
    assert_eq!(c!(SystemTimeToFileTime(&date, &mut again)), 1);
    let number = |time: [u32; 2]| u64::from(time[1]) << 32 | u64::from(time[0]);
    assert!(number(again).abs_diff(number(now)) < 100_000_000);
    assert_eq!(c!(FileTimeToLocalFileTime(&now, &mut local)), 1);
    assert_eq!(c!(LocalFileTimeToFileTime(&local, &mut again)), 1);
    assert_eq!(c!(CompareFileTime(&now, &again)), 0);
    assert_eq!(c!(CompareFileTime(&now, &[0, 0])), 1);
    assert_eq!(c!(FileTimeToSystemTime(&[0, 0x8000_0000], &mut date)), 0);
    assert_eq!(GetLastError(), 87);
}
