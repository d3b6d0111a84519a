//! Access masks: what callers ask for, and what it comes to for each kind of object.

use crate::code;
use crate::failure::{Failure, Result};
use veduta::SyncAccess;

pub(crate) const DELETE: u32 = 0x0001_0000;
pub(crate) const READ_CONTROL: u32 = 0x0002_0000;
pub(crate) const SYNCHRONIZE: u32 = 0x0010_0000;
pub(crate) const STANDARD_RIGHTS_ALL: u32 = 0x001F_0000;
pub(crate) const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
pub(crate) const GENERIC_ALL: u32 = 0x1000_0000;
pub(crate) const GENERIC_EXECUTE: u32 = 0x2000_0000;
pub(crate) const GENERIC_WRITE: u32 = 0x4000_0000;
pub(crate) const GENERIC_READ: u32 = 0x8000_0000;

/// The rights of a duplicate.
#[derive(Clone, Copy)]
pub(crate) enum Rights {
    /// Those of the source.
    Same,
    /// These.
    Mask(u32),
}

/// What the generic rights stand for, for one kind of object.
pub(crate) struct Generic {
    pub(crate) read: u32,
    pub(crate) write: u32,
    pub(crate) execute: u32,
    pub(crate) all: u32,
}

impl Generic {
    /// The mask with specific rights in place of generic ones.
    pub(crate) fn map(&self, mask: u32) -> u32 {
        let generic = [
            (GENERIC_READ, self.read),
            (GENERIC_WRITE, self.write),
            (GENERIC_EXECUTE, self.execute),
            (GENERIC_ALL | MAXIMUM_ALLOWED, self.all),
        ];
        let specific =
            mask & !(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL | MAXIMUM_ALLOWED);
        generic.iter().filter(|(bit, _)| mask & bit != 0).fold(specific, |mask, (_, rights)| mask | rights)
    }
}

/// Mutexes, events, semaphores and timers.
const SYNC: Generic = Generic {
    read: READ_CONTROL | 1,
    write: READ_CONTROL | 2,
    execute: READ_CONTROL | SYNCHRONIZE,
    all: STANDARD_RIGHTS_ALL | 3,
};

/// The rights of a handle to a mutex, event or semaphore.
pub(crate) fn sync(mask: u32) -> SyncAccess {
    SyncAccess::from_bits_truncate(SYNC.map(mask))
}

/// What timers keep in the table.
pub(crate) fn timer(mask: u32) -> u32 {
    SYNC.map(mask)
}

/// The rights to open a mutex, event, semaphore or timer with. `specific`: the bits that only this kind has.
pub(crate) fn to_open(mask: u32, specific: u32) -> Result<u32> {
    let known = specific
        | STANDARD_RIGHTS_ALL
        | MAXIMUM_ALLOWED
        | GENERIC_ALL
        | GENERIC_EXECUTE
        | GENERIC_WRITE
        | GENERIC_READ;
    if mask == 0 {
        return Err(Failure::hint(code::ACCESS_DENIED, "access 0 asks for no right at all"));
    }
    if mask & !known != 0 {
        let hint = format!("{mask:#x} has bits that are no right of such an object");
        return Err(Failure::hint(code::ACCESS_DENIED, hint));
    }
    Ok(mask)
}
