//! Semaphores.

use super::{create, open};
use crate::attributes::Attributes;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::pointer::Out;
use crate::rights::{STANDARD_RIGHTS_ALL, to_open};
use crate::table;
use crate::text::{Narrow, Text, Wide};
use crate::types::{BOOL, DWORD, HANDLE, LONG};
use veduta::Semaphore;

const ALL_ACCESS: u32 = STANDARD_RIGHTS_ALL | 3;

export! {
    fn CreateSemaphoreA(attributes: Attributes, initial: LONG, maximum: LONG, name: Narrow) -> HANDLE {
        new(attributes, initial, maximum, name, ALL_ACCESS)
    }

    fn CreateSemaphoreW(attributes: Attributes, initial: LONG, maximum: LONG, name: Wide) -> HANDLE {
        new(attributes, initial, maximum, name, ALL_ACCESS)
    }

    fn CreateSemaphoreExA(
        attributes: Attributes,
        initial: LONG,
        maximum: LONG,
        name: Narrow,
        flags: DWORD,
        access: DWORD,
    ) -> HANDLE {
        new_ex(attributes, initial, maximum, name, flags, access)
    }

    fn CreateSemaphoreExW(
        attributes: Attributes,
        initial: LONG,
        maximum: LONG,
        name: Wide,
        flags: DWORD,
        access: DWORD,
    ) -> HANDLE {
        new_ex(attributes, initial, maximum, name, flags, access)
    }

    fn OpenSemaphoreA(access: DWORD, inherit: BOOL, name: Narrow) -> HANDLE {
        open(Semaphore::options(), to_open(access, 3), inherit, name)
    }

    fn OpenSemaphoreW(access: DWORD, inherit: BOOL, name: Wide) -> HANDLE {
        open(Semaphore::options(), to_open(access, 3), inherit, name)
    }

    fn ReleaseSemaphore(semaphore: HANDLE, units: LONG, previous: Out<LONG>) -> BOOL {
        let entry = table::entry(semaphore)?;
        let count = entry.object.as_kind::<Semaphore>()?.release(positive(units)?)?;
        previous.put(count.cast_signed());
        Ok(())
    }
}

fn new(attributes: Attributes, initial: i32, maximum: i32, name: impl Text, access: u32) -> Result<HANDLE> {
    let initial = u32::try_from(initial)
        .map_err(|_| Failure::hint(code::INVALID_PARAMETER, "a count is not below 0"))?;
    let mut options = Semaphore::options();
    options.count(initial).maximum(positive(maximum)?);
    create(options, attributes, name, access)
}

fn new_ex(
    attributes: Attributes,
    initial: i32,
    maximum: i32,
    name: impl Text,
    flags: u32,
    access: u32,
) -> Result<HANDLE> {
    if flags != 0 {
        return Err(Failure::hint(code::INVALID_PARAMETER, "dwFlags is reserved and must be 0"));
    }
    new(attributes, initial, maximum, name, access)
}

fn positive(count: i32) -> Result<u32> {
    u32::try_from(count)
        .ok()
        .filter(|&count| count > 0)
        .ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "a semaphore counts in steps of at least 1"))
}
