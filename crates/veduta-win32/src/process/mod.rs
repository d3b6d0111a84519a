//! Processes.

pub(crate) mod mailbox;

use crate::failure::Result;
use crate::object::{Object, Packed};
use crate::types::HANDLE;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use veduta::Event;

pub(crate) const ALL_ACCESS: u32 = 0x001F_FFFF;

pub(crate) struct Process {}

impl Process {
    /// The event that is set when the process has ended.
    pub(crate) fn ended(&self) -> Result<&Event> {
        todo!()
    }
    pub(crate) fn pack(&self) -> Result<Packed> {
        todo!()
    }
    pub(crate) fn unpack(_detail: &str, _descriptors: Vec<OwnedFd>) -> Result<Process> {
        todo!()
    }
}

/// Whether a handle is one to the calling process, the pseudo handle or a real one.
pub(crate) fn is_current(_process: HANDLE) -> Result<bool> {
    todo!()
}

/// The calling process.
pub(crate) fn current() -> Result<Arc<Object>> {
    todo!()
}
