//! Mutexes.

use super::{create, open};
use crate::attributes::Attributes;
use crate::code;
use crate::export::export;
use crate::failure::{Result, fail};
use crate::object::Kind;
use crate::rights::{STANDARD_RIGHTS_ALL, to_open};
use crate::table;
use crate::text::{Narrow, Text, Wide};
use crate::types::{BOOL, DWORD, HANDLE};
use veduta::Mutex;

const CREATE_MUTEX_INITIAL_OWNER: u32 = 1;
const ALL_ACCESS: u32 = STANDARD_RIGHTS_ALL | 1;

export! {
    fn CreateMutexA(attributes: Attributes, owned: BOOL, name: Narrow) -> HANDLE {
        new(attributes, owned.is_true(), name, ALL_ACCESS)
    }

    fn CreateMutexW(attributes: Attributes, owned: BOOL, name: Wide) -> HANDLE {
        new(attributes, owned.is_true(), name, ALL_ACCESS)
    }

    fn CreateMutexExA(attributes: Attributes, name: Narrow, flags: DWORD, access: DWORD) -> HANDLE {
        new_ex(attributes, name, flags, access)
    }

    fn CreateMutexExW(attributes: Attributes, name: Wide, flags: DWORD, access: DWORD) -> HANDLE {
        new_ex(attributes, name, flags, access)
    }

    fn OpenMutexA(access: DWORD, inherit: BOOL, name: Narrow) -> HANDLE {
        open(Mutex::options(), to_open(access, 1), inherit, name)
    }

    fn OpenMutexW(access: DWORD, inherit: BOOL, name: Wide) -> HANDLE {
        open(Mutex::options(), to_open(access, 1), inherit, name)
    }

    fn ReleaseMutex(mutex: HANDLE) -> BOOL, at_once { release(mutex) } {
        Ok(table::entry(mutex)?.object.as_kind::<Mutex>()?.release()?)
    }
}

/// Releases a mutex that was acquired once.
#[inline(always)]
fn release(mutex: HANDLE) -> Option<()> {
    let released = table::quick(mutex, |entry| Mutex::of(&entry.object).is_some_and(Mutex::release_at_once));
    (released == Some(true)).then_some(())
}

fn new(attributes: Attributes, owned: bool, name: impl Text, access: u32) -> Result<HANDLE> {
    let mut options = Mutex::options();
    options.owned(owned);
    create(options, attributes, name, access)
}

fn new_ex(attributes: Attributes, name: impl Text, flags: u32, access: u32) -> Result<HANDLE> {
    if flags & !CREATE_MUTEX_INITIAL_OWNER != 0 {
        return fail(code::INVALID_PARAMETER);
    }
    new(attributes, flags & CREATE_MUTEX_INITIAL_OWNER != 0, name, access)
}
