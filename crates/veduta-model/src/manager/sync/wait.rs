//! Waits: when they can end, what they take, and who is blocked.
//!
//! Windows promises no order among those who wait for the same object, so the model does not choose: it says who is due,
//! and is told who went on. What one who goes on takes only makes less possible, so whatever can go on at the end could have
//! gone on before, and the order of telling does not matter.

use super::{Event, Mutex, Semaphore};
use crate::manager::code::*;
use crate::manager::{Body, Manager, Result, refuse};
use crate::operation::{Outcome, Rights};
use crate::sync::{Kind, MOST_OBJECTS, Thread, Timeout};
use std::collections::{BTreeMap, BTreeSet};

/// What a thread waits for.
#[derive(Debug)]
pub(in crate::manager) struct Wait {
    /// The slots of the handles, which stay open meanwhile.
    pub(super) slots: Vec<u8>,
    pub(super) objects: Vec<usize>,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Any,
    All,
}

impl Manager {
    /// The threads that wait.
    pub fn blocked(&self) -> Vec<Thread> {
        self.waits.keys().copied().collect()
    }

    /// How many threads wait for the object of a handle, alone or among others.
    pub fn waiters(&self, actor: usize, slot: u8) -> usize {
        let Ok(handle) = self.handle(actor, slot) else { return 0 };
        self.waits.values().filter(|wait| wait.objects.contains(&handle.object)).count()
    }

    /// Whether a thread that waits for the object of a handle would not get it at once.
    pub fn would_block(&self, thread: Thread, slot: u8) -> bool {
        let wait = self.wait_for(thread.actor, &[slot], Form::Any);
        wait.is_ok_and(|wait| self.ends(thread, &wait).is_empty())
    }

    /// Who can go on now, and with which outcomes. One of them must, and may take what the others need; it is over when
    /// nobody can.
    pub fn due(&self) -> BTreeMap<Thread, Vec<Outcome>> {
        let ends = self.waits.iter().map(|(&thread, wait)| (thread, self.ends(thread, wait)));
        ends.filter(|(_, ends)| !ends.is_empty()).collect()
    }

    /// A blocked thread went on with this outcome; or says why it should not have.
    ///
    /// # Errors
    /// What is wrong, in words. Nothing is changed then.
    pub fn resume(&mut self, thread: Thread, outcome: &Outcome) -> Result<(), String> {
        let Some(wait) = self.waits.get(&thread) else {
            return Err(format!("{thread:?} was not blocked, and goes on with {outcome:?}"));
        };
        let ends = self.ends(thread, wait);
        if !ends.contains(outcome) {
            return Err(format!(
                "{thread:?} goes on with {outcome:?}; possible is one of {ends:?}: {wait:?}"
            ));
        }
        if let Some(wait) = self.waits.remove(&thread) {
            self.take(thread, &wait, outcome);
        }
        self.end_pulses();
        Ok(())
    }

    /// Checks what a wait is to be for.
    pub(super) fn wait_for(&self, actor: usize, slots: &[u8], form: Form) -> Result<Wait> {
        let mut handles = Vec::new();
        for &slot in slots {
            let handle = self.handle(actor, slot)?;
            if self.objects[handle.object].body.kind() == Kind::Section {
                return refuse(INVALID_HANDLE);
            }
            handles.push(handle);
        }
        if handles.is_empty() || handles.len() > MOST_OBJECTS {
            return refuse(INVALID_PARAMETER);
        }
        if !handles.iter().all(|handle| handle.rights.include(Rights::SYNCHRONIZE)) {
            return refuse(ACCESS_DENIED);
        }
        let objects: Vec<_> = handles.iter().map(|handle| handle.object).collect();
        let different: BTreeSet<_> = objects.iter().collect();
        if form == Form::All && different.len() < objects.len() {
            return refuse(INVALID_PARAMETER);
        }
        Ok(Wait { slots: slots.to_vec(), objects, form })
    }

    /// Takes what is there, the first of any, or waits for it.
    pub(super) fn wait(&mut self, thread: Thread, wait: Wait, timeout: Timeout) -> Outcome {
        match (self.ends(thread, &wait).into_iter().next(), timeout) {
            (Some(outcome), _) => {
                self.take(thread, &wait, &outcome);
                outcome
            }
            (None, Timeout::Zero | Timeout::Short) => Outcome::TimedOut,
            (None, Timeout::Forever) => self.block(thread, wait),
        }
    }

    pub(super) fn block(&mut self, thread: Thread, wait: Wait) -> Outcome {
        self.waits.insert(thread, wait);
        Outcome::Blocked
    }

    /// How a wait could end now.
    pub(super) fn ends(&self, thread: Thread, wait: &Wait) -> Vec<Outcome> {
        let available = |&object: &usize| match &self.objects[object].body {
            Body::Mutex(mutex) => mutex.is_available_to(thread),
            // The library's word: a pulse ends no wait for all.
            Body::Event(Event { signaled, pulsed, .. }) => *signaled && !(*pulsed && wait.form == Form::All),
            Body::Semaphore(Semaphore { count, .. }) => *count > 0,
            Body::Section(_) => false,
        };
        let abandoned =
            |&object: &usize| matches!(self.objects[object].body, Body::Mutex(Mutex { abandoned: true, .. }));
        let objects = &wait.objects;
        match wait.form {
            Form::Any => (0..objects.len())
                .filter(|&index| available(&objects[index]))
                .map(|index| match abandoned(&objects[index]) {
                    true => Outcome::Abandoned(index),
                    false => Outcome::Signaled(index),
                })
                .collect(),
            Form::All if objects.iter().all(available) => {
                vec![Outcome::TookAll { abandoned: objects.iter().any(abandoned) }]
            }
            Form::All => Vec::new(),
        }
    }

    /// Takes what a wait takes that ends so.
    fn take(&mut self, thread: Thread, wait: &Wait, outcome: &Outcome) {
        let taken = match *outcome {
            Outcome::Signaled(index) | Outcome::Abandoned(index) => &wait.objects[index..=index],
            _ => &wait.objects[..],
        };
        for &object in taken {
            match &mut self.objects[object].body {
                Body::Mutex(mutex) => mutex.take(thread),
                Body::Event(event) => event.take(),
                Body::Semaphore(semaphore) => semaphore.take(),
                Body::Section(_) => {}
            }
        }
    }

    /// A pulse is over once all went on who could.
    pub(super) fn end_pulses(&mut self) {
        if self.due().is_empty() {
            for object in &mut self.objects {
                if let Body::Event(event) = &mut object.body {
                    event.end_pulse();
                }
            }
        }
    }

    /// Threads end, however: they wait for nothing any more, and abandon what they own.
    pub(in crate::manager) fn end_threads(&mut self, ends: impl Fn(Thread) -> bool) {
        self.waits.retain(|&thread, _| !ends(thread));
        for object in &mut self.objects {
            if let Body::Mutex(mutex) = &mut object.body
                && let Some(owner) = mutex.owner.filter(|&owner| ends(owner))
            {
                mutex.abandon(owner);
            }
        }
    }
}
