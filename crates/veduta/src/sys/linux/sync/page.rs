//! The page of a mutex, event or semaphore: the only memory that its users share.
//!
//! docs/format.md is the prose copy. Everybody who may use the object can write anything here: every field is an atomic, read
//! into a local and checked against what the header says, and no loop ends only if a field has a sensible value.

use super::primitive::{AtomicU32, AtomicU64, Ordering};
#[cfg(not(loom))]
use std::mem::offset_of;

/// How many threads can wait for one object in a seat of their own.
#[cfg(not(loom))]
pub(crate) const SEATS: usize = 1000;
#[cfg(loom)]
pub(crate) const SEATS: usize = 2;

/// Where the owner of a mutex stands: so near the end of the page that the node by which the kernel finds it lies
/// behind the page, in memory of the process's own (see `robust`).
pub(crate) const OWNER_OFFSET: usize = 4072;

#[repr(C)]
pub(crate) struct Page {
    /// The value (low half) of an event (0, 1) or semaphore (its count), and the mark (high half) of who is changing it, or 0.
    pub(super) state: AtomicU64,
    /// The seat behind which the next search for a waiter begins.
    pub(super) cursor: AtomicU32,
    /// Seats from here on were never used.
    pub(super) high: AtomicU32,
    /// Where threads sleep that wait for this object and others together: [`QUEUED`] if there may be any, and a number that was
    /// never there before each time that one comes or all are woken.
    pub(super) queue: AtomicU32,
    /// Not 0: threads sleep on the owner that wait for other mutexes too.
    pub(super) crowded: AtomicU32,
    /// The owner's process, for who lists.
    pub(super) process: AtomicU32,
    /// How often the owner owns it, for who lists.
    pub(super) recursion: AtomicU32,
    /// Which schedule a timer goes off by: a number that its setter chose, or 0.
    pub(super) armed: AtomicU64,
    reserved: [u32; 6],
    /// What the waiters sleep on: [`seat`] has the values.
    pub(super) seats: [AtomicU32; SEATS],
    gap: [u32; 2],
    /// The thread that owns a mutex, with [`SLEEPERS`] and [`DIED`]: the kernel's robust futex.
    pub(super) owner: AtomicU32,
    rest: [u32; 5],
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Page>() == 4096 && offset_of!(Page, owner) == OWNER_OFFSET);

/// Threads may sleep on the word (`FUTEX_WAITERS`).
pub(super) const SLEEPERS: u32 = 0x8000_0000;
/// The owner ended without releasing (`FUTEX_OWNER_DIED`); the kernel sets it.
pub(super) const DIED: u32 = 0x4000_0000;
/// In the queue's word: threads may sleep there.
pub(super) const QUEUED: u32 = 1;
/// The queue's word counts in steps of this who came and who woke them.
pub(super) const ONE_MORE: u32 = 2;
/// The owner's thread (`FUTEX_TID_MASK`), or 0.
pub(super) const THREAD: u32 = 0x3FFF_FFFF;

/// What stands in a seat: one of these, and above it the number of the sitting. Who gives something to a waiter gives it to one sitting: what
/// he has to say of that later, and be it a day, says nothing of the next.
pub(super) mod seat {
    /// Nobody waits in it.
    pub(in super::super) const FREE: u32 = 0;
    /// A thread waits, or is about to look a last time before it sleeps.
    pub(in super::super) const WAITING: u32 = 1;
    /// The object was given to the thread, which may still be asleep.
    pub(in super::super) const GRANTING: u32 = 2;
    /// The object was given to the thread, and the thread was woken.
    pub(in super::super) const GRANTED: u32 = 3;
    /// The thread was not asleep when it should have been woken: it looks again, or it is dead.
    pub(in super::super) const NUDGED: u32 = 4;

    /// The bits of those.
    pub(in super::super) const STATE: u32 = 7;

    pub(in super::super) const fn state(word: u32) -> u32 {
        word & STATE
    }

    /// The same sitting in another state.
    pub(in super::super) const fn with(word: u32, state: u32) -> u32 {
        word & !STATE | state
    }

    /// The sitting that follows, which waits.
    pub(in super::super) const fn next(word: u32) -> u32 {
        with(word.wrapping_add(STATE + 1), WAITING)
    }
}

/// In a mark: a manual event is being set. Who finds it in the way for too long finishes that.
pub(super) const SETTING: u64 = 1 << 63;

pub(super) const fn value(state: u64) -> u32 {
    state as u32
}

pub(super) const fn is_marked(state: u64) -> bool {
    state >> 32 != 0
}

impl Page {
    /// Nobody waits, nobody owns it.
    pub(super) fn new(value: u32) -> Page {
        let word = || AtomicU32::new(0);
        Page {
            state: AtomicU64::new(value.into()),
            cursor: word(),
            high: word(),
            queue: word(),
            crowded: word(),
            process: word(),
            recursion: word(),
            armed: AtomicU64::new(0),
            reserved: [0; 6],
            seats: std::array::from_fn(|_| word()),
            gap: [0; 2],
            owner: word(),
            rest: [0; 5],
        }
    }

    /// The page as bytes, to read a copy of one into.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the page consists of integers without gaps, for which any bytes will do, and is borrowed for as long.
        unsafe { std::slice::from_raw_parts_mut(std::ptr::from_mut(self).cast(), size_of::<Page>()) }
    }

    /// Whether an event is signaled, or a semaphore above 0.
    pub(super) fn is_available(&self) -> bool {
        value(self.state.load(Ordering::SeqCst)) != 0
    }

    /// The seats that may be in use.
    pub(super) fn used_seats(&self) -> &[AtomicU32] {
        &self.seats[..(self.high.load(Ordering::SeqCst) as usize).min(SEATS)]
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// The format's document is the only prose copy of the layout: it must say what the code does.
    #[test]
    fn the_document_has_the_same_offsets() {
        let document = include_str!("../../../../../../docs/format.md");
        let mut end = 0;
        for (name, offset, bytes) in [
            ("state", offset_of!(Page, state), 8),
            ("cursor", offset_of!(Page, cursor), 4),
            ("high", offset_of!(Page, high), 4),
            ("queue", offset_of!(Page, queue), 4),
            ("crowded", offset_of!(Page, crowded), 4),
            ("process", offset_of!(Page, process), 4),
            ("recursion", offset_of!(Page, recursion), 4),
            ("armed", offset_of!(Page, armed), 8),
            ("reserved", offset_of!(Page, reserved), 24),
            ("seats", offset_of!(Page, seats), 4 * SEATS),
            ("gap", offset_of!(Page, gap), 8),
            ("owner", offset_of!(Page, owner), 4),
            ("rest", offset_of!(Page, rest), 20),
        ] {
            assert_eq!(offset, end, "{name} is not where the one before ends");
            end = offset + bytes;
            let row = format!("\n| {offset} | {bytes} | {name} | ");
            assert!(document.contains(&row), "docs/format.md has no row {row}");
        }
        assert_eq!(end, size_of::<Page>());
        assert!(document.contains(&format!("the low {} bits", seat::STATE.count_ones())));
        for (name, value) in [
            ("free", seat::FREE),
            ("waiting", seat::WAITING),
            ("granting", seat::GRANTING),
            ("granted", seat::GRANTED),
            ("nudged", seat::NUDGED),
        ] {
            assert!(
                document.contains(&format!("{value} {name}")),
                "docs/format.md does not say what {value} is"
            );
        }
    }
}
