//! `veduta hold`: creates or opens an object, and keeps it.

mod section;
mod sync;

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::os::signals::UntilTold;
use crate::output::{self, escape};
use crate::quantity::parse_bytes;
use crate::signals::refused;
use clap::builder::NonEmptyStringValueParser;
use section::Protect;
use std::any::Any;
use std::path::PathBuf;
use sync::{Count, Resets};
use veduta::Disposition;

const SYNC: [&str; 3] = ["event", "semaphore", "mutex"];

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("kind").args(SYNC))]
pub(crate) struct Args {
    /// The object's name, such as Local\Frames
    // Without a name nobody else could open it.
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// The section's size; with a file, that of the file unless given, and a larger one makes the file longer
    #[arg(long, value_parser = parse_bytes, required_unless_present_any = ["file", "kind"], conflicts_with = "kind")]
    size: Option<u64>,
    /// The file that holds the section's bytes, instead of memory
    #[arg(long, conflicts_with = "kind")]
    file: Option<PathBuf>,
    /// What views of the section may do: read, read and write, or write to copies of their own
    #[arg(long, value_enum, default_value = "rw", conflicts_with = "kind")]
    protect: Protect,
    /// Hold an event, which the wait that it ends makes unsignaled (auto), or only `veduta signal --reset` (manual)
    #[arg(long, value_enum, value_name = "RESET", num_args = 0..=1, require_equals = true, default_missing_value = "auto")]
    event: Option<Resets>,
    /// A new event is signaled
    #[arg(long, requires = "event", conflicts_with_all = ["semaphore", "mutex"])]
    signaled: bool,
    /// Hold a semaphore that begins with COUNT, of at most MAX
    #[arg(long, value_name = "COUNT[/MAX]")]
    semaphore: Option<Count>,
    /// Hold a mutex, without owning it
    #[arg(long)]
    mutex: bool,
}

/// What is held, with what there is to say of it.
struct Held {
    object: Box<dyn Any>,
    name: Option<String>,
    disposition: Disposition,
    /// What it is: `section, ReadWrite, 64 KiB`.
    what: String,
    /// What was asked for, if that is not what was there.
    asked: Option<String>,
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        // Watched from the start, so that no signal comes too early to be an orderly end.
        let until_told = UntilTold::watch().map_err(refused)?;
        let Held { object, name, disposition, what, asked } = match self {
            Args { event: Some(reset), .. } => sync::event(context, &self.name, *reset, self.signaled)?,
            Args { semaphore: Some(count), .. } => sync::semaphore(context, &self.name, *count)?,
            Args { mutex: true, .. } => sync::mutex(context, &self.name)?,
            _ => section::hold(context, self)?,
        };

        // One line for scripts: once it is there, others can open the name.
        let verb = match disposition {
            Disposition::Created => "created",
            Disposition::Opened => "opened",
        };
        let name = name.unwrap_or_else(|| self.name.clone());
        output::print(|out| writeln!(out, "{verb} {}", escape(&name)))?;
        if let Some(asked) = asked {
            context.say(format_args!(
                "it was there already and stays as it is: {what}, not the {asked} asked for"
            ));
        }
        context.say(format_args!("holding it ({what}) until standard input ends or a signal comes"));
        until_told.wait().map_err(|error| Failure::cannot("wait", &error))?;
        drop(object);
        Ok(ExitCode::Done)
    }
}
