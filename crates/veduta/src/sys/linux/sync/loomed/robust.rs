//! Threads, for `loom`: no kernel looks after them.

use crate::Result;
use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Thread {
    token: u64,
    number: u32,
    process: u32,
}

#[derive(Clone, Copy)]
pub(super) struct Node;

impl Node {
    /// # Safety
    /// None is needed.
    pub(super) unsafe fn of_page(_: NonNull<u8>) -> Node {
        Node
    }
}

impl Thread {
    pub(crate) fn is_current(self) -> bool {
        true
    }

    pub(crate) fn current() -> Result<Thread> {
        loom::thread_local! {
            static NUMBER: Cell<u32> = Cell::new(0);
        }
        // Not loom's: they only have to differ.
        static NUMBERS: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.with(|number| {
            if number.get() == 0 {
                number.set(NUMBERS.fetch_add(1, Ordering::Relaxed) % 0x3FFF_FFFF + 1);
            }
            number.get()
        });
        Ok(Thread { token: number.into(), number, process: 1 })
    }

    pub(crate) fn known() -> Option<Thread> {
        Thread::current().ok()
    }

    pub(super) fn token(self) -> u64 {
        self.token
    }

    pub(super) fn number(self) -> u32 {
        self.number
    }

    pub(super) fn may_own_more(self) -> bool {
        true
    }

    pub(super) fn process(self) -> u32 {
        self.process
    }

    pub(super) fn announce(self, _: Node) {}

    pub(super) fn finish(self) {}

    pub(super) fn link(self, _: Node) {}

    pub(super) fn unlink(self, _: Node) {}
}

/// Whether the thread with this token has not ended.
pub(super) fn lives(_: u64) -> bool {
    true
}

pub(super) fn has_ended(_: u64) -> bool {
    false
}

pub(super) struct Threads;

/// Nobody forks under loom.
pub(super) fn threads() -> std::sync::MutexGuard<'static, Threads> {
    static THREADS: std::sync::Mutex<Threads> = std::sync::Mutex::new(Threads);
    THREADS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
