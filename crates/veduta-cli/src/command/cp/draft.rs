//! The copy before it has its name.
//!
//! Where the filesystem can, it has no name at all (`O_TMPFILE`), so that not even SIGKILL leaves anything. Elsewhere,
//! and for the instant of replacing another file, it has a temporary one in the destination's directory.

use super::Reflink;
use super::source::Source;
use super::target::Target;
use crate::failure::{Failure, Outcome};
use crate::quantity::Bytes;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, fstatvfs, fsync, ioctl_ficlone, linkat, open, openat, renameat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::ffi::OsString;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    directory: OwnedFd,
    /// Set while the draft has a temporary name, which goes with the draft.
    temporary: Option<OsString>,
    target: PathBuf,
    name: OsString,
    replaces: bool,
    size: u64,
}

impl Draft {
    /// `mode` is what the umask is applied to; `size` is how long the copy is to become.
    pub(super) fn create(target: &Target, mode: Mode, size: u64) -> Outcome<Draft> {
        let fail = |error: Errno| {
            let failure = Failure::at("write into directory", &target.directory, &error.into());
            match error {
                Errno::NOENT => failure.hint("make the directory first"),
                _ => failure,
            }
        };
        let directory =
            open(&target.directory, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
                .map_err(fail)?;
        let (file, temporary) = match nameless(&directory, mode).map_err(fail)? {
            Some(file) => (file, None),
            None => named(&directory, mode).map(|(file, name)| (file, Some(name))).map_err(fail)?,
        };
        Ok(Draft {
            file: file.into(),
            directory,
            temporary,
            target: target.path.clone(),
            name: target.name.clone(),
            replaces: target.existing.is_some(),
            size,
        })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Lets the copy have the blocks of the source. `false`: the filesystem cannot.
    pub(super) fn share_blocks(&self, source: &Source, when: Reflink) -> Outcome<bool> {
        match ioctl_ficlone(&self.file, &source.file) {
            // What was cut off before is not in the copy; what was added meanwhile is none of its business.
            Ok(()) if self.file.metadata().is_ok_and(|copy| copy.len() >= source.size()) => {
                self.file.set_len(source.size()).map_err(|error| self.failure(&error))?;
                Ok(true)
            }
            Ok(()) => source.check_unshortened().and_then(|()| self.share_nothing()),
            Err(error) if when == Reflink::Always => Err(self
                .failure(&error.into())
                .hint("both files have to be on one filesystem that can share blocks; `--reflink=auto` copies where it cannot")),
            // Whatever is wrong, copying meets it again, or does not mind it.
            Err(_) => self.share_nothing(),
        }
    }

    /// Takes back what sharing may have begun: copying leaves out what are holes.
    fn share_nothing(&self) -> Outcome<bool> {
        self.file.set_len(0).map_err(|error| self.failure(&error))?;
        Ok(false)
    }

    /// A failure to write the copy.
    pub(super) fn failure(&self, error: &io::Error) -> Failure {
        let failure = Failure::at("write", &self.target, error);
        let needed = Bytes(self.size);
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => match self.room() {
                Some(room) => {
                    failure.hint(format!("{needed} needed, {} there; nothing was left behind", Bytes(room)))
                }
                None => failure.hint(format!("{needed} needed; nothing was left behind")),
            },
            io::ErrorKind::FileTooLarge => match getrlimit(Resource::Fsize).current {
                Some(limit) => failure.hint(format!(
                    "{needed} needed; files may have at most {} (RLIMIT_FSIZE, `ulimit -f`); nothing was left behind",
                    Bytes(limit)
                )),
                None => failure.hint(format!("the file system has no files of {needed}; nothing was left behind")),
            },
            _ => failure,
        }
    }

    /// The room that the file system has for the copy: what is free, and what the copy has taken.
    fn room(&self) -> Option<u64> {
        let system = fstatvfs(&self.file).ok()?;
        Some(system.f_bavail * system.f_frsize + self.file.metadata().ok()?.blocks() * 512)
    }

    pub(super) fn sync(&self) -> Outcome<()> {
        self.file.sync_all().map_err(|error| self.failure(&error))
    }

    /// Gives the copy its name, in one step for everyone who looks.
    pub(super) fn publish(mut self, sync: bool) -> Outcome<()> {
        self.take_name()
            .map_err(|error| Failure::at("give the copy its name", &self.target, &error.into()))?;
        if sync {
            // The name is on the disk when the directory is. Our descriptor of it is for paths only.
            openat(&self.directory, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
                .and_then(fsync)
                .map_err(|error| self.failure(&error.into()))?;
        }
        Ok(())
    }

    fn take_name(&mut self) -> rustix::io::Result<()> {
        if self.temporary.is_none() {
            let link = |name: &OsString| {
                linkat(CWD, link_source(&self.file), &self.directory, name, AtFlags::SYMLINK_FOLLOW)
            };
            // A link never replaces anything; a rename does, but needs a name to start from.
            if !self.replaces {
                match link(&self.name) {
                    Err(Errno::EXIST) => {}
                    other => return other,
                }
            }
            self.temporary = Some(with_temporary_name(link)?.1);
        }
        if let Some(temporary) = &self.temporary {
            renameat(&self.directory, temporary, &self.directory, &self.name)?;
        }
        self.temporary = None;
        Ok(())
    }
}

impl Drop for Draft {
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
    create: impl Fn(&OsString) -> rustix::io::Result<T>,
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
    use std::path::Path;

    /// A draft with a temporary name, as on a filesystem without nameless files.
    fn draft(directory: &Path, replaces: bool) -> Draft {
        let target = directory.join("copy");
        let directory = open(directory, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let (file, name) = named(&directory, Mode::RUSR | Mode::WUSR).unwrap();
        Draft {
            file: file.into(),
            directory,
            temporary: Some(name),
            name: "copy".into(),
            target,
            replaces,
            size: 0,
        }
    }

    #[test]
    fn a_temporary_name_goes_with_the_draft() {
        let directory = tempfile::tempdir().unwrap();
        let draft = draft(directory.path(), false);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        drop(draft);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    }

    #[test]
    fn a_temporary_name_becomes_the_final_one() {
        let directory = tempfile::tempdir().unwrap();
        for replaces in [false, true] {
            draft(directory.path(), replaces).publish(true).unwrap();
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
        let draft = Draft {
            file: file.into(),
            directory: handle,
            temporary: None,
            target: target.clone(),
            name: "copy".into(),
            replaces: false,
            size: 0,
        };
        draft.publish(false).unwrap();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(target).unwrap(), "");
    }
}
