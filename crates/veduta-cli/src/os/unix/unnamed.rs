//! A new file before it has its name.
//!
//! Where the filesystem can, it has no name at all (`O_TMPFILE`), so that not even SIGKILL leaves anything. Elsewhere,
//! and for the instant of replacing another file, it has a temporary one in the same directory.

use super::files::PERMISSIONS;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, fsync, linkat, open, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(crate) struct Unnamed {
    file: File,
    directory: OwnedFd,
    /// Set while there is a temporary name, which goes with the file.
    temporary: Option<OsString>,
}

impl Unnamed {
    /// The file has the permissions of another, as the umask allows; without one it is for its owner alone.
    pub(crate) fn create(directory: &Path, like: Option<&Metadata>) -> io::Result<Unnamed> {
        let mode =
            like.map_or(Mode::RUSR | Mode::WUSR, |like| Mode::from_raw_mode(like.mode() & PERMISSIONS));
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = open(directory, flags, Mode::empty())?;
        let (file, temporary) = match nameless(&directory, mode)? {
            Some(file) => (file, None),
            None => named(&directory, mode).map(|(file, name)| (file, Some(name)))?,
        };
        Ok(Unnamed { file: file.into(), directory, temporary })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name, in one step for everyone who looks. `replaces`: another has it.
    pub(crate) fn publish(&mut self, name: &OsStr, replaces: bool) -> io::Result<()> {
        if self.temporary.is_none() {
            let link = |name: &OsStr| {
                linkat(CWD, link_source(&self.file), &self.directory, name, AtFlags::SYMLINK_FOLLOW)
            };
            // A link never replaces anything; a rename does, but needs a name to start from.
            if !replaces {
                match link(name) {
                    Err(Errno::EXIST) => {}
                    other => return Ok(other?),
                }
            }
            self.temporary = Some(with_temporary_name(link)?.1);
        }
        if let Some(temporary) = &self.temporary {
            renameat(&self.directory, temporary, &self.directory, name)?;
        }
        self.temporary = None;
        Ok(())
    }

    /// Waits until the name is on the disk. It is when the directory is; our descriptor of that is for paths only.
    pub(crate) fn sync_name(&self) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(openat(&self.directory, ".", flags, Mode::empty()).and_then(fsync)?)
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = unlinkat(&self.directory, temporary, AtFlags::empty());
        }
    }
}

const FLAGS: OFlags = OFlags::RDWR.union(OFlags::CLOEXEC);

/// A file without a name; none if the filesystem has no such files, or there is no /proc to name it through later.
fn nameless(directory: &OwnedFd, mode: Mode) -> rustix::io::Result<Option<OwnedFd>> {
    match openat(directory, ".", FLAGS | OFlags::TMPFILE, mode) {
        Ok(file) => Ok(link_source(&file).exists().then_some(file)),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file with a temporary name.
fn named(directory: &OwnedFd, mode: Mode) -> rustix::io::Result<(OwnedFd, OsString)> {
    with_temporary_name(|name| openat(directory, name, FLAGS | OFlags::CREATE | OFlags::EXCL, mode))
}

/// The path that a nameless file is linked from.
fn link_source(file: &impl AsRawFd) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Calls `create` with names that nobody uses until one is free.
fn with_temporary_name<T>(
    create: impl Fn(&OsStr) -> rustix::io::Result<T>,
) -> rustix::io::Result<(T, OsString)> {
    loop {
        // RandomState is seeded afresh each time it is made.
        let random = RandomState::new().hash_one(std::process::id());
        let name = OsString::from(format!(".veduta-cp.{random:016x}"));
        match create(&name) {
            Err(Errno::EXIST) => continue,
            created => return Ok((created?, name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// One with a temporary name, as on a filesystem without nameless files.
    fn temporary(directory: &Path) -> Unnamed {
        let directory = open(directory, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let (file, name) = named(&directory, Mode::RUSR | Mode::WUSR).unwrap();
        Unnamed { file: file.into(), directory, temporary: Some(name) }
    }

    #[test]
    fn a_temporary_name_goes_with_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = temporary(directory.path());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        drop(file);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    }

    #[test]
    fn a_temporary_name_becomes_the_final_one() {
        let directory = tempfile::tempdir().unwrap();
        for replaces in [false, true] {
            let mut file = temporary(directory.path());
            file.publish("copy".as_ref(), replaces).unwrap();
            file.sync_name().unwrap();
            drop(file);
            let names: Vec<_> =
                fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, ["copy"]);
        }
    }

    #[test]
    fn a_name_taken_meanwhile_is_replaced_too() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("copy");
        let handle = open(directory.path(), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let Some(file) = nameless(&handle, Mode::RUSR | Mode::WUSR).unwrap() else { return };
        fs::write(&target, "somebody was faster").unwrap();
        let mut file = Unnamed { file: file.into(), directory: handle, temporary: None };
        file.publish("copy".as_ref(), false).unwrap();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(target).unwrap(), "");
    }
}
