//! How much memory sections take, as the kernel counts it, and where it ends.

use crate::commit::SIZE;
use crate::scratch::{Private, bytes_of, code, directory, name, skipped, thread};
use std::os::unix::fs::MetadataExt;
use veduta::os::unix::HandleExt;
use veduta::{Code, Commit, Namespace, Section, ViewAccess};

/// How much memory a section's bytes take.
fn taken(section: &Section) -> u64 {
    bytes_of(section).metadata().unwrap().blocks() * 512
}

fn create(commit: Commit) -> Section {
    Section::options().size(SIZE).commit(commit).create_unnamed().unwrap()
}

#[test]
fn now_takes_all_memory_at_once() {
    let section = create(Commit::Now);
    assert_eq!(taken(&section), SIZE);
    let named = Section::options().size(SIZE).commit(Commit::Now).create_new(&name("now")).unwrap();
    assert_eq!(taken(&named), SIZE);
}

#[test]
fn otherwise_pages_come_by_being_touched() {
    for commit in [Commit::Checked, Commit::Reserve] {
        let section = create(commit);
        assert_eq!(taken(&section), 0);
        let view = section.map(ViewAccess::Write).unwrap();
        view.write_at(500_000, b"one page").unwrap();
        assert_eq!(taken(&section), 4096);
    }
}

/// A view of memory is never cut off under who reads it, whoever else has the section.
#[test]
fn memory_keeps_its_size() {
    for section in [create(Commit::Checked), Section::options().size(1).create_new(&name("size")).unwrap()] {
        let (bytes, size) = (bytes_of(&section), section.len());
        assert!(bytes.set_len(0).is_err() && bytes.set_len(size + 1).is_err());
        assert_eq!(bytes.metadata().unwrap().len(), size);
    }
}

#[test]
fn reserving_is_not_bounded_by_memory() {
    let section = Section::options().size(1 << 45).commit(Commit::Reserve).create_unnamed().unwrap();
    let last = section.view().access(ViewAccess::Write).offset((1 << 45) - 8).map().unwrap();
    last.write_value(0, &7_u64).unwrap();
    assert_eq!(taken(&section), 4096);
}

#[test]
fn copies_are_paid_for_when_they_are_made() {
    if std::fs::read_to_string("/proc/sys/vm/overcommit_memory").is_ok_and(|mode| mode.trim() == "2") {
        return skipped("this machine makes everybody pay for copies in advance");
    }
    let section = Section::options().size(1 << 45).commit(Commit::Reserve).create_unnamed().unwrap();
    let copy = section.map(ViewAccess::Copy).unwrap();
    copy.write_at(1 << 44, b"own").unwrap();
    assert_eq!(copy.compare_bytes(1 << 44, b"own").unwrap(), None);
}

#[test]
fn more_than_there_is_fails_with_what_is_needed_and_what_is_there() {
    for commit in [Commit::Checked, Commit::Now] {
        let error = Section::options().size(3 << 50).commit(commit).create_unnamed().unwrap_err();
        assert_eq!(error.code(), Code::COMMITMENT_LIMIT);
        let advice = error.advice().unwrap();
        assert!(advice.starts_with("3.0 PiB needed, ") && advice.contains(" available "), "{advice}");
        assert!(advice.contains("Commit::Reserve"), "it says what to do: {advice}");
    }
}

#[test]
fn a_refused_section_leaves_no_memory_behind() {
    let name = name("refused");
    for commit in [Commit::Checked, Commit::Now] {
        let refused = Section::options().size(3 << 50).commit(commit).create(&name);
        assert_eq!(code(refused), Code::COMMITMENT_LIMIT);
    }
    // The kernel calls memory by the name of its section.
    let plain = name.trim_start_matches(r"Local\");
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let mut shown = descriptors.filter_map(|descriptor| std::fs::read_link(descriptor.path()).ok());
    assert!(!shown.any(|what| what.to_string_lossy().contains(plain)));
}

#[test]
fn a_private_section_takes_its_room_when_it_is_created() {
    let private = Private::new();
    let taken = |commit| {
        let mut options = Section::options();
        let name = format!("{commit:?}");
        let _section =
            options.size(SIZE).commit(commit).namespace(private.namespace()).create_new(&name).unwrap();
        private.path().join(name).join("e").metadata().unwrap().blocks() * 512
    };
    assert!(taken(Commit::Checked) >= SIZE, "its mount may have a limit, which only taking respects");
    assert!(taken(Commit::Now) >= SIZE);
    assert!(taken(Commit::Reserve) < SIZE);
}

#[test]
fn a_full_mount_refuses_a_private_section() {
    let directory = directory();
    thread::with_tmpfs(directory.path(), 1 << 20, || {
        let namespace = Namespace::at(directory.path()).unwrap();
        let mut options = Section::options();
        options.size(2 << 20).namespace(&namespace);
        for commit in [Commit::Checked, Commit::Now] {
            let error = options.commit(commit).create("too large").unwrap_err();
            assert_eq!(error.code(), Code::COMMITMENT_LIMIT);
            let advice = error.advice().unwrap();
            assert!(advice.contains("needed") && advice.contains("free on the file system"), "{advice}");
        }
        let left = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 0, "nothing is left of what was refused");
        options.size(1 << 19).create("fits").unwrap();
        options.size(2 << 20).commit(Commit::Reserve).create("promises nothing").unwrap();
    });
}

#[test]
fn a_memory_section_is_not_bounded_by_the_mount_of_its_name() {
    let directory = directory();
    thread::with_tmpfs(directory.path(), 64 << 10, || {
        let bytes = Section::options().size(1 << 20).commit(Commit::Now).create_unnamed().unwrap();
        assert_eq!(taken(&bytes), 1 << 20);
    });
}

#[test]
fn a_promise_travels_with_descriptors() {
    for commit in [Commit::Checked, Commit::Reserve, Commit::Now] {
        let section = Section::options().size(SIZE).commit(commit).create_unnamed().unwrap();
        let sent = Section::from_descriptors(section.into_descriptors().unwrap()).unwrap();
        assert_eq!(sent.commit(), commit);
    }
}
