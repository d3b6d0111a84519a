//! `veduta tour`: what sections and mutexes do, shown on this machine with real processes.
//!
//! Nothing is simulated: two more processes of this program act, and every line is something that was just observed.
//! The first observation that is not as it should be ends the tour with an error.

pub(crate) mod actor;
mod cast;
mod memory;
mod narrator;
mod pattern;
mod sample;
mod sharing;
mod tally;
mod turns;

use super::Verb;
use super::cp::{self, Manner, Progress};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::quantity::{Bytes, Rate, parse_bytes};
use crate::signals::Stop;
use narrator::Narrator;
use std::path::PathBuf;
use std::time::Instant;
use tempfile::TempDir;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Copy this file, instead of one made on the spot
    #[arg(long)]
    file: Option<PathBuf>,
    /// Size of the file made on the spot
    #[arg(long, value_parser = parse_bytes, value_name = "SIZE", default_value = "1GiB")]
    file_size: u64,
    /// Size of the section that the processes share
    #[arg(long, value_parser = parse_bytes, value_name = "SIZE", default_value = "256MiB")]
    section_size: u64,
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        if self.section_size < sharing::SMALLEST {
            return Err(Failure::new(format!(
                "the tour needs a section of at least {}",
                Bytes(sharing::SMALLEST)
            ))
            .hint("smaller ones do not stand out from what else uses memory on the machine"));
        }
        if context.is_private() {
            return Err(Failure::new("the tour takes place in Local\\, not in a private directory").hint(
                "bytes in a private directory are files there, and killed processes leave them to the next sweep",
            ));
        }
        let stop = Stop::on_signals()?;
        let mut narrator = Narrator::default();
        narrator.greet(std::process::id())?;
        sharing::show(context, &mut narrator, self.section_size, &stop)?;
        turns::show(context, &mut narrator, &stop)?;
        self.show_copy(context, &mut narrator, &stop)?;
        narrator.finish()?;
        Ok(ExitCode::Done)
    }
}

impl Args {
    fn show_copy(&self, context: &Context, narrator: &mut Narrator, stop: &Stop) -> Outcome<()> {
        // Removed with all that is in it when this function is left, whichever way.
        let directory = TempDir::with_prefix("veduta-tour.")
            .map_err(|error| Failure::at("make a directory in", &std::env::temp_dir(), &error))?;

        narrator.step("A file is copied through mapped views")?;
        let source = match &self.file {
            Some(file) => file.clone(),
            None => {
                let path = directory.path().join("source");
                let start = Instant::now();
                let hole = sample::make(&path, self.file_size, stop)?;
                let time = start.elapsed().as_secs_f64();
                narrator.tell(
                    "made",
                    format!(
                        "{}, {} of it never written, on the disk in {time:.2} s",
                        Bytes(self.file_size),
                        Bytes(hole)
                    ),
                )?;
                path
            }
        };
        narrator.tell("from", source.display().to_string())?;
        let destination = directory.path().join("copy");
        let copied = cp::copy(&source, &destination, Manner::COPYING, Progress::new(context.quiet), stop)?;
        let rate = Rate { bytes: copied.data, time: copied.time };
        narrator.check(
            "copied",
            format!("{} in {:.2} s: {rate}", Bytes(copied.data), copied.time.as_secs_f64()),
            copied.data <= copied.size,
        )?;

        // Read on both sides: what went through views is not checked through views.
        let start = Instant::now();
        let compared = sample::compare(&source, &destination, stop)?;
        let rate = Rate { bytes: compared.equal, time: start.elapsed() };
        narrator.check(
            "compared",
            match compared.difference {
                None => format!("all {} bytes are equal ({rate})", compared.equal),
                Some(at) => format!("the files differ at byte {at}"),
            },
            compared.difference.is_none(),
        )?;
        let [before, after] = [&source, &destination].map(|path| sample::room(path));
        let (before, after) = (before?, after?);
        narrator.check(
            "room",
            format!("source {}, copy {}", Bytes(before), Bytes(after)),
            after <= before.max(copied.data) + sample::SLACK,
        )
    }
}
