//! Other processes, as /proc shows them: their descriptors, and who holds what.

use super::cgroup::text_of;
use super::error::failed;
use super::limits;
use super::record::{FileId, Slot};
use crate::{Holder, HolderAccess, Result};
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::fs::{AtFlags, CWD, StatxFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The path by which the kernel reaches a descriptor of this process. Not by /proc/self: that is the process's first thread, of which nothing can
/// be seen once it has ended.
pub(crate) fn own_descriptor(fd: BorrowedFd<'_>) -> String {
    own_path(fd.as_raw_fd() as u32)
}

fn own_path(number: u32) -> String {
    format!("/proc/thread-self/fd/{number}")
}

/// The path by which the kernel reaches a descriptor of a process.
pub(crate) fn descriptor(pid: u32, number: u32) -> String {
    // As for an own one.
    if pid == std::process::id() { own_path(number) } else { format!("/proc/{pid}/fd/{number}") }
}

static PID_NAMESPACE: AtomicU64 = AtomicU64::new(0);

/// The pid namespace of this process; 0 where /proc cannot tell.
pub(crate) fn own_pid_namespace() -> u64 {
    match PID_NAMESPACE.load(Ordering::Relaxed) {
        0 => {}
        known => return known,
    }
    // From now on a child asks for itself.
    super::fork::generation();
    let inode = rustix::fs::stat("/proc/thread-self/ns/pid").map_or(0, |stat| stat.st_ino);
    PID_NAMESPACE.store(inode, Ordering::Relaxed);
    inode
}

/// After a fork, in the child: made after unshare(CLONE_NEWPID), it is in another pid namespace than its parent.
pub(crate) fn forget_pid_namespace() {
    PID_NAMESPACE.store(0, Ordering::Relaxed);
}

/// A descriptor of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Descriptor {
    pub(crate) pid: u32,
    pub(crate) number: u32,
}

/// Calls `visit` for each descriptor that this process may look at, until it gives something.
pub(crate) fn find_descriptor<T>(
    mut visit: impl FnMut(Descriptor, FileId) -> Result<Option<T>>,
) -> Result<Option<T>> {
    const OPERATION: &str = "look through /proc";
    let io = |error| failed(OPERATION, errno_of(error));
    for process in fs::read_dir("/proc").map_err(io)? {
        let Some(pid) = number_of(&process.map_err(io)?) else { continue };
        // Gone meanwhile, or not ours to look into: it shows nothing.
        let descriptors = match fs::read_dir(format!("/proc/{pid}/fd")).map_err(errno_of) {
            Ok(descriptors) => descriptors,
            Err(errno) if limits::is_scarcity(errno) => return Err(failed(OPERATION, errno)),
            Err(_) => continue,
        };
        for entry in descriptors.flatten() {
            let Some(number) = number_of(&entry) else { continue };
            // Others have files open on servers that are gone: what is not known without asking them is of no interest.
            let path = descriptor(pid, number);
            if let Ok(stat) = rustix::fs::statx(CWD, path, AtFlags::STATX_DONT_SYNC, StatxFlags::INO)
                && let Some(found) = visit(Descriptor { pid, number }, FileId::of_statx(&stat))?
            {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

fn errno_of(error: std::io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}

fn number_of(entry: &fs::DirEntry) -> Option<u32> {
    entry.file_name().to_str()?.parse().ok()
}

/// Who holds which of these entries: one walk through /proc for all of them. Who only looks at an entry has it open, too, but
/// does not share its presence lock.
pub(crate) fn holders(entries: &[FileId]) -> Result<HashMap<FileId, Vec<Holder>>> {
    let mut found: HashMap<FileId, Vec<Holder>> = entries.iter().map(|&id| (id, Vec::new())).collect();
    find_descriptor::<()>(|descriptor, id| {
        let Some(holders) = found.get_mut(&id) else { return Ok(None) };
        let Some(access) = held_access(descriptor)? else { return Ok(None) };
        match holders.iter_mut().find(|holder| holder.pid == descriptor.pid) {
            Some(holder) => holder.access = holder.access.max(access),
            None => holders.push(Holder { pid: descriptor.pid, command: command(descriptor.pid), access }),
        }
        Ok(None)
    })?;
    for holders in found.values_mut() {
        holders.sort_by_key(|holder| holder.pid);
    }
    Ok(found)
}

/// The holders of a file for an error message; `None` where none can be seen.
pub(crate) fn describe_holders(look: BorrowedFd<'_>) -> Option<String> {
    let id = FileId::of(&rustix::fs::fstat(look).ok()?);
    let holders = holders(&[id]).ok()?.remove(&id)?;
    describe(holders.into_iter().map(|holder| (holder.pid, holder.command)))
}

/// Whether a recorded holder's process exists, as far as can be told from this pid namespace.
pub(crate) fn may_run(slot: &Slot) -> bool {
    let elsewhere = slot.pid_namespace != own_pid_namespace();
    slot.pid != 0 && (elsewhere || fs::exists(format!("/proc/{}", slot.pid)).is_ok_and(|is| is))
}

/// Those others recorded as holders whose processes live, for an error message.
pub(crate) fn describe_recorded(slots: &[Slot]) -> Option<String> {
    let here = own_pid_namespace();
    let lives = |slot: &&Slot| slot.pid != std::process::id() && slot.pid_namespace == here && may_run(slot);
    describe(slots.iter().filter(lives).map(|slot| (slot.pid, command(slot.pid))))
        .map(|who| format!("probably {who}"))
}

fn describe(processes: impl Iterator<Item = (u32, String)>) -> Option<String> {
    let list: Vec<_> =
        processes.map(|(pid, command)| format!("{pid} ({})", command.escape_debug())).collect();
    (!list.is_empty()).then(|| format!("process {}", list.join(", ")))
}

/// How much of the beginning of a file is in the page cache; `None` where the kernel (before 6.5) or the file's mode does
/// not tell.
pub(crate) fn cached(file: BorrowedFd<'_>, size: u64) -> Option<u64> {
    #[repr(C)]
    struct Range {
        offset: u64,
        len: u64,
    }
    const CACHESTAT: libc::c_long = 451;
    let range = Range { offset: 0, len: size };
    // How many pages are cached, dirty, in write-back, evicted and recently evicted.
    let mut pages = [0_u64; 5];
    // SAFETY: the structures are those of cachestat(2), and outlive the call.
    let status = unsafe { libc::syscall(CACHESTAT, file.as_raw_fd(), &raw const range, &raw mut pages, 0) };
    (status == 0).then(|| (pages[0] * super::record::PAGE as u64).min(size))
}

/// What a handle may do whose descriptor of the entry this is; `None` if it does not share the presence lock.
fn held_access(descriptor: Descriptor) -> Result<Option<HolderAccess>> {
    let path = format!("/proc/{}/fdinfo/{}", descriptor.pid, descriptor.number);
    Ok(text_of(Path::new(&path))?.and_then(|info| shared_access(&info)))
}

/// What stands in a descriptor's `fdinfo`, proc(5).
fn shared_access(info: &str) -> Option<HolderAccess> {
    let mut lines = info.lines();
    let flags = lines.find_map(|line| line.strip_prefix("flags:"))?;
    let flags = i32::from_str_radix(flags.trim(), 8).ok()?;
    // lock: 1: FLOCK  ADVISORY  READ 4711 00:1a:42 0 EOF
    lines
        .any(|line| line.starts_with("lock:") && line.contains(" FLOCK ") && line.contains(" READ "))
        .then_some(if flags & libc::O_ACCMODE == libc::O_RDONLY {
            HolderAccess::Read
        } else {
            HolderAccess::ReadWrite
        })
}

/// The command line of a process, or its short name where that is empty.
fn command(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> =
        line.split(|&byte| byte == 0).filter(|word| !word.is_empty()).map(String::from_utf8_lossy).collect();
    if words.is_empty() {
        fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
    } else {
        words.join(" ")
    }
}
