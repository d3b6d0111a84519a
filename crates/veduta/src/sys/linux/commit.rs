//! Commit is a promise: memory that cannot be had is refused when a section is created, not by a signal later.

use super::error::failed;
use crate::{Code, Error, Result};
use rustix::fd::BorrowedFd;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use std::fmt;
use std::path::{Path, PathBuf};

const OPERATION: &str = "create section";

/// Sections up to this size are not checked against cgroups: reading the limits would cost more than creating them, and
/// what any process holds anyway varies by more.
const UNCHECKED: u64 = 1 << 20;

/// Refuses a size that this process cannot have in memory now. What is available is free memory, what the kernel would
/// give up for it, and swap; inside memory cgroups no more than each of them leaves.
pub(crate) fn promise(size: u64) -> Result<()> {
    let system = rustix::system::sysinfo();
    let unit = u64::from(system.mem_unit);
    // A glance before a look: with that much free nothing needs to be given up.
    if size > (system.freeram as u64).saturating_mul(unit) {
        let available = available_on_machine().unwrap_or((system.freeram as u64).saturating_mul(unit))
            + (system.freeswap as u64).saturating_mul(unit);
        if size > available {
            return Err(refused(size, available, "on this machine"));
        }
    }
    if size > UNCHECKED {
        for group in cgroups() {
            if let Some(available) = group.available()
                && size > available
            {
                return Err(refused(
                    size,
                    available,
                    &format!("in the memory cgroup {}", group.path.display()),
                ));
            }
        }
    }
    Ok(())
}

fn refused(needed: u64, available: u64, place: &str) -> Error {
    Error::new(Code::COMMITMENT_LIMIT, OPERATION).hint(format!(
        "{} needed, {} available {place}; free some, ask for less, or reserve without commitment (Commit::Reserve)",
        Bytes(needed),
        Bytes(available)
    ))
}

fn available_on_machine() -> Option<u64> {
    number_after(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:").map(|kib| kib << 10)
}

fn number_after(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
}

/// A memory cgroup of this process, in either version's files.
struct Cgroup {
    path: PathBuf,
    limit: &'static str,
    usage: &'static str,
}

/// The cgroups that limit this process: its own and all above, down to where the file system is mounted.
fn cgroups() -> Vec<Cgroup> {
    let mut found = Vec::new();
    for line in std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default().lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (roots, limit, usage): (&[&str], _, _) = if controllers.is_empty() {
            (&["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], "memory.max", "memory.current")
        } else if controllers.split(',').any(|controller| controller == "memory") {
            (&["/sys/fs/cgroup/memory"], "memory.limit_in_bytes", "memory.usage_in_bytes")
        } else {
            continue;
        };
        for root in roots {
            let whole = Path::new(root).join(path.trim_start_matches('/'));
            found.extend(
                whole
                    .ancestors()
                    .take_while(|ancestor| ancestor.starts_with(root))
                    // In a container the path is the host's, and what is mounted is the container's own group.
                    .filter(|ancestor| ancestor.join(limit).exists())
                    .map(|ancestor| Cgroup { path: ancestor.to_owned(), limit, usage }),
            );
        }
    }
    found
}

impl Cgroup {
    /// What the group leaves; `None` where it has no limit.
    fn available(&self) -> Option<u64> {
        let read = |file: &str| std::fs::read_to_string(self.path.join(file)).ok();
        let limit: u64 = read(self.limit)?.trim().parse().ok()?;
        // Version 1 says "no limit" with a number next to i64::MAX.
        if limit >= i64::MAX as u64 & !0xFFFF_FFFF {
            return None;
        }
        let used: u64 = read(self.usage)?.trim().parse().ok()?;
        let statistics = read("memory.stat").unwrap_or_default();
        let reclaimable = number_after(&statistics, "total_inactive_file ")
            .or_else(|| number_after(&statistics, "inactive_file "))
            .unwrap_or(0);
        Some((limit + reclaimable).saturating_sub(used))
    }
}

/// Takes the memory or the room on the device now, up to `end`.
pub(crate) fn allocate(fd: BorrowedFd<'_>, start: u64, end: u64) -> rustix::io::Result<()> {
    if start >= end {
        return Ok(());
    }
    rustix::io::retry_on_intr(|| rustix::fs::fallocate(fd, FallocateFlags::empty(), start, end - start))
}

/// The error for memory that a file system does not have.
pub(crate) fn no_memory(fd: BorrowedFd<'_>, needed: u64, errno: Errno) -> Error {
    match errno {
        Errno::NOSPC | Errno::NOMEM => {
            Error::new(Code::COMMITMENT_LIMIT, OPERATION).source(errno).hint(room(fd, needed))
        }
        errno => failed(OPERATION, errno),
    }
}

/// What was needed and what is there, for a file system.
pub(crate) fn room(fd: BorrowedFd<'_>, needed: u64) -> String {
    match rustix::fs::fstatvfs(fd) {
        Ok(stat) => format!(
            "{} needed, {} free on the file system",
            Bytes(needed),
            Bytes(stat.f_bavail * stat.f_frsize)
        ),
        Err(_) => format!("{} needed", Bytes(needed)),
    }
}

/// A number of bytes, for people.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let power = self.0.checked_ilog2().unwrap_or(0) / 10;
        match power {
            0 => write!(f, "{} bytes", self.0),
            power => {
                let scaled = self.0 as f64 / (1_u64 << (10 * power)) as f64;
                write!(f, "{scaled:.1} {}", UNITS[power as usize - 1])
            }
        }
    }
}
