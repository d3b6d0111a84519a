//! Created, or opened.

use crate::Result;

/// Whether an object was there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It is new.
    Created,
    /// It was there: its size and protection are what its creator gave it. `ERROR_ALREADY_EXISTS`, as news and not as error.
    Opened,
}

/// Opens what has the name, or makes it.
pub(crate) fn open_or_create<T>(
    open: impl Fn() -> Result<Option<T>>,
    create: impl Fn() -> Result<Option<T>>,
) -> Result<(T, Disposition)> {
    loop {
        if let Some(object) = open()? {
            return Ok((object, Disposition::Opened));
        }
        if let Some(object) = create()? {
            return Ok((object, Disposition::Created));
        }
        // Somebody else was faster; or was faster and is gone again.
    }
}
