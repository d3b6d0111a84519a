//! Two contenders that take turns.

use std::time::{Duration, Instant};

/// What the project wants of a ratio.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
    None,
}

/// How contenders take turns.
pub(crate) struct Contest {
    /// How often a contender acts in one turn.
    turn: u32,
}

/// Enough that a median of their ratios does not move by a percent from run to run on a quiet machine.
const ROUNDS: usize = 101;

impl Contest {
    pub(crate) fn new(turn: u32) -> Contest {
        Contest { turn }
    }

    /// Prints the ratio of the time of `a` to that of `b`. Gives 1 if it is beyond the limit, else 0.
    pub(crate) fn row(&mut self, label: &str, mut a: impl FnMut(), mut b: impl FnMut(), limit: Limit) -> u32 {
        let mut ratios: Vec<f64> = (0..ROUNDS + 5)
            .map(|round| {
                // Who goes first changes, so that neither always finds warm what the other left.
                let (first, second);
                if round % 2 == 0 {
                    first = self.time(&mut a);
                    second = self.time(&mut b);
                } else {
                    second = self.time(&mut b);
                    first = self.time(&mut a);
                }
                first.as_secs_f64() / second.as_secs_f64()
            })
            .skip(5)
            .collect();
        ratios.sort_by(f64::total_cmp);
        let median = ratios[ROUNDS / 2];
        let (wanted, kept) = match limit {
            Limit::AtMost(limit) => (format!("<= {limit}"), median <= limit),
            Limit::AtLeast(limit) => (format!(">= {limit}"), median >= limit),
            Limit::None => (String::new(), true),
        };
        let (low, high) = (ratios[ROUNDS / 4], ratios[ROUNDS * 3 / 4]);
        println!(
            "{label:<58} {median:>8.3} {wanted:>8}   {low:.3} to {high:.3}{}",
            if kept { "" } else { "   OVER" }
        );
        u32::from(!kept)
    }

    fn time(&self, act: &mut impl FnMut()) -> Duration {
        let start = Instant::now();
        for _ in 0..self.turn {
            act();
        }
        start.elapsed()
    }
}
