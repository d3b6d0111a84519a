//! What this process keeps of an object of the kernel: once, however many handles to it there are.
//!
//! Which handles lead to the same object only the kernel knows, and it only compares two: so a new handle to a mutex or a timer is compared with every other one
//! of this process. That is some hundred nanoseconds for each, and is done when a handle comes from outside; never for objects without a name that are new, for
//! duplicates, or when something is done with an object.

use super::owner::Ownership;
use super::timers::Alarm;
use crate::Kind;
use std::collections::HashMap;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use std::ptr::without_provenance_mut;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::CompareObjectHandles;

/// What is kept; nothing of events and semaphores.
pub(super) enum Kept {
    Mutex(Ownership),
    Timer(Alarm),
}

impl Kept {
    fn of(kind: Kind) -> Option<Arc<Kept>> {
        match kind {
            Kind::Mutex => Some(Arc::new(Kept::Mutex(Ownership::default()))),
            Kind::Timer => Some(Arc::new(Kept::Timer(Alarm::default()))),
            Kind::Section | Kind::Event | Kind::Semaphore => None,
        }
    }

    fn is_like(&self, other: &Kept) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// By handle. Every handle in it is open: who closes one takes it out before.
static KNOWN: LazyLock<Mutex<HashMap<usize, Arc<Kept>>>> = LazyLock::new(Mutex::default);

fn known() -> MutexGuard<'static, HashMap<usize, Arc<Kept>>> {
    // Nothing that is done with it can be left half done.
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One handle's share of what is kept. Dropped before the handle is closed.
pub(super) struct Known {
    handle: usize,
    pub(super) kept: Arc<Kept>,
}

impl Known {
    /// For a handle to an object that nobody else can have yet.
    pub(super) fn of_new(handle: BorrowedHandle<'_>, kind: Kind) -> Option<Known> {
        Kept::of(kind).map(|kept| Known::note(&mut known(), handle, kept))
    }

    /// For a handle to an object of which this process may have others.
    pub(super) fn find(handle: BorrowedHandle<'_>, kind: Kind) -> Option<Known> {
        let new = Kept::of(kind)?;
        let mut known = known();
        let same = known.iter().find(|(other, kept)| {
            let other = without_provenance_mut(**other);
            // SAFETY: both handles are open: nobody closes the other one while the table is locked.
            kept.is_like(&new) && unsafe { CompareObjectHandles(handle.as_raw_handle(), other) } != 0
        });
        let kept = same.map_or(new, |(_, kept)| kept.clone());
        Some(Known::note(&mut known, handle, kept))
    }

    /// For another handle to the same object.
    pub(super) fn share(&self, handle: BorrowedHandle<'_>) -> Known {
        Known::note(&mut known(), handle, self.kept.clone())
    }

    fn note(known: &mut HashMap<usize, Arc<Kept>>, handle: BorrowedHandle<'_>, kept: Arc<Kept>) -> Known {
        let handle = handle.as_raw_handle().addr();
        known.insert(handle, kept.clone());
        Known { handle, kept }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        // Dropped without the lock: what a timer called may own handles.
        let share = known().remove(&self.handle);
        drop(share);
    }
}
