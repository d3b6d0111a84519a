//! What was measured, and what follows from it.

use crate::peer::Peer;
use std::fmt;

/// What a work is measured in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    Bytes,
}

impl Unit {
    /// An amount as one reads it.
    pub(crate) fn of(self, amount: f64) -> String {
        const TIMES: [&str; 4] = ["ns", "µs", "ms", "s"];
        const SIZES: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
        let (step, names) = match self {
            Unit::Nanoseconds => (1000.0_f64, TIMES),
            Unit::Bytes => (1024.0, SIZES),
        };
        let index = (0..3).find(|&index| amount < step.powi(index + 1)).unwrap_or(3);
        let value = amount / step.powi(index);
        let digits = if value < 10.0 {
            2
        } else if value < 100.0 {
            1
        } else {
            0
        };
        format!("{value:.digits$} {}", names[index as usize])
    }
}

/// A piece of work.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) group: &'static str,
    pub(crate) title: &'static str,
    /// What grows from one work to the next of the same title, and how much there is of it.
    pub(crate) among: Option<(&'static str, u64)>,
    pub(crate) unit: Unit,
    /// How many bytes it moves, where that is the point.
    pub(crate) bytes: Option<u64>,
    /// What the peers that are programs know it as.
    pub(crate) programs: Option<&'static str>,
    /// What is not plain of it, and why veduta is not ahead where it is not.
    pub(crate) notes: Vec<String>,
}

impl Work {
    pub(crate) fn new(group: &'static str, title: &'static str) -> Work {
        Work {
            group,
            title,
            among: None,
            unit: Unit::Nanoseconds,
            bytes: None,
            programs: None,
            notes: Vec::new(),
        }
    }

    pub(crate) fn among(mut self, what: &'static str, count: u64) -> Work {
        self.among = Some((what, count));
        self
    }

    pub(crate) fn unit(mut self, unit: Unit) -> Work {
        self.unit = unit;
        self
    }

    pub(crate) fn bytes(mut self, bytes: u64) -> Work {
        self.bytes = Some(bytes);
        self
    }

    pub(crate) fn programs(mut self, what: &'static str) -> Work {
        self.programs = Some(what);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Work {
        self.notes.push(note.into());
        self
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)?;
        self.among.map_or(Ok(()), |(what, count)| write!(f, ", {count} {what}"))
    }
}

/// The turns of all contenders at one work, each in units for one time.
pub(crate) struct Measured {
    pub(crate) work: Work,
    pub(crate) entrants: Vec<(Peer, Vec<f64>)>,
}

/// The middle half.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(samples: impl IntoIterator<Item = f64>) -> Spread {
        let mut samples: Vec<f64> = samples.into_iter().collect();
        samples.sort_by(f64::total_cmp);
        let at = |quarter: usize| samples[(samples.len() - 1) * quarter / 4];
        Spread { low: at(1), median: at(2), high: at(3) }
    }
}

/// One of ours beside another.
pub(crate) struct Ratio {
    pub(crate) ours: Peer,
    pub(crate) theirs: Peer,
    /// Round by round: below 1 ours is faster.
    pub(crate) spread: Spread,
    pub(crate) limit: f64,
}

/// How a ratio stands to its limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Kept,
    /// The limit is within the middle half: another run may say otherwise.
    Open,
    Over,
}

impl Ratio {
    pub(crate) fn verdict(&self) -> Verdict {
        match self.spread {
            Spread { high, .. } if high <= self.limit => Verdict::Kept,
            Spread { low, .. } if low > self.limit => Verdict::Over,
            _ => Verdict::Open,
        }
    }
}

impl Measured {
    pub(crate) fn samples(&self, peer: Peer) -> Option<&[f64]> {
        self.entrants.iter().find(|(other, _)| *other == peer).map(|(_, samples)| &**samples)
    }

    /// What the peer's turns come to beside ours, or ours beside it.
    pub(crate) fn ratio(&self, peer: Peer) -> Option<Ratio> {
        let (ours, theirs, limit) = peer.rivalry()?;
        let pairs = self.samples(ours)?.iter().zip(self.samples(theirs)?);
        let spread = Spread::of(pairs.map(|(ours, theirs)| ours / theirs));
        Some(Ratio { ours, theirs, spread, limit })
    }

    pub(crate) fn ratios(&self) -> impl Iterator<Item = Ratio> {
        self.entrants.iter().filter_map(|(peer, _)| self.ratio(*peer))
    }

    /// In a line, for who looks on.
    pub(crate) fn line(&self) -> String {
        let ratios = self.ratios().map(|ratio| {
            let over = if ratio.verdict() == Verdict::Over { " OVER" } else { "" };
            format!("{}/{} {:.2}{over}", ratio.ours, ratio.theirs, ratio.spread.median)
        });
        let mut line = format!("{:<60}", self.work.to_string());
        if let Some(samples) = self.samples(Peer::Veduta) {
            line += &format!(" {:>10}", self.work.unit.of(Spread::of(samples.iter().copied()).median));
        }
        line + "   " + &ratios.collect::<Vec<_>>().join(", ")
    }
}

/// A whole run.
pub(crate) struct Outcome {
    pub(crate) measured: Vec<Measured>,
    /// What the peers that are no crates say of themselves.
    pub(crate) versions: Vec<(Peer, String)>,
    /// Who could not take part, and why.
    pub(crate) missing: Vec<String>,
    /// Which works this machine cannot do, and why.
    pub(crate) left_out: Vec<String>,
}

impl Outcome {
    pub(crate) fn summary(&self) -> String {
        let verdicts: Vec<Verdict> =
            self.measured.iter().flat_map(Measured::ratios).map(|ratio| ratio.verdict()).collect();
        let count = |wanted| verdicts.iter().filter(|&&verdict| verdict == wanted).count();
        let not_run: String = self.not_run().map(|what| format!("\nnot run: {what}")).collect();
        format!(
            "{} works, {} ratios: {} within their limit, {} about at it, {} over it{not_run}",
            self.measured.len(),
            verdicts.len(),
            count(Verdict::Kept),
            count(Verdict::Open),
            count(Verdict::Over),
        )
    }

    pub(crate) fn not_run(&self) -> impl Iterator<Item = &String> {
        self.missing.iter().chain(&self.left_out)
    }
}
