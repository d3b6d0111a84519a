//! Where the copy goes, and whether it may go there.

use super::source::Source;
use crate::failure::{Failure, Outcome};
use crate::os::files;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf, is_separator};

#[derive(Debug)]
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) directory: PathBuf,
    pub(super) name: OsString,
    /// Whether there is a file of that name.
    pub(super) replaces: bool,
}

impl Target {
    /// The file that `destination` means for `source`: itself, or one in it if it is a directory.
    pub(super) fn find(destination: &Path, source: &Source) -> Outcome<Target> {
        let fail =
            |path: &Path, why: &str| Failure::new(format!("cannot copy to \"{}\": {why}", path.display()));

        let mut path = match fs::metadata(destination) {
            Ok(metadata) if metadata.is_dir() => match source.path.file_name() {
                Some(name) => destination.join(name),
                None => return Err(fail(destination, "the source has no file name to use there")),
            },
            Err(_) if ends_with_separator(destination) => {
                return Err(
                    fail(destination, "no such directory").hint("make it first, or leave off the slash")
                );
            }
            _ => destination.to_owned(),
        };

        // As with cp, a symbolic link means what it points to, and one to nothing is refused.
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()) {
            path = fs::canonicalize(&path).map_err(|error| {
                fail(&path, &format!("it is a symbolic link that leads nowhere: {error}"))
            })?;
        }
        let existing = match fs::metadata(&path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::at("copy to", &path, &error)),
        };
        if let Some(metadata) = &existing {
            if source.is(&path)? {
                let same = format!("it is the same file as \"{}\"", source.path.display());
                return Err(fail(&path, &same));
            }
            if !metadata.is_file() {
                return Err(fail(&path, "it exists and is not a regular file"));
            }
            // Replacing needs the directory's permission only; what was made read-only is not for replacing.
            if let Err(error) = files::check_writable(&path) {
                return Err(Failure::at("replace", &path, &error)
                    .hint("the file is write-protected: remove it first, or make it writable"));
            }
        }

        let name = match path.file_name() {
            Some(name) => name.to_owned(),
            None => return Err(fail(&path, "that is no file name")),
        };
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Target { path, directory, name, replaces: existing.is_some() })
    }
}

fn ends_with_separator(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|&last| is_separator(last.into()))
}
