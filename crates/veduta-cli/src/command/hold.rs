//! `veduta hold`: creates or opens a section, and keeps it.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::output::{self, escape};
use crate::quantity::{Bytes, parse_bytes};
use crate::signals;
use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use veduta::{Disposition, Protection};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The section's name, such as Local\Frames
    // Without a name nobody else could open it.
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// Its size; with a file, that of the file unless given, and a larger one makes the file longer
    #[arg(long, value_parser = parse_bytes, required_unless_present = "file")]
    size: Option<u64>,
    /// The file that holds its bytes, instead of memory
    #[arg(long)]
    file: Option<PathBuf>,
    /// What views may do: read, read and write, or write to copies of their own
    #[arg(long, value_enum, default_value = "rw")]
    protect: Protect,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Protect {
    Ro,
    Rw,
    Wc,
}

impl From<Protect> for Protection {
    fn from(protect: Protect) -> Protection {
        match protect {
            Protect::Ro => Protection::ReadOnly,
            Protect::Rw => Protection::ReadWrite,
            Protect::Wc => Protection::WriteCopy,
        }
    }
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        // Watched from the start, so that no signal comes too early to be an orderly end.
        let signals = signals::readable_on_signals()?;
        let file = self.file.as_deref().map(|path| self.open(path)).transpose()?;

        let mut options = context.sections();
        options.protection(self.protect.into()).size(self.size.unwrap_or(0));
        if let Some(file) = &file {
            options.file(file);
        }
        let (section, disposition) = options.create(&self.name)?;

        let name = section.name().map_or_else(|| self.name.clone(), ToString::to_string);
        let size = section.len();
        // One line for scripts: once it is there, others can open the name.
        let verb = match disposition {
            Disposition::Created => "created",
            Disposition::Opened => "opened",
        };
        output::print(|out| writeln!(out, "{verb} {}", escape(&name)))?;
        if let Some(asked) = self.size.filter(|asked| *asked != size) {
            context.say(format_args!(
                "it was there already and stays as it is: {}, not the {} asked for",
                Bytes(size),
                Bytes(asked)
            ));
        }
        context.say(format_args!(
            "holding {} ({}) until standard input ends or a signal comes",
            Bytes(size),
            section.protection()
        ));
        wait(&signals)?;
        Ok(ExitCode::Done)
    }
}

impl Args {
    fn open(&self, path: &Path) -> Outcome<File> {
        let write = matches!(self.protect, Protect::Rw);
        File::options().read(true).write(write).open(path).map_err(|error| {
            let failure = Failure::at("open file", path, &error);
            match error.kind() {
                io::ErrorKind::NotFound => failure.hint("`veduta hold` makes no files"),
                io::ErrorKind::PermissionDenied if write => {
                    failure.hint("--protect ro or wc needs the right to read only")
                }
                _ => failure,
            }
        })
    }
}

/// Returns when standard input ends or `signals` becomes readable.
fn wait(signals: &impl AsFd) -> Outcome<()> {
    let mut input = io::stdin().lock();
    let mut discarded = [0; 4096];
    loop {
        let stdin = io::stdin();
        let mut ready = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(signals, PollFlags::IN)];
        match poll(&mut ready, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(Failure::new(format!("cannot wait: {error}"))),
            Ok(_) => {}
        }
        let [input_ready, signal_ready] = ready.map(|fd| !fd.revents().is_empty());
        if signal_ready {
            return Ok(());
        }
        if input_ready {
            match input.read(&mut discarded) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The end. An input that cannot be read, as when none was given, has ended too.
                Ok(0) | Err(_) => return Ok(()),
            }
        }
    }
}
