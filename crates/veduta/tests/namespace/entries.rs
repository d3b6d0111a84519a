//! Entries that are not as they should be. An entry is untrusted input: whatever stands in it is refused with a word, never
//! believed, never followed, never waited for.

use crate::scratch::{Private, Watchdog, child, code, unique};
use std::fs::File;
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;
use veduta::{Code, Disposition, Namespace, Section, SectionAccess, SectionOptions, SweepMode};

/// The name under which something is planted, and its file name.
const NAME: &str = "planted";

fn options(private: &Private) -> SectionOptions<'_> {
    let mut options = Section::options();
    options.size(10_000).namespace(private.namespace());
    options
}

/// The bytes of a well-formed entry for [`NAME`] that nobody holds.
fn well_formed() -> Vec<u8> {
    let elsewhere = Private::new();
    let _section = options(&elsewhere).create_new(NAME).unwrap();
    std::fs::read(elsewhere.path().join(NAME).join("e")).unwrap()
}

/// Puts an entry with that content under the name.
fn plant(private: &Private, content: &[u8]) {
    let directory = private.path().join(NAME);
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("e"), content).unwrap();
}

/// A private namespace with an entry whose bytes at an offset were changed.
fn forged(at: usize, bytes: &[u8]) -> Private {
    let mut content = well_formed();
    content[at..at + bytes.len()].copy_from_slice(bytes);
    let private = Private::new();
    plant(&private, &content);
    private
}

/// That nothing can be done with the name, for whatever access; and that the listing says so.
fn refused(private: &Private, expected: Code, what: &str) {
    let mut options = options(private);
    for access in [SectionAccess::READ, SectionAccess::READ | SectionAccess::WRITE] {
        assert_eq!(code(options.access(access).open(NAME)), expected, "open {what}");
    }
    assert_eq!(code(options.create(NAME)), expected, "create {what}");
    assert_eq!(code(options.create_new(NAME)), expected, "create new {what}");
    assert_eq!(code(private.namespace().object(NAME)), expected, "ask about {what}");
    let listing = private.namespace().objects().unwrap();
    assert!(listing.objects.is_empty() && listing.stale.is_empty(), "{what} is listed");
    let [problem] = listing.problems.as_slice() else { panic!("{what}: {:?}", listing.problems) };
    assert_eq!((problem.file_name.as_str(), problem.error.code()), (NAME, expected), "{what}");
}

/// That a sweep removes it, and that the name can be used then.
fn swept(private: &Private, what: &str) {
    let dry = private.namespace().sweep(SweepMode::DryRun).unwrap();
    assert_eq!((dry.removed.len(), dry.problems.len()), (1, 0), "{what}: {dry:?}");
    assert!(private.path().join(NAME).exists());
    let sweep = private.namespace().sweep(SweepMode::Remove).unwrap();
    assert_eq!(sweep.removed, dry.removed, "{what}");
    assert!(!private.path().join(NAME).exists(), "{what} is still there");
    assert_eq!(options(private).create(NAME).unwrap().1, Disposition::Created, "{what}");
}

/// That a sweep says what is wrong, and leaves it alone.
fn kept(private: &Private, expected: Code, what: &str) {
    for mode in [SweepMode::DryRun, SweepMode::Remove] {
        let sweep = private.namespace().sweep(mode).unwrap();
        assert!(sweep.removed.is_empty(), "{what}: {:?}", sweep.removed);
        let [problem] = sweep.problems.as_slice() else { panic!("{what}: {:?}", sweep.problems) };
        assert_eq!(problem.error.code(), expected, "{what}");
        assert!(std::fs::symlink_metadata(private.path().join(NAME)).is_ok(), "{what} is gone");
    }
}

#[test]
fn a_well_formed_entry_that_nobody_holds_is_stale() {
    let private = Private::new();
    plant(&private, &well_formed());
    assert_eq!(private.namespace().objects().unwrap().stale, [NAME]);
    assert_eq!(code(options(&private).open(NAME)), Code::FILE_NOT_FOUND);
}

#[test]
fn entries_that_were_cut_off_are_refused_and_swept() {
    let whole = well_formed();
    for len in [0, 1, 7, 8, 16, 100, 255, 256, 256 + NAME.len() - 1] {
        let private = Private::new();
        plant(&private, &whole[..len]);
        let what = format!("{len} bytes of an entry");
        refused(&private, Code::INVALID_DATA, &what);
        swept(&private, &what);
    }
}

#[test]
fn entries_of_zeros_or_of_anything_are_refused_and_swept() {
    let mut random = vec![0; 8_192];
    File::open("/dev/urandom").unwrap().read_exact_at(&mut random, 0).unwrap();
    for (what, content) in [("zeros", vec![0; 8_192]), ("ones", vec![0xFF; 300]), ("random bytes", random)] {
        let private = Private::new();
        plant(&private, &content);
        refused(&private, Code::INVALID_DATA, what);
        swept(&private, what);
    }
}

/// Where docs/format.md puts the parts of a header.
#[test]
fn fields_without_a_meaning_are_refused_and_swept() {
    let number = |number: u32| number.to_ne_bytes().to_vec();
    let large = |number: u64| number.to_ne_bytes().to_vec();
    for (what, at, bytes) in [
        ("no magic", 0, b"VEDUTO".to_vec()),
        ("a header of no length", 12, number(0)),
        ("a header of another length", 12, number(8_192)),
        ("word 0", 16, large(0)),
        ("word 4", 16, large(4)),
        ("no kind", 24, number(0)),
        ("an unknown kind", 24, number(99)),
        ("no location", 28, number(0)),
        ("an unknown location", 28, number(4)),
        ("no protection", 32, number(1)),
        ("an unknown protection", 32, number(0x204)),
        ("a name behind the end", 36, number(50_000)),
        ("a name beyond all names", 36, number(u32::MAX)),
        ("a path behind the end", 40, number(50_000)),
        ("a path beyond all paths", 40, number(u32::MAX)),
        ("tiny pages", 44, number(1)),
        ("pages larger than memory", 44, number(63)),
        ("more bytes than there can be", 48, large(u64::MAX)),
        ("more bytes than a file can have", 48, large(i64::MAX as u64)),
        ("a creation in no year", 56, large(u64::MAX)),
        ("too many nanoseconds", 64, number(1_000_000_000)),
        ("a name that is not UTF-8", 256, vec![0xFF]),
        ("a name that is no name", 256, b"pla\\ted".to_vec()),
    ] {
        let private = forged(at, &bytes);
        refused(&private, Code::INVALID_DATA, what);
        swept(&private, what);
    }
}

#[test]
fn what_another_version_wrote_is_left_alone() {
    let others = [
        ("an older version", 8, 2_u32.to_ne_bytes()),
        ("a newer version", 8, 4_u32.to_ne_bytes()),
        ("another layout", 4, *b"TA\0\x02"),
    ];
    for (what, at, bytes) in others {
        let private = forged(at, &bytes);
        refused(&private, Code::REVISION_MISMATCH, what);
        kept(&private, Code::REVISION_MISMATCH, what);
        let error = options(&private).open(NAME).unwrap_err();
        assert!(error.advice().unwrap().contains("the same version of veduta"), "{error}");
    }
}

#[test]
fn an_entry_with_another_name_in_it_is_refused() {
    let private = Private::new();
    let _held = options(&private).create_new("other").unwrap();
    std::fs::rename(private.path().join("other"), private.path().join(NAME)).unwrap();
    assert_eq!(code(options(&private).open(NAME)), Code::INVALID_DATA);
    assert_eq!(code(options(&private).create(NAME)), Code::INVALID_DATA);
    assert_eq!(code(private.namespace().object(NAME)), Code::FILE_NOT_FOUND);
}

#[test]
fn an_entry_that_promises_more_bytes_than_it_has_is_refused() {
    let private = Private::new();
    let _held = options(&private).create_new(NAME).unwrap();
    let entry = File::options().write(true).open(private.path().join(NAME).join("e")).unwrap();
    entry.set_len(4_096 + 9_999).unwrap();
    let error = options(&private).open(NAME).unwrap_err();
    assert_eq!(error.code(), Code::INVALID_DATA);
    assert!(error.advice().unwrap().contains("cut it off"), "{error}");
}

#[test]
fn an_entry_that_is_spoilt_while_it_is_held_stays_until_it_is_not() {
    let private = Private::new();
    let path = private.path().to_str().unwrap();
    let mut holder = child::play("entries::role_holder", &[("NAMESPACE", path)]);
    assert_eq!(holder.hear(), "held");
    let entry = File::options().write(true).open(private.path().join(NAME).join("e")).unwrap();
    entry.write_all_at(&[0; 8], 0).unwrap();
    drop(entry);
    refused(&private, Code::INVALID_DATA, "a spoilt entry");
    kept(&private, Code::INVALID_DATA, "a spoilt entry that is held");
    holder.tell("close it");
    assert_eq!(holder.hear(), "its handles still share, until it was closed");
    assert_eq!(options(&private).create(NAME).unwrap().1, Disposition::Created);
}

#[test]
#[ignore = "a role: holds an entry that is spoilt meanwhile"]
fn role_holder() {
    let namespace = Namespace::at(std::env::var("NAMESPACE").unwrap()).unwrap();
    let held = Section::options().size(10_000).namespace(&namespace).create_new(NAME).unwrap();
    child::say("held");
    child::listen();
    drop((Section::options().namespace(&namespace).open(NAME).unwrap(), held));
    child::say("its handles still share, until it was closed");
}

#[test]
fn what_is_no_entry_is_refused_and_left_alone() {
    let _watchdog = Watchdog::new();
    fn fifo(path: &Path) {
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    }
    fn directory(path: &Path) {
        std::fs::create_dir(path).unwrap();
    }
    fn file(path: &Path) {
        std::fs::write(path, "somebody's").unwrap();
    }
    fn loose_link(path: &Path) {
        symlink("nowhere", path).unwrap();
    }
    fn link_to_itself(path: &Path) {
        symlink(path, path).unwrap();
    }
    type Make = fn(&Path);
    let whole: [(&str, Make); 4] =
        [("file", file), ("FIFO", fifo), ("loose link", loose_link), ("link", link_to_itself)];
    for (what, make) in whole {
        let private = Private::new();
        make(&private.path().join(NAME));
        let what = format!("a {what} in place of a name");
        refused(&private, Code::INVALID_DATA, &what);
        kept(&private, Code::INVALID_DATA, &what);
    }
    let inner: [(&str, Make); 4] =
        [("directory", directory), ("FIFO", fifo), ("loose link", loose_link), ("link", link_to_itself)];
    for (what, make) in inner {
        let private = Private::new();
        directory(&private.path().join(NAME));
        make(&private.path().join(NAME).join("e"));
        let what = format!("a {what} in place of an entry");
        refused(&private, Code::INVALID_DATA, &what);
        kept(&private, Code::INVALID_DATA, &what);
    }
}

#[test]
fn links_to_living_objects_are_not_followed() {
    let (private, other) = (Private::new(), Private::new());
    let _held = options(&other).create_new(NAME).unwrap();
    let (link, object) = (private.path().join(NAME), other.path().join(NAME));
    symlink(&object, &link).unwrap();
    refused(&private, Code::INVALID_DATA, "a link to an object");
    std::fs::remove_file(&link).unwrap();
    std::fs::create_dir(&link).unwrap();
    symlink(object.join("e"), link.join("e")).unwrap();
    refused(&private, Code::INVALID_DATA, "a link to an entry");
    assert!(options(&other).open(NAME).is_ok());
}

#[test]
fn an_empty_directory_is_no_name() {
    let private = Private::new();
    std::fs::create_dir(private.path().join(NAME)).unwrap();
    assert_eq!(code(options(&private).open(NAME)), Code::FILE_NOT_FOUND);
    assert_eq!(options(&private).create(NAME).unwrap().1, Disposition::Created);
}

/// A directory that cannot be had and cannot be removed: whoever takes it for somebody faster tries for ever.
#[test]
fn a_directory_with_something_else_in_it_is_refused_and_not_waited_for() {
    let private = Private::new();
    let directory = private.path().join(NAME);
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("something else"), "").unwrap();
    assert_eq!(code(options(&private).open(NAME)), Code::FILE_NOT_FOUND);
    let path = private.path().to_str().unwrap();
    let mut creator = child::play("entries::role_create", &[("NAMESPACE", path)]);
    assert_eq!(creator.hear(), Code::INVALID_DATA.to_string());
    assert!(directory.join("something else").exists(), "it is somebody's");
}

#[test]
#[ignore = "a role: creates a section, and ends if that never ends"]
fn role_create() {
    let _watchdog = Watchdog::new();
    let namespace = Namespace::at(std::env::var("NAMESPACE").unwrap()).unwrap();
    let mut options = Section::options();
    child::say(code(options.size(100).namespace(&namespace).create(NAME)));
}

#[test]
fn strange_file_names_are_listed_as_problems() {
    use std::os::unix::ffi::OsStrExt;
    let private = Private::new();
    let name = std::ffi::OsStr::from_bytes(b"\xFF\x1B[31m");
    std::fs::write(private.path().join(name), "").unwrap();
    let listing = private.namespace().objects().unwrap();
    assert_eq!((listing.objects.len(), listing.problems.len()), (0, 1));
    assert!(!listing.problems[0].file_name.is_empty());
    let name = unique();
    assert!(options(&private).create_new(&name).is_ok(), "others are not disturbed");
}
