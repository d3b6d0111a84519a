//! Where views and allocations are.

use crate::*;
use std::collections::{BTreeSet, VecDeque};

#[test]
fn views_and_allocations_begin_at_multiples_of_64_kib() {
    for size in [1, PAGE as u64, 0x1_0000, 0x1_0001, 5 << 20] {
        let view = view(size);
        assert_eq!(view.addr() % GRANULARITY, 0);
        for kind in [MEM_RESERVE, MEM_COMMIT, MEM_RESERVE | MEM_COMMIT, MEM_RESERVE | MEM_TOP_DOWN] {
            let memory = VirtualAlloc(null_mut(), size as usize, kind, PAGE_READWRITE);
            assert_eq!((memory.is_null(), memory.addr() % GRANULARITY), (false, 0));
            assert_eq!(query(memory.addr()).allocation_base, memory.addr());
            assert_eq!(VirtualFree(memory, 0, MEM_RELEASE), 1);
        }
        assert_eq!(UnmapViewOfFile(view), 1);
    }
}

#[test]
fn what_follows_is_free() {
    for size in [1, 0x1_0000, 0x3_0000] {
        let views: Vec<_> = (0..50).map(|_| view(size).addr()).collect();
        for &view in &views {
            let end = view + query(view).size;
            assert_eq!(run(end).0, MEM_FREE);
            assert_eq!(IsBadReadPtr(end as Pointer, 1), 1);
        }
        for view in views {
            assert_eq!(UnmapViewOfFile(view as Pointer), 1);
        }
    }
}

#[test]
fn the_rest_of_a_block_cannot_be_had() {
    let view = view(1);
    let free = view.addr() + PAGE;
    assert_eq!(no_address(VirtualAlloc(free as Pointer, PAGE, MEM_RESERVE, PAGE_READWRITE)), 487);
    let long = crate::view(0x1_1000);
    let free = long.addr() + 0x1_1000;
    assert_eq!(no_address(VirtualAlloc(free as Pointer, PAGE, MEM_RESERVE, PAGE_READWRITE)), 487);
    for view in [view, long] {
        assert_eq!(UnmapViewOfFile(view), 1);
    }
}

#[test]
fn an_address_that_was_given_up_is_not_given_out_again_at_once() {
    alone("placement::role_that_maps_and_unmaps");
}

#[test]
#[ignore = "a role: counts what is given up in this process"]
fn role_that_maps_and_unmaps() {
    let section = section(PAGE as u64, PAGE_READWRITE);
    let mut last = VecDeque::new();
    for _ in 0..10_000 {
        let view = map(section, FILE_MAP_WRITE);
        assert!(!last.contains(&view.addr()), "{view:?} again");
        assert_eq!(UnmapViewOfFile(view), 1);
        last.push_back(view.addr());
        if last.len() > 15 {
            last.pop_front();
        }
    }
    CloseHandle(section);
}

/// Where views come and go, nothing is left around them that the program could meet.
#[test]
fn what_is_around_a_place_that_is_used_again_is_free() {
    alone("placement::role_that_looks_around");
}

#[test]
#[ignore = "a role: wants what is around its views, as other tests do"]
fn role_that_looks_around() {
    let section = section(7 * PAGE as u64, PAGE_READWRITE);
    let mut seen = BTreeSet::new();
    let mut again = 0;
    while again < 3 {
        let view = map(section, FILE_MAP_WRITE);
        again += u32::from(!seen.insert(view.addr()));
        let (before, after) = (view.addr() - PAGE, view.addr() + 7 * PAGE);
        assert_eq!((run(before).0, run(after).0), (MEM_FREE, MEM_FREE));
        assert_eq!(UnmapViewOfFile(view), 1);
        if again > 0 {
            let wish = view.addr() - GRANULARITY;
            let memory = VirtualAlloc(wish as Pointer, 3 * GRANULARITY, MEM_RESERVE, PAGE_READWRITE);
            assert_eq!(memory.addr(), wish, "{}", GetLastError());
            assert_eq!(VirtualFree(memory, 0, MEM_RELEASE), 1);
        }
    }
    CloseHandle(section);
}

#[test]
fn a_wished_address_is_kept_or_refused() {
    let section = section(0x2_0000, PAGE_READWRITE);
    let somewhere = map(section, FILE_MAP_WRITE).addr();
    assert_eq!(UnmapViewOfFile(somewhere as Pointer), 1);
    let at = |base| MapViewOfFileEx(section, FILE_MAP_WRITE, 0, 0, 0, base);
    assert_eq!(at(somewhere).addr(), somewhere);
    assert_eq!(no_address(at(somewhere)), 487);
    assert_eq!(no_address(at(somewhere + GRANULARITY)), 487);
    assert_eq!(no_address(at(somewhere + PAGE)), 1132);
    assert_eq!(no_address(at(somewhere + 1)), 1132);
    assert_eq!(no_address(at(1 << 63)), 87);
    assert_eq!(no_address(at(usize::MAX & !0xFFFF)), 87);
    assert_eq!(no_address(VirtualAlloc(somewhere as Pointer, 1, MEM_RESERVE, PAGE_READWRITE)), 487);
    assert_eq!(UnmapViewOfFile(somewhere as Pointer), 1);
    // Rounded down to the block, and up to the page.
    let memory = VirtualAlloc((somewhere + 0x1234) as Pointer, 0x1000, MEM_RESERVE, PAGE_READWRITE);
    assert_eq!((memory.addr(), query(memory.addr()).size), (somewhere, 0x3000));
    assert_eq!(no_address(at(somewhere)), 487);
    assert_eq!(VirtualFree(memory, 0, MEM_RELEASE), 1);
    CloseHandle(section);
}

/// Mappings of others in the part of the address space that is used here are gone around.
#[test]
fn what_is_in_the_way_is_left_alone() {
    let mut strangers = Vec::new();
    for _ in 0..20 {
        let probe = view(1).addr();
        assert_eq!(UnmapViewOfFile(probe as Pointer), 1);
        // About where the next ones would be.
        let wish = (probe + 3 * GRANULARITY) as Pointer;
        // SAFETY: nothing is replaced.
        let stranger = unsafe {
            libc::mmap(
                wish,
                5 * GRANULARITY,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                -1,
                0,
            )
        };
        if stranger != libc::MAP_FAILED {
            put(stranger.addr(), 77);
            strangers.push(stranger);
        }
        let views: Vec<_> = (0..20).map(|_| view(1)).collect();
        for view in views {
            assert_eq!(UnmapViewOfFile(view), 1);
        }
    }
    assert!(!strangers.is_empty());
    for stranger in strangers {
        assert_eq!(byte(stranger.addr()), 77);
        assert_eq!(query(stranger.addr()).kind, MEM_PRIVATE);
        // SAFETY: mapped above.
        assert_eq!(unsafe { libc::munmap(stranger, 5 * GRANULARITY) }, 0);
    }
}

#[test]
fn more_addresses_than_there_are_is_an_error() {
    let whole = 0x7000_0000_0000;
    assert_eq!(no_address(VirtualAlloc(null_mut(), whole, MEM_RESERVE, PAGE_READWRITE)), 8);
    assert_eq!(no_address(VirtualAlloc(null_mut(), usize::MAX, MEM_RESERVE, PAGE_READWRITE)), 87);
    // And things go on.
    let large = VirtualAlloc(null_mut(), 1 << 44, MEM_RESERVE, PAGE_READWRITE);
    assert!(!large.is_null());
    assert_eq!(VirtualFree(large, 0, MEM_RELEASE), 1);
    assert_eq!(UnmapViewOfFile(view(1)), 1);
}

/// Where the part of the address space that is used here cannot be had, what the kernel offers does.
#[test]
fn a_crowded_address_space_is_enough() {
    alone("placement::role_in_a_crowd");
}

/// Has a role played in a process of its own.
fn alone(role: &str) {
    let program = std::env::current_exe().unwrap();
    let status = std::process::Command::new(program).args([role, "--exact", "--ignored"]).status();
    assert!(status.unwrap().success());
}

#[test]
#[ignore = "a role: takes all addresses that would be used first"]
fn role_in_a_crowd() {
    let (start, end) = (0x2000_0000_0000_usize, 0x5000_0000_0000);
    // SAFETY: nothing is replaced.
    let crowd = unsafe {
        libc::mmap(
            start as Pointer,
            end - start,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE,
            -1,
            0,
        )
    };
    assert_eq!(crowd.addr(), start);
    for size in [1, 0x1_0001, 5 << 20] {
        let section = section(size, PAGE_READWRITE);
        let views: Vec<_> = (0..10).map(|_| map(section, FILE_MAP_WRITE)).collect();
        for view in views {
            assert_eq!(view.addr() % GRANULARITY, 0);
            assert!(!(start..end).contains(&view.addr()));
            put(view.addr(), 1);
            assert_eq!(UnmapViewOfFile(view), 1);
        }
        let memory = VirtualAlloc(null_mut(), size as usize, MEM_COMMIT, PAGE_READWRITE);
        assert_eq!((memory.is_null(), memory.addr() % GRANULARITY), (false, 0));
        assert_eq!(VirtualFree(memory, 0, MEM_RELEASE), 1);
        CloseHandle(section);
    }
}
