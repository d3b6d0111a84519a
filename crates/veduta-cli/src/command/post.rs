//! `veduta post`: releases a semaphore.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::output;
use veduta::SyncAccess;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The semaphore's name
    name: String,
    /// How much to add to its count
    #[arg(default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    units: u32,
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        let semaphore =
            context.semaphores().access(SyncAccess::MODIFY_STATE).open(&self.name).map_err(|error| {
                Failure::of(error, || {
                    format!(
                        "a semaphore is there as long as somebody holds it: `veduta hold \"{}\" --semaphore 0`",
                        self.name
                    )
                })
            })?;
        let before = semaphore.release(self.units)?;
        output::print(|out| writeln!(out, "{before}"))?;
        Ok(ExitCode::Done)
    }
}
