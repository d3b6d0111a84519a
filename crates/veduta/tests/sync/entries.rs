//! The entries of mutexes, events and semaphores, and what killed processes leave of them.

use crate::listing::state;
use crate::processes::{peer, place};
use crate::scratch::{Private, child, code, name};
use veduta::{
    Backing, Code, Disposition, Event, HolderAccess, Mutex, Namespace, ObjectInfo, ObjectState, Protection,
    Section, SyncAccess,
};

#[test]
fn an_object_is_a_page_in_its_entry() {
    for prefix in [r"Local\", r"Global\"] {
        let name = name("listed").replace(r"Local\", prefix);
        let namespace = if prefix == r"Local\" { Namespace::local() } else { Namespace::global() }.unwrap();
        let _quiet = child::quiet();
        let _event = Event::options().access(SyncAccess::SYNCHRONIZE).create_new(&name).unwrap();
        let ObjectInfo { size, protection, backing, owner, holders, unseen_holders, .. } =
            namespace.object(&name).unwrap();
        assert_eq!((size, protection, backing), (4096, Protection::ReadWrite, Backing::Entry));
        let user = Some(veduta::User::Uid(rustix::process::geteuid().as_raw()));
        assert_eq!((owner, unseen_holders), (user, false));
        // Who may wait writes, too.
        let holders: Vec<_> = holders.iter().map(|holder| (holder.pid, holder.access)).collect();
        assert_eq!(holders, [(std::process::id(), HolderAccess::ReadWrite)]);
    }
}

#[test]
fn what_is_stale_has_no_state() {
    let private = Private::new();
    let place = private.path().to_str().unwrap();
    let maker = peer("create", &[("NAMESPACE", place), ("NAME", "mutex")]);
    assert!(matches!(state(private.namespace(), "mutex"), ObjectState::Mutex { owner: Some(_), .. }));
    maker.kill();
    assert_eq!(code(private.namespace().object("mutex")), Code::FILE_NOT_FOUND);
    assert_eq!(private.namespace().objects().unwrap().stale, ["mutex"]);
    // A new one has nothing of the old one.
    let mutex = Mutex::options().namespace(private.namespace()).create_new("mutex").unwrap();
    assert!(!mutex.lock().unwrap().is_abandoned());
}

/// What a killed process leaves is no object, of whatever kind.
#[test]
fn what_was_left_behind_is_in_nobodys_way() {
    let private = Private::new();
    let leave = || {
        peer("create", &place(&private)).kill();
        assert_eq!(private.namespace().objects().unwrap().stale, ["object"]);
    };
    leave();
    assert_eq!(code(Event::options().namespace(private.namespace()).open("object")), Code::FILE_NOT_FOUND);
    leave();
    let (event, disposition) = Event::options().namespace(private.namespace()).create("object").unwrap();
    assert_eq!(disposition, Disposition::Created);
    drop(event);
    leave();
    let mut section = Section::options();
    let (section, disposition) = section.size(1).namespace(private.namespace()).create("object").unwrap();
    assert_eq!(disposition, Disposition::Created);
    drop(section);
    leave();
    let (mutex, disposition) = Mutex::options().namespace(private.namespace()).create("object").unwrap();
    assert_eq!(disposition, Disposition::Created);
    assert!(!mutex.lock().unwrap().is_abandoned(), "it is another one");
}
