//! Owning and giving up a mutex.

use crate::contest::{Bench, Contest};
use crate::partner::Partner;
use crate::peer::Peer;
use crate::results::Work;
use crate::signal::{Pipe, Signal};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use veduta::{Mutex, Section, View, ViewAccess};

const ROBUST: &str = "veduta's, POSIX's and Windows' mutexes tell the next owner if the last one was killed; Boost's and Python's stay locked.";

pub(crate) fn all(bench: &mut Bench) {
    uncontended(bench);
    contended(bench);
}

fn mutex() -> Mutex {
    Mutex::options().create_unnamed().expect("a mutex")
}

fn uncontended(bench: &mut Bench) {
    let mutex = mutex();
    let work =
        Work::new("Mutexes", "lock and unlock, when nobody else wants it").programs("lock").note(ROBUST);
    let mut contest = Contest::new(work);
    contest.with(Peer::Veduta, || drop(black_box(&mutex).lock().expect("the lock")));
    bench.run(contest);
}

fn contended(bench: &mut Bench) {
    let work = Work::new("Mutexes", "lock and unlock, when two processes want nothing else")
        .programs("contended")
        .note("The time for one acquisition, by whichever of the two.");
    if !bench.wants(&work) {
        return;
    }
    let work = work.note(fairness(Duration::from_millis(bench.scaled(3000, 50))));
    let scramble = Scramble::new();
    let (go, here) = (Pipe::new(), Pipe::new());
    let mut turn = 0;
    let partner = Partner::of(|| {
        go.wait();
        here.signal();
        turn += 1;
        scramble.until_begun(turn);
        scramble.take_part();
    });
    let mut turn = 0;
    let mut contest = Contest::new(work);
    contest.timed(Peer::Veduta, |count| {
        // Once the partner is here it has left the last turn, and nobody has to be woken when this one begins.
        go.signal();
        here.wait();
        turn += 1;
        scramble.prepare(count);
        let start = Instant::now();
        scramble.begin(turn);
        scramble.take_part();
        start.elapsed()
    });
    bench.run(contest);
    drop(partner);
}

/// A mutex that two processes lock until they have done so a number of times in all.
struct Scramble {
    mutex: Mutex,
    page: View,
}

impl Scramble {
    /// The last turn that has begun. A partner may come so late that it is over.
    const BEGUN: usize = 0;
    /// The mutex guards them.
    const DONE: usize = 128;
    const WANTED: usize = 136;

    fn new() -> Scramble {
        let section = Section::options().size(4096).create_unnamed().expect("a section");
        Scramble { mutex: mutex(), page: section.map(ViewAccess::Write).expect("a view") }
    }

    fn word(&self, offset: usize) -> &AtomicU64 {
        self.page.atomic(offset).expect("a word")
    }

    fn prepare(&self, count: u64) {
        self.word(Self::DONE).store(0, Ordering::SeqCst);
        self.word(Self::WANTED).store(count, Ordering::SeqCst);
    }

    fn begin(&self, turn: u64) {
        self.word(Self::BEGUN).store(turn, Ordering::SeqCst);
    }

    fn until_begun(&self, turn: u64) {
        while self.word(Self::BEGUN).load(Ordering::SeqCst) < turn {
            std::thread::yield_now();
        }
    }

    fn take_part(&self) {
        let (done, wanted) = (self.word(Self::DONE), self.word(Self::WANTED));
        loop {
            let _guard = self.mutex.lock().expect("the lock");
            let before = done.load(Ordering::Relaxed);
            if before >= wanted.load(Ordering::Relaxed) {
                return;
            }
            done.store(before + 1, Ordering::Relaxed);
        }
    }
}

/// How unequally often eight threads that want nothing but the mutex get it.
fn fairness(time: Duration) -> String {
    const THREADS: usize = 8;
    let mutex = mutex();
    let stop = AtomicBool::new(false);
    let turns = [const { AtomicU64::new(0) }; THREADS];
    std::thread::scope(|scope| {
        for own in &turns {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let _guard = mutex.lock().expect("the lock");
                    own.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
    });
    let turns = turns.map(AtomicU64::into_inner);
    let share = turns.iter().min().map_or(0.0, |&least| least as f64)
        / turns.iter().max().map_or(1.0, |&most| most as f64);
    format!(
        "Of {THREADS} threads of one process that want nothing but veduta's mutex, for {:.1} s, the one that got it least often got it {share:.2} \
         times as often as the one that got it most often.",
        time.as_secs_f64()
    )
}
