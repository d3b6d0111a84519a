//! The locks of one process, used by several threads at once.

#![allow(unsafe_code, missing_docs)]

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use veduta_win32 as _;

#[rustfmt::skip]
unsafe extern "C" {
    safe fn GetLastError() -> u32;
    fn InitializeCriticalSection(section: *mut Section);
    fn InitializeCriticalSectionAndSpinCount(section: *mut Section, spins: u32) -> i32;
    fn SetCriticalSectionSpinCount(section: *mut Section, spins: u32) -> u32;
    fn EnterCriticalSection(section: *mut Section);
    fn TryEnterCriticalSection(section: *mut Section) -> i32;
    fn LeaveCriticalSection(section: *mut Section);
    fn DeleteCriticalSection(section: *mut Section);
    fn AcquireSRWLockExclusive(lock: *mut u64);
    fn AcquireSRWLockShared(lock: *mut u64);
    fn ReleaseSRWLockExclusive(lock: *mut u64);
    fn ReleaseSRWLockShared(lock: *mut u64);
    fn TryAcquireSRWLockExclusive(lock: *mut u64) -> u8;
    fn TryAcquireSRWLockShared(lock: *mut u64) -> u8;
    fn SleepConditionVariableCS(variable: *mut u64, section: *mut Section, milliseconds: u32) -> i32;
    fn SleepConditionVariableSRW(variable: *mut u64, lock: *mut u64, milliseconds: u32, flags: u32) -> i32;
    fn WakeConditionVariable(variable: *mut u64);
    fn WakeAllConditionVariable(variable: *mut u64);
    fn InitOnceExecuteOnce(once: *mut u64, function: extern "C" fn(*mut u64, *mut c_void, *mut *mut c_void) -> i32, parameter: *mut c_void, context: *mut *mut c_void) -> i32;
    fn InitOnceBeginInitialize(once: *mut u64, flags: u32, pending: *mut i32, context: *mut *mut c_void) -> i32;
    fn InitOnceComplete(once: *mut u64, flags: u32, context: *mut c_void) -> i32;
}

/// As the headers have it.
#[repr(C, align(8))]
struct Section([u32; 10]);

/// Memory that threads hand to functions of C.
struct Shared<T>(UnsafeCell<T>);

// SAFETY: what is in it is a lock, or read and written by who has the lock.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    const fn new(value: T) -> Shared<T> {
        Shared(UnsafeCell::new(value))
    }

    fn at(&self) -> *mut T {
        self.0.get()
    }
}

/// Runs statements that call functions of C.
macro_rules! c {
    ($($body:tt)*) => {{
        #[allow(clippy::multiple_unsafe_ops_per_block)]
        // SAFETY: the structures are initialised and outlive the threads; what is shared is touched under its lock.
        let result = unsafe { $($body)* };
        result
    }};
}

const THREADS: u32 = 4;
const ROUNDS: u32 = 100_000;

#[test]
fn a_critical_section_excludes_and_counts() {
    let section = Shared::new(Section([0xAAAA_AAAA; 10]));
    let counter = Shared::new(0_u32);
    c!(InitializeCriticalSection(section.at()));
    assert_eq!(c!(TryEnterCriticalSection(section.at())), 1);
    c!(EnterCriticalSection(section.at()));
    // As the documented fields: LockCount, RecursionCount, OwningThread.
    assert_eq!(c!((*section.at()).0[3]), 2);
    assert_ne!(c!((*section.at()).0[4]), 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(c!(TryEnterCriticalSection(section.at())), 0);
            c!(LeaveCriticalSection(section.at()));
            assert_eq!(GetLastError(), 288, "it is another thread's");
        });
    });
    c!(LeaveCriticalSection(section.at()));
    c!(LeaveCriticalSection(section.at()));
    assert_eq!(c!((*section.at()).0[2]).cast_signed(), -1);
    std::thread::scope(|scope| {
        for number in 0..THREADS {
            let (section, counter) = (&section, &counter);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    if number == 0 && round % 2 == 0 {
                        while c!(TryEnterCriticalSection(section.at())) == 0 {
                            std::hint::spin_loop();
                        }
                    } else {
                        c!(EnterCriticalSection(section.at()));
                    }
                    c!(*counter.at() += 1);
                    c!(LeaveCriticalSection(section.at()));
                }
            });
        }
    });
    assert_eq!(c!(*counter.at()), THREADS * ROUNDS);
    c!(DeleteCriticalSection(section.at()));
    assert_eq!(c!(InitializeCriticalSectionAndSpinCount(section.at(), 0x8000_0FA0)), 1);
    assert_eq!(c!(SetCriticalSectionSpinCount(section.at(), 0)), 4000);
}

/// Writers change two numbers; who reads must find them equal.
#[test]
fn a_slim_lock_excludes_writers_and_lets_readers_in() {
    let lock = Shared::new(0_u64);
    let numbers = Shared::new((0_u32, 0_u32));
    c!(AcquireSRWLockShared(lock.at()));
    assert_eq!(c!(TryAcquireSRWLockShared(lock.at())), 1);
    assert_eq!(c!(TryAcquireSRWLockExclusive(lock.at())), 0);
    c!(ReleaseSRWLockShared(lock.at()));
    c!(ReleaseSRWLockShared(lock.at()));
    assert_eq!(c!(TryAcquireSRWLockExclusive(lock.at())), 1);
    assert_eq!(c!(TryAcquireSRWLockShared(lock.at())), 0);
    c!(ReleaseSRWLockExclusive(lock.at()));
    assert_eq!(c!(*lock.at()), 0);
    c!(ReleaseSRWLockExclusive(lock.at()));
    assert_eq!(GetLastError(), 288);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (lock, numbers) = (&lock, &numbers);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    if (number + round) % 3 == 0 {
                        c!(AcquireSRWLockExclusive(lock.at()));
                        c!((*numbers.at()).0 += 1);
                        if round % 1000 == 0 {
                            std::thread::yield_now();
                        }
                        c!((*numbers.at()).1 += 1);
                        c!(ReleaseSRWLockExclusive(lock.at()));
                    } else {
                        c!(AcquireSRWLockShared(lock.at()));
                        let (one, other) = c!(*numbers.at());
                        assert_eq!(one, other);
                        if round % 777 == 0 {
                            std::thread::yield_now();
                        }
                        c!(ReleaseSRWLockShared(lock.at()));
                    }
                }
            });
        }
    });
    assert_eq!(c!(*numbers.at()).0, 6 * ROUNDS / 3);
    assert_eq!(c!(*lock.at()), 0, "nobody sleeps, and nobody is thought to");
}

/// Threads that hold the lock for a while, so that others sleep, of both kinds.
#[test]
fn sleepers_of_a_slim_lock_are_all_woken() {
    let lock = Shared::new(0_u64);
    std::thread::scope(|scope| {
        for number in 0..12_u64 {
            let lock = &lock;
            scope.spawn(move || {
                for round in 0..300 {
                    let nap = Duration::from_micros((number * 7 + round) % 50);
                    if (number + round) % 4 < 2 {
                        c!(AcquireSRWLockExclusive(lock.at()));
                        std::thread::sleep(nap);
                        c!(ReleaseSRWLockExclusive(lock.at()));
                    } else {
                        c!(AcquireSRWLockShared(lock.at()));
                        std::thread::sleep(nap);
                        c!(ReleaseSRWLockShared(lock.at()));
                    }
                }
            });
        }
    });
    assert_eq!(c!(*lock.at()), 0);
}

/// A queue of one number between producers and consumers: every waking counts, or the test stands still.
#[test]
fn a_condition_variable_loses_no_waking() {
    struct Queue {
        section: Shared<Section>,
        filled: Shared<u64>,
        emptied: Shared<u64>,
        item: Shared<Option<u64>>,
    }
    let queue = Queue {
        section: Shared::new(Section([0; 10])),
        filled: Shared::new(0),
        emptied: Shared::new(0),
        item: Shared::new(None),
    };
    c!(InitializeCriticalSection(queue.section.at()));
    let sum = AtomicU64::new(0);
    let each = 20_000;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (queue, sum) = (&queue, &sum);
            scope.spawn(move || {
                for number in 0..each {
                    c!(EnterCriticalSection(queue.section.at()));
                    while c!((*queue.item.at()).is_some()) {
                        assert_eq!(
                            c!(SleepConditionVariableCS(queue.emptied.at(), queue.section.at(), u32::MAX)),
                            1
                        );
                    }
                    c!(*queue.item.at() = Some(number));
                    c!(LeaveCriticalSection(queue.section.at()));
                    c!(WakeConditionVariable(queue.filled.at()));
                }
            });
            scope.spawn(move || {
                for round in 0..each {
                    c!(EnterCriticalSection(queue.section.at()));
                    let number = loop {
                        if let Some(number) = c!((*queue.item.at()).take()) {
                            break number;
                        }
                        // Some give up now and then, which must not take a waking from others.
                        let milliseconds = if round % 16 == 0 { 1 } else { u32::MAX };
                        c!(SleepConditionVariableCS(queue.filled.at(), queue.section.at(), milliseconds));
                    };
                    c!(LeaveCriticalSection(queue.section.at()));
                    c!(WakeConditionVariable(queue.emptied.at()));
                    sum.fetch_add(number, SeqCst);
                }
            });
        }
    });
    assert_eq!(sum.load(SeqCst), 3 * each * (each - 1) / 2);
}

#[test]
fn time_outs_and_waking_all() {
    let (lock, variable) = (Shared::new(0_u64), Shared::new(0_u64));
    c!(AcquireSRWLockExclusive(lock.at()));
    let begin = Instant::now();
    assert_eq!(c!(SleepConditionVariableSRW(variable.at(), lock.at(), 30, 0)), 0);
    assert_eq!(GetLastError(), 1460);
    assert!(begin.elapsed() >= Duration::from_millis(30));
    assert_eq!(c!(SleepConditionVariableSRW(variable.at(), lock.at(), 30, 7)), 0);
    assert_eq!(GetLastError(), 87);
    assert_eq!(c!(TryAcquireSRWLockShared(lock.at())), 0, "the lock is held again");
    c!(ReleaseSRWLockExclusive(lock.at()));
    assert_eq!(c!(*variable.at()) >> 32, 0, "who gave up does not count as a sleeper");
    let (go, asleep) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..5 {
            let (lock, variable, go, asleep) = (&lock, &variable, &go, &asleep);
            scope.spawn(move || {
                c!(AcquireSRWLockShared(lock.at()));
                asleep.fetch_add(1, SeqCst);
                while !go.load(SeqCst) {
                    assert_eq!(c!(SleepConditionVariableSRW(variable.at(), lock.at(), u32::MAX, 1)), 1);
                }
                c!(ReleaseSRWLockShared(lock.at()));
            });
        }
        while asleep.load(SeqCst) < 5 {
            std::thread::yield_now();
        }
        c!(AcquireSRWLockExclusive(lock.at()));
        go.store(true, SeqCst);
        c!(ReleaseSRWLockExclusive(lock.at()));
        c!(WakeAllConditionVariable(variable.at()));
    });
}

static RUNS: AtomicU32 = AtomicU32::new(0);

extern "C" fn initialise(_once: *mut u64, parameter: *mut c_void, context: *mut *mut c_void) -> i32 {
    let run = RUNS.fetch_add(1, SeqCst);
    std::thread::sleep(Duration::from_millis(5));
    if run == 0 {
        return 0;
    }
    c!(context.write(parameter));
    1
}

/// The first try fails; one of those who wait tries again, and all others get what it made.
#[test]
fn it_is_initialised_once() {
    let once = Shared::new(0_u64);
    let failed = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut context = null_mut();
                let parameter = std::ptr::without_provenance_mut(0x1234_5678_9000);
                if c!(InitOnceExecuteOnce(once.at(), initialise, parameter, &mut context)) == 0 {
                    failed.fetch_add(1, SeqCst);
                } else {
                    assert_eq!(context, parameter);
                }
            });
        }
    });
    assert_eq!((failed.load(SeqCst), RUNS.load(SeqCst)), (1, 2));

    let once = Shared::new(0_u64);
    let (mut pending, mut context) = (9, null_mut());
    assert_eq!(c!(InitOnceBeginInitialize(once.at(), 1, &mut pending, &mut context)), 0);
    assert_eq!(GetLastError(), 31);
    assert_eq!(c!(InitOnceBeginInitialize(once.at(), 2, &mut pending, &mut context)), 1);
    assert_eq!(pending, 1);
    assert_eq!(c!(InitOnceBeginInitialize(once.at(), 2, &mut pending, &mut context)), 1);
    assert_eq!(c!(InitOnceComplete(once.at(), 2, std::ptr::without_provenance_mut(0x1001))), 0);
    assert_eq!(GetLastError(), 87);
    assert_eq!(c!(InitOnceComplete(once.at(), 2, std::ptr::without_provenance_mut(0x1000))), 1);
    assert_eq!(c!(InitOnceComplete(once.at(), 2, std::ptr::without_provenance_mut(0x2000))), 0);
    assert_eq!(GetLastError(), 31);
    assert_eq!(c!(InitOnceBeginInitialize(once.at(), 1, &mut pending, &mut context)), 1);
    assert_eq!((pending, context.addr()), (0, 0x1000));
}

/// What the last one was woken from may be freed at once.
#[test]
fn who_was_woken_does_not_touch_the_variable() {
    for _ in 0..2000 {
        let lock = Shared::new(0_u64);
        let variable = Box::into_raw(Box::new(0_u64)).expose_provenance();
        let (ready, done) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| {
                let variable = std::ptr::with_exposed_provenance_mut(variable);
                c!(AcquireSRWLockExclusive(lock.at()));
                ready.store(true, SeqCst);
                if !done.load(SeqCst) {
                    c!(SleepConditionVariableSRW(variable, lock.at(), u32::MAX, 0));
                }
                c!(ReleaseSRWLockExclusive(lock.at()));
            });
            while !ready.load(SeqCst) {
                std::hint::spin_loop();
            }
            c!(AcquireSRWLockExclusive(lock.at()));
            done.store(true, SeqCst);
            let variable: *mut u64 = std::ptr::with_exposed_provenance_mut(variable);
            c!(WakeAllConditionVariable(variable));
            c!(variable.write(0xFEED_FEED_FEED_FEED));
            c!(ReleaseSRWLockExclusive(lock.at()));
            sleeper.join().unwrap();
            assert_eq!(c!(variable.read()), 0xFEED_FEED_FEED_FEED);
            drop(c!(Box::from_raw(variable)));
        });
    }
}
