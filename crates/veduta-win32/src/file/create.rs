//! `CreateFile`.

use super::path::{self, Device, Target};
use super::share::{self, Byte};
use super::{File, RIGHTS, Shape, right};
use crate::attributes::Attributes;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::last_error;
use crate::rights::{DELETE, GENERIC_READ, MAXIMUM_ALLOWED, SYNCHRONIZE};
use crate::text::{Narrow, Text, Wide};
use crate::types::{DWORD, HANDLE};
use rustix::fs::{Advice, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::path::Path;

const FLAG_WRITE_THROUGH: u32 = 0x8000_0000;
const FLAG_OVERLAPPED: u32 = 0x4000_0000;
const FLAG_RANDOM_ACCESS: u32 = 0x1000_0000;
const FLAG_SEQUENTIAL_SCAN: u32 = 0x0800_0000;
const FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
const FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
const FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
const ATTRIBUTE_READONLY: u32 = 1;

/// The mode bits that let anybody write. A file without any has `FILE_ATTRIBUTE_READONLY`.
pub(crate) const WRITE_BITS: u32 = 0o222;

/// `dwCreationDisposition`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Disposition {
    CreateNew,
    CreateAlways,
    OpenExisting,
    OpenAlways,
    TruncateExisting,
}

impl Disposition {
    fn from_number(number: u32) -> Result<Disposition> {
        Ok(match number {
            1 => Disposition::CreateNew,
            2 => Disposition::CreateAlways,
            3 => Disposition::OpenExisting,
            4 => Disposition::OpenAlways,
            5 => Disposition::TruncateExisting,
            _ => return Err(Failure::hint(code::INVALID_PARAMETER, "the creation disposition is 1 to 5")),
        })
    }

    fn creates(self) -> bool {
        matches!(self, Disposition::CreateNew | Disposition::CreateAlways | Disposition::OpenAlways)
    }

    /// Whether a file that exists loses its bytes.
    fn empties(self) -> bool {
        matches!(self, Disposition::CreateAlways | Disposition::TruncateExisting)
    }
}

/// What `CreateFile` was asked.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) access: u32,
    pub(crate) share: u32,
    pub(crate) disposition: Disposition,
    /// Flags and attributes.
    pub(crate) flags: u32,
    /// The mode that the security descriptor comes to.
    pub(crate) mode: Option<u32>,
}

/// What came of it.
pub(crate) struct Opened {
    pub(crate) file: File,
    /// The rights of the handle.
    pub(crate) access: u32,
    pub(crate) existed: bool,
}

export! {
    fn CreateFileA(
        name: Narrow,
        access: DWORD,
        share: DWORD,
        attributes: Attributes,
        disposition: DWORD,
        flags: DWORD,
        _template: HANDLE,
    ) -> HANDLE, failing HANDLE::INVALID {
        create(name, access, share, attributes, disposition, flags)
    }

    fn CreateFileW(
        name: Wide,
        access: DWORD,
        share: DWORD,
        attributes: Attributes,
        disposition: DWORD,
        flags: DWORD,
        _template: HANDLE,
    ) -> HANDLE, failing HANDLE::INVALID {
        create(name, access, share, attributes, disposition, flags)
    }
}

fn create(
    name: impl Text,
    access: u32,
    share: u32,
    attributes: Attributes,
    disposition: u32,
    flags: u32,
) -> Result<HANDLE> {
    let disposition = Disposition::from_number(disposition)?;
    let path = path::required(name)?;
    let opened = open(&Request { path, access, share, disposition, flags, mode: attributes.mode()? })?;
    let news = opened.existed && matches!(disposition, Disposition::CreateAlways | Disposition::OpenAlways);
    let handle = super::insert(opened.file, opened.access, attributes.inherits())?;
    last_error::set(if news { code::ALREADY_EXISTS } else { code::SUCCESS });
    Ok(handle)
}

/// Opens or creates a file, as `CreateFile` does.
pub(crate) fn open(request: &Request) -> Result<Opened> {
    if request.share & !share::ALL != 0 {
        return Err(Failure::hint(code::INVALID_PARAMETER, "the share mode has unknown bits"));
    }
    let mut access = RIGHTS.map(request.access) | right::READ_ATTRIBUTES | SYNCHRONIZE;
    if request.flags & FLAG_DELETE_ON_CLOSE != 0 {
        access |= DELETE;
    }
    if request.disposition == Disposition::TruncateExisting && access & right::WRITE_DATA == 0 {
        return Err(Failure::hint(code::INVALID_PARAMETER, "TRUNCATE_EXISTING takes GENERIC_WRITE"));
    }
    let (path, ends_open) = match path::target(&request.path)? {
        Target::Device(device) => return open_device(device, access, request.flags),
        Target::File(path, ends_open) => (path, ends_open),
    };
    match open_file(request, &path, ends_open, access) {
        // Whoever asks for all that is allowed is content with less.
        Err(failure) if failure.code() == code::ACCESS_DENIED && request.access & MAXIMUM_ALLOWED != 0 => {
            let less = RIGHTS.map(GENERIC_READ) | right::READ_ATTRIBUTES | SYNCHRONIZE;
            open_file(request, &path, ends_open, less)
        }
        opened => opened,
    }
}

fn open_device(device: Device, access: u32, flags: u32) -> Result<Opened> {
    let name = if device == Device::Null { "/dev/null" } else { "/dev/tty" };
    let descriptor = rustix::fs::open(name, OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty())?;
    let access = match device {
        Device::ConsoleInput => access & !(right::WRITE_DATA | right::APPEND_DATA),
        Device::ConsoleOutput => access & !right::READ_DATA,
        Device::Null | Device::Console => access,
    };
    Ok(Opened { file: File::new(descriptor, flags & FLAG_OVERLAPPED != 0)?, access, existed: false })
}

fn open_file(request: &Request, path: &Path, ends_open: bool, access: u32) -> Result<Opened> {
    let (descriptor, existed) = find_or_create(request, path, ends_open, access)?;
    let file = File::new(descriptor, request.flags & FLAG_OVERLAPPED != 0)?;
    if matches!(file.shape(), Shape::Regular | Shape::Directory) {
        let empties = existed && request.disposition.empties();
        let descriptor = file.descriptor();
        share::join(descriptor, share::uses(access), request.share, if empties { share::WRITE } else { 0 })?;
        if share::others_say(descriptor, Byte::DeletePending) {
            return Err(Failure::hint(code::ACCESS_DENIED, "the file is being deleted"));
        }
        if empties && file.shape() == Shape::Regular {
            share::shrink(descriptor, 0)?;
            if request.disposition == Disposition::CreateAlways && request.flags & ATTRIBUTE_READONLY != 0 {
                let mode = rustix::fs::fstat(descriptor)?.st_mode & 0o7777 & !WRITE_BITS;
                rustix::fs::fchmod(descriptor, Mode::from_raw_mode(mode))?;
            }
        }
        if request.flags & FLAG_DELETE_ON_CLOSE != 0 {
            file.delete_on_close()?;
        }
        let advice = match request.flags & (FLAG_SEQUENTIAL_SCAN | FLAG_RANDOM_ACCESS) {
            FLAG_SEQUENTIAL_SCAN => Advice::Sequential,
            FLAG_RANDOM_ACCESS => Advice::Random,
            _ => Advice::Normal,
        };
        if advice != Advice::Normal {
            // Advice: nothing depends on it.
            let _taken = rustix::fs::fadvise(descriptor, 0, None, advice);
        }
    }
    Ok(Opened { file, access, existed })
}

/// The file's descriptor, and whether the file was there before.
fn find_or_create(request: &Request, path: &Path, ends_open: bool, access: u32) -> Result<(OwnedFd, bool)> {
    let Request { disposition, flags, .. } = *request;
    let mode = request.mode.unwrap_or(0o666);
    let mode = Mode::from_raw_mode(if flags & ATTRIBUTE_READONLY != 0 { mode & !WRITE_BITS } else { mode });
    // Files come and go between the steps. In the end a name that leads nowhere is created through.
    for attempt in 0.. {
        let stat = if flags & FLAG_OPEN_REPARSE_POINT != 0 {
            rustix::fs::lstat(path)
        } else {
            rustix::fs::stat(path)
        };
        match stat {
            Ok(_) if disposition == Disposition::CreateNew => return fail(code::FILE_EXISTS),
            Ok(stat) => match open_existing(request, path, ends_open, access, &stat) {
                Err(Errno::NOENT) if disposition.creates() && attempt < 8 => {}
                Err(errno) => return Err(path::failure(errno, path)),
                Ok(found) => return Ok((found?, true)),
            },
            Err(Errno::NOENT) if disposition.creates() => {
                if ends_open {
                    return Err(Failure::hint(code::INVALID_NAME, "CreateDirectory makes directories"));
                }
                let exclusive = if attempt < 8 { OFlags::EXCL } else { OFlags::empty() };
                let flags = way(access, flags, true) | OFlags::CREATE | exclusive;
                match rustix::fs::open(path, flags, mode) {
                    Err(Errno::EXIST) if disposition == Disposition::CreateNew => {
                        return fail(code::FILE_EXISTS);
                    }
                    Err(Errno::EXIST) => {}
                    Err(errno) => return Err(path::failure(errno, path)),
                    Ok(created) => return Ok((created, false)),
                }
            }
            Err(errno) => return Err(path::failure(errno, path)),
        }
    }
    unreachable!("the loop has no end of its own")
}

type Found = Result<OwnedFd>;

/// Opens what is there. The outer failure is the system's.
fn open_existing(
    request: &Request,
    path: &Path,
    ends_open: bool,
    access: u32,
    stat: &Stat,
) -> rustix::io::Result<Found> {
    let empties = request.disposition.empties();
    let writes = access & (right::WRITE_DATA | right::APPEND_DATA) != 0 || empties;
    let open = |flags| rustix::fs::open(path, flags | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty());
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => {
            if request.flags & FLAG_BACKUP_SEMANTICS == 0 || empties {
                return Ok(Err(Failure::hint(
                    code::ACCESS_DENIED,
                    "it is a directory; FILE_FLAG_BACKUP_SEMANTICS opens those",
                )));
            }
            return open(OFlags::RDONLY | OFlags::DIRECTORY).map(Ok);
        }
        _ if ends_open => {
            return Ok(Err(Failure::hint(code::INVALID_NAME, "a file's name does not end with a separator")));
        }
        FileType::Symlink => return open(OFlags::PATH | OFlags::NOFOLLOW).map(Ok),
        FileType::RegularFile => {}
        // Pipes and devices are opened just so: opening them says something to others.
        _ => {
            let reads = access & right::READ_DATA != 0;
            let way = match (reads, writes) {
                (true, true) => OFlags::RDWR,
                (false, true) => OFlags::WRONLY,
                (true, false) => OFlags::RDONLY,
                (false, false) => OFlags::PATH,
            };
            return open(way).map(Ok);
        }
    }
    let deletes = request.flags & FLAG_DELETE_ON_CLOSE != 0;
    if stat.st_mode & WRITE_BITS == 0 && (writes || deletes) {
        return Ok(Err(Failure::hint(
            code::ACCESS_DENIED,
            "nobody may write to the file (FILE_ATTRIBUTE_READONLY)",
        )));
    }
    match open(way(access, request.flags, writes)) {
        // Somebody else's file perhaps. Without reading, only half of the sharing can be kept.
        Err(Errno::ACCESS) if writes && access & right::READ_DATA == 0 => {
            open(way(access, request.flags, writes).difference(OFlags::RWMODE) | OFlags::WRONLY).map(Ok)
        }
        // Moving and deleting take rights to the directory, not to the file.
        Err(Errno::ACCESS) if !writes && access & (right::READ_DATA | right::EXECUTE) == 0 => {
            share::unenforced(Errno::ACCESS);
            open(OFlags::PATH).map(Ok)
        }
        opened => opened.map(Ok),
    }
}

/// How to open a regular file. What is written is also read: the locks of the share mode take it. The handle's rights keep its user from it.
fn way(access: u32, flags: u32, writes: bool) -> OFlags {
    let appends_only = access & (right::WRITE_DATA | right::APPEND_DATA) == right::APPEND_DATA;
    let mut way = OFlags::CLOEXEC | OFlags::NOCTTY;
    if writes {
        way |= OFlags::RDWR;
        if appends_only {
            way |= OFlags::APPEND;
        }
    } else if access & (right::READ_DATA | right::EXECUTE | DELETE) != 0 {
        way |= OFlags::RDONLY;
    } else {
        // To ask about a file takes no right to it.
        way |= OFlags::PATH;
    }
    if flags & FLAG_WRITE_THROUGH != 0 {
        way |= OFlags::DSYNC;
    }
    way
}
