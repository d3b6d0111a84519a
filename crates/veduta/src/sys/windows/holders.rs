//! Who holds an object. The kernel lists all handles of all processes, but does not tell everybody what they lead to: a handle that might be one to the
//! object is duplicated, and compared. Of processes that this user may not look into, only their number is known.

use super::error::{done, failed, succeeded};
use super::native::{
    NtQuerySystemInformation, SYSTEM_EXTENDED_HANDLE_INFORMATION, SystemHandle, this_process,
};
use crate::{Holder, HolderAccess, Kind, Result};
use std::collections::BTreeMap;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr::{null_mut, without_provenance_mut};
use windows_sys::Win32::Foundation::{
    CompareObjectHandles, DUPLICATE_SAME_ACCESS, DuplicateHandle, ERROR_BAD_LENGTH, HANDLE,
};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_DUP_HANDLE, PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};

/// All handles of all processes at one moment.
pub(crate) struct Handles(Vec<SystemHandle>);

/// Asks the kernel for all handles.
pub(crate) fn all() -> Result<Handles> {
    let mut buffer = vec![0_u64; 32 << 10];
    loop {
        let bytes = u32::try_from(buffer.len() * size_of::<u64>()).unwrap_or(u32::MAX);
        let (class, to) = (SYSTEM_EXTENDED_HANDLE_INFORMATION, buffer.as_mut_ptr().cast());
        // SAFETY: the buffer is as long as is said.
        let status = unsafe { NtQuerySystemInformation(class, to, bytes, null_mut()) };
        match succeeded(status) {
            Ok(()) => break,
            // It is as long as there are handles, and their number changes.
            Err(ERROR_BAD_LENGTH) if buffer.len() < 64 << 20 => buffer = vec![0; buffer.len() * 2],
            Err(code) => return Err(failed("list handles", code)),
        }
    }
    let count = buffer[0] as usize;
    // Two numbers, then the handles.
    let most = (buffer.len() - 2) * size_of::<u64>() / size_of::<SystemHandle>();
    let first = buffer[2..].as_ptr().cast::<SystemHandle>();
    // SAFETY: the kernel wrote as many, and they lie in the buffer.
    let handles = unsafe { std::slice::from_raw_parts(first, count.min(most)) };
    Ok(Handles(handles.to_vec()))
}

impl Handles {
    /// The processes that have handles to the same object, and how many each.
    pub(crate) fn of(&self, object: BorrowedHandle<'_>, kind: Kind) -> Vec<(Holder, usize)> {
        let own = std::process::id() as usize;
        // What type number the object has, and what its address is if that is told: this process has a handle to it.
        let mine = self
            .0
            .iter()
            .find(|handle| handle.process == own && handle.handle == object.as_raw_handle().addr());
        let might = |handle: &&SystemHandle| {
            mine.is_none_or(|mine| {
                handle.kind == mine.kind
                    && (handle.object == 0 || mine.object == 0 || handle.object == mine.object)
            })
        };
        let mut processes: BTreeMap<usize, Vec<&SystemHandle>> = BTreeMap::new();
        for handle in self.0.iter().filter(might) {
            processes.entry(handle.process).or_default().push(handle);
        }
        let holder = |(pid, handles): (usize, Vec<&SystemHandle>)| {
            let pid = pid as u32;
            let process = Process::open(pid)?;
            let same: Vec<_> = handles
                .into_iter()
                .filter(|handle| !(handle.process == own && handle.handle == object.as_raw_handle().addr()))
                .filter(|handle| process.has(handle.handle, object))
                .collect();
            let writes = |handle: &&SystemHandle| kind != Kind::Section || handle.access & 2 != 0;
            let access = if same.iter().any(writes) { HolderAccess::ReadWrite } else { HolderAccess::Read };
            let count = same.len();
            (count > 0).then(|| (Holder { pid, command: process.command(), access }, count))
        };
        processes.into_iter().filter_map(holder).collect()
    }
}

/// A process that this user may look into.
struct Process(OwnedHandle);

impl Process {
    fn open(pid: u32) -> Option<Process> {
        // SAFETY: takes numbers.
        let process = unsafe { OpenProcess(PROCESS_DUP_HANDLE | PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
        // SAFETY: it was just opened, and nobody else has it.
        (!process.is_null()).then(|| Process(unsafe { OwnedHandle::from_raw_handle(process) }))
    }

    /// Whether a handle of the process leads to the object.
    fn has(&self, number: usize, object: BorrowedHandle<'_>) -> bool {
        let mut copy: HANDLE = null_mut();
        let (process, handle) = (self.0.as_raw_handle(), without_provenance_mut(number));
        // SAFETY: the process is open; a number that is no handle there any more is refused.
        let copied = unsafe {
            DuplicateHandle(process, handle, this_process(), &raw mut copy, 0, 0, DUPLICATE_SAME_ACCESS)
        };
        if done(copied).is_err() {
            return false;
        }
        // SAFETY: it was just made, and nobody else has it.
        let copy = unsafe { OwnedHandle::from_raw_handle(copy) };
        // SAFETY: both handles are open.
        unsafe { CompareObjectHandles(copy.as_handle().as_raw_handle(), object.as_raw_handle()) != 0 }
    }

    /// The path of its program.
    fn command(&self) -> String {
        let mut path = vec![0_u16; 32 << 10];
        let mut units = path.len() as u32;
        let process = self.0.as_raw_handle();
        // SAFETY: the process is open, and the buffer as long as is said.
        let status = unsafe { QueryFullProcessImageNameW(process, 0, path.as_mut_ptr(), &raw mut units) };
        match done(status) {
            Ok(()) => String::from_utf16_lossy(&path[..units as usize]),
            Err(_) => "unknown".to_owned(),
        }
    }
}
