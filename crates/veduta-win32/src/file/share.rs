//! Sharing modes between processes, and who has a file mapped: kept as locks on the file itself.
//!
//! For each of reading, writing and deleting a file has a byte that says "somebody uses it so", and one that says "somebody denies that to
//! others". The bytes lie far beyond the end of every file, and nothing is ever written there: only their locks count. Each opener takes *shared* locks
//! on the bytes that say what it does, so that openers do not exclude each other by the locks alone, and then asks the kernel whether
//! others have locks on the bytes that contradict it. If so it gives its locks back and reports `ERROR_SHARING_VIOLATION`.
//!
//! They are locks of open file descriptions. The kernel drops them with the last copy of the description, however its processes end;
//! they go with duplicates and into children, as the limits of a handle do on Windows; and programs that know nothing of this library neither see
//! nor disturb them, unless they lock whole files.
//!
//! Two who open at once may each see the other. The byte [`Byte::Opening`] says that somebody has not decided yet: then both give their locks
//! back and try again after times drawn by lot, a bounded number of times, so that a process that was stopped meanwhile stops nobody.

use crate::code;
use crate::failure::{Failure, Result, diagnoses};
use crate::file::right;
use crate::rights::DELETE;
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;
use std::time::Duration;

/// `FILE_SHARE_READ`.
pub(crate) const READ: u32 = 1;
/// `FILE_SHARE_WRITE`.
pub(crate) const WRITE: u32 = 2;
/// `FILE_SHARE_DELETE`.
pub(crate) const DELETING: u32 = 4;
pub(crate) const ALL: u32 = READ | WRITE | DELETING;

/// The first of the bytes. No file has one there: 2^63 - 1 is the largest size that Linux can express, and the last block before it is kept
/// free here.
///
/// All programs that use the library must agree on it, and on the numbers in [`Byte`].
const FIRST: i64 = i64::MAX - 0xFFF;

/// What the locks on one byte say.
///
/// Only every other byte is used, because the kernel joins neighbours into one lock, which would be hard to read in `/proc/locks`.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Byte {
    /// Somebody has not yet decided whether it may open the file.
    Opening = 0,
    UsesRead = 2,
    UsesWrite = 4,
    UsesDelete = 6,
    DeniesRead = 8,
    DeniesWrite = 10,
    DeniesDelete = 12,
    /// There are sections or views of the file.
    Mapped = 14,
    /// The file is deleted when it is closed, and may not be opened any more.
    DeletePending = 16,
    /// Somebody will delete the file when the last of them closes it.
    Deletes = 18,
    /// Somebody is about to make the file shorter.
    Shrinks = 20,
}

impl Byte {
    fn offset(self) -> i64 {
        FIRST + i64::from(self as u8)
    }
}

const USES: [(u32, Byte); 3] =
    [(READ, Byte::UsesRead), (WRITE, Byte::UsesWrite), (DELETING, Byte::UsesDelete)];
const DENIES: [(u32, Byte); 3] =
    [(READ, Byte::DeniesRead), (WRITE, Byte::DeniesWrite), (DELETING, Byte::DeniesDelete)];

/// What rights come to, in the bits of a share mode.
pub(crate) fn uses(access: u32) -> u32 {
    let bit = |rights, bit| if access & rights != 0 { bit } else { 0 };
    bit(right::READ_DATA | right::EXECUTE, READ)
        | bit(right::WRITE_DATA | right::APPEND_DATA, WRITE)
        | bit(DELETE, DELETING)
}

fn lock(byte: Byte, kind: i32) -> libc::flock {
    // l_pid must be 0 for locks of open file descriptions.
    libc::flock {
        l_type: kind as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: byte.offset(),
        l_len: 1,
        l_pid: 0,
    }
}

fn set(file: BorrowedFd<'_>, byte: Byte, kind: i32) -> rustix::io::Result<()> {
    let lock = lock(byte, kind);
    // SAFETY: the descriptor is open and `lock` is a `flock` structure that outlives the call.
    let status = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) };
    if status == -1 { Err(errno()) } else { Ok(()) }
}

fn errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// Says what the byte stands for, by a shared lock.
pub(crate) fn say(file: BorrowedFd<'_>, byte: Byte) -> rustix::io::Result<()> {
    set(file, byte, libc::F_RDLCK)
}

/// Takes it back.
pub(crate) fn unsay(file: BorrowedFd<'_>, byte: Byte) {
    // It fails only where there never was a lock.
    let _gone = set(file, byte, libc::F_UNLCK);
}

/// Whether another description says what the byte stands for.
///
/// The question is that of a writer, which every shared lock would stop; asking it takes no right to write. Where the file system cannot
/// answer, nobody says anything.
pub(crate) fn others_say(file: BorrowedFd<'_>, byte: Byte) -> bool {
    let mut lock = lock(byte, libc::F_WRLCK);
    // SAFETY: the descriptor is open and `lock` is a `flock` structure that outlives the call.
    let status = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock) };
    // A lock that begins elsewhere is another program's, on the whole file perhaps, and says nothing of this.
    status != -1 && i32::from(lock.l_type) != libc::F_UNLCK && lock.l_start >= FIRST
}

/// What stands between an opener and the file.
fn contradicted(file: BorrowedFd<'_>, uses: u32, denies: u32) -> bool {
    let other = |wanted: u32, bytes: [(u32, Byte); 3]| {
        bytes.iter().any(|&(bit, byte)| wanted & bit != 0 && others_say(file, byte))
    };
    other(uses, DENIES) || other(denies, USES)
}

/// How often two who open at once try again.
const TRIES: u32 = 12;

/// Takes part in the sharing of a file, or fails with `ERROR_SHARING_VIOLATION`. The locks are the description's: they end with it.
///
/// `uses` may be more for the question than is said afterwards: what empties a file writes to it once.
pub(crate) fn join(file: BorrowedFd<'_>, uses: u32, share: u32, asks: u32) -> Result<()> {
    if uses == 0 && asks == 0 {
        return Ok(());
    }
    let denies = if uses == 0 { 0 } else { ALL & !share };
    let said = || {
        let uses = USES.into_iter().filter(move |(bit, _)| uses & bit != 0);
        uses.chain(DENIES.into_iter().filter(move |(bit, _)| denies & bit != 0)).map(|(_, byte)| byte)
    };
    for attempt in 0..TRIES {
        let locked = say(file, Byte::Opening).and_then(|()| said().try_for_each(|byte| say(file, byte)));
        match locked {
            Ok(()) if !contradicted(file, uses | asks, denies) => {
                unsay(file, Byte::Opening);
                return Ok(());
            }
            // Another program has locked the whole file for itself.
            Ok(()) | Err(Errno::AGAIN | Errno::ACCESS) => {}
            Err(errno) => {
                // Nothing can be said here, but there may be something to hear.
                give_back(file);
                unenforced(errno);
                return if contradicted(file, uses | asks, denies) { violation() } else { Ok(()) };
            }
        }
        // In this order: whoever was deciding before the second look has decided when it is made.
        let undecided = others_say(file, Byte::Opening);
        if locked.is_ok() && !contradicted(file, uses | asks, denies) {
            unsay(file, Byte::Opening);
            return Ok(());
        }
        give_back(file);
        if !undecided {
            return violation();
        }
        std::thread::sleep(by_lot(Duration::from_micros(50 << attempt.min(7))));
    }
    violation()
}

fn give_back(file: BorrowedFd<'_>) {
    for (_, byte) in USES.into_iter().chain(DENIES) {
        unsay(file, byte);
    }
    unsay(file, Byte::Opening);
}

fn violation() -> Result<()> {
    Err(Failure::hint(
        code::SHARING_VIOLATION,
        "somebody has the file open in a way that excludes this; look at the share modes of both",
    ))
}

/// Says that the limits of a handle are not kept.
pub(crate) fn unenforced(errno: Errno) {
    if diagnoses() {
        eprintln!(
            "veduta: the share mode of a file is not enforced: it may not be read, or its file system has no such locks ({errno})"
        );
    }
}

fn by_lot(most: Duration) -> Duration {
    let mut bytes = [0; 2];
    let _drawn = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::NONBLOCK);
    most * (u32::from(u16::from_ne_bytes(bytes)) + 1) / 0x1_0000
}

/// Takes back all that the description says.
///
/// Closing it does so too, but only with its last copy, and any process that is just being started has copies of everything until it has
/// become another program.
pub(crate) fn leave(file: BorrowedFd<'_>) {
    let all = libc::flock { l_len: i64::MAX - FIRST, ..lock(Byte::Opening, libc::F_UNLCK) };
    // SAFETY: the descriptor is open and `all` is a `flock` structure that outlives the call. It fails where there never were locks.
    let _left = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const all) };
}

/// Says that the description's file is mapped, for as long as there is the description or a view that was made through it.
///
/// Whoever makes the file shorter says so before it looks whether the file is mapped, and here it is the other way round: one of
/// the two sees the other. So the size of the file that is read after this stays, but for a process that was stopped just then.
pub(crate) fn mark_mapped(file: BorrowedFd<'_>) -> Result<()> {
    if let Err(errno) = say(file, Byte::Mapped) {
        unenforced(errno);
        return Ok(());
    }
    for _ in 0..TRIES {
        if !others_say(file, Byte::Shrinks) {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Makes a file shorter, unless it is mapped.
pub(crate) fn shrink(file: BorrowedFd<'_>, size: u64) -> Result<()> {
    // Where it cannot be said, there is nothing to be heard either.
    let _said = say(file, Byte::Shrinks);
    let shrunk = not_mapped(file, code::USER_MAPPED_FILE)
        .and_then(|()| Ok(rustix::io::retry_on_intr(|| rustix::fs::ftruncate(file, size))?));
    unsay(file, Byte::Shrinks);
    shrunk
}

/// Refuses what may not be done to a file while others have it mapped.
pub(crate) fn not_mapped(file: BorrowedFd<'_>, code: u32) -> Result<()> {
    // A process that is just being started has a copy of the mark, but not for long. See `leave`, which cannot be for marks: views keep them.
    for _ in 0..3 {
        if !others_say(file, Byte::Mapped) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(Failure::hint(code, "there are sections or views of the file"))
}

/// A new description of a file that is open already. The kernel checks its mode anew.
pub(crate) fn again(
    file: BorrowedFd<'_>,
    flags: rustix::fs::OFlags,
) -> rustix::io::Result<rustix::fd::OwnedFd> {
    let path = super::by_descriptor(file);
    rustix::fs::open(path, flags | rustix::fs::OFlags::CLOEXEC, rustix::fs::Mode::empty())
}
