//! Threads that wait, and when they do.

use crate::scratch::{all_sleep, thread_number, told};
use crate::{Object, until};
use std::sync::mpsc::channel;
use std::thread::{Scope, ScopedJoinHandle};

/// Threads that were started to wait for something.
pub(crate) struct Crowd<'scope, T> {
    threads: Vec<ScopedJoinHandle<'scope, T>>,
    numbers: Vec<u32>,
}

impl<'scope, T: Send + 'scope> Crowd<'scope, T> {
    /// Starts threads, each with its number from 0.
    pub(crate) fn start(
        scope: &'scope Scope<'scope, '_>,
        count: usize,
        job: impl Fn(usize) -> T + Send + Copy + 'scope,
    ) -> Crowd<'scope, T> {
        let (sender, receiver) = channel();
        let start = |index| {
            let sender = sender.clone();
            scope.spawn(move || {
                sender.send(thread_number()).unwrap();
                drop(sender);
                job(index)
            })
        };
        let threads = (0..count).map(start).collect();
        let numbers = receiver.iter().take(count).collect();
        Crowd { threads, numbers }
    }

    /// Waits until all of them wait for the object, and nobody else does, and all are asleep: each could be given the object and would
    /// not find it by looking.
    #[track_caller]
    pub(crate) fn asleep_at(&self, object: &impl Object) {
        until("all of them wait", || object.waiters() == told(self.numbers.len() as u32));
        until("all of them sleep", || all_sleep(&self.numbers));
    }

    /// How many are through.
    pub(crate) fn through(&self) -> usize {
        self.threads.iter().filter(|thread| thread.is_finished()).count()
    }

    /// Waits until all of them have ended, and gives what each came to.
    #[track_caller]
    pub(crate) fn join(self) -> Vec<T> {
        self.threads.into_iter().map(|thread| thread.join().expect("see above")).collect()
    }
}

/// Does something on a thread of its own, and waits until that thread has ended for good.
#[track_caller]
pub(crate) fn elsewhere<T: Send>(job: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(job).join().expect("see above"))
}
