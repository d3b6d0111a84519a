//! The two locks of an entry. The kernel drops both with the last copy of the descriptor, however its processes ended.
//!
//! - The **presence** lock (`flock`) says that somebody holds the object, or is about to. Holders share it. It is only ever
//!   *tried* exclusively, to learn whether anybody is there; nobody waits for it.
//! - The **bytes** lock (an open-file-description lock on the first byte) says that its owner can reach the object's
//!   bytes. It is used where having the bytes is no proof of that, because they stand in a file. It can be asked about
//!   without being taken.

use super::error::last;
use rustix::fd::{AsFd, AsRawFd};
use rustix::fs::FlockOperation;
use rustix::io::{Errno, Result};

/// Shares the presence lock. `false`: somebody is trying it exclusively just now.
pub(crate) fn share(entry: impl AsFd) -> Result<bool> {
    attempt(entry, FlockOperation::NonBlockingLockShared)
}

/// Tries the presence lock exclusively. `true`: nobody else has it, and nobody gets it until this description is
/// closed. `false`: somebody has it, and *this description no longer has*: a failed try releases what it held.
pub(crate) fn try_alone(entry: impl AsFd) -> Result<bool> {
    attempt(entry, FlockOperation::NonBlockingLockExclusive)
}

/// Gives the presence lock back.
pub(crate) fn release(entry: impl AsFd) -> Result<()> {
    rustix::fs::flock(entry, FlockOperation::Unlock)
}

fn attempt(entry: impl AsFd, operation: FlockOperation) -> Result<bool> {
    match rustix::io::retry_on_intr(|| rustix::fs::flock(entry.as_fd(), operation)) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Whether another description has the bytes lock.
pub(crate) fn others_have_bytes(entry: impl AsFd) -> Result<bool> {
    let mut lock = first_byte(libc::F_WRLCK);
    // SAFETY: the descriptor is open and `lock` is a `flock` structure that outlives the call.
    let status = unsafe { libc::fcntl(entry.as_fd().as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock) };
    if status == -1 { Err(last()) } else { Ok(i32::from(lock.l_type) != libc::F_UNLCK) }
}

/// Takes the bytes lock. Only shared locks exist, so nobody is ever in the way.
pub(crate) fn take_bytes(entry: impl AsFd) -> Result<()> {
    let lock = first_byte(libc::F_RDLCK);
    // SAFETY: the descriptor is open and `lock` is a `flock` structure that outlives the call.
    let status = unsafe { libc::fcntl(entry.as_fd().as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) };
    if status == -1 { Err(last()) } else { Ok(()) }
}

fn first_byte(kind: i32) -> libc::flock {
    // l_pid must be 0 for locks of open file descriptions.
    libc::flock { l_type: kind as i16, l_whence: libc::SEEK_SET as i16, l_start: 0, l_len: 1, l_pid: 0 }
}
