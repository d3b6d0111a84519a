//! `veduta ls`: every object that somebody holds.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Outcome;
use crate::output::object::{self, Object};
use crate::output::table::{Align, Table};
use crate::output::{self, escape};
use crate::quantity::Bytes;
use serde::Serialize;
use veduta::{Listing, ObjectInfo, Problem};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `ls --json` prints.
#[derive(Debug, Serialize)]
struct JsonListing {
    objects: Vec<Object>,
    /// Names that nobody holds any more.
    stale: Vec<String>,
    problems: Vec<JsonProblem>,
}

#[derive(Debug, Serialize)]
struct JsonProblem {
    file_name: String,
    error: String,
    code: u32,
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        let (mut objects, mut stale, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        let (namespaces, rest) = context.namespaces()?;
        for namespace in namespaces {
            let Listing { objects: live, stale: dead, problems: bad, .. } = namespace.objects()?;
            objects.extend(live);
            stale.extend(dead);
            problems.extend(bad);
        }
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        stale.sort();
        if self.json {
            output::print_json(&JsonListing {
                objects: objects.iter().map(Object::from).collect(),
                stale,
                problems: problems.iter().map(JsonProblem::from).collect(),
            })?;
        } else {
            print_table(&objects)?;
            say_rest(context, stale.len(), &problems);
        }
        rest.map(|()| ExitCode::Done)
    }
}

impl From<&Problem> for JsonProblem {
    fn from(problem: &Problem) -> JsonProblem {
        JsonProblem {
            file_name: problem.file_name.clone(),
            error: problem.error.to_string(),
            code: problem.error.code().get(),
        }
    }
}

fn print_table(objects: &[ObjectInfo]) -> Outcome<()> {
    use Align::{Left, Right};
    let mut table = Table::new([
        ("NAME", Left),
        ("KIND", Left),
        ("SIZE", Right),
        ("RESIDENT", Right),
        ("PROTECTION", Left),
        ("STATE", Left),
        ("OWNER", Left),
        ("AGE", Right),
        ("HOLDERS", Left),
    ]);
    for info in objects {
        let [size, resident, protection] = match object::is_section(info) {
            true => [Bytes(info.size).to_string(), object::resident(info), info.protection.to_string()],
            false => [object::NONE; 3].map(str::to_owned),
        };
        table.row([
            escape(&info.name),
            info.kind.to_string(),
            size,
            resident,
            protection,
            object::state_in_short(info),
            object::owner(info),
            object::age(info),
            object::holders(info),
        ]);
    }
    output::print(|out| table.write(out))
}

fn say_rest(context: &Context, stale: usize, problems: &[Problem]) {
    match stale {
        0 => {}
        1 => context.say(format_args!("1 more name that nobody holds; `veduta sweep` removes it")),
        _ => context.say(format_args!("{stale} more names that nobody holds; `veduta sweep` removes them")),
    }
    for problem in problems {
        let error = problem.error.to_string();
        context.say(format_args!("not listed: {}: {}", escape(&problem.file_name), escape(&error)));
    }
}
