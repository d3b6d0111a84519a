//! `veduta wait`: waits for events, semaphores and mutexes.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output::{self, escape};
use crate::quantity::parse_duration;
use std::time::{Duration, Instant};
use veduta::{Event, Kind, Mutex, Semaphore, SyncAccess, Timer, Waitable, Waited, wait_all, wait_any};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The names of events, semaphores and mutexes
    // One less than there can be: the tool waits for signals, too.
    #[arg(required = true, num_args = 1..veduta::MAXIMUM_WAIT_OBJECTS)]
    names: Vec<String>,
    /// Wait for one of them, the first in the list if several are signaled, and print its name
    #[arg(long, conflicts_with = "all")]
    any: bool,
    /// Wait until all are signaled at the same time, and take none before; the default
    #[arg(long)]
    all: bool,
    /// Give up after so long (500ms, 2s, 1.5s, 1m); 0 only looks
    #[arg(long, value_parser = parse_duration, value_name = "TIME")]
    timeout: Option<Duration>,
}

/// An object to wait for.
enum Target {
    Event(Event),
    Mutex(Mutex),
    Semaphore(Semaphore),
    Timer(Timer),
}

impl Target {
    fn open(context: &Context, name: &str) -> Outcome<Target> {
        let access = SyncAccess::SYNCHRONIZE;
        let open = || {
            Ok(match context.object(name)?.kind {
                Kind::Mutex => Target::Mutex(context.mutexes().access(access).open(name)?),
                Kind::Semaphore => Target::Semaphore(context.semaphores().access(access).open(name)?),
                Kind::Timer => Target::Timer(context.timers().access(access).open(name)?),
                // Nothing else can be waited for; the library says so.
                _ => Target::Event(context.events().access(access).open(name)?),
            })
        };
        open().map_err(|error| {
            Failure::of(error, || {
                format!(
                    "it is there as long as somebody holds it: `veduta hold \"{name}\" --event`, for example"
                )
            })
        })
    }

    fn waitable(&self) -> &dyn Waitable {
        match self {
            Target::Event(event) => event,
            Target::Mutex(mutex) => mutex,
            Target::Semaphore(semaphore) => semaphore,
            Target::Timer(timer) => timer,
        }
    }

    /// Gives back what is owned: an end without that would look like an accident to the next owner.
    fn let_go(&self) -> Outcome<()> {
        match self {
            Target::Mutex(mutex) => Ok(mutex.release()?),
            Target::Event(_) | Target::Semaphore(_) | Target::Timer(_) => Ok(()),
        }
    }
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        let interrupt = Interrupt::on_signals()?;
        let targets =
            self.names.iter().map(|name| Target::open(context, name)).collect::<Outcome<Vec<_>>>()?;
        let any = self.any || targets.len() == 1;
        let waited = match any {
            true => self.wait_any(&targets, &interrupt)?,
            false => self.wait_all(&targets, &interrupt)?,
        };
        let (index, abandoned) = match waited {
            Waited::Signaled(index) => (index, false),
            Waited::Abandoned(index) => (index, true),
            Waited::TimedOut => {
                context.say(format_args!("the time is up: {}", self.missing()));
                return Ok(ExitCode::No);
            }
        };
        match any {
            true => targets[index].let_go()?,
            false => targets.iter().try_for_each(Target::let_go)?,
        }
        let name = escape(&self.names[index]);
        if abandoned {
            context.say(format_args!(
                "{name} was abandoned: its last owner ended without releasing it, and may have left things half done"
            ));
        }
        if self.any {
            output::print(|out| writeln!(out, "{name}"))?;
        }
        Ok(ExitCode::Done)
    }
}

impl Args {
    fn wait_any(&self, targets: &[Target], interrupt: &Interrupt) -> Outcome<Waited> {
        let mut objects: Vec<_> = targets.iter().map(Target::waitable).collect();
        objects.push(interrupt.event());
        let waited = wait_any(&objects, self.timeout)?;
        if waited == Waited::Signaled(targets.len()) {
            interrupt.check()?;
        }
        Ok(waited)
    }

    fn wait_all(&self, targets: &[Target], interrupt: &Interrupt) -> Outcome<Waited> {
        // All of them, or else a signal: nothing waits for that, so it looks for signals now and then. Nothing is missed
        // between, because a wait for all takes no notice of what is over before it has all.
        const NOW_AND_THEN: Duration = Duration::from_millis(200);
        let objects: Vec<_> = targets.iter().map(Target::waitable).collect();
        let start = Instant::now();
        loop {
            let left = self.timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
            let part = left.map_or(NOW_AND_THEN, |left| left.min(NOW_AND_THEN));
            match wait_all(&objects, part)? {
                Waited::TimedOut if left.is_none_or(|left| left > part) => interrupt.check()?,
                waited => return Ok(waited),
            }
        }
    }

    fn missing(&self) -> String {
        match (self.names.as_slice(), self.any) {
            ([name], _) => format!("{} was not signaled", escape(name)),
            (_, true) => "none of them was signaled".into(),
            (_, false) => "they were not all signaled at the same time".into(),
        }
    }
}
