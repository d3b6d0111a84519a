//! Handles as the descriptors that they are: how many, what they allow, who inherits them.
//!
//! What counts descriptors is a role, alone in its process.

use crate::file::section_of;
use crate::handle::{READ, inherited, one_of_each_kind};
use crate::scratch::{Private, bytes_of, child, code, descriptors, file, name, named_file, skipped, thread};
use rustix::fs::OFlags;
use rustix::io::FdFlags;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use veduta::os::InheritExt;
use veduta::os::unix::HandleExt;
use veduta::{Code, Event, Protection, Section, SectionAccess, ViewAccess};

/// Whether a descriptor is open for writing.
fn writes(descriptor: impl AsFd) -> bool {
    rustix::fs::fcntl_getfl(descriptor).unwrap() & OFlags::RWMODE != OFlags::RDONLY
}

/// How many descriptors a handle has besides its card, and whether any of them writes.
fn kept(section: &Section) -> (usize, bool) {
    let _quiet = child::quiet();
    let descriptors = &descriptors(section)[1..];
    (descriptors.len(), descriptors.iter().any(writes))
}

#[test]
fn a_handle_has_at_most_two_descriptors() {
    for (kind, count, section) in one_of_each_kind(&Private::new()) {
        assert_eq!(kept(&section), (count, true), "{kind}");
    }
}

#[test]
fn a_clone_with_less_access_has_descriptors_that_cannot_write() {
    for (kind, count, section) in one_of_each_kind(&Private::new()) {
        let reader = section.try_clone_with(READ).unwrap();
        assert_eq!(reader.access(), READ);
        assert_eq!(kept(&reader), (count, false), "{kind}");
        assert_eq!(code(reader.map(ViewAccess::Write)), Code::ACCESS_DENIED, "{kind}");
        reader.map(ViewAccess::Copy).unwrap().write_at(0, b"own").unwrap();
        let original = section.map(ViewAccess::Write).unwrap();
        assert_eq!(original.compare_bytes(0, &[0; 3]).unwrap(), None, "{kind}");
        original.write_at(0, b"new").unwrap();
        assert_eq!(reader.map(ViewAccess::Read).unwrap().compare_bytes(0, b"new").unwrap(), None, "{kind}");
    }
}

#[test]
fn a_handle_opened_to_read_has_descriptors_that_cannot_write() {
    let private = Private::new();
    let mut options = Section::options();
    options.size(100);
    let name = name("reader");
    let _local = options.create_new(&name).unwrap();
    let reader = options.access(READ).open(&name).unwrap();
    assert_eq!(kept(&reader), (2, false));
    options.namespace(private.namespace());
    let _private = options.create_new("reader").unwrap();
    assert_eq!(kept(&options.open("reader").unwrap()), (2, false));
}

#[test]
fn rights_that_were_given_up_come_back_only_to_who_may_have_them() {
    let section = Section::options().size(100).create_unnamed().unwrap();
    let reader = section.try_clone_with(READ).unwrap();
    let writer = reader.try_clone_with(READ | SectionAccess::WRITE).unwrap();
    writer.map(ViewAccess::Write).unwrap().write_at(0, b"again").unwrap();
    if !thread::is_root() {
        return skipped("only root can start another user's process");
    }
    let mut stranger = child::play_heir("descriptors::role_stranger", reader);
    assert_eq!(stranger.hear(), "reads: true, writes: ERROR_ACCESS_DENIED, 5");
}

#[test]
#[ignore = "a role: another user who was given a handle for reading"]
fn role_stranger() {
    let reader = inherited();
    thread::become_nobody();
    let reads = reader.map(ViewAccess::Read).unwrap().compare_bytes(0, b"again").unwrap().is_none();
    let error = reader.try_clone_with(SectionAccess::WRITE).unwrap_err();
    assert!(error.advice().is_some(), "{error}");
    child::say(format!("reads: {reads}, writes: {}", error.code()));
}

#[test]
fn a_file_that_may_only_be_read_gives_no_writing_clone() {
    let whole = named_file(100);
    let read = File::open(whole.path()).unwrap();
    std::fs::set_permissions(whole.path(), std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
    let section = Section::options().file(&read).protection(Protection::ReadOnly).create_unnamed().unwrap();
    let claims = section.try_clone_with(SectionAccess::all()).unwrap();
    assert_eq!(kept(&claims), (1, false), "the protection is for reading");
    assert_eq!(code(claims.map(ViewAccess::Write)), Code::INVALID_PARAMETER);
}

fn closed_on_exec(descriptor: BorrowedFd<'_>) -> bool {
    rustix::io::fcntl_getfd(descriptor).unwrap().contains(rustix::io::FdFlags::CLOEXEC)
}

/// Which of a handle's numbers a child would not get.
fn kept_from_children(numbers: &str) -> Vec<bool> {
    numbers
        .split(',')
        .map(|number| {
            #[allow(unsafe_code, reason = "a handle tells only numbers")]
            // SAFETY: the caller has the handle whose numbers these are.
            let descriptor = unsafe { BorrowedFd::borrow_raw(number.parse().unwrap()) };
            closed_on_exec(descriptor)
        })
        .collect()
}

#[test]
fn descriptors_are_closed_on_exec_unless_asked() {
    let _quiet = child::quiet();
    for (kind, count, section) in one_of_each_kind(&Private::new()) {
        assert!(!section.is_inheritable(), "{kind}");
        assert_eq!(section.inherited_numbers(), None, "{kind}");
        assert!(descriptors(&section).iter().all(|fd| closed_on_exec(fd.as_fd())), "{kind}");
        let section = section.into_inheritable().unwrap();
        let numbers = section.inherited_numbers().unwrap();
        assert_eq!(kept_from_children(&numbers), vec![false; count + 1], "{kind}");
        assert!(!section.try_clone().unwrap().is_inheritable(), "a clone is asked for itself");
    }
}

#[test]
fn an_adopted_handle_is_not_inherited_further() {
    let _quiet = child::quiet();
    for (kind, _, section) in one_of_each_kind(&Private::new()) {
        let inherited = section.into_inheritable().unwrap().into_descriptors().unwrap();
        assert!(!inherited.iter().any(|fd| closed_on_exec(fd.as_fd())), "{kind}");
        let adopted = Section::from_descriptors(inherited).unwrap();
        assert!(!adopted.is_inheritable(), "{kind}");
        let own = adopted.into_descriptors().unwrap();
        assert!(own.iter().all(|fd| closed_on_exec(fd.as_fd())), "{kind}");
        Section::from_descriptors(own).unwrap();
    }
}

#[test]
fn the_file_of_a_view_is_not_inherited_with_its_section() {
    let _quiet = child::quiet();
    let file = file(100);
    let section = Section::options().file(&file).create_unnamed().unwrap();
    let view = section.map(ViewAccess::Write).unwrap();
    let before = inheritable_descriptors();
    let section = section.into_inheritable().unwrap();
    let numbers: Vec<_> =
        section.inherited_numbers().unwrap().split(',').map(|n| n.parse::<i32>().unwrap()).collect();
    let new: Vec<_> = inheritable_descriptors().into_iter().filter(|fd| !before.contains(fd)).collect();
    assert!(new.iter().all(|fd| numbers.contains(fd) || !is_of(*fd, &file)), "{new:?} {numbers:?}");
    view.flush_async(0..100).unwrap();
}

fn inheritable_descriptors() -> Vec<i32> {
    let list = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    list.filter_map(|entry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        let flags = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).ok()?;
        let flags = flags.lines().find_map(|line| line.strip_prefix("flags:"))?;
        let closed = i32::from_str_radix(flags.trim(), 8).ok()? & libc::O_CLOEXEC != 0;
        (!closed).then_some(number)
    })
    .collect()
}

fn is_of(descriptor: i32, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (one, other) = (std::fs::metadata(format!("/proc/self/fd/{descriptor}")), file.metadata().unwrap());
    one.is_ok_and(|one| (one.dev(), one.ino()) == (other.dev(), other.ino()))
}

#[test]
fn no_descriptors_left_is_an_error() {
    let mut child = child::play("descriptors::role_without_descriptors", &[]);
    assert_eq!(child.hear(), "4 4 4");
}

#[test]
#[ignore = "a role: uses up its descriptors"]
fn role_without_descriptors() {
    let name = name("no descriptors");
    let section = Section::options().size(1).create_new(&name).unwrap();
    let mut all = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        all.push(file);
    }
    let codes = [
        code(Section::options().size(1).create_unnamed()),
        code(Section::options().access(READ).open(&name)),
        code(section.try_clone_with(READ)),
    ];
    // What is open already takes none.
    drop((Section::options().open(&name).unwrap(), section.try_clone().unwrap()));
    drop((all, section));
    // What failed left nothing half made, and nothing behind.
    assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND);
    child::say(codes.map(|code| code.get().to_string()).join(" "));
}

/// How many descriptors this process has, and how many of them its children would inherit.
fn held() -> (usize, usize) {
    let numbers: Vec<i32> = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    // The listing's own is gone by now.
    let open = numbers.into_iter().filter_map(|number| {
        #[allow(unsafe_code, reason = "only asked about")]
        // SAFETY: only asked whether it is open, and how.
        let descriptor = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
        rustix::io::fcntl_getfd(descriptor).ok()
    });
    let flags: Vec<FdFlags> = open.collect();
    (flags.len(), flags.iter().filter(|flags| !flags.contains(FdFlags::CLOEXEC)).count())
}

#[test]
fn however_many_handles_there_are_to_a_name_they_have_its_two_descriptors() {
    assert_eq!(child::play("descriptors::role_many", &[]).hear(), "all counted");
}

#[test]
#[ignore = "a role: opens names many times"]
fn role_many() {
    const TIMES: usize = 1000;
    let (private, file) = (Private::new(), file(100));
    let mut options = Section::options();
    options.size(100);
    let (plain, of_file) = (name("many"), name("many of a file"));
    let section = options.create_new(&plain).unwrap();
    let _filed = options.clone().file(&file).create_new(&of_file).unwrap();
    let _inside = options.clone().namespace(private.namespace()).create_new("many").unwrap();
    let event = Event::options().create_new(&name("many events")).unwrap();
    // A private namespace opened once more is the same one.
    let again = veduta::Namespace::at(private.path()).unwrap();

    let before = held();
    let sections: Vec<_> = (0..TIMES)
        .flat_map(|_| {
            [
                Section::options().open(&plain).unwrap(),
                options.create(&plain).unwrap().0,
                section.try_clone().unwrap(),
                Section::options().open(&of_file).unwrap(),
                Section::options().namespace(&again).open("many").unwrap(),
            ]
        })
        .collect();
    let event_name = event.name().unwrap().to_string();
    let events: Vec<_> = (0..TIMES).map(|_| Event::options().open(&event_name).unwrap()).collect();
    assert_eq!(held(), before);

    // Other rights take other descriptors, once.
    let readers: Vec<_> =
        (0..TIMES).map(|_| Section::options().access(SectionAccess::READ).open(&plain).unwrap()).collect();
    assert_eq!(held().0, before.0 + 2);
    drop((readers, sections, events));
    assert_eq!(held(), before);
    child::say("all counted");
}

#[test]
fn who_is_given_a_handle_gets_nothing_of_those_it_was_shared_with() {
    let name = name("given");
    let first = Section::options().size(100).create_new(&name).unwrap();
    let second = Section::options().open(&name).unwrap();
    let given = second.into_descriptors().unwrap();
    // Whoever has them does what it likes with the lock.
    rustix::fs::flock(&given[1], rustix::fs::FlockOperation::Unlock).unwrap();
    drop(given);
    let elsewhere = child::play("descriptors::role_look", &[("NAME", &name)]).hear();
    assert_eq!(elsewhere, "there");
    drop(first);
    assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND);
}

#[test]
#[ignore = "a role: looks whether a name is there"]
fn role_look() {
    let name = std::env::var("NAME").unwrap();
    child::say(if Section::options().open(&name).is_ok() { "there" } else { "gone" });
}

#[test]
fn a_handle_is_inherited_and_not_those_it_shares_with() {
    assert_eq!(child::play("descriptors::role_inheritable", &[]).hear(), "its own");
}

#[test]
#[ignore = "a role: makes one of several handles inheritable"]
fn role_inheritable() {
    let name = name("inheritable");
    let first = Section::options().size(100).create_new(&name).unwrap();
    let before = held();
    let second = Section::options().open(&name).unwrap().into_inheritable().unwrap();
    let third = Section::options().open(&name).unwrap();
    assert_eq!(held(), (before.0 + 3, before.1 + 3), "the card, the entry and the bytes");
    drop(second);
    assert_eq!(held(), before, "nothing inheritable is left behind");
    // Alone it keeps its descriptors, but shares them with nobody any more.
    drop(third);
    let first = first.into_inheritable().unwrap();
    let fourth = Section::options().open(&name).unwrap();
    let with_both = held();
    drop(first);
    assert_eq!(held(), (with_both.0 - 3, before.1));
    assert!(!fourth.is_inheritable() && Section::options().open(&name).is_ok());
    child::say("its own");
}

fn flags(file: &File) -> OFlags {
    rustix::fs::fcntl_getfl(file).unwrap() & OFlags::RWMODE
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
fn a_section_that_is_opened_to_read_has_a_file_that_cannot_be_written() {
    let file = named_file(5_000);
    let name = name("read only file");
    let _first = Section::options().file(file.as_file()).create_new(&name).unwrap();
    let reader = Section::options().access(READ).open(&name).unwrap();
    assert_eq!(flags(&bytes_of(&reader)), OFlags::RDONLY);
}

#[test]
fn a_path_is_no_open_file() {
    let whole = named_file(100);
    let path = File::options().read(true).custom_flags(libc::O_PATH).open(whole.path()).unwrap();
    for protection in Protection::ALL {
        assert_eq!(code(section_of(&path, protection, 0)), Code::ACCESS_DENIED);
    }
}
