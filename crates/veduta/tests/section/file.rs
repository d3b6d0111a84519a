//! Sections of files.

use crate::scratch::{FileAt, file, name, named_file};
use std::fs::File;
use veduta::{Code, Commit, Protection, Section, ViewAccess};

pub(crate) fn len(file: &File) -> u64 {
    file.metadata().unwrap().len()
}

pub(crate) fn section_of(file: &File, protection: Protection, size: u64) -> veduta::Result<Section> {
    Section::options().file(file).protection(protection).size(size).create_unnamed()
}

#[test]
fn size_zero_is_the_length_of_the_file() {
    let file = file(5_000);
    let section = section_of(&file, Protection::ReadWrite, 0).unwrap();
    assert_eq!(section.len(), 5_000);
    section.map(ViewAccess::Write).unwrap().write_at(4_990, b"to the end").unwrap();
    let mut end = [0; 10];
    file.read_exact_at(&mut end, 4_990).unwrap();
    assert_eq!(&end, b"to the end");
}

#[test]
fn a_larger_section_makes_its_file_longer_with_room_for_it() {
    for commit in [Commit::Checked, Commit::Now] {
        let file = file(100);
        file.write_all_at(b"before", 0).unwrap();
        let section = Section::options().file(&file).size(1 << 20).commit(commit).create_unnamed().unwrap();
        assert_eq!((section.len(), len(&file)), (1 << 20, 1 << 20));
        let view = section.map(ViewAccess::Read).unwrap();
        assert_eq!(view.compare_bytes(0, b"before").unwrap(), None);
        assert_eq!(view.compare_bytes(100, &vec![0; (1 << 20) - 100]).unwrap(), None);
    }
}

#[test]
fn a_smaller_section_leaves_its_file_alone() {
    let file = file(20_000);
    let section = section_of(&file, Protection::ReadWrite, 5_000).unwrap();
    assert_eq!(section.map(ViewAccess::Write).unwrap().len(), 5_000);
    drop(section);
    assert_eq!(len(&file), 20_000);
}

#[test]
fn only_a_section_that_writes_makes_its_file_longer() {
    let file = file(100);
    let protections = Protection::ALL.into_iter().filter(|protection| !protection.writes_shared());
    for protection in protections {
        let error = section_of(&file, protection, 101).unwrap_err();
        assert_eq!(error.code(), Code::NOT_ENOUGH_MEMORY, "{protection}");
        assert!(error.advice().unwrap().contains("the file has 100 bytes, the section 101"), "{error}");
        assert_eq!(len(&file), 100);
    }
}

#[test]
fn the_file_must_be_open_for_what_the_section_may_do() {
    let whole = named_file(100);
    let read = File::open(whole.path()).unwrap();
    let write = File::options().write(true).open(whole.path()).unwrap();
    for protection in Protection::ALL {
        let expected = protection.writes_shared().then_some(Code::ACCESS_DENIED);
        assert_eq!(section_of(&read, protection, 0).err().map(|error| error.code()), expected);
        let error = section_of(&write, protection, 0).unwrap_err();
        assert_eq!(error.code(), Code::ACCESS_DENIED);
        assert!(error.advice().unwrap().contains("open for reading"), "{error}");
    }
}

#[test]
fn an_empty_file_needs_a_size() {
    let file = file(0);
    let error = section_of(&file, Protection::ReadWrite, 0).unwrap_err();
    assert_eq!(error.code(), Code::FILE_INVALID);
    assert!(error.advice().unwrap().contains("give a size"), "{error}");
    assert_eq!(section_of(&file, Protection::ReadWrite, 10).unwrap().len(), 10);
}

#[test]
fn the_section_keeps_its_file_open_and_leaves_the_callers_alone() {
    let whole = named_file(5_000);
    let (file, path) = whole.into_parts();
    let section = section_of(&file, Protection::ReadWrite, 0).unwrap();
    drop(file);
    drop(path);
    let view = section.map(ViewAccess::Write).unwrap();
    view.write_at(0, b"deleted, and still there").unwrap();
    assert_eq!(section.map(ViewAccess::Read).unwrap().compare(0..24, &view, 0).unwrap(), None);
}

#[test]
fn a_name_for_a_file_reaches_the_same_file() {
    let file = named_file(5_000);
    let name = name("file");
    let _first = Section::options().file(file.as_file()).create_new(&name).unwrap();
    let second = Section::options().open(&name).unwrap();
    assert_eq!(second.len(), 5_000);
    second.map(ViewAccess::Write).unwrap().write_at(1_000, b"through the name").unwrap();
    let mut bytes = [0; 16];
    file.as_file().read_exact_at(&mut bytes, 1_000).unwrap();
    assert_eq!(&bytes, b"through the name");
}

#[test]
fn the_second_who_creates_does_not_touch_its_file() {
    let name = name("second file");
    let (one, other) = (file(100), file(100));
    let _first = Section::options().file(&one).create_new(&name).unwrap();
    let (second, _) = Section::options().file(&other).size(100_000).create(&name).unwrap();
    assert_eq!((second.len(), len(&other)), (100, 100));
}
