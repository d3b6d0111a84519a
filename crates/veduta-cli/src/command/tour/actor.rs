//! One of the processes that the tour watches: does what it is told on standard input, one line of JSON each.

use super::pattern;
use super::tally::{Counts, Tally};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::os::processes;
use crate::output;
use serde::{Deserialize, Serialize};
use std::io;
use std::time::SystemTime;
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
    /// Create counters and the mutex for them, if the names are free.
    CreateTally {
        counters: String,
        mutex: String,
    },
    OpenTally {
        counters: String,
        mutex: String,
    },
    /// Count so often.
    Count {
        times: u64,
    },
    /// Acquire the mutex, keep it, and do half of what counting is.
    CountHalf,
    /// Acquire the mutex, and keep it.
    Acquire,
    /// Repair the counters, and release the mutex.
    Repair,
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
    Counted {
        counts: Counts,
        /// How often it was not its turn.
        waits: u64,
    },
    Acquired {
        abandoned: bool,
        at: SystemTime,
    },
    Failed(String),
}

/// What an actor holds.
#[derive(Default)]
struct Props {
    held: Option<Held>,
    tally: Option<Tally>,
}

/// The section an actor holds, and its view of all of it.
struct Held {
    section: Section,
    view: View,
}

pub(crate) fn run(context: &Context) -> Outcome {
    // When the narrator dies, however it dies, its orders end, too.
    processes::end_with_parent();
    let mut props = Props::default();
    for line in io::stdin().lines() {
        let line = line.map_err(|error| Failure::new(format!("cannot read orders: {error}")))?;
        let order = serde_json::from_str(&line)
            .map_err(|error| Failure::new(format!("this is no order: {error}")))?;
        let answer =
            follow(order, context, &mut props).unwrap_or_else(|error| Answer::Failed(error.to_string()));
        let answer = serde_json::to_string(&answer)
            .map_err(|error| Failure::new(format!("cannot answer: {error}")))?;
        output::print(|out| writeln!(out, "{answer}"))?;
    }
    Ok(ExitCode::Done)
}

fn follow(order: Order, context: &Context, props: &mut Props) -> veduta::Result<Answer> {
    let Props { held, tally } = props;
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
        Order::CreateTally { counters, mutex } => match Tally::create(context, &counters, &mutex) {
            Ok(created) => {
                *tally = Some(created);
                Ok(Answer::Done)
            }
            Err(error) if error.code() == Code::ALREADY_EXISTS => Ok(Answer::Taken),
            Err(error) => Err(error),
        },
        Order::OpenTally { counters, mutex } => {
            *tally = Some(Tally::open(context, &counters, &mutex)?);
            Ok(Answer::Done)
        }
        Order::Count { .. } | Order::CountHalf | Order::Acquire | Order::Repair => match tally {
            Some(tally) => use_tally(order, tally),
            None => Ok(Answer::Failed("no counters are open".into())),
        },
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
        _ => unreachable!("the others need no section"),
    }
}

fn use_tally(order: Order, tally: &Tally) -> veduta::Result<Answer> {
    let mut waits = 0;
    match order {
        Order::Count { times } => waits = tally.count(times)?,
        Order::CountHalf => tally.count_half()?,
        Order::Acquire => {
            let (abandoned, at) = tally.acquire()?;
            return Ok(Answer::Acquired { abandoned, at });
        }
        Order::Repair => tally.repair()?,
        _ => unreachable!("the others need no counters"),
    }
    Ok(Answer::Counted { counts: tally.counts()?, waits })
}

fn text_at(view: &View, at: usize, len: usize) -> veduta::Result<Answer> {
    let mut bytes = vec![0; len];
    view.read_at(at, &mut bytes)?;
    Ok(Answer::Text(String::from_utf8_lossy(&bytes).into_owned()))
}
