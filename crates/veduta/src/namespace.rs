//! Namespaces: where names live, what lives there, and who holds it.

use crate::{Error, ObjectName, ObjectState, Protection, Result, Scope, sys};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A place where names live.
///
/// ```
/// use veduta::{Namespace, Section};
///
/// let section = Section::options().size(4096).create_new(r"Local\listed")?;
/// let found = Namespace::local()?.object("listed")?;
/// assert_eq!((found.size, found.holders[0].pid), (4096, std::process::id()));
/// # Ok::<(), veduta::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Namespace {
    directory: Arc<sys::Directory>,
}

impl Namespace {
    /// The names of this user (`Local\X` or plain `X`), in all logins and terminals.
    ///
    /// # Linux
    /// The directory `veduta-UID` below `/dev/shm`, or below `$VEDUTA_ROOT`.
    ///
    /// # Windows
    /// The session's objects, of all programs. With `VEDUTA_ROOT` set to a directory, those of processes that have it set so too.
    ///
    /// # Errors
    /// [`Code::ACCESS_DENIED`](crate::Code::ACCESS_DENIED): the directory belongs to somebody else, or others may enter it.
    pub fn local() -> Result<Namespace> {
        Ok(Namespace { directory: sys::Directory::of(Scope::Local)? })
    }

    /// The names of the machine (`Global\X`).
    ///
    /// # Linux
    /// The directory `veduta-global` below `/dev/shm`, or below `$VEDUTA_ROOT`.
    ///
    /// # Windows
    /// The objects of all sessions. To create a section there takes `SeCreateGlobalPrivilege`, which services and administrators have.
    ///
    /// # Errors
    /// [`Code::ACCESS_DENIED`](crate::Code::ACCESS_DENIED): the directory is neither this user's nor root's, or anyone could remove what others hold there.
    pub fn global() -> Result<Namespace> {
        Ok(Namespace { directory: sys::Directory::of(Scope::Global)? })
    }

    /// A private namespace: whoever may use the directory may use its names. For processes in different containers, a
    /// directory that they share; best on a tmpfs, because the bytes of its sections are there too.
    ///
    /// # Windows
    /// Its objects are the session's, called after the directory's volume and number on it: `Local\veduta-NUMBER-p-NAME`. Other sessions do not see them.
    ///
    /// # Errors
    /// [`Code::PATH_NOT_FOUND`](crate::Code::PATH_NOT_FOUND): it is no directory.
    #[doc(alias = "CreatePrivateNamespaceW")]
    pub fn at(directory: impl AsRef<Path>) -> Result<Namespace> {
        Ok(Namespace { directory: sys::Directory::private(directory.as_ref())? })
    }

    /// The directory. On Windows, of the user's and the machine's names, that of the kernel's objects, such as `\Sessions\1\BaseNamedObjects`.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn directory(&self) -> &Arc<sys::Directory> {
        &self.directory
    }

    /// Reads a name that is meant for this namespace, with or without its prefix.
    pub(crate) fn name(&self, text: &str) -> Result<ObjectName> {
        match self.directory.scope() {
            Scope::Private => ObjectName::parse_private(text),
            scope => match ObjectName::parse(text)? {
                name if name.scope() == scope => Ok(name),
                name => ObjectName::from_entry(scope, name.as_str()).and_then(|same| {
                    // A name without prefix means this namespace; one of another namespace is a mistake.
                    if text == name.as_str() {
                        Ok(same)
                    } else {
                        Err(Error::new(crate::Code::PATH_NOT_FOUND, "use name")
                            .object(text)
                            .hint("the name belongs to another namespace"))
                    }
                }),
            },
        }
    }

    /// Where a name stands: in the given namespace, or in the one of its prefix.
    pub(crate) fn place(namespace: Option<&Namespace>, text: &str) -> Result<(ObjectName, sys::Place)> {
        let name = match namespace {
            Some(namespace) => namespace.name(text)?,
            None => ObjectName::parse(text)?,
        };
        let directory = namespace.map(Namespace::directory);
        let place = sys::section::place(&name, directory).map_err(|error| error.object(&name))?;
        Ok((name, place))
    }

    /// Everything that lives here, who holds it, and what else was found.
    ///
    /// # Errors
    /// Only if the directory itself, or /proc, cannot be read. What is wrong with single entries is in the listing.
    pub fn objects(&self) -> Result<Listing> {
        sys::namespace::list(&self.directory)
    }

    /// One object.
    ///
    /// # Errors
    /// [`Code::FILE_NOT_FOUND`](crate::Code::FILE_NOT_FOUND) when nobody holds an object of that name, and those of
    /// [`ObjectName::parse`].
    pub fn object(&self, name: &str) -> Result<ObjectInfo> {
        let name = self.name(name)?;
        sys::namespace::find(&self.directory, &name).map_err(|error| error.object(&name))
    }

    /// Removes the entries that nobody holds: all that killed processes leave behind.
    ///
    /// # Errors
    /// Only if the directory cannot be read. Entries that could not be examined or removed are in the result.
    pub fn sweep(&self, mode: SweepMode) -> Result<Sweep> {
        sys::namespace::sweep(&self.directory, mode)
    }
}

/// The kinds of objects that share the namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A [`Section`](crate::Section).
    Section,
    /// A [`Mutex`](crate::Mutex).
    Mutex,
    /// An [`Event`](crate::Event).
    Event,
    /// A [`Semaphore`](crate::Semaphore).
    Semaphore,
    /// A [`Timer`](crate::Timer).
    Timer,
}

impl Kind {
    /// What an error says was being done.
    pub(crate) const fn opening(self) -> &'static str {
        match self {
            Kind::Section => "open section",
            Kind::Mutex => "open mutex",
            Kind::Event => "open event",
            Kind::Semaphore => "open semaphore",
            Kind::Timer => "open timer",
        }
    }

    /// What an error says was being done.
    pub(crate) const fn creating(self) -> &'static str {
        match self {
            Kind::Section => "create section",
            Kind::Mutex => "create mutex",
            Kind::Event => "create event",
            Kind::Semaphore => "create semaphore",
            Kind::Timer => "create timer",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Section => "section",
            Kind::Mutex => "mutex",
            Kind::Event => "event",
            Kind::Semaphore => "semaphore",
            Kind::Timer => "timer",
        })
    }
}

/// Where an object's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backing {
    /// In memory that goes with the last holder.
    Memory,
    /// In the entry: a file in the namespace.
    Entry,
    /// In a file of the user's. The path is what it was when the section was made.
    File(PathBuf),
}

impl fmt::Display for Backing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Backing::Memory => f.write_str("memory"),
            Backing::Entry => f.write_str("entry"),
            Backing::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

/// What a holder's handle may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HolderAccess {
    /// Read.
    Read,
    /// Read and write.
    ReadWrite,
}

impl fmt::Display for HolderAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            HolderAccess::Read => "r",
            HolderAccess::ReadWrite => "rw",
        })
    }
}

/// A user, as the system calls them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum User {
    /// By number, on Unix.
    Uid(u32),
    /// By security identifier, such as `S-1-5-18`, on Windows.
    Sid(String),
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            User::Uid(number) => number.fmt(f),
            User::Sid(sid) => f.pad(sid),
        }
    }
}

/// A process that holds an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// Its command line. Chosen by that process: escape it before it goes to a terminal.
    pub command: String,
    /// The most that any of its handles may do.
    pub access: HolderAccess,
}

/// What there is to know about an object that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectInfo {
    /// The name, with its prefix. Chosen by its creator: escape it before it goes to a terminal.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// How many bytes it has.
    pub size: u64,
    /// How many of them are in memory, if that can be known: of a file, what is in the page cache.
    pub resident: Option<u64>,
    /// What views of it may ever do.
    pub protection: Protection,
    /// The user who created it, if this user may know.
    pub owner: Option<User>,
    /// When it was created, if veduta did that: Windows does not tell.
    pub created: Option<SystemTime>,
    /// Where its bytes are.
    pub backing: Backing,
    /// What a mutex, event or semaphore is just now, if this user may know.
    pub state: Option<ObjectState>,
    /// The processes that hold it, as far as this user may see them.
    pub holders: Vec<Holder>,
    /// Whether it is held by processes that this user may not see.
    pub unseen_holders: bool,
}

/// What was found in a namespace.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Listing {
    /// The objects that live, by name.
    pub objects: Vec<ObjectInfo>,
    /// The names whose holders are all gone: a create, an open or a sweep removes them.
    pub stale: Vec<String>,
    /// What is not an entry, or not one that this program can read.
    pub problems: Vec<Problem>,
}

/// Something in a namespace's directory that is not as it should be.
#[derive(Debug)]
pub struct Problem {
    /// The name of the file. Chosen by whoever made it: escape it before it goes to a terminal.
    pub file_name: String,
    /// What is wrong, and what to do.
    pub error: Error,
}

/// Whether a sweep removes what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepMode {
    /// Remove it.
    Remove,
    /// Only say what would be removed.
    DryRun,
}

/// What a sweep removed, or would have.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Sweep {
    /// The entries that nobody held.
    pub removed: Vec<Swept>,
    /// What could not be examined or removed.
    pub problems: Vec<Problem>,
}

/// An entry that nobody held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// The name with its prefix; the file's name where it could not be read.
    pub name: String,
    /// What it was, where that could be read.
    pub kind: Option<Kind>,
    /// How many bytes it took in the namespace.
    pub bytes: u64,
}
