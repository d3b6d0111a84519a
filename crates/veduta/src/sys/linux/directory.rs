//! The directories in which names live, and how a name becomes a file name.

use super::environment;
use super::error::failed;
use super::record::FileId;
use crate::{Code, Error, ObjectName, Result, Scope};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::path::Arg;
use sha2::{Digest, Sha256};
use std::ffi::{CStr, CString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

/// An open directory of names.
#[derive(Debug)]
pub(crate) struct Directory {
    fd: OwnedFd,
    /// Tells it from all others that are there.
    id: FileId,
    path: PathBuf,
    scope: Scope,
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The directories of this process, opened once: a path walk at every open would cost more than the open.
static LOCAL: RwLock<Option<Arc<Directory>>> = RwLock::new(None);
static GLOBAL: RwLock<Option<Arc<Directory>>> = RwLock::new(None);

const OPERATION: &str = "open namespace";

impl Directory {
    /// The directory of a scope; made when it is not there.
    pub(crate) fn of(scope: Scope) -> Result<Arc<Directory>> {
        if let Ok(cache) = Directory::cache(scope).try_read()
            && let Some(directory) = &*cache
        {
            return Ok(Arc::clone(directory));
        }
        Ok(Directory::open_scope(scope)?.into_cache())
    }

    fn into_cache(self) -> Arc<Directory> {
        let directory = Arc::new(self);
        // Not waited for: in a child made by fork, the thread that had the lock may not exist.
        if let Ok(mut cache) = Directory::cache(directory.scope).try_write() {
            *cache = Some(Arc::clone(&directory));
        }
        directory
    }

    fn cache(scope: Scope) -> &'static RwLock<Option<Arc<Directory>>> {
        match scope {
            Scope::Local => &LOCAL,
            Scope::Global => &GLOBAL,
            Scope::Private => unreachable!("a private namespace is given by its directory"),
        }
    }

    /// Opens the directory again, if what is open is no longer what its path names: it was removed, or this process
    /// became another user. Says whether anything changed.
    pub(crate) fn renew(self: &Arc<Self>) -> Result<Option<Arc<Directory>>> {
        if self.scope == Scope::Private {
            return Ok(None);
        }
        let new = Directory::open_scope(self.scope)?;
        if self.id == new.id && self.path == new.path {
            return Ok(None);
        }
        Ok(Some(new.into_cache()))
    }

    /// Whether the directory was removed while it was open.
    pub(crate) fn is_removed(&self) -> bool {
        rustix::fs::fstat(&self.fd).is_ok_and(|stat| stat.st_nlink == 0)
    }

    fn open_scope(scope: Scope) -> Result<Directory> {
        let root =
            environment::variable("VEDUTA_ROOT").map_or_else(|| PathBuf::from("/dev/shm"), PathBuf::from);
        let user = rustix::process::geteuid().as_raw();
        let (path, mode) = match scope {
            Scope::Local => (root.join(format!("veduta-{user}")), 0o700),
            _ => (root.join("veduta-global"), 0o1777),
        };
        let fd = open_or_make(&path, mode)?;
        let stat = rustix::fs::fstat(&fd).map_err(|errno| failed(OPERATION, errno))?;
        let directory = Directory { fd, id: FileId::of(&stat), path, scope };
        // Another user may have made the directory first, to read along or to answer in our name: an owner may rename and remove
        // what others made there, sticky or not.
        let trusted = match scope {
            Scope::Local => stat.st_uid == user && stat.st_mode & 0o077 == 0,
            // Without the sticky bit anyone could remove what anyone holds, unless only its owner writes to it.
            _ => {
                [0, user].contains(&stat.st_uid) && (stat.st_mode & 0o1000 != 0 || stat.st_mode & 0o022 == 0)
            }
        };
        if !trusted {
            let remedy = match scope {
                Scope::Local => "have it removed by its owner or by root".to_owned(),
                _ => format!(
                    "let root make it root's, at boot or now: chown root:root {0} && chmod 1777 {0}",
                    directory.path.display()
                ),
            };
            return Err(Error::new(Code::ACCESS_DENIED, OPERATION).object(directory.path.display()).hint(format!(
                "the directory belongs to user {} and has mode {:04o}, which this process (user {user}) does not trust; {remedy}",
                stat.st_uid,
                stat.st_mode & 0o7777
            )));
        }
        Ok(directory)
    }

    /// A private namespace: a directory of the caller's.
    pub(crate) fn private(path: &Path) -> Result<Arc<Directory>> {
        let fd = open_directory(path).map_err(|errno| match errno {
            Errno::NOENT => Error::new(Code::PATH_NOT_FOUND, OPERATION)
                .source(errno)
                .object(path.display())
                .hint("make the directory first; who may enter it is who may use its names"),
            errno => failed(OPERATION, errno).object(path.display()),
        })?;
        let id = super::entry::identity(fd.as_fd()).map_err(|errno| failed(OPERATION, errno))?;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Arc::new(Directory { fd, id, path, scope: Scope::Private }))
    }

    pub(crate) fn id(&self) -> FileId {
        self.id
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }

    /// The file names in the directory, in order: names of objects, leftovers, and whatever else somebody put there.
    pub(crate) fn file_names(&self) -> Result<Vec<CString>> {
        let fail = |errno| failed("list namespace", errno).object(self.path.display());
        // An own description: reading moves its position.
        let listing = open_at(self, c".", OFlags::DIRECTORY | OFlags::RDONLY).map_err(fail)?;
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::new(listing).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                names.push(entry.file_name().to_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

fn open_or_make(path: &Path, mode: u32) -> Result<OwnedFd> {
    let fail = |errno| {
        let error = failed(OPERATION, errno).object(path.display());
        match errno {
            Errno::LOOP | Errno::NOTDIR => {
                error.hint("something else stands where the namespace's directory should be")
            }
            Errno::NOENT => error.hint("its parent must exist; VEDUTA_ROOT names another one, best a tmpfs"),
            _ => error,
        }
    };
    match open_directory(path) {
        Err(Errno::NOENT) => {}
        result => return result.map_err(fail),
    }
    match rustix::fs::mkdir(path, Mode::from_raw_mode(mode & 0o700)) {
        Err(Errno::EXIST) => return open_directory(path).map_err(fail),
        result => result.map_err(fail)?,
    }
    let directory = open_directory(path).map_err(fail)?;
    // Not by mkdir's mode: the umask would take bits away.
    rustix::fs::fchmod(&directory, Mode::from_raw_mode(mode)).map_err(fail)?;
    Ok(directory)
}

fn open_directory(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    rustix::fs::open(path, flags, Mode::empty())
}

/// Opens what stands in a directory of names, without following links, waiting or becoming a terminal's owner.
pub(crate) fn open_at(directory: impl AsFd, path: impl Arg, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let mut flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if !flags.contains(OFlags::PATH) {
        flags |= OFlags::NONBLOCK | OFlags::NOCTTY;
    }
    rustix::fs::openat2(directory, path, flags, Mode::empty(), rustix::fs::ResolveFlags::NO_SYMLINKS)
}

/// The name of the entry in an object's directory.
pub(crate) const ENTRY: &CStr = c"e";

/// A name as the file system knows it: a directory, and the entry in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName {
    /// `X/e`. Shared by all who know the place.
    entry: Arc<CStr>,
}

/// What a file name may be long, on every file system that counts.
const LONGEST: usize = 255;

/// What stands behind a directory's name in that of its entry.
const SUFFIX: &[u8] = b"/e\0";

impl FileName {
    /// The file name of a name: letters, digits, `_`, `-` and inner dots as they are, all else as `%XX`; a name that gets too
    /// long as `%%` and the SHA-256 of the name. Never begins with a dot: those are temporary.
    pub(crate) fn of(name: &ObjectName) -> FileName {
        let mut entry = [0; LONGEST + SUFFIX.len()];
        let mut rest = &mut entry[..];
        match write_encoded(name, &mut rest) {
            Ok(()) => {
                let left = rest.len();
                FileName::of_entry(&entry[..entry.len() - left])
            }
            // It is full.
            Err(_) => FileName::of_file(format!("%%{:X}", Sha256::digest(name.as_str())).as_bytes()),
        }
    }

    /// A temporary name that nobody else uses.
    pub(crate) fn temporary(tag: u64) -> FileName {
        FileName::of_file(format!(".{tag:016x}").as_bytes())
    }

    /// What was found in a directory.
    pub(crate) fn found(file: &CStr) -> FileName {
        FileName::of_file(file.to_bytes())
    }

    fn of_file(file: &[u8]) -> FileName {
        FileName::of_entry(&[file, SUFFIX].concat())
    }

    fn of_entry(entry: &[u8]) -> FileName {
        let entry = CStr::from_bytes_with_nul(entry);
        FileName {
            entry: entry.unwrap_or_else(|_| unreachable!("NUL is encoded, and names have none")).into(),
        }
    }

    /// `X/e`, in the namespace's directory.
    pub(crate) fn entry(&self) -> &CStr {
        &self.entry
    }

    /// `X`.
    pub(crate) fn directory(&self) -> &[u8] {
        let entry = self.entry.to_bytes_with_nul();
        &entry[..entry.len() - SUFFIX.len()]
    }

    /// Whether this is a name under which an object is being made.
    pub(crate) fn is_temporary(&self) -> bool {
        self.entry.to_bytes()[0] == b'.'
    }
}

/// Writes `X/e`, if it fits.
fn write_encoded(name: &ObjectName, to: &mut &mut [u8]) -> std::io::Result<()> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let is_plain = |(index, &byte): (usize, &u8)| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => true,
        b'.' => index > 0,
        _ => false,
    };
    let name = name.as_str().as_bytes();
    // Most names are plain all through.
    let plain = name.iter().enumerate().take_while(|&byte| is_plain(byte)).count();
    to.write_all(&name[..plain])?;
    for (index, byte) in name.iter().enumerate().skip(plain) {
        if is_plain((index, byte)) {
            to.write_all(&[*byte])?;
        } else {
            to.write_all(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]])?;
        }
    }
    to.write_all(SUFFIX)
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.directory()))
    }
}

/// Makes a directory with just this mode, whatever the umask is, and opens it. What is done in it goes through the descriptor: whoever
/// may rename what stands here could put a link in its place, which by its name would lead out of the namespace.
pub(crate) fn make_directory(directory: &Directory, name: &[u8], mode: u32) -> rustix::io::Result<OwnedFd> {
    rustix::fs::mkdirat(directory, name, Mode::from_raw_mode(mode & 0o700))?;
    let made = open_at(directory, name, OFlags::DIRECTORY | OFlags::RDONLY)?;
    if mode & 0o077 != 0 {
        rustix::fs::fchmod(&made, Mode::from_raw_mode(mode))?;
    }
    Ok(made)
}
