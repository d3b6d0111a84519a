//! Settling: finding out whether anybody holds an entry, and removing it if nobody does. It never waits, and never hurts
//! an entry that somebody holds.

use super::fault::Fault;
use super::process::{Call, Ending};
use super::scenario::Presence;
use super::step::Step;
use super::turn::{Next, Turn};
use super::world::{Description, DirectoryId, Lock, Path, Tag, Word};

/// How often an open looks again when somebody is there and shows no bytes. The library waits a little in between and
/// tries more often; for what can happen, one more try is as good as many.
const PATIENCE: u8 = 1;

impl Turn<'_> {
    /// Begins to settle what is at the path. Nothing else is open meanwhile.
    pub(super) fn settle(&mut self) -> Next {
        self.task.description = None;
        self.task.settling = true;
        Next::Step(Step::OpenDirectory)
    }

    pub(super) fn open_to_settle(&mut self, directory: DirectoryId) -> Next {
        let Some(entry) = self.state.files.directory(directory).entry else {
            self.task.directory = None;
            return Next::Step(Step::RemoveDirectory);
        };
        self.task.description = Some(Description::fresh(entry));
        let unasked = matches!(self.task.path, Path::Temporary(_)) && self.does(Fault::SweepsUnasked);
        Next::Step(if unasked { Step::CheckEntry } else { Step::ReadWord })
    }

    pub(super) fn read_word(&mut self) -> Next {
        let entry = self.entry();
        self.task.seen = self.state.files.word(entry);
        match self.task.seen {
            Word::Dead => Next::Step(Step::CheckEntry),
            Word::Dying(_) if self.does(Fault::WaitsForSettler) => Next::Step(Step::ReadWord),
            _ if self.does(Fault::AsksWithoutMark) => self.ask(),
            Word::Live | Word::Dying(_) => Next::Step(Step::MarkDying),
        }
    }

    pub(super) fn mark_dying(&mut self) -> Next {
        let entry = self.entry();
        let tag = if self.does(Fault::OneTagForAll) { Tag(0) } else { self.state.fresh_tag(&self.task) };
        let mark = Word::Dying(tag);
        if self.state.files.exchange(entry, self.task.seen, mark).is_err() {
            return Next::Step(Step::ReadWord);
        }
        self.task.seen = mark;
        self.ask()
    }

    fn ask(&self) -> Next {
        Next::Step(match self.scenario.protocol.presence {
            Presence::Flock => Step::ProbeExclusive,
            Presence::Query => Step::QueryPresence,
        })
    }

    pub(super) fn query_presence(&mut self) -> Next {
        let held = self.others().any(|other| other.lock == Lock::Shared);
        Next::Step(if held { Step::Restore } else { Step::MarkDead })
    }

    pub(super) fn probe_exclusive(&mut self) -> Next {
        let free = self.lock(Lock::Exclusive);
        Next::Step(match free {
            true => Step::MarkDead,
            false if self.does(Fault::TakesProberForHolder) => Step::Restore,
            false => Step::ProbeShared,
        })
    }

    pub(super) fn probe_shared(&mut self) -> Next {
        let held = self.lock(Lock::Shared);
        Next::Step(if held { Step::ReleaseAndTest } else { Step::MarkDead })
    }

    /// A holder that closed meanwhile took this process for another holder, and left the removal to it.
    pub(super) fn test_probe(&mut self) -> Next {
        let wanted = if self.does(Fault::ReleasesUntested) { Lock::Free } else { Lock::Exclusive };
        let free = self.lock(wanted) && wanted == Lock::Exclusive;
        Next::Step(if free { Step::MarkDead } else { Step::Restore })
    }

    pub(super) fn mark_dead(&mut self) -> Next {
        let entry = self.entry();
        let mark = if self.does(Fault::StoresDead) { self.state.files.word(entry) } else { self.task.seen };
        let marked = self.state.files.exchange(entry, mark, Word::Dead).is_ok();
        Next::Step(if marked { Step::CheckEntry } else { Step::ReadWord })
    }

    pub(super) fn restore(&mut self) -> Next {
        let entry = self.entry();
        let mark = if self.does(Fault::StoresLive) { self.state.files.word(entry) } else { self.task.seen };
        // Refused: somebody else's mark or verdict stands, and is theirs to follow up.
        let _ = self.state.files.exchange(entry, mark, Word::Live);
        self.settled(true)
    }

    /// What is at the path is `held`, or was removed.
    pub(super) fn settled(&mut self, held: bool) -> Next {
        self.task.description = None;
        self.task.settling = false;
        let lost = std::mem::take(&mut self.task.lost);
        match self.task.call {
            Call::Create | Call::Open if !held || lost => Next::Step(Step::OpenEntry),
            Call::Create | Call::Open if self.task.refusals == PATIENCE => Next::End(Ending::Unreachable),
            Call::Create | Call::Open => {
                self.task.refusals += 1;
                Next::Step(Step::OpenEntry)
            }
            Call::Close | Call::CloseShared => Next::End(Ending::Done),
            Call::Sweep => self.sweep_next(),
        }
    }
}
