//! What is done, one file per subject.

mod names;
mod views;

use crate::contest::Bench;

pub(crate) fn all(bench: &mut Bench) {
    names::all(bench);
    views::all(bench);
}
