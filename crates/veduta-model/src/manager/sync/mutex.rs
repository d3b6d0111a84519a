//! Mutexes: who owns one, how often, and what becomes of it when that thread ends.

use crate::manager::code::NOT_OWNER;
use crate::sync::Thread;

#[derive(Debug, Clone)]
pub(in crate::manager) struct Mutex {
    pub(super) owner: Option<Thread>,
    pub(super) recursion: u32,
    /// Whether the last owner ended without releasing it. The next one is told.
    pub(super) abandoned: bool,
}

impl Mutex {
    pub(super) fn new(owner: Option<Thread>) -> Mutex {
        Mutex { owner, recursion: owner.is_some().into(), abandoned: false }
    }

    pub(super) fn is_available_to(&self, thread: Thread) -> bool {
        self.owner.is_none_or(|owner| owner == thread)
    }

    pub(super) fn take(&mut self, thread: Thread) {
        self.owner = Some(thread);
        self.recursion += 1;
        self.abandoned = false;
    }

    pub(super) fn release(&mut self, thread: Thread) -> Result<(), u32> {
        if self.owner != Some(thread) {
            return Err(NOT_OWNER);
        }
        self.recursion -= 1;
        if self.recursion == 0 {
            self.owner = None;
        }
        Ok(())
    }

    pub(super) fn abandon(&mut self, thread: Thread) {
        if self.owner == Some(thread) {
            *self = Mutex { owner: None, recursion: 0, abandoned: true };
        }
    }
}
