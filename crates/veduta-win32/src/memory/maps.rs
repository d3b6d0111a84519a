//! Memory of the process that is neither a view nor an allocation: code, stacks, the heap of C. The kernel tells of it.

use super::page;
use super::query::{Information, MEM_COMMIT, MEM_FREE, MEM_IMAGE, MEM_MAPPED, MEM_PRIVATE};
use crate::addresses::{self, HIGHEST};
use crate::code;
use crate::failure::{Failure, Result};
use crate::holes;
use rustix::io::Errno;
use std::ffi::c_void;
use std::ops::Range;

/// A line of /proc/self/maps.
struct Mapped {
    range: Range<usize>,
    read: bool,
    write: bool,
    execute: bool,
    shared: bool,
    /// Device, inode and path of its file; empty for memory without one.
    file: String,
}

impl Mapped {
    fn parse(line: &str) -> Option<Mapped> {
        let mut parts = line.splitn(6, ' ');
        let (start, end) = parts.next()?.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        let range = number(start)?..number(end)?;
        let &[read, write, execute, shared, ..] = parts.next()?.as_bytes() else { return None };
        let (_offset, device, inode) = (parts.next()?, parts.next()?, parts.next()?);
        let file = match inode {
            "0" => String::new(),
            _ => format!("{device} {inode} {}", parts.next().unwrap_or_default().trim_start()),
        };
        let (read, write, execute) = (read == b'r', write == b'w', execute == b'x');
        Some(Mapped { range, read, write, execute, shared: shared == b's', file })
    }

    fn protect(&self) -> u32 {
        match (self.read, self.write, self.execute) {
            (_, true, true) => page::EXECUTE_READWRITE,
            (_, false, true) => page::EXECUTE_READ,
            (_, true, false) => page::READWRITE,
            (true, false, false) => page::READONLY,
            (false, false, false) => page::NOACCESS,
        }
    }
}

/// All mappings of the process, in order.
fn all() -> Result<Vec<Mapped>> {
    let text = std::fs::read("/proc/thread-self/maps").map_err(|error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
        Failure::hint(code::GEN_FAILURE, format!("/proc/thread-self/maps cannot be read: {errno}"))
    })?;
    let text = String::from_utf8_lossy(&text);
    let is_programs = |mapped: &Mapped| mapped.range.start < HIGHEST && !holes::is_fence(mapped.range.start);
    Ok(text.lines().filter_map(Mapped::parse).filter(is_programs).collect())
}

/// What `VirtualQuery` says of a page that is no view's and no allocation's.
pub(super) fn query(page: usize) -> Result<Information> {
    let all = all()?;
    let after = all.partition_point(|mapped| mapped.range.end <= page);
    let Some(mapped) = all.get(after).filter(|mapped| mapped.range.contains(&page)) else {
        let end = all.get(after).map_or(HIGHEST, |mapped| mapped.range.start);
        return Ok(Information {
            base: page,
            size: end - page,
            state: MEM_FREE,
            protect: page::NOACCESS,
            ..Information::default()
        });
    };
    // The parts of a program or library lie one behind the other.
    let together = |pair: &[Mapped]| {
        !pair[0].file.is_empty() && pair[0].file == pair[1].file && pair[0].range.end == pair[1].range.start
    };
    let mut first = after;
    while first > 0 && together(&all[first - 1..=first]) {
        first -= 1;
    }
    let mut last = after;
    while last + 1 < all.len() && together(&all[last..=last + 1]) {
        last += 1;
    }
    let image = !mapped.file.is_empty() && all[first..=last].iter().any(|mapped| mapped.execute);
    let kind = match (image, mapped.file.is_empty() && !mapped.shared) {
        (true, _) => MEM_IMAGE,
        (_, true) => MEM_PRIVATE,
        _ => MEM_MAPPED,
    };
    // The kernel may show something of ours and its neighbour as one.
    let ours = addresses::next(page, mapped.range.end).filter(|&ours| ours > page);
    let end = ours.unwrap_or(mapped.range.end);
    Ok(Information {
        base: page,
        allocation_base: all[first].range.start,
        allocation_protect: if image { page::EXECUTE_WRITECOPY } else { mapped.protect() },
        size: end - page,
        state: MEM_COMMIT,
        protect: mapped.protect(),
        kind,
        ..Information::default()
    })
}

/// The protection of the first page of a range, all of which is mapped and none of which is a view's or an allocation's.
fn first_of(range: &Range<usize>) -> Result<u32> {
    let all = all()?;
    let touched: Vec<_> = all
        .iter()
        .filter(|mapped| mapped.range.start < range.end && range.start < mapped.range.end)
        .collect();
    let whole = touched.first().is_some_and(|first| first.range.start <= range.start)
        && touched.last().is_some_and(|last| last.range.end >= range.end)
        && touched.windows(2).all(|pair| pair[0].range.end == pair[1].range.start)
        && addresses::next(range.start, range.end).is_none();
    match touched.first() {
        Some(first) if whole => Ok(first.protect()),
        _ => Err(Failure::hint(
            code::INVALID_ADDRESS,
            "part of the range is free, or belongs to something else",
        )),
    }
}

/// Whether something is mapped there.
pub(crate) fn is_mapped(address: usize) -> Result<bool> {
    Ok(all()?.iter().any(|mapped| mapped.range.contains(&address)))
}

/// Whether all of a range may be read, or written.
pub(super) fn allows(range: &Range<usize>, write: bool) -> Result<bool> {
    let mut at = range.start;
    for mapped in all()? {
        if mapped.range.contains(&at) && if write { mapped.write } else { mapped.read } {
            at = mapped.range.end;
        }
    }
    Ok(at >= range.end)
}

/// Changes the protection of whole pages.
pub(super) fn protect(range: Range<usize>, protect: u32) -> Result<u32> {
    let before = first_of(&range)?;
    // SAFETY: the pages are the program's, which asks for it.
    let changed =
        unsafe { rustix::mm::mprotect(range.start as *mut c_void, range.len(), page::flags(protect)) };
    changed.map_err(|errno| match errno {
        Errno::ACCESS => {
            Failure::hint(code::INVALID_PARAMETER, "the file that is mapped there is not open for that")
        }
        errno => errno.into(),
    })?;
    Ok(before)
}
