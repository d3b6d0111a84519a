//! Views: part of a section, at addresses of this process.

use crate::memory::{Memory, SharedAtomic, SharedInteger};
use crate::protections::Protections;
use crate::{Code, Error, Result, Section, ViewAccess, sys};
use std::fs::File;
use std::ops::{Deref, DerefMut, Range};
use std::sync::atomic::Ordering;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Says which part of a section to map, how and where. Made by [`Section::view`].
#[derive(Debug, Clone)]
#[must_use = "nothing is mapped before `map`"]
pub struct ViewOptions<'a> {
    section: &'a Section,
    access: ViewAccess,
    offset: u64,
    len: Option<u64>,
    base: Option<usize>,
}

impl<'a> ViewOptions<'a> {
    pub(crate) fn new(section: &'a Section) -> ViewOptions<'a> {
        ViewOptions { section, access: ViewAccess::Read, offset: 0, len: None, base: None }
    }

    /// What the view may do; [`ViewAccess::Read`] unless said otherwise.
    pub fn access(mut self, access: ViewAccess) -> Self {
        self.access = access;
        self
    }

    /// Where in the section the view begins, in bytes; 0 unless said otherwise. Need not be a multiple of anything.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// How many bytes the view has; to the end of the section unless said otherwise.
    pub fn len(mut self, len: u64) -> Self {
        self.len = Some(len);
        self
    }

    /// The address of the view's first byte. The view is there or fails: it is never moved, and never replaces another mapping.
    #[doc(alias = "MapViewOfFileEx")]
    pub fn base(mut self, address: usize) -> Self {
        self.base = Some(address);
        self
    }

    /// Maps the view.
    ///
    /// # Errors
    /// - [`Code::ACCESS_DENIED`]: the handle lacks a right that the access needs, or the range is not within the section.
    /// - [`Code::INVALID_PARAMETER`]: the section's protection does not allow the access, the length is 0, or the wished
    ///   address is above those of programs.
    /// - [`Code::INVALID_ADDRESS`]: something is mapped at the wished address.
    /// - [`Code::MAPPED_ALIGNMENT`]: the wished address and the offset differ within a page.
    /// - [`Code::NOT_ENOUGH_MEMORY`]: no address space is left.
    #[doc(alias = "MapViewOfFile")]
    pub fn map(self) -> Result<View> {
        const OPERATION: &str = "map view";
        let ViewOptions { section, access, offset, len, base } = self;
        let tell = |error: Error| section.tell(error);
        access.check(section.access(), section.protection()).map_err(tell)?;
        let facts = &section.sys.facts;
        let page = facts.page();
        // As on Windows, views may reach to the end of the last page of memory, but not past the end of a file's section.
        let end = if section.sys.is_of_file() { facts.size } else { facts.size.next_multiple_of(page) };
        let len = len.unwrap_or(facts.size.saturating_sub(offset));
        if offset.checked_add(len).is_none_or(|last| last > end)
            || (len == 0 && offset >= facts.size && facts.size > 0)
        {
            return Err(tell(Error::new(Code::ACCESS_DENIED, OPERATION).hint(format!(
                "{len} bytes at offset {offset} are not within the section, which has {} bytes",
                facts.size
            ))));
        }
        if len == 0 {
            return Err(tell(
                Error::new(Code::INVALID_PARAMETER, OPERATION).hint("a view has at least one byte"),
            ));
        }
        let lead = offset % page;
        let whole = (lead + len).next_multiple_of(page);
        let (Ok(len), Ok(whole)) = (usize::try_from(len), usize::try_from(whole)) else {
            return Err(tell(
                Error::new(Code::NOT_ENOUGH_MEMORY, OPERATION)
                    .hint("the view is larger than the address space; process the section in windows"),
            ));
        };
        let lead = lead as usize;
        let base = match base {
            Some(base) if base % page as usize != lead => {
                return Err(tell(Error::new(Code::MAPPED_ALIGNMENT, OPERATION).hint(format!(
                    "address {base:#x} and offset {offset} must be equally far from a multiple of {page}"
                ))));
            }
            base => base.map(|base| base - lead),
        };
        let mapping = section.sys.map(offset - lead as u64, whole, access, base).map_err(tell)?;
        let first = mapping.base().addr().get() + lead;
        let first =
            mapping.base().with_addr(first.try_into().unwrap_or_else(|_| unreachable!("inside a mapping")));
        #[allow(unsafe_code, reason = "the one place where addresses become memory")]
        // SAFETY: `lead + len` is at most `whole`, which is mapped as long as the view, which owns both, lives.
        let memory = unsafe { Memory::new(first, len) };
        Ok(View {
            memory,
            mapping,
            lead,
            offset,
            access,
            page: page as usize,
            protections: Protections::uniform(access),
            sealed: section.known_sealed(),
        })
    }
}

/// Part of a section, mapped into this process. Unmapped when dropped; it outlives the handle it was mapped through.
///
/// # Reading and writing
/// Other processes may change the bytes at any time. Safe code therefore copies them in and out ([`read_at`](View::read_at),
/// [`write_at`](View::write_at), typed values) or uses atomics ([`atomic`](View::atomic)). A copy that meets a change may
/// hold some bytes from before and some from after it; synchronise with atomics where that matters. Slices are safe
/// only where nobody can change the bytes ([`as_slice`](View::as_slice), [`into_private`](View::into_private)).
///
/// Offsets are counted from the first byte of the view, ranges are half-open.
///
/// # Unsafe slices
/// [`slice`](View::slice) and [`slice_mut`](View::slice_mut) are for who knows more than the library: that no process changes
/// (for `slice_mut`: nor reads) the bytes while the slice is used.
///
/// # Errors
/// All accesses fail with [`Code::INVALID_PARAMETER`] outside of the view, [`Code::NOACCESS`] where the access it was mapped
/// with, or later [`protect`](View::protect)ed to, does not allow it, and [`Code::MAPPED_ALIGNMENT`] for atomics at
/// addresses that are not multiples of their size. All copies fail with [`Code::SWAPERROR`] where bytes are not there any
/// more, because the file was cut off, a disk is full or a device failed; [`Error::failed_at`] says where.
///
/// # Linux
/// Missing bytes are met without an error only by who touches them without a copy: through an atomic, a slice or a pointer. That
/// ends the process with SIGBUS, unless it takes care of it (`os::unix::in_page`). Memory sections cannot be
/// cut off.
#[derive(Debug)]
pub struct View {
    memory: Memory,
    mapping: sys::view::Mapping,
    /// How far into the mapping the view begins.
    lead: usize,
    offset: u64,
    access: ViewAccess,
    /// The size of the pages it is made of, which protections are told in.
    page: usize,
    protections: Protections,
    sealed: bool,
}

/// What the program is about to do with part of a view, or how its pages are best kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Nothing special.
    Normal,
    /// Read ahead, and forget soon.
    Sequential,
    /// Do not read ahead.
    Random,
    /// Bring the pages into memory soon, without waiting.
    WillNeed,
    /// Bring the pages into memory and map them for reading, now: no page faults later.
    PopulateRead,
    /// Bring the pages into memory and map them for writing, now. In a copy-on-write view that makes the copies.
    PopulateWrite,
    /// These pages may go first when memory runs short.
    Cold,
    /// Write the pages out, and free them, now.
    PageOut,
    /// Use transparent large pages where the kernel can.
    LargePages,
}

/// Where a page of a view is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residency {
    /// In memory: touching it does not wait for a device.
    Resident,
    /// Not in memory.
    Absent,
    /// The system does not tell this user. Linux calls every page of a file resident to who neither owns nor may write it.
    Unknown,
}

/// A run of pages of a view that are alike: what `VirtualQuery` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The address of the first page.
    pub base: usize,
    /// The address of the first page of the whole view.
    pub allocation_base: usize,
    /// How many bytes, whole pages.
    pub len: usize,
    /// What may be done now. A page of a copy-on-write view that was written counts as [`ViewAccess::Write`].
    pub access: ViewAccess,
    /// What the view was mapped with.
    pub allocation_access: ViewAccess,
}

impl View {
    /// How many bytes.
    pub fn len(&self) -> usize {
        self.memory.len()
    }

    /// Never: a view has at least one byte.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Where in the section the view begins, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What the view was mapped with.
    pub fn access(&self) -> ViewAccess {
        self.access
    }

    /// The address of the first byte. Using it is up to the rules on [`View`].
    pub fn as_ptr(&self) -> *const u8 {
        self.memory.as_ptr()
    }

    /// The address of the first byte, for writing.
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.memory.as_ptr()
    }

    /// The memory, if every page of the range can be read.
    #[inline]
    fn readable(&self, operation: &'static str, range: Range<usize>) -> Result<&Memory> {
        if self.protections.all(self.mapped(range), ViewAccess::reads) {
            return Ok(&self.memory);
        }
        Err(self.not_allowed(operation, "read"))
    }

    /// The memory, if every page of the range can be written.
    #[inline]
    fn writable(&self, operation: &'static str, range: Range<usize>) -> Result<&Memory> {
        if self.protections.all(self.mapped(range), ViewAccess::writes) {
            return Ok(&self.memory);
        }
        Err(self.not_allowed(operation, "written"))
    }

    /// A range of the view as offsets in the mapping. It may lie outside: that is found later.
    #[inline]
    fn mapped(&self, range: Range<usize>) -> Range<usize> {
        self.lead.saturating_add(range.start)..self.lead.saturating_add(range.end)
    }

    #[cold]
    #[inline(never)]
    fn not_allowed(&self, operation: &'static str, verb: &str) -> Error {
        Error::new(Code::NOACCESS, operation)
            .hint(format!("the view is mapped for {:?}: it, or part of it, cannot be {verb}", self.access))
    }

    /// Copies bytes out of the view.
    #[inline]
    pub fn read_at(&self, offset: usize, buffer: &mut [u8]) -> Result<()> {
        self.readable("read from view", offset..offset.saturating_add(buffer.len()))?.read(offset, buffer)
    }

    /// Copies bytes into the view.
    #[inline]
    pub fn write_at(&self, offset: usize, bytes: &[u8]) -> Result<()> {
        self.writable("write to view", offset..offset.saturating_add(bytes.len()))?.write(offset, bytes)
    }

    /// Copies a value out of the view. Any type whose every bit pattern is valid; the offset need not be aligned.
    ///
    /// ```
    /// # use veduta::{Section, ViewAccess};
    /// let view = Section::options().size(4096).create_unnamed()?.map(ViewAccess::Write)?;
    /// view.write_value(10, &[1_u32, 2, 3])?;
    /// assert_eq!(view.read_value::<u32>(14)?, 2);
    /// # Ok::<(), veduta::Error>(())
    /// ```
    #[inline]
    pub fn read_value<T: FromBytes>(&self, offset: usize) -> Result<T> {
        self.readable("read from view", offset..offset.saturating_add(size_of::<T>()))?.read_value(offset)
    }

    /// Copies a value into the view.
    pub fn write_value<T: IntoBytes + Immutable + ?Sized>(&self, offset: usize, value: &T) -> Result<()> {
        self.write_at(offset, value.as_bytes())
    }

    /// Sets every byte of a range.
    #[inline]
    pub fn fill(&self, range: Range<usize>, byte: u8) -> Result<()> {
        self.writable("fill view", range.clone())?.fill(range, byte)
    }

    /// Copies `range` of another view here, to `offset`.
    ///
    /// If both views show the same bytes of one section, at different addresses, and the ranges overlap there, which bytes
    /// come out is not specified; within one view use [`copy_within`](View::copy_within).
    pub fn copy_from(&self, offset: usize, source: &View, range: Range<usize>) -> Result<()> {
        const OPERATION: &str = "copy between views";
        let from = source.readable(OPERATION, range.clone())?;
        self.writable(OPERATION, offset..offset.saturating_add(range.len()))?.copy_from(offset, from, range)
    }

    /// Copies a range to another place in the same view; the two may overlap.
    ///
    /// Of bytes that are not there the first is told, and those before it are copied. Towards the end of the view, where the two overlap,
    /// the copy begins at the end: bytes behind the missing one may have been copied too.
    pub fn copy_within(&self, range: Range<usize>, offset: usize) -> Result<()> {
        self.copy_from(offset, self, range)
    }

    /// Where a range first differs from as many bytes at `offset` of another view, counted from its beginning; `None` when
    /// nowhere.
    pub fn compare(&self, range: Range<usize>, other: &View, offset: usize) -> Result<Option<usize>> {
        const OPERATION: &str = "compare views";
        // First whether it may be asked at all: that does not depend on what the bytes are.
        let end = offset.saturating_add(range.len());
        let theirs = other.readable(OPERATION, offset..end)?;
        theirs.raw(offset..end)?;
        self.readable(OPERATION, range.clone())?
            .first_difference(range, |done, buffer| theirs.read(offset + done, buffer))
    }

    /// Where the view at `offset` first differs from `bytes`; `None` when nowhere.
    pub fn compare_bytes(&self, offset: usize, bytes: &[u8]) -> Result<Option<usize>> {
        let range = offset..offset.saturating_add(bytes.len());
        self.readable("compare views", range.clone())?.first_difference(range, |done, buffer| {
            buffer.copy_from_slice(&bytes[done..done + buffer.len()]);
            Ok(())
        })
    }

    /// Writes a range to a file at `at`, straight out of the mapped pages, and says how many bytes the system took: as
    /// [`std::io::Write::write`], possibly fewer than there are.
    ///
    /// Cheaper than mapping the other file too: its pages need not be mapped, only filled.
    ///
    /// # Errors
    /// [`Code::SWAPERROR`] if the range lies beyond the end of a file that was cut off, and whatever the file's system says.
    pub fn write_to(&self, range: Range<usize>, file: &File, at: u64) -> Result<usize> {
        let start = range.start as u64;
        let bytes = self.readable("write view to file", range.clone())?.raw(range)?;
        sys::view::write_to(bytes, file, at).map_err(|error| error.offset(start))
    }

    /// The atomic at an offset: one instruction, as anywhere.
    ///
    /// The view must be writable, because the atomic is; a read-only one is read with [`load`](View::load). Two processes that
    /// use atomics of different widths on the same bytes see each other's changes, but torn.
    ///
    /// ```
    /// # use veduta::{Section, ViewAccess};
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let view = Section::options().size(4096).create_unnamed()?.map(ViewAccess::Write)?;
    /// view.atomic::<AtomicU32>(64)?.fetch_add(1, Ordering::AcqRel);
    /// assert_eq!(view.load::<u32>(64, Ordering::Acquire)?, 1);
    /// # Ok::<(), veduta::Error>(())
    /// ```
    #[inline]
    pub fn atomic<A: SharedAtomic>(&self, offset: usize) -> Result<&A> {
        self.writable("use atomic in view", offset..offset.saturating_add(size_of::<A>()))?.atomic(offset)
    }

    /// Loads an integer atomically.
    ///
    /// # Panics
    /// For an order that loads do not have, as the standard library's atomics.
    #[inline]
    pub fn load<I: SharedInteger>(&self, offset: usize, order: Ordering) -> Result<I> {
        let memory = self.readable("use atomic in view", offset..offset.saturating_add(size_of::<I>()))?;
        Ok(memory.atomic::<I::Atomic>(offset)?.load(order))
    }

    /// Stores an integer atomically.
    ///
    /// # Panics
    /// For an order that stores do not have, as the standard library's atomics.
    #[inline]
    pub fn store<I: SharedInteger>(&self, offset: usize, value: I, order: Ordering) -> Result<()> {
        self.atomic::<I::Atomic>(offset)?.store(value, order);
        Ok(())
    }

    /// The bytes as a slice, where the section is [sealed](Section::seal): nobody can change them any more.
    ///
    /// # Errors
    /// [`Code::SHARING_VIOLATION`] when the section was not sealed, or not yet known to be ([`Section::is_sealed`]), when the
    /// view was mapped, or the view is a copy.
    pub fn as_slice(&self) -> Result<&[u8]> {
        if !self.sealed || self.access.copies() {
            return Err(Error::new(Code::SHARING_VIOLATION, "borrow view").hint(
                "the bytes may change: seal the section before mapping, make the view private, copy, or use an unsafe slice",
            ));
        }
        let memory = self.readable("borrow view", 0..self.len())?;
        #[allow(unsafe_code, reason = "the seal is what makes the slice safe")]
        // SAFETY: a sealed section has no writable mapping and never gets one, and this view is shared, so it has no private
        // writes either.
        unsafe {
            memory.slice(0..self.len())
        }
    }

    /// Part of the view as a slice, on the caller's word.
    ///
    /// # Safety
    /// See "Unsafe slices" on [`View`].
    #[allow(unsafe_code, reason = "the caller vouches for what the library cannot know")]
    pub unsafe fn slice(&self, range: Range<usize>) -> Result<&[u8]> {
        let memory = self.readable("borrow view", range.clone())?;
        // SAFETY: passed on to the caller.
        unsafe { memory.slice(range) }
    }

    /// Part of the view as a slice to write to, on the caller's word.
    ///
    /// # Safety
    /// See "Unsafe slices" on [`View`].
    #[allow(unsafe_code, reason = "the caller vouches for what the library cannot know")]
    pub unsafe fn slice_mut(&mut self, range: Range<usize>) -> Result<&mut [u8]> {
        let memory = self.writable("borrow view", range.clone())?;
        // SAFETY: passed on to the caller.
        unsafe { memory.slice_mut(range) }
    }

    /// Makes a copy of the bytes, at another address, that nobody else can change, so that it can be used as a slice.
    ///
    /// # Errors
    /// - [`Code::INVALID_PARAMETER`]: the view is not copy-on-write.
    /// - [`Code::NOACCESS`]: part of it was [`protect`](View::protect)ed against reading.
    /// - [`Code::NOT_ENOUGH_MEMORY`]: there is none for the copy.
    /// - [`Code::SWAPERROR`]: part of the view lies beyond the end of its file, or cannot be read.
    pub fn into_private(self) -> Result<PrivateView> {
        const OPERATION: &str = "make view private";
        if !self.access.copies() {
            return Err(Error::new(Code::INVALID_PARAMETER, OPERATION).hint("map the view for Copy"));
        }
        let bytes = self.readable(OPERATION, 0..self.len())?.raw(0..self.len())?;
        // Not the pages of this view: if their file were cut off and grew again, they would be the file's once more.
        let mapping = sys::view::private_copy(bytes)?;
        #[allow(unsafe_code, reason = "the addresses become memory, as in `map`")]
        // SAFETY: the mapping has at least as many bytes, and lives as long as the view that owns both.
        let memory = unsafe { Memory::new(mapping.base(), self.len()) };
        Ok(PrivateView { memory, _mapping: mapping })
    }

    /// The pages that a range of bytes lies in.
    fn pages(&self, operation: &'static str, range: &Range<usize>) -> Result<Range<usize>> {
        if range.start > range.end || range.end > self.len() {
            return Err(Error::new(Code::INVALID_PARAMETER, operation).hint(format!(
                "the range {}..{} is not within the view, which has {} bytes",
                range.start,
                range.end,
                self.len()
            )));
        }
        let first = (self.lead + range.start) / self.page * self.page;
        // An empty range touches no page, wherever it is.
        let last = if range.is_empty() { first } else { (self.lead + range.end).next_multiple_of(self.page) };
        Ok(first..last)
    }

    /// Writes what was changed in a range to the file's device, and waits until it is there: **durable** when it returns.
    ///
    /// Stronger than `FlushViewOfFile`, which leaves data in the device's cache unless `FlushFileBuffers` follows. For
    /// memory without a file there is nothing to do.
    ///
    /// # Errors
    /// [`Code::IO_DEVICE`] or [`Code::DISK_FULL`] if the device fails; what was written then is not known.
    #[doc(alias = "FlushViewOfFile")]
    pub fn flush(&self, range: Range<usize>) -> Result<()> {
        let pages = self.pages("flush view", &range)?;
        if pages.is_empty() { Ok(()) } else { self.mapping.flush(pages) }
    }

    /// Starts to write what was changed in a range to the file's device, and **does not wait**: nothing is promised when it
    /// returns, but a later [`flush`](View::flush) has less to wait for.
    #[doc(alias = "FlushViewOfFile")]
    pub fn flush_async(&self, range: Range<usize>) -> Result<()> {
        let pages = self.pages("start flush of view", &range)?;
        if pages.is_empty() || self.access.copies() {
            return Ok(());
        }
        self.mapping.start_write_back(pages)
    }

    /// Asks for the pages of a range to be brought into memory, and does not wait.
    #[doc(alias = "PrefetchVirtualMemory")]
    pub fn prefetch(&self, range: Range<usize>) -> Result<()> {
        self.advise(range, Advice::WillNeed)
    }

    /// Tells the system how a range is going to be used.
    ///
    /// # Errors
    /// [`Code::NOT_SUPPORTED`] if this system does not know the advice.
    pub fn advise(&self, range: Range<usize>, advice: Advice) -> Result<()> {
        const OPERATION: &str = "advise on view";
        let pages = self.pages(OPERATION, &range)?;
        match advice {
            Advice::PopulateRead => _ = self.readable(OPERATION, range)?,
            Advice::PopulateWrite => _ = self.writable(OPERATION, range)?,
            _ => {}
        }
        if pages.is_empty() { Ok(()) } else { self.mapping.advise(pages, advice) }
    }

    /// Keeps the pages of a range in memory until they are unlocked or the view is unmapped.
    ///
    /// # Errors
    /// - [`Code::WORKING_SET_QUOTA`]: over the limit on locked memory.
    /// - [`Code::SWAPERROR`]: there is no such page any more.
    #[doc(alias = "VirtualLock")]
    pub fn lock(&self, range: Range<usize>) -> Result<()> {
        self.mapping.lock(self.pages("lock view in memory", &range)?)
    }

    /// Lets the pages of a range be swapped again.
    ///
    /// # Windows
    /// Unlocking what is not locked fails with [`Code::NOT_LOCKED`]; Linux does not tell.
    #[doc(alias = "VirtualUnlock")]
    pub fn unlock(&self, range: Range<usize>) -> Result<()> {
        self.mapping.unlock(self.pages("unlock view", &range)?)
    }

    /// Takes the memory of a range, so that touching it cannot fail later. Only memory that was created with
    /// [`Commit::Reserve`](crate::Commit::Reserve) has anything to take.
    ///
    /// # Errors
    /// [`Code::COMMITMENT_LIMIT`]: there is not enough memory.
    #[doc(alias = "VirtualAlloc")]
    pub fn commit(&self, range: Range<usize>) -> Result<()> {
        self.mapping.commit(self.pages("commit pages of view", &range)?)
    }

    /// Whether the memory of the page at an offset is taken, because it was touched or [committed](View::commit) through any view of
    /// the section, and up to which offset that goes on. Only pages of a section that was created with
    /// [`Commit::Reserve`](crate::Commit::Reserve) can be not taken.
    ///
    /// # Errors
    /// [`Code::INVALID_PARAMETER`] outside of the view.
    #[doc(alias = "VirtualQuery")]
    pub fn committed(&self, offset: usize) -> Result<(bool, usize)> {
        let first = self.pages("query view", &(offset..offset.saturating_add(1)))?.start;
        let (committed, end) = self.mapping.committed(first)?;
        Ok((committed, end.saturating_sub(self.lead).min(self.len())))
    }

    /// Changes what may be done with the pages of a range, within what the view was mapped with. Gives what the first page
    /// was before.
    ///
    /// # Errors
    /// [`Code::INVALID_PARAMETER`] beyond what the view was mapped with, and for an empty range.
    ///
    /// # Linux
    /// Pages that all share cannot become copies in place: where Windows lets a view for reading or writing become
    /// copy-on-write, this fails with [`Code::NOT_SUPPORTED`]; map a [`ViewAccess::Copy`] view instead.
    #[doc(alias = "VirtualProtect")]
    pub fn protect(&mut self, range: Range<usize>, access: ViewAccess) -> Result<ViewAccess> {
        const OPERATION: &str = "protect view";
        let pages = self.pages(OPERATION, &range)?;
        if pages.is_empty() {
            return Err(Error::new(Code::INVALID_PARAMETER, OPERATION).hint("the range is empty"));
        }
        if access.copies()
            && !self.access.copies()
            && self.access.reads()
            && (!access.executes() || self.access.executes())
        {
            return Err(Error::new(Code::NOT_SUPPORTED, OPERATION)
                .hint("a shared page cannot become copy-on-write in place; map another view for Copy"));
        }
        if !self.access.may_become(access) {
            return Err(Error::new(Code::INVALID_PARAMETER, OPERATION)
                .hint(format!("a view that was mapped for {:?} cannot become {access:?}", self.access)));
        }
        self.mapping.protect(pages.clone(), access)?;
        let before = self.protections.at(pages.start);
        self.protections.set(pages, access);
        Ok(before)
    }

    /// The run of pages, alike from the one at `offset` on: what `VirtualQuery` tells of that address.
    ///
    /// # Errors
    /// [`Code::INVALID_PARAMETER`] outside of the view.
    #[doc(alias = "VirtualQuery")]
    pub fn query(&self, offset: usize) -> Result<Region> {
        const OPERATION: &str = "query view";
        let first = self.pages(OPERATION, &(offset..offset.saturating_add(1)))?.start;
        let allocation_base = self.mapping.base().addr().get();
        if !self.access.copies() {
            return Ok(Region {
                base: allocation_base + first,
                allocation_base,
                len: self.protections.end_of_run(first).min(self.mapping.len()) - first,
                access: self.protections.at(first),
                allocation_access: self.access,
            });
        }
        let mut access = None;
        let mut end = first;
        // Piece by piece: most runs end long before the view does.
        while end < self.mapping.len() {
            let piece = end..self.mapping.len().min(end + (1 << 20));
            let accesses = self.accesses(piece.clone())?;
            let alike = *access.get_or_insert(accesses[0]);
            match accesses.iter().position(|&access| access != alike) {
                Some(pages) => {
                    end += pages * sys::PAGE;
                    break;
                }
                None => end = piece.end,
            }
        }
        let access = access.unwrap_or(self.access);
        Ok(Region {
            base: allocation_base + first,
            allocation_base,
            len: end - first,
            access,
            allocation_access: self.access,
        })
    }

    /// What may be done with each page of a range of the mapping of a copy-on-write view.
    fn accesses(&self, pages: Range<usize>) -> Result<Vec<ViewAccess>> {
        let copied = self.mapping.copied(pages.clone())?;
        let accesses = pages.step_by(sys::PAGE).enumerate().map(|(index, at)| {
            match (self.protections.at(at), copied.get(index)) {
                (ViewAccess::Copy, Some(true)) => ViewAccess::Write,
                (ViewAccess::ExecuteCopy, Some(true)) => ViewAccess::ExecuteWrite,
                (access, _) => access,
            }
        });
        Ok(accesses.collect())
    }

    /// All runs of pages of the view, in order.
    pub fn regions(&self) -> Result<Vec<Region>> {
        let mut regions = Vec::new();
        let mut offset = 0;
        while offset < self.len() {
            let region = self.query(offset)?;
            offset = (region.base + region.len - region.allocation_base).saturating_sub(self.lead);
            regions.push(region);
        }
        Ok(regions)
    }

    /// Where each page of a range is.
    #[doc(alias = "QueryWorkingSetEx")]
    pub fn residency(&self, range: Range<usize>) -> Result<Vec<Residency>> {
        self.mapping.residency(self.pages("ask for residency of view", &range)?)
    }
}

/// A copy of a view that is this process's own: an ordinary slice. Made by [`View::into_private`].
///
/// ```
/// # use veduta::{Section, ViewAccess};
/// let section = Section::options().size(4096).create_unnamed()?;
/// let mut private = section.map(ViewAccess::Copy)?.into_private()?;
/// private[..5].copy_from_slice(b"mine!");
/// assert_eq!(section.map(ViewAccess::Read)?.read_value::<u8>(0)?, 0);
/// # Ok::<(), veduta::Error>(())
/// ```
#[derive(Debug)]
pub struct PrivateView {
    memory: Memory,
    /// What keeps `memory` mapped.
    _mapping: sys::view::Mapping,
}

impl Deref for PrivateView {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        #[allow(unsafe_code, reason = "private pages are ordinary memory")]
        // SAFETY: a private mapping of memory that is sealed: nobody changes it but through `self`.
        let slice = unsafe { self.memory.slice(0..self.memory.len()) };
        slice.unwrap_or_else(|_| unreachable!("the range is the whole view"))
    }
}

impl DerefMut for PrivateView {
    fn deref_mut(&mut self) -> &mut [u8] {
        #[allow(unsafe_code, reason = "private pages are ordinary memory")]
        // SAFETY: as in `deref`, and `self` is borrowed alone.
        let slice = unsafe { self.memory.slice_mut(0..self.memory.len()) };
        slice.unwrap_or_else(|_| unreachable!("the range is the whole view"))
    }
}
