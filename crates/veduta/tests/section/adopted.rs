//! Handles that arrive as descriptors, from anybody.

use crate::scratch::{Private, child, code, descriptors, file, name};
use rustix::fs::{MemfdFlags, OFlags, SealFlags};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use veduta::os::InheritExt;
use veduta::os::unix::{HandleExt, MAX_DESCRIPTORS};
use veduta::{Code, Namespace, Protection, Section, SectionAccess, ViewAccess};

fn adopt(descriptors: Vec<OwnedFd>) -> veduta::Result<Section> {
    Section::from_descriptors(descriptors)
}

fn unnamed() -> Section {
    Section::options().size(10_000).create_unnamed().unwrap()
}

fn named(what: &str) -> Section {
    Section::options().size(10_000).create_new(&name(what)).unwrap()
}

/// Where docs/format.md puts the parts of a card.
mod card {
    pub(super) const MAGIC: u64 = 0;
    pub(super) const VERSION: u64 = 8;
    pub(super) const STORE: u64 = 12;
    pub(super) const NAMED: u64 = 16;
    pub(super) const PROTECTION: u64 = 20;
    pub(super) const ACCESS: u64 = 24;
    pub(super) const PAGE_SHIFT: u64 = 28;
    pub(super) const SIZE: u64 = 48;
}

/// A section's descriptors with something else written on its card.
fn forged(section: &Section, at: u64, bytes: &[u8]) -> Vec<OwnedFd> {
    let mut descriptors = descriptors(section);
    let card = File::from(descriptors.remove(0));
    card.write_all_at(bytes, at).unwrap();
    descriptors.insert(0, card.into());
    descriptors
}

fn number(value: u32) -> [u8; 4] {
    value.to_ne_bytes()
}

#[test]
fn an_adopted_handle_behaves_as_any_other() {
    let _quiet = child::quiet();
    let private = Private::new();
    let file = file(10_000);
    let mut options = Section::options();
    options.size(10_000).protection(Protection::ExecuteReadWrite);
    let sections = [
        options.create_unnamed().unwrap(),
        options.create_new(&name("adopted")).unwrap(),
        options.clone().file(&file).create_unnamed().unwrap(),
        options.clone().file(&file).create_new(&name("adopted file")).unwrap(),
        options.clone().namespace(private.namespace()).create_new("adopted").unwrap(),
    ];
    for section in sections {
        let expected = (section.len(), section.protection(), section.access(), section.name().cloned());
        let view = section.map(ViewAccess::Write).unwrap();
        let descriptors = section.into_descriptors().unwrap();
        assert!(descriptors.len() <= MAX_DESCRIPTORS);
        let adopted = adopt(descriptors).unwrap();
        let name = adopted.name().cloned();
        assert_eq!((adopted.len(), adopted.protection(), adopted.access(), name), expected);
        assert!(!adopted.is_inheritable());
        view.write_at(9_000, b"the same").unwrap();
        let other = adopted.map(ViewAccess::Write).unwrap();
        assert_eq!(other.compare_bytes(9_000, b"the same").unwrap(), None);
        let clone = adopted.try_clone().unwrap();
        assert_eq!(adopt(clone.into_descriptors().unwrap()).unwrap().len(), 10_000, "again and again");
    }
}

#[test]
fn an_adopted_handle_holds_its_name() {
    let _quiet = child::quiet();
    let section = named("holds");
    let name = section.name().unwrap().to_string();
    let descriptors = section.into_descriptors().unwrap();
    assert!(Section::options().open(&name).is_ok(), "descriptors hold the name on their way");
    let adopted = adopt(descriptors).unwrap();
    let info = Namespace::local().unwrap().object(&name).unwrap();
    assert!(info.holders.iter().any(|holder| holder.pid == std::process::id()));
    drop(adopted);
    assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND);
}

#[test]
fn descriptors_that_are_dropped_give_up_the_name() {
    let _quiet = child::quiet();
    let section = named("dropped");
    let name = section.name().unwrap().to_string();
    drop(section.into_descriptors().unwrap());
    assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND);
}

#[test]
fn a_reader_stays_a_reader() {
    let _quiet = child::quiet();
    let reader = named("reader").try_clone_with(SectionAccess::READ).unwrap();
    let adopted = adopt(reader.into_descriptors().unwrap()).unwrap();
    assert_eq!(adopted.access(), SectionAccess::READ);
    assert_eq!(code(adopted.map(ViewAccess::Write)), Code::ACCESS_DENIED);
}

#[test]
fn all_descriptors_are_needed_in_their_order() {
    let _quiet = child::quiet();
    for section in [unnamed(), named("order")] {
        let count = descriptors(&section).len();
        for kept in 0..count {
            let mut few = descriptors(&section);
            few.truncate(kept);
            assert_eq!(code(adopt(few)), Code::INVALID_HANDLE, "the first {kept} of {count}");
        }
        for shift in 1..count {
            let mut wrong = descriptors(&section);
            wrong.rotate_left(shift);
            assert_eq!(code(adopt(wrong)), Code::INVALID_HANDLE, "shifted by {shift}");
        }
        let mut many = descriptors(&section);
        many.push(file(10_000).into());
        assert_eq!(code(adopt(many)), Code::INVALID_HANDLE, "one too many");
    }
    let section = named("swapped");
    let mut swapped = descriptors(&section);
    swapped.swap(1, 2);
    assert_eq!(code(adopt(swapped)), Code::INVALID_HANDLE);
}

#[test]
fn a_refusal_says_what_to_pass() {
    let error = adopt(Vec::new()).unwrap_err();
    let advice = error.advice().unwrap();
    assert!(advice.contains("pass all descriptors that into_descriptors gave, in their order"), "{advice}");
}

#[test]
fn foreign_descriptors_are_refused() {
    let _quiet = child::quiet();
    let (reader, writer) = std::io::pipe().unwrap();
    let foreign: [OwnedFd; 5] = [
        file(10_000).into(),
        File::open("/").unwrap().into(),
        File::open("/dev/zero").unwrap().into(),
        reader.into(),
        writer.into(),
    ];
    let section = named("foreign");
    for foreign in foreign {
        for (place, what) in ["card", "entry", "bytes"].iter().enumerate() {
            let mut descriptors = descriptors(&section);
            descriptors[place] = foreign.try_clone().unwrap();
            assert_eq!(code(adopt(descriptors)), Code::INVALID_HANDLE, "{foreign:?} in place of the {what}");
        }
    }
    for special in ["/", "/dev/zero"] {
        let mut bytes = descriptors(&unnamed());
        bytes[1] = File::open(special).unwrap().into();
        assert_eq!(code(adopt(bytes)), Code::INVALID_HANDLE, "{special} is no memory");
    }
}

#[test]
fn parts_of_two_handles_do_not_make_one() {
    let _quiet = child::quiet();
    let (one, other) = (named("one"), named("other"));
    let mut mixed = descriptors(&one);
    mixed[2] = descriptors(&other).remove(2);
    assert_eq!(code(adopt(mixed)), Code::INVALID_HANDLE, "the bytes of another");
    let mut mixed = descriptors(&one);
    mixed[1] = descriptors(&other).remove(1);
    assert_eq!(code(adopt(mixed)), Code::INVALID_HANDLE, "the entry of another");
}

#[test]
fn a_card_that_is_malformed_is_refused() {
    let forgeries: [(&str, u64, &[u8], Code); 9] = [
        ("magic", card::MAGIC, b"SOMEWHAT", Code::INVALID_HANDLE),
        ("future version", card::VERSION, &number(3), Code::REVISION_MISMATCH),
        ("unknown store", card::STORE, &number(9), Code::INVALID_HANDLE),
        ("the entry is missing", card::NAMED, &number(1), Code::INVALID_HANDLE),
        ("no protection", card::PROTECTION, &number(1), Code::INVALID_HANDLE),
        ("size 0", card::SIZE, &0_u64.to_ne_bytes(), Code::INVALID_HANDLE),
        ("size too large", card::SIZE, &u64::MAX.to_ne_bytes(), Code::INVALID_HANDLE),
        ("impossible pages", card::PAGE_SHIFT, &number(63), Code::INVALID_HANDLE),
        ("more than the bytes", card::SIZE, &10_001_u64.to_ne_bytes(), Code::INVALID_DATA),
    ];
    for (what, at, bytes, expected) in forgeries {
        assert_eq!(code(adopt(forged(&unnamed(), at, bytes))), expected, "{what}");
    }
    let mut short = descriptors(&unnamed());
    rustix::fs::ftruncate(&short[0], 55).unwrap();
    assert_eq!(code(adopt(short.split_off(0))), Code::INVALID_HANDLE, "a card that was cut off");
}

#[test]
fn no_card_gives_rights_that_its_descriptors_do_not_have() {
    let _quiet = child::quiet();
    let write = number((SectionAccess::READ | SectionAccess::WRITE).bits());
    for section in [unnamed(), named("rights")] {
        let reader = section.try_clone_with(SectionAccess::READ).unwrap();
        assert_eq!(code(adopt(forged(&reader, card::ACCESS, &write))), Code::ACCESS_DENIED);
    }
    let read_only = Section::options().size(100).protection(Protection::ReadOnly).create_unnamed().unwrap();
    let reader = read_only.try_clone().unwrap();
    let mut descriptors = forged(&reader, card::PROTECTION, &number(Protection::ReadWrite.page_constant()));
    let card = File::from(descriptors.remove(0));
    card.write_all_at(&write, card::ACCESS).unwrap();
    descriptors.insert(0, card.into());
    let flags = rustix::fs::fcntl_getfl(&descriptors[1]).unwrap();
    assert_eq!(flags & OFlags::RWMODE, OFlags::RDONLY);
    assert_eq!(code(adopt(descriptors)), Code::ACCESS_DENIED);
}

#[test]
fn the_entry_and_not_the_card_says_what_a_named_section_is() {
    let _quiet = child::quiet();
    let section = Section::options()
        .size(10_000)
        .protection(Protection::ReadOnly)
        .create_new(&name("authority"))
        .unwrap();
    let other = number(Protection::ExecuteReadWrite.page_constant());
    for forged in
        [forged(&section, card::PROTECTION, &other), forged(&section, card::SIZE, &5_u64.to_ne_bytes())]
    {
        let adopted = adopt(forged).unwrap();
        assert_eq!((adopted.protection(), adopted.len()), (Protection::ReadOnly, 10_000));
    }
}

#[test]
fn a_handle_to_an_object_of_another_kind_is_refused() {
    // Where docs/format.md puts the kind, and what a mutex is.
    const KIND: u64 = 24;
    const MUTEX: u32 = 2;
    let _quiet = child::quiet();
    let section = named("kind");
    let mut descriptors = descriptors(&section);
    let entry = File::from(descriptors.remove(1));
    entry.write_all_at(&number(MUTEX), KIND).unwrap();
    descriptors.insert(1, entry.into());
    assert_eq!(code(adopt(descriptors)), Code::INVALID_HANDLE);
}

#[test]
fn descriptors_that_cannot_be_read_are_refused() {
    let path = |fd: &OwnedFd| format!("/proc/self/fd/{}", fd.as_raw_fd());
    for flags in [OFlags::WRONLY, OFlags::PATH] {
        let mut descriptors = descriptors(&unnamed());
        let again = rustix::fs::open(path(&descriptors[1]), flags, rustix::fs::Mode::empty()).unwrap();
        descriptors[1] = again;
        assert_eq!(code(adopt(descriptors)), Code::ACCESS_DENIED, "{flags:?}");
    }
}

#[test]
fn a_handle_to_a_dead_object_is_refused() {
    let _quiet = child::quiet();
    let section = named("dead");
    let name = section.name().unwrap().to_string();
    let late = descriptors(&section);
    // Somebody who adopted a copy and closed it took the locks away from all copies.
    let copies = late.iter().map(|fd| fd.try_clone().unwrap()).collect();
    drop(section);
    drop(adopt(copies).unwrap());
    match adopt(late) {
        Ok(section) => assert_eq!(section.name().unwrap().to_string(), name, "it lives after all"),
        Err(error) => assert_eq!(error.code(), Code::INVALID_HANDLE),
    }
}

/// Memory whose size nobody fixed could be cut off by its sender, and each access would end the receiver.
#[test]
fn memory_that_can_be_cut_off_is_refused() {
    for seals in [SealFlags::empty(), SealFlags::GROW] {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let memory = rustix::fs::memfd_create("hostile", flags).unwrap();
        rustix::fs::ftruncate(&memory, 10_000).unwrap();
        rustix::fs::fcntl_add_seals(&memory, seals).unwrap();
        let mut descriptors = descriptors(&unnamed());
        descriptors[1] = memory;
        assert_eq!(code(adopt(descriptors)), Code::INVALID_HANDLE, "{seals:?}");
    }
    let mut descriptors = descriptors(&unnamed());
    descriptors[1] = file(10_000).into();
    assert_eq!(code(adopt(descriptors)), Code::INVALID_HANDLE, "a file is no memory");
}

/// Views are whole pages, so that pages larger than the memory's own would reach past its end.
#[test]
fn pages_that_the_memory_does_not_have_are_refused() {
    for shift in [16, 21, 30] {
        assert_eq!(code(adopt(forged(&unnamed(), card::PAGE_SHIFT, &number(shift)))), Code::INVALID_HANDLE);
    }
}
