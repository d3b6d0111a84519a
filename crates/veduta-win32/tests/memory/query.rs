//! `VirtualQuery`, of memory that is ours and of all other.

use crate::*;

#[test]
fn code_stack_and_heap_are_told_apart() {
    let code = query(code_stack_and_heap_are_told_apart as *const () as usize);
    assert_eq!((code.state, code.protect, code.kind), (MEM_COMMIT, PAGE_EXECUTE_READ, MEM_IMAGE));
    assert_eq!(code.allocation_protect, PAGE_EXECUTE_WRITECOPY);
    // Where the program begins: its ELF header.
    assert_eq!((0..4).map(|index| byte(code.allocation_base + index)).collect::<Vec<_>>(), *b"\x7FELF");
    static TEXT: &str = "constants belong to it, too";
    assert_eq!(query(TEXT.as_ptr().addr()).allocation_base, code.allocation_base);
    let local = 5;
    let stack = query((&raw const local).addr());
    assert_eq!((stack.state, stack.protect, stack.kind), (MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE));
    let heap = vec![0_u8; 10_000];
    let heap = query(heap.as_ptr().addr());
    assert_eq!((heap.state, heap.protect, heap.kind), (MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE));
}

#[test]
fn the_address_space_is_walked_from_end_to_end() {
    let view = view(3 * PAGE as u64).addr();
    let memory = VirtualAlloc(null_mut(), 1 << 20, MEM_RESERVE, PAGE_READWRITE).addr();
    let (mut address, mut seen) = (0, Vec::new());
    let mut information = Information::default();
    // SAFETY: there is room for the answer.
    while unsafe { VirtualQuery(address as Pointer, &raw mut information, 48) } == 48 {
        assert_eq!(information.base, address);
        assert!(information.size > 0 && information.size % PAGE == 0);
        seen.push((information.allocation_base, information.kind));
        address += information.size;
    }
    assert_eq!(GetLastError(), 87);
    assert_eq!(address, 0x7FFF_FFFF_F000);
    assert!(seen.contains(&(view, MEM_MAPPED)) && seen.contains(&(memory, MEM_PRIVATE)));
    assert_eq!(UnmapViewOfFile(view as Pointer), 1);
    assert_eq!(VirtualFree(memory as Pointer, 0, MEM_RELEASE), 1);
}

#[test]
fn wrong_buffers_are_refused() {
    let mut information = Information { base: 77, ..Information::default() };
    let mut ask = |address: usize, size| {
        // SAFETY: there is room for the answer.
        unsafe { VirtualQuery(address as Pointer, &raw mut information, size) }
    };
    assert_eq!(failed(ask(0, 47)), 24);
    assert_eq!(failed(ask(1 << 63, 48)), 87);
    assert_eq!(failed(ask(0x7FFF_FFFF_F000, 48)), 87);
    assert_eq!(information.base, 77, "outputs are written only on success");
    // SAFETY: NULL is what is tested.
    assert_eq!(failed(unsafe { VirtualQuery(null_mut(), null_mut(), 48) }), 998);
}

#[test]
fn protection_of_other_memory_is_changed() {
    // SAFETY: a mapping of this test.
    let memory = unsafe {
        libc::mmap(
            null_mut(),
            4 * PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    }
    .addr();
    assert_eq!(protect(memory + PAGE, PAGE, PAGE_READONLY), Ok(PAGE_READWRITE));
    assert_eq!(IsBadWritePtr((memory + PAGE) as Pointer, 1), 1);
    assert_eq!(run(memory + PAGE), (MEM_COMMIT, PAGE_READONLY, PAGE));
    assert_eq!(protect(memory, 4 * PAGE, PAGE_NOACCESS), Ok(PAGE_READWRITE));
    assert_eq!(run(memory + 3 * PAGE).1, PAGE_NOACCESS);
    assert_eq!(protect(memory, PAGE, PAGE_WRITECOPY), Err(87));
    // SAFETY: mapped above.
    assert_eq!(unsafe { libc::munmap(memory as Pointer, 4 * PAGE) }, 0);
    assert_eq!(protect(0x1000, PAGE, PAGE_READONLY), Err(487));
}

#[test]
fn a_view_is_told_with_its_protections() {
    let view = view(0x5000).addr();
    let whole = query(view + 0x2678);
    let expected = Information {
        base: view + 0x2000,
        allocation_base: view,
        allocation_protect: PAGE_READWRITE,
        size: 0x3000,
        state: MEM_COMMIT,
        protect: PAGE_READWRITE,
        kind: MEM_MAPPED,
        ..Information::default()
    };
    assert_eq!(whole, expected);
    assert_eq!(protect(view + PAGE, PAGE, PAGE_READONLY), Ok(PAGE_READWRITE));
    assert_eq!(run(view), (MEM_COMMIT, PAGE_READWRITE, PAGE));
    assert_eq!(run(view + PAGE), (MEM_COMMIT, PAGE_READONLY, PAGE));
    assert_eq!(run(view + 2 * PAGE), (MEM_COMMIT, PAGE_READWRITE, 3 * PAGE));
    assert_eq!(protect(view, PAGE, PAGE_EXECUTE_READ), Err(87));
    assert_eq!(protect(view + 4 * PAGE, 2 * PAGE, PAGE_READONLY), Err(487));
    // SAFETY: NULL is what is tested.
    assert_eq!(failed(unsafe { VirtualProtect(view as Pointer, 1, PAGE_READONLY, null_mut()) }), 998);
    assert_eq!(run(view).1, PAGE_READWRITE);
    assert_eq!(UnmapViewOfFile((view + 0x4321) as Pointer), 1);
    let free = query(view);
    assert_eq!((free.state, free.protect, free.kind), (MEM_FREE, PAGE_NOACCESS, 0));
    assert_eq!((free.allocation_base, free.allocation_protect), (0, 0));
}
