//! The copy before it has its name.
//!
//! Where the filesystem can, it has no name at all (`O_TMPFILE`), so that not even SIGKILL leaves anything. Elsewhere,
//! and for the instant of replacing another file, it has a temporary one in the destination's directory.

use super::target::Target;
use crate::failure::{Failure, Outcome};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    directory: OwnedFd,
    /// Set while the draft has a temporary name, which goes with the draft.
    temporary: Option<OsString>,
    target: PathBuf,
    name: OsString,
    replaces: bool,
}

impl Draft {
    /// `mode` is what the umask is applied to.
    pub(super) fn create(target: &Target, mode: Mode) -> Outcome<Draft> {
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
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        let (file, temporary) = match openat(&directory, ".", flags | OFlags::TMPFILE, mode) {
            Ok(file) if link_source(&file).exists() => (file, None),
            // No nameless files on this filesystem, or no /proc to give one its name through.
            Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => {
                let (file, name) = with_temporary_name(|name| {
                    openat(&directory, name, flags | OFlags::CREATE | OFlags::EXCL, mode)
                })
                .map_err(fail)?;
                (file, Some(name))
            }
            Err(error) => return Err(fail(error)),
        };
        Ok(Draft {
            file: file.into(),
            directory,
            temporary,
            target: target.path.clone(),
            name: target.name.clone(),
            replaces: target.existing.is_some(),
        })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// A failure to write the copy.
    pub(super) fn failure(&self, error: &io::Error) -> Failure {
        let failure = Failure::at("write", &self.target, error);
        match error.kind() {
            io::ErrorKind::StorageFull => failure.hint("nothing was left behind"),
            _ => failure,
        }
    }

    pub(super) fn sync(&self) -> Outcome<()> {
        self.file.sync_all().map_err(|error| self.failure(&error))
    }

    /// Gives the copy its name, in one step for everyone who looks.
    pub(super) fn publish(mut self, sync: bool) -> Outcome<()> {
        self.take_name()
            .map_err(|error| Failure::at("give the copy its name", &self.target, &error.into()))?;
        if sync {
            File::open(Path::new(&format!("/proc/self/fd/{}", self.directory.as_raw_fd())))
                .and_then(|directory| directory.sync_all())
                .map_err(|error| self.failure(&error))?;
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
