//! The routines for processors without any of their own: the kernel copies, within this process, and finds out by itself
//! what is missing. A system call for each copy.

use super::Routines;
use crate::sys::view::copy_within_process;

pub(super) const ROUTINES: Routines = Routines {
    copy,
    fill,
    // The kernel copies pages one after the other, through a buffer of unknown size.
    turn: usize::MAX,
    landing,
};

/// # Safety
/// As [`super::copy`].
unsafe extern "C" fn copy(to: *mut u8, from: *const u8, len: usize) -> usize {
    let mut done = 0;
    while done < len {
        let (to, from) = (to.wrapping_add(done), from.wrapping_add(done));
        // SAFETY: passed on to the caller.
        match unsafe { copy_within_process(to, from, len - done) } {
            0 => return missing(to, from),
            copied => done += copied,
        }
    }
    0
}

/// # Safety
/// As [`super::fill`].
unsafe extern "C" fn fill(to: *mut u8, byte: u8, len: usize) -> usize {
    let bytes = [byte; 4096];
    for at in (0..len).step_by(bytes.len()) {
        let size = bytes.len().min(len - at);
        // SAFETY: the caller vouches for the target; the source is ours.
        match unsafe { copy_within_process(to.wrapping_add(at), bytes.as_ptr(), size) } {
            copied if copied == size => {}
            copied => return to.wrapping_add(at + copied).addr(),
        }
    }
    0
}

/// Which of the two could not be had: the kernel does not say, but a byte of it can be tried.
fn missing(to: *mut u8, from: *const u8) -> usize {
    let mut byte = 0_u8;
    // SAFETY: the byte is ours.
    match unsafe { copy_within_process(&raw mut byte, from, 1) } {
        0 => from.addr(),
        _ => to.addr(),
    }
}

fn landing(_: usize) -> Option<usize> {
    None
}
