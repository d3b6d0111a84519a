//! What a copy needs to know of files, and do to them.

use rustix::fs::{
    Access, AtFlags, CWD, FallocateFlags, Gid, Mode, OFlags, SeekFrom, Timespec, Timestamps, Uid, accessat,
    fallocate, fchmod, fchown, fstatfs, futimens, ioctl_ficlone, seek,
};
use rustix::io::Errno;
use signal_hook::consts::SIGXFSZ;
use std::fs::{self, File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

pub(super) const PERMISSIONS: u32 = 0o777;
const SET_ID: u32 = 0o6000;

/// Opens whatever it is, to be read. Does not wait for the writer of a pipe.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// Whether the path leads to the same file.
pub(crate) fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    let [one, other] = [file.metadata()?, fs::metadata(path)?].map(|found| (found.dev(), found.ino()));
    Ok(one == other)
}

/// Fails if this user may not write to the file.
pub(crate) fn check_writable(path: &Path) -> io::Result<()> {
    Ok(accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS)?)
}

/// The room that a file takes on its disk.
pub(crate) fn allocated(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.blocks() * 512)
}

/// The first piece of a range that is data, if there is any. A filesystem that knows no holes has data everywhere.
pub(crate) fn next_data(file: &File, range: Range<u64>) -> io::Result<Option<Range<u64>>> {
    let start = match seek(file, SeekFrom::Data(range.start)) {
        Ok(start) if start >= range.end => return Ok(None),
        Ok(start) => start,
        // No data from here to the end.
        Err(Errno::NXIO) => return Ok(None),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Some(range)),
        Err(error) => return Err(error.into()),
    };
    // NXIO: the file was cut off below `start` since. The view will say so.
    let end = match seek(file, SeekFrom::Hole(start)) {
        Ok(end) => end.clamp(start + 1, range.end),
        Err(_) => range.end,
    };
    Ok(Some(start..end))
}

/// Makes room for a range: a full disk is known before it is written to, and the blocks lie together. Fails only for want of room; many filesystems cannot, and
/// the writes will do without.
pub(crate) fn reserve(file: &File, range: &Range<u64>) -> io::Result<()> {
    // A tmpfs takes page after page, which is the same work now or later.
    const TMPFS: u32 = 0x0102_1994;
    if fstatfs(file).is_ok_and(|filesystem| filesystem.f_type as u32 == TMPFS) {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::KEEP_SIZE, range.start, range.end - range.start) {
        Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Lets the copy have the blocks of the source.
pub(crate) fn share_blocks(copy: &File, source: &File) -> io::Result<()> {
    Ok(ioctl_ficlone(copy, source)?)
}

/// Gives a copy mode, times, and where that is allowed the owner of what it was made from.
pub(crate) fn keep_attributes(copy: &File, source: &Metadata) -> io::Result<()> {
    // Only root gives files away. A set-user-ID bit must not end up with another owner than it was made for.
    let owner = (Some(Uid::from_raw(source.uid())), Some(Gid::from_raw(source.gid())));
    let mode = match fchown(copy, owner.0, owner.1) {
        Ok(()) => source.mode() & 0o7777,
        Err(_) => source.mode() & 0o7777 & !SET_ID,
    };
    let times = Timestamps {
        last_access: Timespec { tv_sec: source.atime(), tv_nsec: source.atime_nsec() as _ },
        last_modification: Timespec { tv_sec: source.mtime(), tv_nsec: source.mtime_nsec() as _ },
    };
    fchmod(copy, Mode::from_raw_mode(mode))?;
    Ok(futimens(copy, &times)?)
}

/// Gives a copy the permissions of the file that it replaces.
pub(crate) fn keep_permissions(copy: &File, replaced: &Path) -> io::Result<()> {
    Ok(fchmod(copy, Mode::from_raw_mode(fs::metadata(replaced)?.mode() & PERMISSIONS))?)
}

/// Has a file that would become longer than RLIMIT_FSIZE be an error, where it would end the process. By a handler: what is ignored,
/// programs that are started would ignore, too.
pub(crate) fn survive_size_limit() -> io::Result<()> {
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map(drop)
}
