//! Sections of files.

use crate::scratch::{bytes_of, code, directory, file, name, named_file, skipped, thread};
use rustix::fs::OFlags;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use veduta::os::unix::HandleExt;
use veduta::{Code, Commit, Protection, Section, SectionAccess, ViewAccess};

fn len(file: &File) -> u64 {
    file.metadata().unwrap().len()
}

/// How much room a file takes on its disk.
fn room(file: &File) -> u64 {
    file.metadata().unwrap().blocks() * 512
}

fn flags(file: &File) -> OFlags {
    rustix::fs::fcntl_getfl(file).unwrap() & OFlags::RWMODE
}

fn section_of(file: &File, protection: Protection, size: u64) -> veduta::Result<Section> {
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
        assert!(room(&file) >= 1 << 20, "the disk cannot fill up under a view");
        let view = section.map(ViewAccess::Read).unwrap();
        assert_eq!(view.compare_bytes(0, b"before").unwrap(), None);
        assert_eq!(view.compare_bytes(100, &vec![0; (1 << 20) - 100]).unwrap(), None);
    }
}

#[test]
fn a_reserved_file_is_sparse() {
    let file = file(0);
    Section::options().file(&file).size(1 << 30).commit(Commit::Reserve).create_unnamed().unwrap();
    assert_eq!((len(&file), room(&file)), (1 << 30, 0));
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
    let path = File::options().read(true).custom_flags(libc::O_PATH).open(whole.path()).unwrap();
    for protection in Protection::ALL {
        let expected = protection.writes_shared().then_some(Code::ACCESS_DENIED);
        assert_eq!(section_of(&read, protection, 0).err().map(|error| error.code()), expected);
        for file in [&write, &path] {
            let error = section_of(file, protection, 0).unwrap_err();
            assert_eq!(error.code(), Code::ACCESS_DENIED);
            assert!(error.advice().unwrap().contains("open for reading"), "{error}");
        }
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
fn what_is_no_regular_file_is_refused() {
    assert_eq!(code(section_of(&File::open("/").unwrap(), Protection::ReadOnly, 0)), Code::BAD_EXE_FORMAT);
    for device in ["/dev/null", "/dev/zero"] {
        let device = File::options().read(true).write(true).open(device).unwrap();
        assert_eq!(code(section_of(&device, Protection::ReadWrite, 4096)), Code::INVALID_HANDLE);
    }
}

#[test]
fn a_section_that_does_not_write_has_a_descriptor_that_cannot() {
    let file = file(100);
    for protection in Protection::ALL {
        let section = section_of(&file, protection, 0).unwrap();
        let expected = if protection.writes_shared() { OFlags::RDWR } else { OFlags::RDONLY };
        assert_eq!(flags(&bytes_of(&section)), expected, "a clone for {protection}");
        let own = section.into_descriptors().unwrap().pop().unwrap();
        assert_eq!(flags(&own.into()), expected, "{protection}");
    }
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
    let reader = Section::options().access(SectionAccess::READ).open(&name).unwrap();
    assert_eq!(flags(&bytes_of(&reader)), OFlags::RDONLY);
}

#[test]
fn a_name_reaches_its_file_when_that_was_moved_replaced_or_deleted() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = |name: &str| directory.path().join(name);
    let content = |content: &[u8]| std::fs::write(path("file"), content).unwrap();
    content(b"the section's");
    let name = name("moved");
    let original = File::options().read(true).write(true).open(path("file")).unwrap();
    let _section = Section::options().file(&original).create_new(&name).unwrap();
    let check = || {
        let view = Section::options().open(&name).unwrap().map(ViewAccess::Read).unwrap();
        assert_eq!(view.compare_bytes(0, b"the section's").unwrap(), None);
    };
    check();
    std::fs::rename(path("file"), path("elsewhere")).unwrap();
    check();
    content(b"another file!");
    check();
    std::fs::remove_file(path("elsewhere")).unwrap();
    check();
}

#[test]
fn the_second_who_creates_does_not_touch_its_file() {
    let name = name("second file");
    let (one, other) = (file(100), file(100));
    let _first = Section::options().file(&one).create_new(&name).unwrap();
    let (second, _) = Section::options().file(&other).size(100_000).create(&name).unwrap();
    assert_eq!((second.len(), len(&other)), (100, 100));
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
