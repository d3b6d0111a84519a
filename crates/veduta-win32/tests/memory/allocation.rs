//! `VirtualAlloc`, `VirtualFree`, `VirtualProtect`, `VirtualLock`.

use crate::*;

fn reserve(pages: usize) -> usize {
    let memory = VirtualAlloc(null_mut(), pages * PAGE, MEM_RESERVE, PAGE_READWRITE);
    assert!(!memory.is_null());
    memory.addr()
}

fn commit(address: usize, size: usize) -> Pointer {
    VirtualAlloc(address as Pointer, size, MEM_COMMIT, PAGE_READWRITE)
}

#[test]
fn pages_are_committed_and_given_back_one_by_one() {
    let memory = reserve(16);
    assert_eq!(run(memory), (MEM_RESERVE, 0, 16 * PAGE));
    assert_eq!(IsBadReadPtr(memory as Pointer, 1), 1);
    // Rounded to the pages that are touched.
    assert_eq!(commit(memory + 4 * PAGE + 10, PAGE).addr(), memory + 4 * PAGE);
    assert_eq!(run(memory), (MEM_RESERVE, 0, 4 * PAGE));
    assert_eq!(run(memory + 4 * PAGE), (MEM_COMMIT, PAGE_READWRITE, 2 * PAGE));
    assert_eq!(run(memory + 6 * PAGE), (MEM_RESERVE, 0, 10 * PAGE));
    put(memory + 5 * PAGE, 1);
    // Again: the bytes are kept, the protection is the new one.
    let again = VirtualAlloc((memory + 3 * PAGE) as Pointer, 3 * PAGE, MEM_COMMIT, PAGE_READONLY);
    assert_eq!((again.addr(), byte(memory + 5 * PAGE)), (memory + 3 * PAGE, 1));
    assert_eq!(run(memory + 3 * PAGE), (MEM_COMMIT, PAGE_READONLY, 3 * PAGE));
    assert_eq!(VirtualFree((memory + 5 * PAGE) as Pointer, 1, MEM_DECOMMIT), 1);
    assert_eq!(run(memory + 5 * PAGE), (MEM_RESERVE, 0, 11 * PAGE));
    assert_eq!(commit(memory + 5 * PAGE, 1).addr(), memory + 5 * PAGE);
    assert_eq!(byte(memory + 5 * PAGE), 0);
    let all = query(memory + 5 * PAGE);
    assert_eq!(
        (all.allocation_base, all.allocation_protect, all.kind),
        (memory, PAGE_READWRITE, MEM_PRIVATE)
    );
    // With size 0: all of it.
    assert_eq!(VirtualFree(memory as Pointer, 0, MEM_DECOMMIT), 1);
    assert_eq!(run(memory), (MEM_RESERVE, 0, 16 * PAGE));
    assert_eq!(VirtualFree(memory as Pointer, 0, MEM_RELEASE), 1);
    assert_eq!(query(memory).state, MEM_FREE);
}

#[test]
fn wrong_calls_change_nothing() {
    let memory = reserve(16);
    let inside = (memory + 2 * PAGE) as Pointer;
    assert_eq!(no_address(commit(memory + 15 * PAGE, 2 * PAGE)), 487);
    assert_eq!(no_address(commit(memory + 32 * PAGE, PAGE)), 487);
    assert_eq!(no_address(VirtualAlloc(inside, PAGE, MEM_RESERVE, PAGE_READWRITE)), 487);
    assert_eq!(no_address(VirtualAlloc(inside, 0, MEM_COMMIT, PAGE_READWRITE)), 87);
    assert_eq!(no_address(VirtualAlloc(inside, 1, MEM_TOP_DOWN, PAGE_READWRITE)), 87);
    assert_eq!(no_address(VirtualAlloc(inside, 1, MEM_COMMIT | 1, PAGE_READWRITE)), 87);
    assert_eq!(no_address(VirtualAlloc(0x8000 as Pointer, 1, MEM_RESERVE, PAGE_READWRITE)), 87);
    for protect in [0, 3, PAGE_WRITECOPY, PAGE_EXECUTE_WRITECOPY, PAGE_NOACCESS | PAGE_NOCACHE, 0x1004] {
        assert_eq!(no_address(VirtualAlloc(inside, 1, MEM_COMMIT, protect)), 87, "{protect:#x}");
        assert_eq!(no_address(VirtualAlloc(null_mut(), 1, MEM_COMMIT, protect)), 87, "{protect:#x}");
    }
    assert_eq!(no_address(VirtualAlloc(inside, 1, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD)), 50);
    assert_eq!(failed(VirtualFree(memory as Pointer, PAGE, MEM_RELEASE)), 87);
    assert_eq!(failed(VirtualFree(inside, 0, MEM_RELEASE)), 487);
    assert_eq!(failed(VirtualFree(inside, 0, MEM_DECOMMIT)), 487);
    assert_eq!(failed(VirtualFree(inside, 15 * PAGE, MEM_DECOMMIT)), 87);
    assert_eq!(failed(VirtualFree(memory as Pointer, 0, MEM_RELEASE | MEM_DECOMMIT)), 87);
    assert_eq!(failed(VirtualFree(null_mut(), 0, MEM_RELEASE)), 487);
    assert_eq!(failed(UnmapViewOfFile(memory as Pointer)), 487);
    assert_eq!(protect(memory, PAGE, PAGE_READONLY), Err(487));
    assert_eq!(run(memory), (MEM_RESERVE, 0, 16 * PAGE));
    assert_eq!(VirtualFree(memory as Pointer, 0, MEM_RELEASE), 1);
    assert_eq!(failed(VirtualFree(memory as Pointer, 0, MEM_RELEASE)), 487);
    let view = view(1);
    assert_eq!(failed(VirtualFree(view, 0, MEM_RELEASE)), 87);
    assert_eq!(UnmapViewOfFile(view), 1);
}

#[test]
fn protections_are_kept_page_by_page() {
    let memory = VirtualAlloc(null_mut(), 8 * PAGE, MEM_COMMIT, PAGE_READWRITE).addr();
    assert_eq!(protect(memory + 2 * PAGE, 2 * PAGE, PAGE_READONLY), Ok(PAGE_READWRITE));
    assert_eq!(protect(memory + PAGE, 2 * PAGE, PAGE_NOACCESS), Ok(PAGE_READWRITE));
    assert_eq!(protect(memory + 3 * PAGE + 1, PAGE, PAGE_EXECUTE_READ), Ok(PAGE_READONLY));
    let expected =
        [(0, PAGE_READWRITE, 1), (1, PAGE_NOACCESS, 2), (3, PAGE_EXECUTE_READ, 2), (5, PAGE_READWRITE, 3)];
    for (page, protect, pages) in expected {
        assert_eq!(run(memory + page * PAGE), (MEM_COMMIT, protect, pages * PAGE));
    }
    for (page, read, write) in [(0, 0, 0), (1, 1, 1), (3, 0, 1), (5, 0, 0)] {
        let address = (memory + page * PAGE) as Pointer;
        assert_eq!((IsBadReadPtr(address, 1), IsBadWritePtr(address, 1)), (read, write), "page {page}");
    }
    assert_eq!(protect(memory, 9 * PAGE, PAGE_READONLY), Err(487));
    assert_eq!(protect(memory, PAGE, PAGE_WRITECOPY), Err(87));
    assert_eq!(protect(memory, PAGE, PAGE_READWRITE | PAGE_NOCACHE), Ok(PAGE_READWRITE));
    assert_eq!(run(memory).1, PAGE_READWRITE | PAGE_NOCACHE);
    assert_eq!(VirtualFree(memory as Pointer, 0, MEM_RELEASE), 1);
}

#[test]
fn memory_that_is_not_there_is_refused_when_it_is_committed() {
    assert_eq!(no_address(VirtualAlloc(null_mut(), 1 << 44, MEM_COMMIT, PAGE_READWRITE)), 1455);
    let memory = VirtualAlloc(null_mut(), 1 << 44, MEM_RESERVE, PAGE_READWRITE);
    assert_eq!(no_address(commit(memory.addr(), 1 << 44)), 1455);
    assert_eq!(run(memory.addr()), (MEM_RESERVE, 0, 1 << 44));
    assert_eq!(commit(memory.addr() + (1 << 43), 1).addr(), memory.addr() + (1 << 43));
    put(memory.addr() + (1 << 43), 1);
    assert_eq!(VirtualFree(memory, 0, MEM_RELEASE), 1);
}

/// Memory that was given back is no longer this process's.
#[test]
fn decommit_gives_memory_back() {
    let size = 64 << 20;
    let memory = VirtualAlloc(null_mut(), size, MEM_COMMIT, PAGE_READWRITE).addr();
    let resident = || {
        let pages = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut lines = pages.lines().skip_while(|line| !line.starts_with(&format!("{memory:x}-")));
        let rss = lines.find_map(|line| line.strip_prefix("Rss:")).unwrap();
        rss.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap()
    };
    (0..size).step_by(PAGE).for_each(|offset| put(memory + offset, 1));
    assert_eq!(resident(), size >> 10);
    assert_eq!(VirtualFree(memory as Pointer, 0, MEM_DECOMMIT), 1);
    assert_eq!(resident(), 0);
    assert_eq!(VirtualFree(memory as Pointer, 0, MEM_RELEASE), 1);
}

#[test]
fn reset_loses_nothing() {
    let memory = VirtualAlloc(null_mut(), 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    put(memory.addr(), 5);
    assert_eq!(VirtualAlloc(memory, PAGE, MEM_RESET, PAGE_NOACCESS), memory);
    assert_eq!(byte(memory.addr()), 5);
    assert_eq!(no_address(VirtualAlloc(memory, PAGE, MEM_RESET | MEM_COMMIT, PAGE_READWRITE)), 87);
    assert_eq!(no_address(VirtualAlloc(memory, 3 * PAGE, MEM_RESET, PAGE_READWRITE)), 487);
    assert_eq!(VirtualFree(memory, 0, MEM_RELEASE), 1);
}

#[test]
fn pages_are_locked_and_unlocked() {
    let memory = VirtualAlloc(null_mut(), 4 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    assert_eq!(failed(VirtualUnlock(memory, PAGE)), 158);
    assert_eq!(VirtualLock(memory, 2 * PAGE), 1);
    assert_eq!(failed(VirtualUnlock(memory, 3 * PAGE)), 158);
    assert_eq!(VirtualUnlock(memory, 2 * PAGE), 1);
    assert_eq!(failed(VirtualUnlock(memory, PAGE)), 158);
    // Locks go with the pages.
    assert_eq!(VirtualLock(memory, 2 * PAGE), 1);
    assert_eq!(VirtualFree(memory, PAGE, MEM_DECOMMIT), 1);
    assert_eq!(failed(VirtualUnlock(memory, 2 * PAGE)), 158);
    assert_eq!(failed(VirtualLock(memory, PAGE)), 998);
    assert_eq!(VirtualFree(memory, 0, MEM_RELEASE), 1);
    assert_eq!(failed(VirtualLock(memory, PAGE)), 998);
    assert_eq!(failed(VirtualLock(null_mut(), 0)), 87);
}

#[test]
fn reading_ahead_is_a_hint() {
    let memory = VirtualAlloc(null_mut(), 4 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    let ranges = [RangeEntry { address: memory, size: 4 * PAGE }, RangeEntry { address: memory, size: 1 }];
    // SAFETY: there are two.
    assert_eq!(unsafe { PrefetchVirtualMemory(CURRENT_PROCESS, 2, ranges.as_ptr(), 0) }, 1);
    // SAFETY: none is looked at.
    assert_eq!(unsafe { PrefetchVirtualMemory(CURRENT_PROCESS, 0, ranges.as_ptr(), 0) }, 0);
    assert_eq!(VirtualFree(memory, 0, MEM_RELEASE), 1);
}

#[test]
fn pointers_are_probed() {
    let memory = VirtualAlloc(null_mut(), 2 * PAGE, MEM_COMMIT, PAGE_READWRITE).addr();
    assert_eq!(protect(memory + PAGE, PAGE, PAGE_NOACCESS), Ok(PAGE_READWRITE));
    let last = (memory + PAGE - 2) as Pointer;
    (0..PAGE).for_each(|offset| put(memory + offset, b'x'));
    assert_eq!((IsBadReadPtr(last, 2), IsBadReadPtr(last, 3)), (0, 1));
    assert_eq!((IsBadWritePtr(last, 2), IsBadWritePtr(last, 3)), (0, 1));
    assert_eq!((IsBadReadPtr(null_mut(), 0), IsBadReadPtr(null_mut(), 1)), (0, 1));
    assert_eq!(IsBadReadPtr(usize::MAX as Pointer, 5), 1);
    // No end, then as much as is wanted, then an end.
    assert_eq!((IsBadStringPtrA(last, 10), IsBadStringPtrA(last, 2)), (1, 0));
    put(memory + PAGE - 1, 0);
    assert_eq!((IsBadStringPtrA(last, 10), IsBadStringPtrW(last, 10)), (0, 1));
    put(memory + PAGE - 2, 0);
    assert_eq!(IsBadStringPtrW(last, 10), 0);
    assert_eq!(VirtualFree(memory as Pointer, 0, MEM_RELEASE), 1);
}
