//! One word of an object's page is written again and again, as fast as a processor can, while the object is used. Somebody who
//! writes blindly (`mutator`) seldom meets a loop in its every turn; this does.

use crate::patience::within;
use crate::scratch::{Private, child};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use veduta::{Event, Mutex, Reset, Result, Semaphore, SyncObject, SyncOptions, Timer, Waitable};

const BRIEF: Duration = Duration::from_millis(2);
/// What is behind the header of an entry with a short name: docs/format.md.
const PAGE_AT: u64 = 4096;

/// Which words of the page are written (by number), and what.
type Attack = (&'static str, std::ops::Range<usize>, fn(u32) -> u32);

const ATTACKS: &[Attack] = &[
    ("values", 0..1, |turn| turn),
    ("marks", 1..2, |turn| turn),
    ("marks of setters", 1..2, |turn| turn | 1 << 31),
    ("one mark", 1..2, |_| 77),
    ("cursor and high", 2..4, |turn| turn),
    ("queue", 4..5, |turn| turn | 1),
    ("crowded", 5..6, |turn| turn & 1),
    ("armed", 8..10, |turn| turn),
    ("one seat is waiting", 16..17, |_| 1),
    ("all seats are waiting", 16..1016, |_| 1),
    ("all seats are granted", 16..1016, |_| 3),
    ("seats are anything", 16..1016, |turn| turn % 6),
    ("an owner is there and is not", 1018..1019, |turn| (turn & 1) * 0x3FFF_FFFE),
    ("sleepers come and go", 1018..1019, |turn| (turn & 1) << 31 | 1),
    ("owners die", 1018..1019, |turn| (turn & 1) << 30),
    ("anything", 0..1024, |turn| turn.wrapping_mul(0x9E37_79B9)),
];

/// What is done meanwhile.
type Use<T> = (&'static str, fn(&T));

fn whatever<R>(result: Result<R>) {
    drop(result);
}

/// Uses an object under each attack.
fn attacked<T: SyncObject>(options: fn() -> SyncOptions<'static, T>, uses: &[Use<T>]) {
    let private = Private::new();
    let mut options: SyncOptions<'_, T> = options();
    let object = options.namespace(private.namespace()).create_new("victim").unwrap();
    let entry =
        std::fs::File::options().read(true).write(true).open(private.path().join("victim/e")).unwrap();
    // SAFETY: the page is used through atomics only.
    let page = unsafe { memmap2::MmapOptions::new().offset(PAGE_AT).len(4096).map_mut(&entry) }.unwrap();
    // SAFETY: a page is 1024 aligned words, mapped until the end of this function.
    let words = unsafe { std::slice::from_raw_parts(page.as_ptr().cast::<AtomicU32>(), 1024) };
    for (what, range, value) in ATTACKS {
        let used = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for turn in 1.. {
                    for word in &words[range.clone()] {
                        word.store(value(turn), Ordering::Relaxed);
                    }
                    if used.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            for (r#use, act) in uses {
                let label: &'static str = format!("{what}: {use}").leak();
                (0..20).for_each(|_| within(10 * BRIEF, label, || act(&object)));
            }
            whatever(within(Duration::ZERO, "list", || private.namespace().objects()));
            used.store(true, Ordering::Relaxed);
        });
        words.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }
}

fn wait<T: Waitable>(object: &T) {
    whatever(object.wait(BRIEF));
}

fn wait_any<T: Waitable>(object: &T) {
    let other = Event::options().create_unnamed().unwrap();
    whatever(veduta::wait_any(&[&other, object], BRIEF));
}

fn wait_all<T: Waitable>(object: &T) {
    let (other, mutex) = (Event::options(), Mutex::options());
    let (other, mutex) = (other.create_unnamed().unwrap(), mutex.create_unnamed().unwrap());
    other.set().unwrap();
    whatever(veduta::wait_all(&[object, &other, &mutex], BRIEF));
}

const EVENT: &[Use<Event>] = &[
    ("set", |event| whatever(event.set())),
    ("reset", |event| whatever(event.reset())),
    ("pulse", |event| whatever(event.pulse())),
    ("state", |event| whatever(event.state())),
    ("wait", wait),
    ("wait for any", wait_any),
    ("wait for all", wait_all),
];

const SEMAPHORE: &[Use<Semaphore>] = &[
    ("release", |semaphore| whatever(semaphore.release(1))),
    ("release many", |semaphore| whatever(semaphore.release(1000))),
    ("state", |semaphore| whatever(semaphore.state())),
    ("wait", wait),
    ("wait for any", wait_any),
    ("wait for all", wait_all),
];

const MUTEX: &[Use<Mutex>] = &[
    ("try", |mutex| whatever(mutex.try_lock())),
    ("lock", |mutex| whatever(mutex.lock_timeout(BRIEF))),
    ("keep", |mutex| whatever(mutex.lock_timeout(BRIEF).map(std::mem::forget))),
    ("release", |mutex| whatever(mutex.release())),
    ("state", |mutex| whatever(mutex.state())),
    ("wait", wait),
    ("wait for any", wait_any),
    ("wait for all", wait_all),
];

const TIMER: &[Use<Timer>] = &[
    ("set", |timer| whatever(timer.set(Duration::ZERO, None))),
    ("cancel", |timer| whatever(timer.cancel())),
    ("wait", wait),
    ("wait for all", wait_all),
];

#[test]
fn no_loop_depends_on_what_is_written_meanwhile() {
    // Each in a process of its own, whose end tells.
    for role in ["event", "manual_event", "semaphore", "mutex", "timer"] {
        let mut victim = child::play(&format!("words::role_{role}"), &[]);
        assert_eq!(victim.hear(), "alive", "{role}");
        assert!(victim.until_ended().success(), "{role}");
    }
}

#[test]
#[ignore = "a role: uses an event under attack"]
fn role_event() {
    attacked(Event::options, EVENT);
    child::say("alive");
}

#[test]
#[ignore = "a role: uses a manual event under attack"]
fn role_manual_event() {
    let manual = || {
        let mut options = Event::options();
        options.reset(Reset::Manual);
        options
    };
    attacked(manual, EVENT);
    child::say("alive");
}

#[test]
#[ignore = "a role: uses a semaphore under attack"]
fn role_semaphore() {
    attacked(Semaphore::options, SEMAPHORE);
    child::say("alive");
}

#[test]
#[ignore = "a role: uses a mutex under attack"]
fn role_mutex() {
    attacked(Mutex::options, MUTEX);
    child::say("alive");
}

#[test]
#[ignore = "a role: uses a timer under attack"]
fn role_timer() {
    attacked(Timer::options, TIMER);
    child::say("alive");
}

/// A thread of the library's own looks at the page when the timer is due.
#[test]
fn a_timer_survives_that_its_entry_is_cut_off() {
    let mut victim = child::play("words::role_timer_cut_off", &[]);
    assert_eq!(victim.hear(), "alive");
    assert!(victim.until_ended().success());
}

#[test]
#[ignore = "a role: has a timer whose entry is cut off before it goes off"]
fn role_timer_cut_off() {
    let private = Private::new();
    let timer = Timer::options().namespace(private.namespace()).create_new("victim").unwrap();
    timer.set(Duration::from_millis(50), None).unwrap();
    std::fs::File::options().write(true).open(private.path().join("victim/e")).unwrap().set_len(0).unwrap();
    // Another one goes off all the same.
    let other = Timer::options().create_unnamed().unwrap();
    other.set(Duration::from_millis(100), None).unwrap();
    assert_eq!(other.wait(Duration::from_secs(60)).unwrap(), veduta::Waited::Signaled(0));
    drop(timer);
    child::say("alive");
}
