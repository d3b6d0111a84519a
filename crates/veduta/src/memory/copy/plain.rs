//! The routines for Miri, which runs no machine code and maps nothing that could be missing: word by word where both sides
//! are aligned alike, byte by byte elsewhere.

use super::Routines;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

pub(super) const ROUTINES: Routines = Routines {
    copy,
    fill,
    // Any will do.
    turn: 1,
    landing,
};

/// # Safety
/// As [`super::copy`].
unsafe extern "C" fn copy(to: *mut u8, from: *const u8, len: usize) -> usize {
    const WORD: usize = size_of::<usize>();
    let mut done = 0;
    while done < len {
        let (target, source) = (to.wrapping_add(done), from.wrapping_add(done));
        if len - done >= WORD && target.cast::<usize>().is_aligned() && source.cast::<usize>().is_aligned() {
            // Not as an atomic, which is something that may be written to: the source may be borrowed for reading only.
            // SAFETY: both are aligned and within the ranges that the caller vouches for.
            let word = unsafe { source.cast::<usize>().read_volatile() };
            // SAFETY: as above.
            unsafe { AtomicUsize::from_ptr(target.cast()) }.store(word, Ordering::Relaxed);
            done += WORD;
        } else {
            // SAFETY: both are within the ranges that the caller vouches for.
            let byte = unsafe { source.read_volatile() };
            // SAFETY: as above.
            unsafe { AtomicU8::from_ptr(target) }.store(byte, Ordering::Relaxed);
            done += 1;
        }
    }
    0
}

/// # Safety
/// As [`super::fill`].
unsafe extern "C" fn fill(to: *mut u8, byte: u8, len: usize) -> usize {
    for index in 0..len {
        // SAFETY: the byte is within the range that the caller vouches for.
        unsafe { AtomicU8::from_ptr(to.wrapping_add(index)) }.store(byte, Ordering::Relaxed);
    }
    0
}

fn landing(_: usize) -> Option<usize> {
    None
}
