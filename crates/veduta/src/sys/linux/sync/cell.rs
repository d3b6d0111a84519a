//! A synchronization object as this process has it mapped: once, however many handles there are.

use super::super::in_page;
use super::super::limits;
use super::super::record::{FileId, PAGE};
use super::owner::{Acquired, Owner};
use super::page::Page;
use super::patience::Patience;
use super::robust::{Node, Thread};
use super::seats::Seats;
use super::signal::Rule;
use crate::{Code, Error, Result};
use rustix::fd::BorrowedFd;
use rustix::mm::{self, MapFlags, ProtFlags};
use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};

const MAP: &str = "map state of object";

pub(crate) struct Cell {
    /// The shared page may be cut off by whoever can write to its file. Before the mapping goes.
    #[cfg(not(loom))]
    watched: in_page::Watched,
    mapped: Mapped,
    pub(super) id: FileId,
    pub(super) nature: Nature,
    pub(super) seats: Seats,
    pub(super) patience: Patience,
}

/// What an object is, for who waits for it.
pub(super) enum Nature {
    Mutex(Owner),
    Signal(Rule),
}

// SAFETY: the shared page is only touched through atomics, the private one only by the thread that owns the mutex.
unsafe impl Send for Cell {}
// SAFETY: as for `Send`.
unsafe impl Sync for Cell {}

/// The shared page, and behind it, for a mutex, a private one. Unmapped when dropped.
struct Mapped {
    base: NonNull<u8>,
    #[cfg(not(loom))]
    len: usize,
}

impl Mapped {
    fn new(bytes: BorrowedFd<'_>, start: u64, with_private: bool) -> Result<Mapped> {
        let len = if with_private { 2 * PAGE } else { PAGE };
        let fail = |errno| limits::mapping_refused(MAP, errno, len, with_private);
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let mapped = |base: *mut c_void| {
            let base = NonNull::new(base.cast()).ok_or_else(|| fail(rustix::io::Errno::FAULT))?;
            Ok(Mapped {
                base,
                #[cfg(not(loom))]
                len,
            })
        };
        if !with_private {
            // SAFETY: the kernel picks the address, so no existing mapping is replaced.
            let base = unsafe { mm::mmap(null_mut(), PAGE, access, MapFlags::SHARED, bytes, start) };
            return mapped(base.map_err(fail)?);
        }
        // SAFETY: new memory, where the kernel likes it.
        let base = unsafe { mm::mmap_anonymous(null_mut(), len, access, MapFlags::PRIVATE) }.map_err(fail)?;
        let unmap = |errno| {
            // SAFETY: what was just mapped, and nobody knows of.
            let unmapped = unsafe { mm::munmap(base, len) };
            debug_assert_eq!(unmapped, Ok(()));
            fail(errno)
        };
        let flags = MapFlags::SHARED | MapFlags::FIXED;
        // SAFETY: replaces the first page of what was just mapped, and nobody knows of.
        unsafe { mm::mmap(base, PAGE, access, flags, bytes, start) }.map_err(unmap)?;
        mapped(base)
    }
}

#[cfg(not(loom))]
impl Drop for Mapped {
    fn drop(&mut self) {
        let base = self.base.as_ptr().cast::<c_void>();
        // SAFETY: what `new` mapped, and nobody can reach any more.
        let unmapped = unsafe { mm::munmap(base, self.len) };
        debug_assert_eq!(unmapped, Ok(()), "a whole mapping can be unmapped");
    }
}

#[cfg(loom)]
impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: what `Cell::new` leaked; under loom nothing is mapped.
        drop(unsafe { Box::from_raw(self.base.cast::<Page>().as_ptr()) });
    }
}

impl Cell {
    /// Maps the page at `start` in `bytes`.
    pub(super) fn map(bytes: BorrowedFd<'_>, start: u64, id: FileId, rule: Option<Rule>) -> Result<Cell> {
        in_page::be_ready()?;
        // The node by which the kernel finds a mutex's owner.
        let mapped = Mapped::new(bytes, start, rule.is_none())?;
        let base = mapped.base;
        let nature = match rule {
            Some(rule) => Nature::Signal(rule),
            // SAFETY: the private page is right behind the shared one, and the registry keeps both for owners.
            None => Nature::Mutex(Owner::new(unsafe { Node::of_page(base) })),
        };
        Ok(Cell {
            // SAFETY: a `Page` is all atomics, and the mapping is this cell's.
            #[cfg(not(loom))]
            watched: unsafe { in_page::Watched::new(base.as_ptr()) },
            mapped,
            id,
            nature,
            seats: Seats::new(),
            patience: Patience::new(),
        })
    }

    /// A cell with a page of its own, in plain memory.
    #[cfg(loom)]
    pub(super) fn new(page: Page, id: FileId, nature: impl FnOnce(NonNull<u8>) -> Nature) -> Cell {
        let base = NonNull::from(Box::leak(Box::new(page))).cast();
        Cell {
            mapped: Mapped { base },
            id,
            nature: nature(base),
            seats: Seats::new(),
            patience: Patience::new(),
        }
    }

    #[inline]
    pub(super) fn page(&self) -> &Page {
        // SAFETY: the page is mapped as long as `self` is, aligned, and consists of atomics, for which any bytes will do.
        unsafe { self.mapped.base.cast::<Page>().as_ref() }
    }

    /// Whether the shared page is gone: what is done with the object, or was done just now, reaches nobody else.
    #[inline]
    pub(super) fn is_gone(&self) -> bool {
        #[cfg(not(loom))]
        return self.watched.is_gone();
        #[cfg(loom)]
        return false;
    }

    pub(super) fn check_intact(&self) -> Result<()> {
        if self.is_gone() { Err(cut_off()) } else { Ok(()) }
    }

    /// Takes the object if it can be had at once. `slept`: the calling thread has slept for it.
    pub(super) fn try_acquire(&self, slept: bool) -> Result<Option<Acquired>> {
        let acquired = match &self.nature {
            Nature::Mutex(owner) => owner.try_acquire(self.page(), Thread::current()?, slept)?,
            Nature::Signal(rule) => self.page().try_take(*rule).then_some(Acquired::Free),
        };
        self.believe(acquired)
    }

    /// What was acquired, unless it is of no use to anybody.
    pub(super) fn believe(&self, acquired: Option<Acquired>) -> Result<Option<Acquired>> {
        if !self.is_gone() {
            return Ok(acquired);
        }
        if let (Some(acquired), Nature::Mutex(owner)) = (acquired, &self.nature) {
            owner.put_back(self.page(), acquired)?;
        }
        Err(cut_off())
    }

    pub(super) fn is_available(&self) -> Result<bool> {
        match &self.nature {
            Nature::Mutex(owner) => owner.is_available(self.page()),
            Nature::Signal(_) => Ok(self.page().is_available()),
        }
    }

    /// Whether the kernel's list leads here: a thread of this process owns the mutex.
    pub(super) fn is_in_use(&self) -> bool {
        matches!(&self.nature, Nature::Mutex(owner) if owner.is_in_use(self.page()))
    }
}

#[cold]
fn cut_off() -> Error {
    Error::new(Code::INVALID_DATA, "use object").hint(
        "somebody cut its entry off: it is lost for all who have it; close every handle, and create it anew",
    )
}
