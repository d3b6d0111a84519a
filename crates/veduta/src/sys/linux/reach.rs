//! How an opener comes by the bytes of an object: always from somebody who holds it, because that is the proof that the
//! object still lives.

use super::entry::Place;
use super::error::failed;
use super::fork;
use super::limits;
use super::presence;
use super::processes::{self, Descriptor};
use super::record::{FileId, Location, Record, SLOTS_OFFSET, Slot};
use super::step::{Step, reached};
use crate::{Code, Error, Result, Scope};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags};
use std::sync::Mutex;
use zerocopy::IntoBytes;

/// The file with the bytes of an object that was opened.
pub(crate) type Bytes = (OwnedFd, Stat);

/// Fetches the bytes for an opener that has the presence lock: from a recorded holder, or what a [`search`] found before. `None`: no
/// holder shows them.
pub(crate) fn reach(
    place: &Place,
    entry: BorrowedFd<'_>,
    record: &Record<'_>,
    write: bool,
    searched: Option<Bytes>,
) -> Result<Option<Bytes>> {
    if record.location != Location::Holder {
        reached(Step::QueryBytes);
        if !presence::others_have_bytes(entry).map_err(|errno| failed(OPERATION, errno))? {
            return Ok(None);
        }
        reached(Step::TakeBytes);
        presence::take_bytes(entry).map_err(|errno| failed(OPERATION, errno))?;
    }
    let found = match record.location {
        Location::Entry => from_entry(place, entry, write)?,
        Location::Holder | Location::File => {
            reached(Step::ReachBytes);
            match look_up(record, write)? {
                Some(found) => Some(found),
                None => from_search(entry, record, searched, write)?,
            }
        }
    };
    let Some((bytes, stat)) = found else { return Ok(None) };
    if place.directory.scope() != Scope::Local {
        trust(entry, &stat)?;
    }
    Ok(Some((bytes, stat)))
}

/// The entry once more, for its bytes. Never through the description with the locks: a view keeps the description that it
/// was mapped through, and would keep the name alive with it.
fn from_entry(place: &Place, entry: BorrowedFd<'_>, write: bool) -> Result<Option<Bytes>> {
    let fail = |errno| failed(OPERATION, errno);
    let expected = super::entry::identity(entry).map_err(fail)?;
    match place.open_unheld(write) {
        Ok(bytes) => Ok(verified(bytes, expected)),
        // Somebody removed what is held.
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(fail(errno)),
    }
}

const OPERATION: &str = "reach the bytes of object";

/// Whoever made an entry chose which file it names. What they could not open themselves they must not make us open.
fn trust(entry: BorrowedFd<'_>, bytes: &Stat) -> Result<()> {
    let maker = rustix::fs::fstat(entry).map_err(|errno| failed(OPERATION, errno))?.st_uid;
    if maker == bytes.st_uid || maker == 0 || maker == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(Error::new(Code::ACCESS_DENIED, OPERATION).hint(format!(
        "user {maker} made the object over a file of user {}: such an object is not opened for others",
        bytes.st_uid
    )))
}

/// Files that are not what the record says are somebody else's by now.
fn verified(fd: OwnedFd, expected: FileId) -> Option<Bytes> {
    let stat = rustix::fs::fstat(&fd).ok()?;
    is_it(&stat, expected).then_some((fd, stat))
}

/// Only regular files have bytes to map; memory files are regular, too. Whoever forged a record may name a device.
fn is_it(stat: &Stat, expected: FileId) -> bool {
    FileId::of(stat) == expected && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// What somebody has, or does not show. That this process cannot take it says nothing about that, and is an error.
fn shown<T>(result: rustix::io::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(shown) => Ok(Some(shown)),
        Err(errno) if limits::is_scarcity(errno) => Err(failed(OPERATION, errno)),
        Err(_) => Ok(None),
    }
}

/// The bytes from a recorded holder or their path, not from just anybody.
fn look_up(record: &Record<'_>, write: bool) -> Result<Option<Bytes>> {
    match from_recorded_holder(record, write)? {
        Some(found) => Ok(Some(found)),
        None => from_path(record, write),
    }
}

fn from_recorded_holder(record: &Record<'_>, write: bool) -> Result<Option<Bytes>> {
    let here = processes::own_pid_namespace();
    for slot in record.slots.iter().filter(|slot| slot.pid != 0 && slot.pid_namespace == here) {
        let descriptor = Descriptor { pid: slot.pid, number: slot.descriptor };
        // Sharing the holder's own description is cheapest, but it has the holder's access.
        let shared = if write { HOLDERS.descriptor(descriptor) } else { None };
        let shared = shared
            .and_then(|fd| verified(fd, record.bytes))
            .filter(|(fd, _)| record.location == Location::Holder || is_writable(fd.as_fd()));
        let found = match shared {
            Some(found) => Some(found),
            None => reopen(descriptor, record.bytes, write)?,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Asked of a file of the user's, which its holder may only read. A memory file's recorded descriptor is open for writing,
/// unless its number was used again for one that is not: that is noticed when it matters, in `Section::map`.
pub(crate) fn is_writable(fd: BorrowedFd<'_>) -> bool {
    rustix::fs::fcntl_getfl(fd).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR)
}

/// Opens a holder's descriptor anew, with just the access that is wanted.
fn reopen(descriptor: Descriptor, expected: FileId, write: bool) -> Result<Option<Bytes>> {
    let path = processes::descriptor(descriptor.pid, descriptor.number);
    // Look before opening: by now the number may be a device, and opening some has effects.
    if !rustix::fs::statat(CWD, &path, AtFlags::empty()).is_ok_and(|stat| is_it(&stat, expected)) {
        return Ok(None);
    }
    Ok(shown(rustix::fs::open(&path, flags(write), Mode::empty()))?.and_then(|fd| verified(fd, expected)))
}

fn flags(write: bool) -> OFlags {
    let access = if write { OFlags::RDWR } else { OFlags::RDONLY };
    access | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY
}

fn from_path(record: &Record<'_>, write: bool) -> Result<Option<Bytes>> {
    let Some(path) = record.path() else { return Ok(None) };
    let seen = shown(rustix::fs::open(&path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()))?;
    let Some((seen, _)) = seen.and_then(|seen| verified(seen, record.bytes)) else { return Ok(None) };
    let file = rustix::fs::open(processes::own_descriptor(seen.as_fd()), flags(write), Mode::empty());
    Ok(shown(file)?.and_then(|file| verified(file, record.bytes)))
}

/// The bytes of an object, only to look at them.
pub(crate) fn look_at_bytes(record: &Record<'_>) -> Result<Option<Bytes>> {
    look_up(record, false)
}

/// Looks for the bytes in every process, for an opener whom the recorded holders gave nothing.
pub(crate) fn search(record: &Record<'_>, write: bool) -> Result<Option<Bytes>> {
    let found = processes::find_descriptor(|descriptor, id| {
        if id == record.bytes { reopen(descriptor, record.bytes, write) } else { Ok(None) }
    })?;
    if found.is_none() && record.location == Location::File {
        // Its holders live: the file was moved, or it is not for this user.
        return Err(Error::new(Code::FILE_NOT_FOUND, "open the file of section").hint(format!(
            "its holders live, but the file is neither shown by them nor at {}",
            record.path().unwrap_or_default().display()
        )));
    }
    Ok(found)
}

/// What a [`search`] found, if it is what the record says. Whoever found it is recorded, so that the next opener need not
/// search.
fn from_search(
    entry: BorrowedFd<'_>,
    record: &Record<'_>,
    searched: Option<Bytes>,
    write: bool,
) -> Result<Option<Bytes>> {
    let found = searched.filter(|(_, stat)| FileId::of(stat) == record.bytes);
    if let Some((bytes, _)) = &found
        && write
    {
        record_holder(entry, &record.slots, own_slot(bytes.as_fd()))?;
    }
    Ok(found)
}

/// This process as a holder that shows the bytes.
pub(crate) fn own_slot(bytes: BorrowedFd<'_>) -> Slot {
    Slot {
        pid: fork::process_id(),
        descriptor: bytes.as_raw_fd() as u32,
        pid_namespace: processes::own_pid_namespace(),
    }
}

/// Writes a holder over one that is gone, or over any. Two writers, or a reader, may meet here: what comes out is checked by
/// whoever uses it.
fn record_holder(entry: BorrowedFd<'_>, recorded: &[Slot], slot: Slot) -> Result<()> {
    let gone = recorded.iter().position(|old| !processes::may_run(old));
    let index = gone.unwrap_or(slot.pid as usize % recorded.len());
    let offset = SLOTS_OFFSET + index * size_of::<Slot>();
    match limits::write_at(entry, slot.as_bytes(), offset as u64) {
        // This process may not write to files (RLIMIT_FSIZE): the next opener searches once more.
        Ok(()) | Err(Errno::FBIG) => Ok(()),
        Err(errno) => Err(failed("record holder", errno)),
    }
}

/// Processes whose descriptors were asked for, by pid, so that asking again costs one call and not three.
static HOLDERS: Holders = Holders { known: Mutex::new(Vec::new()) };

struct Holders {
    known: Mutex<Vec<(u32, OwnedFd)>>,
}

/// Each takes a descriptor of this process.
const REMEMBERED: usize = 8;

impl Holders {
    /// A copy of another process's descriptor; `None` where that process is gone or does not allow it.
    fn descriptor(&self, wanted: Descriptor) -> Option<OwnedFd> {
        // Not waited for: in a child made by fork, the thread that had the lock may not exist. /proc serves too.
        let mut known = self.known.try_lock().ok()?;
        let get = |process: &OwnedFd| {
            rustix::process::pidfd_getfd(process, wanted.number as i32, PidfdGetfdFlags::empty())
        };
        if let Some(index) = known.iter().position(|(pid, _)| *pid == wanted.pid) {
            match get(&known[index].1) {
                // The process ended, and another may have its pid.
                Err(Errno::SRCH) => drop(known.remove(index)),
                result => return result.ok(),
            }
        }
        let pid = Pid::from_raw(i32::try_from(wanted.pid).ok()?)?;
        let process = rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok()?;
        let descriptor = get(&process).ok()?;
        if known.len() == REMEMBERED {
            known.remove(0);
        }
        known.push((wanted.pid, process));
        Some(descriptor)
    }
}
