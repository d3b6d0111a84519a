//! One process takes one step.

use super::fault::Fault;
use super::process::{Ending, Task};
use super::scenario::Scenario;
use super::state::State;
use super::step::Step;
use super::world::{Description, EntryId, Lock};

/// What a step leads to.
pub(super) enum Next {
    Step(Step),
    End(Ending),
}

/// A process in the middle of a call, taken out of the state: what is left there are all the others.
pub(super) struct Turn<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) state: &'a mut State,
    pub(super) task: Task,
}

impl Turn<'_> {
    pub(super) fn take(&mut self) -> Next {
        match self.task.step {
            Step::MakeEntry => self.make_entry(),
            Step::MakeDirectory => self.make_directory(),
            Step::LinkEntry => self.link_entry(),
            Step::PublishName => self.publish_name(),
            Step::WithdrawEntry => self.withdraw_entry(),
            Step::WithdrawDirectory => self.withdraw_directory(),
            Step::OpenEntry => self.open_entry(),
            Step::TakePresence => self.take_presence(),
            Step::ReadHeader => self.read_header(),
            Step::ReachBytes => self.reach_bytes(),
            Step::QueryBytes => self.query_bytes(),
            Step::TakeBytes => self.take_bytes(),
            Step::ConfirmWord => self.confirm_word(),
            Step::Revive => self.revive(),
            Step::DropPresence => self.drop_presence(),
            Step::ReadWord => self.read_word(),
            Step::MarkDying => self.mark_dying(),
            Step::QueryPresence => self.query_presence(),
            Step::ProbeExclusive => self.probe_exclusive(),
            Step::ProbeShared => self.probe_shared(),
            Step::ReleaseAndTest => self.release_and_test(),
            Step::MarkDead => self.mark_dead(),
            Step::Restore => self.restore(),
            Step::StoreDead => self.store_dead(),
            Step::CloseDescriptors => self.close_descriptors(),
            Step::OpenDirectory => self.open_directory(),
            Step::CheckEntry => self.check_entry(),
            Step::UnlinkEntry => self.unlink_entry(),
            Step::RemoveDirectory => self.remove_directory(),
            Step::ListNames => self.list_names(),
        }
    }

    /// Whether this is a protocol in which that is done wrong.
    pub(super) fn does(&self, fault: Fault) -> bool {
        self.scenario.fault == Some(fault)
    }

    /// The description that the call works on.
    pub(super) fn description(&mut self) -> &mut Description {
        self.task.description.as_mut().expect("the step before opened it")
    }

    /// The entry that the call works on.
    pub(super) fn entry(&mut self) -> EntryId {
        self.description().entry
    }

    /// The descriptions of the same entry that others have, and this process by its handle: the kernel does not
    /// care whose a description is.
    pub(super) fn others(&mut self) -> impl Iterator<Item = Description> {
        let entry = self.entry();
        self.state.descriptions().filter(move |other| other.entry == entry)
    }

    /// `flock` without waiting. To change a lock is to release it and to try for the other: a refusal leaves none.
    pub(super) fn lock(&mut self, wanted: Lock) -> bool {
        let granted = self.others().all(|other| match wanted {
            Lock::Free => true,
            Lock::Shared => other.lock != Lock::Exclusive,
            Lock::Exclusive => other.lock == Lock::Free,
        });
        self.description().lock = if granted { wanted } else { Lock::Free };
        granted
    }
}
