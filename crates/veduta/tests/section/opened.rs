//! Opening what this process has open already: the handles share descriptors, and nobody can tell otherwise.
//!
//! What counts descriptors is a role, alone in its process.

use crate::scratch::{Private, child, code, file, name};
use rustix::io::FdFlags;
use std::sync::atomic::{AtomicU64, Ordering};
use veduta::os::InheritExt;
use veduta::os::unix::HandleExt;
use veduta::{Code, Disposition, Event, Section, SectionAccess, ViewAccess};

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
    assert_eq!(child::play("opened::role_many", &[]).hear(), "all counted");
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

#[test]
fn who_is_given_a_handle_gets_nothing_of_those_it_was_shared_with() {
    let name = name("given");
    let first = Section::options().size(100).create_new(&name).unwrap();
    let second = Section::options().open(&name).unwrap();
    let given = second.into_descriptors().unwrap();
    // Whoever has them does what it likes with the lock.
    rustix::fs::flock(&given[1], rustix::fs::FlockOperation::Unlock).unwrap();
    drop(given);
    let elsewhere = child::play("opened::role_look", &[("NAME", &name)]).hear();
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
    assert_eq!(child::play("opened::role_inheritable", &[]).hear(), "its own");
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
    let entry = veduta::Namespace::local()
        .unwrap()
        .path()
        .join(name.trim_start_matches(r"Local\").replace(' ', "%20"));
    assert!(!entry.exists(), "{} is left", entry.display());
}

#[test]
#[ignore = "a role: comes and goes"]
fn role_busy() {
    come_and_go(&std::env::var("NAME").unwrap());
    child::say("gone again");
}
