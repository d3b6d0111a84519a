//! Which bytes of a section a view shows, and at which addresses.

use crate::scratch::{PAGE, Private, code, file};
use crate::{kernel_says, pattern, section};
use std::sync::atomic::{AtomicUsize, Ordering};
use veduta::{Code, Protection, Section, View, ViewAccess};

const SIZE: usize = 100_000;

/// A section with a pattern in it.
fn patterned() -> Section {
    let section = section(SIZE as u64);
    section.map(ViewAccess::Write).unwrap().write_at(0, &pattern(SIZE)).unwrap();
    section
}

#[test]
fn a_view_shows_the_whole_section_for_reading_unless_asked_otherwise() {
    let view = patterned().view().map().unwrap();
    assert_eq!((view.offset(), view.len(), view.access()), (0, SIZE, ViewAccess::Read));
    assert!(!view.is_empty());
    assert_eq!(view.compare_bytes(0, &pattern(SIZE)).unwrap(), None);
}

#[test]
fn a_view_shows_any_range_of_bytes() {
    let sections = [patterned(), patterned_file(), patterned_private(&Private::new())];
    for section in sections {
        for offset in [0, 1, 7, 4_095, 4_096, 4_097, 8_191, 50_000, SIZE - 1] {
            for len in [1, 2, 4_095, 4_096, 4_097, 40_000, SIZE - offset] {
                let len = len.min(SIZE - offset);
                let view = section.view().offset(offset as u64).len(len as u64).map().unwrap();
                assert_eq!((view.offset(), view.len()), (offset as u64, len));
                assert_eq!(view.as_ptr().addr() % PAGE, offset % PAGE, "aligned as in the section");
                let expected = &pattern(SIZE)[offset..][..len];
                assert_eq!(view.compare_bytes(0, expected).unwrap(), None, "{len} bytes at {offset}");
            }
        }
    }
}

fn patterned_file() -> Section {
    let file = file(0);
    std::os::unix::fs::FileExt::write_all_at(&file, &pattern(SIZE), 0).unwrap();
    Section::options().file(&file).create_unnamed().unwrap()
}

fn patterned_private(private: &Private) -> Section {
    let mut options = Section::options();
    let section = options.size(SIZE as u64).namespace(private.namespace()).create_new("view").unwrap();
    section.map(ViewAccess::Write).unwrap().write_at(0, &pattern(SIZE)).unwrap();
    section
}

#[test]
fn no_view_reaches_past_the_section() {
    // Memory is whole pages, so a view may reach to the end of the last one; a file has just its bytes.
    let whole = (SIZE as u64).next_multiple_of(PAGE as u64);
    for (section, end) in [(patterned(), whole), (patterned_file(), SIZE as u64)] {
        let map = |offset, len| section.view().offset(offset).len(len).map();
        assert_eq!(map(0, end).unwrap().len() as u64, end);
        assert_eq!(map(end - 1, 1).unwrap().len(), 1);
        for (offset, len) in [(0, end + 1), (1, end), (end, 1), (end - 1, 2), (u64::MAX, 1), (1, u64::MAX)] {
            assert_eq!(code(map(offset, len)), Code::ACCESS_DENIED, "{len} bytes at {offset}");
        }
        for offset in [SIZE as u64, end + 1, 1 << 63, u64::MAX] {
            assert_eq!(code(section.view().offset(offset).map()), Code::ACCESS_DENIED, "all from {offset}");
        }
        assert_eq!(code(map(0, 0)), Code::INVALID_PARAMETER);
    }
}

#[test]
fn a_refused_range_is_told_with_the_section() {
    let error = patterned().view().offset(99_999).len(5_000).map().unwrap_err();
    let advice = error.advice().unwrap();
    assert_eq!(advice, "5000 bytes at offset 99999 are not within the section, which has 100000 bytes");
}

#[test]
fn views_of_the_same_bytes_are_coherent() {
    let section = patterned();
    let at = |offset: u64| section.view().access(ViewAccess::Write).offset(offset).map().unwrap();
    let views = [at(0), at(1), at(4_095), at(40_000)];
    for (index, view) in views.iter().enumerate() {
        let mark = [b'A' + index as u8; 5];
        view.write_at(70_000 - view.offset() as usize, &mark).unwrap();
        for other in &views {
            assert_eq!(other.compare_bytes(70_000 - other.offset() as usize, &mark).unwrap(), None);
        }
    }
}

#[test]
fn a_view_outlives_its_section() {
    let view = patterned().map(ViewAccess::Write).unwrap();
    view.write_at(SIZE - 1, b"!").unwrap();
    assert_eq!(view.read_value::<u8>(SIZE - 1).unwrap(), b'!');
}

#[test]
fn the_kernel_allows_what_the_access_says_and_no_more() {
    let section = patterned();
    let expected = ["---s", "r--s", "rw-s", "rw-p", "r-xs", "rwxs", "rwxp"];
    for (access, expected) in ViewAccess::ALL.into_iter().zip(expected) {
        let view = section.map(access).unwrap();
        assert_eq!(kernel_says(view.as_ptr().addr()).as_deref(), Some(expected), "{access:?}");
        let reads = view.read_at(0, &mut [0]).map_err(|error| error.code());
        let writes = view.write_at(0, &[0]).map_err(|error| error.code());
        assert_eq!(reads, if access.reads() { Ok(()) } else { Err(Code::NOACCESS) }, "{access:?}");
        assert_eq!(writes, if access.writes() { Ok(()) } else { Err(Code::NOACCESS) }, "{access:?}");
    }
}

#[test]
fn copies_are_private_and_follow_the_section_until_they_are_written() {
    let section = section(SIZE as u64);
    let (shared, copy) = (section.map(ViewAccess::Write).unwrap(), section.map(ViewAccess::Copy).unwrap());
    shared.write_at(0, b"seen by all").unwrap();
    assert_eq!(copy.compare_bytes(0, b"seen by all").unwrap(), None);
    copy.write_at(0, b"mine").unwrap();
    assert_eq!(shared.compare_bytes(0, b"seen by all").unwrap(), None);
    assert_eq!(copy.compare_bytes(0, b"mine by all").unwrap(), None, "the rest of the page was copied");
    shared.write_at(50_000, b"another page").unwrap();
    assert_eq!(copy.compare_bytes(50_000, b"another page").unwrap(), None);
}

/// Machine code that returns 42.
#[cfg(target_arch = "x86_64")]
const CODE: &[u8] = &[0xB8, 42, 0, 0, 0, 0xC3];

#[cfg(target_arch = "x86_64")]
#[test]
fn a_view_that_executes_can_be_called() {
    let sections = [
        section(100),
        Section::options()
            .size(100)
            .protection(Protection::ExecuteReadWrite)
            .file(&file(0))
            .create_unnamed()
            .unwrap(),
    ];
    for section in sections {
        section.map(ViewAccess::Write).unwrap().write_at(10, CODE).unwrap();
        for access in [ViewAccess::ExecuteRead, ViewAccess::ExecuteWrite, ViewAccess::ExecuteCopy] {
            let view = section.view().access(access).offset(10).map().unwrap();
            #[allow(unsafe_code, reason = "calling what was mapped is the point")]
            // SAFETY: the view begins with code that follows the calling convention, and outlives the call.
            let function: extern "C" fn() -> i32 = unsafe { std::mem::transmute(view.as_ptr()) };
            assert_eq!(function(), 42, "{access:?}");
        }
    }
}

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

#[test]
fn views_can_be_shared_by_threads() {
    fn check<T: Send + Sync>() {}
    check::<View>();
    check::<veduta::PrivateView>();
    let view = crate::view(100);
    std::thread::scope(|scope| {
        scope.spawn(|| view.write_at(0, b"from a thread").unwrap());
    });
    assert_eq!(view.compare_bytes(0, b"from a thread").unwrap(), None);
}

/// Root may map address 0. A null pointer that can be read is no null pointer.
#[test]
fn no_view_is_at_the_addresses_of_null_pointers() {
    let section = section(PAGE as u64);
    for base in [0, PAGE] {
        assert_eq!(code(section.view().base(base).map()), Code::INVALID_ADDRESS, "{base:#x}");
    }
}
