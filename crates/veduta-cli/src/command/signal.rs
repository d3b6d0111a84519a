//! `veduta signal`: signals an event.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::output::escape;
use veduta::SyncAccess;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The event's name
    name: String,
    /// Make it unsignaled instead
    #[arg(long, conflicts_with = "pulse")]
    reset: bool,
    /// Let go only those who wait at this moment, and leave it unsignaled
    #[arg(long)]
    pulse: bool,
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        let event = context.events().access(SyncAccess::MODIFY_STATE).open(&self.name).map_err(|error| {
            Failure::of(error, || {
                format!(
                    "an event is there as long as somebody holds it: `veduta hold \"{}\" --event`",
                    self.name
                )
            })
        })?;
        let name = escape(&event.name().map_or_else(|| self.name.clone(), ToString::to_string));
        if self.reset {
            event.reset()?;
            context.say(format_args!("{name} is not signaled any more"));
        } else if self.pulse {
            event.pulse()?;
            context.say(format_args!("pulsed {name}"));
        } else {
            event.set()?;
            context.say(format_args!("signaled {name}"));
        }
        Ok(ExitCode::Done)
    }
}
