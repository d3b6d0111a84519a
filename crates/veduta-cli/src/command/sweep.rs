//! `veduta sweep`: removes what killed processes left, and says what it was.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Outcome;
use crate::output::{self, escape};
use crate::quantity::Bytes;
use veduta::{Sweep, SweepMode};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        let mode = if self.dry_run { SweepMode::DryRun } else { SweepMode::Remove };
        let (mut swept, mut problems) = (Vec::new(), Vec::new());
        let (namespaces, rest) = context.namespaces()?;
        for namespace in namespaces {
            let Sweep { removed, problems: bad, .. } = namespace.sweep(mode)?;
            swept.extend(removed);
            problems.extend(bad);
        }

        let verb = if self.dry_run { "would remove" } else { "removed" };
        output::print(|out| {
            swept.iter().try_for_each(|one| {
                let kind = one.kind.map_or_else(|| "unfinished entry".into(), |kind| kind.to_string());
                writeln!(out, "{verb} {}  {kind}, {}", escape(&one.name), Bytes(one.bytes))
            })
        })?;
        let bytes = swept.iter().map(|one| one.bytes).sum();
        context.say(format_args!("{verb} {}, {}", counted(swept.len(), "name"), Bytes(bytes)));

        for problem in &problems {
            let error = problem.error.to_string();
            context.say(format_args!("not removed: {}: {}", escape(&problem.file_name), escape(&error)));
        }
        rest?;
        Ok(if problems.is_empty() { ExitCode::Done } else { ExitCode::No })
    }
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
