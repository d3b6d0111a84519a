//! What a copy needs to know of files, and do to them.

use super::done;
use std::fs::{File, FileTimes, Metadata};
use std::io;
use std::ops::Range;
use std::os::windows::fs::{FileTimesExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_INSUFFICIENT_BUFFER, ERROR_NOT_SUPPORTED};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetKernelObjectSecurity, SetKernelObjectSecurity,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, FILE_READ_ATTRIBUTES, FILE_STANDARD_INFO,
    FileStandardInfo, GetFileInformationByHandle, GetFileInformationByHandleEx, READ_CONTROL,
};

/// Opens whatever it is, to be read.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // Without the flag a directory would be no more than 'access denied'.
    File::options().read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)
}

/// Whether the path leads to the same file.
pub(crate) fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    let other = File::options()
        .access_mode(FILE_READ_ATTRIBUTES)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .open(path)?;
    Ok(number(file)? == number(&other)?)
}

/// What tells a file from all others of this machine, by whatever path it is reached: the numbers of its volume and on it.
fn number(file: &File) -> io::Result<(u32, u32, u32)> {
    let mut facts = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the structure ours.
    done(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut facts) })?;
    Ok((facts.dwVolumeSerialNumber, facts.nFileIndexHigh, facts.nFileIndexLow))
}

/// Fails if this user may not write to the file.
pub(crate) fn check_writable(path: &Path) -> io::Result<()> {
    // Asked for as well, because Wine lets root write to files that are read-only.
    if std::fs::metadata(path)?.permissions().readonly() {
        return Err(io::Error::from_raw_os_error(ERROR_ACCESS_DENIED.cast_signed()));
    }
    File::options().write(true).open(path).map(drop)
}

/// The room that a file takes on its disk.
pub(crate) fn allocated(file: &File) -> io::Result<u64> {
    let mut facts = FILE_STANDARD_INFO::default();
    let (to, size) = ((&raw mut facts).cast(), size_of_val(&facts) as u32);
    // SAFETY: the handle is open, and the structure the one of this class.
    done(unsafe { GetFileInformationByHandleEx(file.as_raw_handle(), FileStandardInfo, to, size) })?;
    Ok(facts.AllocationSize.cast_unsigned())
}

/// All of a range: sparse files are copied whole, see docs/limits.md.
pub(crate) fn next_data(_: &File, range: Range<u64>) -> io::Result<Option<Range<u64>>> {
    Ok(Some(range))
}

/// Nothing: setting the length made room for all of it.
pub(crate) fn reserve(_: &File, _: &Range<u64>) -> io::Result<()> {
    Ok(())
}

/// Not done yet on any file system of Windows, see docs/limits.md.
pub(crate) fn share_blocks(_: &File, _: &File) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(ERROR_NOT_SUPPORTED.cast_signed()))
}

/// Gives a copy the times and the read-only attribute of what it was made from.
pub(crate) fn keep_attributes(copy: &File, source: &Metadata) -> io::Result<()> {
    let mut times = FileTimes::new().set_accessed(source.accessed()?).set_modified(source.modified()?);
    if let Ok(created) = source.created() {
        times = times.set_created(created);
    }
    copy.set_times(times)?;
    copy.set_permissions(source.permissions())
}

/// Gives a copy the permissions of the file that it replaces: its list of who may do what.
pub(crate) fn keep_permissions(copy: &File, replaced: &Path) -> io::Result<()> {
    let replaced = File::options().access_mode(READ_CONTROL).open(replaced)?;
    let mut descriptor = Vec::<u64>::new();
    let mut needed = 0;
    loop {
        let room = size_of_val(descriptor.as_slice()) as u32;
        let (from, to) = (replaced.as_raw_handle(), descriptor.as_mut_ptr().cast());
        // SAFETY: the handle is open, and the buffer as long as is said.
        let got =
            unsafe { GetKernelObjectSecurity(from, DACL_SECURITY_INFORMATION, to, room, &raw mut needed) };
        match done(got) {
            Ok(()) => break,
            Err(error) if error.raw_os_error() == Some(ERROR_INSUFFICIENT_BUFFER.cast_signed()) => {
                descriptor.resize((needed as usize).div_ceil(size_of::<u64>()), 0);
            }
            Err(error) => return Err(error),
        }
    }
    let from = descriptor.as_mut_ptr().cast();
    // SAFETY: the handle is open, and the descriptor is what the system just wrote.
    done(unsafe { SetKernelObjectSecurity(copy.as_raw_handle(), DACL_SECURITY_INFORMATION, from) })
}

/// Nothing: there is no such limit.
pub(crate) fn survive_size_limit() -> io::Result<()> {
    Ok(())
}
