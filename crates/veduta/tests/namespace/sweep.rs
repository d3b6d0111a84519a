//! What killed processes leave behind, and its removal.

use crate::hold::hold;
use crate::scratch::{Private, code};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use veduta::{Code, Disposition, Kind, Section, SectionAccess, Sweep, SweepMode, Swept, ViewAccess};

fn sweep(private: &Private, mode: SweepMode) -> Sweep {
    let sweep = private.namespace().sweep(mode).unwrap();
    assert!(sweep.problems.is_empty(), "{:?}", sweep.problems);
    sweep
}

/// The files in a namespace's directory.
fn files(private: &Private) -> Vec<String> {
    let list = std::fs::read_dir(private.path()).unwrap();
    let mut files: Vec<_> = list.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    files
}

fn names(sweep: &Sweep) -> Vec<&str> {
    sweep.removed.iter().map(|swept| swept.name.as_str()).collect()
}

#[test]
fn a_killed_holder_leaves_a_stale_name_that_a_sweep_removes() {
    let private = Private::new();
    hold(&private, "left behind", "create").kill();
    let listing = private.namespace().objects().unwrap();
    assert_eq!((listing.objects.len(), listing.stale), (0, vec!["left behind".to_owned()]));
    assert_eq!(code(private.namespace().object("left behind")), Code::FILE_NOT_FOUND);
    let would = sweep(&private, SweepMode::DryRun);
    assert_eq!(files(&private), ["left%20behind"], "a dry run removes nothing");
    let did = sweep(&private, SweepMode::Remove);
    // One page for the header, three for the bytes.
    let expected = Swept { name: "left behind".to_owned(), kind: Some(Kind::Section), bytes: 4 * 4096 };
    assert_eq!((would.removed, did.removed), (vec![expected.clone()], vec![expected]));
    assert!(files(&private).is_empty());
    assert!(names(&sweep(&private, SweepMode::Remove)).is_empty(), "once is enough");
}

#[test]
fn a_sweep_leaves_what_lives() {
    let private = Private::new();
    let mut options = Section::options();
    options.size(100).namespace(private.namespace());
    let mine = options.create_new("mine").unwrap();
    let theirs = hold(&private, "theirs", "create");
    hold(&private, "dead", "create").kill();
    for mode in [SweepMode::DryRun, SweepMode::Remove] {
        assert_eq!(names(&sweep(&private, mode)), ["dead"]);
    }
    assert_eq!(files(&private), ["mine", "theirs"]);
    mine.map(ViewAccess::Write).unwrap().write_at(0, b"alive").unwrap();
    let opened = options.open("mine").unwrap();
    assert_eq!(opened.map(ViewAccess::Read).unwrap().compare_bytes(0, b"alive").unwrap(), None);
    theirs.kill();
    assert_eq!(names(&sweep(&private, SweepMode::Remove)), ["theirs"]);
}

#[test]
fn an_object_lives_as_long_as_any_of_its_holders() {
    let private = Private::new();
    let creator = hold(&private, "shared", "create");
    let reader = hold(&private, "shared", "read");
    creator.kill();
    assert!(names(&sweep(&private, SweepMode::Remove)).is_empty());
    assert_eq!(private.namespace().object("shared").unwrap().holders.len(), 1);
    reader.kill();
    assert_eq!(names(&sweep(&private, SweepMode::Remove)), ["shared"]);
}

#[test]
fn a_stale_name_is_as_good_as_none() {
    let private = Private::new();
    let mut options = Section::options();
    options.size(100).namespace(private.namespace());
    hold(&private, "stale", "create").kill();
    assert_eq!(code(options.open("stale")), Code::FILE_NOT_FOUND);
    assert!(files(&private).is_empty(), "opening removes it");
    hold(&private, "stale", "create").kill();
    let (section, disposition) = options.create("stale").unwrap();
    assert_eq!((disposition, section.len()), (Disposition::Created, 100));
    assert_eq!(section.map(ViewAccess::Read).unwrap().compare_bytes(0, &[0; 100]).unwrap(), None);
}

#[test]
fn a_sweep_removes_what_creators_left_half_made() {
    let private = Private::new();
    let path = |file: &str| private.path().join(file);
    std::fs::create_dir(path(".0123456789abcdef")).unwrap();
    std::fs::create_dir(path("empty")).unwrap();
    hold(&private, "whole", "create").kill();
    std::fs::rename(path("whole"), path(".fedcba9876543210")).unwrap();
    let listing = private.namespace().objects().unwrap();
    assert!(listing.objects.is_empty() && listing.stale.is_empty(), "temporary names are not shown");
    sweep(&private, SweepMode::DryRun);
    assert_eq!(files(&private).len(), 3);
    assert_eq!(names(&sweep(&private, SweepMode::Remove)), ["whole"], "an empty directory is no object");
    assert!(files(&private).is_empty());
}

/// Until a new process runs its own program it has copies of all descriptors, and of the locks that go with them.
#[test]
fn names_go_while_another_thread_starts_processes() {
    let private = Private::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..100 {
                Command::new("true").status().unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        let mut options = Section::options();
        options.size(100).namespace(private.namespace());
        while !done.load(Ordering::Relaxed) {
            let created = options.create_new("brief").unwrap();
            let opened = options.access(SectionAccess::READ).open("brief").unwrap();
            drop((created, opened));
            assert!(files(&private).is_empty(), "the last handle is gone, and the name is still there");
        }
    });
}
