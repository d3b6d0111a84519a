//! Atomics as `loom` has them, but with `SeqCst` as the language defines it: `loom` takes it for acquire and release. Here such a
//! load reads, and such a store follows, the last store that there is. A weaker order is as weak as `loom` makes it.

use super::super::futex::Sleeper;
use loom::sync::atomic as plain;
use loom::sync::atomic::Ordering;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

pub(in super::super) struct AtomicU32 {
    value: plain::AtomicU32,
    /// Who sleeps on it, as the kernel would know. Not `loom`'s: it is only touched right after the value is (see `futex`).
    pub(in super::super) sleepers: Mutex<VecDeque<Arc<Sleeper>>>,
}

pub(in super::super) struct AtomicU64(plain::AtomicU64);

impl AtomicU32 {
    pub(in super::super) fn new(value: u32) -> AtomicU32 {
        AtomicU32 { value: plain::AtomicU32::new(value), sleepers: Mutex::default() }
    }

    pub(in super::super) fn load(&self, order: Ordering) -> u32 {
        match order {
            Ordering::SeqCst => {
                let (Ok(value) | Err(value)) = self.value.compare_exchange(0, 0, order, order);
                value
            }
            order => self.value.load(order),
        }
    }

    pub(in super::super) fn store(&self, value: u32, order: Ordering) {
        match order {
            Ordering::SeqCst => drop(self.value.swap(value, order)),
            order => self.value.store(value, order),
        }
    }

    pub(in super::super) fn swap(&self, value: u32, order: Ordering) -> u32 {
        self.value.swap(value, order)
    }

    pub(in super::super) fn fetch_and(&self, value: u32, order: Ordering) -> u32 {
        self.value.fetch_and(value, order)
    }

    pub(in super::super) fn fetch_max(&self, value: u32, order: Ordering) -> u32 {
        self.value.fetch_max(value, order)
    }

    pub(in super::super) fn compare_exchange(
        &self,
        from: u32,
        to: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        self.value.compare_exchange(from, to, success, failure)
    }
}

impl AtomicU64 {
    pub(in super::super) fn new(value: u64) -> AtomicU64 {
        AtomicU64(plain::AtomicU64::new(value))
    }

    pub(in super::super) fn load(&self, order: Ordering) -> u64 {
        match order {
            Ordering::SeqCst => {
                let (Ok(value) | Err(value)) = self.0.compare_exchange(0, 0, order, order);
                value
            }
            order => self.0.load(order),
        }
    }

    pub(in super::super) fn store(&self, value: u64, order: Ordering) {
        match order {
            Ordering::SeqCst => drop(self.0.swap(value, order)),
            order => self.0.store(value, order),
        }
    }

    pub(in super::super) fn compare_exchange(
        &self,
        from: u64,
        to: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.0.compare_exchange(from, to, success, failure)
    }
}
