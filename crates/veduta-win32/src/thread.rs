//! Threads.

use crate::apc::Alerts;
use crate::failure::Result;
use crate::object::Object;
use std::sync::Arc;
use veduta::Event;

pub(crate) const ALL_ACCESS: u32 = 0x001F_FFFF;

pub(crate) struct Thread {}

impl Thread {
    /// The event that is set when the thread has ended.
    pub(crate) fn ended(&self) -> Result<&Event> {
        todo!()
    }
    pub(crate) fn alerts(&self) -> &Alerts {
        todo!()
    }
}

/// The calling thread.
pub(crate) fn current() -> Result<Arc<Object>> {
    todo!()
}

/// What is queued to the calling thread.
pub(crate) fn alerts() -> Arc<Alerts> {
    todo!()
}
