//! Copies of bytes that others may be changing, and that may not be there at all.
//!
//! A page of a view can be missing: its file was cut off, the disk behind a hole is full, a device failed. The kernel says so
//! with a signal at the instruction that touched it. The routines here consist of instructions at known addresses, so the
//! handler ([`crate::sys`]) can tell that one of them was interrupted, and make it return where it met the fault instead of
//! ending the process. As long as nothing is missing that costs nothing: there is nothing to set up.

use std::num::NonZeroUsize;

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
    copy: unsafe fn(to: *mut u8, from: *const u8, len: usize) -> usize,
    fill: unsafe fn(to: *mut u8, byte: u8, len: usize) -> usize,
    /// How far a source must begin behind the target's beginning if the two overlap. No turn of a loop has more bytes.
    apart: usize,
    /// See [`landing`].
    landing: fn(instruction: usize) -> Option<usize>,
}

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

/// How far a source must begin behind the target's beginning if the two overlap.
pub(super) const APART: usize = ROUTINES.apart;

/// Copies bytes, from the first to the last; each may come out as it was before or after a change.
///
/// # Safety
/// `from` is mapped for reading and `to` for writing, for `len` bytes. If they overlap, `from` begins at least [`APART`] bytes
/// behind `to`.
#[inline]
pub(super) unsafe fn copy(to: *mut u8, from: *const u8, len: usize) -> Result<(), Fault> {
    // SAFETY: passed on to the caller.
    match outcome(unsafe { (ROUTINES.copy)(to, from, len) }) {
        Ok(()) => Ok(()),
        // SAFETY: passed on to the caller.
        Err(fault) => Err(unsafe { finish(to, from, len, fault) }),
    }
}

/// Copies what the interrupted turn had not stored yet of the bytes before the fault. Gives the fault that counts: meanwhile
/// more may have gone.
///
/// # Safety
/// As [`copy`].
#[cold]
unsafe fn finish(to: *mut u8, from: *const u8, len: usize, mut fault: Fault) -> Fault {
    loop {
        let into = |base: usize| fault.address.get().checked_sub(base).filter(|&bytes| bytes < len);
        let there = into(from.addr()).or_else(|| into(to.addr())).unwrap_or(0);
        // Not from the beginning: where the two overlap, that is already overwritten.
        let rest = there.min(APART);
        let (to, from) = (to.wrapping_add(there - rest), from.wrapping_add(there - rest));
        // SAFETY: a part of what the caller vouches for.
        match outcome(unsafe { (ROUTINES.copy)(to, from, rest) }) {
            Ok(()) => return fault,
            Err(sooner) => fault = sooner,
        }
    }
}

/// Sets bytes, from the first to the last.
///
/// # Safety
/// `to` is mapped for writing, for `len` bytes.
#[inline]
pub(super) unsafe fn fill(to: *mut u8, byte: u8, len: usize) -> Result<(), Fault> {
    // SAFETY: passed on to the caller.
    outcome(unsafe { (ROUTINES.fill)(to, byte, len) })
}

/// Where a thread has to go on whose instruction met bytes that are not there, with their address as what a function returns;
/// `None` if the instruction is none of a routine here. May be called by signal handlers.
pub(crate) fn landing(instruction: usize) -> Option<usize> {
    (ROUTINES.landing)(instruction)
}

#[cfg(test)]
mod tests {
    use super::{ROUTINES, Routines};

    /// Those of this machine, and those of others that run here.
    const ALL: &[(&str, Routines)] = &[
        ("this machine's", ROUTINES),
        ("plain", super::plain::ROUTINES),
        #[cfg(not(miri))]
        ("the system's", super::system::ROUTINES),
    ];

    #[test]
    fn all_routines_copy_and_set_every_byte_and_no_other() {
        for (name, Routines { copy, fill, apart, landing }) in ALL {
            assert!(*apart > 0 && landing(0).is_none(), "{name}");
            for len in (0..200).chain([511, 4097, 70_000]).filter(|len| !cfg!(miri) || len % 13 == 0) {
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
}
