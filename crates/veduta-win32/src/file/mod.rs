//! Files.

use crate::failure::Result;
use crate::object::Packed;
use std::os::fd::OwnedFd;

pub(crate) struct File {}

impl File {
    /// The rights of a duplicate: never more than those of the source.
    pub(crate) fn narrowed(&self, _access: u32, _mask: u32) -> Result<u32> {
        todo!()
    }
    pub(crate) fn pack(&self) -> Result<Packed> {
        todo!()
    }
    pub(crate) fn unpack(_detail: &str, _descriptors: Vec<OwnedFd>) -> Result<File> {
        todo!()
    }
}
