//! Many threads at once.

use crate::*;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

/// What is given out to threads at once never overlaps, and every byte is who wrote it.
#[test]
fn threads_map_and_allocate_at_once() {
    let ours: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());
    let section = section(0x3_0000, PAGE_READWRITE);
    thread::scope(|scope| {
        for thread in 0..8_usize {
            let ours = &ours;
            scope.spawn(move || {
                let mut held = Vec::new();
                for round in 0..2000_usize {
                    let size = (round * 7919 + thread * 104_729) % 0x2_5000 + 1;
                    let address = if round % 2 == 0 {
                        MapViewOfFile(section, FILE_MAP_COPY, 0, 0, size)
                    } else {
                        VirtualAlloc(null_mut(), size, MEM_COMMIT, PAGE_READWRITE)
                    };
                    assert!(!address.is_null(), "{}", GetLastError());
                    let end = address.addr() + size.next_multiple_of(GRANULARITY);
                    {
                        let mut ours = ours.lock().unwrap();
                        let before = ours.range(..end).next_back();
                        assert!(before.is_none_or(|(_, &before)| before <= address.addr()));
                        ours.insert(address.addr(), end);
                    }
                    put(address.addr() + size - 1, thread as u8);
                    held.push((address, size, round % 2 == 0));
                    if held.len() > 20 {
                        let (address, size, is_view) = held.swap_remove(round % 20);
                        assert_eq!(byte(address.addr() + size - 1), thread as u8);
                        // Noted before: as soon as it is free another thread may have it.
                        ours.lock().unwrap().remove(&address.addr());
                        let inside = (address.addr() + size / 2) as Pointer;
                        let done = if is_view {
                            UnmapViewOfFile(inside)
                        } else {
                            VirtualFree(address, 0, MEM_RELEASE)
                        };
                        assert_eq!(done, 1);
                    }
                }
                for (address, _, is_view) in held {
                    ours.lock().unwrap().remove(&address.addr());
                    let done =
                        if is_view { UnmapViewOfFile(address) } else { VirtualFree(address, 0, MEM_RELEASE) };
                    assert_eq!(done, 1);
                }
            });
        }
    });
    CloseHandle(section);
}

/// Of many who unmap one view, one does.
#[test]
fn a_view_is_unmapped_once() {
    for _ in 0..500 {
        let view = view(1).addr();
        let done: i32 = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(move || UnmapViewOfFile(view as Pointer))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(done, 1);
    }
}

/// Failures leave nothing behind: neither addresses nor entries.
#[test]
fn failures_leave_nothing_behind() {
    let section = section(PAGE as u64, PAGE_READONLY);
    let view = map(section, FILE_MAP_READ);
    let again = || MapViewOfFileEx(section, FILE_MAP_READ, 0, 0, 0, view.addr());
    let mappings = || std::fs::read_to_string("/proc/self/maps").unwrap().matches("/memfd:veduta").count();
    let before = mappings();
    for _ in 0..1000 {
        assert_eq!(no_address(again()), 487);
        assert_eq!(no_address(MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0)), 5);
        assert_eq!(no_address(MapViewOfFile(section, FILE_MAP_READ, 0, 0, PAGE + 1)), 5);
        let at = view.addr() as Pointer;
        assert_eq!(no_address(VirtualAlloc(at, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)), 487);
    }
    // Other tests map, too.
    assert!(mappings() < before + 500);
    assert_eq!(run(view.addr()), (MEM_COMMIT, PAGE_READONLY, PAGE));
    assert_eq!(UnmapViewOfFile(view), 1);
    assert_eq!(failed(UnmapViewOfFile(view)), 487);
    assert_eq!(again(), view);
    assert_eq!(UnmapViewOfFile(view), 1);
    CloseHandle(section);
}
