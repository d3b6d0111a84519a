//! Verbs for mutexes, events and semaphores.

use super::actor::Reply;
use super::stage::{Stage, done, namespace_of, number};
pub use super::system::nanoseconds;
use super::{Actor, Outcome};
use std::time::Duration;
use veduta::{Event, Mutex, ObjectState, Reset, Result, Semaphore, Waitable, Waited, wait_all, wait_any};

/// A handle of an actor's.
pub enum Object {
    Mutex(Mutex),
    Event(Event),
    Semaphore(Semaphore),
}

impl Object {
    /// Creates what `kind` says, or opens what is there: `mutex`, `owned`, `auto`, `manual`, `semaphore:COUNT:MAXIMUM`.
    pub fn create(name: &str, kind: &str) -> Result<Object> {
        let (namespace, plain) = namespace_of(name)?;
        let private = name.contains('/');
        macro_rules! made {
            ($type:ident $(, $option:ident = $value:expr)*) => {{
                let mut options = $type::options();
                $(options.$option($value);)*
                if private {
                    options.namespace(&namespace);
                }
                Object::$type(options.create(plain)?.0)
            }};
        }
        let units = |word: &str| u32::try_from(number(word)).expect("units are few");
        Ok(match kind.split(':').collect::<Vec<_>>()[..] {
            ["mutex"] => made!(Mutex),
            ["owned"] => made!(Mutex, owned = true),
            ["auto"] => made!(Event),
            ["manual"] => made!(Event, reset = Reset::Manual),
            ["semaphore", count, maximum] => {
                made!(Semaphore, count = units(count), maximum = units(maximum))
            }
            _ => panic!("no such kind: {kind}"),
        })
    }

    pub fn waitable(&self) -> &dyn Waitable {
        match self {
            Object::Mutex(mutex) => mutex,
            Object::Event(event) => event,
            Object::Semaphore(semaphore) => semaphore,
        }
    }

    pub fn state(&self) -> ObjectState {
        let state = match self {
            Object::Mutex(mutex) => mutex.state(),
            Object::Event(event) => event.state(),
            Object::Semaphore(semaphore) => semaphore.state(),
        };
        state.expect("the handle has all rights")
    }

    fn event(&self) -> &Event {
        match self {
            Object::Event(event) => event,
            _ => panic!("it is an event"),
        }
    }
}

/// `sync NAME KIND`: creates or opens, and keeps the handle.
pub(super) fn create(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let object = Object::create(words[0], words[1])?;
    stage.objects.insert(words[0].to_owned(), object);
    done()
}

fn wait(stage: &Stage, all: bool, words: &[&str]) -> Result<String> {
    let timeout = (words[0] != "-").then(|| Duration::from_millis(number(words[0])));
    let objects: Vec<_> = words[1..].iter().map(|name| stage.objects[*name].waitable()).collect();
    let waited = if all { wait_all(&objects, timeout)? } else { wait_any(&objects, timeout)? };
    Ok(match waited {
        Waited::Signaled(index) => format!("signaled\t{index}\t{}", nanoseconds()),
        Waited::Abandoned(index) => format!("abandoned\t{index}\t{}", nanoseconds()),
        Waited::TimedOut => "timed out".to_owned(),
    })
}

/// `wait-any MILLISECONDS|- NAMES`.
pub(super) fn any(stage: &mut Stage, words: &[&str]) -> Result<String> {
    wait(stage, false, words)
}

/// `wait-all MILLISECONDS|- NAMES`.
pub(super) fn all(stage: &mut Stage, words: &[&str]) -> Result<String> {
    wait(stage, true, words)
}

/// `signal NAME [UNITS]`: sets an event, releases units of a semaphore, releases a mutex.
pub(super) fn signal(stage: &mut Stage, words: &[&str]) -> Result<String> {
    match &stage.objects[words[0]] {
        Object::Mutex(mutex) => mutex.release()?,
        Object::Event(event) => event.set()?,
        Object::Semaphore(semaphore) => {
            semaphore.release(words.get(1).map_or(1, |units| number(units) as u32))?;
        }
    }
    done()
}

pub(super) fn reset(stage: &mut Stage, words: &[&str]) -> Result<String> {
    stage.objects[words[0]].event().reset()?;
    done()
}

pub(super) fn pulse(stage: &mut Stage, words: &[&str]) -> Result<String> {
    stage.objects[words[0]].event().pulse()?;
    done()
}

/// Closes the handle.
pub(super) fn forget(stage: &mut Stage, words: &[&str]) -> Result<String> {
    stage.objects.remove(words[0]).expect("it has a handle");
    done()
}

/// How a wait of an actor's ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub waited: Waited,
    /// When, in [`nanoseconds`]; 0 if it timed out.
    pub at: u64,
}

impl Ended {
    pub fn decode(answer: &str) -> Ended {
        match answer.split('\t').collect::<Vec<_>>()[..] {
            ["signaled", index, at] => {
                Ended { waited: Waited::Signaled(number(index) as usize), at: number(at) }
            }
            ["abandoned", index, at] => {
                Ended { waited: Waited::Abandoned(number(index) as usize), at: number(at) }
            }
            _ => Ended { waited: Waited::TimedOut, at: 0 },
        }
    }
}

/// The verbs.
impl Actor {
    /// Creates or opens a mutex, an event or a semaphore; see [`Object::create`].
    #[track_caller]
    pub fn sync(&mut self, name: &str, kind: &str) {
        self.answer(&["sync", name, kind]).expect("it can be had");
    }

    /// Begins to wait until it has one of the objects, without waiting for that.
    pub fn begin_wait(&mut self, name: &str) {
        self.tell(&["wait-any", "-", name]);
    }

    /// How the wait ended that it began.
    #[track_caller]
    pub fn end_wait(&mut self) -> Ended {
        Ended::decode(&self.hear().done().expect("waiting does not fail"))
    }

    /// Waits for an object for at most so many milliseconds.
    #[track_caller]
    pub fn wait(&mut self, name: &str, milliseconds: u32) -> Waited {
        let answer = self.answer(&["wait-any", &milliseconds.to_string(), name]);
        Ended::decode(&answer.expect("waiting does not fail")).waited
    }

    /// Sets an event, releases a semaphore or a mutex once.
    pub fn signal(&mut self, name: &str) -> Outcome<()> {
        self.answer(&["signal", name]).map(drop)
    }

    /// Whether something came of what it was told, and what.
    pub fn heard(&mut self, within: Duration) -> Option<Reply> {
        self.hear_within(within)
    }

    /// Whether it sleeps on a futex. Its first thread does all the time: the harness waits there for the one that obeys.
    // Row: /proc
    #[cfg(target_os = "linux")]
    pub fn is_asleep(&self) -> bool {
        let first = self.pid().to_string();
        let Ok(threads) = std::fs::read_dir(format!("/proc/{first}/task")) else { return false };
        let mut others = threads.flatten().filter(|thread| *thread.file_name() != *first);
        let Some(thread) = others.next() else { return false };
        // It may be gone by now.
        let call = std::fs::read_to_string(thread.path().join("syscall")).unwrap_or_default();
        let number = call.split(' ').next().and_then(|number| number.parse().ok());
        matches!(number, Some(libc::SYS_futex | libc::SYS_futex_waitv))
    }
}
