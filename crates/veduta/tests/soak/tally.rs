//! What happened, for the record.

use crate::board::{Board, CUT, KINDS, OPERATIONS, OPERATOR, Word};
use crate::footprint::Footprint;
use std::time::Instant;

pub(crate) struct Tally {
    seed: u64,
    begun: Instant,
    pub(crate) rounds: usize,
    pub(crate) processes: u64,
    pub(crate) killed: u64,
    pub(crate) killed_at_steps: u64,
    pub(crate) stops: u64,
    pub(crate) forks: u64,
    pub(crate) abandoned: u64,
    /// Units of semaphores that went with who had them, or may have had them.
    pub(crate) units_had_by_the_dead: u64,
    pub(crate) swept: usize,
    pub(crate) lost: u64,
    /// This process, then and now, and the operator.
    pub(crate) footprints: Option<[[Footprint; 2]; 2]>,
    operations: [u64; KINDS],
    faults: u64,
    hidden: u64,
    looks: u64,
}

impl Tally {
    pub(crate) fn new(seed: u64) -> Tally {
        Tally {
            seed,
            begun: Instant::now(),
            rounds: 0,
            processes: 0,
            killed: 0,
            killed_at_steps: 0,
            stops: 0,
            forks: 0,
            abandoned: 0,
            units_had_by_the_dead: 0,
            swept: 0,
            lost: 0,
            footprints: None,
            operations: [0; KINDS],
            faults: 0,
            hidden: 0,
            looks: 0,
        }
    }

    /// Takes over what the processes counted.
    pub(crate) fn collect(&mut self, board: &Board) {
        self.operations = std::array::from_fn(|kind| board.sum(Word::Done, kind));
        self.faults = board.sum(Word::Faults, 0);
        self.hidden = board.sum(Word::Hidden, 0);
        self.looks = board.get(OPERATOR, Word::Progress);
    }

    pub(crate) fn print(&self) {
        let line = |what: &str, number: u64| println!("{what:<44}{number:>12}");
        line("seconds", self.begun.elapsed().as_secs());
        line("operations", self.operations.iter().sum());
        for (kind, number) in self.operations.iter().enumerate() {
            let what = if kind == CUT { "use of a file that is cut off" } else { OPERATIONS[kind] };
            line(&format!("  {what}"), *number);
        }
        line("times that all stood still and were judged", self.rounds as u64);
        line("listings and sweeps of all namespaces", self.looks);
        line("processes", self.processes);
        line("killed at random", self.killed);
        line("killed at a step", self.killed_at_steps);
        line("stopped for a while", self.stops);
        line("forks", self.forks);
        line("faults survived", self.faults);
        line("opens that a stopped holder refused", self.hidden);
        line("mutexes told abandoned, each after a death", self.abandoned);
        line("units that the dead had, put back", self.units_had_by_the_dead);
        line("entries of the dead that were swept", self.swept as u64);
        for (who, [then, now]) in ["coordinator", "operator"].iter().zip(self.footprints.iter().flatten()) {
            println!("{who}: {then} after 3 rounds, {now} in the end");
        }
        line("lost", self.lost);
        line("seed", self.seed);
    }
}
