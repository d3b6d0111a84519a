//! The descriptor that keeps a name alive, and what happens to the name when it goes.

use super::entry::{self, Place, remove};
use super::error::failed;
use super::record::FileId;
use super::step::{Step, reached};
use super::{fork, presence};
use crate::Result;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::mem::ManuallyDrop;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// An open entry with a share of its presence lock. Dropping it is `close` of the entry protocol.
#[derive(Debug)]
pub(crate) struct Hold {
    entry: ManuallyDrop<OwnedFd>,
    /// Where the entry stands; `None` if this process cannot get there, and leaves it to others.
    place: Option<Place>,
    /// The fork generation in which the description was ours alone; [`SHARED`] once others have it on purpose.
    private_in: AtomicU64,
    /// Which file the entry is, once somebody asked.
    id: OnceLock<FileId>,
}

/// Not a generation: nobody forks that often.
const SHARED: u64 = u64::MAX;

impl Hold {
    /// A hold on a description that shares the presence lock and that only this process has, unless it forked since
    /// `generation`, which was asked for before the description was opened.
    pub(crate) fn new(entry: OwnedFd, place: Place, generation: u64) -> Hold {
        Hold {
            entry: ManuallyDrop::new(entry),
            place: Some(place),
            private_in: AtomicU64::new(generation),
            id: OnceLock::new(),
        }
    }

    /// A hold on a description that others may have too: duplicated, inherited or received.
    pub(crate) fn shared(entry: OwnedFd, place: Option<Place>) -> Hold {
        Hold {
            entry: ManuallyDrop::new(entry),
            place,
            private_in: AtomicU64::new(SHARED),
            id: OnceLock::new(),
        }
    }

    /// Says that the description is no longer ours alone.
    pub(crate) fn mark_shared(&self) {
        self.private_in.store(SHARED, Ordering::Relaxed);
    }

    /// Whether no other process has the description.
    pub(crate) fn is_ours(&self) -> bool {
        let now = fork::generation();
        now.is_multiple_of(2) && self.private_in.load(Ordering::Relaxed) == now
    }

    pub(crate) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Which file the entry is.
    pub(crate) fn id(&self) -> rustix::io::Result<FileId> {
        match self.id.get() {
            Some(id) => Ok(*id),
            None => entry::identity(self.entry.as_fd()).map(|id| *self.id.get_or_init(|| id)),
        }
    }

    /// Which file the entry is, from who had to look anyway.
    pub(crate) fn note_id(&self, id: FileId) {
        self.id.get_or_init(|| id);
    }

    /// Gives the descriptor away; the name lives on with it.
    pub(crate) fn into_descriptor(self) -> OwnedFd {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped, so the descriptor is taken once.
        let entry = unsafe { ManuallyDrop::take(&mut this.entry) };
        // SAFETY: as above; the place is not used again, and would leak otherwise.
        unsafe { std::ptr::drop_in_place(&raw mut this.place) };
        entry
    }

    fn close(&mut self) -> Result<()> {
        let is_ours = self.is_ours();
        // SAFETY: `close` is called by `drop` only, so the descriptor is taken once.
        let entry = unsafe { ManuallyDrop::take(&mut self.entry) };
        match &self.place {
            Some(place) if is_ours => close_private(entry, place, self.id.get().copied()),
            Some(place) => close_shared(entry, place),
            None => Ok(()),
        }
    }
}

/// Nobody else has this description: its lock can be released and tested in one step.
fn close_private(entry: OwnedFd, place: &Place, id: Option<FileId>) -> Result<()> {
    let fail = |errno| failed("close entry", errno);
    reached(Step::ReleaseAndTest);
    let alone = presence::try_alone(&entry).map_err(fail)?;
    if alone {
        reached(Step::StoreDead);
        match entry::store_dead(entry.as_fd()) {
            Ok(()) => {
                let id = id.map_or_else(|| entry::identity(entry.as_fd()), Ok).map_err(fail)?;
                remove(place, id)?;
            }
            // A read-only description cannot say so. Another one can, if this user may write at all. Who may make no files
            // (RLIMIT_FSIZE) cannot either, but through a mapping.
            Err(Errno::BADF | Errno::FBIG) => return close_shared(entry, place),
            Err(errno) => return Err(fail(errno)),
        }
    }
    reached(Step::CloseDescriptors);
    Ok(())
}

/// Somebody else may have this description, and its lock with it: let go, and look from outside who is left.
fn close_shared(entry: OwnedFd, place: &Place) -> Result<()> {
    let id = entry::identity(entry.as_fd()).map_err(|errno| failed("close entry", errno))?;
    reached(Step::DropPresence);
    drop(entry);
    let current = place.look().and_then(|look| entry::identity(look.as_fd()));
    if current == Ok(id) {
        entry::settle(place)?;
    }
    Ok(())
}

impl AsFd for Hold {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.entry.as_fd()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // If it fails, what is left is a stale entry, as after a kill: the next create, open or sweep removes it. An entry
        // that another process scribbled over, or a namespace that somebody removed, is no bug of ours.
        drop(self.close());
    }
}
