//! Memory that `VirtualAlloc` gave: addresses, of which some pages are committed.

use super::page;
use super::runs::Runs;
use crate::addresses::{self, HIGHEST, LOWEST, PAGE, Placed};
use crate::code;
use crate::failure::{Failure, Result};
use crate::holes;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use std::ffi::c_void;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use veduta::Commit;

/// How a page of an allocation stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Reserved,
    /// With what protection.
    Committed(u32),
}

/// Addresses of this process's own. Given back when dropped.
pub(crate) struct Allocation {
    base: usize,
    len: usize,
    /// What it was made with.
    protect: u32,
    /// Large pages are committed and given back all at once.
    large: bool,
    pages: Mutex<Runs<State>>,
}

/// What a new allocation is to be.
pub(crate) struct New {
    /// Where; 0 for anywhere.
    pub(crate) base: usize,
    pub(crate) len: usize,
    pub(crate) protect: u32,
    pub(crate) commit: bool,
    /// The size of the large pages that it is to be made of.
    pub(crate) large: Option<usize>,
    /// At high addresses.
    pub(crate) top_down: bool,
}

impl Allocation {
    /// Makes one, and gives its first address.
    pub(crate) fn create(new: &New) -> Result<usize> {
        if new.commit {
            Commit::check(new.len as u64)?;
        }
        let alignment = new.large.unwrap_or(addresses::GRANULARITY);
        let allocation = if new.base != 0 {
            holes::place_at(new.base, new.len, || Allocation::at(new, new.base))?
        } else if new.top_down {
            addresses::place_near(new.len, alignment, |base| Allocation::at(new, base))?
        } else {
            addresses::place(new.len, alignment, |base| Allocation::at(new, base))?
        };
        let base = allocation.base;
        addresses::insert(base, Placed::Allocation(Arc::new(allocation)));
        Ok(base)
    }

    fn at(new: &New, base: usize) -> Result<Allocation> {
        if base < LOWEST || base.checked_add(new.len).is_none_or(|end| end > HIGHEST) {
            return Err(Failure::hint(
                code::INVALID_PARAMETER,
                format!("{} bytes at {base:#x} are not all addresses of programs", new.len),
            ));
        }
        let state = if new.commit { State::Committed(new.protect) } else { State::Reserved };
        let mut flags = MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE;
        if let Some(page) = new.large {
            flags |= MapFlags::HUGETLB | MapFlags::from_bits_retain(page.ilog2() << 26);
        }
        // SAFETY: something that is mapped there is not replaced.
        let mapped =
            unsafe { rustix::mm::mmap_anonymous(base as *mut c_void, new.len, protection(state), flags) }
                .map_err(|errno| match errno {
                    Errno::EXIST => Failure::hint(
                        code::INVALID_ADDRESS,
                        format!("part of the {} bytes at {base:#x} is in use", new.len),
                    ),
                    Errno::NOMEM if new.large.is_some() => Failure::hint(
                        code::NO_SYSTEM_RESOURCES,
                        "there are too few free large pages (vm.nr_hugepages)",
                    ),
                    errno => errno.into(),
                })?;
        let large = new.large.is_some();
        let allocation = Allocation {
            base: mapped as usize,
            len: new.len,
            protect: new.protect,
            large,
            pages: Mutex::new(Runs::new(state)),
        };
        // A kernel before 4.17 takes a wish for a hint.
        if allocation.base == base { Ok(allocation) } else { Err(Failure::Code(code::INVALID_ADDRESS)) }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn base(&self) -> usize {
        self.base
    }

    pub(crate) fn protect_at_first(&self) -> u32 {
        self.protect
    }

    fn pages(&self) -> MutexGuard<'_, Runs<State>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Page numbers of addresses that lie inside.
    fn within(&self, range: &Range<usize>) -> Result<Range<usize>> {
        if range.start < self.base || range.end > self.base + self.len {
            return Err(Failure::hint(
                code::INVALID_ADDRESS,
                format!("the range {range:#x?} runs over the end of its allocation"),
            ));
        }
        Ok((range.start - self.base) / PAGE..(range.end - self.base) / PAGE)
    }

    /// Commits whole pages; those that are get the new protection and keep their bytes.
    pub(crate) fn commit(&self, range: Range<usize>, protect: u32) -> Result<()> {
        let indices = self.within(&range)?;
        let mut pages = self.pages();
        let new: usize = pages
            .runs(indices.clone())
            .filter(|(_, state)| *state == State::Reserved)
            .map(|(run, _)| run.len() * PAGE)
            .sum();
        if new > 0 {
            Commit::check(new as u64)?;
        }
        change(&range, protect)?;
        pages.set(indices, State::Committed(protect));
        Ok(())
    }

    /// Gives the memory of whole pages back, and keeps their addresses.
    pub(crate) fn decommit(&self, range: Range<usize>) -> Result<()> {
        let indices = self.within(&range).map_err(|_| Failure::Code(code::INVALID_PARAMETER))?;
        if self.large {
            return Err(Failure::hint(code::INVALID_PARAMETER, "large pages can only be released"));
        }
        let mut pages = self.pages();
        // SAFETY: only pages of this allocation are replaced, by others that are reserved. They are the program's: it says that it is done with
        // them.
        let replaced = unsafe {
            rustix::mm::mmap_anonymous(
                range.start as *mut c_void,
                range.len(),
                protection(State::Reserved),
                MapFlags::PRIVATE | MapFlags::FIXED,
            )
        };
        replaced?;
        pages.set(indices, State::Reserved);
        drop(pages);
        super::lock::forget(range);
        Ok(())
    }

    /// Changes the protection of whole pages, all of them committed. Gives that of the first as it was.
    pub(crate) fn protect(&self, range: Range<usize>, protect: u32) -> Result<u32> {
        let indices = self.within(&range)?;
        let mut pages = self.pages();
        let State::Committed(before) = pages.at(indices.start) else { return Err(not_committed()) };
        if pages.runs(indices.clone()).any(|(_, state)| state == State::Reserved) {
            return Err(not_committed());
        }
        change(&range, protect)?;
        pages.set(indices, State::Committed(protect));
        Ok(before)
    }

    /// How the page at an address stands, and where the pages that stand alike end.
    pub(crate) fn run(&self, address: usize) -> (State, usize) {
        let index = (address - self.base) / PAGE;
        let pages = self.pages();
        let end = pages.end_of_run(index).min(self.len / PAGE);
        (pages.at(index), self.base + end * PAGE)
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        super::lock::forget(self.base..self.base + self.len);
        // SAFETY: the addresses are this allocation's, and the program has released it.
        let result = unsafe { rustix::mm::munmap(self.base as *mut c_void, self.len) };
        debug_assert!(result.is_ok(), "an allocation is no longer there");
    }
}

pub(crate) fn not_committed() -> Failure {
    Failure::hint(code::INVALID_ADDRESS, "part of the range is reserved and not committed")
}

fn protection(state: State) -> ProtFlags {
    match state {
        State::Reserved => ProtFlags::empty(),
        State::Committed(protect) => ProtFlags::from_bits_retain(page::flags(protect).bits()),
    }
}

fn change(range: &Range<usize>, protect: u32) -> Result<()> {
    // SAFETY: the pages are the program's own, which asks for it.
    let changed =
        unsafe { rustix::mm::mprotect(range.start as *mut c_void, range.len(), page::flags(protect)) };
    changed.map_err(|errno| match errno {
        Errno::NOMEM => Failure::hint(
            code::COMMITMENT_LIMIT,
            "the system does not promise more memory (vm.overcommit_memory), or the process has too many mappings (vm.max_map_count)",
        ),
        errno => errno.into(),
    })
}
