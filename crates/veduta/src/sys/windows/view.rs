//! Mappings: one call each, and what the kernel says of them.

use super::error::{done, failed, last};
use super::native::this_process;
use super::{PAGE, in_page};
use crate::{Advice, Code, Error, Protection, Residency, Result, ViewAccess};
use std::ffi::c_void;
use std::fs::File;
use std::ops::Range;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::path::PathBuf;
use std::ptr::{NonNull, null, without_provenance};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_ADDRESS, ERROR_IO_PENDING, ERROR_MAPPED_ALIGNMENT, ERROR_NOACCESS, ERROR_NOT_LOCKED,
    ERROR_PARTIAL_COPY, ERROR_SWAPERROR, ERROR_WORKING_SET_QUOTA,
};
use windows_sys::Win32::Storage::FileSystem::{FlushFileBuffers, GetFinalPathNameByHandleW, WriteFile};
use windows_sys::Win32::System::Diagnostics::Debug::ReadProcessMemory;
use windows_sys::Win32::System::IO::{GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Memory::{
    FILE_MAP_COPY, FILE_MAP_EXECUTE, FILE_MAP_LARGE_PAGES, FILE_MAP_READ, FILE_MAP_WRITE, FlushViewOfFile,
    MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, MEMORY_BASIC_INFORMATION, MEMORY_MAPPED_VIEW_ADDRESS,
    MapViewOfFileEx, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_NOACCESS,
    PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY, PrefetchVirtualMemory, UnmapViewOfFile, VirtualAlloc,
    VirtualFree, VirtualLock, VirtualProtect, VirtualQuery, VirtualUnlock, WIN32_MEMORY_RANGE_ENTRY,
};
use windows_sys::Win32::System::ProcessStatus::{
    K32GetMappedFileNameW, K32QueryWorkingSetEx, PSAPI_WORKING_SET_EX_INFORMATION,
};
use windows_sys::Win32::System::Threading::CreateEventW;

pub(crate) const MAP: &str = "map view";

/// What offsets in a section, and wished addresses, are multiples of.
const GRANULARITY: usize = 1 << 16;

/// What the pages of a mapping come from, for what is done with them besides mapping.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    /// The user's file.
    pub(crate) file: Option<Arc<OwnedHandle>>,
    /// Whether nothing was promised of the memory.
    pub(crate) reserved: bool,
    /// Whether the section is made of large pages.
    pub(crate) large: bool,
}

/// Whole pages, mapped. Unmapped when dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// What the kernel mapped. Begins where it can, which may be before the pages.
    start: NonNull<c_void>,
    /// Where in that the pages begin.
    lead: usize,
    len: usize,
    access: ViewAccess,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Section(Origin),
    /// Memory of this process's own.
    Private,
}

// SAFETY: a mapping is not tied to a thread; what happens in it is the business of `Memory`.
unsafe impl Send for Mapping {}
// SAFETY: as for `Send`; every call below only reads the address and the length.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps pages from `offset`, at `base` if one is given. The first `mapped` of the `len` bytes have to be asked for.
    pub(crate) fn new(
        section: BorrowedHandle<'_>,
        origin: Origin,
        offset: u64,
        mapped: usize,
        len: usize,
        access: ViewAccess,
        base: Option<usize>,
    ) -> Result<Mapping> {
        in_page::be_ready()?;
        let lead = (offset % GRANULARITY as u64) as usize;
        let offset = offset - lead as u64;
        let wish = base.map_or(0, |base| base.wrapping_sub(lead));
        if !wish.is_multiple_of(GRANULARITY) {
            return Err(Error::new(Code::MAPPED_ALIGNMENT, MAP).hint(format!(
                "on Windows, address and offset must be equally far from a multiple of {GRANULARITY}"
            )));
        }
        if base.is_some() && wish == 0 {
            return Err(
                Error::new(Code::INVALID_ADDRESS, MAP).hint("that is below the addresses that programs get")
            );
        }
        let desired = desired(access) | if origin.large { FILE_MAP_LARGE_PAGES } else { 0 };
        let (high, low) = ((offset >> 32) as u32, offset as u32);
        let wish: *const c_void = without_provenance(wish);
        let section = section.as_raw_handle();
        // SAFETY: the handle is open; the kernel picks the address, or refuses a wished one that is taken.
        let view = unsafe { MapViewOfFileEx(section, desired, high, low, lead + mapped, wish) };
        let Some(start) = NonNull::new(view.Value) else { return Err(refused(last(), base)) };
        if origin.reserved {
            let first = start.addr().get();
            in_page::note_reserved(first, first + lead + len, access);
        }
        Ok(Mapping { start, lead, len, access, source: Source::Section(origin) })
    }

    pub(crate) fn base(&self) -> NonNull<u8> {
        // SAFETY: the pages lie in what is mapped.
        unsafe { self.start.cast::<u8>().add(self.lead) }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The address of pages that lie inside.
    fn at(&self, pages: &Range<usize>) -> *mut c_void {
        debug_assert!(pages.end <= self.len && pages.start.is_multiple_of(PAGE));
        self.base().as_ptr().wrapping_add(pages.start).cast()
    }

    fn file(&self) -> Option<&Arc<OwnedHandle>> {
        if let Source::Section(origin) = &self.source { origin.file.as_ref() } else { None }
    }

    fn is_reserved(&self) -> bool {
        matches!(&self.source, Source::Section(origin) if origin.reserved)
    }

    /// Waits until the pages of a file that were changed are on the device.
    pub(crate) fn flush(&self, pages: Range<usize>) -> Result<()> {
        const OPERATION: &str = "flush view";
        self.start_write_back(pages)?;
        let Some(file) = self.file() else { return Ok(()) };
        // SAFETY: the handle is open.
        match done(unsafe { FlushFileBuffers(file.as_raw_handle()) }) {
            // A file that is not open for writing has nothing of ours to flush.
            Err(code) if code != windows_sys::Win32::Foundation::ERROR_ACCESS_DENIED => {
                Err(failed(OPERATION, code))
            }
            _ => Ok(()),
        }
    }

    /// Hands pages that were changed to the file system.
    pub(crate) fn start_write_back(&self, pages: Range<usize>) -> Result<()> {
        // SAFETY: the pages are mapped.
        done(unsafe { FlushViewOfFile(self.at(&pages), pages.len()) })
            .map_err(|code| failed("start flush of view", code))
    }

    /// Takes the memory of pages that nothing was promised of.
    pub(crate) fn commit(&self, pages: Range<usize>) -> Result<()> {
        if !self.is_reserved() || pages.is_empty() {
            return Ok(());
        }
        let first = self.base().addr().get();
        commit(first + pages.start..first + pages.end, self.access).map_err(|code| {
            Error::new(Code::COMMITMENT_LIMIT, "commit pages of view")
                .source(std::io::Error::from_raw_os_error(code.cast_signed()))
                .hint(super::memory::told(pages.len() as u64))
        })
    }

    /// Whether the page at an offset was ever touched or taken, and up to where that goes on.
    pub(crate) fn committed(&self, at: usize) -> Result<(bool, usize)> {
        if !self.is_reserved() {
            return Ok((true, usize::MAX));
        }
        let (mut end, mut first) = (at, None);
        // Regions that differ in something else stand beside each other.
        while end < self.len {
            let region = query(self.at(&(end..end))).map_err(|code| failed("query view", code))?;
            if *first.get_or_insert(region.State) != region.State {
                break;
            }
            end = region.BaseAddress.addr() + region.RegionSize - self.base().addr().get();
        }
        Ok((first == Some(MEM_COMMIT), end))
    }

    pub(crate) fn advise(&self, pages: Range<usize>, advice: Advice) -> Result<()> {
        const OPERATION: &str = "advise on view";
        match advice {
            Advice::Normal => Ok(()),
            Advice::WillNeed => self.prefetch(&pages).map_err(|code| failed(OPERATION, code)),
            Advice::PopulateRead => self.touch(&pages, OPERATION, |_| ()),
            // In a page of everybody's it must not undo what others write just now.
            Advice::PopulateWrite => self.touch(&pages, OPERATION, |byte| {
                byte.fetch_or(0, Ordering::Relaxed);
            }),
            Advice::Cold => self.trim(&pages).map_err(|code| failed(OPERATION, code)),
            Advice::PageOut => {
                self.start_write_back(pages.clone())?;
                self.trim(&pages).map_err(|code| failed(OPERATION, code))
            }
            Advice::Sequential | Advice::Random | Advice::LargePages => {
                Err(Error::new(Code::NOT_SUPPORTED, OPERATION).hint("Windows takes no such advice on views"))
            }
        }
    }

    fn prefetch(&self, pages: &Range<usize>) -> Result<(), u32> {
        let range = WIN32_MEMORY_RANGE_ENTRY { VirtualAddress: self.at(pages), NumberOfBytes: pages.len() };
        // SAFETY: the pages are mapped, and the range is one.
        done(unsafe { PrefetchVirtualMemory(this_process(), 1, &raw const range, 0) })
    }

    /// Has every page be there, and then does something with its first byte.
    fn touch(&self, pages: &Range<usize>, operation: &'static str, then: impl Fn(&AtomicU8)) -> Result<()> {
        // It only makes the rest quicker.
        let _ = self.prefetch(pages);
        for page in pages.clone().step_by(PAGE) {
            let at = self.base().as_ptr().wrapping_add(page);
            let mut byte = 0_u8;
            // SAFETY: the byte is ours; the kernel finds out whether the other is there.
            if unsafe { copy_within_process(&raw mut byte, at, 1) } == 0 {
                // A reserved page is not there before it is taken.
                self.commit(page..page + PAGE)?;
                // SAFETY: as above.
                if unsafe { copy_within_process(&raw mut byte, at, 1) } == 0 {
                    return Err(missing(operation, last()));
                }
            }
            // SAFETY: it is mapped, for what `then` does: the caller has checked that.
            then(unsafe { AtomicU8::from_ptr(at) });
        }
        Ok(())
    }

    /// Takes pages out of this process's working set: to unlock what is not locked does that.
    fn trim(&self, pages: &Range<usize>) -> Result<(), u32> {
        match self.unlocked(pages) {
            Err(ERROR_NOT_LOCKED) => Ok(()),
            result => result,
        }
    }

    fn unlocked(&self, pages: &Range<usize>) -> Result<(), u32> {
        // SAFETY: the pages are mapped.
        done(unsafe { VirtualUnlock(self.at(pages), pages.len()) })
    }

    pub(crate) fn lock(&self, pages: Range<usize>) -> Result<()> {
        const OPERATION: &str = "lock view in memory";
        // The system touches them itself, which no exception tells.
        self.commit(pages.clone())?;
        // SAFETY: the pages are mapped.
        done(unsafe { VirtualLock(self.at(&pages), pages.len()) }).map_err(|code| match code {
            ERROR_WORKING_SET_QUOTA => failed(OPERATION, code).hint(
                "a process may lock less than its minimum working set: SetProcessWorkingSetSize raises that",
            ),
            ERROR_NOACCESS | ERROR_SWAPERROR => missing(OPERATION, code),
            code => failed(OPERATION, code),
        })
    }

    pub(crate) fn unlock(&self, pages: Range<usize>) -> Result<()> {
        self.unlocked(&pages).map_err(|code| failed("unlock view", code))
    }

    /// Changes what may be done. The caller has checked that the view allows it, and that nobody borrows its bytes.
    pub(crate) fn protect(&self, pages: Range<usize>, access: ViewAccess) -> Result<()> {
        // Pages without memory have no protection.
        self.commit(pages.clone())?;
        reprotect(self.at(&pages), pages.len(), access).map_err(|code| failed("protect view", code))
    }

    /// Where each page is: whether this process has it in its working set. What others, or the system's cache, have of it Windows does not tell.
    pub(crate) fn residency(&self, pages: Range<usize>) -> Result<Vec<Residency>> {
        let mut states: Vec<_> = pages
            .clone()
            .step_by(PAGE)
            .map(|page| PSAPI_WORKING_SET_EX_INFORMATION {
                VirtualAddress: self.base().as_ptr().wrapping_add(page).cast(),
                ..PSAPI_WORKING_SET_EX_INFORMATION::default()
            })
            .collect();
        let bytes = size_of_val(&*states) as u32;
        // SAFETY: as many questions as is said, which become answers.
        done(unsafe { K32QueryWorkingSetEx(this_process(), states.as_mut_ptr().cast(), bytes) })
            .map_err(|code| failed("ask for residency of view", code))?;
        Ok(states
            .iter()
            // SAFETY: any number will do; bit 0 says that the page is valid.
            .map(|state| match unsafe { state.VirtualAttributes.Flags } & 1 {
                1 => Residency::Resident,
                _ => Residency::Absent,
            })
            .collect())
    }

    /// Which pages are private copies by now.
    pub(crate) fn copied(&self, pages: Range<usize>) -> Result<Vec<bool>> {
        let mut copied = Vec::with_capacity(pages.len() / PAGE);
        let mut at = pages.start;
        while at < pages.end {
            let region = query(self.at(&(at..at))).map_err(|code| failed("query view", code))?;
            let end = region.BaseAddress.addr() + region.RegionSize - self.base().addr().get();
            let is_copy = matches!(region.Protect & 0xFF, PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
            let end = end.min(pages.end);
            copied.resize((end - pages.start) / PAGE, is_copy);
            at = end;
        }
        Ok(copied)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let start = self.start.as_ptr();
        let status = match &self.source {
            Source::Section(origin) => {
                if origin.reserved {
                    in_page::forget_reserved(start.addr());
                }
                // SAFETY: it was mapped by `new`, and whoever borrowed from it borrowed the view that owns it.
                unsafe { UnmapViewOfFile(MEMORY_MAPPED_VIEW_ADDRESS { Value: start }) }
            }
            // SAFETY: it was allocated by `private_copy`, and the same is true.
            Source::Private => unsafe { VirtualFree(start, 0, MEM_RELEASE) },
        };
        debug_assert!(status != 0, "a mapping of ours is no longer there");
    }
}

/// The access mask of `MapViewOfFile`.
fn desired(access: ViewAccess) -> u32 {
    let base = match access {
        ViewAccess::NoAccess => 0,
        ViewAccess::Read | ViewAccess::ExecuteRead => FILE_MAP_READ,
        ViewAccess::Write | ViewAccess::ExecuteWrite => FILE_MAP_WRITE,
        ViewAccess::Copy | ViewAccess::ExecuteCopy => FILE_MAP_COPY,
    };
    if access.executes() { base | FILE_MAP_EXECUTE } else { base }
}

fn refused(code: u32, base: Option<usize>) -> Error {
    let error = failed(MAP, code);
    match (code, base) {
        (ERROR_INVALID_ADDRESS, Some(base)) => {
            error.hint(format!("{base:#x} is not free; without a wished address the system finds one"))
        }
        (ERROR_MAPPED_ALIGNMENT, _) => {
            error.hint(format!("addresses and offsets are multiples of {GRANULARITY} on Windows"))
        }
        _ => error,
    }
}

/// Pages that the kernel cannot get.
fn missing(operation: &'static str, code: u32) -> Error {
    Error::new(Code::SWAPERROR, operation)
        .source(std::io::Error::from_raw_os_error(code.cast_signed()))
        .hint("part of the view is beyond the end of its file, or could not be read or given memory")
}

/// What the kernel says of the pages from an address on.
fn query(address: *const c_void) -> Result<MEMORY_BASIC_INFORMATION, u32> {
    let mut region = MEMORY_BASIC_INFORMATION::default();
    // SAFETY: any address may be asked for, and the structure is ours.
    let bytes = unsafe { VirtualQuery(address, &raw mut region, size_of_val(&region)) };
    if bytes == 0 { Err(last()) } else { Ok(region) }
}

fn reprotect(at: *const c_void, bytes: usize, access: ViewAccess) -> Result<(), u32> {
    let mut before = 0;
    // SAFETY: the caller vouches for the pages: they are mapped, and nobody borrows their bytes.
    done(unsafe { VirtualProtect(at, bytes, access.page_constant(), &raw mut before) })
}

/// Pages for copying come in two steps: who touches one meanwhile waits.
static COMING: Mutex<()> = Mutex::new(());

/// Commits those pages of a view that are not, and leaves the others as they are.
pub(crate) fn commit(addresses: Range<usize>, access: ViewAccess) -> Result<(), u32> {
    let _alone = COMING.lock().unwrap_or_else(PoisonError::into_inner);
    commit_alone(addresses, access)
}

fn commit_alone(addresses: Range<usize>, access: ViewAccess) -> Result<(), u32> {
    // Windows commits no pages that are copied when they are written: these become so afterwards.
    let first = match access {
        ViewAccess::Copy => ViewAccess::Read,
        ViewAccess::ExecuteCopy => ViewAccess::ExecuteRead,
        access => access,
    };
    let mut at = addresses.start / PAGE * PAGE;
    while at < addresses.end {
        let run: *const c_void = without_provenance(at);
        let region = query(run)?;
        let end = (region.BaseAddress.addr() + region.RegionSize).min(addresses.end.next_multiple_of(PAGE));
        if region.State == MEM_RESERVE {
            // SAFETY: the pages are those of a view of ours, and have no bytes yet.
            if unsafe { VirtualAlloc(run, end - at, MEM_COMMIT, first.page_constant()) }.is_null() {
                return Err(last());
            }
            if first != access {
                reprotect(run, end - at, access)?;
            }
        }
        at = end;
    }
    Ok(())
}

/// Has a page of a view be committed that an instruction touched. Says whether the instruction may succeed now: it may be that another thread
/// touched the page, too, and was faster.
pub(crate) fn come(address: usize, operation: usize, access: ViewAccess) -> bool {
    const READ: usize = 0;
    const WRITE: usize = 1;
    let _alone = COMING.lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(region) = query(without_provenance(address)) else { return false };
    if region.State == MEM_RESERVE {
        return access.reads() && commit_alone(address..address + 1, access).is_ok();
    }
    let allowed = match region.Protect {
        PAGE_NOACCESS => false,
        PAGE_READONLY | PAGE_EXECUTE_READ if operation == WRITE => false,
        PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY => operation == READ || operation == WRITE,
        PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY => true,
        _ => false,
    };
    region.State == MEM_COMMIT && allowed
}

/// A view of the first bytes of a section, for a moment.
struct Glance(MEMORY_MAPPED_VIEW_ADDRESS);

impl Glance {
    /// Of all if `bytes` is 0.
    fn take(section: BorrowedHandle<'_>, desired: u32, bytes: usize) -> Result<Glance, u32> {
        // SAFETY: the handle is open, and the kernel picks the address.
        let view = unsafe { MapViewOfFileEx(section.as_raw_handle(), desired, 0, 0, bytes, null()) };
        if view.Value.is_null() { Err(last()) } else { Ok(Glance(view)) }
    }
}

impl Drop for Glance {
    fn drop(&mut self) {
        // SAFETY: it was just mapped, and nobody else knows of it.
        let status = unsafe { UnmapViewOfFile(self.0) };
        debug_assert!(status != 0, "a mapping of ours is no longer there");
    }
}

/// The attributes and the size of a section that may only be mapped, and not asked about.
pub(crate) fn measure(section: BorrowedHandle<'_>) -> Result<(u32, u64), u32> {
    use windows_sys::Win32::System::Memory::{SEC_COMMIT, SEC_FILE, SEC_RESERVE};
    let view = [FILE_MAP_READ, FILE_MAP_WRITE]
        .into_iter()
        .map(|desired| Glance::take(section, desired, 0))
        .reduce(Result::or)
        .unwrap_or_else(|| unreachable!("there are two"))?;
    let (mut attributes, mut size) = (SEC_COMMIT, 0);
    loop {
        let region = query(view.0.Value.wrapping_byte_add(size).cast_const())?;
        if region.AllocationBase != view.0.Value {
            break;
        }
        if region.State == MEM_RESERVE {
            attributes = SEC_RESERVE;
        }
        size += region.RegionSize;
    }
    // Of a file's last page nobody says how much belongs to it.
    if path_of_view(&view).is_some() {
        attributes = SEC_FILE;
    }
    Ok((attributes, size as u64))
}

/// The most that views by this handle may do, of a section that another program made: that program's protection, or less if the handle has
/// not got the rights to find out.
pub(crate) fn protection_of(section: BorrowedHandle<'_>, size: u64) -> Protection {
    let bytes = size.min(PAGE as u64) as usize;
    let may = |access| Glance::take(section, desired(access), bytes).is_ok();
    match (may(ViewAccess::Write), may(ViewAccess::ExecuteRead)) {
        (true, true) => Protection::ExecuteReadWrite,
        (true, false) => Protection::ReadWrite,
        (false, true) => Protection::ExecuteRead,
        (false, false) => Protection::ReadOnly,
    }
}

/// The file that a section is made of, by its path in the kernel; `None` if it is made of memory.
pub(crate) fn path_of_section(section: BorrowedHandle<'_>) -> Option<PathBuf> {
    path_of_view(&Glance::take(section, FILE_MAP_READ, 1).ok()?)
}

fn path_of_view(view: &Glance) -> Option<PathBuf> {
    let mut path = vec![0_u16; 32 << 10];
    let room = path.len() as u32;
    // SAFETY: the view is mapped, and the buffer is as long as is said.
    let units = unsafe { K32GetMappedFileNameW(this_process(), view.0.Value, path.as_mut_ptr(), room) };
    path.truncate(units as usize);
    (units > 0).then(|| String::from_utf16_lossy(&path).into())
}

/// The path of an open file as it is now.
pub(crate) fn path_of_file(file: BorrowedHandle<'_>) -> Option<PathBuf> {
    let mut path = vec![0_u16; 32 << 10];
    let room = path.len() as u32;
    // SAFETY: the handle is open, and the buffer is as long as is said.
    let units = unsafe { GetFinalPathNameByHandleW(file.as_raw_handle(), path.as_mut_ptr(), room, 0) };
    path.truncate(units as usize);
    let path = String::from_utf16_lossy(&path);
    let short = path.strip_prefix(r"\\?\").filter(|short| !short.starts_with("UNC")).unwrap_or(&path);
    (units > 0).then(|| short.into())
}

/// Makes a copy of mapped bytes that is this process's own. The kernel copies, and finds out by itself if bytes are gone.
pub(crate) fn private_copy(bytes: *mut [u8]) -> Result<Mapping> {
    const OPERATION: &str = "make view private";
    let len = bytes.len().next_multiple_of(PAGE);
    let first = bytes.cast::<u8>().addr();
    in_page::commit_reserved(first..first + bytes.len());
    // SAFETY: new memory, where the kernel likes it.
    let start = unsafe { VirtualAlloc(null(), len, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE) };
    let start = NonNull::new(start).ok_or_else(|| {
        Error::new(Code::COMMITMENT_LIMIT, OPERATION)
            .source(std::io::Error::last_os_error())
            .hint(super::memory::told(len as u64))
    })?;
    let copy = Mapping { start, lead: 0, len, access: ViewAccess::Write, source: Source::Private };
    let mut done = 0;
    while done < bytes.len() {
        let (to, from) = (copy.base().as_ptr().wrapping_add(done), bytes.cast::<u8>().wrapping_add(done));
        // SAFETY: the target is as long, and nobody else's.
        match unsafe { copy_within_process(to, from, bytes.len() - done) } {
            0 => return Err(missing(OPERATION, last()).offset(done as u64)),
            copied => done += copied,
        }
    }
    Ok(copy)
}

/// Writes mapped bytes to a file. The kernel copies them, and finds out by itself if they are gone.
pub(crate) fn write_to(bytes: *mut [u8], file: &File, at: u64) -> Result<usize> {
    const OPERATION: &str = "write view to file";
    /// What one call takes, and a multiple of every sector's size.
    const MOST: usize = 1 << 30;
    in_page::commit_reserved(bytes.cast::<u8>().addr()..bytes.cast::<u8>().addr() + bytes.len());
    // A file that was opened for overlapped operations answers before it has written.
    // SAFETY: takes nothing but numbers.
    let event = unsafe { CreateEventW(null(), 1, 0, null()) };
    if event.is_null() {
        return Err(failed(OPERATION, last()));
    }
    // SAFETY: it was just made, and nobody else has it.
    let event = unsafe { OwnedHandle::from_raw_handle(event) };
    let mut place = OVERLAPPED { hEvent: event.as_raw_handle(), ..OVERLAPPED::default() };
    place.Anonymous.Anonymous.Offset = at as u32;
    place.Anonymous.Anonymous.OffsetHigh = (at >> 32) as u32;
    let mut written = 0;
    let (from, len) = (bytes.cast::<u8>(), bytes.len().min(MOST) as u32);
    let file = file.as_raw_handle();
    // SAFETY: the handle is open; the range is mapped, and what is not there the kernel finds out.
    let status = unsafe { WriteFile(file, from, len, &raw mut written, &raw mut place) };
    let result = match done(status) {
        Err(ERROR_IO_PENDING) => {
            // SAFETY: the structure is that of the call, and stays until it is over.
            done(unsafe { GetOverlappedResult(file, &raw const place, &raw mut written, 1) })
        }
        result => result,
    };
    result.map_err(|code| match code {
        ERROR_NOACCESS | ERROR_SWAPERROR => missing(OPERATION, code),
        code => failed(OPERATION, code),
    })?;
    Ok(written as usize)
}

/// Has the kernel copy bytes within this process: it finds out by itself if they are gone. Says how many it copied, from the
/// first on.
///
/// # Safety
/// `to` may be written, for `len` bytes, by whoever reads it.
pub(crate) unsafe fn copy_within_process(to: *mut u8, from: *const u8, len: usize) -> usize {
    let copy = |len: usize| {
        let mut copied = 0;
        // SAFETY: the caller vouches for the target; what is not mapped the kernel finds out.
        let status =
            unsafe { ReadProcessMemory(this_process(), from.cast(), to.cast(), len, &raw mut copied) };
        if status != 0 || last() == ERROR_PARTIAL_COPY { copied } else { 0 }
    };
    match copy(len) {
        // Some systems copy nothing if they cannot copy all: up to the end of the page it may still be possible.
        0 if len > 1 => copy(len.min(PAGE - from.addr() % PAGE)),
        copied => copied,
    }
}
