//! The part of the tour about a section that two processes share, and what becomes of it when they are killed.

use super::actor::{Answer, Order};
use super::cast::Actor;
use super::memory::{self, Change};
use super::narrator::Narrator;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::object;
use crate::quantity::Bytes;
use crate::signals::Stop;
use veduta::{Code, ObjectInfo};

/// The smallest section whose memory stands out from the noise.
pub(super) const SMALLEST: u64 = 16 << 20;

const NAME: &str = "Tour";
const GREETING_AT: usize = 0x1000;
const REPLY_AT: usize = 0x2000;

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
    let start = memory::shared()?;

    stage.narrator.step("A process makes a section and gives it a name")?;
    let mut first = Actor::start("first", context.directory(), stop)?;
    stage.create(&mut first, start)?;

    stage.narrator.step("A second process opens it by name; data goes both ways")?;
    let mut second = Actor::start("second", context.directory(), stop)?;
    stage.exchange(&mut first, &mut second)?;

    stage.narrator.step("A copy-on-write view leaves the original alone")?;
    stage.copy_on_write(&mut first, &mut second)?;

    stage.narrator.step("The second process is killed; name and bytes stay")?;
    stage.kill_second(&mut first, &mut second)?;

    stage.narrator.step("The first is killed too; this process, which holds nothing, looks on")?;
    stage.kill_first(&mut first)
}

impl Stage<'_> {
    fn create(&mut self, first: &mut Actor, start: u64) -> Outcome<()> {
        let mut answer = first.ask(&Order::Create { name: self.name.clone(), size: self.size })?;
        if answer == Answer::Taken {
            self.name = format!("{NAME}-{}", std::process::id());
            self.narrator.tell("taken", format!("another tour has {NAME}; this one takes {}", self.name))?;
            answer = first.ask(&Order::Create { name: self.name.clone(), size: self.size })?;
        }
        let info = self.object()?;
        self.name.clone_from(&info.name);
        self.narrator.check(
            "created",
            format!("{}, {}, by process {}", info.name, Bytes(info.size), first.pid()),
            answer == Answer::Created { size: self.size } && info.size == self.size,
        )?;
        self.check_holders(&info, &[first])?;
        first.ask(&Order::Fill)?;
        let change = Change::settled(start, self.bytes(), self.noise())?;
        self.narrator.check(
            "memory",
            format!("{change}: written whole"),
            change.is(self.bytes(), self.noise()),
        )
    }

    fn exchange(&mut self, first: &mut Actor, second: &mut Actor) -> Outcome<()> {
        let answer = second.ask(&Order::Open { name: self.name.clone() })?;
        let info = self.object()?;
        self.narrator.check(
            "opened",
            format!("{}, {}, by process {}", info.name, Bytes(info.size), second.pid()),
            answer == Answer::Opened { size: self.size },
        )?;
        self.check_holders(&info, &[first, second])?;

        let answer = second.ask(&Order::Verify)?;
        self.narrator.check(
            "sees",
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
        let text = format!("greetings from {}", from.pid());
        from.ask(&Order::Write { at, text: text.clone() })?;
        let seen = to.ask(&Order::Read { at, len: text.len() })?;
        let observed = format!("{} wrote \"{text}\", {} reads {}", from.role, to.role, quoted(&seen));
        self.narrator.check("passed", observed, seen == Answer::Text(text))
    }

    fn copy_on_write(&mut self, first: &mut Actor, second: &mut Actor) -> Outcome<()> {
        let original = format!("greetings from {}", first.pid());
        let text = "SCRIBBLED OVER".to_owned();
        let copy = second.ask(&Order::WriteCopy { at: GREETING_AT, text: text.clone() })?;
        self.narrator.check(
            "copy",
            format!("{} writes to a copy-on-write view, and reads {} there", second.role, quoted(&copy)),
            copy == Answer::Text(text),
        )?;
        for actor in [first, second] {
            let seen = actor.ask(&Order::Read { at: GREETING_AT, len: original.len() })?;
            self.narrator.check(
                "original",
                format!("{} still reads {}", actor.role, quoted(&seen)),
                seen == Answer::Text(original.clone()),
            )?;
        }
        Ok(())
    }

    fn kill_second(&mut self, first: &mut Actor, second: &mut Actor) -> Outcome<()> {
        let before = memory::shared()?;
        self.kill(second)?;
        let change = Change::settled(before, 0, self.noise())?;
        let info = self.object()?;
        self.check_holders(&info, &[first])?;
        self.narrator.check(
            "memory",
            format!("{change}: the first still holds it"),
            change.is(0, self.noise()),
        )?;
        let text = format!("greetings from {}", second.pid());
        let seen = first.ask(&Order::Read { at: REPLY_AT, len: text.len() })?;
        self.narrator.check(
            "kept",
            format!("{} still reads {}", first.role, quoted(&seen)),
            seen == Answer::Text(text),
        )
    }

    fn kill_first(&mut self, first: &mut Actor) -> Outcome<()> {
        let before = memory::shared()?;
        self.kill(first)?;
        let change = Change::settled(before, -self.bytes(), self.noise())?;
        self.narrator.check(
            "memory",
            format!("{change}: all freed"),
            change.is(-self.bytes(), self.noise()),
        )?;

        let left = self.context.object(&self.name);
        self.narrator.check("holders", or_error(&left, object::holders), is_absent(&left))?;
        let opened = self.context.sections().open(&self.name);
        self.narrator.check("open", or_error(&opened, |_| "opened".into()), is_absent(&opened))?;
        let listed = self.is_listed()?;
        self.narrator.check(
            "left",
            if listed { "the name is still listed" } else { "nothing: opening removed the dead name" },
            !listed,
        )
    }

    fn kill(&mut self, actor: &mut Actor) -> Outcome<()> {
        let signal = actor.kill()?;
        let observed = match signal {
            Some(signal) => format!("{} ({}) ended by signal {signal}", actor.role, actor.pid()),
            None => format!("{} ({}) ended by itself", actor.role, actor.pid()),
        };
        self.narrator.check("killed", observed, signal == Some(signal_hook::consts::SIGKILL))
    }

    fn check_holders(&mut self, info: &ObjectInfo, expected: &[&Actor]) -> Outcome<()> {
        let mut pids: Vec<u32> = info.holders.iter().map(|holder| holder.pid).collect();
        let mut expected: Vec<u32> = expected.iter().map(|actor| actor.pid()).collect();
        pids.sort_unstable();
        expected.sort_unstable();
        self.narrator.check("holders", object::holders(info), pids == expected && !info.unseen_holders)
    }

    fn object(&self) -> Outcome<ObjectInfo> {
        Ok(self.context.object(&self.name)?)
    }

    /// Whether any namespace still knows the name, held or not.
    fn is_listed(&self) -> Outcome<bool> {
        for namespace in self.context.namespaces()? {
            let listing = namespace.objects()?;
            let mut names = listing.objects.iter().map(|info| &info.name).chain(&listing.stale);
            if names.any(|name| *name == self.name) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn bytes(&self) -> i64 {
        self.size.cast_signed()
    }

    /// What others may add or free meanwhile without being taken for us.
    fn noise(&self) -> u64 {
        self.size / 10
    }
}

impl Drop for Stage<'_> {
    /// Leaves nothing when the tour broke off: the actors, made after the stage, are dead by now, and opening a name that
    /// nobody holds removes it.
    fn drop(&mut self) {
        drop(self.context.sections().open(&self.name));
    }
}

fn quoted(answer: &Answer) -> String {
    match answer {
        Answer::Text(text) => format!("\"{text}\""),
        other => format!("{other:?}"),
    }
}

fn is_absent<T>(result: &veduta::Result<T>) -> bool {
    result.as_ref().is_err_and(|error| error.code() == Code::FILE_NOT_FOUND)
}

fn or_error<T>(result: &veduta::Result<T>, show: impl FnOnce(&T) -> String) -> String {
    match result {
        Ok(value) => show(value),
        Err(error) => format!("{} ({})", error.code().message(), error.code()),
    }
}
