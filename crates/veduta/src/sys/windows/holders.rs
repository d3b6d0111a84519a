//! Who holds objects. The kernel lists all handles of all processes, but does not tell everybody what they lead to: a handle that might be one to such
//! an object is duplicated, once, and compared. Of processes that this user may not look into, only their number is known.

use super::error::{done, failed, succeeded};
use super::native::{
    NtQuerySystemInformation, SYSTEM_EXTENDED_HANDLE_INFORMATION, SystemHandle, this_process,
};
use super::section::path_of;
use crate::{Holder, HolderAccess, Kind, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr::{null_mut, without_provenance_mut};
use windows_sys::Win32::Foundation::{
    CompareObjectHandles, DUPLICATE_SAME_ACCESS, DuplicateHandle, ERROR_ACCESS_DENIED, ERROR_BAD_LENGTH,
    HANDLE,
};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_DUP_HANDLE, PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};

/// The processes that have handles to each of some objects, and how many each. The handles that are looked with do not count.
pub(crate) fn of(objects: &[(BorrowedHandle<'_>, Kind)]) -> Result<Vec<Vec<(Holder, usize)>>> {
    Ok(among(all()?, objects))
}

/// The same, by these handles.
fn among(handles: Vec<SystemHandle>, objects: &[(BorrowedHandle<'_>, Kind)]) -> Vec<Vec<(Holder, usize)>> {
    let mut processes: BTreeMap<usize, Vec<SystemHandle>> = BTreeMap::new();
    for handle in handles {
        processes.entry(handle.process).or_default().push(handle);
    }
    let own = std::process::id() as usize;
    let sought = Sought::new(objects, processes.get(&own).map_or(&[], Vec::as_slice));
    let mut holders: Vec<Vec<(Holder, usize)>> = objects.iter().map(|_| Vec::new()).collect();
    for (pid, handles) in processes {
        let looked_with = |handle: &SystemHandle| pid == own && sought.by_handle.contains_key(&handle.handle);
        let mut candidates =
            handles.iter().filter(|handle| sought.might_be(handle) && !looked_with(handle)).peekable();
        if candidates.peek().is_none() {
            continue;
        }
        let Some(process) = Process::open(pid as u32) else { continue };
        let mut found: BTreeMap<usize, (HolderAccess, usize)> = BTreeMap::new();
        for handle in candidates {
            let Some(index) = process.copy(handle.handle).and_then(|copy| sought.find(handle, &copy)) else {
                continue;
            };
            let (access, count) = found.entry(index).or_insert((HolderAccess::Read, 0));
            *count += 1;
            if objects[index].1 != Kind::Section || handle.access & MAP_WRITE != 0 {
                *access = HolderAccess::ReadWrite;
            }
        }
        if found.is_empty() {
            continue;
        }
        let command = process.command();
        for (index, (access, count)) in found {
            holders[index].push((Holder { pid: pid as u32, command: command.clone(), access }, count));
        }
    }
    holders
}

/// `SECTION_MAP_WRITE`.
const MAP_WRITE: u32 = 2;

/// All handles of all processes at one moment; none for who may not ask, such as a program that is kept in a sandbox.
fn all() -> Result<Vec<SystemHandle>> {
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
            Err(ERROR_ACCESS_DENIED) => return Ok(Vec::new()),
            Err(code) => return Err(failed("list handles", code)),
        }
    }
    let count = buffer[0] as usize;
    // Two numbers, then the handles.
    let most = (buffer.len() - 2) * size_of::<u64>() / size_of::<SystemHandle>();
    let first = buffer[2..].as_ptr().cast::<SystemHandle>();
    // SAFETY: the kernel wrote as many, and they lie in the buffer.
    let handles = unsafe { std::slice::from_raw_parts(first, count.min(most)) };
    Ok(handles.to_vec())
}

/// The objects whose holders are looked for, by what tells them: each is at a place of the list.
struct Sought<'a> {
    objects: &'a [(BorrowedHandle<'a>, Kind)],
    /// By the handles that are looked with.
    by_handle: HashMap<usize, usize>,
    /// By their addresses in the kernel, where these are told.
    by_address: HashMap<usize, usize>,
    /// By their paths.
    by_path: HashMap<String, usize>,
    /// The numbers of their kinds.
    kinds: BTreeSet<u16>,
}

impl<'a> Sought<'a> {
    /// `own`: the handles of this process, which has one to each.
    fn new(objects: &'a [(BorrowedHandle<'a>, Kind)], own: &[SystemHandle]) -> Sought<'a> {
        let by_handle: HashMap<_, _> = objects
            .iter()
            .enumerate()
            .map(|(index, (handle, _))| (handle.as_raw_handle().addr(), index))
            .collect();
        let mut by_address = HashMap::new();
        let mut kinds = BTreeSet::new();
        for handle in own {
            if let Some(&index) = by_handle.get(&handle.handle) {
                kinds.insert(handle.kind);
                by_address.insert(handle.object, index);
            }
        }
        by_address.remove(&HIDDEN);
        let path =
            |(index, (handle, _)): (usize, &(BorrowedHandle<'_>, Kind))| Some((path_of(*handle)?, index));
        let by_path = objects.iter().enumerate().filter_map(path).collect();
        Sought { objects, by_handle, by_address, by_path, kinds }
    }

    /// Whether a handle is worth a closer look.
    fn might_be(&self, handle: &SystemHandle) -> bool {
        self.kinds.contains(&handle.kind)
            && (handle.object == HIDDEN || self.by_address.contains_key(&handle.object))
    }

    /// Which of them a handle leads to, of which this is a copy.
    fn find(&self, handle: &SystemHandle, copy: &OwnedHandle) -> Option<usize> {
        let index = match handle.object {
            HIDDEN => *self.by_path.get(&path_of(copy.as_handle())?)?,
            address => *self.by_address.get(&address)?,
        };
        let object = self.objects[index].0.as_raw_handle();
        // It may have become another's meanwhile.
        // SAFETY: both handles are open.
        let is_same = unsafe { CompareObjectHandles(copy.as_raw_handle(), object) != 0 };
        is_same.then_some(index)
    }
}

/// What is told of an object in place of its address in the kernel, to who is not to know.
const HIDDEN: usize = 0;

/// A process that this user may look into.
struct Process(OwnedHandle);

impl Process {
    fn open(pid: u32) -> Option<Process> {
        // SAFETY: takes numbers.
        let process = unsafe { OpenProcess(PROCESS_DUP_HANDLE | PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
        // SAFETY: it was just opened, and nobody else has it.
        (!process.is_null()).then(|| Process(unsafe { OwnedHandle::from_raw_handle(process) }))
    }

    /// A copy of a handle of the process.
    fn copy(&self, number: usize) -> Option<OwnedHandle> {
        let mut copy: HANDLE = null_mut();
        let (process, handle) = (self.0.as_raw_handle(), without_provenance_mut(number));
        // SAFETY: the process is open; a number that is no handle there any more is refused.
        let copied = unsafe {
            DuplicateHandle(process, handle, this_process(), &raw mut copy, 0, 0, DUPLICATE_SAME_ACCESS)
        };
        // SAFETY: it was just made, and nobody else has it.
        done(copied).is_ok().then(|| unsafe { OwnedHandle::from_raw_handle(copy) })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::windows::HandleExt;
    use crate::{Event, Section};

    /// Windows shows them to some, Wine to nobody.
    #[test]
    fn they_are_found_with_and_without_the_addresses_of_objects() {
        let name = format!(r"Local\addresses {}", std::process::id());
        let section = Section::options().size(4096).create_new(&name).unwrap();
        let opened = Section::options().open(&name).unwrap();
        let event = Event::options().create_new(&format!("{name} event")).unwrap();
        let number = |handle: BorrowedHandle<'_>| handle.as_raw_handle().addr();
        let [section, opened] = [section.handle(), opened.handle()];
        let event = event.handle();
        let objects = [(section, Kind::Section), (event, Kind::Event)];
        for is_hidden in [true, false] {
            let mut handles = all().unwrap();
            for handle in &mut handles {
                let is_section = [section, opened].map(number).contains(&handle.handle);
                handle.object = match (is_hidden, handle.process == std::process::id() as usize) {
                    (true, _) => HIDDEN,
                    (false, true) if is_section => 0x1000,
                    (false, true) if number(event) == handle.handle => 0x2000,
                    (false, _) => 0x3000,
                };
            }
            let holders = among(handles, &objects);
            let count = |index: usize| {
                holders[index].iter().map(|(holder, count)| (holder.pid, *count)).collect::<Vec<_>>()
            };
            assert_eq!((count(0), count(1)), (vec![(std::process::id(), 1)], vec![]));
        }
        assert!(among(Vec::new(), &objects).iter().all(Vec::is_empty));
    }
}
