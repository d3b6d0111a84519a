//! Mutexes and events, beside what the C library and the kernel have.

use crate::contest::{Contest, Limit};
use std::hint::black_box;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use veduta::{Event, Mutex, Section, View, ViewAccess, Waitable, wait_any};

pub(crate) fn all() -> u32 {
    uncontended() + ping_pong() + among_idle() + fairness()
}

/// Locks and unlocks a mutex that nobody else wants.
fn uncontended() -> u32 {
    let name = format!("bench-mutex-{}", std::process::id());
    let mutex = Mutex::options().create_new(&name).expect("a mutex");
    let page = shared_page();
    let peer = robust_mutex(&page);
    let ours = || drop(black_box(&mutex).lock().expect("the lock"));
    let theirs = || {
        // SAFETY: the mutex was initialised, and its memory is mapped.
        assert_eq!(unsafe { libc::pthread_mutex_lock(black_box(peer)) }, 0);
        // SAFETY: as above.
        assert_eq!(unsafe { libc::pthread_mutex_unlock(peer) }, 0);
    };
    let mut contest = Contest::new(100_000);
    contest.row("uncontended lock+unlock / pthread robust mutex", ours, theirs, Limit::AtMost(1.2))
}

fn shared_page() -> View {
    let section = Section::options().size(4096).create_unnamed().expect("a section");
    section.map(ViewAccess::Write).expect("a view")
}

/// A mutex of the C library that processes share and that survives its owner.
fn robust_mutex(page: &View) -> *mut libc::pthread_mutex_t {
    let mutex: *mut libc::pthread_mutex_t = page.as_mut_ptr().cast();
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_mutexattr_t>::uninit();
    let attributes = attributes.as_mut_ptr();
    // SAFETY: the attributes are initialised before they are used, and the mutex has a page to itself.
    #[allow(clippy::multiple_unsafe_ops_per_block, reason = "the calls belong together")]
    unsafe {
        assert_eq!(libc::pthread_mutexattr_init(attributes), 0);
        assert_eq!(libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED), 0);
        assert_eq!(libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST), 0);
        assert_eq!(libc::pthread_mutex_init(mutex, attributes), 0);
    }
    mutex
}

/// Two processes that wake each other in turn.
fn ping_pong() -> u32 {
    let events = [(); 2].map(|()| Event::options().create_unnamed().expect("an event"));
    let page = shared_page();
    let words = [0, 64].map(|offset| page.atomic::<AtomicU32>(offset).expect("a word"));
    let pipes = [(); 2].map(|()| std::io::pipe().expect("a pipe"));
    let counters = [(); 2].map(|()| eventfd());

    let partners = [
        Partner::of(|| {
            let _ = events[0].wait(None).expect("to be woken");
            events[1].set().expect("to wake");
        }),
        Partner::of(|| {
            futex_wait(words[0]);
            futex_wake(words[1]);
        }),
        Partner::of(|| {
            (&pipes[0].0).read_exact(&mut [0]).expect("a byte");
            (&pipes[1].1).write_all(&[1]).expect("a reader");
        }),
        Partner::of(|| {
            count_down(&counters[0]);
            count_up(&counters[1]);
        }),
    ];
    let ours = || {
        events[0].set().expect("to wake");
        let _ = events[1].wait(None).expect("to be woken");
    };
    let mut contest = Contest::new(200);
    let mut failed = contest.row(
        "event ping-pong across processes / bare futexes",
        ours,
        || {
            futex_wake(words[0]);
            futex_wait(words[1]);
        },
        Limit::AtMost(1.15),
    );
    failed += contest.row(
        "event ping-pong across processes / two pipes",
        ours,
        || {
            (&pipes[0].1).write_all(&[1]).expect("a reader");
            (&pipes[1].0).read_exact(&mut [0]).expect("a byte");
        },
        Limit::AtMost(1.0),
    );
    failed += contest.row(
        "event ping-pong across processes / two eventfds",
        ours,
        || {
            count_up(&counters[0]);
            count_down(&counters[1]);
        },
        Limit::AtMost(1.0),
    );
    drop(partners);
    failed
}

/// Waits for one event, alone and as the last of 64.
fn among_idle() -> u32 {
    let events: Vec<_> = (0..64).map(|_| Event::options().create_unnamed().expect("an event")).collect();
    let go = Event::options().create_unnamed().expect("an event");
    let last = &events[63];
    let partner = Partner::of(|| {
        let _ = go.wait(None).expect("to be woken");
        last.set().expect("to wake");
    });
    let many: Vec<&dyn Waitable> = events.iter().map(|event| event as &dyn Waitable).collect();
    let wait = |objects: &[&dyn Waitable]| {
        go.set().expect("to wake");
        let _ = black_box(wait_any(objects, None).expect("to be woken"));
    };
    let mut contest = Contest::new(200);
    let failed = contest.row(
        "wait-any over 64 idle events / over one, same wake-up",
        || wait(&many),
        || wait(&[last]),
        Limit::AtMost(2.0),
    );
    drop(partner);
    failed
}

/// How often eight threads that want nothing but the mutex get it, in ten seconds.
fn fairness() -> u32 {
    const THREADS: usize = 8;
    const SECONDS: u64 = 10;
    let mutex = Mutex::options().create_unnamed().expect("a mutex");
    let stop = AtomicBool::new(false);
    let turns = [const { AtomicU64::new(0) }; THREADS];
    std::thread::scope(|scope| {
        for own in &turns {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let guard = mutex.lock().expect("the lock");
                    own.fetch_add(1, Ordering::Relaxed);
                    drop(guard);
                }
            });
        }
        std::thread::sleep(Duration::from_secs(SECONDS));
        stop.store(true, Ordering::Relaxed);
    });
    let turns = turns.map(AtomicU64::into_inner);
    let all: u64 = turns.iter().sum();
    let least = turns.iter().min().map_or(0, |&least| least);
    let most = turns.iter().max().map_or(0, |&most| most);
    let share = least as f64 / most as f64;
    let kept = share >= 1.0 / 3.0;
    println!(
        "{:<58} {share:>8.3} {:>8}   {} turns a second in all{}",
        format!("fairness, {THREADS} threads {SECONDS} s: slowest / fastest"),
        ">= 0.33",
        all / SECONDS,
        if kept { "" } else { "   OVER" }
    );
    u32::from(!kept)
}

fn futex_wait(word: &AtomicU32) {
    while word.swap(0, Ordering::SeqCst) == 0 {
        // SAFETY: the word is mapped.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, 0, std::ptr::null::<u8>()) };
    }
}

fn futex_wake(word: &AtomicU32) {
    word.store(1, Ordering::SeqCst);
    // SAFETY: the address is only a name.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
}

fn eventfd() -> OwnedFd {
    // SAFETY: takes numbers only.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
    assert!(fd >= 0);
    // SAFETY: it was just opened, and nobody else knows of it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

fn count_up(counter: &OwnedFd) {
    // SAFETY: the descriptor is open.
    assert_eq!(unsafe { libc::eventfd_write(counter.as_raw_fd(), 1) }, 0);
}

fn count_down(counter: &OwnedFd) {
    let mut value = 0;
    // SAFETY: the descriptor is open, and `value` takes what is read.
    assert_eq!(unsafe { libc::eventfd_read(counter.as_raw_fd(), &raw mut value) }, 0);
}

/// A forked process that does the same again and again, until it is dropped.
struct Partner(libc::pid_t);

impl Partner {
    fn of(act: impl Fn()) -> Partner {
        // SAFETY: this process has one thread, so the child may do anything.
        match unsafe { libc::fork() } {
            0 => loop {
                act();
            },
            pid => {
                assert!(pid > 0, "a process can be forked");
                Partner(pid)
            }
        }
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        // SAFETY: a child of this process that was not waited for yet.
        assert_eq!(unsafe { libc::kill(self.0, libc::SIGKILL) }, 0);
        // SAFETY: as above.
        assert_eq!(unsafe { libc::waitpid(self.0, std::ptr::null_mut(), 0) }, self.0);
    }
}
