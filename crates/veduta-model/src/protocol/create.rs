//! Creating: an object gets its name whole, or not at all.
//!
//! Once the object has its name the library opens the entry in its directory, takes the same locks again and only then closes
//! the nameless description. To all others both are one, so it is one here.

use super::fault::Fault;
use super::process::Ending;
use super::step::Step;
use super::turn::{Next, Turn};
use super::world::{Description, DirectoryId, Lock, Path, Place};

impl Turn<'_> {
    pub(super) fn make_entry(&mut self) -> Next {
        let entry = self.state.files.make_entry();
        self.task.description = Some(Description::held(entry));
        if self.does(Fault::PresentTooLate) {
            self.description().lock = Lock::Free;
        }
        Next::Step(Step::MakeDirectory)
    }

    pub(super) fn make_directory(&mut self) -> Next {
        self.task.directory = Some(self.state.files.make_directory());
        Next::Step(Step::LinkEntry)
    }

    pub(super) fn link_entry(&mut self) -> Next {
        let entry = self.entry();
        let directory = self.own_directory();
        let directory = self.state.files.directory(directory);
        if directory.place == Place::Nowhere {
            return Next::Step(Step::MakeDirectory);
        }
        directory.entry = Some(entry);
        Next::Step(Step::PublishName)
    }

    pub(super) fn publish_name(&mut self) -> Next {
        let directory = self.own_directory();
        if self.does(Fault::ReplacesName) {
            self.state.files.clear(Path::Name);
        }
        if !self.state.files.publish(directory) {
            return Next::Step(Step::WithdrawEntry);
        }
        if self.does(Fault::PresentTooLate) {
            return Next::Step(Step::TakePresence);
        }
        Next::End(Ending::Created)
    }

    pub(super) fn withdraw_entry(&mut self) -> Next {
        let directory = self.own_directory();
        self.state.files.directory(directory).entry = None;
        Next::Step(Step::WithdrawDirectory)
    }

    /// Whoever was faster may be dead already: that is settled before the name is opened again.
    pub(super) fn withdraw_directory(&mut self) -> Next {
        let directory = self.own_directory();
        self.state.files.remove_directory(Path::Temporary(directory));
        self.task.directory = None;
        self.task.lost = true;
        self.task.refusals = 0;
        Next::Step(Step::CloseDescriptors)
    }

    fn own_directory(&self) -> DirectoryId {
        self.task.directory.expect("made by MakeDirectory")
    }
}
