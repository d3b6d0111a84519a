//! An actor: this program again, with threads that do with the library what they are told.

use crate::actor::outcome;
use crate::world::{self, MARK, Remains};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use veduta::{
    Event, Mutex, MutexGuard, Namespace, ObjectState, Owner, Section, SectionAccess, Semaphore, SyncAccess,
    SyncObject, SyncOptions, Waitable, Waited,
};
use veduta_model::strategy::sync::THREADS;
use veduta_model::sync::{Kind, NewObject, Operation, Reset, State, Timeout};
use veduta_model::{Outcome, Rights};

/// What an actor is told, on one line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// A thread is to do something.
    Do(u8, Operation),
    /// A thread is to end, and another to take its number.
    EndThread(u8),
    /// The process is to end, whatever its threads do.
    Exit,
    /// Answered with [`Answer::Swept`].
    Sweep,
}

/// What an actor says, on one line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The thread of this number runs, and the kernel calls it so.
    Runs(u8, u32),
    /// The thread has all that it needs to wait, and does so now.
    Waits(u8),
    /// This came of what the thread was told to do, and so many waited for the object, if it was asked about it.
    Did(u8, Outcome, Option<u32>),
    /// As `Did`, about a mutex that a thread owns, which is told as the kernel calls it.
    Owned { by: u8, process: u32, thread: u32, recursion: u32, abandoned: bool, waiters: Option<u32> },
    /// What is left.
    Swept(Remains),
}

impl Answer {
    fn say(&self) {
        println!("{MARK}{}", serde_json::to_string(self).expect("it can be written"));
    }
}

#[test]
#[ignore = "a role: the oracle starts it"]
fn role_actor() {
    let actor = Arc::new(Actor { namespace: world::private(), slots: Default::default() });
    let mut threads: BTreeMap<u8, Thread> =
        (0..THREADS).map(|number| (number, Thread::start(&actor, number))).collect();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("orders are text");
        match serde_json::from_str(&line).expect("it is an order") {
            Order::Do(thread, operation) => {
                threads[&thread].orders.send(operation).expect("the thread listens");
            }
            Order::EndThread(number) => {
                threads.remove(&number).expect("there are so many").end();
                threads.insert(number, Thread::start(&actor, number));
            }
            Order::Exit => std::process::exit(0),
            Order::Sweep => Answer::Swept(Remains::sweep(actor.namespace.as_ref())).say(),
        }
    }
}

struct Thread {
    orders: Sender<Operation>,
    runs: JoinHandle<()>,
}

impl Thread {
    fn start(actor: &Arc<Actor>, number: u8) -> Thread {
        let (orders, receiver) = channel();
        let actor = Arc::clone(actor);
        let runs = std::thread::spawn(move || {
            let ran = std::panic::catch_unwind(AssertUnwindSafe(|| actor.run(number, &receiver)));
            if ran.is_err() {
                // Nobody would hear of it otherwise.
                std::process::exit(101);
            }
        });
        Thread { orders, runs }
    }

    /// Ends it, if it does nothing. When this returns the kernel has done what it does for threads that end.
    fn end(self) {
        drop(self.orders);
        self.runs.join().expect("a thread that ends has not failed");
    }
}

/// What the threads share.
struct Actor {
    namespace: Option<Namespace>,
    slots: std::sync::Mutex<BTreeMap<u8, Arc<Object>>>,
}

enum Object {
    Mutex(Mutex),
    Event(Event),
    Semaphore(Semaphore),
    Section(#[expect(dead_code, reason = "it is only in the way")] Section),
}

/// What is refused is an outcome like any other.
struct Refusal(Outcome);

impl From<veduta::Error> for Refusal {
    fn from(error: veduta::Error) -> Refusal {
        Refusal(Outcome::Refused(error.code().get()))
    }
}

const WRONG_KIND: Refusal = Refusal(Outcome::Refused(6));

impl Object {
    fn mutex(&self) -> Result<&Mutex, Refusal> {
        if let Object::Mutex(mutex) = self { Ok(mutex) } else { Err(WRONG_KIND) }
    }

    fn event(&self) -> Result<&Event, Refusal> {
        if let Object::Event(event) = self { Ok(event) } else { Err(WRONG_KIND) }
    }

    fn semaphore(&self) -> Result<&Semaphore, Refusal> {
        if let Object::Semaphore(semaphore) = self { Ok(semaphore) } else { Err(WRONG_KIND) }
    }

    fn waitable(&self) -> Result<&dyn Waitable, Refusal> {
        match self {
            Object::Mutex(mutex) => Ok(mutex),
            Object::Event(event) => Ok(event),
            Object::Semaphore(semaphore) => Ok(semaphore),
            Object::Section(_) => Err(WRONG_KIND),
        }
    }
}

impl Actor {
    fn run(&self, number: u8, orders: &Receiver<Operation>) {
        Answer::Runs(number, rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs()).say();
        for operation in orders {
            let answer = match operation {
                Operation::State { slot } => self.state(number, slot),
                _ => self.attempt(number, &operation).map(|outcome| Answer::Did(number, outcome, None)),
            };
            answer.unwrap_or_else(|Refusal(outcome)| Answer::Did(number, outcome, None)).say();
        }
    }

    fn attempt(&self, number: u8, operation: &Operation) -> Result<Outcome, Refusal> {
        let waits = |timeout| {
            if timeout == Timeout::Forever {
                Answer::Waits(number).say();
            }
        };
        match *operation {
            Operation::Create { slot, ref name, object } => {
                self.vacate(slot);
                let (object, outcome) = self.create(name, object)?;
                self.put(slot, object);
                Ok(outcome)
            }
            Operation::CreateNew { slot, ref name, object } => {
                self.vacate(slot);
                let object = self.create_new(name, object)?;
                self.put(slot, object);
                Ok(Outcome::Created)
            }
            Operation::CreateUnnamed { slot, object } => {
                self.vacate(slot);
                let object = self.create_unnamed(object)?;
                self.put(slot, object);
                Ok(Outcome::Created)
            }
            Operation::Open { slot, ref name, kind, access } => {
                self.vacate(slot);
                let object = self.open(name, kind, access)?;
                self.put(slot, object);
                Ok(Outcome::Done)
            }
            Operation::Duplicate { from, to, access } => {
                self.vacate(to);
                let object = match &*self.get(from)? {
                    Object::Mutex(mutex) => Object::Mutex(mutex.try_clone_with(rights(access))?),
                    Object::Event(event) => Object::Event(event.try_clone_with(rights(access))?),
                    Object::Semaphore(semaphore) => {
                        Object::Semaphore(semaphore.try_clone_with(rights(access))?)
                    }
                    Object::Section(_) => return Err(WRONG_KIND),
                };
                self.put(to, object);
                Ok(Outcome::Done)
            }
            Operation::Close { slot } => {
                self.get(slot)?;
                self.vacate(slot);
                Ok(Outcome::Done)
            }
            Operation::Lock { slot, timeout } => {
                let object = self.get(slot)?;
                let mutex = object.mutex()?;
                waits(timeout);
                let guard = match timeout {
                    Timeout::Zero => mutex.try_lock()?,
                    Timeout::Short => mutex.lock_timeout(SHORT)?,
                    Timeout::Forever => Some(mutex.lock()?),
                };
                Ok(guard.map_or(Outcome::TimedOut, keep))
            }
            Operation::Wait { slot, timeout } => {
                let object = self.get(slot)?;
                object.waitable()?;
                waits(timeout);
                Ok(waited(match &*object {
                    Object::Mutex(mutex) => mutex.wait(duration(timeout))?,
                    Object::Event(event) => event.wait(duration(timeout))?,
                    Object::Semaphore(semaphore) => semaphore.wait(duration(timeout))?,
                    Object::Section(_) => return Err(WRONG_KIND),
                }))
            }
            Operation::WaitAny { ref slots, timeout } => {
                let objects = self.all(slots)?;
                let objects = waitables(&objects)?;
                waits(timeout);
                Ok(waited(veduta::wait_any(&objects, duration(timeout))?))
            }
            Operation::WaitAll { ref slots, timeout } => {
                let objects = self.all(slots)?;
                let objects = waitables(&objects)?;
                waits(timeout);
                Ok(match veduta::wait_all(&objects, duration(timeout))? {
                    Waited::Signaled(_) => Outcome::TookAll { abandoned: false },
                    Waited::Abandoned(_) => Outcome::TookAll { abandoned: true },
                    Waited::TimedOut => Outcome::TimedOut,
                })
            }
            Operation::SignalAndWait { signal, wait, timeout } => {
                let objects = self.all(&[signal, wait])?;
                let objects = waitables(&objects)?;
                waits(timeout);
                Ok(waited(veduta::signal_and_wait(objects[0], objects[1], duration(timeout))?))
            }
            Operation::ReleaseMutex { slot } => {
                self.get(slot)?.mutex()?.release()?;
                Ok(Outcome::Done)
            }
            Operation::Set { slot } => {
                self.get(slot)?.event()?.set()?;
                Ok(Outcome::Done)
            }
            Operation::Reset { slot } => {
                self.get(slot)?.event()?.reset()?;
                Ok(Outcome::Done)
            }
            Operation::Pulse { slot } => {
                self.get(slot)?.event()?.pulse()?;
                Ok(Outcome::Done)
            }
            Operation::ReleaseSemaphore { slot, count } => {
                Ok(Outcome::Previous(self.get(slot)?.semaphore()?.release(count)?))
            }
            Operation::State { .. } | Operation::EndThread | Operation::Exit | Operation::Kill => {
                unreachable!("that is done otherwise: {operation:?}")
            }
        }
    }

    fn state(&self, by: u8, slot: u8) -> Result<Answer, Refusal> {
        let state = match &*self.get(slot)? {
            Object::Mutex(mutex) => mutex.state()?,
            Object::Event(event) => event.state()?,
            Object::Semaphore(semaphore) => semaphore.state()?,
            Object::Section(_) => return Err(WRONG_KIND),
        };
        let (state, waiters) = match state {
            ObjectState::Mutex {
                owner: Some(Owner::Thread { process, thread }),
                recursion,
                abandoned,
                waiters,
            } => {
                return Ok(Answer::Owned { by, process, thread, recursion, abandoned, waiters });
            }
            ObjectState::Mutex { owner: Some(Owner::Unknown), .. } => unreachable!("Linux tells"),
            ObjectState::Mutex { owner: None, recursion, abandoned, waiters } => {
                (State::Mutex { owner: None, recursion, abandoned }, waiters)
            }
            ObjectState::Event { reset: veduta::Reset::Auto, signaled, waiters } => {
                (State::Event { reset: Reset::Auto, signaled }, waiters)
            }
            ObjectState::Event { reset: veduta::Reset::Manual, signaled, waiters } => {
                (State::Event { reset: Reset::Manual, signaled }, waiters)
            }
            ObjectState::Semaphore { count, maximum, waiters } => {
                (State::Semaphore { count, maximum }, waiters)
            }
            ObjectState::Timer { .. } => unreachable!("no play has a timer"),
        };
        Ok(Answer::Did(by, Outcome::State(state), waiters))
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, BTreeMap<u8, Arc<Object>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who has this gives it back before it answers: closing a slot closes the handle.
    fn get(&self, slot: u8) -> Result<Arc<Object>, Refusal> {
        self.slots().get(&slot).cloned().ok_or(Refusal(Outcome::Vacant))
    }

    /// What is to be waited for: which slot is wrong first counts before how many there are.
    fn all(&self, slots: &[u8]) -> Result<Vec<Arc<Object>>, Refusal> {
        slots
            .iter()
            .map(|&slot| {
                let object = self.get(slot)?;
                object.waitable()?;
                Ok(object)
            })
            .collect()
    }

    fn put(&self, slot: u8, object: Object) {
        let before = self.slots().insert(slot, Arc::new(object));
        assert!(before.is_none(), "slot {slot} was vacated");
    }

    fn vacate(&self, slot: u8) {
        let object = self.slots().remove(&slot);
        if let Some(object) = object {
            assert!(Arc::into_inner(object).is_some(), "slot {slot} is not vacated while it is used");
        }
    }

    fn create(&self, name: &str, object: NewObject) -> Result<(Object, Outcome), Refusal> {
        let (object, disposition) = match object {
            NewObject::Mutex { owned } => {
                let (mutex, disposition) = self.options().owned(owned).create(name)?;
                (Object::Mutex(mutex), disposition)
            }
            NewObject::Event { reset, signaled } => {
                let (event, disposition) = event(&mut self.options(), reset, signaled).create(name)?;
                (Object::Event(event), disposition)
            }
            NewObject::Semaphore { count, maximum } => {
                let (semaphore, disposition) = self.options().count(count).maximum(maximum).create(name)?;
                (Object::Semaphore(semaphore), disposition)
            }
            NewObject::Section => {
                let (section, disposition) = self.section().size(4096).create(name)?;
                (Object::Section(section), disposition)
            }
        };
        Ok((object, outcome(disposition)))
    }

    fn create_new(&self, name: &str, object: NewObject) -> Result<Object, Refusal> {
        Ok(match object {
            NewObject::Mutex { owned } => Object::Mutex(self.options().owned(owned).create_new(name)?),
            NewObject::Event { reset, signaled } => {
                Object::Event(event(&mut self.options(), reset, signaled).create_new(name)?)
            }
            NewObject::Semaphore { count, maximum } => {
                Object::Semaphore(self.options().count(count).maximum(maximum).create_new(name)?)
            }
            NewObject::Section => Object::Section(self.section().size(4096).create_new(name)?),
        })
    }

    fn create_unnamed(&self, object: NewObject) -> Result<Object, Refusal> {
        Ok(match object {
            NewObject::Mutex { owned } => Object::Mutex(self.options().owned(owned).create_unnamed()?),
            NewObject::Event { reset, signaled } => {
                Object::Event(event(&mut self.options(), reset, signaled).create_unnamed()?)
            }
            NewObject::Semaphore { count, maximum } => {
                Object::Semaphore(self.options().count(count).maximum(maximum).create_unnamed()?)
            }
            NewObject::Section => Object::Section(self.section().size(4096).create_unnamed()?),
        })
    }

    fn open(&self, name: &str, kind: Kind, access: Rights) -> Result<Object, Refusal> {
        Ok(match kind {
            Kind::Mutex => Object::Mutex(self.options().access(rights(access)).open(name)?),
            Kind::Event => Object::Event(self.options().access(rights(access)).open(name)?),
            Kind::Semaphore => Object::Semaphore(self.options().access(rights(access)).open(name)?),
            Kind::Section => {
                let nothing = access == Rights::NONE;
                let access = if nothing { SectionAccess::empty() } else { SectionAccess::READ };
                Object::Section(self.section().access(access).open(name)?)
            }
        })
    }

    fn options<T: Optional>(&self) -> SyncOptions<'_, T> {
        let mut options = T::options();
        if let Some(namespace) = &self.namespace {
            options.namespace(namespace);
        }
        options
    }

    fn section(&self) -> veduta::SectionOptions<'_> {
        let mut options = Section::options();
        if let Some(namespace) = &self.namespace {
            options.namespace(namespace);
        }
        options
    }
}

/// What can be made by saying what it is to be.
trait Optional: SyncObject {
    fn options<'a>() -> SyncOptions<'a, Self>;
}

impl Optional for Mutex {
    fn options<'a>() -> SyncOptions<'a, Mutex> {
        Mutex::options()
    }
}

impl Optional for Event {
    fn options<'a>() -> SyncOptions<'a, Event> {
        Event::options()
    }
}

impl Optional for Semaphore {
    fn options<'a>() -> SyncOptions<'a, Semaphore> {
        Semaphore::options()
    }
}

fn event<'a, 'b>(
    options: &'b mut SyncOptions<'a, Event>,
    reset: Reset,
    signaled: bool,
) -> &'b mut SyncOptions<'a, Event> {
    let reset = match reset {
        Reset::Auto => veduta::Reset::Auto,
        Reset::Manual => veduta::Reset::Manual,
    };
    options.reset(reset).signaled(signaled)
}

fn waitables(objects: &[Arc<Object>]) -> Result<Vec<&dyn Waitable>, Refusal> {
    objects.iter().map(|object| object.waitable()).collect()
}

/// The thread keeps the mutex: it owns it as often as it took it, until it is told to release it.
fn keep(guard: MutexGuard<'_>) -> Outcome {
    let abandoned = guard.is_abandoned();
    std::mem::forget(guard);
    if abandoned { Outcome::Abandoned(0) } else { Outcome::Signaled(0) }
}

fn waited(waited: Waited) -> Outcome {
    match waited {
        Waited::Signaled(index) => Outcome::Signaled(index),
        Waited::Abandoned(index) => Outcome::Abandoned(index),
        Waited::TimedOut => Outcome::TimedOut,
    }
}

/// Long enough to fall asleep, mostly. Nothing depends on it.
const SHORT: Duration = Duration::from_millis(5);

fn duration(timeout: Timeout) -> Option<Duration> {
    match timeout {
        Timeout::Zero => Some(Duration::ZERO),
        Timeout::Short => Some(SHORT),
        Timeout::Forever => None,
    }
}

fn rights(rights: Rights) -> SyncAccess {
    SyncAccess::from_bits(rights.0).expect("both have the bits of Windows")
}
