//! The command line tool `veduta`: named memory, mutexes, events and semaphores that processes share, and copies through mapped
//! views.

mod cli;
mod command;
mod context;
mod exit_code;
mod failure;
mod interrupt;
mod os;
mod output;
mod quantity;
mod ranges;
mod signals;

use clap::Parser;
use cli::Cli;
use context::Context;

fn main() {
    let Cli { namespace, quiet, command } = Cli::parse();
    let outcome = Context::new(namespace.as_deref(), quiet).and_then(|context| command.run(&context));
    // Not returned from here: what std takes there is one byte, and a command on Windows may end with four.
    std::process::exit(exit_code::conclude(outcome))
}
