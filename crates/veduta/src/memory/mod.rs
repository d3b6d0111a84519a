//! The only code that touches bytes which other processes may be changing.
//!
//! Such bytes are never a `&[u8]` or a `&T`: the compiler assumes that nothing changes behind those. They are copied in
//! and out by machine code that the compiler does not look into, or touched through atomics.
#![allow(unsafe_code)]

mod atomic;
mod copy;

pub use atomic::{SharedAtomic, SharedInteger};
pub(crate) use copy::landing;

use crate::{Code, Error, Result};
#[cfg(feature = "steps")]
pub use copy::routine as copy_routine;
use copy::{Fault, copy, fill};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr::NonNull;
use zerocopy::FromBytes;

/// Addresses that are mapped as long as the owner of this value keeps them so, and for what it says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: a `Memory` is an address and a length; what is done through it is synchronised like any access to memory that
// several processes share: by copies that tolerate changes, or by atomics.
unsafe impl Send for Memory {}
// SAFETY: as for `Send`.
unsafe impl Sync for Memory {}

/// What is copied at a time by way of memory of our own.
const PIECE: usize = 4096;

impl Memory {
    /// # Safety
    /// `base` to `base + len` stay mapped while the value, or a copy of it, is used. Reads and writes through it are only
    /// done where the caller checked that the protection allows them.
    pub(crate) unsafe fn new(base: NonNull<u8>, len: usize) -> Memory {
        Memory { base, len }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// The address of a range that was found to lie inside.
    #[inline]
    fn at(&self, operation: &'static str, offset: usize, len: usize) -> Result<*mut u8> {
        if len <= self.len && offset <= self.len - len {
            Ok(self.base.as_ptr().wrapping_add(offset))
        } else {
            Err(self.outside(operation, offset, len))
        }
    }

    /// The address and the length of a range that was found to lie inside, and to be one.
    #[inline]
    fn within(&self, operation: &'static str, range: &Range<usize>) -> Result<(*mut u8, usize)> {
        match range.end.checked_sub(range.start) {
            Some(len) => Ok((self.at(operation, range.start, len)?, len)),
            None => Err(Error::new(Code::INVALID_PARAMETER, operation)
                .hint(format!("the range {}..{} ends before it begins", range.start, range.end))),
        }
    }

    #[cold]
    #[inline(never)]
    fn outside(&self, operation: &'static str, offset: usize, len: usize) -> Error {
        Error::new(Code::INVALID_PARAMETER, operation).hint(format!(
            "{len} bytes at offset {offset} are not within the view, which has {} bytes",
            self.len
        ))
    }

    /// Where the fault was, if in this memory.
    fn offset_of(&self, fault: Fault) -> Option<usize> {
        let base = self.base.addr().get();
        // Of memory that failed, only the page may be told, and it may begin before.
        let first = base / crate::sys::PAGE * crate::sys::PAGE;
        let address = fault.address.get();
        (first..base + self.len).contains(&address).then(|| address.saturating_sub(base))
    }

    #[cold]
    #[inline(never)]
    fn missing(&self, operation: &'static str, fault: Fault) -> Error {
        let error = Error::new(Code::SWAPERROR, operation);
        let Some(offset) = self.offset_of(fault) else {
            return error.hint(format!(
                "the buffer given, at {:#x}, is mapped from a file itself, which has no such byte any more",
                fault.address
            ));
        };
        error.offset(offset as u64).hint(format!(
            "byte {offset} of the view is not there: its file was cut off, its disk is full or could not be read"
        ))
    }

    #[inline]
    pub(crate) fn read(&self, offset: usize, buffer: &mut [u8]) -> Result<()> {
        let from = self.at("read from view", offset, buffer.len())?;
        // SAFETY: `at` bounded the range, which is mapped and readable (see `new`); `buffer` is ours.
        unsafe { copy(buffer.as_mut_ptr(), from, buffer.len()) }
            .map_err(|fault| self.missing("read from view", fault))
    }

    #[inline]
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) -> Result<()> {
        let to = self.at("write to view", offset, bytes.len())?;
        // SAFETY: `at` bounded the range, which is mapped and writable (see `new`); `bytes` do not change.
        unsafe { copy(to, bytes.as_ptr(), bytes.len()) }.map_err(|fault| self.missing("write to view", fault))
    }

    /// The addresses of a range, for the system to read from or write to.
    pub(crate) fn raw(&self, range: Range<usize>) -> Result<*mut [u8]> {
        let (address, len) = self.within("use view", &range)?;
        Ok(std::ptr::slice_from_raw_parts_mut(address, len))
    }

    #[inline]
    pub(crate) fn read_value<T: FromBytes>(&self, offset: usize) -> Result<T> {
        let from = self.at("read from view", offset, size_of::<T>())?;
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: `at` bounded the range, which is mapped and readable (see `new`); `value` has that size.
        unsafe { copy(value.as_mut_ptr().cast(), from, size_of::<T>()) }
            .map_err(|fault| self.missing("read from view", fault))?;
        // SAFETY: every byte was written, and `FromBytes` says that any bytes are a valid `T`.
        Ok(unsafe { value.assume_init() })
    }

    #[inline]
    pub(crate) fn fill(&self, range: Range<usize>, byte: u8) -> Result<()> {
        let (to, len) = self.within("fill view", &range)?;
        // SAFETY: `at` bounded the range, which is mapped and writable (see `new`).
        unsafe { fill(to, byte, len) }.map_err(|fault| self.missing("fill view", fault))
    }

    /// Copies from one memory to another; within one it minds the overlap. Of bytes that are not there, the first is told, and those before
    /// it are copied.
    pub(crate) fn copy_from(&self, to: usize, source: &Memory, from: Range<usize>) -> Result<()> {
        const OPERATION: &str = "copy between views";
        let (from, len) = source.within(OPERATION, &from)?;
        let to = self.at(OPERATION, to, len)?;
        let missing = |fault: Fault| {
            if source.offset_of(fault).is_some() { source } else { self }.missing(OPERATION, fault)
        };
        let ahead = to.addr().wrapping_sub(from.addr());
        if ahead >= len && from.addr().wrapping_sub(to.addr()) >= len {
            // SAFETY: `at` bounded both ranges, which are mapped and allow it (see `new`); they are disjoint.
            return unsafe { copy(to, from, len) }.map_err(missing);
        }
        // By way of memory of our own, beginning where nothing is overwritten that is still to be read.
        let mut piece = [0_u8; PIECE];
        let mut first = Ok(());
        let pieces = len.div_ceil(PIECE);
        for index in 0..pieces {
            let at = PIECE * if ahead < len { pieces - 1 - index } else { index };
            let size = PIECE.min(len - at);
            // SAFETY: the piece lies within the range bounded above, and `piece` is ours.
            let read = unsafe { copy(piece.as_mut_ptr(), from.wrapping_add(at), size) };
            let there = |fault: Fault| fault.address.get().saturating_sub(from.addr() + at).min(size);
            let size = read.map_or_else(there, |()| size);
            // SAFETY: as above.
            let written = unsafe { copy(to.wrapping_add(at), piece.as_ptr(), size) };
            // From the end to the beginning, each fault is before those that were met already.
            first = written.and(read).and(first);
            if first.is_err() && ahead >= len {
                break;
            }
        }
        first.map_err(missing)
    }

    /// Where two ranges first differ, counted from their beginning. Bytes that change meanwhile count as they were read.
    pub(crate) fn first_difference(
        &self,
        range: Range<usize>,
        mut other: impl FnMut(usize, &mut [u8]) -> Result<()>,
    ) -> Result<Option<usize>> {
        let (_, len) = self.within("compare views", &range)?;
        let mut mine = [0_u8; PIECE];
        let mut theirs = [0_u8; PIECE];
        let (mut done, mut most) = (0, PIECE);
        while done < len {
            let size = most.min(len - done);
            let read = self.read(range.start + done, &mut mine[..size]);
            match read.and_then(|()| other(done, &mut theirs[..size])) {
                Ok(()) => {}
                // They may differ before the first byte that is not there.
                Err(_) if size > 1 => {
                    most = size / 2;
                    continue;
                }
                Err(error) => return Err(error),
            }
            if mine[..size] != theirs[..size] {
                return Ok((0..size).find(|&index| mine[index] != theirs[index]).map(|index| done + index));
            }
            done += size;
        }
        Ok(None)
    }

    /// An atomic at an offset.
    #[inline]
    pub(crate) fn atomic<A: SharedAtomic>(&self, offset: usize) -> Result<&A> {
        let address = self.aligned::<A>(offset)?;
        // SAFETY: the address is bounded and aligned, the type is an atomic integer, for which any bytes are valid and changes
        // by others are expected, and the memory is mapped as long as `self` is borrowed.
        Ok(unsafe { &*address })
    }

    #[inline]
    fn aligned<A: SharedAtomic>(&self, offset: usize) -> Result<*const A> {
        let address = self.at("use atomic in view", offset, size_of::<A>())?.cast_const().cast::<A>();
        if address.is_aligned() {
            Ok(address)
        } else {
            Err(misaligned(offset, address.addr(), align_of::<A>()))
        }
    }

    /// # Safety
    /// Nobody, in any process, changes the bytes as long as the slice is used; they may be read.
    pub(crate) unsafe fn slice(&self, range: Range<usize>) -> Result<&[u8]> {
        let (address, len) = self.within("borrow view", &range)?;
        // SAFETY: `at` bounded the range; the caller promises the rest.
        Ok(unsafe { std::slice::from_raw_parts(address, len) })
    }

    /// # Safety
    /// Nobody, in any process, reads or changes the bytes as long as the slice is used; they may be written.
    #[allow(
        clippy::mut_from_ref,
        reason = "the caller promises to be alone; the memory is not inside `self`"
    )]
    pub(crate) unsafe fn slice_mut(&self, range: Range<usize>) -> Result<&mut [u8]> {
        let (address, len) = self.within("borrow view", &range)?;
        // SAFETY: `at` bounded the range; the caller promises the rest.
        Ok(unsafe { std::slice::from_raw_parts_mut(address, len) })
    }
}

#[cold]
fn misaligned(offset: usize, address: usize, align: usize) -> Error {
    Error::new(Code::MAPPED_ALIGNMENT, "use atomic in view").hint(format!(
        "offset {offset} of the view is at address {address:#x}, which is not a multiple of {align}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn memory(bytes: &mut [u8]) -> Memory {
        // SAFETY: each test keeps the bytes alive, and touches them only through the memory meanwhile.
        unsafe { Memory::new(NonNull::new(bytes.as_mut_ptr()).unwrap(), bytes.len()) }
    }

    #[test]
    fn copies_of_every_length_and_alignment_are_whole() {
        let lengths = (0..200).chain([511, 1023, 1024, 1025, 4097]);
        for len in lengths.filter(|len| !cfg!(miri) || len % 13 == 0) {
            for shift in [0, 1, 7, 8, 15] {
                let source: Vec<u8> = (0..len + shift).map(|i| (i * 7 + 3) as u8).collect();
                let mut bytes = vec![0xEE; len + shift + 1];
                let shared = memory(&mut bytes);
                shared.write(shift, &source[shift..]).unwrap();
                let mut back = vec![0; len];
                shared.read(shift, &mut back).unwrap();
                assert_eq!(back, source[shift..]);
                assert_eq!(bytes[len + shift], 0xEE, "one byte too many, length {len}");
                assert!(bytes[..shift].iter().all(|&byte| byte == 0xEE));
            }
        }
    }

    #[test]
    fn overlapping_copies_keep_every_byte() {
        // Miri takes minutes for what a processor does in no time.
        let (page, part) = if cfg!(miri) { (40, 90) } else { (4096, 9000) };
        for (from, to) in [
            (0, 1),
            (1, 0),
            (0, page),
            (100, 100 + page),
            (100 + page, 100),
            (100, 5000),
            (5000, 100),
            (0, 0),
        ] {
            let mut bytes: Vec<u8> = (0..16384).map(|i| (i % 251) as u8).collect();
            let mut expected = bytes.clone();
            expected.copy_within(from..from + part, to);
            let shared = memory(&mut bytes);
            shared.copy_from(to, &shared, from..from + part).unwrap();
            assert!(bytes == expected, "{from} to {to}");
        }
    }

    #[test]
    fn nothing_outside_is_touched() {
        let mut bytes = [0_u8; 16];
        let shared = memory(&mut bytes);
        for error in [
            shared.write(16, &[1]).unwrap_err(),
            shared.write(usize::MAX, &[1]).unwrap_err(),
            shared.fill(8..17, 1).unwrap_err(),
            shared.read(9, &mut [0; 8]).unwrap_err(),
            shared.copy_from(9, &shared, 0..8).unwrap_err(),
            shared.read_value::<u64>(9).unwrap_err(),
            shared.atomic::<AtomicU32>(16).unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::INVALID_PARAMETER);
        }
        assert_eq!(bytes, [0; 16]);
    }

    #[test]
    fn atomics_must_be_aligned() {
        let mut words = [0_u64; 4];
        // SAFETY: the words live to the end, and nobody else touches them.
        let shared = unsafe { Memory::new(NonNull::from(&mut words).cast(), 32) };
        assert_eq!(shared.atomic::<AtomicU32>(2).unwrap_err().code(), Code::MAPPED_ALIGNMENT);
        shared.atomic::<AtomicU32>(4).unwrap().store(7, Ordering::Relaxed);
        assert_eq!(shared.read_value::<u32>(4).unwrap(), 7);
    }

    #[test]
    fn differences_are_found_where_they_are() {
        let mut bytes = vec![1_u8; 10_000];
        bytes[9_000] = 2;
        let shared = memory(&mut bytes);
        let ones = |_: usize, buffer: &mut [u8]| {
            buffer.fill(1);
            Ok(())
        };
        assert_eq!(shared.first_difference(10..10_000, ones).unwrap(), Some(8_990));
        assert_eq!(shared.first_difference(0..9_000, ones).unwrap(), None);
        assert_eq!(
            shared.first_difference(10_001..10_001, ones).unwrap_err().code(),
            Code::INVALID_PARAMETER
        );
    }
}
