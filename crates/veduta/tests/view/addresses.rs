//! Views at addresses that a program wishes for.

use crate::place::{SIZE, patterned};
use crate::scratch::{PAGE, code};
use crate::{pattern, section};
use std::sync::atomic::{AtomicUsize, Ordering};
use veduta::Code;

/// Addresses that programs, libraries and the kernel's own choice are far away from.
fn free_addresses() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0x2000_0000_0000);
    NEXT.fetch_add(1 << 30, Ordering::Relaxed)
}

#[test]
fn a_view_is_exactly_where_it_is_wished() {
    let section = patterned();
    for offset in [0, 1, 4_096, 50_000] {
        let base = free_addresses() + offset % PAGE;
        let view = section.view().offset(offset as u64).base(base).map().unwrap();
        assert_eq!(view.as_ptr().addr(), base);
        assert_eq!(view.compare_bytes(0, &pattern(SIZE)[offset..]).unwrap(), None);
    }
    let base = free_addresses() + 3 * PAGE;
    let map = || section.view().base(base).map().unwrap();
    drop(map());
    assert_eq!(map().as_ptr().addr(), base, "it can be had again once it is free");
}

#[test]
fn a_view_never_takes_the_place_of_another_and_is_never_moved() {
    let section = patterned();
    let base = free_addresses() + 10 * PAGE;
    let first = section.view().base(base).len(2 * PAGE as u64).map().unwrap();
    let blank = crate::section(SIZE as u64);
    let last = base + PAGE;
    for (base, len) in
        [(base, PAGE), (base, 5 * PAGE), (last, PAGE), (base - PAGE, 2 * PAGE), (base - PAGE, SIZE)]
    {
        let error = blank.view().base(base).len(len as u64).map().unwrap_err();
        assert_eq!(error.code(), Code::INVALID_ADDRESS);
        assert!(error.advice().unwrap().contains("without a wished address"), "{error}");
    }
    assert_eq!(first.compare_bytes(0, &pattern(2 * PAGE)).unwrap(), None, "it is still there");
    let below = blank.view().base(base - PAGE).len(PAGE as u64).map().unwrap();
    let above = blank.view().base(base + 2 * PAGE).len(PAGE as u64).map().unwrap();
    assert_eq!((below.len(), above.len()), (PAGE, PAGE), "next to it there is room");
}

#[test]
fn an_address_must_be_as_far_from_a_page_as_the_offset() {
    let section = patterned();
    let base = free_addresses();
    for (offset, base) in [(0, base + 1), (1, base), (5_000, base + 5), (4_096, base + 4_095)] {
        let error = section.view().offset(offset).base(base).map().unwrap_err();
        assert_eq!(error.code(), Code::MAPPED_ALIGNMENT);
        assert!(error.advice().unwrap().contains("4096"), "{error}");
    }
}

#[test]
fn addresses_that_no_program_has_are_refused() {
    let section = patterned();
    for base in [0xFFFF_8000_0000_0000, usize::MAX - 4095, 0x7FFF_FFFF_F000] {
        assert_eq!(code(section.view().base(base).map()), Code::INVALID_PARAMETER, "{base:#x}");
    }
    let null = section.view().base(0).map();
    assert!(null.is_err(), "no view is at the null address: {null:?}");
}

/// Root may map address 0. A null pointer that can be read is no null pointer.
#[test]
fn no_view_is_at_the_addresses_of_null_pointers() {
    let section = section(PAGE as u64);
    for base in [0, PAGE] {
        assert_eq!(code(section.view().base(base).map()), Code::INVALID_ADDRESS, "{base:#x}");
    }
}
