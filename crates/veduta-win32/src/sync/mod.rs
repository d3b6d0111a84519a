//! Mutexes, events, semaphores, timers: how they are created and opened. Waiting is [`crate::wait`].

mod condition;
pub(crate) mod critical;
pub(crate) mod event;
mod futex;
pub(crate) mod mutex;
mod once;
pub(crate) mod semaphore;
mod slim;
pub(crate) mod timer;

use crate::attributes::Attributes;
use crate::code;
use crate::failure::{Failure, Result};
use crate::last_error;
use crate::object::Kind;
use crate::rights;
use crate::table;
use crate::text::Text;
use crate::types::{BOOL, HANDLE};
use std::sync::Arc;
use veduta::{Disposition, SyncAccess, SyncObject, SyncOptions};

/// Creates an object or opens the one of that name. Says so in the last error, on success too.
fn create<T: SyncObject + Kind>(
    mut options: SyncOptions<'_, T>,
    attributes: Attributes,
    name: impl Text,
    access: u32,
) -> Result<HANDLE> {
    if let Some(mode) = attributes.mode()? {
        options.mode(mode);
    }
    options.access(rights::sync(access));
    let (object, disposition) = options.create(&name.name()?.unwrap_or_default())?;
    let handle = table::insert(Arc::new(object.into_object()), 0, attributes.inherits())?;
    last_error::set(match disposition {
        Disposition::Created => code::SUCCESS,
        Disposition::Opened => code::ALREADY_EXISTS,
    });
    Ok(handle)
}

/// Opens the object of that name.
fn open<T: SyncObject + Kind + Duplicate>(
    mut options: SyncOptions<'_, T>,
    access: Result<u32>,
    inherit: BOOL,
    name: impl Text,
) -> Result<HANDLE> {
    let name =
        name.name()?.ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "only a name can be opened"))?;
    let rights = match access {
        Ok(mask) => rights::sync(mask),
        Err(refused) => {
            // The name is looked up first: programs tell by the error whether the object is there.
            options.access(SyncAccess::QUERY).open(&name)?;
            return Err(refused);
        }
    };
    let object = if rights.is_empty() {
        // Only standard rights are asked for, such as to read the descriptor: a handle that can do nothing here.
        options.access(SyncAccess::QUERY).open(&name)?.duplicate(rights)?
    } else {
        options.access(rights).open(&name)?
    };
    table::insert(Arc::new(object.into_object()), 0, inherit.is_true())
}

/// Objects of which there are handles with other rights.
trait Duplicate: Sized {
    fn duplicate(&self, rights: SyncAccess) -> Result<Self>;
}

macro_rules! duplicate {
    ($($kind:ident)*) => {$(
        impl Duplicate for veduta::$kind {
            fn duplicate(&self, rights: SyncAccess) -> Result<Self> {
                Ok(self.try_clone_with(rights)?)
            }
        }
    )*};
}
duplicate!(Mutex Event Semaphore);
