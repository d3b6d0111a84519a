//! Waitable timers.

use crate::failure::Result;
use crate::object::Packed;
use std::os::fd::OwnedFd;
use veduta::Waitable;

pub(crate) struct Timer {}

impl Timer {
    pub(crate) fn waitable(&self) -> &dyn Waitable {
        todo!()
    }
    pub(crate) fn pack(&self) -> Result<Packed> {
        todo!()
    }
    pub(crate) fn unpack(_detail: &str, _descriptors: Vec<OwnedFd>) -> Result<Timer> {
        todo!()
    }
}
