//! What lives in a namespace. Nothing is ever stale: the kernel takes a name away with its last handle.

use super::directory::{Directory, place};
use super::error::{failed, succeeded};
use super::holders;
use super::native::{
    NtOpenDirectoryObject, NtQueryDirectoryObject, ObjectAttributes, ObjectDirectoryInformation,
};
use super::section::{Section, basic_of};
use super::security::{self, QUERY, TO_KNOW};
use super::sync;
use super::view;
use crate::{
    Backing, Code, Error, Holder, Kind, Listing, ObjectInfo, ObjectName, ObjectState, Problem, Result,
    SectionAccess, Sweep, SweepMode, SyncAccess, User,
};
use std::collections::BTreeMap;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr::{null, null_mut};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    ERROR_CALL_NOT_IMPLEMENTED, ERROR_FILE_NOT_FOUND, ERROR_INVALID_FUNCTION, ERROR_INVALID_HANDLE,
    ERROR_PATH_NOT_FOUND, HANDLE, STATUS_MORE_ENTRIES, STATUS_NO_MORE_ENTRIES, UNICODE_STRING,
};

const LIST: &str = "list namespace";
/// `DIRECTORY_QUERY`.
const DIRECTORY_QUERY: u32 = 1;

/// The kind of objects that the kernel calls by a name.
pub(crate) fn kind_named(name: &str) -> Option<Kind> {
    match name {
        "Section" => Some(Kind::Section),
        "Mutant" => Some(Kind::Mutex),
        "Event" => Some(Kind::Event),
        "Semaphore" => Some(Kind::Semaphore),
        "Timer" => Some(Kind::Timer),
        _ => None,
    }
}

/// An object, opened to be looked at.
struct Seen {
    name: ObjectName,
    kind: Kind,
    handle: OwnedHandle,
}

impl Seen {
    fn object(&self) -> (BorrowedHandle<'_>, Kind) {
        (self.handle.as_handle(), self.kind)
    }
}

/// Lists a namespace.
pub(crate) fn list(directory: &Arc<Directory>) -> Result<Listing> {
    let mut listing = Listing::default();
    let mut problem = |name: &ObjectName, error: Error| {
        listing.problems.push(Problem { file_name: name.to_string(), error: error.object(name) });
    };
    let mut seen = Vec::new();
    for (name, kind) in names(directory)? {
        match look(directory, &name, kind) {
            Ok(object) => seen.extend(object),
            Err(error) => problem(&name, error),
        }
    }
    // After the objects were opened: the numbers of these handles say nothing of handles that had them before.
    let holders = holders::of(&seen.iter().map(Seen::object).collect::<Vec<_>>())?;
    for (object, holders) in seen.into_iter().zip(holders) {
        let name = object.name.clone();
        match describe(object, holders) {
            Ok(object) => listing.objects.push(object),
            Err(error) => problem(&name, error),
        }
    }
    listing.objects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listing)
}

/// Describes one object.
pub(crate) fn find(directory: &Arc<Directory>, name: &ObjectName) -> Result<ObjectInfo> {
    for kind in [Kind::Section, Kind::Mutex, Kind::Event, Kind::Semaphore, Kind::Timer] {
        if let Some(object) = look(directory, name, kind)? {
            let holders = holders::of(&[object.object()])?.remove(0);
            return describe(object, holders);
        }
    }
    Err(Error::new(Code::FILE_NOT_FOUND, "find object"))
}

/// Nothing to remove.
pub(crate) fn sweep(_: &Arc<Directory>, _: SweepMode) -> Result<Sweep> {
    Ok(Sweep::default())
}

/// The names of a namespace, and what they belong to.
fn names(directory: &Directory) -> Result<Vec<(ObjectName, Kind)>> {
    let fail = |code| failed(LIST, code).object(directory.path().display());
    let path: Vec<u16> = directory.objects()?.to_string_lossy().encode_utf16().collect();
    let bytes = (path.len() * size_of::<u16>()) as u16;
    let name = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: path.as_ptr().cast_mut() };
    let attributes = ObjectAttributes {
        length: size_of::<ObjectAttributes>() as u32,
        root: null_mut(),
        name: &raw const name,
        attributes: 0,
        descriptor: null(),
        quality: null(),
    };
    let mut opened: HANDLE = null_mut();
    // SAFETY: the name lives, and the handle is written to a variable of ours.
    succeeded(unsafe { NtOpenDirectoryObject(&raw mut opened, DIRECTORY_QUERY, &raw const attributes) })
        .map_err(fail)?;
    // SAFETY: it was just opened, and nobody else has it.
    let opened = unsafe { OwnedHandle::from_raw_handle(opened) };
    let entries = all_at_once(&opened).or_else(|code| match code {
        ERROR_INVALID_FUNCTION | ERROR_CALL_NOT_IMPLEMENTED => one_by_one(&opened),
        code => Err(code),
    });
    Ok(entries
        .map_err(fail)?
        .into_iter()
        .filter_map(|(name, kind)| directory.name_of(&name).zip(kind_named(&kind)))
        .collect())
}

/// The names and kinds of all objects of a directory at one moment.
fn all_at_once(directory: &OwnedHandle) -> Result<Vec<(String, String)>, u32> {
    let mut buffer = vec![0_u64; 32 << 10];
    loop {
        let mut context = 0;
        let (to, room) = (buffer.as_mut_ptr().cast(), (buffer.len() * size_of::<u64>()) as u32);
        let from = directory.as_raw_handle();
        // SAFETY: the handle is open, and the buffer as long as is said.
        let status =
            unsafe { NtQueryDirectoryObject(from, to, room, false, true, &raw mut context, null_mut()) };
        match succeeded(status) {
            // It is as many entries as there was room for.
            Ok(()) if status == STATUS_MORE_ENTRIES && buffer.len() < 16 << 20 => {
                buffer = vec![0; buffer.len() * 2];
            }
            Ok(()) => break,
            Err(_) if status == STATUS_NO_MORE_ENTRIES => return Ok(Vec::new()),
            Err(code) => return Err(code),
        }
    }
    let first = buffer.as_ptr().cast::<ObjectDirectoryInformation>();
    let most = buffer.len() * size_of::<u64>() / size_of::<ObjectDirectoryInformation>();
    // SAFETY: entries are numbers and pointers, which any bits are, and so many lie in the buffer.
    let entries = unsafe { std::slice::from_raw_parts(first, most) };
    Ok(entries
        .iter()
        .take_while(|entry| !entry.name.Buffer.is_null())
        // SAFETY: the kernel wrote entries up to one that is all zeros, and their texts stand in the buffer.
        .map(|entry| unsafe { texts(entry) })
        .collect())
}

/// The same where there is no other way, as on Wine 8. Entries are counted, so one may be passed by while others come and go: whoever is seen in any of
/// some passes is there.
fn one_by_one(directory: &OwnedHandle) -> Result<Vec<(String, String)>, u32> {
    const PASSES: usize = 3;
    let mut seen = BTreeMap::new();
    // The longest name, that of a kind, and the structures.
    let mut entry = vec![0_u64; (32 << 10) / 4 + 1024];
    for _ in 0..PASSES {
        let mut context = 0;
        loop {
            let (to, room) = (entry.as_mut_ptr().cast(), (entry.len() * size_of::<u64>()) as u32);
            let from = directory.as_raw_handle();
            // SAFETY: the handle is open, and the buffer as long as is said.
            let status =
                unsafe { NtQueryDirectoryObject(from, to, room, true, false, &raw mut context, null_mut()) };
            match succeeded(status) {
                Ok(()) => {}
                Err(_) if status == STATUS_NO_MORE_ENTRIES => break,
                Err(code) => return Err(code),
            }
            // SAFETY: the call succeeded, so there is one, and its texts stand in the buffer.
            let entry = unsafe { entry.as_ptr().cast::<ObjectDirectoryInformation>().read() };
            // SAFETY: as above.
            let (name, kind) = unsafe { texts(&entry) };
            seen.insert(name, kind);
        }
    }
    Ok(seen.into_iter().collect())
}

/// The name and the kind.
///
/// # Safety
/// The texts are whole.
unsafe fn texts(entry: &ObjectDirectoryInformation) -> (String, String) {
    // SAFETY: passed on to the caller.
    let name = unsafe { text(&entry.name) };
    // SAFETY: as above.
    let kind = unsafe { text(&entry.kind) };
    (name, kind)
}

/// # Safety
/// The text is whole.
unsafe fn text(text: &UNICODE_STRING) -> String {
    // SAFETY: passed on to the caller.
    let units = unsafe { std::slice::from_raw_parts(text.Buffer, usize::from(text.Length) / 2) };
    String::from_utf16_lossy(units)
}

/// Opens an object to look at it; `None` if there is none, or one of another kind.
fn look(directory: &Arc<Directory>, name: &ObjectName, kind: Kind) -> Result<Option<Seen>> {
    let place = place(name, Some(directory))?;
    let open = |desired| place.open(kind, desired);
    let read = if kind == Kind::Section { SectionAccess::READ.bits() } else { 0 };
    let opened = open(TO_KNOW | read).or_else(|_| open(TO_KNOW)).or_else(|_| open(QUERY));
    match opened {
        Ok(handle) => Ok(Some(Seen { name: name.clone(), kind, handle })),
        Err(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND | ERROR_INVALID_HANDLE) => Ok(None),
        Err(code) => Err(failed(kind.opening(), code)),
    }
}

/// Describes an object, with who else held it while it was open.
fn describe(Seen { name, kind, handle }: Seen, holders: Vec<(Holder, usize)>) -> Result<ObjectInfo> {
    let path = if kind == Kind::Section { view::path_of_section(handle.as_handle()) } else { None };
    let (created, owner) = (security::stated(handle.as_handle()), security::owner(handle.as_handle()));
    let count = basic_of(handle.as_handle()).map_err(|code| failed(LIST, code))?.handles;
    let found: usize = holders.iter().map(|(_, handles)| handles).sum();
    let access = SectionAccess::READ | SectionAccess::QUERY;
    let section = Section::of(handle, kind, access, SyncAccess::QUERY)?;
    Ok(ObjectInfo {
        name: name.to_string(),
        kind,
        size: section.facts.size,
        resident: None,
        protection: section.facts.protection,
        owner: owner.map(User::Sid),
        created: created.map(|stated| stated.created),
        backing: path.map_or(Backing::Memory, Backing::File),
        state: state_of(&section)?,
        // But for the one that was opened to look.
        unseen_holders: found < count.saturating_sub(1) as usize,
        holders: holders.into_iter().map(|(holder, _)| holder).collect::<Vec<Holder>>(),
    })
}

fn state_of(section: &Section) -> Result<Option<ObjectState>> {
    match section.facts.kind {
        Kind::Section => Ok(None),
        kind => sync::state_of(section.handle.as_handle(), kind, section.facts.detail).map(Some),
    }
}
