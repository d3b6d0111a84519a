//! Memory of the process by pages: `VirtualAlloc` and what belongs to it.

mod allocation;
pub(crate) mod lock;
pub(crate) mod maps;
pub(crate) mod page;
mod probe;
pub(crate) mod query;
mod runs;

pub(crate) use allocation::{Allocation, not_committed};

use crate::addresses::{self, GRANULARITY, HIGHEST, LOWEST, PAGE, Placed};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::pointer::{In, Out};
use crate::process;
use crate::system;
use crate::types::{BOOL, DWORD, HANDLE, POINTER, SIZE};
use allocation::New;
use query::Information;
use std::ffi::c_void;
use std::ops::Range;

const MEM_COMMIT: u32 = 0x1000;
const MEM_RESERVE: u32 = 0x2000;
const MEM_DECOMMIT: u32 = 0x4000;
const MEM_RELEASE: u32 = 0x8000;
const MEM_RESET: u32 = 0x8_0000;
const MEM_TOP_DOWN: u32 = 0x10_0000;
const MEM_WRITE_WATCH: u32 = 0x20_0000;
const MEM_PHYSICAL: u32 = 0x40_0000;
const MEM_RESET_UNDO: u32 = 0x100_0000;
const MEM_LARGE_PAGES: u32 = 0x2000_0000;

/// `WIN32_MEMORY_RANGE_ENTRY`.
#[repr(C)]
#[derive(Clone, Copy)]
struct RangeEntry {
    address: POINTER,
    size: SIZE,
}

export! {
    fn VirtualAlloc(address: POINTER, size: SIZE, kind: DWORD, protect: DWORD) -> POINTER {
        allocate(address, size, kind, protect)
    }

    fn VirtualAllocEx(process: HANDLE, address: POINTER, size: SIZE, kind: DWORD, protect: DWORD) -> POINTER {
        only_here(process)?;
        allocate(address, size, kind, protect)
    }

    /// The node is a preference, which the kernel keeps by itself: it prefers the node of the thread that touches a page first.
    fn VirtualAllocExNuma(
        process: HANDLE,
        address: POINTER,
        size: SIZE,
        kind: DWORD,
        protect: DWORD,
        _node: DWORD,
    ) -> POINTER {
        only_here(process)?;
        allocate(address, size, kind, protect)
    }

    fn VirtualFree(address: POINTER, size: SIZE, kind: DWORD) -> BOOL { free(address, size, kind) }

    fn VirtualFreeEx(process: HANDLE, address: POINTER, size: SIZE, kind: DWORD) -> BOOL {
        only_here(process)?;
        free(address, size, kind)
    }

    fn VirtualProtect(address: POINTER, size: SIZE, protect: DWORD, before: Out<DWORD>) -> BOOL {
        change(address, size, protect, before)
    }

    fn VirtualProtectEx(
        process: HANDLE,
        address: POINTER,
        size: SIZE,
        protect: DWORD,
        before: Out<DWORD>,
    ) -> BOOL {
        only_here(process)?;
        change(address, size, protect, before)
    }

    fn VirtualQuery(address: POINTER, buffer: Out<Information>, size: SIZE) -> SIZE {
        tell(address, buffer, size)
    }

    fn VirtualQueryEx(process: HANDLE, address: POINTER, buffer: Out<Information>, size: SIZE) -> SIZE {
        only_here(process)?;
        tell(address, buffer, size)
    }

    fn VirtualLock(address: POINTER, size: SIZE) -> BOOL { lock::lock(pages(address, size)?) }

    fn VirtualUnlock(address: POINTER, size: SIZE) -> BOOL { lock::unlock(pages(address, size)?) }

    fn PrefetchVirtualMemory(process: HANDLE, count: SIZE, ranges: In<RangeEntry>, flags: DWORD) -> BOOL {
        only_here(process)?;
        if count == 0 || flags != 0 {
            return Err(Failure::hint(code::INVALID_PARAMETER, "at least one range, and no flags"));
        }
        for range in ranges.all(count)? {
            let range = pages(range.address, range.size)?;
            // It is a hint: what cannot be read ahead is read when it is touched.
            // SAFETY: reading ahead changes nothing that the program can see.
            let _hinted = unsafe {
                rustix::mm::madvise(range.start as *mut c_void, range.len(), rustix::mm::Advice::WillNeed)
            };
        }
        Ok(())
    }

    fn GetLargePageMinimum() -> SIZE { Ok(system::large_page()) }
}

/// Refuses handles to other processes.
pub(crate) fn only_here(process: HANDLE) -> Result<()> {
    if process == HANDLE::CURRENT_PROCESS || process::is_current(process)? {
        return Ok(());
    }
    Err(Failure::hint(code::NOT_SUPPORTED, "the memory of another process cannot be arranged from here"))
}

/// The whole pages that a range of bytes lies in.
fn pages(address: POINTER, size: SIZE) -> Result<Range<usize>> {
    let address = address.addr();
    let end = address.checked_add(size).filter(|&end| end <= HIGHEST);
    match end {
        _ if size == 0 => Err(Failure::hint(code::INVALID_PARAMETER, "the size is 0")),
        Some(end) => Ok(address & !(PAGE - 1)..end.next_multiple_of(PAGE)),
        None => {
            let hint = format!("{size} bytes at {address:#x} are not all addresses of programs");
            Err(Failure::hint(code::INVALID_PARAMETER, hint))
        }
    }
}

fn allocate(address: POINTER, size: SIZE, kind: u32, protect: u32) -> Result<POINTER> {
    let refuse = |hint: &'static str| Err(Failure::hint(code::INVALID_PARAMETER, hint));
    let has = |bit| kind & bit != 0;
    if has(MEM_WRITE_WATCH | MEM_PHYSICAL) {
        return Err(Failure::hint(code::NOT_SUPPORTED, "MEM_WRITE_WATCH and MEM_PHYSICAL are not here"));
    }
    const KNOWN: u32 = MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_RESET_UNDO | MEM_TOP_DOWN | MEM_LARGE_PAGES;
    if kind & !KNOWN != 0 || kind & (MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_RESET_UNDO) == 0 {
        return refuse("the type must have MEM_COMMIT, MEM_RESERVE, or both");
    }
    let protect = page::check_private(protect).or_else(|failure| {
        // Pages of views may be committed for what views may do.
        if has(MEM_COMMIT) && !has(MEM_RESERVE) && !address.is_null() {
            page::check(protect)
        } else {
            Err(failure)
        }
    })?;
    let range = pages(address, size)?;
    if has(MEM_RESET | MEM_RESET_UNDO) {
        if kind != MEM_RESET && kind != MEM_RESET_UNDO {
            return refuse("MEM_RESET and MEM_RESET_UNDO stand alone");
        }
        // The program allows that the bytes are lost. They are not.
        let all = query::query(range.start)?;
        if !all.is_committed() || range.end > all.base + all.size {
            return Err(not_committed());
        }
        return Ok(range.start as POINTER);
    }
    if address.is_null() || has(MEM_RESERVE) {
        reserve(address.addr(), range, has, protect)
    } else if has(MEM_LARGE_PAGES) {
        refuse("large pages are reserved and committed at once")
    } else {
        commit(range, protect)
    }
}

fn reserve(address: usize, range: Range<usize>, has: impl Fn(u32) -> bool, protect: u32) -> Result<POINTER> {
    let base = address & !(GRANULARITY - 1);
    if address != 0 && base < LOWEST {
        return Err(Failure::hint(code::INVALID_PARAMETER, "the first 64 KiB belong to nobody"));
    }
    let len = if address == 0 { range.len() } else { range.end - base };
    let commit = has(MEM_COMMIT);
    let large = if has(MEM_LARGE_PAGES) {
        let page = system::large_page();
        if page == 0 || !commit || !len.is_multiple_of(page) || !base.is_multiple_of(page) {
            let hint = format!("large pages are committed at once, in multiples of {page} bytes");
            return Err(Failure::hint(code::INVALID_PARAMETER, hint));
        }
        Some(page)
    } else {
        None
    };
    let new = New { base, len, protect, commit, large, top_down: has(MEM_TOP_DOWN) };
    Allocation::create(&new).map(|base| base as POINTER)
}

fn commit(range: Range<usize>, protect: u32) -> Result<POINTER> {
    let start = range.start;
    match addresses::at(start) {
        Some(Placed::Allocation(allocation)) => allocation.commit(range, page::check_private(protect)?)?,
        Some(Placed::View(view)) => view.commit(range, protect)?,
        None => {
            let hint = format!("nothing is reserved at {start:#x}: MEM_COMMIT | MEM_RESERVE does both");
            return Err(Failure::hint(code::INVALID_ADDRESS, hint));
        }
    }
    Ok(start as POINTER)
}

fn free(address: POINTER, size: SIZE, kind: u32) -> Result<()> {
    let refuse = |code, hint: &'static str| Err(Failure::hint(code, hint));
    let start = address.addr() & !(PAGE - 1);
    if kind != MEM_RELEASE && kind != MEM_DECOMMIT {
        return refuse(code::INVALID_PARAMETER, "the type is MEM_RELEASE or MEM_DECOMMIT");
    }
    if kind == MEM_RELEASE && size != 0 {
        return refuse(code::INVALID_PARAMETER, "MEM_RELEASE gives back the whole allocation: its size is 0");
    }
    let allocation = match addresses::at(start) {
        Some(Placed::Allocation(allocation)) => allocation,
        Some(Placed::View(_)) => {
            return refuse(code::INVALID_PARAMETER, "the address lies in a view: use UnmapViewOfFile");
        }
        None => return refuse(code::INVALID_ADDRESS, "the address lies in no allocation"),
    };
    if size == 0 && start != allocation.base() {
        return refuse(code::INVALID_ADDRESS, "the address is not the first of its allocation");
    }
    if kind == MEM_DECOMMIT {
        let range = if size == 0 { start..start + allocation.len() } else { pages(address, size)? };
        return allocation.decommit(range);
    }
    drop(allocation);
    match addresses::take_allocation(start) {
        Some(allocation) => drop(allocation),
        None => return refuse(code::INVALID_ADDRESS, "another thread has released it"),
    }
    Ok(())
}

fn change(address: POINTER, size: SIZE, protect: u32, before: Out<DWORD>) -> Result<()> {
    if before.is_null() {
        return Err(Failure::hint(code::NOACCESS, "lpflOldProtect is NULL"));
    }
    let protect = page::check(protect)?;
    let range = pages(address, size)?;
    let old = match addresses::at(range.start) {
        Some(Placed::View(view)) => view.protect(range, protect)?,
        Some(Placed::Allocation(allocation)) => allocation.protect(range, page::check_private(protect)?)?,
        None => maps::protect(range, page::check_private(protect)?)?,
    };
    before.put(old);
    Ok(())
}

fn tell(address: POINTER, buffer: Out<Information>, size: SIZE) -> Result<SIZE> {
    const LEN: usize = size_of::<Information>();
    if size < LEN {
        return Err(Failure::hint(code::BAD_LENGTH, format!("MEMORY_BASIC_INFORMATION has {LEN} bytes")));
    }
    if buffer.is_null() {
        return Err(Failure::hint(code::NOACCESS, "the buffer is NULL"));
    }
    buffer.put(query::query(address.addr())?);
    Ok(LEN)
}
