//! Mutexes, events and semaphores among processes, and what becomes of them when processes end.

use crate::Object;
use crate::crowd::Crowd;
use crate::listing::assert_is_of;
use crate::scratch::{Private, child, code, name, thread_number};
use std::time::Duration;
use veduta::{
    Code, Disposition, Event, Mutex, Namespace, ObjectState, Semaphore, SyncObject, SyncOptions, Waitable,
    Waited,
};

/// Another process, in one of the parts of [`role_peer`], once it is there.
pub(crate) fn peer(part: &str, variables: &[(&str, &str)]) -> child::Actor {
    let mut actor = child::play("processes::role_peer", &[&[("PART", part)], variables].concat());
    assert_eq!(actor.hear(), part);
    actor
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Opens what the role's variables name.
fn open<T: SyncObject>(options: fn() -> SyncOptions<'static, T>) -> T {
    let name = variable("NAME").unwrap();
    let namespace = variable("NAMESPACE").map(|path| Namespace::at(path).unwrap());
    let mut options: SyncOptions<'_, T> = options();
    match &namespace {
        Some(namespace) => options.namespace(namespace).open(&name).unwrap(),
        None => options.open(&name).unwrap(),
    }
}

#[test]
#[ignore = "a role: another process that uses an object"]
fn role_peer() {
    let part = variable("PART").unwrap();
    match &*part {
        "create" => {
            let namespace = Namespace::at(variable("NAMESPACE").unwrap()).unwrap();
            let mut options = Mutex::options();
            let mutex =
                options.namespace(&namespace).owned(true).create_new(&variable("NAME").unwrap()).unwrap();
            child::say(&part);
            child::listen();
            drop(mutex);
        }
        "own" => own(open(Mutex::options)),
        "wait" => {
            let event = open(Event::options);
            child::say(&part);
            child::say(format!("{:?}", event.wait(None).unwrap()));
        }
        "set" => {
            child::say(&part);
            child::listen();
            open(Event::options).set().unwrap();
        }
        "take" => {
            let semaphore = open(Semaphore::options);
            child::say(&part);
            child::say(format!("{:?}", semaphore.wait(None).unwrap()));
            child::listen();
        }
        other => panic!("no such part: {other}"),
    }
}

/// Owns a mutex, and does what it is told.
fn own(mutex: Mutex) {
    let times = variable("TIMES").map_or(1, |times| times.parse().unwrap());
    (0..times).for_each(|_| mutex.lock().unwrap().leak());
    child::say("own");
    let mut mutex = Some(mutex);
    loop {
        match &*child::listen() {
            "say thread" => child::say(thread_number()),
            "release" => {
                mutex.as_ref().unwrap().release().unwrap();
                child::say("released");
            }
            "close" => {
                mutex = None;
                child::say("closed");
            }
            "open" => {
                mutex = Some(open(Mutex::options));
                child::say(mutex.as_ref().unwrap().guard().map(veduta::MutexGuard::leak).is_ok());
            }
            "exit" => std::process::exit(0),
            // The thread ends, and then the process.
            _ => return,
        }
    }
}

/// A private namespace and the variables that lead there.
pub(crate) fn place(private: &Private) -> [(&'static str, &str); 2] {
    [("NAMESPACE", private.path().to_str().unwrap()), ("NAME", "object")]
}

#[test]
fn a_mutex_is_abandoned_however_its_owner_ends() {
    let endings: [fn(child::Actor); 4] = [
        |owner| owner.kill(),
        |mut owner| {
            owner.tell("exit");
            owner.until_ended();
        },
        |mut owner| {
            owner.tell("return");
            owner.until_ended();
        },
        // It owned it, and has closed its only handle.
        |mut owner| {
            owner.tell("close");
            assert_eq!(owner.hear(), "closed");
            owner.kill();
        },
    ];
    for end in endings {
        for times in ["1", "3"] {
            let private = Private::new();
            let mutex = Mutex::options().namespace(private.namespace()).create_new("object").unwrap();
            let owner = peer("own", &[&place(&private)[..], &[("TIMES", times)]].concat());
            assert!(mutex.try_lock().unwrap().is_none());
            assert_eq!(code(mutex.release()), Code::NOT_OWNER);
            std::thread::scope(|scope| {
                let waiter = Crowd::start(scope, 1, |_| {
                    let guard = mutex.lock().unwrap();
                    (guard.is_abandoned(), guard.unlock().is_ok())
                });
                waiter.asleep_at(&mutex);
                end(owner);
                assert_eq!(waiter.join(), [(true, true)]);
            });
            assert!(!mutex.lock().unwrap().is_abandoned(), "once");
        }
    }
}

#[test]
fn a_mutex_passes_between_processes() {
    let private = Private::new();
    let mutex = Mutex::options().namespace(private.namespace()).create_new("object").unwrap();
    let mut owner = peer("own", &[&place(&private)[..], &[("TIMES", "2")]].concat());
    for _ in 0..2 {
        assert!(mutex.lock_timeout(Duration::from_millis(1)).unwrap().is_none());
        owner.tell("release");
        assert_eq!(owner.hear(), "released");
    }
    assert!(!mutex.lock().unwrap().is_abandoned());
}

#[test]
fn who_closes_its_handle_owns_the_mutex_all_the_same() {
    let private = Private::new();
    let mutex = Mutex::options().namespace(private.namespace()).create_new("object").unwrap();
    let mut owner = peer("own", &place(&private));
    for _ in 0..3 {
        owner.tell("close");
        assert_eq!(owner.hear(), "closed");
        let ObjectState::Mutex { owner: Some(state), recursion: 1, .. } = mutex.now() else {
            panic!("it is owned: {}", mutex.now())
        };
        assert_is_of(&mut owner, state);
        assert!(mutex.try_lock().unwrap().is_none());
        owner.tell("open");
        assert_eq!(owner.hear(), "true", "it finds itself the owner when it opens it again");
    }
    owner.tell("release");
    assert_eq!(owner.hear(), "released");
    assert!(!mutex.lock().unwrap().is_abandoned());
}

#[test]
fn an_event_is_set_by_another_process() {
    let private = Private::new();
    let event = Event::options().namespace(private.namespace()).create_new("object").unwrap();
    let mut other = peer("set", &place(&private));
    std::thread::scope(|scope| {
        let waiter = Crowd::start(scope, 1, |_| event.wait(None).unwrap());
        waiter.asleep_at(&event);
        other.tell("now");
        assert_eq!(waiter.join(), [Waited::Signaled(0)]);
    });
}

#[test]
fn a_unit_is_gone_with_the_process_that_took_it() {
    let private = Private::new();
    let semaphore =
        Semaphore::options().namespace(private.namespace()).count(1).create_new("object").unwrap();
    let mut other = peer("take", &place(&private));
    assert_eq!(other.hear(), "Signaled(0)");
    other.kill();
    assert_eq!(semaphore.wait(Duration::ZERO).unwrap(), Waited::TimedOut);
}

#[test]
fn the_name_goes_with_the_process_that_held_it() {
    let name = name("held by another");
    let mutex = Mutex::options().create_new(&name).unwrap();
    let owner = peer("own", &[("NAME", &name)]);
    drop(mutex);
    let (mutex, disposition) = Mutex::options().create(&name).unwrap();
    assert_eq!(disposition, Disposition::Opened, "the other process holds it");
    drop(mutex);
    owner.kill();
    // Nor does anybody who is just being started.
    let _quiet = child::quiet();
    assert_eq!(code(Mutex::options().open(&name)), Code::FILE_NOT_FOUND);
}
