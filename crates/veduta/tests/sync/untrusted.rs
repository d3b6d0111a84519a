//! Whoever may wait for an object can write to its page, and to its header. That may give wrong answers, and must never be
//! more than a nuisance: no crash, no panic, and no wait that outlasts its time for ever.

use crate::crowd::{Crowd, elsewhere};
use crate::scratch::{Private, Watchdog, child, code};
use crate::{LONG, Object};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use veduta::os::unix::HandleExt;
use veduta::{
    Code, Event, Kind, Mutex, ObjectState, Reset, Result, Semaphore, SyncObject, SyncOptions, Waitable,
    Waited, signal_and_wait, wait_all, wait_any,
};

/// Where docs/format.md puts the parts of an entry, and the length of a header with a short name.
mod header {
    pub(super) const MAGIC: u64 = 0;
    pub(super) const VERSION: u64 = 8;
    pub(super) const KIND: u64 = 24;
    pub(super) const LOCATION: u64 = 28;
    pub(super) const SIZE: u64 = 48;
    pub(super) const DETAIL: u64 = 152;
    pub(super) const LENGTH: u64 = 4096;
}

/// Where it puts the parts of the page behind it.
mod page {
    pub(super) const STATE: u64 = 0;
    pub(super) const MARK: u64 = 4;
    pub(super) const CURSOR: u64 = 8;
    pub(super) const HIGH: u64 = 12;
    pub(super) const QUEUE: u64 = 16;
    pub(super) const CROWDED: u64 = 20;
    pub(super) const RECURSION: u64 = 28;
    pub(super) const SEATS: u64 = 64;
    pub(super) const OWNER: u64 = 4072;
    pub(super) const LENGTH: usize = 4096;
}

const DIED: u32 = 0x4000_0000;
const BRIEF: Duration = Duration::from_millis(2);

/// An object, and its file in the hands of somebody who writes there what he likes.
struct Victim<T> {
    object: T,
    entry: File,
    whole: Vec<u8>,
    private: Private,
}

impl<T: SyncObject> Victim<T> {
    fn new(options: impl FnOnce() -> SyncOptions<'static, T>) -> Victim<T> {
        let private = Private::new();
        let mut options: SyncOptions<'_, T> = options();
        let object = options.namespace(private.namespace()).create_new("victim").unwrap();
        let entry = File::options().read(true).write(true).open(private.path().join("victim/e")).unwrap();
        let mut whole = vec![0; header::LENGTH as usize + page::LENGTH];
        entry.read_exact_at(&mut whole, 0).unwrap();
        Victim { object, entry, whole, private }
    }

    /// With an object that came as descriptors: no open shares these, but reads the entry.
    fn of_arrived(options: impl FnOnce() -> SyncOptions<'static, T>) -> Victim<T> {
        let Victim { object, entry, whole, private } = Victim::new(options);
        let object = object.into_descriptors().and_then(T::from_descriptors).unwrap();
        Victim { object, entry, whole, private }
    }

    fn write(&self, at: u64, word: u32) {
        self.entry.write_all_at(&word.to_ne_bytes(), header::LENGTH + at).unwrap();
    }

    fn fill(&self, pattern: &[u8]) {
        assert_eq!(pattern.len(), page::LENGTH);
        self.entry.write_all_at(pattern, header::LENGTH).unwrap();
    }

    /// As it was in the beginning, but for the seats that processes think they have.
    fn restore(&self) {
        self.entry.write_all_at(&self.whole, 0).unwrap();
        self.write(page::HIGH, 1000);
    }

    fn open(&self, options: fn() -> SyncOptions<'static, T>) -> Result<T> {
        let mut options: SyncOptions<'_, T> = options();
        options.namespace(self.private.namespace()).open("victim")
    }
}

fn patterns() -> Vec<Vec<u8>> {
    let random = RandomState::new();
    let of_words = |word: &dyn Fn(u64) -> u32| -> Vec<u8> {
        (0..page::LENGTH as u64 / 4).flat_map(|index| word(index).to_ne_bytes()).collect()
    };
    let number = |index: u64| random.hash_one(index) as u32;
    let me = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
    let mut patterns: Vec<_> =
        [0, 1, 2, 3, 4, 5, u32::MAX, 0x7FFF_FFFF, 0x8000_0000, 0xC000_0000, DIED, 1000, me, me | 0x8000_0000]
            .map(|word| of_words(&|_| word))
            .into();
    for round in 1..=20 {
        patterns.push(of_words(&|index| number(round * 10_000 + index)));
        // Small numbers, as seats have them.
        patterns.push(of_words(&|index| number(round * 10_000 + index) % 6));
    }
    patterns
}

/// A thing to do with an object of a kind.
type Use<T> = fn(&T);

/// Whatever comes of it.
fn whatever<R>(result: Result<R>) {
    drop(result);
}

const WITH_EVENT: &[Use<Event>] = &[
    |event| whatever(event.set()),
    |event| whatever(event.reset()),
    |event| whatever(event.pulse()),
    |event| whatever(event.state()),
    wait,
    wait_with_others,
];

const WITH_SEMAPHORE: &[Use<Semaphore>] = &[
    |semaphore| whatever(semaphore.release(1)),
    |semaphore| whatever(semaphore.release(Semaphore::MAXIMUM)),
    |semaphore| whatever(semaphore.state()),
    wait,
    wait_with_others,
];

const WITH_MUTEX: &[Use<Mutex>] = &[
    |mutex| whatever(mutex.try_lock()),
    |mutex| whatever(mutex.lock_timeout(BRIEF)),
    |mutex| whatever(mutex.guard()),
    |mutex| whatever(mutex.release()),
    |mutex| whatever(mutex.state()),
    |mutex| whatever(mutex.lock_timeout(BRIEF).map(std::mem::forget)),
    wait,
    wait_with_others,
];

fn wait<T: Waitable>(object: &T) {
    whatever(object.wait(Duration::ZERO));
    whatever(object.wait(BRIEF));
}

fn wait_with_others<T: Waitable>(object: &T) {
    let other = Event::options().create_unnamed().unwrap();
    let mutex = Mutex::options().create_unnamed().unwrap();
    whatever(wait_any(&[&other, object], BRIEF));
    whatever(wait_all(&[object, &other], BRIEF));
    whatever(wait_all(&[object, &mutex], BRIEF));
    whatever(signal_and_wait(&other, object, BRIEF));
    whatever(signal_and_wait(object, &other, BRIEF));
}

/// Has a role do what could end its process, or never end.
fn survives(role: &str) {
    let mut victim = child::play(role, &[]);
    assert_eq!(victim.hear(), "alive");
    // What its end does to the rest is the kernel's business, and does not go wrong, either.
    assert!(victim.until_ended().success());
}

fn scribbled_over<T: SyncObject + Sync>(
    options: fn() -> SyncOptions<'static, T>,
    uses: &[Use<T>],
    works: fn(&T),
) {
    let victim = Victim::new(options);
    for (index, pattern) in patterns().iter().enumerate() {
        let _watchdog = Watchdog::new();
        // Something was done before, and may be half done.
        uses[..index % (uses.len() + 1)].iter().for_each(|act| act(&victim.object));
        victim.fill(pattern);
        uses.iter().for_each(|act| act(&victim.object));
        elsewhere(|| uses.iter().for_each(|act| act(&victim.object)));
        whatever(victim.private.namespace().objects());
        whatever(victim.private.namespace().object("victim"));
        drop(victim.open(options).unwrap_or_else(|error| panic!("pattern {index}: {error}")));
        victim.restore();
        works(&victim.object);
    }
}

#[test]
fn an_event_survives_what_is_written_over_it() {
    survives("untrusted::role_scribbled_event");
}

#[test]
#[ignore = "a role: uses an event whose page is overwritten"]
fn role_scribbled_event() {
    scribbled_over(Event::options, WITH_EVENT, |event| {
        assert_eq!(event.now(), ObjectState::Event { reset: Reset::Auto, signaled: false, waiters: Some(0) });
        event.set().unwrap();
        assert_eq!(event.wait(LONG).unwrap(), Waited::Signaled(0));
        std::thread::scope(|scope| {
            let waiter = Crowd::start(scope, 1, |_| event.wait(LONG).unwrap());
            waiter.asleep_at(event);
            event.set().unwrap();
            assert_eq!(waiter.join(), [Waited::Signaled(0)]);
        });
    });
    child::say("alive");
}

#[test]
fn a_semaphore_survives_what_is_written_over_it() {
    survives("untrusted::role_scribbled_semaphore");
}

#[test]
#[ignore = "a role: uses a semaphore whose page is overwritten"]
fn role_scribbled_semaphore() {
    scribbled_over(Semaphore::options, WITH_SEMAPHORE, |semaphore| {
        assert_eq!(semaphore.release(2).unwrap(), 0);
        assert_eq!(semaphore.wait(LONG).unwrap(), Waited::Signaled(0));
        assert_eq!(semaphore.release(1).unwrap(), 1);
    });
    child::say("alive");
}

#[test]
fn a_mutex_survives_what_is_written_over_it() {
    survives("untrusted::role_scribbled_mutex");
}

#[test]
#[ignore = "a role: uses a mutex whose page is overwritten"]
fn role_scribbled_mutex() {
    scribbled_over(Mutex::options, WITH_MUTEX, |mutex| {
        // It may say that it cannot be used any more.
        while mutex.release().is_ok() {}
        whatever(elsewhere(|| mutex.lock_timeout(BRIEF).map(drop)));
        whatever(mutex.lock_timeout(BRIEF));
        list_is_whole();
    });
    child::say("alive");
}

/// The kernel finds what a thread owns, and nobody falls over what it does not own any more.
fn list_is_whole() {
    let mutexes = [(); 3].map(|()| Mutex::options().create_unnamed().unwrap());
    elsewhere(|| mutexes.iter().for_each(|mutex| std::mem::forget(mutex.lock().unwrap())));
    for mutex in &mutexes {
        assert!(mutex.lock().unwrap().is_abandoned());
        std::mem::forget(mutex.lock().unwrap());
    }
    mutexes.iter().for_each(|mutex| mutex.release().unwrap());
}

fn owner_changed(change: fn(&Victim<Mutex>)) {
    let _watchdog = Watchdog::new();
    for close_between in [false, true] {
        let other = Mutex::options().create_unnamed().unwrap();
        std::mem::forget(other.lock().unwrap());
        let victim = Victim::new(Mutex::options);
        std::mem::forget(victim.object.lock().unwrap());
        change(&victim);
        if close_between {
            whatever(victim.object.release());
        }
        elsewhere(|| {
            std::mem::forget(other.lock_timeout(BRIEF).unwrap());
            whatever(victim.object.lock_timeout(BRIEF).map(std::mem::forget));
            change(&victim);
            WITH_MUTEX.iter().for_each(|act| act(&victim.object));
            list_is_whole();
        });
        whatever(victim.object.lock_timeout(BRIEF).map(std::mem::forget));
        change(&victim);
        whatever(victim.object.lock_timeout(BRIEF).map(std::mem::forget));
        whatever(victim.object.release());
        drop(victim);
        list_is_whole();
        other.release().unwrap();
        assert!(!other.lock().unwrap().is_abandoned());
        list_is_whole();
    }
}

#[test]
fn an_owner_survives_that_it_is_none_any_more() {
    survives("untrusted::role_owner_changed");
}

#[test]
#[ignore = "a role: owns a mutex that says otherwise"]
fn role_owner_changed() {
    owner_changed(|victim| victim.write(page::OWNER, 0));
    owner_changed(|victim| victim.write(page::OWNER, DIED));
    owner_changed(|victim| victim.write(page::OWNER, 1 << 31));
    // A thread that there is not.
    owner_changed(|victim| victim.write(page::OWNER, (1 << 29) - 1));
    // The thread that looks.
    owner_changed(|victim| {
        let me = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
        victim.write(page::OWNER, me);
    });
    child::say("alive");
}

#[test]
fn an_owner_that_there_is_not_is_waited_for_no_longer_than_asked() {
    let victim = Victim::new(Mutex::options);
    victim.write(page::OWNER, (1 << 29) - 1);
    victim.write(page::RECURSION, u32::MAX);
    assert!(victim.object.try_lock().unwrap().is_none());
    assert!(victim.object.lock_timeout(BRIEF).unwrap().is_none());
    assert_eq!(wait_all(&[&victim.object], BRIEF).unwrap(), Waited::TimedOut);
    assert!(matches!(victim.object.now(), ObjectState::Mutex { owner: Some(_), .. }));
    victim.write(page::OWNER, DIED);
    assert!(victim.object.lock().unwrap().is_abandoned());
    assert!(!victim.object.lock().unwrap().is_abandoned());
}

#[test]
fn single_fields_do_no_harm() {
    let victim = Victim::new(Event::options);
    let semaphore = Victim::new(|| {
        let mut options = Semaphore::options();
        options.count(1).maximum(3);
        options
    });
    for at in [page::CURSOR, page::QUEUE, page::CROWDED, page::SEATS, page::SEATS + 4 * 999] {
        for word in [1, 2, 3, 4, 1000, 1001, u32::MAX] {
            victim.write(at, word);
            semaphore.write(at, word);
            victim.object.set().unwrap();
            assert_eq!(victim.object.wait(LONG).unwrap(), Waited::Signaled(0), "{at}: {word}");
            std::thread::scope(|scope| {
                let waiter = Crowd::start(scope, 1, |_| victim.object.wait(LONG).unwrap());
                crate::until("it waits", || victim.object.waiters() > 0);
                crate::until("it is released", || {
                    // A seat that somebody made up may have had a signal.
                    victim.object.set().unwrap();
                    waiter.through() == 1
                });
            });
            victim.restore();
            semaphore.restore();
        }
    }
    // A mark that nobody will ever take away.
    victim.write(page::MARK, 77);
    assert_eq!(victim.object.wait(BRIEF).unwrap(), Waited::TimedOut);
    victim.write(page::MARK, 78);
    victim.object.set().unwrap();
    assert_eq!(victim.object.wait(LONG).unwrap(), Waited::Signaled(0));
    // More than there may be.
    for count in [4, u32::MAX] {
        semaphore.write(page::STATE, count);
        assert_eq!(code(semaphore.object.release(1)), Code::TOO_MANY_POSTS);
        assert_eq!(semaphore.object.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
        assert!(matches!(semaphore.object.now(), ObjectState::Semaphore { .. }));
    }
    victim.restore();
    victim.write(page::STATE, 5);
    assert_eq!(victim.object.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
    assert_eq!(victim.object.wait(Duration::ZERO).unwrap(), Waited::TimedOut);
}

/// Uses an object from two threads while a third writes all over it.
fn scribbled_meanwhile<T: SyncObject + Sync>(options: fn() -> SyncOptions<'static, T>, uses: &[Use<T>]) {
    let victim = Victim::new(options);
    let patterns = patterns();
    let using = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let number = RandomState::new();
            for round in 0.. {
                let random = number.hash_one(round);
                match random % 4 {
                    0 => victim.fill(&patterns[random as usize / 4 % patterns.len()]),
                    1 => victim.write(page::OWNER, (random >> 32) as u32),
                    _ => victim.write(random / 4 % 1024 * 4, (random >> 48) as u32 % 6),
                }
                if !using.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let users = Crowd::start(scope, 2, |_| {
            for _ in 0..40 {
                let _watchdog = Watchdog::new();
                uses.iter().for_each(|act| act(&victim.object));
            }
        });
        users.join();
        using.store(false, Ordering::Relaxed);
    });
    victim.restore();
    uses.iter().for_each(|act| act(&victim.object));
}

#[test]
fn what_is_written_meanwhile_is_survived_too() {
    for role in ["event", "semaphore", "mutex"] {
        survives(&format!("untrusted::role_meanwhile_{role}"));
    }
}

#[test]
#[ignore = "a role: uses an event that is overwritten meanwhile"]
fn role_meanwhile_event() {
    scribbled_meanwhile(Event::options, WITH_EVENT);
    scribbled_meanwhile(
        || {
            let mut options = Event::options();
            options.reset(Reset::Manual);
            options
        },
        WITH_EVENT,
    );
    child::say("alive");
}

#[test]
#[ignore = "a role: uses a semaphore that is overwritten meanwhile"]
fn role_meanwhile_semaphore() {
    scribbled_meanwhile(Semaphore::options, WITH_SEMAPHORE);
    child::say("alive");
}

#[test]
#[ignore = "a role: uses a mutex that is overwritten meanwhile"]
fn role_meanwhile_mutex() {
    scribbled_meanwhile(Mutex::options, WITH_MUTEX);
    list_is_whole();
    child::say("alive");
}

/// Somebody who marks the state again and again keeps nobody waiting for ever.
#[test]
fn marks_without_end() {
    let victim = Victim::new(Event::options);
    let using = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for mark in 1.. {
                victim.write(page::MARK, mark);
                if !using.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..5 {
            WITH_EVENT.iter().for_each(|act| act(&victim.object));
        }
        using.store(false, Ordering::Relaxed);
    });
    victim.restore();
    victim.object.set().unwrap();
    assert_eq!(victim.object.wait(LONG).unwrap(), Waited::Signaled(0));
}

#[test]
fn who_sleeps_wakes_up_in_time() {
    let (event, mutex) = (Victim::new(Event::options), Victim::new(Mutex::options));
    let brief = Duration::from_millis(20);
    let _guard = mutex.object.lock().unwrap();
    for pattern in patterns() {
        std::thread::scope(|scope| {
            let waiters = Crowd::start(scope, 3, |index| match index {
                0 => whatever(event.object.wait(brief)),
                1 => whatever(wait_any(&[&event.object, &mutex.object], brief)),
                _ => whatever(mutex.object.wait(brief)),
            });
            event.fill(&pattern);
            mutex.fill(&pattern);
            waiters.join();
        });
    }
}

/// What openers and listers say of a header with something else in it.
fn header_changed<T: SyncObject>(
    options: fn() -> SyncOptions<'static, T>,
    at: u64,
    bytes: &[u8],
    expected: Code,
    still_works: fn(&T),
) {
    let victim = Victim::of_arrived(options);
    victim.entry.write_all_at(bytes, at).unwrap();
    assert_eq!(code(victim.open(options)), expected, "{bytes:?} at {at}");
    let listing = victim.private.namespace().objects().unwrap();
    if expected != Code::INVALID_HANDLE {
        assert!(listing.objects.is_empty() && listing.stale.is_empty(), "{bytes:?} at {at}");
        let [problem] = &listing.problems[..] else { panic!("it is told once: {listing:?}") };
        assert_eq!((&*problem.file_name, problem.error.code()), ("victim", expected));
        assert_eq!(code(victim.private.namespace().object("victim")), expected);
    }
    // Who has a handle has read it before.
    still_works(&victim.object);
}

#[test]
fn a_header_that_cannot_be_is_refused() {
    let number = u32::to_ne_bytes;
    let set: fn(&Event) = |event| event.set().unwrap();
    for (at, bytes, expected) in [
        (header::VERSION, number(2), Code::REVISION_MISMATCH),
        (header::VERSION, number(4), Code::REVISION_MISMATCH),
        (header::MAGIC + 4, *b"TA\x00\x09", Code::REVISION_MISMATCH),
        (header::MAGIC, *b"RUBB", Code::INVALID_DATA),
        (header::KIND, number(0), Code::INVALID_DATA),
        (header::KIND, number(6), Code::INVALID_DATA),
        (header::LOCATION, number(7), Code::INVALID_DATA),
        (header::DETAIL, number(2), Code::INVALID_DATA),
        (header::DETAIL, number(u32::MAX), Code::INVALID_DATA),
        (header::SIZE, number(8), Code::INVALID_DATA),
        (header::SIZE, number(8192), Code::INVALID_DATA),
    ] {
        header_changed(Event::options, at, &bytes, expected, set);
    }
    for maximum in [0, Semaphore::MAXIMUM + 1, u32::MAX] {
        let bytes = number(maximum);
        header_changed(Semaphore::options, header::DETAIL, &bytes, Code::INVALID_DATA, |semaphore| {
            assert_eq!(semaphore.release(1).unwrap(), 0);
        });
    }
    header_changed(Mutex::options, header::KIND, &number(3), Code::INVALID_HANDLE, |mutex| {
        drop(mutex.lock().unwrap());
    });
}

#[test]
fn an_entry_that_was_cut_off_is_refused() {
    survives("untrusted::role_cut_off");
}

#[test]
#[ignore = "a role: looks at entries that were cut off"]
fn role_cut_off() {
    fn cut_off<T: SyncObject>(options: fn() -> SyncOptions<'static, T>) {
        for length in [0, 100, 255, 256, 4095, 4096, 4097, 8191] {
            let victim = Victim::new(options);
            victim.entry.set_len(length).unwrap();
            assert_eq!(code(victim.open(options)), Code::INVALID_DATA, "{length} bytes are left");
            let listing = victim.private.namespace().objects().unwrap();
            assert_eq!((listing.objects.len(), listing.problems.len()), (0, 1), "{length} bytes are left");
        }
    }
    cut_off(Mutex::options);
    cut_off(Event::options);
    cut_off(Semaphore::options);
    child::say("alive");
}

/// Anybody can put such a thing into the Global directory.
#[test]
fn an_object_whose_bytes_are_elsewhere_is_no_object() {
    for location in [1_u32, 3] {
        let victim = Victim::of_arrived(Event::options);
        victim.entry.write_all_at(&location.to_ne_bytes(), header::LOCATION).unwrap();
        assert!(victim.open(Event::options).is_err());
        let listing = victim.private.namespace().objects().unwrap();
        assert!(listing.objects.iter().all(|object| object.kind == Kind::Event && object.state.is_none()));
    }
}
