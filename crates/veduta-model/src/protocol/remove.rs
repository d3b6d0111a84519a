//! Removing what is dead. Any number of processes may do it, at any time: a directory only ever has one entry in its
//! life, so nothing else can be hit through a descriptor of it.

use super::fault::Fault;
use super::process::Ending;
use super::rules::Rule;
use super::step::Step;
use super::turn::{Next, Turn};
use super::world::{Path, Word};

impl Turn<'_> {
    pub(super) fn open_directory(&mut self) -> Next {
        self.task.directory = self.state.files.resolve(self.task.path);
        match (self.task.directory, self.task.settling) {
            (None, _) => self.leave(),
            (Some(_), true) => Next::Step(Step::OpenEntry),
            (Some(_), false) => Next::Step(Step::CheckEntry),
        }
    }

    pub(super) fn check_entry(&mut self) -> Next {
        let dead = self.entry();
        let directory = self.task.directory.expect("opened by OpenDirectory");
        let found = self.state.files.directory(directory).entry;
        if found.is_some_and(|found| found == dead || self.does(Fault::UnlinksUnchecked)) {
            return Next::Step(Step::UnlinkEntry);
        }
        self.task.directory = None;
        Next::Step(Step::RemoveDirectory)
    }

    pub(super) fn unlink_entry(&mut self) -> Next {
        let opened = self.task.directory.take();
        let by_path = self.does(Fault::UnlinksByPath);
        let directory = if by_path { self.state.files.resolve(self.task.path) } else { opened };
        let unlinked = directory.and_then(|directory| self.state.files.directory(directory).entry.take());
        if unlinked
            .is_some_and(|entry| self.state.files.word(entry) != Word::Dead || self.state.is_held(entry))
        {
            self.state.broken = Some(Rule::RemovesOnlyDead);
        }
        Next::Step(Step::RemoveDirectory)
    }

    /// What was found under a temporary name may have got its own since: its header says which.
    pub(super) fn remove_directory(&mut self) -> Next {
        self.state.files.remove_directory(self.task.path);
        let temporary = matches!(self.task.path, Path::Temporary(_));
        if temporary && self.task.description.is_some() && !self.does(Fault::SweepsOneName) {
            self.task.path = Path::Name;
            return Next::Step(Step::RemoveDirectory);
        }
        self.leave()
    }

    /// Nothing is left to remove. Closes what is open, in a step of its own where others could notice.
    fn leave(&mut self) -> Next {
        match self.task.description {
            Some(description) if description.matters() => Next::Step(Step::CloseDescriptors),
            _ if self.task.settling => self.settled(false),
            _ => Next::End(Ending::Done),
        }
    }
}
