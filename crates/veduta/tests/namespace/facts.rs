//! What entries tell of objects: what they are, where their bytes are, who holds them.

use crate::hold::hold;
use crate::listing::object;
use crate::scratch::{Private, child, code, name, named_file};
use std::fs::File;
use std::time::SystemTime;
use veduta::{
    Backing, Code, Commit, Holder, HolderAccess, Kind, Namespace, Protection, Section, SectionAccess,
    ViewAccess,
};

#[test]
fn an_object_tells_what_it_is() {
    let name = name("listed");
    let before = SystemTime::now();
    let section =
        Section::options().size(10_000).protection(Protection::ExecuteReadWrite).create_new(&name).unwrap();
    let after = SystemTime::now();
    section.map(ViewAccess::Write).unwrap().write_at(5_000, b"one page").unwrap();
    let object = object(&name);
    assert_eq!((object.name.as_str(), object.kind, object.size), (name.as_str(), Kind::Section, 10_000));
    assert_eq!((object.protection, object.resident), (Protection::ExecuteReadWrite, Some(4096)));
    assert_eq!(object.owner, Some(veduta::User::Uid(rustix::process::geteuid().as_raw())));
    assert!((before..=after).contains(&object.created.unwrap()), "{:?}", object.created);
    assert_eq!(object.backing, Backing::Memory);
    assert!(!object.unseen_holders);
}

#[test]
fn an_object_tells_who_holds_it() {
    let _quiet = child::quiet();
    let name = name("held");
    let _writer = Section::options().size(1).create_new(&name).unwrap();
    let command = object(&name).holders[0].command.clone();
    assert!(command.contains("namespace"), "{command} is this program");
    let this = |access| vec![Holder { pid: std::process::id(), command: command.clone(), access }];
    assert_eq!(object(&name).holders, this(HolderAccess::ReadWrite));
}

#[test]
fn each_process_is_told_once_with_the_most_it_may_do() {
    let private = Private::new();
    let holders =
        [hold(&private, "held", "create"), hold(&private, "held", "read"), hold(&private, "held", "write")];
    let _quiet = child::quiet();
    let mut options = Section::options();
    let reader = options.namespace(private.namespace()).access(SectionAccess::READ).open("held").unwrap();
    let also_reader = reader.try_clone().unwrap();
    let expected = |own| {
        let access = [HolderAccess::ReadWrite, HolderAccess::Read, HolderAccess::ReadWrite];
        let mut expected: Vec<_> = holders.iter().map(child::Actor::pid).zip(access).collect();
        expected.extend(own);
        expected.sort_unstable();
        expected
    };
    let seen = || {
        let holders = private.namespace().object("held").unwrap().holders;
        holders.into_iter().map(|holder| (holder.pid, holder.access)).collect::<Vec<_>>()
    };
    let this = |access| Some((std::process::id(), access));
    assert_eq!(seen(), expected(this(HolderAccess::Read)));
    let writer = options.access(SectionAccess::WRITE).open("held").unwrap();
    assert_eq!(seen(), expected(this(HolderAccess::ReadWrite)));
    drop((writer, reader));
    assert_eq!(seen(), expected(this(HolderAccess::Read)));
    drop(also_reader);
    assert_eq!(seen(), expected(None));
}

#[test]
fn who_only_looks_is_no_holder() {
    let private = Private::new();
    let holder = hold(&private, "watched", "create");
    let _look = File::open(private.path().join("watched").join("e")).unwrap();
    let holders = private.namespace().object("watched").unwrap().holders;
    assert_eq!(holders.iter().map(|holder| holder.pid).collect::<Vec<_>>(), [holder.pid()]);
    holder.kill();
    assert_eq!(code(private.namespace().object("watched")), Code::FILE_NOT_FOUND);
    assert_eq!(private.namespace().objects().unwrap().stale, ["watched"]);
}

#[test]
fn an_object_tells_where_its_bytes_are() {
    let private = Private::new();
    let mut options = Section::options();
    options.size(10_000).namespace(private.namespace());
    let entry = options.create_new("entry").unwrap();
    let found = private.namespace().object("entry").unwrap();
    assert_eq!((found.backing, found.resident), (Backing::Entry, Some(12_288)), "its room is taken at once");
    drop(entry);
    let _reserved = options.commit(Commit::Reserve).create_new("reserved").unwrap();
    assert_eq!(private.namespace().object("reserved").unwrap().resident, Some(0));
    let file = named_file(10_000);
    let _of_file = options.file(file.as_file()).create_new("of a file").unwrap();
    let found = private.namespace().object("of a file").unwrap();
    assert_eq!(found.backing, Backing::File(file.path().to_owned()));
    assert!(found.resident.is_none_or(|resident| resident <= 10_000));
}

#[test]
fn global_objects_have_their_bytes_in_their_entry() {
    let name = format!(r"Global\{}", crate::scratch::unique());
    let _section = Section::options().size(5_000).create_new(&name).unwrap();
    let found = Namespace::global().unwrap().object(&name).unwrap();
    assert_eq!((found.name, found.size, found.backing), (name, 5_000, Backing::Entry));
}
