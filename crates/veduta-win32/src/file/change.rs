//! Deleting, moving and copying files by name.

use super::create::{self, Disposition, Request, WRITE_BITS};
use super::{path, share};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::rights::{GENERIC_READ, GENERIC_WRITE};
use crate::text::{Narrow, Text, Wide};
use crate::types::{BOOL, DWORD};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

const MOVEFILE_REPLACE_EXISTING: u32 = 0x1;
const MOVEFILE_COPY_ALLOWED: u32 = 0x2;
const MOVEFILE_DELAY_UNTIL_REBOOT: u32 = 0x4;
const MOVEFILE_WRITE_THROUGH: u32 = 0x8;

export! {
    fn DeleteFileA(name: Narrow) -> BOOL { delete(name) }

    fn DeleteFileW(name: Wide) -> BOOL { delete(name) }

    fn MoveFileA(from: Narrow, to: Narrow) -> BOOL { move_file(from, to, MOVEFILE_COPY_ALLOWED) }

    fn MoveFileW(from: Wide, to: Wide) -> BOOL { move_file(from, to, MOVEFILE_COPY_ALLOWED) }

    fn MoveFileExA(from: Narrow, to: Narrow, flags: DWORD) -> BOOL { move_file(from, to, flags) }

    fn MoveFileExW(from: Wide, to: Wide, flags: DWORD) -> BOOL { move_file(from, to, flags) }

    fn CopyFileA(from: Narrow, to: Narrow, fail_if_exists: BOOL) -> BOOL {
        copy(&path::required(from)?, &path::required(to)?, fail_if_exists.is_true())
    }

    fn CopyFileW(from: Wide, to: Wide, fail_if_exists: BOOL) -> BOOL {
        copy(&path::required(from)?, &path::required(to)?, fail_if_exists.is_true())
    }
}

/// What is found under a name, without following a link.
fn look(path: &Path) -> Result<Stat> {
    rustix::fs::lstat(path).map_err(|errno| path::failure(errno, path))
}

/// A description through which others are asked, and told of what is being done.
pub(crate) struct Asking(OwnedFd);

impl AsFd for Asking {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        share::leave(self.as_fd());
    }
}

/// `None` for what has no sharing, or may not be opened.
fn to_ask(path: &Path, stat: &Stat) -> Option<Asking> {
    let open = |access| rustix::fs::open(path, access | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => match open(OFlags::RDONLY).or_else(|_| open(OFlags::WRONLY)) {
            Ok(descriptor) => Some(Asking(descriptor)),
            Err(errno) => {
                share::unenforced(errno);
                None
            }
        },
        FileType::Directory => open(OFlags::RDONLY | OFlags::DIRECTORY).ok().map(Asking),
        _ => None,
    }
}

/// Fails if somebody denies deleting.
pub(crate) fn nobody_denies_delete(path: &Path, stat: &Stat) -> Result<Option<Asking>> {
    let file = to_ask(path, stat);
    if let Some(file) = &file {
        share::join(file.as_fd(), share::DELETING, share::ALL, 0)?;
        if share::others_say(file.as_fd(), share::Byte::DeletePending) {
            return Err(Failure::hint(code::ACCESS_DENIED, "the file is being deleted"));
        }
    }
    Ok(file)
}

fn not_read_only(stat: &Stat) -> Result<()> {
    if FileType::from_raw_mode(stat.st_mode).is_file() && stat.st_mode & WRITE_BITS == 0 {
        return Err(Failure::hint(
            code::ACCESS_DENIED,
            "nobody may write to the file (FILE_ATTRIBUTE_READONLY)",
        ));
    }
    Ok(())
}

fn delete(name: impl Text) -> Result<()> {
    let path = path::to_linux(&path::required(name)?)?;
    let stat = look(&path)?;
    if FileType::from_raw_mode(stat.st_mode).is_dir() {
        return Err(Failure::hint(code::ACCESS_DENIED, "it is a directory; RemoveDirectory removes those"));
    }
    not_read_only(&stat)?;
    let file = nobody_denies_delete(&path, &stat)?;
    if let Some(file) = &file {
        share::not_mapped(file.as_fd(), code::ACCESS_DENIED)?;
    }
    rustix::fs::unlinkat(CWD, &path, AtFlags::empty()).map_err(|errno| path::failure(errno, &path))
}

fn move_file(from: impl Text, to: impl Text, flags: u32) -> Result<()> {
    let known = MOVEFILE_REPLACE_EXISTING | MOVEFILE_COPY_ALLOWED | MOVEFILE_WRITE_THROUGH;
    if flags & MOVEFILE_DELAY_UNTIL_REBOOT != 0 {
        return Err(Failure::hint(code::NOT_SUPPORTED, "nothing is moved when the machine starts"));
    }
    if flags & !known != 0 {
        return fail(code::INVALID_PARAMETER);
    }
    let replaces = flags & MOVEFILE_REPLACE_EXISTING != 0;
    let (from_text, to_text) = (path::required(from)?, path::required(to)?);
    let (from, to) = (path::to_linux(&from_text)?, path::to_linux(&to_text)?);
    let stat = look(&from)?;
    let source = nobody_denies_delete(&from, &stat)?;
    let target = match rustix::fs::lstat(&to) {
        // To its own name.
        Ok(target)
            if (target.st_dev, target.st_ino) == (stat.st_dev, stat.st_ino) && same_name(&from, &to) =>
        {
            return Ok(());
        }
        Ok(_) if !replaces => return fail(code::ALREADY_EXISTS),
        Ok(target) => {
            if FileType::from_raw_mode(target.st_mode).is_dir() {
                return Err(Failure::hint(code::ACCESS_DENIED, "a directory is not replaced"));
            }
            not_read_only(&target)?;
            let description = to_ask(&to, &target);
            if let Some(description) = &description {
                let denied = |_| {
                    Failure::hint(code::ACCESS_DENIED, "somebody has the file open that would be replaced")
                };
                share::join(description.as_fd(), share::DELETING, share::ALL, 0).map_err(denied)?;
                share::not_mapped(description.as_fd(), code::ACCESS_DENIED)?;
            }
            description
        }
        Err(Errno::NOENT) => None,
        Err(errno) => return Err(path::failure(errno, &to)),
    };
    match rename(&from, &to, replaces) {
        Ok(()) => {}
        Err(Errno::XDEV)
            if flags & MOVEFILE_COPY_ALLOWED != 0 && FileType::from_raw_mode(stat.st_mode).is_file() =>
        {
            // Their locks would be in the way of the copy's.
            drop((source, target));
            copy(&from_text, &to_text, !replaces)?;
            rustix::fs::unlinkat(CWD, &from, AtFlags::empty())?;
        }
        Err(Errno::EXIST) => return fail(code::ALREADY_EXISTS),
        Err(errno) => return Err(path::failure(errno, &to)),
    }
    if flags & MOVEFILE_WRITE_THROUGH != 0 {
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = rustix::fs::open(parent, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        rustix::fs::fsync(directory)?;
    }
    Ok(())
}

/// Whether two paths are one name, and not two names of one file.
fn same_name(one: &Path, other: &Path) -> bool {
    let directory = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        parent.canonicalize().ok()
    };
    one.file_name() == other.file_name() && directory(one) == directory(other)
}

fn rename(from: &Path, to: &Path, replaces: bool) -> rustix::io::Result<()> {
    if replaces {
        return rustix::fs::rename(from, to);
    }
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system cannot promise that; the look a moment ago has to do.
        Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::rename(from, to),
        result => result,
    }
}

/// Copies bytes, mode and the time of the last change.
fn copy(from: &str, to: &str, fail_if_exists: bool) -> Result<()> {
    let open = |path: &str, access, share, disposition, mode| {
        let request = Request { path: path.to_owned(), access, share, disposition, flags: 0, mode };
        create::open(&request).map(|opened| opened.file)
    };
    let source = open(from, GENERIC_READ, share::ALL, Disposition::OpenExisting, None)?;
    let stat = rustix::fs::fstat(source.descriptor())?;
    let mode = stat.st_mode & 0o777;
    let target = path::to_linux(to)?;
    if let Ok(there) = rustix::fs::stat(&target) {
        if fail_if_exists {
            return fail(code::FILE_EXISTS);
        }
        if (there.st_dev, there.st_ino) == (stat.st_dev, stat.st_ino) {
            return Err(Failure::hint(code::SHARING_VIOLATION, "the two names are of one file"));
        }
    }
    let disposition = if fail_if_exists { Disposition::CreateNew } else { Disposition::CreateAlways };
    let target = open(to, GENERIC_WRITE, share::READ, disposition, Some(mode))?;
    let mut reader = File::from(rustix::io::fcntl_dupfd_cloexec(source.descriptor(), 0)?);
    let mut writer = File::from(rustix::io::fcntl_dupfd_cloexec(target.descriptor(), 0)?);
    std::io::copy(&mut reader, &mut writer)?;
    if FileType::from_raw_mode(rustix::fs::fstat(&writer)?.st_mode).is_file() {
        rustix::fs::fchmod(&writer, Mode::from_raw_mode(mode))?;
        let times = super::times::Times::of(&reader)?;
        super::times::set(target.descriptor(), None, Some(times.written))?;
    }
    Ok(())
}
