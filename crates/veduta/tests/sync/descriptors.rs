//! Handles as descriptors: sent over sockets, and what arrives instead of them.

use crate::handles::one_of_each;
use crate::scratch::{self, Private, child, code, name};
use crate::{Object, until};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::FileExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;
use veduta::os::InheritExt;
use veduta::os::unix::{HandleExt, MAX_DESCRIPTORS};
use veduta::{
    Code, Event, Mutex, ObjectState, Reset, Section, SectionAccess, Semaphore, SyncAccess, SyncObject,
    Waitable, Waited,
};

fn same_after_travelling<T: Object + HandleExt + SyncObject>(object: T, also: &T, name: Option<String>) {
    let before = object.now();
    let descriptors = object.into_descriptors().unwrap();
    assert!(descriptors.len() <= MAX_DESCRIPTORS);
    assert_eq!(descriptors.len(), if name.is_some() { 3 } else { 2 });
    let arrived = T::from_descriptors(descriptors).unwrap();
    assert!(!arrived.is_inheritable());
    assert_eq!(arrived.now(), before);
    assert_eq!(arrived.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
    assert_eq!(also.now(), arrived.now(), "they are one object");
    assert_ne!(arrived.now(), before);
}

#[test]
fn an_adopted_handle_behaves_as_any_other() {
    let _quiet = child::quiet();
    let name = |name: Option<&veduta::ObjectName>| name.map(ToString::to_string);
    let private = Private::new();
    for mutex in one_of_each(&private, &mut Mutex::options()) {
        let (also, name) = (mutex.try_clone().unwrap(), name(mutex.name()));
        same_after_travelling(mutex, &also, name);
        also.release().unwrap();
    }
    let private = Private::new();
    for event in one_of_each(&private, Event::options().signaled(true)) {
        let (also, name) = (event.try_clone().unwrap(), name(event.name()));
        same_after_travelling(event, &also, name);
    }
    let private = Private::new();
    for semaphore in one_of_each(&private, Semaphore::options().count(4).maximum(9)) {
        let (also, name) = (semaphore.try_clone().unwrap(), name(semaphore.name()));
        same_after_travelling(semaphore, &also, name);
        assert_eq!(also.now(), ObjectState::Semaphore { count: 3, maximum: 9, waiters: Some(0) });
    }
}

#[test]
fn it_holds_its_name_on_the_way() {
    let _quiet = child::quiet();
    let name = name("on the way");
    let event = Event::options().create_new(&name).unwrap();
    let descriptors = event.into_descriptors().unwrap();
    assert!(Event::options().open(&name).is_ok());
    let event = Event::from_descriptors(descriptors).unwrap();
    assert_eq!(event.name().unwrap().to_string(), name);
    drop(event);
    assert_eq!(code(Event::options().open(&name)), Code::FILE_NOT_FOUND);
}

#[test]
fn it_keeps_its_rights() {
    let _quiet = child::quiet();
    let name = name("keeps its rights");
    let event = Event::options().create_new(&name).unwrap();
    for access in [SyncAccess::SYNCHRONIZE, SyncAccess::MODIFY_STATE, SyncAccess::empty(), SyncAccess::all()]
    {
        let travelled = Event::from_descriptors(
            event.try_clone_with(access).and_then(HandleExt::into_descriptors).unwrap(),
        );
        assert_eq!(travelled.unwrap().access(), access);
    }
}

#[test]
fn who_owns_a_mutex_does_not_change_when_handles_travel() {
    let _quiet = child::quiet();
    let mut mutex = Mutex::options().owned(true).inheritable(true).create_unnamed().unwrap();
    assert!(mutex.is_inheritable());
    for _ in 0..3 {
        mutex.guard().map(veduta::MutexGuard::leak).unwrap();
        mutex = Mutex::from_descriptors(mutex.into_descriptors().unwrap()).unwrap();
        mutex = mutex.into_inheritable().unwrap();
    }
    let also = mutex.try_clone().unwrap();
    assert!(crate::crowd::elsewhere(|| also.try_lock().unwrap().is_none()));
    mutex.release().unwrap();
    assert_eq!(code(mutex.release()), Code::NOT_OWNER);
    assert!(crate::crowd::elsewhere(|| also.try_lock().unwrap().is_some()));
}

fn descriptors<T: HandleExt>(object: veduta::Result<T>) -> Vec<OwnedFd> {
    object.unwrap().into_descriptors().unwrap()
}

#[test]
fn a_handle_of_another_kind_is_refused() {
    type Adopt = fn(Vec<OwnedFd>) -> Option<Code>;
    fn adopt<T: HandleExt>(descriptors: Vec<OwnedFd>) -> Option<Code> {
        T::from_descriptors(descriptors).err().map(|error| error.code())
    }
    let _quiet = child::quiet();
    let private = Private::new();
    let namespace = private.namespace();
    for name in ["", "named"] {
        let name = |kind: &str| if name.is_empty() { String::new() } else { format!("{kind} named") };
        let mut section = Section::options();
        section.size(4096);
        let give: [&dyn Fn() -> Vec<OwnedFd>; 4] = [
            &|| descriptors(section.clone().namespace(namespace).create(&name("section")).map(|made| made.0)),
            &|| descriptors(Mutex::options().namespace(namespace).create(&name("mutex")).map(|made| made.0)),
            &|| descriptors(Event::options().namespace(namespace).create(&name("event")).map(|made| made.0)),
            &|| {
                let mut options = Semaphore::options();
                descriptors(options.namespace(namespace).create(&name("semaphore")).map(|made| made.0))
            },
        ];
        let take: [Adopt; 4] = [adopt::<Section>, adopt::<Mutex>, adopt::<Event>, adopt::<Semaphore>];
        for (kind, give) in give.iter().enumerate() {
            for (other, take) in take.iter().enumerate() {
                let expected = (kind != other).then_some(Code::INVALID_HANDLE);
                assert_eq!(take(give()), expected, "{kind} as {other}");
            }
        }
    }
    let error = Mutex::from_descriptors(descriptors(Event::options().create_unnamed())).unwrap_err();
    assert!(error.to_string().contains("another kind of object (event, not mutex)"), "{error}");
}

/// Where docs/format.md puts the parts of a card.
mod card {
    pub(super) const PAGE_SHIFT: u64 = 28;
    pub(super) const KIND: u64 = 36;
    pub(super) const DETAIL: u64 = 40;
    pub(super) const SYNC_ACCESS: u64 = 44;
    pub(super) const SIZE: u64 = 48;
}

/// Descriptors whose card says something else.
fn forged(mut descriptors: Vec<OwnedFd>, changes: &[(u64, u32)]) -> Vec<OwnedFd> {
    let card = File::from(descriptors.remove(0));
    for (at, value) in changes {
        card.write_all_at(&value.to_ne_bytes(), *at).unwrap();
    }
    descriptors.insert(0, card.into());
    descriptors
}

#[test]
fn what_is_no_state_is_refused() {
    const EVENT: u32 = 3;
    let event = || descriptors(Event::options().create_unnamed());
    let semaphore = || descriptors(Semaphore::options().create_unnamed());
    let section = |size| Section::options().size(size).create_unnamed();
    let forgeries = [
        (forged(event(), &[(card::DETAIL, 2)]), Code::INVALID_DATA),
        (forged(event(), &[(card::DETAIL, u32::MAX)]), Code::INVALID_DATA),
        (forged(event(), &[(card::SIZE, 8192)]), Code::INVALID_DATA),
        (forged(event(), &[(card::SIZE, 8)]), Code::INVALID_DATA),
        (forged(event(), &[(card::KIND, 0)]), Code::INVALID_HANDLE),
        (forged(event(), &[(card::KIND, 9)]), Code::INVALID_HANDLE),
        (forged(event(), &[(card::PAGE_SHIFT, 21)]), Code::INVALID_HANDLE),
        (forged(descriptors(section(8192)), &[(card::KIND, EVENT)]), Code::INVALID_DATA),
        (forged(descriptors(section(10)), &[(card::KIND, EVENT)]), Code::INVALID_DATA),
        (
            forged(
                descriptors(section(4096).unwrap().try_clone_with(SectionAccess::READ)),
                &[(card::KIND, EVENT)],
            ),
            Code::ACCESS_DENIED,
        ),
    ];
    for (index, (descriptors, expected)) in forgeries.into_iter().enumerate() {
        assert_eq!(code(Event::from_descriptors(descriptors)), expected, "forgery {index}");
    }
    for maximum in [0, Semaphore::MAXIMUM + 1] {
        let refused = Semaphore::from_descriptors(forged(semaphore(), &[(card::DETAIL, maximum)]));
        assert_eq!(code(refused), Code::INVALID_DATA, "at most {maximum}");
    }
    // A page of somebody's is as good as any other.
    let page = section(4096).unwrap();
    let all = (card::SYNC_ACCESS, SyncAccess::all().bits());
    let event =
        Event::from_descriptors(forged(scratch::descriptors(&page), &[(card::KIND, EVENT), all])).unwrap();
    event.set().unwrap();
    assert_eq!(event.now(), ObjectState::Event { reset: Reset::Auto, signaled: true, waiters: Some(0) });
}

#[test]
fn rubbish_is_refused() {
    assert_eq!(code(Event::from_descriptors(Vec::new())), Code::INVALID_HANDLE);
    let zero = || OwnedFd::from(File::open("/dev/zero").unwrap());
    assert_eq!(code(Mutex::from_descriptors(vec![zero()])), Code::INVALID_HANDLE);
    let mut wrong = descriptors(Event::options().create_unnamed());
    wrong[1] = zero();
    assert_eq!(code(Event::from_descriptors(wrong)), Code::INVALID_HANDLE);
}

fn mailbox() -> (String, UnixDatagram) {
    let address = format!("veduta-test-{}", scratch::unique());
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&address).unwrap()).unwrap();
    (address, socket)
}

fn send(address: &str, descriptors: &[OwnedFd]) {
    let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(OwnedFd::as_fd).collect();
    let socket = UnixDatagram::unbound().unwrap();
    socket.connect_addr(&SocketAddr::from_abstract_name(address).unwrap()).unwrap();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&borrowed)));
    rustix::net::sendmsg(&socket, &[IoSlice::new(b"a handle")], &mut control, SendFlags::empty()).unwrap();
}

fn receive(mailbox: &UnixDatagram) -> Vec<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut text = [0; 16];
    rustix::net::recvmsg(mailbox, &mut [IoSliceMut::new(&mut text)], &mut control, RecvFlags::empty())
        .unwrap();
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    descriptors
}

#[test]
fn handles_are_sent_to_another_process() {
    let (mutex, event) =
        (Mutex::options().create_unnamed().unwrap(), Event::options().create_unnamed().unwrap());
    let mut other = child::play("descriptors::role_receiver", &[]);
    let address = other.hear();
    for descriptors in [descriptors(mutex.try_clone()), descriptors(event.try_clone())] {
        send(&address, &descriptors);
    }
    assert_eq!(other.hear(), "owns");
    assert!(mutex.try_lock().unwrap().is_none());
    let ObjectState::Mutex { owner: Some(owner), .. } = mutex.now() else { panic!("it is owned") };
    assert_eq!(owner.process(), Some(other.pid()));
    until("it waits", || event.waiters() == 1);
    event.set().unwrap();
    assert_eq!(other.hear(), "Signaled(0)");
    other.kill();
    assert!(mutex.lock().unwrap().is_abandoned());
}

#[test]
#[ignore = "a role: receives a mutex and an event"]
fn role_receiver() {
    let (address, mailbox) = mailbox();
    child::say(address);
    let mutex = Mutex::from_descriptors(receive(&mailbox)).unwrap();
    let event = Event::from_descriptors(receive(&mailbox)).unwrap();
    let _guard = mutex.lock().unwrap();
    child::say("owns");
    child::say(format!("{:?}", event.wait(None).unwrap()));
    child::listen();
}

#[test]
fn a_name_is_one_descriptor_more() {
    let count = |numbers: Option<String>| numbers.unwrap().split(',').count();
    let unnamed = Event::options().inheritable(true).create_unnamed().unwrap();
    assert_eq!(count(unnamed.inherited_numbers()), 2);
    let named = Semaphore::options().inheritable(true).create_new(&name("inheritable")).unwrap();
    assert_eq!(count(named.inherited_numbers()), 3);
}
