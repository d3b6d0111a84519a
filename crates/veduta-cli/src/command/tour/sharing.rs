//! The part of the tour about a section that two processes share, and what becomes of it when they are killed.

use super::actor::{Answer, Order};
use super::cast::Actor;
use super::memory::{Change, Shared};
use super::narrator::Narrator;
use crate::context::Context;
use crate::failure::Outcome;
use crate::quantity::Bytes;
use crate::signals::Stop;
use veduta::{Code, ObjectInfo};

/// The smallest section whose memory stands out from the noise.
pub(super) const SMALLEST: u64 = 16 << 20;

const PAGE: u64 = 4096;
const NAME: &str = "Tour";
const GREETING_AT: usize = 0x1000;
const REPLY_AT: usize = 0x2000;
const NOT_TOLD: &str = "how much of it is in use, the system does not tell";

/// Everything the steps have in common.
struct Stage<'a> {
    context: &'a Context,
    narrator: &'a mut Narrator,
    name: String,
    size: u64,
}

/// Shows the life of a section of `size` bytes.
pub(super) fn show(context: &Context, narrator: &mut Narrator, size: u64, stop: &Stop) -> Outcome<()> {
    let mut stage = Stage { context, narrator, name: NAME.into(), size };

    stage.narrator.step("The first process makes a section and gives it a name")?;
    let mut first = Actor::start("first", stop)?;
    stage.create(&mut first)?;

    stage.narrator.step("The second opens it by name, and data goes both ways")?;
    let mut second = Actor::start("second", stop)?;
    stage.exchange(&mut first, &mut second)?;

    stage.narrator.step("A copy-on-write view leaves the original alone")?;
    stage.copy_on_write(&mut first, &mut second)?;

    stage.narrator.step("The second is killed: name and bytes stay")?;
    stage.kill_second(&mut first, &mut second)?;

    stage.narrator.step("The first is killed too: name and bytes are gone")?;
    stage.kill_first(&mut first)
}

impl Stage<'_> {
    fn create(&mut self, first: &mut Actor) -> Outcome<()> {
        let before = Shared::now()?;
        let mut answer = first.ask(&Order::Create { name: self.name.clone(), size: self.size })?;
        if answer == Answer::Taken {
            self.name = format!("{NAME}-{}", std::process::id());
            self.narrator
                .tell("taken", format!("{NAME}, by somebody else: this tour takes {}", self.name))?;
            answer = first.ask(&Order::Create { name: self.name.clone(), size: self.size })?;
        }
        let info = self.object()?;
        self.name.clone_from(&info.name);
        self.narrator.check(
            "created",
            format!("{}, {}", info.name, Bytes(info.size)),
            answer == Answer::Created { size: self.size } && info.size == self.size,
        )?;
        self.check_held("held by", &[first])?;

        first.ask(&Order::Fill)?;
        self.check_resident(Change::since(before)?)
    }

    fn exchange(&mut self, first: &mut Actor, second: &mut Actor) -> Outcome<()> {
        let answer = second.ask(&Order::Open { name: self.name.clone() })?;
        self.narrator.check(
            "opened",
            match answer {
                Answer::Opened { size } => format!("{}, {}", self.name, Bytes(size)),
                _ => format!("{answer:?}"),
            },
            answer == Answer::Opened { size: self.size },
        )?;
        self.check_held("held by", &[first, second])?;

        let answer = second.ask(&Order::Verify)?;
        self.narrator.check(
            "seen",
            match answer {
                Answer::FirstDifference(None) => format!("all {} bytes that the first wrote", self.size),
                _ => format!("something else than the first wrote: {answer:?}"),
            },
            answer == Answer::FirstDifference(None),
        )?;
        self.pass(first, second, GREETING_AT)?;
        self.pass(second, first, REPLY_AT)
    }

    /// One process writes, the other reads it.
    fn pass(&mut self, from: &mut Actor, to: &mut Actor, at: usize) -> Outcome<()> {
        let text = greeting(from);
        from.ask(&Order::Write { at, text: text.clone() })?;
        let seen = to.ask(&Order::Read { at, len: text.len() })?;
        let observed = format!("{} writes \"{text}\", {} reads {}", from.role, to.role, quoted(&seen));
        self.narrator.check("passed", observed, seen == Answer::Text(text))
    }

    fn copy_on_write(&mut self, first: &mut Actor, second: &mut Actor) -> Outcome<()> {
        let text = "scribbled over".to_owned();
        let copy = second.ask(&Order::WriteCopy { at: GREETING_AT, text: text.clone() })?;
        let observed =
            format!("{} writes over it in a copy-on-write view, and reads {}", second.role, quoted(&copy));
        self.narrator.check("copy", observed, copy == Answer::Text(text))?;

        let original = greeting(first);
        for actor in [first, second] {
            let seen = actor.ask(&Order::Read { at: GREETING_AT, len: original.len() })?;
            let observed = format!("{} reads {} in the shared one", actor.role, quoted(&seen));
            self.narrator.check("original", observed, seen == Answer::Text(original.clone()))?;
        }
        Ok(())
    }

    fn kill_second(&mut self, first: &mut Actor, second: &mut Actor) -> Outcome<()> {
        self.check_held("before", &[first, second])?;
        let before = Shared::now()?;
        self.kill(second)?;
        self.check_held("after", &[first])?;
        self.check_resident(Change::since(before)?)?;

        let text = greeting(second);
        let seen = first.ask(&Order::Read { at: REPLY_AT, len: text.len() })?;
        let observed = format!("{} reads {}, which {} wrote", first.role, quoted(&seen), second.role);
        self.narrator.check("kept", observed, seen == Answer::Text(text))
    }

    fn kill_first(&mut self, first: &mut Actor) -> Outcome<()> {
        self.check_held("before", &[first])?;
        let before = Shared::now()?;
        self.kill(first)?;
        let change = Change::freed(before, self.size)?;
        let found = self.context.object(&self.name);
        let observed = self.or_code(&found, |info| format!("{} bytes", info.size));
        self.narrator.check("after", observed, absent(&found))?;
        match change {
            Some(change) => {
                self.narrator.check("memory", format!("{change}: all freed"), change.frees(self.size))?;
            }
            None => self.narrator.tell("memory", NOT_TOLD)?,
        }

        let opened = self.context.sections().open(&self.name);
        self.narrator.check("open", self.or_code(&opened, |_| "opened".into()), absent(&opened))?;

        let (listed, places) = look_everywhere(self.context, &[&self.name])?;
        let observed =
            if listed { format!("the name, in {places}") } else { format!("nothing, in {places}") };
        self.narrator.check("left", observed, !listed)
    }

    fn kill(&mut self, actor: &mut Actor) -> Outcome<()> {
        let end = actor.kill()?;
        self.narrator.check_killed(actor, end)
    }

    /// Checks that the object is held by these actors and by nobody else.
    fn check_held(&mut self, label: &str, expected: &[&Actor]) -> Outcome<()> {
        let info = self.object()?;
        let holders: Vec<String> = info
            .holders
            .iter()
            .map(|holder| {
                let actor = expected.iter().find(|actor| actor.pid() == holder.pid);
                format!(
                    "{} ({}, {})",
                    actor.map_or("somebody", |actor| actor.role),
                    holder.pid,
                    holder.access
                )
            })
            .collect();
        let mut pids: Vec<u32> = info.holders.iter().map(|holder| holder.pid).collect();
        let mut expected: Vec<u32> = expected.iter().map(|actor| actor.pid()).collect();
        pids.sort_unstable();
        expected.sort_unstable();

        let observed = match label {
            "held by" => holders.join(", "),
            _ => format!("{} is held by {}", info.name, holders.join(", ")),
        };
        self.narrator.check(label, observed, pids == expected && !info.unseen_holders)
    }

    /// Checks that all of the section is in memory. What the whole machine uses is told only: others use it too.
    fn check_resident(&mut self, change: Option<Change>) -> Outcome<()> {
        let machine = change.map_or_else(String::new, |change| format!("; {change}"));
        match self.object()?.resident {
            Some(bytes) => {
                let observed = format!("{} resident{machine}", Bytes(bytes));
                self.narrator.check("memory", observed, bytes == self.size.next_multiple_of(PAGE))
            }
            None => self.narrator.tell("memory", format!("{NOT_TOLD}{machine}")),
        }
    }

    fn object(&self) -> Outcome<ObjectInfo> {
        Ok(self.context.object(&self.name)?)
    }

    fn or_code<T>(&self, result: &veduta::Result<T>, show: impl FnOnce(&T) -> String) -> String {
        match result {
            Ok(value) => format!("{}: {}", self.name, show(value)),
            Err(error) => format!("{}: {} ({})", self.name, error.code().message(), error.code()),
        }
    }
}

impl Drop for Stage<'_> {
    /// Leaves nothing when the tour broke off: the actors, made after the stage, are dead by now, and opening a name
    /// that nobody holds removes it.
    fn drop(&mut self) {
        drop(self.context.sections().open(&self.name));
    }
}

/// Whether a namespace still knows one of the names, held or not, and where that was looked for.
pub(super) fn look_everywhere(context: &Context, names: &[&str]) -> Outcome<(bool, String)> {
    let mut known = false;
    let mut places = Vec::new();
    let (namespaces, rest) = context.namespaces()?;
    rest?;
    for namespace in namespaces {
        let listing = namespace.objects()?;
        let mut listed = listing.objects.iter().map(|info| &info.name).chain(&listing.stale);
        known |= listed.any(|name| names.contains(&name.as_str()));
        places.push(namespace.path().display().to_string());
    }
    Ok((known, places.join(" and ")))
}

fn greeting(from: &Actor) -> String {
    format!("greetings from {}", from.pid())
}

fn quoted(answer: &Answer) -> String {
    match answer {
        Answer::Text(text) => format!("\"{text}\""),
        other => format!("{other:?}"),
    }
}

fn absent<T>(result: &veduta::Result<T>) -> bool {
    result.as_ref().is_err_and(|error| error.code() == Code::FILE_NOT_FOUND)
}
