//! Files that are deleted when they are closed: `FILE_FLAG_DELETE_ON_CLOSE` and the delete disposition.
//!
//! On Windows the kernel closes the handles of a process however it ends. Here a process that is killed leaves the file behind; one that
//! exits does not.

use super::share::{self, Byte};
use crate::failure::Result;
use rustix::fs::{AtFlags, CWD, OFlags};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};

pub(crate) struct Deletion {
    state: Mutex<Option<State>>,
}

struct State {
    /// The file's description.
    file: OwnedFd,
    /// A description of this process alone, with a lock on [`Byte::Deletes`]: another process that inherited the handle has its own, and
    /// only the last of them deletes. `None` where that cannot be.
    alone: Option<OwnedFd>,
    /// A child made by `fork` has this in its memory, and nothing to do with it.
    process: u32,
}

static PLANNED: Mutex<Vec<Weak<Deletion>>> = Mutex::new(Vec::new());

fn planned() -> MutexGuard<'static, Vec<Weak<Deletion>>> {
    PLANNED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Deletion {
    /// `part`: what another process took of it along with the handle; see [`part`].
    pub(crate) fn plan(file: BorrowedFd<'_>, part: Option<OwnedFd>) -> Result<Arc<Deletion>> {
        let alone = part.or_else(|| self::part(file));
        let file = rustix::io::fcntl_dupfd_cloexec(file, 0)?;
        let state = State { file, alone, process: std::process::id() };
        let deletion = Arc::new(Deletion { state: Mutex::new(Some(state)) });
        at_exit();
        let mut planned = planned();
        planned.retain(|planned| planned.strong_count() > 0);
        planned.push(Arc::downgrade(&deletion));
        Ok(deletion)
    }

    fn take(&self) -> Option<State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn give_up(&self) {
        drop(self.take());
    }

    /// Deletes, unless another process still has the handle.
    pub(crate) fn carry_out(&self) {
        let Some(State { file, alone, process }) = self.take() else { return };
        if process != std::process::id() {
            return;
        }
        if let Some(alone) = alone {
            // Not only by closing it: see `leave`.
            share::leave(alone.as_fd());
        }
        if share::others_say(file.as_fd(), Byte::Deletes) {
            return;
        }
        let Some((path, is_directory)) = path_of(file.as_fd()) else { return };
        let flags = if is_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        // On Windows too nobody hears of it when this fails.
        let _deleted = rustix::fs::unlinkat(CWD, path, flags);
    }
}

/// A description of its own that says that the file will be deleted by whoever has it. A handle that is on its way into another process
/// takes one along, so that the sender does not take itself for the last meanwhile.
pub(crate) fn part(file: BorrowedFd<'_>) -> Option<OwnedFd> {
    share::again(file, OFlags::RDONLY | OFlags::NONBLOCK)
        .ok()
        .filter(|part| share::say(part.as_fd(), Byte::Deletes).is_ok())
}

/// Where the file is now, and whether it is a directory; `None` if it has no name any more.
pub(crate) fn path_of(file: BorrowedFd<'_>) -> Option<(PathBuf, bool)> {
    let path = std::fs::read_link(super::by_descriptor(file)).ok()?;
    let (there, here) = (rustix::fs::lstat(&path).ok()?, rustix::fs::fstat(file).ok()?);
    let is_directory = rustix::fs::FileType::from_raw_mode(here.st_mode).is_dir();
    ((there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)).then_some((path, is_directory))
}

fn at_exit() {
    static REGISTERED: Once = Once::new();
    extern "C" fn exits() {
        carry_out_all();
    }
    REGISTERED.call_once(|| {
        // SAFETY: the function lives as long as the program and touches nothing that is gone by then.
        let _registered = unsafe { libc::atexit(exits) };
    });
}

/// Deletes what the process would have deleted when it closed its handles: it is about to end.
pub(crate) fn carry_out_all() {
    let planned = std::mem::take(&mut *planned());
    for deletion in planned.iter().filter_map(Weak::upgrade) {
        deletion.carry_out();
    }
}
