//! Bytes that nobody can change any more.

use crate::scratch::{Private, code, file, name};
use crate::{pattern, section};
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
