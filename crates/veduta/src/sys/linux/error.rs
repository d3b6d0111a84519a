//! errno to Win32 code, in one table.

use super::limits;
use crate::{Code, Error};
use rustix::io::Errno;

/// The failure of a system call, as the caller sees it.
pub(crate) fn failed(operation: &'static str, errno: Errno) -> Error {
    let error = Error::new(code_of(errno), operation).source(errno);
    match errno {
        Errno::MFILE | Errno::NFILE => error.hint(limits::descriptors(errno)),
        _ => error,
    }
}

fn code_of(errno: Errno) -> Code {
    match errno {
        Errno::NOENT => Code::FILE_NOT_FOUND,
        Errno::NOTDIR | Errno::LOOP => Code::PATH_NOT_FOUND,
        Errno::MFILE | Errno::NFILE => Code::TOO_MANY_OPEN_FILES,
        Errno::ACCESS | Errno::PERM | Errno::ROFS => Code::ACCESS_DENIED,
        Errno::BADF => Code::INVALID_HANDLE,
        Errno::NOMEM => Code::NOT_ENOUGH_MEMORY,
        Errno::NOSYS | Errno::OPNOTSUPP | Errno::NODEV => Code::NOT_SUPPORTED,
        Errno::INVAL | Errno::OVERFLOW | Errno::FBIG => Code::INVALID_PARAMETER,
        Errno::NOSPC | Errno::DQUOT => Code::DISK_FULL,
        Errno::NAMETOOLONG => Code::FILENAME_EXCED_RANGE,
        Errno::EXIST | Errno::NOTEMPTY => Code::ALREADY_EXISTS,
        Errno::BUSY | Errno::TXTBSY => Code::BUSY,
        Errno::AGAIN => Code::SHARING_VIOLATION,
        Errno::IO => Code::IO_DEVICE,
        // Of locks and of memory of the kernel's own.
        Errno::NOLCK => Code::NO_SYSTEM_RESOURCES,
        // A gap in this table: visible to the caller with its errno, and worth a line above.
        _ => Code::GEN_FAILURE,
    }
}

/// The error that a call through libc left behind.
pub(crate) fn last() -> Errno {
    std::io::Error::last_os_error().raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error)
}
