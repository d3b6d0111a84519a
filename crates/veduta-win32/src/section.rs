//! Sections: `CreateFileMapping` and `OpenFileMapping`.

use crate::failure::Result;
use crate::object::Packed;
use std::os::fd::OwnedFd;

pub(crate) struct Section {}

impl Section {
    /// The same section with other rights.
    pub(crate) fn with_rights(&self, _mask: u32) -> Result<Section> {
        todo!()
    }
    pub(crate) fn pack(&self) -> Result<Packed> {
        todo!()
    }
    pub(crate) fn unpack(_detail: &str, _descriptors: Vec<OwnedFd>) -> Result<Section> {
        todo!()
    }
}
