//! Where the bytes can be a slice: sealed, private, or on the caller's word.

use crate::scratch::{PAGE, Private, code, file, name};
use crate::{pattern, section, view};
use veduta::{Code, Section, SectionAccess, ViewAccess};

/// A section with a pattern in it that can no longer change.
fn sealed() -> Section {
    let section = section(10_000);
    section.map(ViewAccess::Write).unwrap().write_at(0, &pattern(10_000)).unwrap();
    section.seal().unwrap();
    section
}

#[test]
fn what_is_sealed_is_a_slice() {
    let section = sealed();
    assert_eq!(section.map(ViewAccess::Read).unwrap().as_slice().unwrap(), pattern(10_000));
    let part = section.view().offset(4_099).len(100).map().unwrap();
    assert_eq!(part.as_slice().unwrap(), &pattern(10_000)[4_099..4_199]);
}

#[test]
fn what_may_change_is_no_slice() {
    let section = section(10_000);
    for access in [ViewAccess::Read, ViewAccess::Write, ViewAccess::Copy, ViewAccess::NoAccess] {
        let error = section.map(access).unwrap().as_slice().unwrap_err().to_string();
        assert!(error.contains("ERROR_SHARING_VIOLATION, 32"), "{access:?}: {error}");
        assert!(error.contains("seal the section before mapping"), "{error}");
    }
    let sealed = sealed();
    assert_eq!(code(sealed.map(ViewAccess::Copy).unwrap().as_slice()), Code::SHARING_VIOLATION);
    assert_eq!(code(sealed.map(ViewAccess::NoAccess).unwrap().as_slice()), Code::NOACCESS);
}

#[test]
fn nobody_writes_to_what_is_sealed() {
    let section = sealed();
    let error = section.map(ViewAccess::Write).unwrap_err();
    assert_eq!(error.code(), Code::ACCESS_DENIED);
    assert!(error.advice().is_some_and(|advice| advice.contains("sealed")), "{error}");
    let clone = section.try_clone().unwrap();
    assert_eq!(code(clone.map(ViewAccess::Write)), Code::ACCESS_DENIED);
    let copy = section.map(ViewAccess::Copy).unwrap();
    copy.write_at(0, b"own").unwrap();
    assert_eq!(section.map(ViewAccess::Read).unwrap().as_slice().unwrap(), pattern(10_000));
}

#[test]
fn sealing_waits_for_nobody() {
    let section = section(10_000);
    let writer = section.map(ViewAccess::Write).unwrap();
    let error = section.seal().unwrap_err();
    assert_eq!(error.code(), Code::BUSY);
    assert!(error.advice().unwrap().contains("still mapped"), "{error}");
    assert!(!section.is_sealed());
    writer.write_at(0, b"still").unwrap();
    drop(writer);
    section.seal().unwrap();
    section.seal().unwrap();
    assert!(section.is_sealed());
}

#[test]
fn copies_and_views_of_readers_do_not_stand_against_a_seal() {
    let section = section(10_000);
    let reader = section.try_clone_with(SectionAccess::READ).unwrap();
    let (copy, read) = (section.map(ViewAccess::Copy).unwrap(), reader.map(ViewAccess::Read).unwrap());
    copy.write_at(0, b"own").unwrap();
    section.seal().unwrap();
    copy.write_at(5_000, b"own").unwrap();
    assert_eq!(read.compare_bytes(0, &[0; 10_000]).unwrap(), None);
    assert_eq!(section.map(ViewAccess::Read).unwrap().as_slice().unwrap(), [0; 10_000]);
}

#[test]
fn every_handle_learns_of_the_seal() {
    let name = name("sealed");
    let first = Section::options().size(100).create_new(&name).unwrap();
    let second = Section::options().access(SectionAccess::READ).open(&name).unwrap();
    assert!(!second.is_sealed());
    first.seal().unwrap();
    let before = second.map(ViewAccess::Read).unwrap();
    assert_eq!(code(before.as_slice()), Code::SHARING_VIOLATION, "nobody asked yet");
    assert!(second.is_sealed());
    assert_eq!(second.map(ViewAccess::Read).unwrap().as_slice().unwrap(), [0; 100]);
}

#[test]
fn sealing_takes_a_handle_that_writes_and_memory_of_its_own() {
    let reader = section(100).try_clone_with(SectionAccess::READ).unwrap();
    let error = reader.seal().unwrap_err();
    assert_eq!(error.code(), Code::ACCESS_DENIED);
    assert!(error.advice().unwrap().contains("may write"), "{error}");
    let file = file(100);
    assert_eq!(code(Section::options().file(&file).create_unnamed().unwrap().seal()), Code::NOT_SUPPORTED);
    let private = Private::new();
    let mut options = Section::options();
    let section = options.size(100).namespace(private.namespace()).create_new("seal").unwrap();
    assert_eq!(code(section.seal()), Code::NOT_SUPPORTED);
    assert!(!section.is_sealed());
}

#[test]
fn a_private_view_is_an_ordinary_slice() {
    let section = section(10_000);
    let shared = section.map(ViewAccess::Write).unwrap();
    shared.write_at(0, &pattern(10_000)).unwrap();
    let mut private = section.map(ViewAccess::Copy).unwrap().into_private().unwrap();
    assert_eq!(*private, pattern(10_000));
    shared.fill(0..10_000, 0xFF).unwrap();
    assert_eq!(*private, pattern(10_000), "later changes are not seen");
    private.reverse();
    private[..4].copy_from_slice(b"mine");
    assert_eq!(shared.compare_bytes(0, &[0xFF; 10_000]).unwrap(), None, "and none of its own are");
    assert_eq!(&private[..4], b"mine");
}

#[test]
fn a_private_view_keeps_what_was_written_before() {
    let section = section(3 * PAGE as u64);
    let copy = section.view().access(ViewAccess::Copy).offset(10).len(5_000).map().unwrap();
    copy.write_at(4_990, b"mine").unwrap();
    let private = copy.into_private().unwrap();
    assert_eq!((private.len(), &private[4_990..4_994]), (5_000, &b"mine"[..]));
}

#[test]
fn only_a_copy_view_that_can_be_read_becomes_private() {
    let section = section(3 * PAGE as u64);
    for access in [ViewAccess::Read, ViewAccess::Write, ViewAccess::NoAccess] {
        assert_eq!(code(section.map(access).unwrap().into_private()), Code::INVALID_PARAMETER, "{access:?}");
    }
    for range in [0..1, 2 * PAGE..3 * PAGE, 0..3 * PAGE] {
        let mut copy = section.map(ViewAccess::Copy).unwrap();
        copy.protect(range.clone(), ViewAccess::NoAccess).unwrap();
        assert_eq!(code(copy.into_private()), Code::NOACCESS, "{range:?}");
        let mut copy = section.map(ViewAccess::Copy).unwrap();
        copy.protect(range, ViewAccess::Read).unwrap();
        let mut private = copy.into_private().unwrap();
        private.fill(7);
        assert_eq!(*private, [7; 3 * PAGE], "it may be written again");
    }
}

#[test]
#[allow(unsafe_code, reason = "slices on the caller's word are the point")]
fn a_slice_on_the_callers_word() {
    let mut view = view(10_000);
    // SAFETY: nobody else has the section.
    unsafe { view.slice_mut(5..10) }.unwrap().copy_from_slice(b"slice");
    // SAFETY: nobody else has the section.
    assert_eq!(unsafe { view.slice(5..10) }.unwrap(), b"slice");
    // SAFETY: it fails, and gives no slice.
    assert_eq!(code(unsafe { view.slice(0..10_001) }), Code::INVALID_PARAMETER);
    let mut read = section(100).map(ViewAccess::Read).unwrap();
    // SAFETY: it fails, and gives no slice.
    assert_eq!(code(unsafe { read.slice_mut(0..10) }), Code::NOACCESS);
}
