//! What each operation takes of a handle's rights.

use crate::scratch::{code, name};
use crate::{LONG, Object};
use std::time::Duration;
use veduta::{
    Code, Disposition, Event, Mutex, Result, Semaphore, SyncAccess, SyncObject, Waitable, Waited,
    signal_and_wait, wait_all, wait_any,
};

const QUERY: SyncAccess = SyncAccess::QUERY;
const MODIFY_STATE: SyncAccess = SyncAccess::MODIFY_STATE;
const SYNCHRONIZE: SyncAccess = SyncAccess::SYNCHRONIZE;

/// A thing to do, and the right that it takes.
type Operation<T> = (&'static str, SyncAccess, fn(&T) -> Result<()>);

/// Tries every operation with every set of rights, through a clone and through the name.
fn each_takes_its_right<T: SyncObject>(
    clone: impl Fn(SyncAccess) -> Result<T>,
    open: impl Fn(SyncAccess) -> Result<T>,
    operations: &[Operation<T>],
) {
    for bits in 0..8 {
        let rights = [QUERY, MODIFY_STATE, SYNCHRONIZE].into_iter().enumerate();
        let access: SyncAccess =
            rights.filter(|(index, _)| bits >> index & 1 == 1).map(|(_, right)| right).collect();
        let mut handles = vec![clone(access).unwrap()];
        match open(access) {
            Ok(handle) => handles.push(handle),
            refused => assert_eq!((access, code(refused)), (SyncAccess::empty(), Code::ACCESS_DENIED)),
        }
        for handle in &handles {
            for (what, right, operation) in operations {
                match operation(handle) {
                    Ok(()) => assert!(access.contains(*right), "{what} with {access}"),
                    Err(error) => {
                        assert!(!access.contains(*right), "{what} with {access}: {error}");
                        assert_eq!(error.code(), Code::ACCESS_DENIED, "{what} with {access}");
                        assert!(error.to_string().contains(&format!("this takes {right}")), "{error}");
                    }
                }
            }
        }
    }
}

fn wait<T: Waitable>(object: &T) -> Result<()> {
    object.wait(Duration::ZERO).map(drop)
}

fn any<T: Waitable>(object: &T) -> Result<()> {
    wait_any(&[object], Duration::ZERO).map(drop)
}

fn all<T: Waitable>(object: &T) -> Result<()> {
    wait_all(&[object], Duration::ZERO).map(drop)
}

#[test]
fn of_an_event() {
    let name = name("rights");
    let event = Event::options().create_new(&name).unwrap();
    let open = |access| Event::options().access(access).open(&name);
    each_takes_its_right(
        |access| event.try_clone_with(access),
        open,
        &[
            ("set", MODIFY_STATE, Event::set),
            ("reset", MODIFY_STATE, Event::reset),
            ("pulse", MODIFY_STATE, Event::pulse),
            ("wait", SYNCHRONIZE, wait),
            ("wait for any", SYNCHRONIZE, any),
            ("wait for all", SYNCHRONIZE, all),
            ("query", QUERY, |event| event.state().map(drop)),
        ],
    );
}

#[test]
fn of_a_semaphore() {
    let name = name("rights");
    let semaphore = Semaphore::options().create_new(&name).unwrap();
    let open = |access| Semaphore::options().access(access).open(&name);
    each_takes_its_right(
        |access| semaphore.try_clone_with(access),
        open,
        &[
            ("release", MODIFY_STATE, |semaphore| semaphore.release(1).map(drop)),
            ("wait", SYNCHRONIZE, wait),
            ("wait for any", SYNCHRONIZE, any),
            ("wait for all", SYNCHRONIZE, all),
            ("query", QUERY, |semaphore| semaphore.state().map(drop)),
        ],
    );
    let mute = semaphore.try_clone_with(SYNCHRONIZE).unwrap();
    assert_eq!(code(mute.release(0)), Code::INVALID_PARAMETER, "what is no number is refused first");
}

#[test]
fn of_a_mutex() {
    let name = name("rights");
    let mutex = Mutex::options().owned(true).create_new(&name).unwrap();
    let open = |access| Mutex::options().access(access).open(&name);
    const NONE: SyncAccess = SyncAccess::empty();
    each_takes_its_right(
        |access| mutex.try_clone_with(access),
        open,
        &[
            ("lock", SYNCHRONIZE, |mutex| mutex.lock().map(drop)),
            ("try to lock", SYNCHRONIZE, |mutex| mutex.try_lock().map(drop)),
            ("lock in time", SYNCHRONIZE, |mutex| mutex.lock_timeout(LONG).map(drop)),
            ("wait", SYNCHRONIZE, wait),
            ("wait for any", SYNCHRONIZE, any),
            ("wait for all", SYNCHRONIZE, all),
            ("query", QUERY, |mutex| mutex.state().map(drop)),
            // Owning it is enough.
            ("guard", NONE, |mutex| {
                mutex.guard().map(veduta::MutexGuard::leak)?;
                assert_eq!(mutex.try_clone_with(SYNCHRONIZE)?.wait(LONG)?, Waited::Signaled(0));
                mutex.release()
            }),
        ],
    );
}

#[test]
fn a_handle_knows_its_rights() {
    let name = name("rights known");
    let (event, _) = Event::options().access(MODIFY_STATE).create(&name).unwrap();
    assert_eq!(event.access(), MODIFY_STATE, "the creator gets what it asks for");
    assert_eq!(code(event.wait(Duration::ZERO)), Code::ACCESS_DENIED);
    let (again, disposition) = Event::options().access(SYNCHRONIZE).create(&name).unwrap();
    assert_eq!((again.access(), disposition), (SYNCHRONIZE, Disposition::Opened));
    assert_eq!(again.try_clone().unwrap().access(), SYNCHRONIZE);
    // The object's own security says who may have more, not the handle's rights.
    let more = again.try_clone_with(SyncAccess::all()).unwrap();
    more.set().unwrap();
    assert_eq!(more.wait(None).unwrap(), Waited::Signaled(0));
    assert_eq!(Event::options().open(&name).unwrap().access(), SyncAccess::all());
    assert_eq!(
        (SyncAccess::empty().to_string(), SYNCHRONIZE.to_string()),
        ("nothing".into(), "SYNCHRONIZE".into())
    );
}

#[test]
fn one_handle_that_may_not_wait_refuses_all() {
    let event = Event::options().signaled(true).create_unnamed().unwrap();
    let mute = Event::options().signaled(true).access(MODIFY_STATE).create_unnamed().unwrap();
    assert_eq!(code(wait_any(&[&event, &mute], None)), Code::ACCESS_DENIED);
    assert_eq!(code(wait_all(&[&event, &mute], None)), Code::ACCESS_DENIED);
    assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::Signaled(0), "nothing was taken");
}

#[test]
fn who_may_not_wait_does_not_signal_first() {
    let [signaled, waited] = [(); 2].map(|()| Event::options().create_unnamed().unwrap());
    let mute = waited.try_clone_with(MODIFY_STATE).unwrap();
    assert_eq!(code(signal_and_wait(&signaled, &mute, LONG)), Code::ACCESS_DENIED);
    let deaf = signaled.try_clone_with(SYNCHRONIZE).unwrap();
    waited.set().unwrap();
    assert_eq!(code(signal_and_wait(&deaf, &waited, LONG)), Code::ACCESS_DENIED);
    assert_eq!(
        wait_any(&[&signaled, &waited], Duration::ZERO).unwrap(),
        Waited::Signaled(1),
        "nothing was done"
    );
    assert_eq!((signaled.waiters(), waited.waiters()), (0, 0));
}
