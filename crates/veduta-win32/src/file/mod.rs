//! Files, directories, pipes and standard streams: the object, its rights, and how it travels.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod deletion;
pub(crate) mod directory;
pub(crate) mod information;
pub(crate) mod overlapped;
pub(crate) mod path;
pub(crate) mod position;
pub(crate) mod share;
pub(crate) mod temporary;
#[cfg(test)]
mod tests;
pub(crate) mod times;
pub(crate) mod transfer;

use crate::code;
use crate::failure::{Failure, Result, fail};
use crate::fork;
use crate::object::{Object, Packed};
use crate::rights::{DELETE, Generic, MAXIMUM_ALLOWED};
use crate::table::{self, Entry};
use crate::types::HANDLE;
use deletion::Deletion;
use rustix::fs::{FileType, OFlags};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use veduta::Protection;

/// The path by which the kernel reaches a descriptor. Not by /proc/self: that is the process's first thread, of which nothing can be seen once
/// it has ended.
pub(crate) fn by_descriptor(file: BorrowedFd<'_>) -> String {
    format!("/proc/thread-self/fd/{}", file.as_raw_fd())
}

/// The rights of a handle to a file.
pub(crate) mod right {
    pub(crate) const READ_DATA: u32 = 0x1;
    pub(crate) const WRITE_DATA: u32 = 0x2;
    pub(crate) const APPEND_DATA: u32 = 0x4;
    pub(crate) const EXECUTE: u32 = 0x20;
    pub(crate) const READ_ATTRIBUTES: u32 = 0x80;
    pub(crate) const WRITE_ATTRIBUTES: u32 = 0x100;
}

pub(crate) const RIGHTS: Generic =
    Generic { read: 0x0012_0089, write: 0x0012_0116, execute: 0x0012_00A0, all: 0x001F_01FF };

/// What the descriptor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    Regular,
    Directory,
    /// A pipe or a socket.
    Pipe,
    /// A terminal, `/dev/null`, or another device.
    Character,
}

pub(crate) struct File {
    /// The open file description. The position is in it, and the locks of [`share`].
    descriptor: OwnedFd,
    shape: Shape,
    /// `FILE_FLAG_OVERLAPPED`: the description's position means nothing.
    pub(crate) overlapped: bool,
    /// What happens to the file when it is closed.
    deletion: Mutex<Option<Arc<Deletion>>>,
    /// The fork generation in which the description was this handle's alone; [`SHARED`] once others have it on purpose.
    private_in: AtomicU64,
}

/// Not a generation: nobody forks that often.
const SHARED: u64 = u64::MAX;

impl File {
    pub(crate) fn new(descriptor: OwnedFd, overlapped: bool) -> Result<File> {
        let shape = match FileType::from_raw_mode(rustix::fs::fstat(&descriptor)?.st_mode) {
            FileType::RegularFile | FileType::BlockDevice => Shape::Regular,
            FileType::Directory => Shape::Directory,
            FileType::Fifo | FileType::Socket => Shape::Pipe,
            _ => Shape::Character,
        };
        let private_in = AtomicU64::new(fork::generation());
        Ok(File { descriptor, shape, overlapped, deletion: Mutex::default(), private_in })
    }

    /// Of a description that others have too.
    pub(crate) fn shared(descriptor: OwnedFd, overlapped: bool) -> Result<File> {
        let file = File::new(descriptor, overlapped)?;
        file.mark_shared();
        Ok(file)
    }

    fn mark_shared(&self) {
        self.private_in.store(SHARED, Ordering::Relaxed);
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Refuses what has no size and no position.
    pub(crate) fn on_disk(&self) -> Result<()> {
        match self.shape {
            Shape::Regular | Shape::Directory => Ok(()),
            Shape::Pipe | Shape::Character => {
                Err(Failure::hint(code::INVALID_FUNCTION, "pipes and devices have no size and no position"))
            }
        }
    }

    fn deletion(&self) -> MutexGuard<'_, Option<Arc<Deletion>>> {
        self.deletion.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file is deleted when it is closed. Others may open it until then.
    pub(crate) fn delete_on_close(&self) -> Result<()> {
        self.plan_deletion(None)
    }

    fn plan_deletion(&self, part: Option<OwnedFd>) -> Result<()> {
        let mut deletion = self.deletion();
        if deletion.is_none() {
            *deletion = Some(Deletion::plan(self.descriptor(), part)?);
        }
        Ok(())
    }

    /// The file is deleted when it is closed, and until then nobody opens it; or it is not.
    pub(crate) fn set_delete_pending(&self, pending: bool) -> Result<()> {
        if pending {
            self.delete_on_close()?;
            if let Err(errno) = share::say(self.descriptor(), share::Byte::DeletePending) {
                share::unenforced(errno);
            }
        } else {
            share::unsay(self.descriptor(), share::Byte::DeletePending);
            if let Some(deletion) = self.deletion().take() {
                deletion.give_up();
            }
        }
        Ok(())
    }

    pub(crate) fn is_delete_pending(&self) -> bool {
        self.deletion().is_some()
    }

    /// A description of the file for a section to keep, marked as mapped. It takes nothing of the share mode along, because a section limits
    /// nobody. It reads only, unless the section writes: then the library below keeps this one, and with it the mark.
    ///
    /// `access` is the handle's.
    pub(crate) fn to_map(&self, access: u32, protection: Protection) -> Result<std::fs::File> {
        match self.shape {
            Shape::Regular => {}
            Shape::Directory => {
                return Err(Failure::hint(code::BAD_EXE_FORMAT, "a section cannot be made of a directory"));
            }
            Shape::Pipe | Shape::Character => {
                return Err(Failure::hint(
                    code::INVALID_HANDLE,
                    "a section can be made of a regular file only",
                ));
            }
        }
        let needed = [
            (true, right::READ_DATA, "GENERIC_READ"),
            (protection.writes_shared(), right::WRITE_DATA, "GENERIC_WRITE"),
            (protection.executes(), right::EXECUTE, "GENERIC_EXECUTE"),
        ];
        if let Some((.., name)) = needed.iter().find(|(needs, right, _)| *needs && access & right == 0) {
            let hint = format!("a section of this protection takes a file that was opened with {name}");
            return Err(Failure::hint(code::ACCESS_DENIED, hint));
        }
        let flags = if protection.writes_shared() { OFlags::RDWR } else { OFlags::RDONLY };
        match share::again(self.descriptor(), flags) {
            Ok(fresh) => {
                share::mark_mapped(fresh.as_fd())?;
                Ok(fresh.into())
            }
            // Its mode may have become stricter since it was opened, or there is no /proc. The handle's own description does as
            // well, only that its share mode then lives as long as the section.
            Err(errno) => {
                share::unenforced(errno);
                let same = rustix::io::fcntl_dupfd_cloexec(&self.descriptor, 0)?;
                self.mark_shared();
                share::mark_mapped(same.as_fd())?;
                Ok(same.into())
            }
        }
    }

    /// The rights of a duplicate: never more than those of the source.
    pub(crate) fn narrowed(&self, access: u32, mask: u32) -> Result<u32> {
        if mask & MAXIMUM_ALLOWED != 0 {
            return Ok(access);
        }
        let wanted = RIGHTS.map(mask);
        let guarded = right::READ_DATA
            | right::WRITE_DATA
            | right::APPEND_DATA
            | right::EXECUTE
            | right::WRITE_ATTRIBUTES
            | DELETE;
        // Who may write anywhere may also append.
        let has = if access & right::WRITE_DATA != 0 { access | right::APPEND_DATA } else { access };
        if wanted & guarded & !has != 0 {
            return Err(Failure::hint(
                code::ACCESS_DENIED,
                "the duplicate of a file's handle has no rights that the handle lacks",
            ));
        }
        Ok(wanted)
    }

    /// The very same description goes: the position and the share mode are then common, as they are on Windows. The rights are the handle's,
    /// and travel with it.
    pub(crate) fn pack(&self) -> Result<Packed> {
        self.mark_shared();
        let mut descriptors = vec![rustix::io::fcntl_dupfd_cloexec(&self.descriptor, 0)?];
        let deletes = self.is_delete_pending();
        descriptors.extend(deletes.then(|| deletion::part(self.descriptor())).flatten());
        let detail = format!("{}{}", u8::from(self.overlapped), u8::from(deletes));
        Ok(Packed { kind: "file".to_owned(), detail, descriptors })
    }

    pub(crate) fn unpack(detail: &str, descriptors: Vec<OwnedFd>) -> Result<File> {
        let mut descriptors = descriptors.into_iter();
        let (Some(descriptor), part) = (descriptors.next(), descriptors.next()) else {
            return fail(code::INVALID_DATA);
        };
        let [overlapped, deletes] = detail.as_bytes() else { return fail(code::INVALID_DATA) };
        let file = File::shared(descriptor, *overlapped == b'1')?;
        if *deletes == b'1' {
            file.plan_deletion(part)?;
        }
        Ok(file)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if let Some(deletion) = self.deletion().take() {
            deletion.carry_out();
        }
        let on_disk = matches!(self.shape, Shape::Regular | Shape::Directory);
        if on_disk && *self.private_in.get_mut() == fork::generation() {
            share::leave(self.descriptor());
        }
    }
}

/// A handle to a file, held while it is used.
pub(crate) struct Used(Arc<Entry>);

impl Used {
    pub(crate) fn access(&self) -> u32 {
        self.0.access
    }

    /// Refuses what the handle has no right to.
    pub(crate) fn may(&self, rights: u32) -> Result<()> {
        if self.access() & rights != 0 {
            return Ok(());
        }
        Err(Failure::hint(code::ACCESS_DENIED, "the handle was not opened with the right that this takes"))
    }
}

impl std::ops::Deref for Used {
    type Target = File;

    fn deref(&self) -> &File {
        match &*self.0.object {
            Object::File(file) => file,
            _ => unreachable!("`used` has looked"),
        }
    }
}

/// The file of a handle.
pub(crate) fn used(handle: HANDLE) -> Result<Used> {
    let entry = table::entry(handle)?;
    entry.object.as_kind::<File>()?;
    Ok(Used(entry))
}

/// A new handle to a file.
pub(crate) fn insert(file: File, access: u32, inherit: bool) -> Result<HANDLE> {
    table::insert(Arc::new(Object::File(file)), access, inherit)
}
