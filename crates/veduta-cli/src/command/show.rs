//! `veduta show`: all that is known of one object.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Outcome;
use crate::output::object::{self, Object};
use crate::output::{self, escape, style};
use crate::quantity::Bytes;
use veduta::ObjectInfo;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The object's name
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        let info = context.object(&self.name)?;
        if self.json {
            output::print_json(&Object::from(&info))?;
        } else {
            print(&info)?;
        }
        Ok(ExitCode::Done)
    }
}

fn print(info: &ObjectInfo) -> Outcome<()> {
    let mut facts = vec![("name", escape(&info.name)), ("kind", info.kind.to_string())];
    if object::is_section(info) {
        facts.extend([
            ("size", format!("{} ({} bytes)", Bytes(info.size), info.size)),
            ("resident", object::resident(info)),
            ("protection", info.protection.to_string()),
            ("bytes in", escape(&info.backing.to_string())),
        ]);
    } else {
        facts.push(("state", object::state(info)));
    }
    facts.extend([
        ("owner", object::owner(info)),
        ("created", format!("{} ({} ago)", object::created(info), object::age(info))),
    ]);
    facts.extend(info.holders.iter().map(|holder| ("holder", object::holder(holder))));
    if info.unseen_holders {
        facts.push(("holder", "somebody that may not be seen from here".into()));
    }
    let faint = style::FAINT;
    output::print(|out| {
        facts.iter().try_for_each(|(label, fact)| writeln!(out, "{faint}{label:<10}{faint:#}  {fact}"))
    })
}
