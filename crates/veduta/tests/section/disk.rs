//! Sections of files on disks that are full, or forbid something; and the room that files take.

use crate::file::{len, section_of};
use crate::scratch::{FileAt, directory, file, named_file, skipped, thread};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use veduta::{Code, Commit, Protection, Section, ViewAccess};

/// How much room a file takes on its disk.
fn room(file: &File) -> u64 {
    file.metadata().unwrap().blocks() * 512
}

#[test]
fn a_larger_section_takes_room_for_its_file() {
    for commit in [Commit::Checked, Commit::Now] {
        let file = file(100);
        Section::options().file(&file).size(1 << 20).commit(commit).create_unnamed().unwrap();
        assert!(room(&file) >= 1 << 20, "the disk cannot fill up under a view");
    }
}

#[test]
fn a_reserved_file_is_sparse() {
    let file = file(0);
    Section::options().file(&file).size(1 << 30).commit(Commit::Reserve).create_unnamed().unwrap();
    assert_eq!((len(&file), room(&file)), (1 << 30, 0));
}

/// That a section that does not fit leaves its file as it was, and that one that fits can still be made.
fn refuses_what_does_not_fit(directory: &Path) {
    let file = File::create_new(directory.join("file")).unwrap();
    file.write_all_at(&[7; 5_000], 0).unwrap();
    let file = File::options().read(true).write(true).open(directory.join("file")).unwrap();
    file.sync_all().unwrap();
    let before = (len(&file), room(&file));
    for commit in [Commit::Checked, Commit::Now] {
        let error =
            Section::options().file(&file).size(64 << 20).commit(commit).create_unnamed().unwrap_err();
        assert_eq!(error.code(), Code::DISK_FULL);
        let advice = error.advice().unwrap();
        assert!(advice.starts_with("64.0 MiB needed, ") && advice.contains(" free on"), "{advice}");
        file.sync_all().unwrap();
        assert_eq!(len(&file), before.0);
        // What describes the room may have grown; the room itself was given back.
        assert!(room(&file) < before.1 + (64 << 10), "{} bytes are gone", room(&file) - before.1);
    }
    let section = section_of(&file, Protection::ReadWrite, 100_000).unwrap();
    let view = section.map(ViewAccess::Write).unwrap();
    assert_eq!(view.compare_bytes(0, &[7; 5_000]).unwrap(), None);
    view.fill(0..100_000, 1).unwrap();
    view.flush(0..100_000).unwrap();
}

#[test]
fn a_full_disk_in_memory_leaves_the_file_as_it_was() {
    let directory = directory();
    thread::with_tmpfs(directory.path(), 4 << 20, || refuses_what_does_not_fit(directory.path()));
}

/// Makes a file system of 16 MiB in a file, mounts it, and runs the test there.
fn on_disk(kind: &str, options: &[&str]) {
    let disk = named_file(16 << 20);
    let maker = format!("mkfs.{kind}");
    match std::process::Command::new(&maker).args(options).arg("-q").arg(disk.path()).status() {
        Ok(status) if status.success() => {}
        result => return skipped(format!("{maker} does not run here: {result:?}")),
    }
    let directory = directory();
    thread::with_mount(directory.path(), kind, "loop", disk.path(), || {
        refuses_what_does_not_fit(directory.path());
    });
}

#[test]
fn a_full_disk_leaves_the_file_as_it_was() {
    on_disk("ext4", &[]);
}

#[test]
fn a_full_disk_that_cannot_allocate_leaves_the_file_as_it_was() {
    on_disk("ext2", &[]);
}

#[test]
fn nothing_is_executed_from_a_mount_that_forbids_it() {
    let directory = directory();
    thread::with_mount(directory.path(), "tmpfs", "size=1m,noexec", Path::new("tmpfs"), || {
        let path = directory.path().join("file");
        std::fs::write(&path, [0; 100]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        for protection in Protection::ALL {
            let expected = protection.executes().then_some(Code::ACCESS_DENIED);
            let refused = section_of(&file, protection, 0).err();
            assert_eq!(refused.as_ref().map(veduta::Error::code), expected, "{protection}");
            assert!(refused.is_none_or(|error| error.advice().unwrap().contains("noexec")));
        }
    });
}
