//! Contenders that take turns at one piece of work.

use crate::peer::Peer;
use crate::program::Programs;
use crate::results::{Measured, Outcome, Work};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much is done of everything.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// Turns of each contender, unless the time is up before.
    rounds: usize,
    /// After how long a work ends that has [`Pace::FEWEST`] rounds.
    enough: Duration,
    /// How long a turn is to be, at least.
    turn: Duration,
    /// By how much sizes and counts are divided.
    divisor: u64,
}

impl Pace {
    pub(crate) const FULL: Pace =
        Pace { rounds: 31, enough: Duration::from_secs(12), turn: Duration::from_millis(4), divisor: 1 };
    pub(crate) const QUICK: Pace =
        Pace { rounds: 2, enough: Duration::ZERO, turn: Duration::from_micros(50), divisor: 64 };
    /// A median of fewer says nothing.
    const FEWEST: usize = 9;
}

/// All works of one run.
pub(crate) struct Bench {
    pace: Pace,
    only: Option<String>,
    disk: PathBuf,
    programs: Programs,
    measured: Vec<Measured>,
    left_out: Vec<String>,
    progress: ProgressBar,
}

impl Bench {
    pub(crate) fn new(pace: Pace, only: Option<String>, disk: PathBuf, programs: Programs) -> Bench {
        let progress = ProgressBar::new_spinner();
        progress.set_style(ProgressStyle::with_template("{elapsed} {msg}").expect("it is a template"));
        Bench {
            pace,
            only: only.map(|only| only.to_lowercase()),
            disk,
            programs,
            measured: Vec::new(),
            left_out: Vec::new(),
            progress,
        }
    }

    /// Whether anybody wants it. What is costly to prepare asks first.
    pub(crate) fn wants(&self, work: &Work) -> bool {
        let text = format!("{} {}", work.group, work.title).to_lowercase();
        self.only.as_ref().is_none_or(|only| text.contains(only))
    }

    /// A size or a count, or in a quick run a small part of it, of at least `least`.
    pub(crate) fn scaled(&self, full: u64, least: u64) -> u64 {
        (full / self.pace.divisor).max(least.min(full))
    }

    /// A directory on a disk.
    pub(crate) fn disk(&self) -> &Path {
        &self.disk
    }

    /// Lets the contenders take turns.
    pub(crate) fn run(&mut self, contest: Contest<'_>) {
        let Contest { work, mut entrants } = contest;
        if !self.wants(&work) {
            return;
        }
        self.progress.set_message(work.to_string());
        self.progress.tick();
        if let Some(what) = work.programs {
            for (peer, program) in self.programs.able(what) {
                // Who takes part in this process is not asked for a program's sake again.
                if entrants.iter().all(|entrant| entrant.peer != peer) {
                    entrants.push(Entrant::new(peer, move |count| program.turn(what, count)));
                }
            }
        }
        let counts: Vec<u64> = entrants.iter_mut().map(|entrant| self.pace.count(entrant)).collect();
        let mut samples = vec![Vec::new(); counts.len()];
        let (mut order, mut places) = (Order::new(), Vec::from_iter(0..counts.len()));
        let begun = Instant::now();
        for round in 0..self.pace.rounds {
            if round >= Pace::FEWEST && begun.elapsed() > self.pace.enough {
                break;
            }
            order.shuffle(&mut places);
            for &index in &places {
                let time = (entrants[index].act)(counts[index]);
                samples[index].push(time.as_nanos() as f64 / counts[index] as f64);
            }
        }
        let peers: Vec<Peer> = entrants.iter().map(|entrant| entrant.peer).collect();
        drop(entrants);
        self.record(work, peers.into_iter().zip(samples).collect());
    }

    /// Keeps what came out of a work.
    pub(crate) fn record(&mut self, work: Work, entrants: Vec<(Peer, Vec<f64>)>) {
        let measured = Measured { work, entrants };
        self.progress.suspend(|| println!("{}", measured.line()));
        self.measured.push(measured);
    }

    /// Says that a work cannot be done here.
    pub(crate) fn leave_out(&mut self, work: &Work, why: &str) {
        if self.wants(work) {
            self.left_out.push(format!("{work}: {why}"));
        }
    }

    /// The command line tool.
    pub(crate) fn tool(&self) -> &Path {
        &self.programs.tool
    }

    /// What came out.
    pub(crate) fn end(self) -> Outcome {
        self.progress.finish_and_clear();
        Outcome {
            measured: self.measured,
            versions: self.programs.versions(),
            missing: self.programs.missing(),
            left_out: self.left_out,
        }
    }
}

impl Pace {
    /// How often a contender acts in one turn. It is warm afterwards.
    fn count(&self, entrant: &mut Entrant<'_>) -> u64 {
        if let Some(count) = entrant.count {
            (entrant.act)(count);
            return count;
        }
        let mut count = 1;
        while (entrant.act)(count) < self.turn && count < 1 << 24 {
            count *= 2;
        }
        count
    }
}

/// Who goes after whom: somebody else each round, so that nobody always finds warm, or cold, what the same other one left. The same in
/// each run.
struct Order(u64);

impl Order {
    fn new() -> Order {
        Order(0x9E37_79B9_7F4A_7C15)
    }

    fn shuffle(&mut self, places: &mut [usize]) {
        for last in (1..places.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            places.swap(last, (self.0 % (last as u64 + 1)) as usize);
        }
    }
}

/// One piece of work, and who takes part in it.
pub(crate) struct Contest<'a> {
    work: Work,
    entrants: Vec<Entrant<'a>>,
}

struct Entrant<'a> {
    peer: Peer,
    /// Does it so often; says how long all of it took.
    act: Box<dyn FnMut(u64) -> Duration + 'a>,
    /// How often it does it in a turn, if that is given.
    count: Option<u64>,
}

impl<'a> Entrant<'a> {
    fn new(peer: Peer, act: impl FnMut(u64) -> Duration + 'a) -> Entrant<'a> {
        Entrant { peer, act: Box::new(act), count: None }
    }
}

impl<'a> Contest<'a> {
    pub(crate) fn new(work: Work) -> Contest<'a> {
        Contest { work, entrants: Vec::new() }
    }

    /// Who does the work whenever it is called.
    pub(crate) fn with(&mut self, peer: Peer, mut act: impl FnMut() + 'a) -> &mut Self {
        self.timed(peer, move |count| {
            let start = Instant::now();
            for _ in 0..count {
                act();
            }
            start.elapsed()
        })
    }

    /// Who looks at the clock, because there is something to do between that does not count.
    pub(crate) fn timed(&mut self, peer: Peer, act: impl FnMut(u64) -> Duration + 'a) -> &mut Self {
        self.entrants.push(Entrant::new(peer, act));
        self
    }

    /// Who does it so often at once, and says how long that took.
    pub(crate) fn batch(
        &mut self,
        peer: Peer,
        count: u64,
        mut act: impl FnMut() -> Duration + 'a,
    ) -> &mut Self {
        self.entrants.push(Entrant { peer, act: Box::new(move |_| act()), count: Some(count) });
        self
    }
}
