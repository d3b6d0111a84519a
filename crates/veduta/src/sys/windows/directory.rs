//! Where names live: in the kernel's own directories of objects, under the name that every program of Windows would use.
//!
//! A private namespace is a directory of the file system, on Windows as on Linux; its objects are called after the directory's number
//! (`Local\veduta-NUMBER-p-NAME`), and so are all names of a process that has `VEDUTA_ROOT` set. The kernel's own private namespaces would do the same
//! less well: they are found by a list of users, and not by who may use a directory.

use super::environment;
use super::error::{done, failed, last};
use super::section::duplicate;
use super::security::{MAXIMUM_ALLOWED, QUERY, READ_CONTROL, TO_KNOW};
use crate::{Code, Error, Kind, ObjectName, Result, Scope};
use std::fs::{File, OpenOptions};
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, ERROR_INVALID_HANDLE};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, FILE_ID_INFO, FILE_READ_ATTRIBUTES, FileIdInfo,
    GetFileInformationByHandle, GetFileInformationByHandleEx,
};
use windows_sys::Win32::System::Memory::OpenFileMappingW;
use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;
use windows_sys::Win32::System::Threading::{OpenEventW, OpenMutexW, OpenSemaphoreW, OpenWaitableTimerW};

const OPERATION: &str = "open namespace";

/// A namespace.
#[derive(Debug)]
pub(crate) struct Directory {
    scope: Scope,
    path: PathBuf,
    /// What stands before a name in the kernel's directory of objects.
    prefix: String,
}

/// A name in a namespace.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// As Win32 takes it: with `Local\` or `Global\`, and a NUL behind it.
    wide: Arc<[u16]>,
}

impl Place {
    pub(crate) fn wide(&self) -> &[u16] {
        &self.wide
    }

    /// Opens the object that has the name, if it is of that kind.
    pub(crate) fn open(&self, kind: Kind, desired: u32) -> Result<OwnedHandle, u32> {
        let name = self.wide.as_ptr();
        let handle = match kind {
            // Alone, the number is that of FILE_MAP_COPY, which the call takes for reading.
            Kind::Section if desired == QUERY => {
                let more = self.open(kind, QUERY | MAXIMUM_ALLOWED)?;
                return duplicate(more.as_handle(), Some(QUERY));
            }
            // SAFETY: the name ends with a NUL.
            Kind::Section => unsafe { OpenFileMappingW(desired, 0, name) },
            // SAFETY: as above.
            Kind::Mutex => unsafe { OpenMutexW(desired, 0, name) },
            // SAFETY: as above.
            Kind::Event => unsafe { OpenEventW(desired, 0, name) },
            // SAFETY: as above.
            Kind::Semaphore => unsafe { OpenSemaphoreW(desired, 0, name) },
            // SAFETY: as above.
            Kind::Timer => unsafe { OpenWaitableTimerW(desired, 0, name) },
        };
        // SAFETY: it was just opened, and nobody else has it.
        if handle.is_null() { Err(last()) } else { Ok(unsafe { OwnedHandle::from_raw_handle(handle) }) }
    }

    /// Opens the object that has the name, to use it and to know what it is; where that is refused, what is asked for will have to do. `None` when
    /// there is none.
    pub(crate) fn open_to_know(&self, kind: Kind, asked: u32) -> Result<Option<OwnedHandle>> {
        let opened = match self.open(kind, asked | TO_KNOW) {
            Err(ERROR_ACCESS_DENIED) => self.open(kind, asked),
            opened => opened,
        };
        match opened {
            Ok(handle) => Ok(Some(handle)),
            Err(ERROR_FILE_NOT_FOUND) => Ok(None),
            Err(ERROR_INVALID_HANDLE) => Err(self.other_kind(kind.opening())),
            Err(code) => Err(failed(kind.opening(), code)),
        }
    }

    /// The error of who finds an object of another kind.
    pub(crate) fn other_kind(&self, operation: &'static str) -> Error {
        let kinds = [Kind::Section, Kind::Mutex, Kind::Event, Kind::Semaphore, Kind::Timer];
        // Whether it may be opened or not: only those of its own kind do not say that it is another.
        let kind = kinds.into_iter().find(|&kind| {
            !matches!(self.open(kind, READ_CONTROL), Err(ERROR_INVALID_HANDLE | ERROR_FILE_NOT_FOUND))
        });
        Error::new(Code::INVALID_HANDLE, operation).hint(match kind {
            Some(kind) => format!("the name belongs to another kind of object: {kind}"),
            None => "the name belongs to another kind of object".to_owned(),
        })
    }
}

/// The place of a name.
pub(crate) fn place(name: &ObjectName, namespace: Option<&Arc<Directory>>) -> Result<Place> {
    let own;
    let directory = match namespace {
        Some(directory) => directory,
        None => {
            own = Directory::of(name.scope())?;
            &own
        }
    };
    Ok(Place { wide: directory.win32_name(name).encode_utf16().chain([0]).collect() })
}

impl Directory {
    /// The namespace of a scope.
    pub(crate) fn of(scope: Scope) -> Result<Arc<Directory>> {
        let path = objects_of(scope)?;
        let prefix = match environment::variable("VEDUTA_ROOT") {
            None => String::new(),
            Some(root) => {
                prefix(number_of(Path::new(&root))?, if scope == Scope::Global { 'g' } else { 'l' })
            }
        };
        Ok(Arc::new(Directory { scope, path, prefix }))
    }

    /// A private namespace: a directory of the caller's.
    pub(crate) fn private(path: &Path) -> Result<Arc<Directory>> {
        let prefix = prefix(number_of(path)?, PRIVATE);
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Arc::new(Directory { scope: Scope::Private, path, prefix }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }

    /// The kernel's directory in which its objects are.
    pub(crate) fn objects(&self) -> Result<PathBuf> {
        objects_of(self.scope)
    }

    /// A name of this namespace, from the name of an object in the kernel's directory; `None` for those of others.
    pub(crate) fn name_of(&self, object: &str) -> Option<ObjectName> {
        let name = object.strip_prefix(self.prefix.as_str())?;
        // Without a root, what belongs to private namespaces and to other roots is not ours.
        if self.prefix.is_empty() && is_prefixed(object) {
            return None;
        }
        ObjectName::from_entry(self.scope, name).ok()
    }

    fn win32_name(&self, name: &ObjectName) -> String {
        let session = if self.scope == Scope::Global { r"Global\" } else { r"Local\" };
        format!("{session}{}{}", self.prefix, name.as_str())
    }
}

const PRIVATE: char = 'p';
const PREFIX: &str = "veduta-";
/// Digits of a directory's number: its volume's and its own.
const DIGITS: usize = 16 + 32;

fn prefix((volume, file): (u64, u128), tag: char) -> String {
    format!("{PREFIX}{volume:016x}{file:032x}-{tag}-")
}

fn is_prefixed(object: &str) -> bool {
    object.strip_prefix(PREFIX).is_some_and(|rest| {
        rest.len() > DIGITS + 3 && rest.bytes().take(DIGITS).all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The name of an object by its full path in the kernel, if it is in one of our namespaces.
pub(crate) fn name_of_path(path: &str) -> Option<ObjectName> {
    let (scope, object) = [Scope::Local, Scope::Global].into_iter().find_map(|scope| {
        let directory = objects_of(scope).ok()?;
        Some((scope, path.strip_prefix(directory.to_str()?)?.strip_prefix('\\')?))
    })?;
    if !is_prefixed(object) {
        return ObjectName::from_entry(scope, object).ok();
    }
    let (tag, name) = object.split_at_checked(PREFIX.len() + DIGITS + 3)?;
    let scope = if tag.ends_with(&format!("-{PRIVATE}-")) { Scope::Private } else { scope };
    ObjectName::from_entry(scope, name).ok()
}

/// The kernel's directory of the objects of a scope.
fn objects_of(scope: Scope) -> Result<PathBuf> {
    let mut session = 0;
    if scope != Scope::Global {
        // SAFETY: the session's number is written to a variable of ours.
        done(unsafe { ProcessIdToSessionId(std::process::id(), &raw mut session) })
            .map_err(|code| failed(OPERATION, code))?;
    }
    Ok(match session {
        0 => PathBuf::from(r"\BaseNamedObjects"),
        session => PathBuf::from(format!(r"\Sessions\{session}\BaseNamedObjects")),
    })
}

/// What tells a directory from all others of this machine, by whatever path it is reached.
fn number_of(path: &Path) -> Result<(u64, u128)> {
    let fail = |code| {
        let error = match Code::from_number(code) {
            Code::FILE_NOT_FOUND | Code::PATH_NOT_FOUND => Error::new(Code::PATH_NOT_FOUND, OPERATION)
                .hint("make the directory first; its names are for who may use it"),
            _ => failed(OPERATION, code),
        };
        error.object(path.display())
    };
    if path.as_os_str().encode_wide().any(|unit| unit == 0) {
        return Err(Error::new(Code::INVALID_NAME, OPERATION).hint("a path has no NUL character"));
    }
    let directory: File = OpenOptions::new()
        .access_mode(FILE_READ_ATTRIBUTES)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .open(path)
        .map_err(|error| fail(error.raw_os_error().map_or_else(last, i32::cast_unsigned)))?;
    if !directory.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Error::new(Code::PATH_NOT_FOUND, OPERATION)
            .object(path.display())
            .hint("it is no directory"));
    }
    let directory = directory.as_raw_handle();
    let mut facts = FILE_ID_INFO::default();
    let (to, size) = ((&raw mut facts).cast(), size_of_val(&facts) as u32);
    // SAFETY: the handle is open, and the structure the one of this class.
    if done(unsafe { GetFileInformationByHandleEx(directory, FileIdInfo, to, size) }).is_ok() {
        return Ok((facts.VolumeSerialNumber, u128::from_le_bytes(facts.FileId.Identifier)));
    }
    // A file system whose numbers are short.
    let mut facts = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: as above.
    done(unsafe { GetFileInformationByHandle(directory, &raw mut facts) }).map_err(fail)?;
    let file = u128::from(facts.nFileIndexHigh) << 32 | u128::from(facts.nFileIndexLow);
    Ok((facts.dwVolumeSerialNumber.into(), file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Section;
    use crate::sys::windows::section::basic_of;

    #[test]
    fn who_asks_for_one_right_gets_no_other() {
        let name = format!(r"Local\one right {}", std::process::id());
        let _held = Section::options().size(4096).create_new(&name).unwrap();
        let place = place(&ObjectName::parse(&name).unwrap(), None).unwrap();
        for right in [QUERY, READ_CONTROL, TO_KNOW, 0x2, 0x4] {
            let handle = place.open(Kind::Section, right).unwrap();
            assert_eq!(basic_of(handle.as_handle()).unwrap().access, right);
        }
    }
}
