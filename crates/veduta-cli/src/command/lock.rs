//! `veduta lock`: runs a command while holding a mutex.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::os::processes;
use crate::output::{escape, object};
use crate::quantity::parse_duration;
use clap::builder::NonEmptyStringValueParser;
use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitStatus};
use std::time::Duration;
use veduta::{Mutex, SyncAccess, Waited, wait_any};

#[derive(Debug, clap::Args)]
#[command(override_usage = "veduta lock [OPTIONS] <NAME> -- <COMMAND>...")]
pub(crate) struct Args {
    /// The mutex's name; it is made if there is none
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// Give up if it is not free after so long (500ms, 2s, 1.5s, 1m); 0 only looks
    #[arg(long, value_parser = parse_duration, value_name = "TIME")]
    timeout: Option<Duration>,
    /// The command to run, and its arguments
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<OsString>,
}

/// Set to 1 for a command that runs under a mutex which was abandoned, and not set for others.
const ABANDONED: &str = "VEDUTA_ABANDONED";

/// How long a wait may take without a word.
const MOMENT: Duration = Duration::from_millis(500);

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        // Watched from the start, so that no signal comes too early for the mutex to be released.
        let interrupt = Interrupt::on_signals()?;
        let (mutex, _) = context
            .mutexes()
            .access(SyncAccess::QUERY | SyncAccess::SYNCHRONIZE)
            // The command keeps it from vanishing if the tool is killed: the next one finds it abandoned.
            .inheritable(true)
            .create(&self.name)?;
        let name = mutex.name().map_or_else(|| escape(&self.name), |name| escape(&name.to_string()));

        let abandoned = match self.acquire(context, &interrupt, &mutex, &name)? {
            Waited::Signaled(_) => false,
            Waited::Abandoned(_) => true,
            Waited::TimedOut => {
                context.say(format_args!("the time is up: {}", self.waiting_for(context, &name)));
                return Ok(ExitCode::No);
            }
        };
        let guard = mutex.guard()?;
        if abandoned {
            context.say(format_args!(
                "{name} was abandoned: its last owner ended without releasing it, and may have left things half done"
            ));
        }
        let status = self.run_command(&interrupt, abandoned)?;
        guard.unlock()?;

        match processes::code_or_signal(status) {
            Ok(code) => Ok(ExitCode::Command(code)),
            // Both were told to end, as by Ctrl-C: a shell that runs a loop of us has to see that, too.
            Err(signal) if interrupt.signal() == Some(signal) => Err(Failure::Signal(signal)),
            Err(signal) => Ok(ExitCode::Command(128 + signal)),
        }
    }
}

impl Args {
    fn acquire(
        &self,
        context: &Context,
        interrupt: &Interrupt,
        mutex: &Mutex,
        name: &str,
    ) -> Outcome<Waited> {
        let wait = |timeout: Option<Duration>| match wait_any(&[mutex, interrupt.event()], timeout)? {
            Waited::Signaled(1) => interrupt.check().map(|()| Waited::TimedOut),
            waited => Ok(waited),
        };
        let moment = self.timeout.map_or(MOMENT, |timeout| timeout.min(MOMENT));
        let rest = self.timeout.map(|timeout| timeout - moment);
        match wait(Some(moment))? {
            Waited::TimedOut if rest != Some(Duration::ZERO) => {
                context.say(format_args!("waiting: {}", self.waiting_for(context, name)));
                wait(rest)
            }
            waited => Ok(waited),
        }
    }

    /// `Local\Build is owned by process 4711 (make)`.
    fn waiting_for(&self, context: &Context, name: &str) -> String {
        match context.object(&self.name).ok().as_ref().and_then(object::owning_thread) {
            Some(owner) => format!("{name} is owned by {owner}"),
            None => format!("{name} is not free"),
        }
    }

    fn run_command(&self, interrupt: &Interrupt, abandoned: bool) -> Outcome<ExitStatus> {
        let [program, arguments @ ..] = self.command.as_slice() else { unreachable!("clap asks for one") };
        let mut command = Command::new(program);
        command.args(arguments).env_remove(ABANDONED);
        if abandoned {
            command.env(ABANDONED, "1");
        }
        let program = program.display();
        let mut child = interrupt.start(&mut command)?.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Failure::new(format!("cannot run \"{program}\": no such command")).code(ExitCode::NoCommand)
            }
            _ => Failure::cannot(format_args!("run \"{program}\""), &error).code(ExitCode::CannotRun),
        })?;
        child.wait().map_err(|error| Failure::new(format!("cannot wait for \"{program}\": {error}")))
    }
}
