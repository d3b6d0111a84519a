//! A run as one reads it: a table, plots, and the raw data.

mod machine;
mod page;
mod plot;
mod raw;

use crate::results::Outcome;
use std::io;
use std::path::Path;

/// Writes all of it into a directory.
pub(crate) fn write(directory: &Path, outcome: &Outcome) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    raw::write(&directory.join("raw.csv"), outcome)?;
    let plots = plot::draw_all(directory, outcome)?;
    std::fs::write(directory.join("README.md"), page::text(outcome, &plots))
}
