//! Every turn, for who wants to look closer.

use crate::results::Outcome;
use serde::Serialize;
use std::io;
use std::path::Path;

#[derive(Serialize)]
struct Turn<'a> {
    group: &'a str,
    work: &'a str,
    among: &'a str,
    count: u64,
    peer: String,
    round: usize,
    nanoseconds: String,
}

pub(crate) fn write(path: &Path, outcome: &Outcome) -> io::Result<()> {
    let mut file = csv::Writer::from_path(path)?;
    for measured in &outcome.measured {
        let work = &measured.work;
        let (among, count) = work.among.unwrap_or_default();
        for (peer, samples) in &measured.entrants {
            for (round, nanoseconds) in samples.iter().enumerate() {
                let nanoseconds = format!("{nanoseconds:.1}");
                let (group, peer) = (work.group, peer.to_string());
                file.serialize(Turn { group, work: work.title, among, count, peer, round, nanoseconds })?;
            }
        }
    }
    file.flush()
}
