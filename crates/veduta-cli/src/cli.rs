//! What can be asked on the command line. Each verb's own arguments stand beside the verb.

use crate::command::{
    Verb, completions, cp, hold, lock, ls, man, post, read, show, signal, sweep, tour, wait, write,
};
use crate::context::Context;
use crate::failure::Outcome;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Named memory, mutexes, events and semaphores that processes share, gone with the last holder.
#[derive(Debug, Parser)]
#[command(name = "veduta", bin_name = "veduta", version, max_term_width = 100, after_help = AFTER_HELP)]
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
Times: 500ms, 2s, 1.5s, 1m, 1h; a number alone is seconds.
Exit codes: 0 done, 1 expected no (no such object, time is up), 2 error; `lock` ends as its command.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show on this machine what sections and mutexes do: share by name, survive, vanish
    Tour(tour::Args),
    /// Create or open an object and keep it until input ends or a signal comes
    ///
    /// The object is a section unless --event, --semaphore or --mutex says otherwise. One that is there already is opened and
    /// stays as it is.
    ///
    /// One line on standard output, `created NAME` or `opened NAME`, says that others can use it now.
    Hold(hold::Args),
    /// Write standard input into a section
    Write(write::Args),
    /// Write a section's bytes to standard output, as a hex view on a terminal
    Read(read::Args),
    /// Run a command while holding a mutex
    ///
    /// Creates or opens the mutex, waits until it is free, owns it while the command runs, releases it, and ends as the command
    /// ended. Who else runs something under the same name waits for that long.
    ///
    /// If the owner before was killed, the mutex was abandoned: that is said, and the command finds VEDUTA_ABANDONED=1 in its
    /// environment, to check what was left half done.
    ///
    /// Signals: Ctrl-C reaches the command from the terminal; SIGTERM and SIGHUP, and a SIGINT that is not the terminal's, are
    /// passed on to it. In each case the mutex is released when the command has ended. If veduta itself is killed (SIGKILL), the
    /// mutex is abandoned at once, although the command may still run: the next one gets it, and is told. (If the command has
    /// ended too and nobody else holds or waits for the mutex, it is gone, and the next one makes a new one.)
    ///
    /// On Windows Ctrl-C and Ctrl-Break reach the command from the console; the mutex is released when it has ended.
    ///
    /// Exit codes: the command's, or 128 + n if signal n killed it; 127 no such command, 126 it cannot be run; 1 the time is up,
    /// 2 error.
    Lock(lock::Args),
    /// Wait for events, semaphores and mutexes
    ///
    /// A wait takes what it waited for: it resets an event with auto reset, and takes one from a semaphore. A mutex is acquired,
    /// and released again at once, because nobody owns it longer than the tool runs; `veduta lock` runs a command meanwhile.
    ///
    /// With several names it waits until all of them are signaled at the same time, unless --any is given.
    ///
    /// If a mutex was abandoned (its last owner was killed), that is said on standard error. It is said to the first one only.
    ///
    /// Exit codes: 0 signaled, 1 the time is up or a name is absent, 2 error.
    Wait(wait::Args),
    /// Signal an event
    ///
    /// With manual reset all that wait go on, and it stays signaled until --reset. With auto reset one goes on, and its wait
    /// resets the event; if nobody waits, it stays signaled until somebody does.
    Signal(signal::Args),
    /// Add to a semaphore's count, and print what it was before
    Post(post::Args),
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
            Command::Lock(args) => args.run(context),
            Command::Wait(args) => args.run(context),
            Command::Signal(args) => args.run(context),
            Command::Post(args) => args.run(context),
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
