//! The file to copy, as a section.

use crate::failure::{Failure, Outcome};
use crate::os::files;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use veduta::{Protection, Section};

#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) metadata: Metadata,
    /// None for an empty file, of which Windows makes no section.
    pub(super) section: Option<Section>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Outcome<Source> {
        let file = files::open(path).map_err(|error| Failure::at("open", path, &error))?;
        let metadata = file.metadata().map_err(|error| Failure::at("look at", path, &error))?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "it is a directory" } else { "it is not a regular file" };
            return Err(Failure::new(format!("cannot copy \"{}\": {what}", path.display()))
                .hint("`veduta cp` copies one regular file"));
        }
        let section = match metadata.len() {
            0 => None,
            _ => Some(Section::options().file(&file).protection(Protection::ReadOnly).create_unnamed()?),
        };
        let source = Source { path: path.to_owned(), file, metadata, section };
        source.refuse_unknown_length()?;
        Ok(source)
    }

    pub(super) fn size(&self) -> u64 {
        self.metadata.len()
    }

    /// Files of /proc say that they are empty, and are not.
    fn refuse_unknown_length(&self) -> Outcome<()> {
        let mut byte = [0];
        if self.section.is_none() && matches!((&self.file).read(&mut byte), Ok(1)) {
            return Err(Failure::new(format!(
                "cannot copy \"{}\": its length cannot be known without reading it",
                self.path.display()
            ))
            .hint("only files of known length can be mapped; use cp"));
        }
        Ok(())
    }

    /// Fails if the file became shorter since it was opened: then part of the copy was never there.
    pub(super) fn check_unshortened(&self) -> Outcome<()> {
        let now = self.file.metadata().map_err(|error| Failure::at("look at", &self.path, &error))?;
        if now.len() < self.size() {
            return Err(Failure::new(format!(
                "cannot copy \"{}\": it became shorter while it was copied, and ends at byte {}",
                self.path.display(),
                now.len()
            )));
        }
        Ok(())
    }

    /// A failure to bring in its bytes from `offset` on.
    pub(super) fn failure(&self, offset: u64, error: &veduta::Error) -> Failure {
        Failure::new(format!("cannot read \"{}\" at byte {offset}: {error}", self.path.display()))
    }

    /// Whether that is another name of it.
    pub(super) fn is(&self, other: &Path) -> Outcome<bool> {
        files::is_same(&self.file, other).map_err(|error| Failure::at("look at", other, &error))
    }
}
