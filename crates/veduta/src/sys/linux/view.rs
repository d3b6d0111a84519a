//! Mappings: one call each, and what the kernel says of them.

use super::commit;
use super::error::{failed, last};
use super::in_page;
use super::limits;
use super::record::PAGE;
use crate::{Advice, Code, Error, Residency, Result, ViewAccess};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::mm::{self, MapFlags, MprotectFlags, MsyncFlags, ProtFlags};
use std::ffi::c_void;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;

pub(crate) const MAP: &str = "map view";

/// Whole pages of a file, mapped. Unmapped when dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: NonNull<c_void>,
    len: usize,
    /// Where in the descriptor it begins.
    offset: u64,
    origin: Origin,
}

/// What the pages of a mapping come from, for what is done with them besides mapping.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    /// The user's file.
    pub(crate) file: Option<Arc<OwnedFd>>,
    /// The memory, if nothing was promised of it.
    pub(crate) reserved: Option<OwnedFd>,
    /// The owner of the bytes, if the handle did not write to them. The kernel tells who may write to bytes, and their owner, which pages
    /// are in memory (`mincore(2)`); to all others it says that every page is.
    pub(crate) owner: Option<u32>,
}

// SAFETY: a mapping is not tied to a thread; what happens in it is the business of `Memory`.
unsafe impl Send for Mapping {}
// SAFETY: as for `Send`; every call below only reads the address and the length.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` bytes from `offset`, both whole pages, at `base` if one is given. They come from `origin`.
    pub(crate) fn new(
        fd: BorrowedFd<'_>,
        offset: u64,
        len: usize,
        access: ViewAccess,
        base: Option<usize>,
        origin: Origin,
    ) -> Result<Mapping> {
        in_page::be_ready()?;
        let mut flags = if access.copies() { MapFlags::PRIVATE } else { MapFlags::SHARED };
        if access.copies() {
            // A copy is paid for when it is made: the promise of the section does not cover it.
            flags |= MapFlags::NORESERVE;
        }
        if base.is_some() {
            flags |= MapFlags::FIXED_NOREPLACE;
        }
        if let Some(base) = base.filter(|&base| base < LOWEST) {
            return Err(Error::new(Code::INVALID_ADDRESS, MAP)
                .hint(format!("{base:#x} is below the addresses that programs get")));
        }
        let hint = base.map_or(null_mut(), |base| base as *mut c_void);
        // SAFETY: the kernel picks the address, or refuses a wished one that is taken: no existing mapping is replaced.
        let address = unsafe { mm::mmap(hint, len, protection(access), flags, fd, offset) }
            .map_err(|errno| refused(errno, access, base, len))?;
        let base_address = NonNull::new(address).ok_or_else(|| failed(MAP, Errno::FAULT))?;
        let mapping = Mapping { base: base_address, len, offset, origin };
        match base {
            // A kernel before 4.17 takes a wish for a hint.
            Some(base) if base != address as usize => Err(refused(Errno::EXIST, access, Some(base), len)),
            _ => Ok(mapping),
        }
    }

    /// Reserves addresses for a range of a file, without access.
    pub(crate) fn reserve(fd: BorrowedFd<'_>, offset: u64, size: u64) -> Result<Mapping> {
        let len = usize::try_from(size).map_err(|_| failed(MAP, Errno::NOMEM))?;
        Mapping::new(fd, offset, len.next_multiple_of(PAGE), ViewAccess::NoAccess, None, Origin::default())
    }

    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base.cast()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The address of pages that lie inside.
    fn at(&self, pages: &Range<usize>) -> *mut c_void {
        debug_assert!(pages.end <= self.len && pages.start.is_multiple_of(PAGE));
        self.base.as_ptr().wrapping_byte_add(pages.start)
    }

    /// Waits until the pages of a file that were changed are on the device.
    pub(crate) fn flush(&self, pages: Range<usize>) -> Result<()> {
        if self.origin.file.is_none() {
            return Ok(());
        }
        // SAFETY: the pages are mapped; nothing is invalidated.
        unsafe { mm::msync(self.at(&pages), pages.len(), MsyncFlags::SYNC) }
            .map_err(|errno| failed("flush view", errno))
    }

    /// Starts write-back of pages of a file, and does not wait for it. `msync(MS_ASYNC)` would do nothing at all.
    pub(crate) fn start_write_back(&self, pages: Range<usize>) -> Result<()> {
        let Some(file) = &self.origin.file else { return Ok(()) };
        let (start, len) = (self.offset + pages.start as u64, pages.len() as u64);
        // SAFETY: the call only takes numbers, and the descriptor is open.
        let status = unsafe {
            libc::sync_file_range(file.as_raw_fd(), start as i64, len as i64, libc::SYNC_FILE_RANGE_WRITE)
        };
        if status == -1 {
            return Err(failed("start flush of view", last()));
        }
        Ok(())
    }

    /// Takes the memory of pages that nothing was promised of.
    pub(crate) fn commit(&self, pages: Range<usize>) -> Result<()> {
        let Some(memory) = &self.origin.reserved else { return Ok(()) };
        let memory = memory.as_fd();
        let (mut at, end) = (self.offset + pages.start as u64, self.offset + pages.end as u64);
        while at < end {
            let (committed, run) = committed(memory, at)?;
            let run = run.min(end);
            if !committed {
                take(memory, at..run)?;
            }
            at = run;
        }
        Ok(())
    }

    /// Whether the page at an offset was ever touched or taken, and up to where that goes on; it may lie behind the mapping.
    pub(crate) fn committed(&self, at: usize) -> Result<(bool, usize)> {
        let Some(memory) = &self.origin.reserved else { return Ok((true, usize::MAX)) };
        let (committed, end) = committed(memory.as_fd(), self.offset + at as u64)?;
        Ok((committed, usize::try_from(end - self.offset).unwrap_or(usize::MAX)))
    }

    pub(crate) fn advise(&self, pages: Range<usize>, advice: Advice) -> Result<()> {
        const OPERATION: &str = "advise on view";
        let kernel = match advice {
            Advice::Normal => mm::Advice::Normal,
            Advice::Sequential => mm::Advice::Sequential,
            Advice::Random => mm::Advice::Random,
            Advice::WillNeed => mm::Advice::WillNeed,
            Advice::PopulateRead => mm::Advice::LinuxPopulateRead,
            Advice::PopulateWrite => mm::Advice::LinuxPopulateWrite,
            Advice::Cold => mm::Advice::LinuxCold,
            Advice::PageOut => mm::Advice::LinuxPageOut,
            Advice::LargePages => mm::Advice::LinuxHugepage,
        };
        // SAFETY: the pages are mapped, and none of these takes bytes away.
        unsafe { mm::madvise(self.at(&pages), pages.len(), kernel) }.map_err(|errno| match errno {
            Errno::INVAL => Error::new(Code::NOT_SUPPORTED, OPERATION)
                .source(errno)
                .hint("this kernel does not know that advice"),
            Errno::FAULT => missing(OPERATION, errno),
            errno => failed(OPERATION, errno),
        })
    }

    pub(crate) fn lock(&self, pages: Range<usize>) -> Result<()> {
        const OPERATION: &str = "lock view in memory";
        // SAFETY: the pages are mapped.
        unsafe { mm::mlock(self.at(&pages), pages.len()) }.map_err(|errno| match errno {
            // The kernel says so of a limit, and of pages that it cannot get.
            Errno::NOMEM
                if self
                    .advise(pages.clone(), Advice::PopulateRead)
                    .is_err_and(|error| error.code() == Code::SWAPERROR) =>
            {
                missing(OPERATION, errno)
            }
            Errno::NOMEM | Errno::PERM | Errno::AGAIN => Error::new(Code::WORKING_SET_QUOTA, OPERATION)
                .source(errno)
                .hint(limits::locked(pages.len() as u64)),
            errno => failed(OPERATION, errno),
        })
    }

    pub(crate) fn unlock(&self, pages: Range<usize>) -> Result<()> {
        // SAFETY: the pages are mapped.
        unsafe { mm::munlock(self.at(&pages), pages.len()) }.map_err(|errno| failed("unlock view", errno))
    }

    /// Changes what may be done. The caller has checked that the view allows it, and that nobody borrows its bytes.
    pub(crate) fn protect(&self, pages: Range<usize>, access: ViewAccess) -> Result<()> {
        let flags = MprotectFlags::from_bits_truncate(protection(access).bits());
        // SAFETY: the pages are mapped, and the caller has the view to itself.
        unsafe { mm::mprotect(self.at(&pages), pages.len(), flags) }
            .map_err(|errno| limits::mapping_refused("protect view", errno, 0, false))
    }

    /// Where each page is.
    pub(crate) fn residency(&self, pages: Range<usize>) -> Result<Vec<Residency>> {
        let user = rustix::process::geteuid();
        if self.origin.owner.is_some_and(|owner| !user.is_root() && owner != user.as_raw()) {
            return Ok(vec![Residency::Unknown; pages.len() / PAGE]);
        }
        let mut states = vec![0_u8; pages.len().div_ceil(PAGE)];
        // SAFETY: the pages are mapped, and there is a byte for each.
        let status = unsafe { libc::mincore(self.at(&pages), pages.len(), states.as_mut_ptr()) };
        if status == -1 {
            return Err(failed("ask for residency of view", last()));
        }
        let state = |byte| if byte & 1 == 1 { Residency::Resident } else { Residency::Absent };
        Ok(states.into_iter().map(state).collect())
    }

    /// Which pages are private copies by now.
    pub(crate) fn copied(&self, pages: Range<usize>) -> Result<Vec<bool>> {
        const OPERATION: &str = "query view";
        const PRESENT: u64 = 1 << 63;
        const SWAPPED: u64 = 1 << 62;
        const OF_FILE: u64 = 1 << 61;
        let io = |error: std::io::Error| failed(OPERATION, Errno::from_io_error(&error).unwrap_or(Errno::IO));
        let first = self.at(&pages) as u64 / PAGE as u64;
        let mut entries = vec![0_u8; pages.len().div_ceil(PAGE) * 8];
        // The kernel tells these three bits to everybody; proc(5), /proc/pid/pagemap.
        File::open("/proc/thread-self/pagemap")
            .map_err(io)?
            .read_exact_at(&mut entries, first * 8)
            .map_err(io)?;
        let is_copy = |entry: u64| (entry & PRESENT != 0 && entry & OF_FILE == 0) || entry & SWAPPED != 0;
        Ok(entries
            .chunks_exact(8)
            .map(|entry| is_copy(u64::from_ne_bytes(entry.try_into().unwrap_or_default())))
            .collect())
    }
}

/// Makes a copy of mapped bytes that is this process's own: nobody can change it, and no file that is cut off takes pages
/// away. The kernel copies, and finds out by itself if bytes are gone.
pub(crate) fn private_copy(bytes: *mut [u8]) -> Result<Mapping> {
    use rustix::fs::{MemfdFlags, SealFlags};
    const OPERATION: &str = "make view private";
    let fail = |errno| failed(OPERATION, errno);
    let copy = rustix::fs::memfd_create("veduta copy", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING);
    let copy = File::from(copy.map_err(fail)?);
    let no_memory = |errno| {
        commit::no_room(OPERATION, Code::COMMITMENT_LIMIT, copy.as_fd(), 0..bytes.len() as u64, errno)
    };
    limits::check_growth(bytes.len() as u64).map_err(no_memory)?;
    let mut done = 0;
    while done < bytes.len() {
        let rest =
            std::ptr::slice_from_raw_parts_mut(bytes.cast::<u8>().wrapping_add(done), bytes.len() - done);
        match write_to(rest, &copy, done as u64).map_err(|error| error.offset(done as u64))? {
            0 => return Err(no_memory(Errno::NOSPC)),
            written => done += written,
        }
    }
    // Copies of its pages are made as they are written; what is not written cannot change under them.
    rustix::fs::fcntl_add_seals(
        &copy,
        SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
    )
    .map_err(fail)?;
    Mapping::new(
        copy.as_fd(),
        0,
        bytes.len().next_multiple_of(PAGE),
        ViewAccess::Copy,
        None,
        Origin::default(),
    )
}

/// Takes the memory of a range of a memory file.
fn take(memory: BorrowedFd<'_>, range: Range<u64>) -> Result<()> {
    const OPERATION: &str = "commit pages of view";
    let len = range.end - range.start;
    commit::promise(len)?;
    let size = rustix::fs::fstat(memory).map_err(|errno| failed(OPERATION, errno))?.st_size as u64;
    match commit::allocate(memory, range.start, range.end.min(size)) {
        // A handle that only reads: its pages come by being read, below.
        Ok(()) | Err(Errno::BADF) => {}
        Err(errno) => return Err(commit::no_room(OPERATION, Code::COMMITMENT_LIMIT, memory, range, errno)),
    }
    // What was only allocated still counts as a hole (lseek(2), tmpfs); what was touched is data.
    let mapping = Mapping::new(memory, range.start, len as usize, ViewAccess::Read, None, Origin::default())?;
    mapping.advise(0..len as usize, Advice::PopulateRead)
}

/// Whether the page at an offset of a memory file was ever touched or taken, and where what can be said of it ends.
fn committed(memory: BorrowedFd<'_>, at: u64) -> Result<(bool, u64)> {
    use rustix::fs::{SeekFrom, seek};
    let page = PAGE as u64;
    let data = match seek(memory, SeekFrom::Data(at)) {
        Ok(data) => data / page * page,
        Err(Errno::NXIO) => u64::MAX,
        Err(errno) => return Err(failed("query view", errno)),
    };
    if data > at {
        return Ok((false, data));
    }
    let hole = seek(memory, SeekFrom::Hole(at)).map_err(|errno| failed("query view", errno))?;
    Ok((true, hole.next_multiple_of(page)))
}

/// Writes mapped bytes to a file. The kernel copies them, and finds out by itself if they are gone.
pub(crate) fn write_to(bytes: *mut [u8], file: &File, at: u64) -> Result<usize> {
    let file = file.as_fd();
    const OPERATION: &str = "write view to file";
    let range = at..at.saturating_add(bytes.len() as u64);
    match rustix::io::retry_on_intr(|| limits::write_mapped(file, bytes, at)) {
        Err(errno @ Errno::FAULT) => Err(Error::new(Code::SWAPERROR, OPERATION)
            .source(errno)
            .hint("the range lies beyond the end of its file, which was cut off, or could not be read")),
        Err(errno @ Errno::BADF) => Err(Error::new(Code::ACCESS_DENIED, OPERATION)
            .source(errno)
            .hint("the file is not open for writing")),
        written => written.map_err(|errno| commit::no_room(OPERATION, Code::DISK_FULL, file, range, errno)),
    }
}

/// Has the kernel copy bytes within this process: it finds out by itself if they are gone. Says how many it copied, from the
/// first on.
///
/// # Safety
/// `to` may be written, for `len` bytes, by whoever reads it.
#[cfg(any(test, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(crate) unsafe fn copy_within_process(to: *mut u8, from: *const u8, len: usize) -> usize {
    let to = libc::iovec { iov_base: to.cast(), iov_len: len };
    let from = libc::iovec { iov_base: from.cast_mut().cast(), iov_len: len };
    let this = rustix::process::getpid().as_raw_pid();
    // SAFETY: the caller vouches for the target; what is not mapped the kernel finds out.
    let copied = unsafe { libc::process_vm_readv(this, &raw const to, 1, &raw const from, 1, 0) };
    usize::try_from(copied).unwrap_or(0)
}

/// Pages that the kernel cannot get.
fn missing(operation: &'static str, errno: Errno) -> Error {
    Error::new(Code::SWAPERROR, operation)
        .source(errno)
        .hint("part of the view is beyond the end of its file, or could not be read or given memory")
}

fn protection(access: ViewAccess) -> ProtFlags {
    let read = if access.reads() { ProtFlags::READ } else { ProtFlags::empty() };
    let write = if access.writes() { ProtFlags::WRITE } else { ProtFlags::empty() };
    let execute = if access.executes() { ProtFlags::EXEC } else { ProtFlags::empty() };
    read | write | execute
}

/// Where user addresses begin. Root may map below, and a null pointer would no longer be one.
const LOWEST: usize = 1 << 16;

/// Where user addresses end, unless a program asks for more: Linux's memory layouts of x86-64 and aarch64.
const HIGHEST: usize = if cfg!(target_arch = "x86_64") { 0x7FFF_FFFF_F000 } else { 0xFFFF_FFFF_F000 };

fn refused(errno: Errno, access: ViewAccess, base: Option<usize>, len: usize) -> Error {
    match (errno, base) {
        (Errno::NOMEM | Errno::INVAL, Some(base))
            if base.checked_add(len).is_none_or(|end| end > HIGHEST) =>
        {
            Error::new(Code::INVALID_PARAMETER, MAP)
                .source(errno)
                .hint(format!("{base:#x} is above the addresses of programs"))
        }
        (Errno::EXIST, Some(base)) => Error::new(Code::INVALID_ADDRESS, MAP).source(errno).hint(format!(
            "{len} bytes at {base:#x} are not free; without a wished address the system finds one"
        )),
        (Errno::PERM, _) if access.executes() => {
            failed(MAP, errno).hint("the file system that holds the bytes does not allow execution (noexec)")
        }
        (errno, _) => limits::mapping_refused(MAP, errno, len, access.copies()),
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new`, and whoever borrowed from it borrowed the view that owns it.
        let result = unsafe { mm::munmap(self.base.as_ptr(), self.len) };
        // Views side by side are one mapping to the kernel. Of a process that has as many as it may have (vm.max_map_count), it takes none
        // out of the middle: its addresses stay in use.
        debug_assert!(matches!(result, Ok(()) | Err(Errno::NOMEM)), "a mapping of ours is no longer there");
    }
}
