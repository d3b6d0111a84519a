//! `IsBadReadPtr` and its like: whether memory can be touched, found by touching it, as on Windows; here the kernel does it.

use super::maps;
use crate::addresses::PAGE;
use crate::export::export;
use crate::failure::Result;
use crate::types::{BOOL, POINTER, SIZE};
use rustix::io::Errno;
use rustix::mm::Advice;
use std::ffi::c_void;

export! {
    fn IsBadReadPtr(address: POINTER, size: SIZE) -> BOOL, failing BOOL::TRUE {
        Ok(BOOL::from(!can_be_touched(address.addr(), size, false)?))
    }

    fn IsBadHugeReadPtr(address: POINTER, size: SIZE) -> BOOL, failing BOOL::TRUE {
        Ok(BOOL::from(!can_be_touched(address.addr(), size, false)?))
    }

    fn IsBadWritePtr(address: POINTER, size: SIZE) -> BOOL, failing BOOL::TRUE {
        Ok(BOOL::from(!can_be_touched(address.addr(), size, true)?))
    }

    fn IsBadHugeWritePtr(address: POINTER, size: SIZE) -> BOOL, failing BOOL::TRUE {
        Ok(BOOL::from(!can_be_touched(address.addr(), size, true)?))
    }

    fn IsBadCodePtr(address: POINTER) -> BOOL, failing BOOL::TRUE {
        Ok(BOOL::from(!can_be_touched(address.addr(), 1, false)?))
    }

    fn IsBadStringPtrA(text: *const u8, most: SIZE) -> BOOL, failing BOOL::TRUE {
        Ok(BOOL::from(is_bad_text(text, most)?))
    }

    fn IsBadStringPtrW(text: *const u16, most: SIZE) -> BOOL, failing BOOL::TRUE {
        Ok(BOOL::from(is_bad_text(text, most)?))
    }
}

/// Whether every page of a range can be read, or written.
fn can_be_touched(address: usize, size: usize, write: bool) -> Result<bool> {
    if size == 0 {
        return Ok(true);
    }
    let Some(end) = address.checked_add(size).and_then(|end| end.checked_next_multiple_of(PAGE)) else {
        return Ok(false);
    };
    let range = address & !(PAGE - 1)..end;
    let advice = if write { Advice::LinuxPopulateWrite } else { Advice::LinuxPopulateRead };
    // SAFETY: pages are brought into memory, and nothing in them changes.
    match unsafe { rustix::mm::madvise(range.start as *mut c_void, range.len(), advice) } {
        Ok(()) => Ok(true),
        // A protection that forbids it, or memory of a device, which cannot be asked so.
        Err(Errno::INVAL) => maps::allows(&range, write),
        Err(_) => Ok(false),
    }
}

/// Whether a text ends, or has so many units, before memory does that can be read.
fn is_bad_text<Unit: Copy + Default + PartialEq>(text: *const Unit, most: usize) -> Result<bool> {
    let mut readable = 0;
    for index in 0..most {
        let unit = text.wrapping_add(index);
        let last = unit.addr().saturating_add(size_of::<Unit>() - 1);
        if last / PAGE != readable || index == 0 {
            if !can_be_touched(unit.addr(), size_of::<Unit>(), false)? {
                return Ok(true);
            }
            readable = last / PAGE;
        }
        // SAFETY: its page, or both, could be read just now.
        if unsafe { unit.read_unaligned() } == Unit::default() {
            return Ok(false);
        }
    }
    Ok(false)
}
