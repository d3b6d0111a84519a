//! Where views and allocations are placed, and what belongs to which.
//!
//! Each begins at a multiple of 64 KiB and is whole from there on, so two that want one block of 64 KiB both want its first page: the kernel,
//! which never replaces a mapping here, sees to it that no block has two owners.
//!
//! Addresses are chosen here, in a part of the address space that the kernel does not use by itself: one mapping call, no search, and an address
//! that was given up is not soon used again, so that a stale pointer faults; see [`crate::holes`] for those of views. Where that part cannot be had, the kernel chooses.

use crate::code;
use crate::failure::{Failure, Result};
use crate::holes::Fence;
use crate::memory::Allocation;
use crate::view::MappedView;
use rustix::mm::{MapFlags, ProtFlags};
use std::collections::BTreeMap;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) const PAGE: usize = 4096;
/// What addresses of views and allocations, and offsets of views, are multiples of.
pub(crate) const GRANULARITY: usize = 1 << 16;
/// Where the addresses of programs begin.
pub(crate) const LOWEST: usize = GRANULARITY;
/// Where they end, unless a program asks for more: Linux's layouts of x86-64 and aarch64.
pub(crate) const HIGHEST: usize =
    if cfg!(target_arch = "x86_64") { 0x7FFF_FFFF_F000 } else { 0xFFFF_FFFF_F000 };

/// From here programs get what they let the system place: far above what is loaded low, far below heap, libraries and stacks.
const FAR: usize = 0x2000_0000_0000;
/// Below it are small things, from it on large ones.
const FAR_LARGE: usize = 0x3800_0000_0000;
const FAR_END: usize = 0x5000_0000_0000;
/// What one table of pages is for. The kernel can make one page of so many: worth to begin at.
const CHUNK: usize = 2 << 20;

/// A view or an allocation.
#[derive(Clone)]
pub(crate) enum Placed {
    View(Arc<MappedView>),
    Allocation(Arc<Allocation>),
}

impl Placed {
    /// How many bytes, whole pages.
    fn len(&self) -> usize {
        match self {
            Placed::View(view) => view.len(),
            Placed::Allocation(allocation) => allocation.len(),
        }
    }
}

/// All of this process, by their first address. Nobody touches memory of the program, or calls the system, while it is locked.
static OURS: Mutex<Ours> = Mutex::new(BTreeMap::new());

pub(crate) type Ours = BTreeMap<usize, Placed>;

pub(crate) fn ours() -> MutexGuard<'static, Ours> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The entry whose pages an address lies in.
fn find(ours: &BTreeMap<usize, Placed>, address: usize) -> Option<(usize, &Placed)> {
    let (&base, placed) = ours.range(..=address).next_back()?;
    (address - base < placed.len()).then_some((base, placed))
}

/// What an address belongs to.
pub(crate) fn at(address: usize) -> Option<Placed> {
    find(&ours(), address).map(|(_, placed)| placed.clone())
}

/// Whether an address lies in a view. For signal handlers: nothing is counted, so nothing can be freed here.
pub(crate) fn is_in_view(address: usize) -> bool {
    matches!(find(&ours(), address), Some((_, Placed::View(_))))
}

/// The first address from `start` on, below `end`, that belongs to a view or an allocation.
pub(crate) fn next(start: usize, end: usize) -> Option<usize> {
    let ours = ours();
    if find(&ours, start).is_some() {
        return Some(start);
    }
    ours.range(start..end).next().map(|(&base, _)| base)
}

pub(crate) fn insert(base: usize, placed: Placed) {
    ours().insert(base, placed);
}

/// Takes out the view that an address lies in; dropping it unmaps.
pub(crate) fn take_view(address: usize) -> Result<Arc<MappedView>> {
    let mut ours = ours();
    if let Some((base, Placed::View(_))) = find(&ours, address)
        && let Some(Placed::View(view)) = ours.remove(&base)
    {
        return Ok(view);
    }
    drop(ours);
    Err(Failure::hint(code::INVALID_ADDRESS, format!("{address:#x} lies in no view of this process")))
}

/// Takes out an allocation.
pub(crate) fn take_allocation(base: usize) -> Option<Arc<Allocation>> {
    let mut ours = ours();
    match ours.get(&base)? {
        Placed::View(_) => None,
        Placed::Allocation(_) => match ours.remove(&base) {
            Some(Placed::Allocation(allocation)) => Some(allocation),
            _ => None,
        },
    }
}

/// A part of the address space, given out from its beginning to its end, over and over.
struct Part {
    start: usize,
    end: usize,
    /// Where the next search begins; 0 before the first.
    next: AtomicUsize,
}

static SMALL: Part = Part { start: FAR, end: FAR_LARGE, next: AtomicUsize::new(0) };
static LARGE: Part = Part { start: FAR_LARGE, end: FAR_END, next: AtomicUsize::new(0) };

/// Whether an address is in the part that the kernel does not use by itself.
pub(crate) fn is_far(address: usize) -> bool {
    (FAR..FAR_END).contains(&address)
}

/// Whether nothing can be had in the far part, seen once.
static NEAR_ONLY: AtomicBool = AtomicBool::new(false);

/// Has `map` make a mapping of `len` bytes somewhere, at a multiple of `alignment`.
///
/// `map` gets an address, and fails with `ERROR_INVALID_ADDRESS` if something is there.
pub(crate) fn place<T>(len: usize, alignment: usize, mut map: impl FnMut(usize) -> Result<T>) -> Result<T> {
    let alignment = alignment.max(if len >= CHUNK { CHUNK } else { GRANULARITY });
    // A free block behind each, so that what runs over its end faults.
    let room = len.saturating_add(GRANULARITY).checked_next_multiple_of(alignment).unwrap_or(usize::MAX);
    let part = if room <= CHUNK / 2 { &SMALL } else { &LARGE };
    if room <= part.end - part.start - alignment && !NEAR_ONLY.load(Ordering::Relaxed) {
        for attempt in 0..64 {
            let base = part.claim(room, alignment);
            match map(base) {
                Err(failure) if failure.code() == code::INVALID_ADDRESS => part.skip(base, room, attempt),
                // Other machines have smaller address spaces, and tools that run a program keep parts of it for themselves.
                Err(failure)
                    if matches!(failure.code(), code::NOT_ENOUGH_MEMORY | code::INVALID_PARAMETER) =>
                {
                    let placed = place_near(len, alignment, map)?;
                    NEAR_ONLY.store(true, Ordering::Relaxed);
                    return Ok(placed);
                }
                result => return result,
            }
        }
    }
    place_near(len, alignment, map)
}

impl Part {
    /// Addresses that nobody else is given until all others were.
    fn claim(&self, room: usize, alignment: usize) -> usize {
        let mut next = self.next.load(Ordering::Relaxed);
        loop {
            let from =
                if next == 0 { (self.start + random() * GRANULARITY).next_multiple_of(CHUNK) } else { next };
            let mut base = from.next_multiple_of(alignment);
            if base.saturating_add(room) > self.end {
                base = self.start.next_multiple_of(alignment);
            }
            // Small things stay within a chunk, whose first block is its anchor's.
            let mut chunk = None;
            if room <= CHUNK / 2 && (base % CHUNK == 0 || base / CHUNK != (base + room - 1) / CHUNK) {
                let fresh = base.next_multiple_of(CHUNK);
                let fresh = if fresh + CHUNK > self.end { self.start } else { fresh };
                chunk = Some(fresh);
                base = fresh + GRANULARITY;
            }
            match self.next.compare_exchange_weak(next, base + room, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    if let Some(chunk) = chunk {
                        anchor(chunk);
                    }
                    return base;
                }
                Err(now) => next = now,
            }
        }
    }

    /// Goes on behind what is in the way: what is ours, or, since nothing of ours is known there, a stranger's.
    fn skip(&self, base: usize, room: usize, attempt: u32) {
        let ours = ours();
        let mut end = base;
        for (&start, placed) in ours.range(..=base).next_back().into_iter().chain(ours.range(base + 1..)) {
            if start >= end.saturating_add(room) {
                break;
            }
            end = end.max(start + placed.len() + GRANULARITY);
        }
        drop(ours);
        if end == base {
            end = base.saturating_add(room << attempt.min(16));
        }
        let next = end.next_multiple_of(GRANULARITY);
        self.next.store(if next < self.end { next } else { self.start }, Ordering::Relaxed);
    }
}

/// 28 bits, so that a part's first address lies within 16 TiB of its beginning.
fn random() -> usize {
    let mut bytes = [0_u8; 4];
    let got = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK);
    if got.is_ok() {
        u32::from_ne_bytes(bytes) as usize >> 4
    } else {
        rustix::process::getpid().as_raw_pid() as usize
    }
}

/// Keeps a page mapped where small views come and go. Without a neighbour the kernel takes the tables of pages away with each view, and makes
/// them again for the next: that costs more than the view.
fn anchor(chunk: usize) {
    static ANCHOR: Mutex<Option<Fence>> = Mutex::new(None);
    let fence = Fence::at(chunk);
    let before = ANCHOR.lock().unwrap_or_else(PoisonError::into_inner).replace(fence);
    drop(before);
}

/// The same where the kernel puts mappings by itself: it shows where there is room, which is given back and then asked for.
pub(crate) fn place_near<T>(
    len: usize,
    alignment: usize,
    mut map: impl FnMut(usize) -> Result<T>,
) -> Result<T> {
    let size = len.checked_add(alignment).ok_or(Failure::Code(code::NOT_ENOUGH_MEMORY))?;
    let mut attempts = 0;
    loop {
        // SAFETY: the kernel picks the address, so nothing is replaced.
        let room = unsafe {
            rustix::mm::mmap_anonymous(
                null_mut(),
                size,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        }?;
        // SAFETY: it was mapped just now, and nobody knows of it.
        unsafe { rustix::mm::munmap(room, size) }?;
        match map((room as usize).next_multiple_of(alignment)) {
            // Another thread was faster.
            Err(failure) if failure.code() == code::INVALID_ADDRESS && attempts < 16 => attempts += 1,
            result => return result,
        }
    }
}
