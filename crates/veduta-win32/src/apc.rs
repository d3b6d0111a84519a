//! Procedures that are queued to a thread, and run when it waits alertably.

use crate::code;
use crate::export::export;
use crate::failure::{Failure, fail};
use crate::thread;
use crate::types::{DWORD, HANDLE};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use veduta::Interrupt;

/// What runs in the thread.
type Procedure = Box<dyn FnOnce() + Send>;

/// What was queued to one thread.
pub(crate) struct Alerts {
    queue: Mutex<Queue>,
    /// Raised while something is queued.
    interrupt: Interrupt,
}

#[derive(Default)]
struct Queue {
    /// With a number by which it can be taken back.
    procedures: VecDeque<(u64, Procedure)>,
    closed: bool,
}

impl Alerts {
    pub(crate) fn new() -> Alerts {
        Alerts { queue: Mutex::default(), interrupt: Interrupt::new() }
    }

    pub(crate) fn of_this_thread() -> Arc<Alerts> {
        crate::thread::alerts()
    }

    pub(crate) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Queues a procedure; says no if the thread has ended.
    pub(crate) fn queue(&self, number: u64, procedure: Procedure) -> bool {
        let mut queue = self.lock();
        if queue.closed {
            return false;
        }
        queue.procedures.push_back((number, procedure));
        self.interrupt.raise();
        true
    }

    /// Takes back what was queued under a number and has not run.
    pub(crate) fn take_back(&self, number: u64) {
        self.lock().procedures.retain(|(queued, _)| *queued != number);
    }

    /// Runs what is queued, also what is queued meanwhile; says whether anything was.
    pub(crate) fn run(&self) -> bool {
        let mut ran = false;
        loop {
            let next = {
                let mut queue = self.lock();
                let next = queue.procedures.pop_front();
                if next.is_none() {
                    self.interrupt.lower();
                }
                next
            };
            let Some((_, procedure)) = next else { return ran };
            procedure();
            ran = true;
        }
    }

    /// The thread ends: nothing more will run.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        queue.procedures.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type ApcProcedure = Option<extern "C" fn(usize)>;

export! {
    fn QueueUserAPC(procedure: ApcProcedure, thread: HANDLE, argument: usize) -> DWORD {
        let procedure =
            procedure.ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "pfnAPC is NULL"))?;
        let queue = |alerts: &Alerts| alerts.queue(0, Box::new(move || procedure(argument)));
        let queued = if thread == HANDLE::CURRENT_THREAD {
            queue(&Alerts::of_this_thread())
        } else {
            thread::with(thread, thread::SET_CONTEXT, |thread| Ok(queue(thread.alerts()?)))?
        };
        // ERROR_GEN_FAILURE is what Windows says of a thread that has ended.
        if queued { Ok(1) } else { fail(code::GEN_FAILURE) }
    }
}
