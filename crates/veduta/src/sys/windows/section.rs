//! Sections: the kernel's handles, and what is known of what they lead to.
//!
//! A handle to a mutex, an event, a semaphore or a timer is one of these too, without bytes.

use super::PAGE;
use super::directory;
use super::error::{done, failed, last, succeeded};
use super::memory;
use super::native::{
    NtQueryObject, NtQuerySection, OBJECT_BASIC_INFORMATION, OBJECT_NAME_INFORMATION,
    OBJECT_TYPE_INFORMATION, ObjectBasicInformation, SECTION_BASIC_INFORMATION, SectionBasicInformation,
    this_process,
};
use super::security::{self, Descriptor, Stated, TO_KNOW};
use super::view::{Mapping, Origin};
use crate::section::NewSection;
use crate::{
    Code, Commit, Error, Kind, ObjectName, Pages, Protection, Result, SectionAccess, SyncAccess, ViewAccess,
};
use std::fs::File;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::path::PathBuf;
use std::ptr::{null, null_mut};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    DUPLICATE_SAME_ACCESS, DuplicateHandle, ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS,
    ERROR_NOT_ENOUGH_MEMORY, GetHandleInformation, HANDLE, HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE,
    SetHandleInformation, SetLastError, UNICODE_STRING,
};
use windows_sys::Win32::System::Memory::{
    CreateFileMappingNumaW, SEC_COMMIT, SEC_FILE, SEC_IMAGE, SEC_LARGE_PAGES, SEC_RESERVE,
};
use windows_sys::Win32::System::SystemServices::NUMA_NO_PREFERRED_NODE;

use directory::Place;
pub(crate) use directory::place;

const CREATE: &str = "create section";
const DUPLICATE: &str = "duplicate handle";
const ADOPT: &str = "adopt handle";
const INHERIT: &str = "inherit handle";

/// What a handle knows of its object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) detail: u32,
    pub(crate) size: u64,
    pub(crate) protection: Protection,
    pub(crate) access: SectionAccess,
    /// The rights of a handle to a mutex, event, semaphore or timer.
    pub(crate) sync_access: SyncAccess,
    /// `SEC_` attributes, as the kernel tells them.
    attributes: u32,
}

impl Facts {
    /// What is known of an object that is not a section: its rights, and whatever else its maker wrote down.
    pub(crate) fn of_sync(kind: Kind, detail: u32, sync_access: SyncAccess) -> Facts {
        Facts {
            kind,
            detail,
            size: PAGE as u64,
            protection: Protection::ReadWrite,
            access: SectionAccess::empty(),
            sync_access,
            attributes: 0,
        }
    }

    /// The size of the pages that views are made of.
    pub(crate) fn page(&self) -> u64 {
        if self.attributes & SEC_LARGE_PAGES != 0 { memory::large_page() } else { PAGE as u64 }
    }
}

/// A handle.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) handle: OwnedHandle,
    pub(crate) facts: Facts,
    /// The file that this process made it of; who opened it has none.
    file: Option<Arc<OwnedHandle>>,
}

/// Opens a section by name; `None` when there is none.
pub(crate) fn open(
    place: Place,
    _: &ObjectName,
    kind: Kind,
    access: SectionAccess,
) -> Result<Option<Section>> {
    let Some(handle) = place.open_to_know(kind, access.bits())? else { return Ok(None) };
    Section::of(handle, kind, access, SyncAccess::empty()).map(Some)
}

/// Makes a section without a name.
pub(crate) fn create_unnamed(new: &NewSection<'_>) -> Result<Section> {
    let (section, _) = create(new, None)?;
    Ok(section)
}

/// Makes a section and gives it a name; `None` when the name is taken.
pub(crate) fn create_named(new: &NewSection<'_>, place: &Place, _: &ObjectName) -> Result<Option<Section>> {
    let (section, existed) = create(new, Some(place))?;
    Ok((!existed).then_some(section))
}

/// Makes a section, and says whether it was there already.
fn create(new: &NewSection<'_>, place: Option<&Place>) -> Result<(Section, bool)> {
    let mut facts = Facts {
        kind: new.kind,
        detail: new.detail,
        size: new.size,
        protection: new.protection,
        access: new.protection.handle_access(),
        sync_access: SyncAccess::empty(),
        attributes: attributes(new)?,
    };
    let handle = match new.file {
        Some(file) => {
            let length = check_file(new, file)?;
            facts.size = if new.size == 0 { length } else { new.size };
            file.as_raw_handle()
        }
        None => INVALID_HANDLE_VALUE,
    };
    let descriptor = Descriptor::new(Kind::Section, new.mode, &facts)?;
    let security = descriptor.attributes();
    let flags = new.protection.page_constant() | facts.attributes;
    let node = new.numa_node.unwrap_or(NUMA_NO_PREFERRED_NODE);
    let name = place.map_or(null(), |place| place.wide().as_ptr());
    // Never 0 for the length of the file, which may change by now.
    let (high, low) = ((facts.size >> 32) as u32, facts.size as u32);
    // It is left alone by some of the ways to succeed.
    // SAFETY: writes a number of this thread's.
    unsafe { SetLastError(0) };
    // SAFETY: the file is open or there is none, the descriptor lives, the name is absent or ends with a NUL.
    let made = unsafe { CreateFileMappingNumaW(handle, &raw const security, flags, high, low, name, node) };
    let code = last();
    if made.is_null() {
        return Err(refused(new, place, code));
    }
    // SAFETY: it was just made, and nobody else has it.
    let made = unsafe { OwnedHandle::from_raw_handle(made) };
    let file = match new.file {
        // Views flush through it.
        Some(file) => Some(Arc::new(file.try_clone().map_err(io(CREATE))?.into())),
        None => None,
    };
    Ok((Section { handle: made, facts, file }, code == ERROR_ALREADY_EXISTS))
}

fn io(operation: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |error| failed(operation, error.raw_os_error().map_or_else(last, i32::cast_unsigned))
}

/// The `SEC_` attributes of a new section.
fn attributes(new: &NewSection<'_>) -> Result<u32> {
    let refuse = |code, hint: String| Err(Error::new(code, CREATE).hint(hint));
    if new.file.is_some() {
        return match (new.pages, new.numa_node) {
            (Pages::Normal, None) => Ok(0),
            (Pages::Normal, Some(_)) => refuse(
                Code::NOT_SUPPORTED,
                "the pages of a file are placed by the kernel; leave the NUMA node out".to_owned(),
            ),
            _ => refuse(Code::INVALID_PARAMETER, "large pages are for sections without a file".to_owned()),
        };
    }
    if let Some(node) = new.numa_node {
        memory::check_node(node, CREATE)?;
    }
    let commit = if new.commit == Commit::Reserve { SEC_RESERVE } else { SEC_COMMIT };
    let page = match new.pages {
        Pages::Normal => return Ok(commit),
        Pages::Transparent => {
            return refuse(
                Code::NOT_SUPPORTED,
                "Windows does not join pages by itself; ask for large ones, or leave it to normal ones"
                    .to_owned(),
            );
        }
        Pages::Huge => memory::large_page(),
        Pages::HugeOf(page) => page,
    };
    let large = memory::large_page();
    if large == 0 || page != large {
        return refuse(
            Code::NOT_SUPPORTED,
            format!("this machine has large pages of {large} bytes (0: none), not of {page}"),
        );
    }
    if !new.size.is_multiple_of(page) {
        return refuse(
            Code::INVALID_PARAMETER,
            format!("the size must be a multiple of the large page size, {page} bytes"),
        );
    }
    if new.commit == Commit::Reserve {
        return refuse(
            Code::INVALID_PARAMETER,
            "large pages are taken at once: they cannot be reserved".to_owned(),
        );
    }
    memory::allow_large_pages(CREATE)?;
    Ok(SEC_COMMIT | SEC_LARGE_PAGES)
}

/// Checks what Windows would say less clearly; gives the length of the file.
fn check_file(new: &NewSection<'_>, file: &File) -> Result<u64> {
    let metadata = file.metadata().map_err(io(CREATE))?;
    if metadata.is_dir() {
        return Err(Error::new(Code::BAD_EXE_FORMAT, CREATE).hint("a section cannot be made of a directory"));
    }
    let length = metadata.len();
    if length >= new.size || new.protection.writes_shared() {
        return Ok(length);
    }
    Err(Error::new(Code::NOT_ENOUGH_MEMORY, CREATE).hint(format!(
        "the file has {length} bytes, the section {}: only a section that writes makes its file longer",
        new.size
    )))
}

fn refused(new: &NewSection<'_>, place: Option<&Place>, code: u32) -> Error {
    let error = failed(CREATE, code);
    if let (Code::INVALID_HANDLE, Some(place)) = (error.code(), place) {
        return place.other_kind(CREATE);
    }
    match (error.code(), new.file) {
        (Code::FILE_INVALID, _) => error.hint("give a size, or write something to the file first"),
        (Code::ACCESS_DENIED, Some(_)) => {
            error.hint("the file must be open for reading, and for writing too if views are to write to it")
        }
        (Code::ACCESS_DENIED, None) => error.hint(
            "the name belongs to an object that this user may not open, or a Global name takes SeCreateGlobalPrivilege",
        ),
        // Windows says so of memory that cannot be promised; Wine, and some files, by another number.
        (Code::COMMITMENT_LIMIT, _) => error.hint(memory::told(new.size)),
        (_, None) if code == ERROR_NOT_ENOUGH_MEMORY => {
            Error::new(Code::COMMITMENT_LIMIT, CREATE).hint(memory::told(new.size))
        }
        (_, Some(_)) if code == ERROR_NOT_ENOUGH_MEMORY && new.protection.writes_shared() => {
            Error::new(Code::DISK_FULL, CREATE).hint(format!("the file cannot have {} bytes", new.size))
        }
        _ => error,
    }
}

impl Section {
    /// A handle to an object of a kind, and what can be known of it.
    pub(crate) fn of(
        handle: OwnedHandle,
        kind: Kind,
        access: SectionAccess,
        sync_access: SyncAccess,
    ) -> Result<Section> {
        let stated = security::stated(handle.as_handle());
        let facts = match kind {
            Kind::Section => facts_of(handle.as_handle(), stated, access)?,
            kind => Facts::of_sync(kind, stated.map_or(0, |stated| stated.detail), sync_access),
        };
        Ok(Section { handle, facts, file: None })
    }

    /// A handle of which nothing is known but its number: whoever made it.
    pub(crate) fn adopt(handle: OwnedHandle) -> Result<(Section, Option<ObjectName>)> {
        let kind = kind_of(handle.as_handle()).ok_or_else(|| {
            Error::new(Code::INVALID_HANDLE, ADOPT)
                .hint("it is a handle to something else than a section, mutex, event, semaphore or timer")
        })?;
        // SAFETY: the handle is open.
        done(unsafe { SetHandleInformation(handle.as_raw_handle(), HANDLE_FLAG_INHERIT, 0) })
            .map_err(|code| failed(ADOPT, code))?;
        let granted = basic_of(handle.as_handle()).map_err(|code| failed(ADOPT, code))?.access;
        let access = SectionAccess::from_bits_truncate(granted);
        let section = Section::of(handle, kind, access, SyncAccess::from_bits_truncate(granted))?;
        let name = path_of(section.handle.as_handle()).and_then(|path| directory::name_of_path(&path));
        Ok((section, name))
    }

    /// Whether children inherit it.
    pub(crate) fn is_inheritable(&self) -> bool {
        let mut flags = 0;
        // SAFETY: the handle is open, and the flags are a variable of ours.
        let status = unsafe { GetHandleInformation(self.handle.as_raw_handle(), &raw mut flags) };
        done(status).is_ok() && flags & HANDLE_FLAG_INHERIT != 0
    }

    /// Lets child processes inherit the handle.
    pub(crate) fn make_inheritable(&mut self) -> Result<()> {
        let handle = self.handle.as_raw_handle();
        // SAFETY: the handle is open.
        done(unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) })
            .map_err(|code| failed("give handle away", code))
    }

    /// The handle's number.
    pub(crate) fn numbers(&self) -> String {
        self.handle.as_raw_handle().addr().to_string()
    }

    /// Adopts what a parent left to this process.
    ///
    /// # Safety
    /// Nothing else in the process owns the handle of that number.
    pub(crate) unsafe fn from_numbers(numbers: &str) -> Result<(Section, Option<ObjectName>)> {
        let number: usize = numbers.parse().ok().filter(|&number| number != 0).ok_or_else(|| {
            Error::new(Code::INVALID_HANDLE, INHERIT)
                .hint(format!("\"{}\" is not the number of a handle", numbers.escape_debug()))
        })?;
        let handle: HANDLE = std::ptr::without_provenance_mut(number);
        let mut flags = 0;
        // SAFETY: only asks whether it is open.
        done(unsafe { GetHandleInformation(handle, &raw mut flags) }).map_err(|code| {
            failed(INHERIT, code).hint(format!(
                "{number} is not open here: the handle was not inheritable, or was not inherited"
            ))
        })?;
        // SAFETY: the caller says that nothing else owns it, and it was just found open.
        Section::adopt(unsafe { OwnedHandle::from_raw_handle(handle) })
    }

    /// A handle to the same object in another process, by its number there.
    pub(crate) fn duplicate_into(&self, process: BorrowedHandle<'_>) -> Result<String> {
        let mut copy: HANDLE = null_mut();
        let (from, to) = (self.handle.as_raw_handle(), process.as_raw_handle());
        // SAFETY: both handles are open, and the number is written to a variable of ours.
        done(unsafe {
            DuplicateHandle(this_process(), from, to, &raw mut copy, 0, 0, DUPLICATE_SAME_ACCESS)
        })
        .map_err(|code| failed(DUPLICATE, code))?;
        Ok(copy.addr().to_string())
    }

    /// Another handle of this process, with other rights.
    pub(crate) fn duplicate_handle(&self, desired: u32) -> Result<OwnedHandle> {
        duplicate(self.handle.as_handle(), Some(desired)).map_err(|code| failed(DUPLICATE, code))
    }

    /// Another handle to the same section.
    pub(crate) fn duplicate(&self, access: SectionAccess) -> Result<Section> {
        let granted = basic_of(self.handle.as_handle()).map_err(|code| failed(DUPLICATE, code))?.access;
        let more = granted & TO_KNOW;
        let handle = self.duplicate_handle(access.bits() | more)?;
        Ok(Section { handle, facts: Facts { access, ..self.facts }, file: self.file.clone() })
    }

    /// Whether it is made of a file of the user's.
    pub(crate) fn is_of_file(&self) -> bool {
        self.facts.attributes & (SEC_COMMIT | SEC_RESERVE) == 0
    }

    /// Maps whole pages, counted from the beginning of the section.
    pub(crate) fn map(
        &self,
        offset: u64,
        len: usize,
        access: ViewAccess,
        base: Option<usize>,
    ) -> Result<Mapping> {
        let origin = Origin {
            file: self.file.clone(),
            reserved: self.facts.attributes & SEC_RESERVE != 0,
            large: self.facts.attributes & SEC_LARGE_PAGES != 0,
        };
        // A view of a file ends where the section ends; the kernel maps the rest of its last page.
        let most = if self.is_of_file() { self.facts.size - offset } else { u64::MAX };
        let (handle, mapped) = (self.handle.as_handle(), most.min(len as u64) as usize);
        match Mapping::new(handle, origin, offset, mapped, len, access, base) {
            // Windows tells openers nothing of a protection that another program gave.
            Err(error) if error.code() == Code::ACCESS_DENIED => {
                Err(error.hint(format!("the section does not allow {access:?} views to this handle")))
            }
            result => result,
        }
    }

    /// Makes the bytes unchangeable for everybody.
    pub(crate) fn seal(&self) -> Result<()> {
        Err(Error::new(Code::NOT_SUPPORTED, "seal section").hint(
            "Windows has no sections that nobody can write to any more; give others handles that can only read",
        ))
    }

    /// Whether the bytes can no longer change.
    pub(crate) fn is_sealed(&self) -> bool {
        false
    }

    /// The path of the file, where this process made the section of it.
    pub(crate) fn file_path(&self) -> Option<PathBuf> {
        super::view::path_of_file(self.file.as_ref()?.as_handle())
    }
}

/// Another handle of this process to the same object; with the same rights unless others are said.
pub(crate) fn duplicate(handle: BorrowedHandle<'_>, desired: Option<u32>) -> Result<OwnedHandle, u32> {
    let mut copy: HANDLE = null_mut();
    let (access, options) = desired.map_or((0, DUPLICATE_SAME_ACCESS), |desired| (desired, 0));
    let from = handle.as_raw_handle();
    let this = this_process();
    // SAFETY: the handle is open, and the number is written to a variable of ours.
    done(unsafe { DuplicateHandle(this, from, this, &raw mut copy, access, 0, options) })?;
    // SAFETY: it was just made, and nobody else has it.
    Ok(unsafe { OwnedHandle::from_raw_handle(copy) })
}

/// What a handle's section is, by what the kernel says and by what its maker stated.
fn facts_of(handle: BorrowedHandle<'_>, stated: Option<Stated>, access: SectionAccess) -> Result<Facts> {
    const OPERATION: &str = Kind::Section.opening();
    let (attributes, size) = match basic_of_section(handle) {
        Ok(basic) => (basic.attributes, basic.size.cast_unsigned()),
        // A handle that may not ask still may map.
        Err(ERROR_ACCESS_DENIED) => super::view::measure(handle).map_err(|code| failed(OPERATION, code))?,
        Err(code) => return Err(failed(OPERATION, code)),
    };
    if attributes & SEC_IMAGE != 0 {
        return Err(Error::new(Code::NOT_SUPPORTED, OPERATION)
            .hint("it is the image of a program, whose pages have protections of their own"));
    }
    let facts = Facts {
        kind: Kind::Section,
        detail: if attributes & SEC_RESERVE != 0 { Commit::Reserve } else { Commit::Checked }.to_raw(),
        size,
        protection: Protection::ReadOnly,
        access,
        sync_access: SyncAccess::empty(),
        attributes,
    };
    let Some(stated) = stated else {
        return Ok(Facts { protection: super::view::protection_of(handle, size), ..facts });
    };
    let rounded = |size: u64| size.checked_next_multiple_of(PAGE as u64);
    // Somebody may have extended a section of a file.
    let is_possible = match attributes & SEC_FILE {
        0 => rounded(stated.size) == rounded(size),
        _ => stated.size <= size,
    };
    if !is_possible {
        return Err(Error::new(Code::INVALID_DATA, OPERATION).hint(format!(
            "its maker states {} bytes, and it has {size}: its description was changed",
            stated.size
        )));
    }
    Ok(Facts { detail: stated.detail, size: stated.size, protection: stated.protection, ..facts })
}

fn basic_of_section(handle: BorrowedHandle<'_>) -> Result<SectionBasicInformation, u32> {
    let mut basic = SectionBasicInformation::default();
    let (to, bytes) = ((&raw mut basic).cast(), size_of::<SectionBasicInformation>());
    // SAFETY: the handle is open, and the structure is ours and as long as is said.
    let status =
        unsafe { NtQuerySection(handle.as_raw_handle(), SECTION_BASIC_INFORMATION, to, bytes, null_mut()) };
    succeeded(status).map(|()| basic)
}

/// What the kernel tells of every object.
pub(crate) fn basic_of(handle: BorrowedHandle<'_>) -> Result<ObjectBasicInformation, u32> {
    let mut basic = ObjectBasicInformation::default();
    let (to, bytes) = ((&raw mut basic).cast(), size_of::<ObjectBasicInformation>() as u32);
    // SAFETY: the handle is open, and the structure is ours and as long as is said.
    let status =
        unsafe { NtQueryObject(handle.as_raw_handle(), OBJECT_BASIC_INFORMATION, to, bytes, null_mut()) };
    succeeded(status).map(|()| basic)
}

/// A text that the kernel tells of an object.
fn text_of(handle: BorrowedHandle<'_>, class: i32) -> Option<String> {
    // The longest name, and the structure before it.
    let mut buffer = vec![0_u64; (32 << 10) / 4 + 64];
    let bytes = (buffer.len() * size_of::<u64>()) as u32;
    // SAFETY: the handle is open, and the buffer is as long as is said.
    let status = unsafe {
        NtQueryObject(handle.as_raw_handle(), class, buffer.as_mut_ptr().cast(), bytes, null_mut())
    };
    succeeded(status).ok()?;
    // SAFETY: both kinds of answers begin with the text.
    let text = unsafe { buffer.as_ptr().cast::<UNICODE_STRING>().read() };
    if text.Buffer.is_null() {
        return None;
    }
    // SAFETY: the text stands in the buffer, and is as long as is said.
    let units = unsafe { std::slice::from_raw_parts(text.Buffer, usize::from(text.Length) / 2) };
    String::from_utf16(units).ok()
}

/// The full name of an object in the kernel.
pub(crate) fn path_of(handle: BorrowedHandle<'_>) -> Option<String> {
    text_of(handle, OBJECT_NAME_INFORMATION).filter(|path| !path.is_empty())
}

/// What an object is.
fn kind_of(handle: BorrowedHandle<'_>) -> Option<Kind> {
    super::namespace::kind_named(&text_of(handle, OBJECT_TYPE_INFORMATION)?)
}
