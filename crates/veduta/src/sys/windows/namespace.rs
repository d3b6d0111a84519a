//! What lives in a namespace. Nothing is ever stale: the kernel takes a name away with its last handle.

use super::directory::{Directory, place};
use super::error::{failed, succeeded};
use super::holders::{self, Handles};
use super::native::{
    NtOpenDirectoryObject, NtQueryDirectoryObject, ObjectAttributes, ObjectDirectoryInformation,
};
use super::section::{Section, basic_of};
use super::security::{self, READ_CONTROL};
use super::sync;
use super::view;
use crate::{
    Backing, Code, Error, Holder, Kind, Listing, ObjectInfo, ObjectName, ObjectState, Problem, Result,
    SectionAccess, Sweep, SweepMode, SyncAccess, User,
};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::{null, null_mut};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_INVALID_HANDLE, ERROR_NO_MORE_ITEMS, ERROR_PATH_NOT_FOUND, HANDLE,
    STATUS_NO_MORE_ENTRIES, UNICODE_STRING,
};

const LIST: &str = "list namespace";
/// `DIRECTORY_QUERY`.
const DIRECTORY_QUERY: u32 = 1;
/// `QUERY_STATE` of the objects that have a state; sections have it by the same number.
const QUERY: u32 = 1;

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

/// Lists a namespace.
pub(crate) fn list(directory: &Arc<Directory>) -> Result<Listing> {
    let mut listing = Listing::default();
    let handles = holders::all()?;
    for (name, kind) in names(directory)? {
        match describe(directory, &name, kind, &handles) {
            Ok(object) => listing.objects.extend(object),
            Err(error) => {
                listing.problems.push(Problem { file_name: name.to_string(), error: error.object(&name) });
            }
        }
    }
    listing.objects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listing)
}

/// Describes one object.
pub(crate) fn find(directory: &Arc<Directory>, name: &ObjectName) -> Result<ObjectInfo> {
    let absent = || Error::new(Code::FILE_NOT_FOUND, "find object");
    let (_, kind) = names(directory)?.into_iter().find(|(there, _)| there == name).ok_or_else(absent)?;
    describe(directory, name, kind, &holders::all()?)?.ok_or_else(absent)
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
    let mut names = Vec::new();
    let mut context = 0;
    // The longest name, that of a kind, and the structures.
    let mut entry = vec![0_u64; (32 << 10) / 4 + 1024];
    let room = (entry.len() * size_of::<u64>()) as u32;
    loop {
        let (to, from) = (entry.as_mut_ptr().cast(), opened.as_raw_handle());
        // One by one: Wine 8 has no other way.
        // SAFETY: the handle is open, and the buffer as long as is said.
        let status =
            unsafe { NtQueryDirectoryObject(from, to, room, true, false, &raw mut context, null_mut()) };
        match succeeded(status) {
            Ok(()) => {}
            Err(_) if status == STATUS_NO_MORE_ENTRIES => return Ok(names),
            Err(ERROR_NO_MORE_ITEMS) => return Ok(names),
            Err(code) => return Err(fail(code)),
        }
        // SAFETY: the call succeeded, so there is one, and its texts stand in the buffer.
        let entry = unsafe { entry.as_ptr().cast::<ObjectDirectoryInformation>().read() };
        // SAFETY: as above.
        let (name, kind) = unsafe { (text(&entry.name), text(&entry.kind)) };
        names.extend(directory.name_of(&name).zip(kind_named(&kind)));
    }
}

/// # Safety
/// The text is whole.
unsafe fn text(text: &UNICODE_STRING) -> String {
    // SAFETY: passed on to the caller.
    let units = unsafe { std::slice::from_raw_parts(text.Buffer, usize::from(text.Length) / 2) };
    String::from_utf16_lossy(units)
}

/// Describes an object; `None` if it went meanwhile.
fn describe(
    directory: &Arc<Directory>,
    name: &ObjectName,
    kind: Kind,
    handles: &Handles,
) -> Result<Option<ObjectInfo>> {
    let place = place(name, Some(directory))?;
    let open = |desired| place.open(kind, desired);
    let read = if kind == Kind::Section { SectionAccess::READ.bits() } else { 0 };
    let opened =
        open(QUERY | READ_CONTROL | read).or_else(|_| open(QUERY | READ_CONTROL)).or_else(|_| open(QUERY));
    let handle = match opened {
        Ok(handle) => handle,
        // Gone, or by now of another kind.
        Err(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND | ERROR_INVALID_HANDLE) => return Ok(None),
        Err(code) => return Err(failed(kind.opening(), code)),
    };
    let path = if kind == Kind::Section { view::path_of_section(handle.as_handle()) } else { None };
    let (created, owner) = (security::stated(handle.as_handle()), security::owner(handle.as_handle()));
    let count = basic_of(handle.as_handle()).map_err(|code| failed(LIST, code))?.handles;
    let holders = handles.of(handle.as_handle(), kind);
    let found: usize = holders.iter().map(|(_, handles)| handles).sum();
    let access = SectionAccess::READ | SectionAccess::QUERY;
    let section = Section::of(handle, kind, access, SyncAccess::QUERY)?;
    Ok(Some(ObjectInfo {
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
    }))
}

fn state_of(section: &Section) -> Result<Option<ObjectState>> {
    match section.facts.kind {
        Kind::Section => Ok(None),
        kind => sync::state_of(section.handle.as_handle(), kind, section.facts.detail).map(Some),
    }
}
