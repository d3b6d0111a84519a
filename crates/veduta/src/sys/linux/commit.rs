//! Commit is a promise: memory that cannot be had is refused when a section is created, not by a signal later.

use super::cgroup::{self, Cgroup, text_of};
use super::error::failed;
use super::limits;
use super::record::PAGE;
use crate::{Code, Error, Result};
use rustix::fd::BorrowedFd;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use std::fmt;
use std::ops::Range;
use std::path::Path;

const OPERATION: &str = "create section";

/// Sections up to this size are not checked against cgroups: reading the limits would cost more than creating them, and
/// what any process holds anyway varies by more.
const UNCHECKED: u64 = 1 << 20;

/// What can be had somewhere, and what bounds it.
struct Room {
    available: u64,
    place: String,
}

/// Refuses a size that this process cannot have in memory now. What is available is free memory, what the kernel would
/// give up for it, and swap; inside memory cgroups no more than each of them leaves; and no more than the machine promises, if it
/// promises only what it has.
pub(crate) fn promise(size: u64) -> Result<()> {
    let system = rustix::system::sysinfo();
    let free = (system.freeram as u64).saturating_mul(u64::from(system.mem_unit));
    // A glance before a look: with that much free nothing needs to be given up.
    if size <= UNCHECKED && size <= free {
        return Ok(());
    }
    let machine = Machine::look()?;
    let mut rooms = vec![Room {
        available: machine.available.unwrap_or(free).saturating_add(machine.swap),
        place: "on this machine".to_owned(),
    }];
    rooms.extend(machine.strict()?);
    for group in cgroup::of_this_process("memory", "memory.limit_in_bytes", "memory.max")? {
        rooms.extend(room_in(&group, machine.swap)?);
    }
    match rooms.into_iter().min_by_key(|room| room.available) {
        Some(room) if room.available < size => Err(Error::new(Code::COMMITMENT_LIMIT, OPERATION).hint(format!(
            "{} needed, {} available {}; free some, ask for less, or reserve without commitment (Commit::Reserve)",
            Bytes(size),
            Bytes(room.available),
            room.place
        ))),
        _ => Ok(()),
    }
}

/// What the kernel says of the machine's memory.
struct Machine {
    meminfo: String,
    /// Free, or given up by the kernel for who needs it.
    available: Option<u64>,
    swap: u64,
}

impl Machine {
    fn look() -> Result<Machine> {
        let meminfo = text_of(Path::new("/proc/meminfo"))?.unwrap_or_default();
        let bytes = |key| number_after(&meminfo, key).map(|kib| kib << 10);
        let (available, swap) = (bytes("MemAvailable:"), bytes("SwapFree:").unwrap_or(0));
        Ok(Machine { meminfo, available, swap })
    }

    /// What is left to promise on a machine that promises no more than it has (proc(5), overcommit_memory): more could be had, but
    /// the kernel refuses the page that is touched.
    fn strict(&self) -> Result<Option<Room>> {
        let mode = text_of(Path::new("/proc/sys/vm/overcommit_memory"))?.unwrap_or_default();
        if mode.trim() != "2" {
            return Ok(None);
        }
        let bytes = |key| number_after(&self.meminfo, key).map(|kib| kib << 10);
        let (Some(limit), Some(promised)) = (bytes("CommitLimit:"), bytes("Committed_AS:")) else {
            return Ok(None);
        };
        let place = format!(
            "on this machine, which has promised {} of at most {} (CommitLimit; vm.overcommit_memory is 2)",
            Bytes(promised),
            Bytes(limit)
        );
        Ok(Some(Room { available: limit.saturating_sub(promised), place }))
    }
}

fn number_after(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
}

/// What a group leaves; `None` where it has no limit. What the kernel keeps in memory of files, and could read again, it gives up for who
/// needs it, as it does outside groups.
fn room_in(group: &Cgroup, swap_of_machine: u64) -> Result<Option<Room>> {
    let (limit, used) = if group.unified {
        ("memory.max", "memory.current")
    } else {
        ("memory.limit_in_bytes", "memory.usage_in_bytes")
    };
    let limit = limit_in(group, limit)?;
    let Some(used) = group.number(used)? else { return Ok(None) };
    let statistics = group.text("memory.stat")?.unwrap_or_default();
    // In version 1 those of the group itself stand there, too, without the groups below.
    let statistic = |key: &str| {
        number_after(&statistics, &format!("total_{key} "))
            .or_else(|| number_after(&statistics, &format!("{key} ")))
    };
    let reclaimable: u64 =
        ["inactive_file", "active_file", "slab_reclaimable"].into_iter().filter_map(statistic).sum();
    let left = |limit: u64, used: u64| limit.saturating_sub(used.saturating_sub(reclaimable));
    let available = if group.unified {
        let Some(limit) = limit else { return Ok(None) };
        let swap = match group.number("memory.swap.max")? {
            Some(most) => most.saturating_sub(group.number("memory.swap.current")?.unwrap_or(0)),
            None => u64::MAX,
        };
        left(limit, used).saturating_add(swap.min(swap_of_machine))
    } else {
        // Version 1 limits memory, and memory and swap together.
        let memory = limit.map_or(u64::MAX, |limit| left(limit, used).saturating_add(swap_of_machine));
        let both = match (
            limit_in(group, "memory.memsw.limit_in_bytes")?,
            group.number("memory.memsw.usage_in_bytes")?,
        ) {
            (Some(limit), Some(used)) => left(limit, used),
            _ => u64::MAX,
        };
        match memory.min(both) {
            u64::MAX => return Ok(None),
            available => available,
        }
    };
    let limit = limit.map_or("swap".to_owned(), |limit| Bytes(limit).to_string());
    let place = format!("in the memory cgroup {} (limit {limit})", group.path.display());
    Ok(Some(Room { available, place }))
}

/// A limit of a group, if it has one: version 1 says that it has none with a number next to `i64::MAX`.
fn limit_in(group: &Cgroup, file: &str) -> Result<Option<u64>> {
    Ok(group.number(file)?.filter(|&limit| limit < i64::MAX as u64 & !0xFFFF_FFFF))
}

/// Takes the memory or the room on the device now, up to `end`.
pub(crate) fn allocate(fd: BorrowedFd<'_>, start: u64, end: u64) -> rustix::io::Result<()> {
    if start >= end {
        return Ok(());
    }
    rustix::io::retry_on_intr(|| rustix::fs::fallocate(fd, FallocateFlags::empty(), start, end - start))
}

/// The error when a file cannot have room for `range`: with the code given, if room is what is missing.
pub(crate) fn no_room(
    operation: &'static str,
    code: Code,
    file: BorrowedFd<'_>,
    range: Range<u64>,
    errno: Errno,
) -> Error {
    let needed = Bytes(range.end - range.start);
    let hint = match errno {
        Errno::FBIG => limits::file_size(range.end),
        Errno::DQUOT => format!("{needed} needed; this user's quota on the file system is used up"),
        Errno::NOSPC | Errno::NOMEM => match rustix::fs::fstatvfs(file) {
            // Memory that belongs to no mount.
            Ok(stat) if stat.f_blocks == 0 => match promise(range.end - range.start) {
                Err(error) if error.code() == Code::COMMITMENT_LIMIT => return error.source(errno),
                _ => format!("{needed} needed; the machine, or a cgroup, ran out of memory meanwhile"),
            },
            Ok(stat) => {
                let (free, all) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
                format!(
                    "{needed} needed, {} free on the file system, of {}{}",
                    Bytes(free),
                    Bytes(all),
                    path_of(file)
                )
            }
            Err(_) => format!("{needed} needed"),
        },
        errno => return failed(operation, errno),
    };
    Error::new(code, operation).source(errno).hint(hint)
}

/// The error when a namespace's file system has no room for a name: a directory, and the entry in it.
pub(crate) fn no_name(operation: &'static str, directory: BorrowedFd<'_>, errno: Errno) -> Error {
    match rustix::fs::fstatvfs(directory) {
        Ok(stat) if errno == Errno::NOSPC && stat.f_files > 0 && stat.f_favail < 2 => {
            Error::new(Code::COMMITMENT_LIMIT, operation).source(errno).hint(format!(
                "2 files needed for a name, {} of {} left on the file system (nr_inodes){}; `veduta sweep` removes what nobody holds",
                stat.f_favail,
                stat.f_files,
                path_of(directory)
            ))
        }
        _ => no_room(operation, Code::COMMITMENT_LIMIT, directory, 0..PAGE as u64, errno),
    }
}

/// Where a file is, for who has to make room there.
fn path_of(file: BorrowedFd<'_>) -> String {
    let path = std::fs::read_link(super::processes::own_descriptor(file));
    path.map_or(String::new(), |path| format!(", at {}", path.display()))
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
