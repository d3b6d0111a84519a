//! Which bytes of a section a view shows, and at which addresses.

use crate::scratch::{FileAt, PAGE, Private, code, file};
use crate::{pattern, section};
use veduta::{Code, Protection, Section, View, ViewAccess};

pub(crate) const SIZE: usize = 100_000;

/// A section with a pattern in it.
pub(crate) fn patterned() -> Section {
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
    file.write_all_at(&pattern(SIZE), 0).unwrap();
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
fn a_view_copies_what_its_access_says_and_no_more() {
    let section = patterned();
    for access in ViewAccess::ALL {
        let view = section.map(access).unwrap();
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
