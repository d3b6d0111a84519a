//! The copy before it has its name.

use super::Reflink;
use super::source::Source;
use super::target::Target;
use crate::failure::{Failure, Outcome};
use crate::os::unnamed::Unnamed;
use crate::os::{files, machine};
use crate::quantity::Bytes;
use std::fs::{File, Metadata};
use std::io;

#[derive(Debug)]
pub(super) struct Draft<'a> {
    copy: Unnamed,
    target: &'a Target,
    size: u64,
}

impl<'a> Draft<'a> {
    /// `like` is the file whose permissions it begins with, as in [`Unnamed::create`]; `size` is how long the copy is to become.
    pub(super) fn create(target: &'a Target, like: Option<&Metadata>, size: u64) -> Outcome<Draft<'a>> {
        let copy = Unnamed::create(&target.directory, like).map_err(|error| {
            let failure = Failure::at("write into directory", &target.directory, &error);
            match error.kind() {
                io::ErrorKind::NotFound => failure.hint("make the directory first"),
                _ => failure,
            }
        })?;
        Ok(Draft { copy, target, size })
    }

    pub(super) fn file(&self) -> &File {
        self.copy.file()
    }

    /// Lets the copy have the blocks of the source. `false`: the filesystem cannot.
    pub(super) fn share_blocks(&self, source: &Source, when: Reflink) -> Outcome<bool> {
        match files::share_blocks(self.file(), &source.file) {
            // What was cut off before is not in the copy; what was added meanwhile is none of its business.
            Ok(()) if self.file().metadata().is_ok_and(|copy| copy.len() >= source.size()) => {
                self.file().set_len(source.size()).map_err(|error| self.failure(&error))?;
                Ok(true)
            }
            Ok(()) => source.check_unshortened().and_then(|()| self.share_nothing()),
            Err(error) if when == Reflink::Always => Err(self
                .failure(&error)
                .hint("both files have to be on one filesystem that can share blocks; `--reflink=auto` copies where it cannot")),
            // Whatever is wrong, copying meets it again, or does not mind it.
            Err(_) => self.share_nothing(),
        }
    }

    /// Takes back what sharing may have begun: copying leaves out what are holes.
    fn share_nothing(&self) -> Outcome<bool> {
        self.file().set_len(0).map_err(|error| self.failure(&error))?;
        Ok(false)
    }

    /// A failure to write the copy.
    pub(super) fn failure(&self, error: &io::Error) -> Failure {
        let failure = Failure::at("write", &self.target.path, error);
        let needed = Bytes(self.size);
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => match self.room() {
                Some(room) => {
                    failure.hint(format!("{needed} needed, {} there; nothing was left behind", Bytes(room)))
                }
                None => failure.hint(format!("{needed} needed; nothing was left behind")),
            },
            io::ErrorKind::FileTooLarge => match machine::file_size_hint() {
                Some(limit) => failure.hint(format!("{needed} needed; {limit}; nothing was left behind")),
                None => {
                    failure.hint(format!("the file system has no files of {needed}; nothing was left behind"))
                }
            },
            _ => failure,
        }
    }

    /// The room that the file system has for the copy: what is free, and what the copy has taken.
    fn room(&self) -> Option<u64> {
        let free = machine::free_space(&self.target.directory)?;
        Some(free + files::allocated(self.file()).ok()?)
    }

    pub(super) fn sync(&self) -> Outcome<()> {
        self.file().sync_all().map_err(|error| self.failure(&error))
    }

    /// Gives the copy its name, in one step for everyone who looks.
    pub(super) fn publish(mut self, sync: bool) -> Outcome<()> {
        self.copy
            .publish(&self.target.name, self.target.replaces)
            .map_err(|error| Failure::at("give the copy its name", &self.target.path, &error))?;
        if sync {
            self.copy.sync_name().map_err(|error| self.failure(&error))?;
        }
        Ok(())
    }
}
