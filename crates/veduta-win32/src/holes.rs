//! Holes: places that views have left, kept in shape for the next views of the same length.
//!
//! A mapping that fills a hole between two others exactly is cheap for the kernel: its tree of mappings keeps its shape, and no tables of pages
//! come and go. So a place that is used again gets a *fence* on each side, a page that nobody may touch. The hole itself is free, for whoever
//! wants it, and fences give way to who wishes to have something where they are.

use crate::addresses::{self, PAGE};
use crate::code;
use crate::failure::Result;
use rustix::mm::{MapFlags, ProtFlags};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many are kept. None is filled again before all others were left later, so that a stale pointer has some time to fault.
const KEPT: usize = 16;

pub(crate) struct Holes {
    /// Those that were left first come first.
    known: VecDeque<Hole>,
    /// How often one was left.
    left: u64,
}

/// The system is not called while it is locked.
static HOLES: Mutex<Holes> = Mutex::new(Holes { known: VecDeque::new(), left: 0 });

struct Hole {
    range: Range<usize>,
    /// A view is there again.
    filled: bool,
    /// [`Holes::left`] when it was left.
    left: u64,
    /// None before the first that comes again.
    fences: Option<[Fence; 2]>,
}

impl Hole {
    fn has_fence_in(&self, range: &Range<usize>) -> bool {
        self.fences.iter().flatten().any(|fence| fence.0.is_some_and(|page| range.contains(&page)))
    }
}

pub(crate) fn holes() -> MutexGuard<'static, Holes> {
    HOLES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a view is. To be dropped when it is unmapped.
pub(crate) struct Place(Range<usize>);

impl Drop for Place {
    fn drop(&mut self) {
        if addresses::is_far(self.0.start) {
            leave(self.0.clone());
        }
    }
}

/// Has `map` make a view of `len` bytes, whole pages, in a hole if there is one for it, as [`addresses::place`] does elsewhere.
pub(crate) fn place<T>(
    len: usize,
    alignment: usize,
    mut map: impl FnMut(usize) -> Result<T>,
) -> Result<(T, Place)> {
    if let Some(range) = take(len, alignment) {
        match map(range.start) {
            Ok(view) => {
                fence(&range);
                return Ok((view, Place(range)));
            }
            // Somebody else was faster.
            Err(failure) if failure.code() == code::INVALID_ADDRESS => {
                forget(|hole| hole.range == range);
            }
            Err(failure) => {
                leave(range);
                return Err(failure);
            }
        }
    }
    let mut last = 0;
    let view = addresses::place(len, alignment, |base| {
        last = base;
        map(base)
    })?;
    Ok((view, Place(last..last + len)))
}

/// Has `map` map something where the program wishes to have it.
pub(crate) fn place_at<T>(base: usize, len: usize, map: impl Fn() -> Result<T>) -> Result<T> {
    let range = base..base.saturating_add(len);
    match map() {
        Err(failure)
            if failure.code() == code::INVALID_ADDRESS && forget(|hole| hole.has_fence_in(&range)) =>
        {
            map()
        }
        result => result,
    }
}

/// Whether a page that is mapped is a fence, and nothing to the program.
pub(crate) fn is_fence(page: usize) -> bool {
    holes().known.iter().any(|hole| hole.has_fence_in(&(page..page + PAGE)))
}

fn take(len: usize, alignment: usize) -> Option<Range<usize>> {
    let mut holes = holes();
    let before = (holes.left + 1).checked_sub(KEPT as u64)?;
    let fits = |hole: &&mut Hole| {
        !hole.filled
            && hole.left <= before
            && hole.range.len() == len
            && hole.range.start.is_multiple_of(alignment)
    };
    let hole = holes.known.iter_mut().find(fits)?;
    hole.filled = true;
    Some(hole.range.clone())
}

fn leave(range: Range<usize>) {
    let mut holes = holes();
    holes.left += 1;
    let left = holes.left;
    let known = &mut holes.known;
    let index = known.iter().position(|hole| hole.range == range);
    let fences = index.and_then(|index| known.remove(index)).and_then(|hole| hole.fences);
    known.push_back(Hole { range, filled: false, left, fences });
    let first = known.iter().position(|hole| !hole.filled).filter(|_| known.len() > KEPT);
    let forgotten = first.and_then(|first| known.remove(first));
    drop(holes);
    drop(forgotten);
}

/// Puts fences around a hole, if it has none. A place that something else stands at stays without.
fn fence(range: &Range<usize>) {
    let is_open = |hole: &Hole| hole.range == *range && hole.fences.is_none();
    if !holes().known.iter().any(is_open) {
        return;
    }
    let mut fences = Some([Fence::at(range.start - PAGE), Fence::at(range.end)]);
    if let Some(hole) = holes().known.iter_mut().find(|hole| is_open(hole)) {
        hole.fences = fences.take();
    }
}

/// Forgets holes and takes away their fences. Says whether there were any.
fn forget(which: impl Fn(&Hole) -> bool) -> bool {
    let mut holes = holes();
    let (forgotten, kept): (VecDeque<_>, _) = holes.known.drain(..).partition(which);
    holes.known = kept;
    drop(holes);
    !forgotten.is_empty()
}

/// A page that is mapped so that something is there, and that nobody may touch.
pub(crate) struct Fence(Option<usize>);

impl Fence {
    /// Takes nobody's place.
    pub(crate) fn at(page: usize) -> Fence {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED_NOREPLACE;
        // SAFETY: what is mapped there is not replaced.
        let mapped = unsafe { rustix::mm::mmap_anonymous(page as *mut _, PAGE, ProtFlags::empty(), flags) };
        Fence(mapped.ok().map(|address| address as usize))
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        if let Some(page) = self.0 {
            // SAFETY: it was mapped by `at`, and nobody else knows of it.
            let _gone = unsafe { rustix::mm::munmap(page as *mut _, PAGE) };
        }
    }
}
