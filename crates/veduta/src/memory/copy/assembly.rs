//! The routines that are written in the processor's own instructions, as the rest of the library sees them: one source for each
//! processor, and the same names in all.

use super::Routines;

#[cfg(target_arch = "aarch64")]
#[path = "aarch64.rs"]
mod machine;
#[cfg(target_arch = "x86_64")]
#[path = "x86_64.rs"]
mod machine;

pub(super) const ROUTINES: Routines = Routines {
    copy,
    fill,
    // A target that begins less than a turn of the loop before its source would have the tail overwritten before it is read.
    apart: machine::TURN,
    landing,
};

unsafe extern "C" {
    fn veduta_copy(to: *mut u8, from: *const u8, len: usize) -> usize;
    fn veduta_fill(to: *mut u8, byte: u8, len: usize) -> usize;
    /// Where both go when they are interrupted; not a function.
    fn veduta_copy_landing();
    /// Behind the last instruction of both.
    fn veduta_copy_end();
}

/// # Safety
/// As [`super::copy`].
unsafe fn copy(to: *mut u8, from: *const u8, len: usize) -> usize {
    // SAFETY: passed on to the caller.
    unsafe { veduta_copy(to, from, len) }
}

/// # Safety
/// As [`super::fill`].
unsafe fn fill(to: *mut u8, byte: u8, len: usize) -> usize {
    // SAFETY: passed on to the caller.
    unsafe { veduta_fill(to, byte, len) }
}

fn landing(instruction: usize) -> Option<usize> {
    let begin = veduta_copy as *const () as usize;
    let end = veduta_copy_end as *const () as usize;
    (begin..end).contains(&instruction).then_some(veduta_copy_landing as *const () as usize)
}
