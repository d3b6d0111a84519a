//! Handles: rights that descriptors enforce, duplicates, inheritance.

use crate::scratch::{Private, child, code, descriptors, file, name, named_file, skipped, thread};
use rustix::fs::OFlags;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use veduta::os::InheritExt;
use veduta::os::unix::HandleExt;
use veduta::{Code, Protection, Section, SectionAccess, ViewAccess};

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

const READ: SectionAccess = SectionAccess::READ;

/// One section of each kind: without a name, with one, with one in a private namespace, and of a file.
fn one_of_each_kind(private: &Private) -> [(&'static str, usize, Section); 5] {
    let files = [file(100), file(100)];
    let mut options = Section::options();
    options.size(100);
    let mut in_private = options.clone();
    in_private.namespace(private.namespace());
    [
        ("unnamed", 1, options.create_unnamed().unwrap()),
        ("named", 2, options.create_new(&name("kind")).unwrap()),
        ("private", 2, in_private.create_new("kind").unwrap()),
        ("file", 1, options.clone().file(&files[0]).create_unnamed().unwrap()),
        ("named file", 2, options.clone().file(&files[1]).create_new(&name("kind of file")).unwrap()),
    ]
}

#[test]
fn a_handle_has_at_most_two_descriptors() {
    for (kind, count, section) in one_of_each_kind(&Private::new()) {
        assert_eq!(kept(&section), (count, true), "{kind}");
    }
}

/// The handle's rights are asked first (5), then the section's protection (87).
#[test]
fn every_view_takes_the_rights_of_the_handle_and_the_protection_of_the_section() {
    let rights = [
        SectionAccess::QUERY,
        READ,
        SectionAccess::WRITE,
        SectionAccess::EXECUTE,
        SectionAccess::EXTEND_SIZE,
    ];
    for protection in Protection::ALL {
        let section = Section::options().size(1).protection(protection).create_unnamed().unwrap();
        for bits in 0..1 << rights.len() {
            let chosen = rights.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1);
            let access = chosen.map(|(_, right)| *right).collect::<SectionAccess>();
            let handle = section.try_clone_with(access).unwrap();
            for view in ViewAccess::ALL {
                let (writes, executes) = (view.writes_shared(), view.executes());
                let missing = !access.contains(if writes { SectionAccess::WRITE } else { READ })
                    || (executes && !access.contains(SectionAccess::EXECUTE));
                let forbidden =
                    (writes && !protection.writes_shared()) || (executes && !protection.executes());
                let expected = match (missing, forbidden) {
                    (true, _) => Some(Code::ACCESS_DENIED),
                    (false, true) => Some(Code::INVALID_PARAMETER),
                    (false, false) => None,
                };
                let mapped = handle.map(view).err().map(|error| error.code());
                assert_eq!(mapped, expected, "{view:?} of {protection} with {access}");
            }
        }
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
    let mut stranger = child::play_heir("handle::role_stranger", reader);
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

/// The handle that a role was left.
fn inherited() -> Section {
    let numbers = std::env::var("HANDLE").unwrap();
    #[allow(unsafe_code, reason = "adopting numbers is up to who got them")]
    // SAFETY: this role inherited them, and adopts them once.
    let section = unsafe { Section::from_inherited(&numbers) };
    section.unwrap()
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

#[test]
fn the_name_goes_with_the_last_handle_in_whatever_order_they_go() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in orders {
        let name = name("order");
        let created = Section::options().size(1).create_new(&name).unwrap();
        let opened = Section::options().access(READ).open(&name).unwrap();
        let cloned = created.try_clone().unwrap();
        let mut handles = [Some(created), Some(opened), Some(cloned)];
        for (gone, index) in order.into_iter().enumerate() {
            assert!(Section::options().open(&name).is_ok(), "{gone} of 3 handles are gone");
            handles[index] = None;
        }
        assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND, "{order:?}");
    }
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
fn handles_are_not_inherited_unless_asked() {
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
fn a_child_adopts_what_it_inherits() {
    for (kind, _, section) in one_of_each_kind(&Private::new()) {
        let mut child = child::play_heir("handle::role_adopt", section.try_clone().unwrap());
        assert_eq!(child.hear(), "written");
        let view = section.map(ViewAccess::Read).unwrap();
        assert_eq!(view.compare_bytes(0, b"by the child").unwrap(), None, "{kind}");
        let Some(name) = section.name().map(ToString::to_string) else { continue };
        drop(section);
        if name.starts_with("Local") {
            assert!(Section::options().open(&name).is_ok(), "{kind}: the child holds the name");
            child.kill();
            assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND, "{kind}");
        }
    }
}

#[test]
#[ignore = "a role: adopts an inherited handle and keeps it"]
fn role_adopt() {
    let section = inherited();
    section.map(ViewAccess::Write).unwrap().write_at(0, b"by the child").unwrap();
    child::say("written");
    child::listen();
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
    let mut child = child::play("handle::role_without_descriptors", &[]);
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

#[test]
fn handles_can_be_shared_by_threads() {
    fn check<T: Send + Sync>() {}
    check::<Section>();
}
