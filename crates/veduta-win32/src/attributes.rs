//! `SECURITY_ATTRIBUTES`: who else may use a new object, and whether children inherit the handle.

use crate::failure::Result;
use crate::pointer::In;
use crate::security;
use crate::types::{BOOL, DWORD, POINTER};

#[repr(C)]
#[derive(Clone, Copy)]
struct SecurityAttributes {
    length: DWORD,
    descriptor: POINTER,
    inherit: BOOL,
}

/// What a function was passed, or NULL.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Attributes(In<SecurityAttributes>);

impl Attributes {
    /// Whether children inherit the handle.
    pub(crate) fn inherits(self) -> bool {
        self.0.get().is_some_and(|attributes| attributes.inherit.is_true())
    }

    /// The file mode that the security descriptor comes to; `None` if there is none.
    pub(crate) fn mode(self) -> Result<Option<u32>> {
        match self.0.get() {
            Some(attributes) if !attributes.descriptor.is_null() => {
                security::mode(attributes.descriptor).map(Some)
            }
            _ => Ok(None),
        }
    }
}
