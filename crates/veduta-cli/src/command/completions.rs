//! `veduta completions`: the completion script for a shell, from the definition of the command line itself.

use super::Verb;
use crate::cli::Cli;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Outcome;
use crate::output;
use clap::CommandFactory;
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

impl Verb for Args {
    fn run(&self, _: &Context) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "veduta", &mut script);
        output::print(|out| out.write_all(&script))?;
        Ok(ExitCode::Done)
    }
}
