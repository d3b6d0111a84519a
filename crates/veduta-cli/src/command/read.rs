//! `veduta read`: a section's bytes to standard output.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::output::hex::HexView;
use crate::quantity::{Bytes, parse_bytes};
use crate::ranges::{WINDOW, pieces, within};
use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use veduta::{Section, SectionAccess, ViewAccess};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The section's name
    name: String,
    /// Where to begin
    #[arg(long, value_parser = parse_bytes, value_name = "OFFSET", default_value = "0")]
    at: u64,
    /// How many bytes; to the end without it, or the first 4 KiB in a hex view
    #[arg(long, value_parser = parse_bytes, value_name = "LENGTH")]
    len: Option<u64>,
    /// Show hex also where the output is no terminal
    #[arg(long)]
    hex: bool,
}

/// What a hex view shows when nobody says how much: a few screens.
const GLANCE: u64 = 4096;

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        let access = SectionAccess::QUERY | SectionAccess::READ;
        let section = context.sections().access(access).open(&self.name)?;
        let range = within(section.len(), self.at, self.len)?;
        // Not through anstream, which would take the bytes for text.
        let mut out = io::stdout().lock();
        if !self.hex && !out.is_terminal() {
            for_each_piece(&section, range, |_, bytes| out.write_all(bytes))?;
            out.flush().map_err(Failure::output)?;
            return Ok(ExitCode::Done);
        }

        let shown = match self.len {
            Some(_) => range.clone(),
            None => range.start..range.end.min(range.start.saturating_add(GLANCE)),
        };
        let mut out = io::BufWriter::new(out);
        let mut hex = HexView::default();
        for_each_piece(&section, shown.clone(), |offset, bytes| hex.write(&mut out, offset, bytes))?;
        hex.finish(&mut out, shown.end).and_then(|()| out.flush()).map_err(Failure::output)?;
        if shown.end < range.end {
            context.say(format_args!("{} more; --len says how much to show", Bytes(range.end - shown.end)));
        }
        Ok(ExitCode::Done)
    }
}

/// Calls `write` with the bytes of `range` in order, each piece with its offset in the section.
fn for_each_piece(
    section: &Section,
    range: Range<u64>,
    mut write: impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> Outcome<()> {
    let mut buffer = vec![0; 256 << 10];
    for window in pieces(range, WINDOW) {
        let length = window.end - window.start;
        let view = section.view().access(ViewAccess::Read).offset(window.start).len(length).map()?;
        for at in (0..view.len()).step_by(buffer.len()) {
            let count = buffer.len().min(view.len() - at);
            let piece = &mut buffer[..count];
            view.read_at(at, piece)?;
            write(window.start + at as u64, piece).map_err(Failure::output)?;
        }
    }
    Ok(())
}
