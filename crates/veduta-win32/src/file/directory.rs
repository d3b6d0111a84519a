//! Directories: making and removing them, the current one, and whole paths.

use super::{change, path};
use crate::attributes::Attributes;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::pointer::Out;
use crate::text::{self, Narrow, Text, Wide};
use crate::types::{BOOL, DWORD};
use rustix::fs::{AtFlags, CWD, FileType, Mode};
use rustix::io::Errno;

export! {
    fn CreateDirectoryA(name: Narrow, attributes: Attributes) -> BOOL { create(name, attributes) }

    fn CreateDirectoryW(name: Wide, attributes: Attributes) -> BOOL { create(name, attributes) }

    fn RemoveDirectoryA(name: Narrow) -> BOOL { remove(name) }

    fn RemoveDirectoryW(name: Wide) -> BOOL { remove(name) }

    fn GetCurrentDirectoryA(capacity: DWORD, buffer: Out<u8>) -> DWORD { current::<Narrow>(capacity, buffer) }

    fn GetCurrentDirectoryW(capacity: DWORD, buffer: Out<u16>) -> DWORD { current::<Wide>(capacity, buffer) }

    fn SetCurrentDirectoryA(name: Narrow) -> BOOL { change_to(name) }

    fn SetCurrentDirectoryW(name: Wide) -> BOOL { change_to(name) }

    fn GetFullPathNameA(name: Narrow, capacity: DWORD, buffer: Out<u8>, part: Out<*mut u8>) -> DWORD {
        full(name, capacity, buffer, part)
    }

    fn GetFullPathNameW(name: Wide, capacity: DWORD, buffer: Out<u16>, part: Out<*mut u16>) -> DWORD {
        full(name, capacity, buffer, part)
    }
}

fn create(name: impl Text, attributes: Attributes) -> Result<()> {
    let path = path::to_linux(&path::required(name)?)?;
    let mode = match attributes.mode()? {
        // Who may read a directory's files also has to get at them.
        Some(mode) => mode | (mode & 0o444) >> 2,
        None => 0o777,
    };
    rustix::fs::mkdir(&path, Mode::from_raw_mode(mode)).map_err(|errno| match errno {
        // Only the last part is made.
        Errno::NOENT => Failure::hint(code::PATH_NOT_FOUND, "the directory above it is not there"),
        errno => path::failure(errno, &path),
    })
}

fn remove(name: impl Text) -> Result<()> {
    let path = path::to_linux(&path::required(name)?)?;
    let stat = rustix::fs::lstat(&path).map_err(|errno| path::failure(errno, &path))?;
    if !FileType::from_raw_mode(stat.st_mode).is_dir() {
        return Err(Failure::hint(code::DIRECTORY, "it is no directory; DeleteFile deletes files"));
    }
    // As if the process had it open.
    if rustix::fs::stat(".").is_ok_and(|here| (here.st_dev, here.st_ino) == (stat.st_dev, stat.st_ino)) {
        return Err(Failure::hint(code::SHARING_VIOLATION, "it is the current directory"));
    }
    let _asked = change::nobody_denies_delete(&path, &stat)?;
    rustix::fs::unlinkat(CWD, &path, AtFlags::REMOVEDIR).map_err(|errno| match errno {
        Errno::EXIST => Failure::Code(code::DIR_NOT_EMPTY),
        errno => path::failure(errno, &path),
    })
}

fn current<T: Text>(capacity: u32, buffer: Out<T::Unit>) -> Result<u32> {
    let here = path::to_windows(&path::current_directory()?);
    Ok(text::fill::<T>(buffer, capacity as usize, &here))
}

fn change_to(name: impl Text) -> Result<()> {
    let path = path::to_linux(&path::required(name)?)?;
    rustix::process::chdir(&path).map_err(|errno| match errno {
        Errno::NOTDIR => Failure::hint(code::DIRECTORY, "it is no directory"),
        errno => path::failure(errno, &path),
    })
}

fn full<T: Text>(name: T, capacity: u32, buffer: Out<T::Unit>, part: Out<*mut T::Unit>) -> Result<u32> {
    let name = name.read()?.unwrap_or_default();
    if name.is_empty() {
        return fail(code::INVALID_NAME);
    }
    let full = path::full(&name)?;
    let length = text::fill::<T>(buffer, capacity as usize, &full);
    let written = !buffer.is_null() && T::encode(&full).len() < capacity as usize;
    if written {
        let before = full.rfind('\\').map_or(0, |at| at + 1);
        // NULL if there is no last part, as for a directory written with a separator at its end.
        part.put(match full.len() {
            length if length == before => std::ptr::null_mut(),
            _ => buffer.as_ptr().wrapping_add(T::encode(&full[..before]).len()),
        });
    }
    Ok(length)
}
