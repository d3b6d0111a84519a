//! `VirtualQuery`: what an address belongs to, and how its page stands.

use super::allocation::State;
use super::maps;
use super::page;
use crate::addresses::{self, HIGHEST, PAGE, Placed};
use crate::code;
use crate::failure::{Failure, Result};

pub(super) const MEM_COMMIT: u32 = 0x1000;
pub(super) const MEM_RESERVE: u32 = 0x2000;
pub(super) const MEM_FREE: u32 = 0x1_0000;
pub(super) const MEM_PRIVATE: u32 = 0x2_0000;
pub(super) const MEM_MAPPED: u32 = 0x4_0000;
pub(super) const MEM_IMAGE: u32 = 0x100_0000;

/// `MEMORY_BASIC_INFORMATION`: a run of pages that are alike.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Information {
    pub(crate) base: usize,
    pub(crate) allocation_base: usize,
    pub(crate) allocation_protect: u32,
    pub(crate) partition: u16,
    pub(crate) unused: u16,
    pub(crate) size: usize,
    pub(crate) state: u32,
    pub(crate) protect: u32,
    pub(crate) kind: u32,
    pub(crate) padding: u32,
}

const _: () = assert!(size_of::<Information>() == 48);

pub(super) fn query(address: usize) -> Result<Information> {
    if address >= HIGHEST {
        return Err(Failure::hint(
            code::INVALID_PARAMETER,
            format!("{address:#x} is above the addresses of programs"),
        ));
    }
    let page = address & !(PAGE - 1);
    match addresses::at(page) {
        Some(Placed::View(view)) => view.query(page),
        Some(Placed::Allocation(allocation)) => {
            let (state, end) = allocation.run(page);
            let (state, protect) = match state {
                State::Reserved => (MEM_RESERVE, 0),
                State::Committed(protect) => (MEM_COMMIT, protect),
            };
            Ok(Information {
                base: page,
                allocation_base: allocation.base(),
                allocation_protect: allocation.protect_at_first(),
                size: end - page,
                state,
                protect,
                kind: MEM_PRIVATE,
                ..Information::default()
            })
        }
        None => maps::query(page),
    }
}

impl Information {
    /// A run of pages of a view; `protect` 0 for those that are not committed.
    pub(crate) fn of_view(
        base: usize,
        allocation_base: usize,
        size: usize,
        protect: u32,
        allocation_protect: u32,
    ) -> Information {
        let state = if protect == 0 { MEM_RESERVE } else { MEM_COMMIT };
        Information {
            base,
            allocation_base,
            allocation_protect,
            size,
            state,
            protect,
            kind: MEM_MAPPED,
            ..Information::default()
        }
    }

    pub(crate) fn is_committed(&self) -> bool {
        self.state == MEM_COMMIT
    }
}

/// A `PAGE_` constant with the bits about caches; those mean nothing without access.
pub(crate) fn with_caching(protect: u32, caching: u32) -> u32 {
    if protect == page::NOACCESS || protect == 0 { protect } else { protect | caching }
}
