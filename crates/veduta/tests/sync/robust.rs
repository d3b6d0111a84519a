//! Mutexes in the list that the kernel goes through when a thread ends.

use crate::LONG;
use crate::mutex::{keep, unnamed};
use crate::scratch::{child, name};
use veduta::{Code, Mutex, Waitable, Waited};

/// The node of a mutex was unmapped in the moment between the end of a thread's own data and the kernel's look at what it owns: the mutex was
/// owned for ever by nobody.
#[test]
fn a_handle_that_goes_with_its_thread_leaves_the_mutex_abandoned() {
    thread_local! {
        static HANDLE: std::cell::RefCell<Option<Mutex>> = const { std::cell::RefCell::new(None) };
    }
    let name = name("goes with its thread");
    let mutex = Mutex::options().create_new(&name).unwrap();
    let descriptors = veduta::os::unix::HandleExt::into_descriptors(mutex).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Its destructor is registered before this thread touches a mutex, and so runs after that of the library's own data.
            HANDLE.with(|handle| *handle.borrow_mut() = None);
            let mutex = Mutex::options().open(&name).unwrap();
            keep(&mutex);
            HANDLE.with(|handle| *handle.borrow_mut() = Some(mutex));
        });
    });
    let mutex: Mutex = veduta::os::unix::HandleExt::from_descriptors(descriptors).unwrap();
    assert_eq!(mutex.wait(LONG).unwrap(), Waited::Abandoned(0));
}

/// Beyond that the kernel would not find them when the thread ends, and their next owners would wait for ever.
#[test]
fn a_thread_owns_no_more_than_the_kernel_looks_after() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let open = unnamed();
            keep(&open);
            // Closed ones count, too: nobody has released them.
            let refused = (0..3000).find_map(|_| Mutex::options().owned(true).create_unnamed().err());
            assert_eq!(refused.expect("a limit").code(), Code::NO_SYSTEM_RESOURCES);
            open.release().unwrap();
            drop(open.lock().unwrap());
        });
    });
}

/// What nobody has a handle to stays mapped while its owner lives, because the kernel's list leads there, and no longer.
#[test]
fn what_an_ended_thread_owned_is_unmapped() {
    assert_eq!(child::play("robust::role_maps", &[]).hear(), "no more than before");
}

#[test]
#[ignore = "a role: counts its mappings"]
fn role_maps() {
    let mappings = || std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let end_owning = |times| {
        for _ in 0..times {
            std::thread::scope(|scope| scope.spawn(|| keep(&unnamed())).join().unwrap());
        }
        drop(unnamed());
    };
    end_owning(2);
    let before = mappings();
    end_owning(200);
    let after = mappings();
    child::say(if after < before + 100 {
        "no more than before".to_owned()
    } else {
        format!("{before}, then {after}")
    });
}
