//! What a namespace tells of objects, and what objects say of themselves.

use crate::crowd::{Crowd, elsewhere};
use crate::processes::peer;
use crate::scratch::{Private, child, code, name};
use crate::{Object, until};
use veduta::{
    Backing, Code, Event, HolderAccess, Kind, Mutex, Namespace, ObjectInfo, ObjectState, Owner, Protection,
    Reset, Section, Semaphore, SyncAccess, Waitable, wait_all, wait_any,
};

fn state(namespace: &Namespace, name: &str) -> ObjectState {
    namespace.object(name).unwrap().state.unwrap()
}

#[test]
fn it_lists_objects_of_every_kind() {
    let private = Private::new();
    let namespace = private.namespace();
    let _section = Section::options().size(10).namespace(namespace).create_new("a section").unwrap();
    let mutex = Mutex::options().namespace(namespace).create_new("b mutex").unwrap();
    let event = Event::options().namespace(namespace).reset(Reset::Manual).create_new("c event").unwrap();
    let mut options = Semaphore::options();
    let semaphore = options.count(3).maximum(7).namespace(namespace).create_new("d semaphore").unwrap();
    let _guard = mutex.lock().unwrap();
    event.set().unwrap();
    let listing = namespace.objects().unwrap();
    assert!(listing.problems.is_empty() && listing.stale.is_empty());
    let told: Vec<_> =
        listing.objects.iter().map(|object| (object.name.as_str(), object.kind, object.state)).collect();
    let states = [None, Some(mutex.now()), Some(event.now()), Some(semaphore.now())];
    assert_eq!(
        told,
        [
            ("a section", Kind::Section, states[0]),
            ("b mutex", Kind::Mutex, states[1]),
            ("c event", Kind::Event, states[2]),
            ("d semaphore", Kind::Semaphore, states[3]),
        ]
    );
    let thread = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
    let owner = Some(Owner::Thread { process: std::process::id(), thread });
    assert_eq!(mutex.now(), ObjectState::Mutex { owner, recursion: 1, abandoned: false, waiters: Some(0) });
    assert_eq!(event.now(), ObjectState::Event { reset: Reset::Manual, signaled: true, waiters: Some(0) });
    assert_eq!(semaphore.now(), ObjectState::Semaphore { count: 3, maximum: 7, waiters: Some(0) });
}

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
fn it_counts_who_waits() {
    let private = Private::new();
    let namespace = private.namespace();
    let event = Event::options().namespace(namespace).create_new("event").unwrap();
    let semaphore = Semaphore::options().namespace(namespace).create_new("semaphore").unwrap();
    let mutex = Mutex::options().namespace(namespace).create_new("mutex").unwrap();
    let guard = mutex.lock().unwrap();
    let waiters = |name| state(namespace, name).waiters().expect("Linux tells");
    let all = || ["event", "semaphore", "mutex"].map(waiters);
    std::thread::scope(|scope| {
        let one = Crowd::start(scope, 3, |_| drop(mutex.lock().unwrap()));
        until("they wait for the mutex", || all() == [0, 0, 3]);
        let two = Crowd::start(scope, 2, |_| wait_any(&[&event, &semaphore], None).unwrap());
        until("two wait for either", || all() == [2, 2, 3]);
        let three = Crowd::start(scope, 1, |_| {
            wait_all(&[&event, &mutex], None).and_then(|_| mutex.release()).unwrap()
        });
        until("one waits for the first that is missing", || matches!(all(), [3, 2, 3] | [2, 2, 4]));
        let mut other = peer("wait", &[("NAMESPACE", private.path().to_str().unwrap()), ("NAME", "event")]);
        until("another process waits", || matches!(all(), [4, 2, 3] | [3, 2, 4]));
        semaphore.release(2).unwrap();
        two.join();
        until("they are gone", || matches!(all(), [2, 0, 3] | [1, 0, 4]));
        event.set().unwrap();
        event.set().unwrap();
        drop(guard);
        one.join();
        three.join();
        assert_eq!(other.hear(), "Signaled(0)");
    });
    assert_eq!(all(), [0, 0, 0]);
}

#[test]
fn it_tells_who_owns_a_mutex_and_who_abandoned_it() {
    let private = Private::new();
    let place = private.path().to_str().unwrap();
    let mutex = Mutex::options().namespace(private.namespace()).create_new("mutex").unwrap();
    let mut owner = peer("own", &[("NAMESPACE", place), ("NAME", "mutex"), ("TIMES", "3")]);
    let ObjectState::Mutex { owner: Some(Owner::Thread { process, thread }), recursion, abandoned, waiters } =
        state(private.namespace(), "mutex")
    else {
        panic!("it is owned")
    };
    assert_eq!((process, recursion, abandoned, waiters), (owner.pid(), 3, false, Some(0)));
    owner.tell("say thread");
    assert_eq!(owner.hear(), thread.to_string());
    owner.kill();
    let abandoned = ObjectState::Mutex { owner: None, recursion: 0, abandoned: true, waiters: Some(0) };
    assert_eq!(state(private.namespace(), "mutex"), abandoned);
    assert!(mutex.lock().unwrap().is_abandoned());
    let free = ObjectState::Mutex { owner: None, recursion: 0, abandoned: false, waiters: Some(0) };
    assert_eq!(state(private.namespace(), "mutex"), free);
}

/// Their seats and their sleep end with them.
#[test]
fn who_was_killed_does_not_wait() {
    let private = Private::new();
    let place = private.path().to_str().unwrap();
    let event = Event::options().namespace(private.namespace()).create_new("event").unwrap();
    let [one, other] = [(); 2].map(|()| peer("wait", &[("NAMESPACE", place), ("NAME", "event")]));
    until("both wait", || event.waiters() == 2);
    one.kill();
    assert_eq!(event.waiters(), 1);
    other.kill();
    assert_eq!(event.waiters(), 0);
    event.set().unwrap();
    assert_eq!(
        event.wait(std::time::Duration::ZERO).unwrap(),
        veduta::Waited::Signaled(0),
        "nobody else is there"
    );
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

#[test]
fn states_can_be_shown() {
    let shown = |state: ObjectState| state.to_string();
    let mutex = Mutex::options().create_unnamed().unwrap();
    assert_eq!(shown(mutex.now()), "free");
    let owner = elsewhere(|| {
        let _guard = mutex.lock().unwrap();
        assert_eq!(
            shown(mutex.now()).split(", thread ").next(),
            Some(&*format!("owned by process {}", std::process::id()))
        );
        std::mem::forget(mutex.lock().unwrap());
        let text = shown(mutex.now());
        assert!(text.ends_with(", 2 times"), "{text}");
        Owner::Thread { process: 5, thread: 6 }
    });
    assert_eq!(shown(mutex.now()), "free, abandoned");
    let several = ObjectState::Mutex { owner: Some(owner), recursion: 3, abandoned: false, waiters: Some(2) };
    assert_eq!(shown(several), "owned by process 5, thread 6, 3 times, 2 wait");
    let event = ObjectState::Event { reset: Reset::Manual, signaled: true, waiters: Some(1) };
    assert_eq!(shown(event), "signaled, manual reset, 1 waits");
    let event = Event::options().create_unnamed().unwrap();
    assert_eq!(shown(event.now()), "not signaled, auto reset");
    let semaphore = Semaphore::options().count(3).maximum(7).create_unnamed().unwrap();
    assert_eq!(shown(semaphore.now()), "3 of 7");
    let kinds = [Kind::Mutex, Kind::Event, Kind::Semaphore].map(|kind| kind.to_string());
    assert_eq!(kinds, ["mutex", "event", "semaphore"]);
}
