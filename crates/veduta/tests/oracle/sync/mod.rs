//! The oracle for mutexes, events and semaphores: two threads of each of three processes do random things with them, wait for
//! them as long as it takes, end and are killed, and everything must come out as in the model of the object manager.
//!
//! One thread does something at a time, and then everybody goes on who can. The model says who that is and what may come of
//! it; who is faster, the library.

mod actor;
mod cast;
mod regressions;

use crate::plays::Plays;
use crate::world::Remains;
use cast::{Cast, Did};
use std::collections::BTreeMap;
use veduta_model::strategy::ACTORS;
use veduta_model::strategy::sync::{self as strategy, Play, SLOTS, THREADS};
use veduta_model::sync::{Kind, Operation, Thread, Timeout};
use veduta_model::{Manager, Names, Outcome};

/// How a play is played.
#[derive(Debug, Clone, Copy)]
struct Setting {
    names: Names,
    pace: Pace,
    /// Whether the kernel can let a thread sleep on several words, if it can.
    waitv: bool,
}

/// When the next line of a play is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// When all who wait sleep: what happens too early or too often is noticed.
    AtRest,
    /// As soon as all went on who could, whether those who wait sleep by then or not, as far as that should not matter.
    InHaste,
}

const SESSION: Setting = Setting { names: Names::Session, pace: Pace::AtRest, waitv: true };
const PRIVATE: Setting = Setting { names: Names::Private, pace: Pace::AtRest, waitv: true };

#[test]
fn names_of_a_session() {
    try_plays(SESSION, 150);
}

#[test]
fn names_of_a_private_namespace() {
    try_plays(PRIVATE, 75);
}

#[test]
fn in_haste() {
    try_plays(Setting { pace: Pace::InHaste, ..PRIVATE }, 150);
}

#[test]
fn sleeping_on_one_word_at_a_time() {
    try_plays(Setting { waitv: false, ..PRIVATE }, 75);
}

fn try_plays(setting: Setting, cases: u32) {
    let (strategy, regressions) = (strategy::play(setting.names), "sync/regressions.txt");
    Plays { strategy, cases, regressions, tries: 3 }.all_agree(|play| perform(setting, play));
}

/// Plays it to the end and leaves nothing behind, or says where the library and the model part.
fn perform(setting: Setting, play: &Play) -> Result<(), String> {
    let mut stage = Stage {
        setting,
        model: Manager::new(setting.names, Vec::new()),
        cast: Cast::new(setting.names, setting.waitv),
        line: 0,
        waits: BTreeMap::new(),
        single: true,
        ended: false,
        story: Vec::new(),
    };
    stage.play(play).map_err(|difference| format!("{}{difference}", stage.story.join("")))
}

struct Stage {
    setting: Setting,
    model: Manager,
    cast: Cast,
    line: usize,
    /// What those wait with that are blocked.
    waits: BTreeMap<Thread, Operation>,
    /// Whether nobody ever waited for several objects.
    single: bool,
    /// Whether a process ended without closing all.
    ended: bool,
    /// What happened so far.
    story: Vec<String>,
}

impl Stage {
    fn play(&mut self, play: &Play) -> Result<(), String> {
        for (thread, operation) in play {
            self.both(*thread, operation)?;
        }
        // What the play did not ask for.
        self.look_at_all()?;
        for thread in self.model.blocked() {
            self.both(thread, &Operation::Kill)?;
        }
        self.use_all()?;
        self.look_at_all()?;
        for actor in 0..ACTORS {
            for slot in 0..SLOTS {
                self.both(Thread { actor, thread: 0 }, &Operation::Close { slot })?;
            }
        }
        self.end()
    }

    fn both(&mut self, thread: Thread, operation: &Operation) -> Result<(), String> {
        let line = self.line;
        self.line += 1;
        self.story.push(format!("line {line}: {thread:?}: {operation:?}\n"));
        self.act(thread, operation)
    }

    fn act(&mut self, thread: Thread, operation: &Operation) -> Result<(), String> {
        if self.is_a_gamble(thread, operation) {
            return Ok(());
        }
        self.let_rest(operation)?;
        let awaited = match *operation {
            Operation::State { slot } => Some(self.model.waiters(thread.actor, slot)),
            _ => None,
        };
        let expected = self.model.act(thread, operation);
        self.story.push(format!("   model: {expected:?}\n"));
        let there = self.cast.has_process(thread.actor);
        match (&expected, operation) {
            (Outcome::Unspecified, _) => return Ok(()),
            // Who never did anything has nothing.
            (Outcome::Vacant, _) | (_, Operation::Kill | Operation::Exit | Operation::EndThread)
                if !there =>
            {
                return Ok(());
            }
            (_, Operation::Kill) => {
                self.ended = true;
                self.cast.kill(thread.actor);
            }
            (_, Operation::Exit) => {
                self.ended = true;
                self.cast.exit(thread.actor)?;
            }
            (_, Operation::EndThread) => self.cast.end_thread(thread)?,
            (Outcome::Blocked, _) => {
                self.cast.tell(thread, operation)?;
                self.waits.insert(thread, operation.clone());
            }
            _ => {
                self.cast.tell(thread, operation)?;
                let Did { outcome, waiters } =
                    self.cast.outcome_of(thread).map_err(|error| format!(" library: {error}"))?;
                if outcome != expected {
                    return Err(format!(" library: {outcome:?}"));
                }
                let sleeping = self.single && self.setting.pace == Pace::AtRest;
                if let Some((waiters, awaited)) = waiters.zip(awaited).filter(|_| sleeping)
                    && waiters as usize != awaited
                {
                    return Err(format!("   model: {awaited} wait\n library: {waiters} wait"));
                }
            }
        }
        self.single &= !matches!(operation, Operation::WaitAny { .. } | Operation::WaitAll { .. });
        self.go_on()?;
        let blocked = self.model.blocked();
        self.waits.retain(|thread, _| blocked.contains(thread));
        Ok(())
    }

    /// Lets everybody go on who can.
    fn go_on(&mut self) -> Result<(), String> {
        loop {
            let due = self.model.due();
            if due.is_empty() {
                break;
            }
            let blocked = self.model.blocked();
            let (thread, did) = self
                .cast
                .next_outcome("nobody goes on", &blocked)
                .map_err(|error| format!("   model: possible is one of {due:?}\n library: {error}"))?;
            self.model.resume(thread, &did.outcome)?;
            self.story.push(format!("  {thread:?} goes on: {:?}\n", did.outcome));
        }
        if self.setting.pace == Pace::AtRest {
            self.cast.until_at_rest(&self.model.blocked())?;
        }
        self.nobody_else_goes_on()
    }

    fn nobody_else_goes_on(&mut self) -> Result<(), String> {
        while let Some((thread, did)) = self.cast.stray()? {
            self.model.resume(thread, &did.outcome)?;
        }
        Ok(())
    }

    /// Lets those fall asleep on whom it depends what comes of the operation.
    fn let_rest(&mut self, operation: &Operation) -> Result<(), String> {
        let all = matches!(operation, Operation::Pulse { .. });
        let mut blocked = self.model.blocked();
        blocked.retain(|thread| match self.waits[thread] {
            // Whoever tries to have all may have some for a moment, and be killed with them.
            Operation::WaitAll { .. } => true,
            // Whoever sleeps has signaled.
            Operation::SignalAndWait { .. } => true,
            _ => all,
        });
        self.cast.until_at_rest(&blocked)?;
        self.nobody_else_goes_on()
    }

    /// Whether it is a matter of luck what comes of it: a pulse misses who is awake just then, and who cannot sleep on all that
    /// it waits for wakes up from time to time.
    fn is_a_gamble(&self, thread: Thread, operation: &Operation) -> bool {
        let &Operation::Pulse { slot } = operation else { return false };
        self.model.waiters(thread.actor, slot) > 0
            && self.waits.iter().any(|(waiter, operation)| match operation {
                Operation::WaitAny { slots, .. } if slots.len() > 1 => {
                    let is_mutex = |slot: &u8| self.model.kind(waiter.actor, *slot) == Some(Kind::Mutex);
                    !has_waitv(self.setting) || slots.iter().any(is_mutex)
                }
                _ => false,
            })
    }

    /// Asks everybody about everything.
    fn look_at_all(&mut self) -> Result<(), String> {
        let blocked = self.model.blocked();
        for actor in 0..ACTORS {
            let mut threads = (0..THREADS).map(|thread| Thread { actor, thread });
            let Some(free) = threads.find(|thread| !blocked.contains(thread)) else { continue };
            for slot in 0..SLOTS {
                self.both(free, &Operation::State { slot })?;
            }
        }
        Ok(())
    }

    /// Signals and takes everything once: nobody waits any more, and who did is not to get anything.
    fn use_all(&mut self) -> Result<(), String> {
        for (actor, slot) in (0..ACTORS).flat_map(|actor| (0..SLOTS).map(move |slot| (actor, slot))) {
            let thread = Thread { actor, thread: 0 };
            let timeout = Timeout::Zero;
            match self.model.kind(actor, slot) {
                Some(Kind::Mutex) => self.both(thread, &Operation::Lock { slot, timeout })?,
                Some(Kind::Event) => self.both(thread, &Operation::Set { slot })?,
                Some(Kind::Semaphore) => {
                    self.both(thread, &Operation::ReleaseSemaphore { slot, count: 1 })?
                }
                _ => continue,
            }
            self.both(thread, &Operation::Wait { slot, timeout })?;
        }
        Ok(())
    }

    /// Everything is closed: nothing is left, or if a process ended before it closed all what a sweep removes.
    fn end(&mut self) -> Result<(), String> {
        let left = self.cast.entries();
        if !self.ended && !left.is_empty() {
            return Err(format!("all is closed, nobody was killed, and this is left: {left:?}"));
        }
        let remains = self.cast.sweep(0)?;
        if remains != Remains::default() {
            return Err(format!("all is closed: {remains:?}"));
        }
        let left = self.cast.entries();
        if !left.is_empty() {
            return Err(format!("a sweep does not remove {left:?}"));
        }
        Ok(())
    }
}

/// Whether the library can let a thread sleep on several words.
fn has_waitv(setting: Setting) -> bool {
    use rustix::thread::futex::{WaitvFlags, waitv};
    let denied = std::env::var_os("VEDUTA_WAITV").is_some_and(|value| value == "0");
    let nothing = waitv(&[], WaitvFlags::empty(), None, rustix::thread::ClockId::Monotonic);
    setting.waitv && !denied && nothing == Err(rustix::io::Errno::INVAL)
}
