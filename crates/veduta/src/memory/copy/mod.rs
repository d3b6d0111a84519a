//! Copies of bytes that others may be changing, and that may not be there at all.
//!
//! A page of a view can be missing: its file was cut off, the disk behind a hole is full, a device failed. The kernel says so
//! with a signal at the instruction that touched it. The routines here consist of instructions at known addresses, so the
//! handler ([`crate::sys`]) can tell that one of them was interrupted, and make it return where it met the fault instead of
//! ending the process. As long as nothing is missing that costs nothing: there is nothing to set up.

use std::num::NonZeroUsize;
use std::ops::Range;

#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
mod assembly;
#[cfg(any(miri, test))]
mod plain;
#[cfg(any(not(any(target_arch = "x86_64", target_arch = "aarch64")), test))]
mod system;

#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
use assembly::ROUTINES;
#[cfg(miri)]
use plain::ROUTINES;
#[cfg(all(not(any(target_arch = "x86_64", target_arch = "aarch64")), not(miri)))]
use system::ROUTINES;

/// What there is for one kind of processor. Both routines go from the first byte to the last, and return 0, or the address of a
/// byte that is not there.
struct Routines {
    copy: Copy,
    fill: unsafe extern "C" fn(to: *mut u8, byte: u8, len: usize) -> usize,
    /// Of how many bytes before the one that is not there some may not have been stored; no turn of a loop has more.
    turn: usize,
    /// See [`landing`].
    landing: fn(instruction: usize) -> Option<usize>,
}

/// What copies. C's convention, because most of them are assembly.
type Copy = unsafe extern "C" fn(to: *mut u8, from: *const u8, len: usize) -> usize;

/// A byte that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its address; the bytes before it were copied.
    pub(super) address: NonZeroUsize,
}

/// What a routine returns: 0, or the address of the byte that is not there.
fn outcome(address: usize) -> Result<(), Fault> {
    match NonZeroUsize::new(address) {
        None => Ok(()),
        Some(address) => Err(Fault { address }),
    }
}

/// What copies, without what is done about its outcome: for the benchmark.
///
/// # Safety
/// As [`copy`].
#[cfg(feature = "steps")]
#[inline]
pub unsafe fn routine(to: *mut u8, from: *const u8, len: usize) -> usize {
    // SAFETY: passed on to the caller.
    unsafe { (ROUTINES.copy)(to, from, len) }
}

/// Copies bytes, from the first to the last; each may come out as it was before or after a change.
///
/// # Safety
/// `from` is mapped for reading and `to` for writing, for `len` bytes. They do not overlap: after a fault, what an interrupted turn had
/// in hand is read once more.
#[inline]
pub(super) unsafe fn copy(to: *mut u8, from: *const u8, len: usize) -> Result<(), Fault> {
    // SAFETY: passed on to the caller.
    outcome(unsafe { (ROUTINES.copy)(to, from, len) }).map_err(|fault| {
        finish(fault, len, &[from.addr(), to.addr()], |rest| {
            // SAFETY: a part of what the caller vouches for.
            unsafe { (ROUTINES.copy)(to.wrapping_add(rest.start), from.wrapping_add(rest.start), rest.len()) }
        })
    })
}

/// Sets bytes, from the first to the last.
///
/// # Safety
/// `to` is mapped for writing, for `len` bytes.
#[inline]
pub(super) unsafe fn fill(to: *mut u8, byte: u8, len: usize) -> Result<(), Fault> {
    // SAFETY: passed on to the caller.
    outcome(unsafe { (ROUTINES.fill)(to, byte, len) }).map_err(|fault| {
        finish(fault, len, &[to.addr()], |rest| {
            // SAFETY: a part of what the caller vouches for.
            unsafe { (ROUTINES.fill)(to.wrapping_add(rest.start), byte, rest.len()) }
        })
    })
}

/// Does what the interrupted turn had not done yet before the fault, in ranges of `len` bytes at `bases`. Gives the fault that
/// counts: meanwhile more may have gone.
#[cold]
#[inline(never)]
fn finish(mut fault: Fault, len: usize, bases: &[usize], redo: impl Fn(Range<usize>) -> usize) -> Fault {
    loop {
        let into = |&base: &usize| fault.address.get().checked_sub(base).filter(|&bytes| bytes < len);
        let there = bases.iter().find_map(into).unwrap_or(0);
        // Not from the beginning, which took its time once.
        match outcome(redo(there.saturating_sub(ROUTINES.turn)..there)) {
            Ok(()) => return fault,
            Err(sooner) => fault = sooner,
        }
    }
}

/// Where a thread has to go on whose instruction met bytes that are not there, with their address as what a function returns;
/// `None` if the instruction is none of a routine here. May be called by signal handlers.
pub(crate) fn landing(instruction: usize) -> Option<usize> {
    (ROUTINES.landing)(instruction)
}

#[cfg(test)]
mod tests {
    use super::{ROUTINES, Routines};

    /// Those of this machine, whether it would take them or not.
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    fn own() -> Vec<(&'static str, Routines)> {
        super::assembly::copies()
            .into_iter()
            .map(|(name, copy)| (name, Routines { copy, ..ROUTINES }))
            .collect()
    }

    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
    fn own() -> Vec<(&'static str, Routines)> {
        vec![("this machine's", ROUTINES)]
    }

    /// Those of others that run here.
    const OTHERS: [(&str, Routines); 2 - cfg!(miri) as usize] = [
        ("plain", super::plain::ROUTINES),
        #[cfg(not(miri))]
        ("the system's", super::system::ROUTINES),
    ];

    #[test]
    fn all_routines_copy_and_set_every_byte_and_no_other() {
        for (name, Routines { copy, fill, turn, landing }) in own().into_iter().chain(OTHERS) {
            assert!(turn > 0 && landing(0).is_none(), "{name}");
            for len in (0..600).chain([4097, 8191, 8192, 70_000]).filter(|len| !cfg!(miri) || len % 13 == 0) {
                for shift in [0, 1, 7, 15] {
                    let source: Vec<u8> = (0..len + shift).map(|i| (i * 7 + 3) as u8).collect();
                    let mut bytes = vec![0xEE; len + shift + 1];
                    // SAFETY: both have as many bytes from there on.
                    let copied = unsafe { copy(bytes[shift..].as_mut_ptr(), source[shift..].as_ptr(), len) };
                    assert_eq!(copied, 0);
                    assert!(bytes[shift..shift + len] == source[shift..], "{name}, {len} bytes from {shift}");
                    // SAFETY: it has as many bytes from there on.
                    let filled = unsafe { fill(bytes[shift..].as_mut_ptr(), 0x11, len) };
                    assert_eq!(filled, 0);
                    assert!(
                        bytes[shift..shift + len].iter().all(|&byte| byte == 0x11),
                        "{name}, {len} at {shift}"
                    );
                    assert!(bytes[..shift].iter().chain(&bytes[shift + len..]).all(|&byte| byte == 0xEE));
                }
            }
        }
    }

    #[test]
    #[cfg(not(miri))]
    fn own_routines_stop_at_the_first_byte_that_is_not_there() {
        const GOOD: usize = 4 * 4096;
        let view = crate::sys::for_tests::half_missing(GOOD);
        let pages = view.as_mut_ptr();
        let is = |address: *mut u8, len: usize, byte: u8| {
            // SAFETY: the bytes are there, and this test's.
            unsafe { std::slice::from_raw_parts(address, len) }.iter().all(|&is| is == byte)
        };
        for (name, Routines { copy, fill, turn, .. }) in own() {
            for len in (1..600).chain([1000, 2047, 2048, 4095, 4096, 5000, 8192, 12_345]) {
                for over in [1, 2, 33, len / 2, len].into_iter().filter(|over| (1..=len).contains(over)) {
                    let begin = GOOD + over - len;
                    let address = pages.wrapping_add(begin);
                    let missing = pages.addr() + GOOD.max(begin);
                    // What an interrupted turn left undone is the caller's.
                    let sure = GOOD.saturating_sub(begin).saturating_sub(turn);
                    // SAFETY: the bytes that are there are this test's.
                    unsafe { std::ptr::write_bytes(pages, 7, GOOD) };
                    let mut buffer = vec![1_u8; len];
                    // SAFETY: as many bytes are mapped, and the buffer has as many.
                    let read = unsafe { copy(buffer.as_mut_ptr(), address, len) };
                    assert_eq!(read, missing, "{name}, {len} bytes");
                    assert!(is(buffer.as_mut_ptr(), sure, 7), "{name}, {len} bytes");
                    buffer.fill(2);
                    // SAFETY: as above.
                    let written = unsafe { copy(address, buffer.as_ptr(), len) };
                    assert_eq!(written, missing, "{name}, {len} bytes");
                    assert!(is(address, sure, 2), "{name}, {len} bytes");
                    // SAFETY: as many bytes are mapped.
                    let filled = unsafe { fill(address, 3, len) };
                    assert_eq!(filled, missing, "{name}, {len} bytes");
                    assert!(is(address, sure, 3), "{name}, {len} bytes");
                }
            }
        }
    }
}
