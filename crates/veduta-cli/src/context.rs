//! What every command is given: where names live, and whether to talk.

use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use std::fmt;
use std::io::Write;
use std::path::Path;
use veduta::{
    Event, Mutex, Namespace, ObjectInfo, ObjectName, Scope, Section, SectionOptions, Semaphore, SyncObject,
    SyncOptions, Timer,
};

#[derive(Debug)]
pub(crate) struct Context {
    /// The directory given with `--namespace`; without one names are `Local\` and `Global\`.
    private: Option<Namespace>,
    pub(crate) quiet: bool,
}

impl Context {
    pub(crate) fn new(directory: Option<&Path>, quiet: bool) -> Outcome<Context> {
        let private = directory.map(Namespace::at).transpose()?;
        Ok(Context { private, quiet })
    }

    /// Options for sections in the chosen namespace.
    pub(crate) fn sections(&self) -> SectionOptions<'_> {
        let mut options = Section::options();
        if let Some(namespace) = &self.private {
            options.namespace(namespace);
        }
        options
    }

    /// Options for mutexes in the chosen namespace.
    pub(crate) fn mutexes(&self) -> SyncOptions<'_, Mutex> {
        self.here(Mutex::options())
    }

    /// Options for events in the chosen namespace.
    pub(crate) fn events(&self) -> SyncOptions<'_, Event> {
        self.here(Event::options())
    }

    /// Options for semaphores in the chosen namespace.
    pub(crate) fn semaphores(&self) -> SyncOptions<'_, Semaphore> {
        self.here(Semaphore::options())
    }

    /// Options for timers in the chosen namespace.
    pub(crate) fn timers(&self) -> SyncOptions<'_, Timer> {
        self.here(Timer::options())
    }

    fn here<'a, T: SyncObject>(&'a self, mut options: SyncOptions<'a, T>) -> SyncOptions<'a, T> {
        if let Some(namespace) = &self.private {
            options.namespace(namespace);
        }
        options
    }

    /// Whether names are in a directory given with `--namespace`.
    pub(crate) fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// All namespaces to list or sweep, and why one of them is left out.
    pub(crate) fn namespaces(&self) -> Outcome<(Vec<Namespace>, Outcome<()>)> {
        if let Some(namespace) = &self.private {
            return Ok((vec![namespace.clone()], Ok(())));
        }
        // That there is no directory is no answer to a question after a name.
        let unusable = |error| Failure::from(error).code(ExitCode::Error);
        match (Namespace::local(), Namespace::global()) {
            (Ok(local), Ok(global)) => Ok((vec![local, global], Ok(()))),
            (Ok(one), Err(error)) | (Err(error), Ok(one)) => Ok((vec![one], Err(unusable(error)))),
            (Err(error), Err(_)) => Err(unusable(error)),
        }
    }

    /// What is known of the object `name`.
    pub(crate) fn object(&self, name: &str) -> veduta::Result<ObjectInfo> {
        match &self.private {
            Some(namespace) => namespace.object(name),
            None => match ObjectName::parse(name)?.scope() {
                Scope::Global => Namespace::global()?.object(name),
                Scope::Local | Scope::Private => Namespace::local()?.object(name),
            },
        }
    }

    /// Words for the user, on standard error.
    pub(crate) fn say(&self, words: fmt::Arguments<'_>) {
        if !self.quiet {
            // In one piece: other processes may talk to the same terminal.
            let _ = anstream::stderr().write_all(format!("{words}\n").as_bytes());
        }
    }
}
