//! Pages of ours that outsiders can cut off: the state of objects, the word of an entry.
//!
//! They are touched by atomics anywhere, so there is no error to return. Where the page is gone, a page of zeros of this
//! process's own takes its place, and whoever watches it is told.

use super::super::record::PAGE;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// Where a page is that may go, as the handler finds it.
#[derive(Debug)]
struct Slot {
    /// The page's address; [`FREE`] or [`TAKEN`].
    page: AtomicUsize,
    gone: AtomicBool,
}

const FREE: usize = 0;
/// Nobody else's, but without a page yet.
const TAKEN: usize = 1;

const SLOTS: usize = 511;

/// Slots, as many as one piece of memory has. Never given back: the handler may be looking.
#[derive(Debug)]
struct Chunk {
    slots: [Slot; SLOTS],
    next: AtomicPtr<Chunk>,
}

impl Chunk {
    const fn new() -> Chunk {
        Chunk {
            slots: [const { Slot { page: AtomicUsize::new(FREE), gone: AtomicBool::new(false) } }; SLOTS],
            next: AtomicPtr::new(null_mut()),
        }
    }

    fn next(&self) -> Option<&'static Chunk> {
        // SAFETY: null, or a chunk that lives for ever.
        unsafe { self.next.load(Ordering::Acquire).as_ref() }
    }

    /// The next chunk, made if there is none.
    fn following(&self) -> &'static Chunk {
        if let Some(next) = self.next() {
            return next;
        }
        let new = Box::into_raw(Box::new(Chunk::new()));
        match self.next.compare_exchange(null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: from now on it lives for ever.
            Ok(_) => unsafe { &*new },
            Err(other) => {
                // SAFETY: nobody else got to know of it.
                drop(unsafe { Box::from_raw(new) });
                // SAFETY: not null, so a chunk that lives for ever.
                unsafe { &*other }
            }
        }
    }
}

static FIRST: Chunk = Chunk::new();

/// The chunk in which a slot was last found, or given back; null: the first. Most searches end there at once.
static RECENT: AtomicPtr<Chunk> = AtomicPtr::new(null_mut());

/// A page whose loss is survived, as long as the value lives.
#[derive(Debug)]
pub(crate) struct Watched {
    slot: &'static Slot,
    chunk: &'static Chunk,
}

impl Watched {
    /// Watches a mapped page.
    ///
    /// # Safety
    /// The page belongs to the caller as long as the value lives, and consists of nothing but atomics for which any bytes will do:
    /// it may become a page of zeros at any moment.
    pub(crate) unsafe fn new(page: *mut u8) -> Watched {
        // SAFETY: null, or a chunk that lives for ever.
        let recent = unsafe { RECENT.load(Ordering::Acquire).as_ref() }.unwrap_or(&FIRST);
        let (slot, chunk) = Self::take_from(recent)
            .or_else(|| chunks().find_map(Self::take_from))
            .unwrap_or_else(|| Self::take_new(recent));
        RECENT.store(std::ptr::from_ref(chunk).cast_mut(), Ordering::Release);
        slot.gone.store(false, Ordering::Relaxed);
        slot.page.store(page.addr(), Ordering::Release);
        Watched { slot, chunk }
    }

    fn take_from(chunk: &'static Chunk) -> Option<(&'static Slot, &'static Chunk)> {
        let is_taken = |slot: &&Slot| {
            slot.page.load(Ordering::Relaxed) == FREE
                && slot.page.compare_exchange(FREE, TAKEN, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        Some((chunk.slots.iter().find(is_taken)?, chunk))
    }

    fn take_new(mut chunk: &'static Chunk) -> (&'static Slot, &'static Chunk) {
        loop {
            chunk = chunk.following();
            if let Some(taken) = Self::take_from(chunk) {
                return taken;
            }
        }
    }

    /// Whether the page is gone, and what was seen in it since is not what the others see.
    #[inline]
    pub(crate) fn is_gone(&self) -> bool {
        self.slot.gone.load(Ordering::Relaxed)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.slot.page.store(FREE, Ordering::Release);
        RECENT.store(std::ptr::from_ref(self.chunk).cast_mut(), Ordering::Release);
    }
}

fn chunks() -> impl Iterator<Item = &'static Chunk> {
    std::iter::successors(Some(&FIRST), |chunk| chunk.next())
}

/// Puts zeros where a watched page was. `false`: the address is in none. For the handler.
pub(super) fn replace(address: usize) -> bool {
    let page = address / PAGE * PAGE;
    let Some(slot) =
        chunks().flat_map(|chunk| &chunk.slots).find(|slot| slot.page.load(Ordering::Acquire) == page)
    else {
        return false;
    };
    // Before anybody can see a zero.
    slot.gone.store(true, Ordering::SeqCst);
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: who watches the page owns it, and is prepared for zeros; it is in use, so it is still mapped.
    let zeros = unsafe { libc::mmap(page as *mut libc::c_void, PAGE, protection, flags, -1, 0) };
    zeros != libc::MAP_FAILED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_found_and_given_back() {
        let count = || chunks().count();
        // SAFETY: nothing is at these addresses, so nothing can fault there.
        let watch = |index: usize| unsafe { Watched::new((index * PAGE) as *mut u8) };
        let watched: Vec<_> = (1..=3 * SLOTS).map(watch).collect();
        let chunks_then = count();
        let mut pages: Vec<_> =
            watched.iter().map(|watched| watched.slot.page.load(Ordering::Relaxed)).collect();
        pages.sort_unstable();
        pages.dedup();
        assert_eq!(pages.len(), 3 * SLOTS, "each has a slot of its own");
        drop(watched);
        let again: Vec<_> = (1..=3 * SLOTS).map(watch).collect();
        assert!(count() <= chunks_then + 1, "what was given back is taken again");
        assert!(again.iter().all(|watched| !watched.is_gone()));
    }
}
