//! What a namespace tells of objects, and what objects say of themselves.

use crate::Object;
use crate::crowd::elsewhere;
use crate::processes::peer;
use crate::scratch::child::Actor;
use crate::scratch::{Private, shown, thread_number, wine_is_wrong};
use veduta::{Event, Kind, Mutex, Namespace, ObjectState, Owner, Reset, Section, Semaphore};

pub(crate) fn state(namespace: &Namespace, name: &str) -> ObjectState {
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
    let thread = thread_number();
    let owner = Some(Owner::Thread { process: std::process::id(), thread });
    assert_eq!(mutex.now(), ObjectState::Mutex { owner, recursion: 1, abandoned: false, waiters: shown(0) });
    assert_eq!(event.now(), ObjectState::Event { reset: Reset::Manual, signaled: true, waiters: shown(0) });
    assert_eq!(semaphore.now(), ObjectState::Semaphore { count: 3, maximum: 7, waiters: shown(0) });
}

/// Asserts that an owner is the thread of a peer.
#[track_caller]
pub(crate) fn assert_is_of(peer: &mut Actor, owner: Owner) {
    peer.tell("say thread");
    let thread = peer.hear().parse().unwrap();
    let told = if wine_is_wrong("owner of a mutex") {
        Owner::Unknown
    } else {
        Owner::Thread { process: peer.pid(), thread }
    };
    assert_eq!(owner, told);
}

#[test]
fn it_tells_who_owns_a_mutex_and_who_abandoned_it() {
    let private = Private::new();
    let place = private.path().to_str().unwrap();
    let mutex = Mutex::options().namespace(private.namespace()).create_new("mutex").unwrap();
    let mut peer = peer("own", &[("NAMESPACE", place), ("NAME", "mutex"), ("TIMES", "3")]);
    let ObjectState::Mutex { owner: Some(owner), recursion, abandoned, waiters } =
        state(private.namespace(), "mutex")
    else {
        panic!("it is owned")
    };
    assert_eq!((recursion, abandoned, waiters), (3, false, shown(0)));
    assert_is_of(&mut peer, owner);
    peer.kill();
    let abandoned = ObjectState::Mutex { owner: None, recursion: 0, abandoned: true, waiters: shown(0) };
    assert_eq!(state(private.namespace(), "mutex"), abandoned);
    assert!(mutex.lock().unwrap().is_abandoned());
    let free = ObjectState::Mutex { owner: None, recursion: 0, abandoned: false, waiters: shown(0) };
    assert_eq!(state(private.namespace(), "mutex"), free);
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
