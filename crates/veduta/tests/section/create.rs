//! The builder, and whether an object was there already.

use crate::scratch::{Private, code, name};
use veduta::{Code, Commit, Disposition, Protection, Scope, Section, SectionAccess, ViewAccess};

#[test]
fn who_comes_first_creates_and_all_others_open() {
    let name = name("first");
    let mut options = Section::options();
    options.size(100);
    let (first, disposition) = options.create(&name).unwrap();
    assert_eq!(disposition, Disposition::Created);
    let (second, disposition) = options.create(&name).unwrap();
    assert_eq!(disposition, Disposition::Opened);
    let third = options.open(&name).unwrap();
    first.map(ViewAccess::Write).unwrap().write_at(0, b"one memory").unwrap();
    for section in [second, third] {
        assert_eq!(section.map(ViewAccess::Read).unwrap().compare_bytes(0, b"one memory").unwrap(), None);
    }
}

#[test]
fn create_new_refuses_what_is_there() {
    let name = name("new");
    let mut options = Section::options();
    options.size(100);
    let _first = options.create_new(&name).unwrap();
    let error = options.create_new(&name).unwrap_err();
    assert_eq!((error.code(), error.object_name()), (Code::ALREADY_EXISTS, Some(name.as_str())));
}

#[test]
fn open_refuses_what_is_not_there() {
    let name = name("absent");
    let error = Section::options().open(&name).unwrap_err();
    assert_eq!((error.code(), error.object_name()), (Code::FILE_NOT_FOUND, Some(name.as_str())));
}

#[test]
fn a_refused_creation_leaves_no_name() {
    let name = name("refused");
    let mut options = Section::options();
    assert_eq!(code(options.size(1 << 50).create(&name)), Code::COMMITMENT_LIMIT);
    assert_eq!(code(options.open(&name)), Code::FILE_NOT_FOUND);
    assert_eq!(options.size(100).create(&name).unwrap().1, Disposition::Created);
}

#[test]
fn options_can_be_used_again_and_again() {
    let mut options = Section::options();
    options.size(100).protection(Protection::WriteCopy);
    let names = [(); 3].map(|()| name("again"));
    let sections = names.each_ref().map(|name| options.create_new(name).unwrap());
    for (section, name) in sections.iter().zip(&names) {
        assert_eq!(section.name().unwrap().to_string(), *name);
        assert_eq!((section.len(), section.protection()), (100, Protection::WriteCopy));
    }
}

#[test]
fn a_section_knows_its_name() {
    let full = name("known");
    let section = Section::options().size(1).create_new(&full).unwrap();
    let known = section.name().unwrap();
    assert_eq!((known.scope(), known.to_string()), (Scope::Local, full.clone()));
    let plain = full.trim_start_matches(r"Local\");
    assert_eq!(Section::options().open(plain).unwrap().name(), Some(known), "the prefix may be left out");
    assert_eq!(Section::options().size(1).create_unnamed().unwrap().name(), None);
    assert_eq!(Section::options().size(1).create("").unwrap().0.name(), None);
}

#[test]
fn every_opener_is_told_the_exact_size() {
    for size in [1, 1000, 4095, 4096, 4097, 100_000, (5 << 30) + 1] {
        let name = name("size");
        let mut options = Section::options();
        options.size(size).commit(Commit::Reserve);
        let created = options.create_new(&name).unwrap();
        let opened = Section::options().open(&name).unwrap();
        let (again, _) = Section::options().size(size * 2).create(&name).unwrap();
        let cloned = again.try_clone().unwrap();
        for section in [created, opened, again, cloned] {
            assert_eq!(section.len(), size);
            assert_eq!(section.map(ViewAccess::Read).unwrap().len() as u64, size);
        }
    }
}

#[test]
fn what_exists_keeps_its_protection_and_each_handle_has_its_own_rights() {
    let name = name("rights");
    let mut options = Section::options();
    let first = options.size(100).create_new(&name).unwrap();
    let second = options.protection(Protection::ReadOnly).create(&name).unwrap().0;
    assert_eq!((first.protection(), second.protection()), (Protection::ReadWrite, Protection::ReadWrite));
    let read = SectionAccess::QUERY | SectionAccess::READ;
    assert_eq!((first.access(), second.access()), (read | SectionAccess::WRITE, read));
    assert_eq!(Section::options().open(&name).unwrap().access(), read | SectionAccess::WRITE);
    let asked = SectionAccess::READ | SectionAccess::EXECUTE;
    assert_eq!(Section::options().access(asked).open(&name).unwrap().access(), asked);
}

#[test]
fn sizes_that_no_section_has_are_refused() {
    assert_eq!(code(Section::options().create_unnamed()), Code::INVALID_PARAMETER);
    for size in [1 << 63, u64::MAX] {
        assert_eq!(code(Section::options().size(size).create_unnamed()), Code::INVALID_PARAMETER);
        assert_eq!(code(Section::options().size(size).create(&name("huge"))), Code::INVALID_PARAMETER);
    }
}

#[test]
fn sizes_next_to_the_largest_are_errors_and_no_overflows() {
    let private = Private::new();
    for size in [i64::MAX as u64, i64::MAX as u64 - 4_096, i64::MAX as u64 - (1 << 21)] {
        for commit in [Commit::Checked, Commit::Now, Commit::Reserve] {
            let mut options = Section::options();
            options.size(size).commit(commit);
            // Whether so much can be reserved is up to the kernel.
            if let Ok(section) = options.create_unnamed() {
                assert_eq!((section.len(), commit), (size, Commit::Reserve));
                let last = section.view().offset(size - 1).map().unwrap();
                assert_eq!(last.read_value::<u8>(0).unwrap(), 0);
            }
            let in_entry = options.namespace(private.namespace()).create("large");
            assert!(in_entry.is_err() || commit == Commit::Reserve, "{size} bytes");
        }
    }
}

#[test]
fn nothing_can_be_opened_without_a_name_or_without_a_right() {
    assert_eq!(code(Section::options().open("")), Code::INVALID_HANDLE);
    let name = name("no right");
    let _section = Section::options().size(1).create_new(&name).unwrap();
    let error = Section::options().access(SectionAccess::empty()).open(&name).unwrap_err();
    assert_eq!((error.code(), error.object_name()), (Code::ACCESS_DENIED, Some(name.as_str())));
}

#[test]
fn a_name_in_a_private_namespace_is_another_name() {
    let private = [Private::new(), Private::new()];
    let sections = private.each_ref().map(|private| {
        let mut options = Section::options();
        options.size(100).namespace(private.namespace()).create_new("same").unwrap()
    });
    sections[0].map(ViewAccess::Write).unwrap().write_at(0, b"only here").unwrap();
    assert_eq!(sections[1].map(ViewAccess::Read).unwrap().compare_bytes(0, b"only here").unwrap(), Some(0));
    assert_eq!(sections[0].name().unwrap().scope(), Scope::Private);
}

#[test]
fn a_private_section_has_its_exact_bytes_behind_its_header() {
    let private = Private::new();
    for size in [1_u32, 4096, 4097, 10_000] {
        let mut options = Section::options();
        let name = format!("bytes {size}");
        options.size(size.into()).namespace(private.namespace());
        let created = options.create_new(&name).unwrap().map(ViewAccess::Write).unwrap();
        assert_eq!(created.compare_bytes(0, &vec![0; size as usize]).unwrap(), None, "no header shows");
    }
    let mut options = Section::options();
    options.size(10_000).namespace(private.namespace());
    let section = options.create_new("shared").unwrap();
    section.map(ViewAccess::Write).unwrap().write_at(9_995, b"end").unwrap();
    let opened = options.open("shared").unwrap();
    assert_eq!(opened.view().offset(9_995).map().unwrap().compare_bytes(0, b"end").unwrap(), None);
    assert_eq!(code(opened.view().offset(8_192).len(4_097).map()), Code::ACCESS_DENIED);
}

// Row: entries
#[cfg(target_os = "linux")]
#[test]
fn the_mode_says_who_else_may_open() {
    use std::os::unix::fs::PermissionsExt;
    let private = Private::new();
    for (mode, expected) in [(0o600, 0o600), (0o640, 0o640), (0o666, 0o666), (0o7777, 0o666)] {
        let mut options = Section::options();
        let name = format!("mode{mode:o}");
        let _section = options.size(1).mode(mode).namespace(private.namespace()).create_new(&name).unwrap();
        let entry = private.path().join(&name).join("e").metadata().unwrap();
        assert_eq!(entry.permissions().mode() & 0o7777, expected, "whatever the umask is");
    }
}
