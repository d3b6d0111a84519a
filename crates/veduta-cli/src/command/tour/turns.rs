//! The part of the tour about a mutex: two processes count by turns, and one of them is killed in the middle of its turn.

use super::actor::{Answer, Order};
use super::cast::Actor;
use super::narrator::Narrator;
use super::sharing::look_everywhere;
use super::tally::Counts;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::object;
use crate::signals::Stop;
use std::time::{Duration, Instant, SystemTime};
use veduta::{ObjectInfo, ObjectState, Owner};

const COUNTERS: &str = "Tour counters";
const MUTEX: &str = "Tour mutex";
const TIMES: u64 = 200_000;

/// Everything the steps have in common.
struct Stage<'a> {
    context: &'a Context,
    narrator: &'a mut Narrator,
    stop: &'a Stop,
    counters: String,
    mutex: String,
}

/// Shows what a mutex is for, and what becomes of it when its owner is killed.
pub(super) fn show(context: &Context, narrator: &mut Narrator, stop: &Stop) -> Outcome<()> {
    let (counters, mutex) = (COUNTERS.into(), MUTEX.into());
    let mut stage = Stage { context, narrator, stop, counters, mutex };
    let mut first = Actor::start("first", stop)?;
    let mut second = Actor::start("second", stop)?;

    stage.narrator.step("Two processes count in shared memory, by turns: a mutex keeps them apart")?;
    stage.make(&mut first)?;
    stage.join(&mut second)?;
    let counts = stage.count(&mut first, &mut second)?;

    stage.narrator.step("One is killed in the middle of its turn: the other is told, and repairs")?;
    let counts = stage.wait_for_half(&mut first, &mut second, counts)?;
    let counts = stage.kill_owner(&mut first, &mut second, counts)?;
    stage.go_on(&mut first, counts)?;
    stage.leave(first)
}

impl Stage<'_> {
    fn make(&mut self, first: &mut Actor) -> Outcome<()> {
        if self.create(first)? == Answer::Taken {
            let pid = std::process::id();
            let names = format!("{COUNTERS} or {MUTEX}");
            (self.counters, self.mutex) = (format!("{COUNTERS}-{pid}"), format!("{MUTEX}-{pid}"));
            self.narrator.tell("taken", format!("{names}, by somebody else: {} is free", self.mutex))?;
            self.create(first)?;
        }
        let counters = self.context.object(&self.counters)?;
        let mutex = self.context.object(&self.mutex)?;
        let observed = format!("the section {}, and the mutex {}", counters.name, mutex.name);
        (self.counters, self.mutex) = (counters.name, mutex.name);
        self.narrator.check("created", observed, owner(mutex.state).is_none())
    }

    fn create(&self, first: &mut Actor) -> Outcome<Answer> {
        first.ask(&Order::CreateTally { counters: self.counters.clone(), mutex: self.mutex.clone() })
    }

    fn join(&self, second: &mut Actor) -> Outcome<()> {
        let order = Order::OpenTally { counters: self.counters.clone(), mutex: self.mutex.clone() };
        second.ask(&order).map(drop)
    }

    fn count(&mut self, first: &mut Actor, second: &mut Actor) -> Outcome<Counts> {
        let start = Instant::now();
        first.tell(&Order::Count { times: TIMES })?;
        second.tell(&Order::Count { times: TIMES })?;
        let waits = [counted(first.hear()?)?.1, counted(second.hear()?)?.1];
        let seconds = start.elapsed().as_secs_f64();
        let counts = counted(first.ask(&Order::Count { times: 0 })?)?.0;
        let observed = format!(
            "{} and {} in {seconds:.2} s; {} times one had to wait for the other",
            counts.own[0],
            counts.own[1],
            waits[0] + waits[1]
        );
        self.narrator.check("counted", observed, counts.own == [TIMES; 2])?;
        let observed = format!("{}, the sum of both: nothing is lost", counts.total);
        self.narrator.check("total", observed, counts.total == 2 * TIMES)?;
        Ok(counts)
    }

    fn wait_for_half(&mut self, first: &mut Actor, second: &mut Actor, before: Counts) -> Outcome<Counts> {
        let (counts, _) = counted(second.ask(&Order::CountHalf)?)?;
        let observed = format!(
            "{} has added to the total ({}), not yet to its own count ({})",
            second.role, counts.total, counts.own[1]
        );
        let half = Counts { total: before.total + 1, ..before };
        self.narrator.check("halfway", observed, counts == half)?;

        first.tell(&Order::Acquire)?;
        let info = self.when_somebody_waits()?;
        let observed = format!("{}: {}", info.name, object::state(&info));
        let is_owner = match owner(info.state) {
            Some(Owner::Thread { process, .. }) => process == second.pid(),
            // Somebody, of whom the system does not tell more.
            Some(Owner::Unknown) => true,
            None => false,
        };
        self.narrator.check("waits", observed, is_owner)?;
        Ok(counts)
    }

    /// The mutex as it is when somebody waits for it, or after some seconds; at once where the system does not tell who waits.
    fn when_somebody_waits(&self) -> Outcome<ObjectInfo> {
        let start = Instant::now();
        loop {
            let info = self.context.object(&self.mutex)?;
            let waits = matches!(info.state, Some(ObjectState::Mutex { waiters: None | Some(1..), .. }));
            if waits || start.elapsed() > Duration::from_secs(10) {
                return Ok(info);
            }
            self.stop.check()?;
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn kill_owner(&mut self, first: &mut Actor, second: &mut Actor, half: Counts) -> Outcome<Counts> {
        let killed = SystemTime::now();
        let end = second.kill()?;
        self.narrator.check_killed(second, end)?;
        let Answer::Acquired { abandoned, at } = first.hear()? else {
            return Err(Failure::new("the first process does not say that it has the mutex"));
        };
        // The clock may have been set meanwhile.
        let milliseconds = at.duration_since(killed).unwrap_or_default().as_secs_f64() * 1e3;
        let told = if abandoned { "is told that it was abandoned" } else { "is not told of it" };
        let observed = format!("{} has it {milliseconds:.2} ms after the kill, and {told}", first.role);
        self.narrator.check("acquired", observed, abandoned)?;

        let (counts, _) = counted(first.ask(&Order::Repair)?)?;
        let observed = format!(
            "total {} → {}, the sum again: only what was half done is gone",
            half.total, counts.total
        );
        let whole = Counts { total: half.sum(), ..half };
        self.narrator.check("repaired", observed, counts == whole)?;
        Ok(counts)
    }

    fn go_on(&mut self, first: &mut Actor, before: Counts) -> Outcome<()> {
        let (counts, _) = counted(first.ask(&Order::Count { times: TIMES })?)?;
        let observed = format!("{} counts {TIMES} more: total {}", first.role, counts.total);
        let [own, others] = before.own;
        let expected = Counts { total: before.total + TIMES, own: [own + TIMES, others] };
        self.narrator.check("goes on", observed, counts == expected)
    }

    fn leave(&mut self, first: Actor) -> Outcome<()> {
        first.dismiss()?;
        let (listed, places) = look_everywhere(self.context, &[&self.counters, &self.mutex])?;
        let observed = if listed { "a name" } else { "nothing" };
        self.narrator.check("left", format!("{observed}, in {places}"), !listed)
    }
}

impl Drop for Stage<'_> {
    /// Leaves nothing when the tour broke off, like that of the section.
    fn drop(&mut self) {
        drop(self.context.sections().open(&self.counters));
        drop(self.context.mutexes().open(&self.mutex));
    }
}

/// Who owns the mutex.
fn owner(state: Option<ObjectState>) -> Option<Owner> {
    match state {
        Some(ObjectState::Mutex { owner, .. }) => owner,
        _ => None,
    }
}

fn counted(answer: Answer) -> Outcome<(Counts, u64)> {
    match answer {
        Answer::Counted { counts, waits } => Ok((counts, waits)),
        other => Err(Failure::new(format!("a process does not say what it counted, but {other:?}"))),
    }
}
