//! What the algorithms of this directory are made of: atomics. For `loom` they are others.

#[cfg(loom)]
pub(super) use super::loomed::atomic::{AtomicU32, AtomicU64};
#[cfg(loom)]
pub(super) use loom::sync::atomic::Ordering;
#[cfg(not(loom))]
pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
