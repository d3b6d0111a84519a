//! Which seats of an object are this process's. A seat is had by a lock on a byte of the object's file that the kernel drops when the
//! process ends, so a dead process's seats are free again without anybody looking after them.

use super::super::{fork, processes};
use super::page::{Page, SEATS};
use super::primitive::Ordering;
use super::signal::Rule;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering::Relaxed};

/// The byte of the first seat's lock, far behind the locks of the entry protocol.
const FIRST_BYTE: i64 = 1 << 32;
const WORDS: usize = SEATS.div_ceil(64);

/// The seats of one object that this process has.
pub(super) struct Seats {
    /// Of this process alone: a forked child makes its own, and leaves its parent's untouched.
    pool: AtomicPtr<Pool>,
}

struct Pool {
    childhood: u64,
    /// An open file description that nobody else has.
    file: OwnedFd,
    had: [AtomicU64; WORDS],
    /// Those that no thread sits in.
    free: [AtomicU64; WORDS],
}

impl Seats {
    pub(super) fn new() -> Seats {
        Seats { pool: AtomicPtr::new(null_mut()) }
    }

    /// A seat for the calling thread. `None` if all are taken, or none can be had because descriptors ran out or /proc is
    /// missing: who has no seat looks from time to time.
    pub(super) fn take(&self, page: &Page, rule: Rule, bytes: BorrowedFd<'_>) -> Option<usize> {
        if let Some(seat) = self.pool().and_then(Pool::take_free) {
            return Some(seat);
        }
        // One thread at a time, because the kernel does not tell threads with the same description apart.
        let _alone = super::object::registry();
        let pool = match self.pool() {
            Some(pool) => pool,
            None => self.make_pool(bytes).ok()?,
        };
        pool.take_free().or_else(|| pool.acquire(page, rule))
    }

    /// Gives a seat back that [`take`](Self::take) gave.
    pub(super) fn give(&self, seat: usize) {
        if let Some(pool) = self.pool() {
            pool.free[seat / 64].fetch_or(1 << (seat % 64), Ordering::SeqCst);
        }
    }

    fn pool(&self) -> Option<&Pool> {
        // SAFETY: what was put there stays there until `self` is dropped, or for ever in a child made by fork.
        let pool = unsafe { self.pool.load(Ordering::SeqCst).as_ref() };
        pool.filter(|pool| pool.childhood == fork::childhood())
    }

    fn make_pool(&self, bytes: BorrowedFd<'_>) -> rustix::io::Result<&Pool> {
        // From now on forks are counted.
        fork::generation();
        let childhood = fork::childhood();
        let path = processes::own_descriptor(bytes);
        let file = rustix::fs::open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        let none = || std::array::from_fn(|_| AtomicU64::new(0));
        let pool = Box::into_raw(Box::new(Pool { childhood, file, had: none(), free: none() }));
        // What was there, if anything, is the pool of the process that forked: its threads are not here, its memory stays.
        self.pool.store(pool, Ordering::SeqCst);
        // SAFETY: as in `pool`.
        Ok(unsafe { &*pool })
    }
}

impl Seats {
    /// In a child made by fork: closes the description that has the parent's seats, which would keep them when the parent is gone. No
    /// thread of the child has used it.
    pub(super) fn leave_to_parent(&self) {
        let pool = self.pool.swap(null_mut(), Ordering::SeqCst);
        if !pool.is_null() {
            // SAFETY: `make_pool` made it, and the threads that could reach it are not in this process.
            drop(unsafe { Box::from_raw(pool) });
        }
    }
}

impl Drop for Seats {
    fn drop(&mut self) {
        let pool = *self.pool.get_mut();
        if !pool.is_null() {
            // SAFETY: `make_pool` made it, and nobody can reach it any more.
            drop(unsafe { Box::from_raw(pool) });
        }
    }
}

impl Pool {
    fn take_free(&self) -> Option<usize> {
        self.free.iter().enumerate().find_map(|(index, word)| {
            let mut free = word.load(Relaxed);
            while free != 0 {
                let bit = free.trailing_zeros();
                let before = word.fetch_and(!(1 << bit), Ordering::SeqCst);
                if before & 1 << bit != 0 {
                    return Some(index * 64 + bit as usize);
                }
                free = before;
            }
            None
        })
    }

    /// Takes the first seat that no living process has. The caller is alone in this process.
    fn acquire(&self, page: &Page, rule: Rule) -> Option<usize> {
        for index in 0..SEATS {
            let (word, bit) = (&self.had[index / 64], 1 << (index % 64));
            if word.load(Relaxed) & bit != 0 || !lock(self.file.as_fd(), index) {
                continue;
            }
            word.fetch_or(bit, Relaxed);
            // What its last owner left, if it was killed in it.
            page.clear_seat(index, rule);
            page.high.fetch_max(index as u32 + 1, Ordering::SeqCst);
            return Some(index);
        }
        None
    }
}

/// Locks a seat. `false`: another process has it, or the file system has no such locks.
fn lock(file: BorrowedFd<'_>, index: usize) -> bool {
    let lock = byte(libc::F_WRLCK, index);
    // SAFETY: the descriptor is open and `lock` is a `flock` structure that outlives the call.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) != -1 }
}

/// Whether a living process has the seat. For who lists.
pub(super) fn is_had(file: BorrowedFd<'_>, index: usize) -> bool {
    let mut lock = byte(libc::F_RDLCK, index);
    // SAFETY: as in `lock`.
    let status = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock) };
    status != -1 && i32::from(lock.l_type) != libc::F_UNLCK
}

fn byte(kind: i32, index: usize) -> libc::flock {
    libc::flock {
        l_type: kind as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: FIRST_BYTE + index as i64,
        l_len: 1,
        // Must be 0 for locks of open file descriptions.
        l_pid: 0,
    }
}
