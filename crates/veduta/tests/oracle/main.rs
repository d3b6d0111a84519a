//! The oracle: three processes do random things with the library, one after the other, and everything must come out as in
//! the model of the object manager. Here they do it with sections; [`sync`] is about mutexes, events and semaphores.
//!
//! `VEDUTA_ORACLE_CASES` says how many plays each test tries. What fails is noted in `regressions.txt`, to be
//! tried first next time, and belongs in `regressions.rs` once it is understood.

mod actor;
mod cast;
mod plays;
mod regressions;
// Row: /proc
#[cfg(target_os = "linux")]
mod sync;
#[cfg_attr(target_os = "linux", path = "linux.rs")] // Row: test support
#[cfg_attr(windows, path = "windows.rs")] // Row: test support
mod system;
mod world;

use actor::Order;
use cast::Cast;
use plays::Plays;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use veduta_model::strategy::{self, ACTORS, Play, SLOTS};
use veduta_model::{Manager, Names, Operation, Outcome};
use world::Remains;

#[test]
fn names_of_a_session() {
    try_plays(Names::Session);
}

#[test]
fn names_of_a_private_namespace() {
    try_plays(Names::Private);
}

fn try_plays(names: Names) {
    let (cases, regressions) = (system::CASES, "regressions.txt");
    let plays = Plays { strategy: strategy::play(names), cases, regressions, tries: 1 };
    plays.all_agree(|play| perform(names, play));
}

/// Plays it to the end and leaves nothing behind, or says where the library and the model part.
fn perform(names: Names, play: &Play) -> Result<(), String> {
    let mut stage = Stage { model: Manager::new(names, strategy::files()), cast: Cast::new(names), line: 0 };
    for (actor, operation) in play {
        stage.both(*actor, operation)?;
    }
    // What the play did not ask for.
    for actor in 0..ACTORS {
        for slot in 0..SLOTS {
            stage.both(actor, &Operation::Facts { slot })?;
            if let Some(len) = stage.model.view_len(actor, slot) {
                stage.both(actor, &Operation::Read { view: slot, offset: 0, len })?;
            }
        }
    }
    for actor in 0..ACTORS {
        for slot in 0..SLOTS {
            stage.both(actor, &Operation::Close { slot })?;
            stage.both(actor, &Operation::Unmap { view: slot })?;
        }
    }
    let killed = play.iter().any(|(_, operation)| *operation == Operation::Kill);
    stage.end(killed)
}

struct Stage {
    model: Manager,
    cast: Cast,
    line: usize,
}

impl Stage {
    fn both(&mut self, actor: usize, operation: &Operation) -> Result<(), String> {
        let expected = self.model.apply(actor, operation);
        let line = self.line;
        self.line += 1;
        // Who never did anything has nothing.
        if expected == Outcome::Unspecified || (expected == Outcome::Vacant && !self.cast.has_process(actor))
        {
            return Ok(());
        }
        if *operation == Operation::Kill {
            self.cast.kill(actor);
            return Ok(());
        }
        let order = Order::Do(operation.clone());
        let outcome: Outcome =
            self.cast.ask(actor, &order).map_err(|error| format!("line {line}: {error}"))?;
        if outcome != expected {
            return Err(format!(
                "line {line}: actor {actor}: {operation:?}\n   model: {expected:?}\n library: {outcome:?}"
            ));
        }
        Ok(())
    }

    /// Everything is closed: nothing is left, or if somebody was killed what a sweep removes.
    fn end(mut self, killed: bool) -> Result<(), String> {
        let left = self.cast.entries();
        if !killed && !left.is_empty() {
            return Err(format!("all is closed, nobody was killed, and this is left: {left:?}"));
        }
        let remains: Remains = self.cast.ask(0, &Order::Sweep)?;
        if remains != (Remains::default()) {
            return Err(format!("all is closed: {remains:?}"));
        }
        let left = self.cast.entries();
        if !left.is_empty() {
            return Err(format!("a sweep does not remove {left:?}"));
        }
        if self.cast.files() != self.model.files() {
            return Err("files have other contents than in the model".to_owned());
        }
        Ok(())
    }
}

/// Plays in which nothing works would agree, too.
#[test]
fn plays_are_worth_trying() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for names in [Names::Session, Names::Private] {
        for _ in 0..200 {
            let tree = strategy::play(names).new_tree(&mut runner).expect("plays can be generated");
            let mut model = Manager::new(names, strategy::files());
            for (actor, operation) in tree.current() {
                let kind = match model.apply(actor, &operation) {
                    outcome @ (Outcome::Refused(_) | Outcome::Vacant | Outcome::Unspecified) => {
                        format!("{outcome:?}")
                    }
                    _ => format!("{operation:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
                };
                *seen.entry(kind).or_default() += 1;
            }
        }
    }
    let worked: usize =
        seen.iter().filter(|(kind, _)| !kind.contains("(") && *kind != "Vacant").map(|(_, n)| n).sum();
    let all: usize = seen.values().sum();
    assert!(worked * 2 > all, "{worked} of {all} operations work: {seen:#?}");
    for code in [2, 3, 5, 6, 8, 50, 87, 123, 161, 183, 206, 998, 1006, 1455] {
        assert!(seen.contains_key(&format!("Refused({code})")), "code {code}: {seen:#?}");
    }
}
