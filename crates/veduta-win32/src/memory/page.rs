//! `PAGE_` constants: what may be done with pages.

use crate::code;
use crate::failure::{Failure, Result};
use rustix::mm::MprotectFlags;
use veduta::ViewAccess;

pub(crate) const NOACCESS: u32 = 0x01;
pub(crate) const READONLY: u32 = 0x02;
pub(crate) const READWRITE: u32 = 0x04;
const WRITECOPY: u32 = 0x08;
const EXECUTE: u32 = 0x10;
pub(crate) const EXECUTE_READ: u32 = 0x20;
pub(crate) const EXECUTE_READWRITE: u32 = 0x40;
pub(crate) const EXECUTE_WRITECOPY: u32 = 0x80;
const GUARD: u32 = 0x100;
pub(crate) const NOCACHE: u32 = 0x200;
pub(crate) const WRITECOMBINE: u32 = 0x400;
/// Control-flow guard, which is not here: nothing to change.
const TARGETS_NO_UPDATE: u32 = 0x4000_0000;

/// A protection that a call may ask for, without what means nothing here.
pub(crate) fn check(protect: u32) -> Result<u32> {
    let refuse = |hint: &'static str| Err(Failure::hint(code::INVALID_PARAMETER, hint));
    let protect = protect & !TARGETS_NO_UPDATE;
    let (kind, modifiers) = (protect & 0xFF, protect & !0xFF);
    if !kind.is_power_of_two() {
        return refuse("exactly one of PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE and so on");
    }
    if modifiers & !(GUARD | NOCACHE | WRITECOMBINE) != 0 {
        return refuse("the protection has bits that are no protection");
    }
    if kind == NOACCESS && modifiers != 0 {
        return refuse("PAGE_NOACCESS stands alone");
    }
    if modifiers & GUARD != 0 {
        return Err(Failure::hint(
            code::NOT_SUPPORTED,
            "PAGE_GUARD needs structured exceptions; protect the page with PAGE_NOACCESS",
        ));
    }
    if modifiers == NOCACHE | WRITECOMBINE {
        return refuse("PAGE_NOCACHE or PAGE_WRITECOMBINE, not both");
    }
    Ok(protect)
}

/// A protection for memory that is no view: nothing there is copied on write.
pub(crate) fn check_private(protect: u32) -> Result<u32> {
    let checked = check(protect)?;
    if checked & (WRITECOPY | EXECUTE_WRITECOPY) != 0 {
        return Err(Failure::hint(code::INVALID_PARAMETER, "the WRITECOPY protections are for views"));
    }
    Ok(checked)
}

/// What the processor is told. The bits about caches are remembered only: programs cannot choose here.
pub(crate) fn flags(protect: u32) -> MprotectFlags {
    match protect & 0xFF {
        NOACCESS => MprotectFlags::empty(),
        READONLY => MprotectFlags::READ,
        READWRITE | WRITECOPY => MprotectFlags::READ | MprotectFlags::WRITE,
        EXECUTE | EXECUTE_READ => MprotectFlags::READ | MprotectFlags::EXEC,
        _ => MprotectFlags::READ | MprotectFlags::WRITE | MprotectFlags::EXEC,
    }
}

/// What pages of a view may be changed to, or a view mapped with.
pub(crate) fn view_access(protect: u32) -> ViewAccess {
    match protect & 0xFF {
        NOACCESS => ViewAccess::NoAccess,
        READONLY => ViewAccess::Read,
        READWRITE => ViewAccess::Write,
        WRITECOPY => ViewAccess::Copy,
        EXECUTE | EXECUTE_READ => ViewAccess::ExecuteRead,
        EXECUTE_READWRITE => ViewAccess::ExecuteWrite,
        _ => ViewAccess::ExecuteCopy,
    }
}
