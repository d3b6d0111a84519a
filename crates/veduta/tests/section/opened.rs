//! Opening what this process has open already: the handles share what they can, and nobody can tell otherwise.

use crate::scratch::{child, code, name};
use std::sync::atomic::{AtomicU64, Ordering};
use veduta::{Code, Disposition, Section, SectionAccess, ViewAccess};

#[test]
fn a_reader_and_a_writer_of_one_process_have_their_own_rights() {
    for reader_first in [true, false] {
        let name = name("rights");
        let mut holder = child::play("opened::role_hold", &[("NAME", &name)]);
        assert_eq!(holder.hear(), "held");
        let open = |access| Section::options().access(access).open(&name).unwrap();
        let (read, all) = (SectionAccess::READ, SectionAccess::READ | SectionAccess::WRITE);
        let (reader, writer) = match reader_first {
            true => {
                let reader = open(read);
                (reader, open(all))
            }
            false => {
                let writer = open(all);
                (open(read), writer)
            }
        };
        writer.map(ViewAccess::Write).unwrap().store(0, 7_u64, Ordering::SeqCst).unwrap();
        assert_eq!(code(reader.map(ViewAccess::Write)), Code::ACCESS_DENIED);
        assert_eq!(reader.map(ViewAccess::Read).unwrap().load::<u64>(0, Ordering::SeqCst).unwrap(), 7);
        assert_eq!([writer.access(), reader.access(), open(read).access()], [all, read, read]);
    }
}

#[test]
#[ignore = "a role: holds a name until its test ends"]
fn role_hold() {
    let name = std::env::var("NAME").unwrap();
    let _held = Section::options().size(100).create_new(&name).unwrap();
    child::say("held");
    child::listen();
}

#[test]
fn the_name_lives_until_the_last_of_those_who_share_is_closed() {
    for forwards in [true, false] {
        let name = name("last");
        let mut handles = vec![Section::options().size(100).create_new(&name).unwrap()];
        handles.extend((0..3).map(|_| Section::options().open(&name).unwrap()));
        if forwards {
            handles.reverse();
        }
        while let Some(handle) = handles.pop() {
            assert!(Section::options().open(&name).is_ok());
            drop(handle);
        }
        assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND);
        let (_, disposition) = Section::options().size(100).create(&name).unwrap();
        assert_eq!(disposition, Disposition::Created);
    }
}

/// How often each of four threads, here and in another process, comes and goes.
const VISITS: u64 = 400;

/// Opens or makes a name, and leaves; nobody may come upon another object than those who are there.
fn come_and_go(name: &str) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..VISITS {
                    let (section, _) = Section::options().size(100).create(name).unwrap();
                    let view = section.map(ViewAccess::Write).unwrap();
                    let other = Section::options().open(name).unwrap().map(ViewAccess::Write).unwrap();
                    let (mine, theirs) =
                        (view.atomic::<AtomicU64>(0).unwrap(), other.atomic::<AtomicU64>(0).unwrap());
                    let before = mine.fetch_add(1, Ordering::SeqCst);
                    assert!(theirs.load(Ordering::SeqCst) > before, "one name is one object");
                }
            });
        }
    });
}

#[test]
fn threads_of_two_processes_come_and_go_and_leave_nothing() {
    let name = name("busy");
    let mut other = child::play("opened::role_busy", &[("NAME", &name)]);
    come_and_go(&name);
    assert_eq!(other.hear(), "gone again");
    assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND);
    let listing = veduta::Namespace::local().unwrap().objects().unwrap();
    assert!(!listing.stale.contains(&name), "an entry is left");
}

#[test]
#[ignore = "a role: comes and goes"]
fn role_busy() {
    come_and_go(&std::env::var("NAME").unwrap());
    child::say("gone again");
}
