//! Handles that one process puts into another's table.

use crate::failure::Result;
use crate::object::Object;
use crate::types::HANDLE;

/// Puts a handle to an object into the table of another process, and gives the value that it has there.
pub(crate) fn send(_process: HANDLE, _object: &Object, _access: u32, _inherit: bool) -> Result<HANDLE> {
    todo!()
}

/// Takes in what other processes have put here.
pub(crate) fn collect() {
    todo!()
}
