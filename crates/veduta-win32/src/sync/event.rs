//! Events.

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
use veduta::{Event, Reset};

const CREATE_EVENT_MANUAL_RESET: u32 = 1;
const CREATE_EVENT_INITIAL_SET: u32 = 2;
const ALL_ACCESS: u32 = STANDARD_RIGHTS_ALL | 3;

export! {
    fn CreateEventA(attributes: Attributes, manual: BOOL, set: BOOL, name: Narrow) -> HANDLE {
        new(attributes, manual.is_true(), set.is_true(), name, ALL_ACCESS)
    }

    fn CreateEventW(attributes: Attributes, manual: BOOL, set: BOOL, name: Wide) -> HANDLE {
        new(attributes, manual.is_true(), set.is_true(), name, ALL_ACCESS)
    }

    fn CreateEventExA(attributes: Attributes, name: Narrow, flags: DWORD, access: DWORD) -> HANDLE {
        new_ex(attributes, name, flags, access)
    }

    fn CreateEventExW(attributes: Attributes, name: Wide, flags: DWORD, access: DWORD) -> HANDLE {
        new_ex(attributes, name, flags, access)
    }

    fn OpenEventA(access: DWORD, inherit: BOOL, name: Narrow) -> HANDLE {
        open(Event::options(), to_open(access, 3), inherit, name)
    }

    fn OpenEventW(access: DWORD, inherit: BOOL, name: Wide) -> HANDLE {
        open(Event::options(), to_open(access, 3), inherit, name)
    }

    fn SetEvent(event: HANDLE) -> BOOL { with(event, Event::set) }

    fn ResetEvent(event: HANDLE) -> BOOL { with(event, Event::reset) }

    fn PulseEvent(event: HANDLE) -> BOOL { with(event, Event::pulse) }
}

fn new(attributes: Attributes, manual: bool, set: bool, name: impl Text, access: u32) -> Result<HANDLE> {
    let mut options = Event::options();
    options.reset(if manual { Reset::Manual } else { Reset::Auto }).signaled(set);
    create(options, attributes, name, access)
}

fn new_ex(attributes: Attributes, name: impl Text, flags: u32, access: u32) -> Result<HANDLE> {
    if flags & !(CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET) != 0 {
        return fail(code::INVALID_PARAMETER);
    }
    let has = |flag| flags & flag != 0;
    new(attributes, has(CREATE_EVENT_MANUAL_RESET), has(CREATE_EVENT_INITIAL_SET), name, access)
}

/// Setting an event returns at once: the handle is only pinned.
#[inline(always)]
fn with(event: HANDLE, change: fn(&Event) -> veduta::Result<()>) -> Result<()> {
    match table::quick(event, |entry| Event::of(&entry.object).map(change)) {
        Some(Some(Ok(()))) => Ok(()),
        _ => with_slowly(event, change),
    }
}

#[cold]
fn with_slowly(event: HANDLE, change: fn(&Event) -> veduta::Result<()>) -> Result<()> {
    Ok(change(table::entry(event)?.object.as_kind()?)?)
}
