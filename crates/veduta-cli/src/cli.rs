//! What can be asked on the command line. Each verb's own arguments stand beside the verb.

use crate::command::{Verb, completions, cp, hold, ls, man, read, show, sweep, tour, write};
use crate::context::Context;
use crate::failure::Outcome;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Named sections that processes share, as on Windows: memory that goes when the last holder goes.
#[derive(Debug, Parser)]
#[command(name = "veduta", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// Use a private directory of names instead of Local\ and Global\
    #[arg(long, global = true, value_name = "DIR", display_order = 100)]
    pub(crate) namespace: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long, global = true, display_order = 101)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Names: X or Local\\X is this user's, Global\\X is everyone's on the machine.
Sizes and offsets: 65536, 0x1000, 64K, 64KiB, 1GiB (powers of 1024), 64KB (powers of 1000).
Exit codes: 0 done, 1 expected no (no such object), 2 error.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show on this machine what sections do: share by name, survive, vanish
    Tour(tour::Args),
    /// Create or open a section and keep it until input ends or a signal comes
    Hold(hold::Args),
    /// Write standard input into a section
    Write(write::Args),
    /// Write a section's bytes to standard output, as a hex view on a terminal
    Read(read::Args),
    /// List the objects that somebody holds
    Ls(ls::Args),
    /// Show all that is known of one object
    Show(show::Args),
    /// Copy a file through mapped views
    Cp(cp::Args),
    /// Remove what killed processes left
    Sweep(sweep::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Print the manual page
    Man,
    /// One of the processes that the tour watches
    #[command(hide = true)]
    TourActor,
}

impl Command {
    pub(crate) fn run(&self, context: &Context) -> Outcome {
        match self {
            Command::Tour(args) => args.run(context),
            Command::Hold(args) => args.run(context),
            Command::Write(args) => args.run(context),
            Command::Read(args) => args.run(context),
            Command::Ls(args) => args.run(context),
            Command::Show(args) => args.run(context),
            Command::Cp(args) => args.run(context),
            Command::Sweep(args) => args.run(context),
            Command::Completions(args) => args.run(context),
            Command::Man => man::run(),
            Command::TourActor => tour::actor::run(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
