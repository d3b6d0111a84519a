//! Large pages and NUMA nodes: what the machine has, and clear words where it has none.

use super::commit::Bytes;
use super::error::failed;
use crate::{Code, Error, Result};
use rustix::fd::BorrowedFd;
use std::fs;

const OPERATION: &str = "create section";
const SIZES: &str = "/sys/kernel/mm/hugepages";

/// The size of a large page when none is named, as `GetLargePageMinimum` tells.
pub(crate) fn default_size() -> Result<u64> {
    fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("Hugepagesize:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        })
        .map(|kib| kib << 10)
        .ok_or_else(|| Error::new(Code::NOT_SUPPORTED, OPERATION).hint("this kernel has no large pages"))
}

/// Refuses a page size that the machine does not have.
pub(crate) fn check_size(size: u64) -> Result<()> {
    let known: Vec<u64> = fs::read_dir(SIZES)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            entry.file_name().to_str()?.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()
        })
        .map(|kib: u64| kib << 10)
        .collect();
    if known.contains(&size) {
        return Ok(());
    }
    let list: Vec<_> = known.iter().map(|&size| Bytes(size).to_string()).collect();
    let there = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    Err(Error::new(Code::NOT_SUPPORTED, OPERATION)
        .hint(format!("there are no large pages of {}; this machine has: {there}", Bytes(size))))
}

/// Refuses bytes that are not made of the large pages that somebody says they are.
pub(crate) fn check_made_of(bytes: BorrowedFd<'_>, page_shift: u32) -> Result<()> {
    const HUGETLBFS: u64 = 0x9584_58F6;
    if page_shift == 0 {
        return Ok(());
    }
    let stat = rustix::fs::fstatfs(bytes).map_err(|errno| failed("look at large pages", errno))?;
    if stat.f_type as u64 == HUGETLBFS && stat.f_bsize as u64 == 1 << page_shift {
        return Ok(());
    }
    Err(Error::new(Code::INVALID_DATA, "look at large pages")
        .hint(format!("the bytes are not made of pages of {}", Bytes(1 << page_shift))))
}

/// The error when there are not enough of them.
pub(crate) fn too_few(size: u64, page: u64) -> Error {
    let directory = format!("{SIZES}/hugepages-{}kB", page >> 10);
    let free = fs::read_to_string(format!("{directory}/free_hugepages")).unwrap_or_default();
    Error::new(Code::NO_SYSTEM_RESOURCES, OPERATION).hint(format!(
        "{} large pages of {} needed, {} free; root adds some with: echo N > {directory}/nr_hugepages",
        size / page,
        Bytes(page),
        free.trim()
    ))
}

/// Refuses transparent large pages where the kernel will not give them to shared memory.
pub(crate) fn check_transparent() -> Result<()> {
    const SWITCH: &str = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
    let setting = fs::read_to_string(SWITCH).unwrap_or_default();
    let chosen = setting.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(chosen, _)| chosen);
    match chosen {
        Some("always" | "within_size" | "advise" | "force") => Ok(()),
        Some(off) => Err(Error::new(Code::NOT_SUPPORTED, OPERATION).hint(format!(
            "transparent large pages are off for shared memory ({off}); root turns them on with: echo advise > {SWITCH}"
        ))),
        None => Err(Error::new(Code::NOT_SUPPORTED, OPERATION).hint("this kernel has no transparent large pages")),
    }
}

/// Makes a NUMA node the preferred place of a file's pages in memory.
pub(crate) fn prefer_node(bytes: BorrowedFd<'_>, offset: u64, size: u64, node: u32) -> Result<()> {
    const MPOL_PREFERRED: i32 = 1;
    let online = fs::read_to_string("/sys/devices/system/node/online").unwrap_or_default();
    if !ranges(online.trim()).any(|range| range.contains(&node)) {
        let there = if online.is_empty() {
            "this kernel knows none".to_owned()
        } else {
            format!("online: {}", online.trim())
        };
        return Err(Error::new(Code::INVALID_PARAMETER, OPERATION)
            .hint(format!("there is no NUMA node {node}; {there}")));
    }
    // The policy of shared memory belongs to the file, not to the mapping through which it is set.
    let mapping = super::view::Mapping::reserve(bytes, offset, size)?;
    let mut mask = vec![0_u64; node as usize / 64 + 1];
    mask[node as usize / 64] = 1 << (node % 64);
    // SAFETY: the range is a mapping of ours, and the mask has as many bits as are said. The kernel reads one bit less
    // than it is told, hence the + 1.
    let status = unsafe {
        libc::syscall(
            libc::SYS_mbind,
            mapping.base(),
            mapping.len(),
            MPOL_PREFERRED,
            mask.as_ptr(),
            mask.len() as u64 * 64 + 1,
            0,
        )
    };
    if status == -1 {
        let error = std::io::Error::last_os_error();
        return Err(Error::new(Code::NOT_SUPPORTED, OPERATION)
            .source(error)
            .hint("this kernel does not place memory by node"));
    }
    Ok(())
}

/// The ranges of a list like `0-3,8`.
fn ranges(list: &str) -> impl Iterator<Item = std::ops::RangeInclusive<u32>> {
    list.split(',').filter_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    })
}
