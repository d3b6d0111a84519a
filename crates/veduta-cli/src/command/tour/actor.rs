//! One of the processes that the tour watches: does what it is told on standard input, one line of JSON each.

use super::pattern;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::output;
use serde::{Deserialize, Serialize};
use std::io;
use veduta::{Code, Section, View, ViewAccess};

/// What an actor can be told to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Create a section, if the name is free.
    Create {
        name: String,
        size: u64,
    },
    Open {
        name: String,
    },
    /// Write the pattern over the whole section.
    Fill,
    /// Compare the whole section with the pattern.
    Verify,
    Write {
        at: usize,
        text: String,
    },
    Read {
        at: usize,
        len: usize,
    },
    /// Write to a copy-on-write view, and read it back.
    WriteCopy {
        at: usize,
        text: String,
    },
}

/// What the actor saw.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    Created {
        size: u64,
    },
    /// Somebody has the name already.
    Taken,
    Opened {
        size: u64,
    },
    Done,
    FirstDifference(Option<u64>),
    Text(String),
    Failed(String),
}

/// The section an actor holds, and its view of all of it.
struct Held {
    section: Section,
    view: View,
}

pub(crate) fn run(context: &Context) -> Outcome {
    // When the narrator dies, however it dies, its input ends or this signal comes.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let mut held = None;
    for line in io::stdin().lines() {
        let line = line.map_err(|error| Failure::new(format!("cannot read orders: {error}")))?;
        let order = serde_json::from_str(&line)
            .map_err(|error| Failure::new(format!("this is no order: {error}")))?;
        let answer =
            follow(order, context, &mut held).unwrap_or_else(|error| Answer::Failed(error.to_string()));
        let answer = serde_json::to_string(&answer)
            .map_err(|error| Failure::new(format!("cannot answer: {error}")))?;
        output::print(|out| writeln!(out, "{answer}"))?;
    }
    Ok(ExitCode::Done)
}

fn follow(order: Order, context: &Context, held: &mut Option<Held>) -> veduta::Result<Answer> {
    match order {
        Order::Create { name, size } => match context.sections().size(size).create_new(&name) {
            Ok(section) => Ok(Answer::Created { size: hold(section, held)? }),
            Err(error) if error.code() == Code::ALREADY_EXISTS => Ok(Answer::Taken),
            Err(error) => Err(error),
        },
        Order::Open { name } => {
            let section = context.sections().open(&name)?;
            Ok(Answer::Opened { size: hold(section, held)? })
        }
        order => match held {
            Some(held) => use_section(order, held),
            None => Ok(Answer::Failed("no section is open".into())),
        },
    }
}

fn hold(section: Section, held: &mut Option<Held>) -> veduta::Result<u64> {
    let size = section.len();
    let view = section.map(ViewAccess::Write)?;
    *held = Some(Held { section, view });
    Ok(size)
}

fn use_section(order: Order, Held { section, view }: &mut Held) -> veduta::Result<Answer> {
    match order {
        Order::Create { .. } | Order::Open { .. } => unreachable!("these two need no section"),
        Order::Fill => {
            for (at, block) in pattern::blocks(view.len()) {
                view.write_at(at, &block)?;
            }
            Ok(Answer::Done)
        }
        Order::Verify => {
            for (at, block) in pattern::blocks(view.len()) {
                if let Some(difference) = view.compare_bytes(at, &block)? {
                    return Ok(Answer::FirstDifference(Some((at + difference) as u64)));
                }
            }
            Ok(Answer::FirstDifference(None))
        }
        Order::Write { at, text } => view.write_at(at, text.as_bytes()).map(|()| Answer::Done),
        Order::Read { at, len } => text_at(view, at, len),
        Order::WriteCopy { at, text } => {
            let copy = section.map(ViewAccess::Copy)?;
            copy.write_at(at, text.as_bytes())?;
            text_at(&copy, at, text.len())
        }
    }
}

fn text_at(view: &View, at: usize, len: usize) -> veduta::Result<Answer> {
    let mut bytes = vec![0; len];
    view.read_at(at, &mut bytes)?;
    Ok(Answer::Text(String::from_utf8_lossy(&bytes).into_owned()))
}
