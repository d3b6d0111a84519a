//! What is done, one file per subject.

mod events;
mod mutexes;
mod names;
mod ring;
mod views;
mod waits;

use crate::contest::Bench;

pub(crate) fn all(bench: &mut Bench) {
    names::all(bench);
    views::all(bench);
    events::all(bench);
    ring::all(bench);
    mutexes::all(bench);
    waits::all(bench);
}
