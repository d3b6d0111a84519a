//! What the algorithms of this directory are made of: atomics, which are others for `loom`, and what to sleep on.

#[cfg(loom)]
pub(super) use super::loomed::atomic::{AtomicU32, AtomicU64};
#[cfg(loom)]
pub(super) use loom::sync::atomic::Ordering;
#[cfg(not(loom))]
pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A word, and the value that it must still have for a thread to fall asleep on it.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) word: &'a AtomicU32,
    pub(super) value: u32,
}
