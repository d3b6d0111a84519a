//! What the facts take of Windows.
#![allow(unsafe_code, reason = "the standard library has no such objects")]

use crate::scratch::{child, wine_is_wrong};
use serde_json::{Value, json};
use std::fs::File;
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use tempfile::NamedTempFile;
use veduta::os::InheritExt;
use veduta::os::windows::HandleExt;
use veduta::{Event, Result, Section, View, ViewAccess};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_DISPOSITION_INFO, FILE_FLAG_BACKUP_SEMANTICS, FILE_SHARE_DELETE, FILE_SHARE_READ,
    FILE_SHARE_WRITE, FileDispositionInfo, SetFileInformationByHandle,
};
use windows_sys::Win32::System::Memory::{MEM_FREE, MEMORY_BASIC_INFORMATION, VirtualQuery};
use windows_sys::Win32::System::Threading::CreateEventW;

/// Rows that say what the library does, by itself, on every system; the others say what Linux does.
const OF_THE_LIBRARY: &[&str] = &["MV-07/08", "MV-24", "PG-03/04", "SEC-02", "VP-rule-01"];

/// Whether what a row says of Linux is to be observed.
pub(crate) fn deviates(id: &str) -> bool {
    OF_THE_LIBRARY.contains(&id)
}

/// What Wine does instead.
pub(crate) fn of_wine(id: &str) -> Option<Value> {
    let instead = match id {
        "EX-09" => json!({ "map": "there" }),
        "TR-11" => json!({ "delete": "ok", "file": "stays" }),
        "VQ-14" => json!({
            "offset": 8192, "length": 57344, "Protect": "PAGE_WRITECOPY", "AllocationProtect": "PAGE_WRITECOPY"
        }),
        "VQ-15" => json!({ "offset": 0, "length": 65536, "Protect": "PAGE_WRITECOPY" }),
        _ => return None,
    };
    wine_is_wrong(id).then_some(instead)
}

/// Rows that cannot be shown here, and why.
pub(crate) const ELSEWHERE: &[(&str, &str)] = &[];

/// An event, taken for a file.
pub(crate) fn event() -> File {
    // SAFETY: an event without a name and without attributes.
    let event = unsafe { CreateEventW(ptr::null(), 0, 0, ptr::null()) };
    assert!(!event.is_null(), "no event can be made");
    // SAFETY: it was just made, and nothing else owns it.
    unsafe { OwnedHandle::from_raw_handle(event) }.into()
}

pub(crate) fn pipe() -> File {
    let (reader, _writer) = std::io::pipe().expect("a pipe can be made");
    OwnedHandle::from(reader).into()
}

pub(crate) fn directory() -> File {
    let mut how = File::options();
    how.read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    how.open(std::env::temp_dir()).expect("the directory is there")
}

pub(crate) fn has_large_pages() -> bool {
    true
}

/// What comes of taking handles of other kinds for those of sections.
pub(crate) fn others_as_sections() -> Vec<Result<Section>> {
    let event = Event::options().inheritable(true).create_unnamed().expect("there is memory");
    let numbers = event.inherited_numbers().expect("it is inheritable");
    // Whoever takes the handle closes it.
    std::mem::forget(event);
    // SAFETY: it is no section's, and nobody else has it any more.
    vec![unsafe { Section::from_inherited(&numbers) }]
}

/// Deletes a file by its handle: marks it to go with the last one.
pub(crate) fn delete_by_handle(file: NamedTempFile) -> io::Result<()> {
    let everybody = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    let opened = File::options().access_mode(DELETE).share_mode(everybody).open(file.path())?;
    let (handle, how) = (opened.as_raw_handle(), FILE_DISPOSITION_INFO { DeleteFile: true });
    // SAFETY: the handle is open, and the structure is the one of this class, and as long as is said.
    let done = unsafe {
        SetFileInformationByHandle(
            handle,
            FileDispositionInfo,
            (&raw const how).cast(),
            size_of_val(&how) as u32,
        )
    };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Whether something is at an address: 1 or 0.
pub(crate) fn mappings(_: &str, address: usize) -> usize {
    // SAFETY: zeros are a valid answer.
    let mut told: MEMORY_BASIC_INFORMATION = unsafe { std::mem::zeroed() };
    // SAFETY: any address may be asked about, and there is room for the answer.
    let len = unsafe { VirtualQuery(ptr::without_provenance(address), &raw mut told, size_of_val(&told)) };
    assert_ne!(len, 0, "it is an address of programs");
    usize::from(told.State != MEM_FREE)
}

/// What is behind the two pages of a reserved section that were committed.
pub(crate) fn uncommitted(_: &Section, view: &View) -> Value {
    let (committed, _) = view.committed(3 * 4096).expect("inside the view");
    json!(if committed { "MEM_COMMIT" } else { "MEM_RESERVE" })
}

/// The numbers of a handle that children do not get, because it is closed by then.
pub(crate) fn private_numbers(section: &Section) -> (String, ()) {
    let inheritable = section.try_clone().and_then(InheritExt::into_inheritable).expect("handles are left");
    (inheritable.inherited_numbers().expect("it is inheritable"), ())
}

/// The handle, not inheritable any more: a duplicate is not.
pub(crate) fn taken_back(section: Section) -> Section {
    section.try_clone().expect("handles are left")
}

/// Whether children would get the handle.
pub(crate) fn reaches_children(section: &Section) -> bool {
    section.inherited_numbers().is_some()
}

/// Puts a handle into a process that runs, which writes "from the child".
pub(crate) fn into_another_process(section: &Section) {
    let mut child = child::play("system::role_given", &[]);
    assert_eq!(child.hear(), "running");
    child.tell(&section.duplicate_into(child.process().as_handle()).expect("a child may be given handles"));
    assert_eq!(child.hear(), "adopted");
}

#[test]
#[ignore = "a role: is given a handle by its parent"]
fn role_given() {
    child::say("running");
    // SAFETY: the parent put that handle here, and nobody else adopts it.
    let section = unsafe { Section::from_inherited(&child::listen()) }.expect("it is a handle");
    let view = section.map(ViewAccess::Write).expect("it may be written");
    view.write_at(0, b"from the child").expect("it fits");
    child::say("adopted");
}
