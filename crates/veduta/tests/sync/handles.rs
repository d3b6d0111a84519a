//! Handles that children inherit.

use crate::crowd::Crowd;
use crate::scratch::{Private, child, code, name, told};
use crate::{Object, until};
use veduta::os::InheritExt;
use veduta::{Code, Event, Mutex, Semaphore, SyncObject, SyncOptions, Waitable, Waited};

/// One without a name, one with one, and one in a private namespace.
pub(crate) fn one_of_each<'a, T: SyncObject>(
    private: &'a Private,
    options: &mut SyncOptions<'a, T>,
) -> [T; 3] {
    let named = options.create_new(&name("travels")).unwrap();
    let unnamed = options.create_unnamed().unwrap();
    [unnamed, named, options.namespace(private.namespace()).create_new("travels").unwrap()]
}

#[test]
fn a_child_inherits_an_event() {
    let private = Private::new();
    for event in one_of_each(&private, &mut Event::options()) {
        let mut child = child::play_heir("handles::role_heir_of_event", event.try_clone().unwrap());
        until("it waits", || event.waiters() == told(1));
        event.set().unwrap();
        assert_eq!(child.hear(), "Signaled(0)");
        std::thread::scope(|scope| {
            let waiter = Crowd::start(scope, 1, |_| event.wait(None).unwrap());
            waiter.asleep_at(&event);
            child.tell("set it");
            assert_eq!(waiter.join(), [Waited::Signaled(0)]);
        });
    }
}

#[test]
#[ignore = "a role: waits for an inherited event, and sets it"]
fn role_heir_of_event() {
    let event: Event = inherited();
    child::say(format!("{:?}", event.wait(None).unwrap()));
    child::listen();
    event.set().unwrap();
}

#[test]
fn a_child_inherits_a_mutex() {
    let private = Private::new();
    for mutex in one_of_each(&private, &mut Mutex::options()) {
        std::mem::forget(mutex.lock().unwrap());
        let mut child = child::play_heir("handles::role_heir_of_mutex", mutex.try_clone().unwrap());
        assert_eq!(child.hear(), "false", "its parent owns it");
        mutex.release().unwrap();
        child.tell("lock it");
        assert_eq!(child.hear(), "owns");
        assert!(mutex.try_lock().unwrap().is_none());
        child.kill();
        assert!(mutex.lock().unwrap().is_abandoned());
    }
}

#[test]
#[ignore = "a role: locks an inherited mutex"]
fn role_heir_of_mutex() {
    let mutex: Mutex = inherited();
    assert_eq!(code(mutex.release()), Code::NOT_OWNER);
    child::say(mutex.try_lock().unwrap().is_some());
    child::listen();
    let _guard = mutex.lock().unwrap();
    child::say("owns");
    child::listen();
}

fn inherited<T: InheritExt>() -> T {
    let numbers = std::env::var("HANDLE").unwrap();
    #[allow(unsafe_code, reason = "adopting numbers is up to who got them")]
    // SAFETY: they are the parent's, and nothing else here has looked at them.
    let handle = unsafe { T::from_inherited(&numbers) };
    handle.unwrap()
}

#[test]
fn handles_are_not_inherited_unless_asked() {
    let event = Event::options().create_unnamed().unwrap();
    assert!(!event.is_inheritable());
    assert_eq!(event.inherited_numbers(), None);
    let asked = Event::options().inheritable(true).create_unnamed().unwrap();
    assert!(asked.is_inheritable());
    assert!(asked.inherited_numbers().is_some());
    assert!(!asked.try_clone().unwrap().is_inheritable(), "a clone is asked for itself");
    let named = Semaphore::options().inheritable(true).create_new(&name("inheritable")).unwrap();
    assert!(named.inherited_numbers().is_some());
}
