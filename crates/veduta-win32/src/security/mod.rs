//! Security descriptors, and the file modes that they come to.

use crate::failure::Result;
use crate::types::POINTER;

/// The file mode that a descriptor comes to.
pub(crate) fn mode(_descriptor: POINTER) -> Result<u32> {
    todo!()
}
