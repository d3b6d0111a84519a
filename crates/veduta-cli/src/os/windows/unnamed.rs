//! A new file before it has its name.
//!
//! It has a temporary one, and is marked to be deleted: nobody else can open it, and it is gone with the last handle, however the process ends. Only for the
//! instants of being made and of getting its name it is a file like others: to be marked from the beginning (`FILE_FLAG_DELETE_ON_CLOSE`) is for good on
//! many file systems.

use super::done;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_DISPOSITION_INFO, FileDispositionInfo, SetFileInformationByHandle, WRITE_DAC,
};

#[derive(Debug)]
pub(crate) struct Unnamed {
    file: File,
    directory: PathBuf,
    temporary: PathBuf,
}

impl Unnamed {
    /// The file has the permissions that the directory gives: other files' are not for this one's place.
    pub(crate) fn create(directory: &Path, _: Option<&Metadata>) -> io::Result<Unnamed> {
        let (file, temporary) = loop {
            // RandomState is seeded afresh each time it is made.
            let random = RandomState::new().hash_one(std::process::id());
            let temporary = directory.join(format!(".veduta-cp.{random:016x}"));
            let created = File::options()
                .access_mode(GENERIC_READ | GENERIC_WRITE | DELETE | WRITE_DAC)
                .create_new(true)
                .write(true)
                .open(&temporary);
            match created {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => break (created?, temporary),
            }
        };
        let unnamed = Unnamed { file, directory: directory.to_owned(), temporary };
        unnamed.delete(true)?;
        Ok(unnamed)
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name, in one step for everyone who looks, whether another has it or not.
    pub(crate) fn publish(&mut self, name: &OsStr, _: bool) -> io::Result<()> {
        self.delete(false)?;
        fs::rename(&self.temporary, self.directory.join(name)).inspect_err(|_| {
            // A read-only file cannot be deleted. The error that counts is the one before.
            let _ = self.make_writable().and_then(|()| self.delete(true));
        })
    }

    fn make_writable(&self) -> io::Result<()> {
        let mut permissions = self.file.metadata()?.permissions();
        #[expect(
            clippy::permissions_set_readonly_false,
            reason = "what it says of others is of other systems"
        )]
        permissions.set_readonly(false);
        self.file.set_permissions(permissions)
    }

    /// The file system's journal keeps the order of what is written and what is named: there is nothing to wait for that a program may wait for.
    pub(crate) fn sync_name(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Whether the file goes with its last handle.
    fn delete(&self, delete: bool) -> io::Result<()> {
        let disposition = FILE_DISPOSITION_INFO { DeleteFile: delete };
        let size = size_of_val(&disposition) as u32;
        let from = (&raw const disposition).cast();
        // SAFETY: the handle is open, and the structure is the one of this class.
        done(unsafe {
            SetFileInformationByHandle(self.file.as_raw_handle(), FileDispositionInfo, from, size)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(directory: &Path) -> Vec<std::ffi::OsString> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_that_is_not_published_goes() {
        let directory = tempfile::tempdir().unwrap();
        let unnamed = Unnamed::create(directory.path(), None).unwrap();
        unnamed.file().set_len(10).unwrap();
        drop(unnamed);
        assert_eq!(names_in(directory.path()), [""; 0]);
    }

    #[test]
    fn a_file_gets_its_name_whoever_has_it() {
        let directory = tempfile::tempdir().unwrap();
        for size in [10, 20] {
            let mut unnamed = Unnamed::create(directory.path(), None).unwrap();
            unnamed.file().set_len(size).unwrap();
            unnamed.publish("copy".as_ref(), size > 10).unwrap();
            unnamed.sync_name().unwrap();
            drop(unnamed);
            assert_eq!(names_in(directory.path()), ["copy"]);
            assert_eq!(fs::metadata(directory.path().join("copy")).unwrap().len(), size);
        }
    }

    #[test]
    fn a_file_that_gets_no_name_goes() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("taken")).unwrap();
        let mut unnamed = Unnamed::create(directory.path(), None).unwrap();
        unnamed.publish("taken".as_ref(), true).unwrap_err();
        drop(unnamed);
        assert_eq!(names_in(directory.path()), ["taken"]);
    }
}
