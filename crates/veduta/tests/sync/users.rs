//! Who besides its maker may use an object.

use crate::scratch::thread::{become_nobody, is_root};
use crate::scratch::{child, code, skipped, unique};
use crate::until;
use veduta::{Code, Event, Mutex, Namespace, ObjectState, Waitable};

#[test]
fn others_may_use_it_if_its_mode_says_so() {
    if !is_root() {
        return skipped("only root may become somebody else");
    }
    // What may not be used shows no state; what may not be read, nothing.
    let modes = [
        (None, 5, "5"),
        (Some(0o600), 5, "5"),
        (Some(0o622), 5, "5"),
        (Some(0o644), 5, "nothing"),
        (Some(0o666), 0, "free"),
    ];
    for (mode, expected, shown) in modes {
        let name = format!(r"Global\{}", unique());
        let (mut mutex, mut event) = (Mutex::options(), Event::options());
        if let Some(mode) = mode {
            mutex.mode(mode);
            event.mode(mode);
        }
        let mutex = mutex.create_new(&name).unwrap();
        let event = event.create_new(&format!("{name} event")).unwrap();
        let mut stranger = child::play("users::role_stranger", &[("NAME", &name)]);
        assert_eq!(stranger.hear(), expected.to_string(), "{mode:?}");
        assert_eq!(stranger.hear(), shown, "{mode:?}");
        if expected != 0 {
            continue;
        }
        until("it owns the mutex and waits", || {
            matches!(mutex.state().unwrap(), ObjectState::Mutex { owner: Some(_), .. })
                && matches!(event.state().unwrap(), ObjectState::Event { waiters: Some(1), .. })
        });
        assert!(mutex.try_lock().unwrap().is_none());
        event.set().unwrap();
        assert_eq!(stranger.hear(), "Signaled(0)");
        stranger.kill();
        assert!(mutex.lock().unwrap().is_abandoned());
    }
}

#[test]
#[ignore = "a role: another user opens what is Global"]
fn role_stranger() {
    become_nobody();
    let name = std::env::var("NAME").unwrap();
    let mutex = Mutex::options().open(&name);
    child::say(mutex.as_ref().map_or_else(|error| error.code().get(), |_| 0));
    child::say(match Namespace::global().and_then(|namespace| namespace.object(&name)) {
        Ok(object) => object.state.map_or("nothing".to_owned(), |state| state.to_string()),
        Err(error) => error.code().get().to_string(),
    });
    let Ok(mutex) = mutex else {
        assert_eq!(code(Mutex::options().create(&name)), Code::ACCESS_DENIED);
        return;
    };
    let event = Event::options().open(&format!("{name} event")).unwrap();
    let _guard = mutex.lock().unwrap();
    child::say(format!("{:?}", event.wait(None).unwrap()));
    child::listen();
}
