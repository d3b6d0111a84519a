//! Mutexes, events and semaphores: what threads' operations on them must come to.

mod event;
mod mutex;
mod semaphore;
#[cfg(test)]
mod tests;
mod wait;

use super::code::*;
use super::section::Section;
use super::view::PAGE;
use super::{Body, Handle, Manager, Result, refuse};
use crate::operation::{Outcome, Protection, Rights};
use crate::sync::{Kind, NewObject, Operation, State, Thread, Timeout};
pub(super) use event::Event;
pub(super) use mutex::Mutex;
pub(super) use semaphore::Semaphore;
use wait::Form;
pub(super) use wait::Wait;

/// The rights of a handle by creating.
const ALL: Rights = Rights::QUERY.and(Rights::MODIFY_STATE).and(Rights::SYNCHRONIZE);

impl Manager {
    /// Lets a thread do something.
    ///
    /// # Panics
    /// If somebody is [due](Manager::due): whoever can goes on before anything else happens.
    pub fn act(&mut self, thread: Thread, operation: &Operation) -> Outcome {
        assert!(self.due().is_empty(), "{:?} must go on before {thread:?} does {operation:?}", self.due());
        if self.is_hindered(thread, operation) {
            return Outcome::Unspecified;
        }
        let outcome = self.attempt(thread, operation).unwrap_or_else(|refused| refused);
        self.end_pulses();
        outcome
    }

    /// The kind of the object of a handle.
    pub fn kind(&self, actor: usize, slot: u8) -> Option<Kind> {
        Some(self.objects[self.handle(actor, slot).ok()?.object].body.kind())
    }

    /// The kind of the object that has a name.
    pub fn kind_of(&self, name: &str) -> Option<Kind> {
        let name = super::Name::read(self.names, name).ok()?;
        Some(self.objects[self.find(&name)?].body.kind())
    }

    /// Whether a thread owns the mutex of a handle.
    pub fn owns(&self, thread: Thread, slot: u8) -> bool {
        self.handle(thread.actor, slot).is_ok_and(|handle| {
            matches!(&self.objects[handle.object].body, Body::Mutex(mutex) if mutex.owner == Some(thread))
        })
    }

    /// Whether the thread waits, or another waits through the handle that would be closed.
    fn is_hindered(&self, thread: Thread, operation: &Operation) -> bool {
        let waits_through = |slot| {
            self.waits.iter().any(|(other, wait)| other.actor == thread.actor && wait.slots.contains(&slot))
        };
        match *operation {
            Operation::Kill | Operation::Exit => false,
            _ if self.waits.contains_key(&thread) => true,
            Operation::Create { slot, .. }
            | Operation::CreateNew { slot, .. }
            | Operation::CreateUnnamed { slot, .. }
            | Operation::Open { slot, .. }
            | Operation::Duplicate { to: slot, .. }
            | Operation::Close { slot } => waits_through(slot),
            _ => false,
        }
    }

    fn attempt(&mut self, thread: Thread, operation: &Operation) -> Result<Outcome> {
        let actor = thread.actor;
        match *operation {
            Operation::Create { slot, ref name, object } => {
                self.close(actor, slot);
                self.create_object(thread, slot, name, object)
            }
            Operation::CreateNew { slot, ref name, object } => {
                self.close(actor, slot);
                let created = self.create_object(thread, slot, name, object)?;
                self.only_new(actor, slot, created)
            }
            Operation::CreateUnnamed { slot, object } => {
                self.close(actor, slot);
                self.create_object(thread, slot, "", object)
            }
            Operation::Open { slot, ref name, kind, access } => {
                self.close(actor, slot);
                let object = self.open(name, kind, access)?;
                self.actor(actor).handles.insert(slot, Handle { object, rights: access });
                Ok(Outcome::Done)
            }
            Operation::Duplicate { from, to, access } => {
                self.close(actor, to);
                let Handle { object, .. } = self.handle(actor, from)?;
                if self.objects[object].body.kind() == Kind::Section {
                    return refuse(INVALID_HANDLE);
                }
                self.actor(actor).handles.insert(to, Handle { object, rights: access });
                Ok(Outcome::Done)
            }
            Operation::Close { slot } => {
                self.handle(actor, slot)?;
                self.close(actor, slot);
                Ok(Outcome::Done)
            }
            Operation::State { slot } => {
                let Handle { object, rights } = self.handle(actor, slot)?;
                let state = match &self.objects[object].body {
                    &Body::Mutex(Mutex { owner, recursion, abandoned }) => {
                        State::Mutex { owner, recursion, abandoned }
                    }
                    &Body::Event(Event { reset, signaled, .. }) => State::Event { reset, signaled },
                    &Body::Semaphore(Semaphore { count, maximum }) => State::Semaphore { count, maximum },
                    Body::Section(_) => return refuse(INVALID_HANDLE),
                };
                if !rights.include(Rights::QUERY) {
                    return refuse(ACCESS_DENIED);
                }
                Ok(Outcome::State(state))
            }
            Operation::Lock { slot, timeout } => {
                let Handle { object, .. } = self.handle(actor, slot)?;
                if self.objects[object].body.kind() != Kind::Mutex {
                    return refuse(INVALID_HANDLE);
                }
                let wait = self.wait_for(actor, &[slot], Form::Any)?;
                Ok(self.wait(thread, wait, timeout))
            }
            Operation::Wait { slot, timeout } => {
                let wait = self.wait_for(actor, &[slot], Form::Any)?;
                Ok(self.wait(thread, wait, timeout))
            }
            Operation::WaitAny { ref slots, timeout } => {
                let wait = self.wait_for(actor, slots, Form::Any)?;
                Ok(self.wait(thread, wait, timeout))
            }
            Operation::WaitAll { ref slots, timeout } => {
                let wait = self.wait_for(actor, slots, Form::All)?;
                Ok(self.wait(thread, wait, timeout))
            }
            Operation::SignalAndWait { signal, wait, timeout } => {
                self.signal_and_wait(thread, signal, wait, timeout)
            }
            Operation::ReleaseMutex { slot } => {
                let Handle { object, .. } = self.handle(actor, slot)?;
                let Body::Mutex(mutex) = &mut self.objects[object].body else {
                    return refuse(INVALID_HANDLE);
                };
                mutex.release(thread)?;
                Ok(Outcome::Done)
            }
            Operation::Set { slot } => {
                self.event(actor, slot)?.signaled = true;
                Ok(Outcome::Done)
            }
            Operation::Reset { slot } => {
                self.event(actor, slot)?.signaled = false;
                Ok(Outcome::Done)
            }
            Operation::Pulse { slot } => {
                self.event(actor, slot)?.pulse();
                Ok(Outcome::Done)
            }
            Operation::ReleaseSemaphore { slot, count } => {
                let Handle { object, rights } = self.handle(actor, slot)?;
                let Body::Semaphore(semaphore) = &mut self.objects[object].body else {
                    return refuse(INVALID_HANDLE);
                };
                Semaphore::check_release(count)?;
                if !rights.include(Rights::MODIFY_STATE) {
                    return refuse(ACCESS_DENIED);
                }
                Ok(Outcome::Previous(semaphore.release(count)?))
            }
            Operation::EndThread => {
                self.end_threads(|other| other == thread);
                Ok(Outcome::Done)
            }
            Operation::Exit | Operation::Kill => Ok(self.end_process(actor)),
        }
    }

    fn create_object(&mut self, thread: Thread, slot: u8, name: &str, object: NewObject) -> Result<Outcome> {
        let body = match object {
            NewObject::Mutex { owned } => Body::Mutex(Mutex::new(owned.then_some(thread))),
            NewObject::Event { reset, signaled } => Body::Event(Event::new(reset, signaled)),
            NewObject::Semaphore { count, maximum } => Body::Semaphore(Semaphore::new(count, maximum)?),
            NewObject::Section => Body::Section(Section::of_memory(PAGE, Protection::ReadWrite)),
        };
        self.create(thread.actor, slot, name, object.kind(), ALL, |_| Ok(body))
    }

    /// The event of a handle that may change it.
    fn event(&mut self, actor: usize, slot: u8) -> Result<&mut Event> {
        let Handle { object, rights } = self.handle(actor, slot)?;
        let Body::Event(event) = &mut self.objects[object].body else {
            return refuse(INVALID_HANDLE);
        };
        if !rights.include(Rights::MODIFY_STATE) {
            return refuse(ACCESS_DENIED);
        }
        Ok(event)
    }

    /// Whether the wait may happen is looked at first, so that nothing is signaled in vain.
    fn signal_and_wait(&mut self, thread: Thread, signal: u8, wait: u8, timeout: Timeout) -> Result<Outcome> {
        let Handle { object: signaled, .. } = self.handle(thread.actor, signal)?;
        if self.objects[signaled].body.kind() == Kind::Section {
            return refuse(INVALID_HANDLE);
        }
        let mut wait = self.wait_for(thread.actor, &[wait], Form::Any)?;
        // The call has both handles until it ends.
        wait.slots.push(signal);
        let before = self.objects[signaled].body.clone();
        let signal = match before {
            Body::Mutex(_) => Operation::ReleaseMutex { slot: signal },
            Body::Semaphore(_) => Operation::ReleaseSemaphore { slot: signal, count: 1 },
            Body::Event(_) | Body::Section(_) => Operation::Set { slot: signal },
        };
        self.attempt(thread, &signal)?;
        let rivals = self.due().keys().any(|other| self.waits[other].objects.contains(&wait.objects[0]));
        match timeout {
            _ if !rivals || self.ends(thread, &wait).is_empty() => Ok(self.wait(thread, wait, timeout)),
            // Others wait for the same: whoever gets it.
            Timeout::Forever => Ok(self.block(thread, wait)),
            Timeout::Zero | Timeout::Short => {
                self.objects[signaled].body = before;
                Ok(Outcome::Unspecified)
            }
        }
    }
}
