//! Sections, and what their attributes mean for views.

use crate::*;

#[test]
fn a_reserved_section_is_committed_page_by_page() {
    for name in [String::new(), unique("reserved")] {
        let section = named(100_000, PAGE_READWRITE | SEC_RESERVE, &name);
        let one = map(section, FILE_MAP_WRITE).addr();
        // Whoever opens it by its name knows of it, too.
        let other = if name.is_empty() { section } else { open(FILE_MAP_READ, &name) };
        let other = map(other, FILE_MAP_READ).addr();
        let whole = 25 * PAGE;
        assert_eq!(run(one), (MEM_RESERVE, 0, whole));
        assert_eq!(query(one).allocation_protect, PAGE_READWRITE);
        let commit = |page: usize, pages: usize, protect| {
            VirtualAlloc((one + page * PAGE) as Pointer, pages * PAGE, MEM_COMMIT, protect).addr()
        };
        assert_eq!(commit(2, 2, PAGE_READWRITE), one + 2 * PAGE);
        put(one + 3 * PAGE, 9);
        assert_eq!(byte(other + 3 * PAGE), 9);
        for view in [one, other] {
            assert_eq!(query(view + PAGE).state, MEM_RESERVE);
            assert_eq!((query(view + 2 * PAGE).state, query(view + 2 * PAGE).size), (MEM_COMMIT, 2 * PAGE));
            assert_eq!(run(view + 4 * PAGE), (MEM_RESERVE, 0, 21 * PAGE));
        }
        assert_eq!(commit(3, 1, PAGE_READWRITE), one + 3 * PAGE);
        assert_eq!(byte(one + 3 * PAGE), 9);
        assert_eq!(protect(one, PAGE, PAGE_READONLY), Err(487));
        assert_eq!(protect(one + 2 * PAGE, 3 * PAGE, PAGE_READONLY), Err(487));
        assert_eq!(protect(one + 2 * PAGE, 2 * PAGE, PAGE_READONLY), Ok(PAGE_READWRITE));
        assert_eq!(commit(24, 2, PAGE_READWRITE), 0);
        assert_eq!(GetLastError(), 487);
        // Through a view that only reads, for reading.
        let last = (other + 24 * PAGE) as Pointer;
        assert_eq!(no_address(VirtualAlloc(last, 1, MEM_COMMIT, PAGE_READWRITE)), 87);
        assert_eq!(VirtualAlloc(last, 1, MEM_COMMIT, PAGE_READONLY), last);
        assert_eq!(run(one + 24 * PAGE), (MEM_COMMIT, PAGE_READWRITE, PAGE));
        for view in [one, other] {
            assert_eq!(UnmapViewOfFile(view as Pointer), 1);
        }
        CloseHandle(section);
    }
}

#[test]
fn a_reserved_section_may_be_larger_than_memory() {
    let size = 8_usize << 30;
    let section = section(size as u64, PAGE_READWRITE | SEC_RESERVE);
    let view = map(section, FILE_MAP_WRITE).addr();
    assert_eq!(run(view), (MEM_RESERVE, 0, size));
    let at = view + (6 << 30);
    assert_eq!(VirtualAlloc(at as Pointer, 1, MEM_COMMIT, PAGE_READWRITE).addr(), at);
    put(at, 1);
    assert_eq!(run(view), (MEM_RESERVE, 0, 6 << 30));
    assert_eq!(run(at), (MEM_COMMIT, PAGE_READWRITE, PAGE));
    assert_eq!(UnmapViewOfFile(view as Pointer), 1);
    CloseHandle(section);
}

#[test]
fn attributes_are_checked() {
    for (attributes, expected) in [
        (PAGE_READWRITE | SEC_NOCACHE, 87),
        (PAGE_READWRITE | SEC_IMAGE, 193),
        (PAGE_READWRITE | SEC_IMAGE | SEC_COMMIT, 87),
        (PAGE_READWRITE | SEC_COMMIT | SEC_RESERVE, 87),
        (PAGE_READWRITE | PAGE_GUARD, 87),
        (PAGE_READWRITE | PAGE_NOCACHE, 87),
        (PAGE_NOACCESS, 87),
        (0, 87),
        (PAGE_READWRITE | SEC_COMMIT | SEC_LARGE_PAGES, 87),
    ] {
        assert_eq!(failed(section(100_000, attributes)), expected, "{attributes:#x}");
    }
    let nocache = section(1, PAGE_READWRITE | SEC_COMMIT | SEC_NOCACHE);
    let view = map(nocache, FILE_MAP_READ).addr();
    let told = query(view);
    assert_eq!(told.protect, PAGE_READONLY | PAGE_NOCACHE);
    assert_eq!(told.allocation_protect, PAGE_READONLY | PAGE_NOCACHE);
    assert_eq!(UnmapViewOfFile(view as Pointer), 1);
    CloseHandle(nocache);
}

#[test]
fn rights_are_those_that_were_asked_for() {
    let name = unique("rights");
    let made = named(1, PAGE_READWRITE, &name);
    assert_eq!(GetLastError(), 0);
    let again = named(1 << 20, PAGE_READONLY, &name);
    assert_eq!(GetLastError(), 183);
    assert_eq!(no_address(MapViewOfFile(again, FILE_MAP_WRITE, 0, 0, 0)), 5);
    assert_eq!(run(map(again, FILE_MAP_READ).addr()).2, PAGE);
    assert_eq!(failed(open(0, &name)), 5);
    assert_eq!(failed(open(0x40, &name)), 5);
    assert_eq!(failed(open(FILE_MAP_READ, &unique("nothing"))), 2);
    let copy = open(FILE_MAP_COPY, &name);
    put(map(copy, FILE_MAP_COPY).addr(), 1);
    assert_eq!(byte(map(made, FILE_MAP_READ).addr()), 0);
    assert_eq!(no_address(MapViewOfFile(copy, FILE_MAP_WRITE, 0, 0, 0)), 5);
    for handle in [made, again, copy] {
        CloseHandle(handle);
    }
    assert_eq!(failed(open(FILE_MAP_READ, &name)), 2);
}

#[test]
fn newer_functions_do_what_the_older_ones_do() {
    let (file, none) = (INVALID_HANDLE_VALUE, std::ptr::null());
    let create = |access, kind, parameters: &[[u64; 2]]| {
        // SAFETY: there are as many parameters as is said, no attributes and no name.
        unsafe {
            CreateFileMapping2(
                file,
                null_mut(),
                access,
                PAGE_READWRITE,
                kind,
                5 * PAGE as u64,
                none,
                parameters.as_ptr(),
                parameters.len() as u32,
            )
        }
    };
    let section = create(FILE_MAP_READ, SEC_COMMIT, &[[3, u64::from(u32::MAX)]]);
    assert_ne!(section, 0);
    assert_eq!(no_address(MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0)), 5);
    assert_eq!(failed(create(FILE_MAP_READ, SEC_COMMIT, &[[1, 0]])), 50);
    let map = |kind, protect| {
        // SAFETY: there are no parameters.
        unsafe { MapViewOfFile3(section, CURRENT_PROCESS, 0, 0, 0, kind, protect, std::ptr::null(), 0) }
    };
    let view = map(0, PAGE_READONLY);
    assert_eq!(run(view.addr()), (MEM_COMMIT, PAGE_READONLY, 5 * PAGE));
    assert_eq!(no_address(map(0, PAGE_READWRITE)), 5);
    const MEM_REPLACE_PLACEHOLDER: u32 = 0x4000;
    assert_eq!(no_address(map(MEM_REPLACE_PLACEHOLDER, PAGE_READONLY)), 87);
    let high = map(MEM_TOP_DOWN, PAGE_READONLY);
    assert!(high.addr() % GRANULARITY == 0 && high > view);
    for view in [view, high] {
        assert_eq!(UnmapViewOfFile(view), 1);
    }
    CloseHandle(section);
}

#[test]
fn flushing_knows_what_is_mapped() {
    let view = view(1);
    let memory = VirtualAlloc(null_mut(), 1, MEM_COMMIT, PAGE_READWRITE);
    let local = 0;
    for address in [view, memory, (&raw const local).cast_mut().cast()] {
        SetLastError(7);
        assert_eq!((FlushViewOfFile(address, 0), GetLastError()), (1, 7));
    }
    assert_eq!(failed(FlushViewOfFile(view, PAGE + 1)), 87);
    assert_eq!(failed(FlushViewOfFile(null_mut(), 0)), 487);
    assert_eq!(UnmapViewOfFile(view), 1);
    assert_eq!(failed(FlushViewOfFile(view, 0)), 487);
    assert_eq!(VirtualFree(memory, 0, MEM_RELEASE), 1);
}

#[test]
fn offsets_are_multiples_of_64_kib() {
    let section = section(0x2_ABCD, PAGE_READWRITE);
    for low in [1, 0x1000, 0x8000, 0x1_8000] {
        assert_eq!(no_address(MapViewOfFile(section, FILE_MAP_READ, 0, low, 0)), 1132);
    }
    let view = MapViewOfFile(section, FILE_MAP_READ, 0, 0x1_0000, 0).addr();
    assert_eq!(run(view).2, 0x1_B000);
    assert_eq!(no_address(MapViewOfFile(section, FILE_MAP_READ, 0, 0x3_0000, 0)), 5);
    assert_eq!(no_address(MapViewOfFile(section, FILE_MAP_READ, 0x8000_0000, 0, 0)), 5);
    assert_eq!(no_address(MapViewOfFile(section, FILE_MAP_READ, 0, 0, 1 << 62)), 5);
    assert_eq!(no_address(MapViewOfFile(4 * 12345, FILE_MAP_READ, 0, 0, 0)), 6);
    assert_eq!(UnmapViewOfFile(view as Pointer), 1);
    CloseHandle(section);
}

#[test]
fn a_written_page_of_a_copy_is_told_apart() {
    let section = section(4 * PAGE as u64, PAGE_READWRITE);
    let copy = map(section, FILE_MAP_COPY).addr();
    put(copy + 2 * PAGE, 1);
    assert_eq!(run(copy), (MEM_COMMIT, PAGE_WRITECOPY, 2 * PAGE));
    assert_eq!(run(copy + 2 * PAGE), (MEM_COMMIT, PAGE_READWRITE, PAGE));
    assert_eq!(query(copy + 2 * PAGE).allocation_protect, PAGE_WRITECOPY);
    assert_eq!(run(copy + 3 * PAGE), (MEM_COMMIT, PAGE_WRITECOPY, PAGE));
    assert_eq!(UnmapViewOfFile(copy as Pointer), 1);
    CloseHandle(section);
}
