//! Which seats of an object are taken, for `loom`: there are no locks on files.

use super::page::{Page, SEATS};
use super::primitive::Ordering;
use super::signal::Rule;
use rustix::fd::BorrowedFd;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub(super) struct Seats {
    /// One bit for each.
    taken: AtomicUsize,
}

impl Seats {
    pub(super) fn new() -> Seats {
        Seats { taken: AtomicUsize::new(0) }
    }

    pub(super) fn take(&self, page: &Page, rule: Rule, _: BorrowedFd<'_>) -> Option<usize> {
        let seat = self.taken.load(Relaxed).trailing_ones() as usize;
        if seat >= SEATS {
            return None;
        }
        self.taken.fetch_or(1 << seat, Relaxed);
        page.clear_seat(seat, rule);
        page.high.fetch_max(seat as u32 + 1, Ordering::SeqCst);
        Some(seat)
    }

    pub(super) fn leave_to_parent(&self) {}

    pub(super) fn give(&self, seat: usize) {
        self.taken.fetch_and(!(1 << seat), Relaxed);
    }
}

pub(super) fn is_had(_: BorrowedFd<'_>, _: usize) -> bool {
    true
}
