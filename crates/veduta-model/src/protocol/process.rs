//! What one process has and where it is.

use super::step::Step;
use super::world::{Description, DirectoryId, EntryId, Path, Word};

/// What a process is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Make the object, or open it when it exists.
    Create,
    /// Open the object.
    Open,
    /// Close the handle. Nothing happens where none was got.
    Close,
    /// Close a handle whose open file description other processes may have too.
    CloseShared,
    /// Remove what the dead left.
    Sweep,
}

impl Call {
    pub(super) fn opens(self) -> bool {
        matches!(self, Self::Create | Self::Open)
    }

    pub(super) fn closes(self) -> bool {
        matches!(self, Self::Close | Self::CloseShared)
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ending {
    /// A handle on a new object.
    Created,
    /// A handle on one that was there.
    Opened,
    /// There is no such object.
    NotFound,
    /// Somebody holds the object, and nobody shows its bytes.
    Unreachable,
    /// Closed or swept.
    Done,
}

/// One process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Process {
    /// How many of its calls it has begun.
    pub(super) begun: u8,
    pub(super) life: Life,
    /// The handle, between a successful create or open and the first step of its close.
    pub(super) handle: Option<Description>,
    /// The call that it is in the middle of.
    pub(super) task: Option<Task>,
    /// What the call had open when the process was killed.
    pub(super) remains: Option<Description>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Life {
    Running,
    /// Killed; what its descriptions still hold the kernel lets go of piece by piece.
    Killed,
}

impl Process {
    pub(super) fn new(handle: Option<Description>) -> Self {
        Self { begun: 0, life: Life::Running, handle, task: None, remains: None }
    }

    /// Every description that it has open.
    pub(super) fn descriptions(&self) -> impl Iterator<Item = Description> {
        let at_work = self.task.and_then(|task| task.description);
        [self.handle, at_work, self.remains].into_iter().flatten()
    }

    /// The entry that it holds in the sense of the rules: by a finished create or open, and not yet closing.
    pub(super) fn held(&self) -> Option<EntryId> {
        match self.life {
            Life::Running => self.handle.map(|handle| handle.entry),
            Life::Killed => None,
        }
    }
}

/// A call under way: the program counter and the local variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Task {
    pub(super) call: Call,
    /// The step that comes next.
    pub(super) step: Step,
    /// The path of the entry that the call is busy with.
    pub(super) path: Path,
    /// The description that the call works on.
    pub(super) description: Option<Description>,
    /// Creating: the own temporary directory. Removing: the directory of the dead entry.
    pub(super) directory: Option<DirectoryId>,
    /// The word as it was read or written last.
    pub(super) seen: Word,
    /// Whether the description was opened only to settle what is at the path.
    pub(super) settling: bool,
    /// Whether a create has just lost the name to another.
    pub(super) lost: bool,
    /// How often an open has met somebody who showed no bytes.
    pub(super) refusals: u8,
    /// What a sweep has still to look at, as a set of paths.
    pub(super) queue: PathSet,
    /// For the rules only: what the call may assume about the past.
    pub(super) witness: Witness,
}

impl Task {
    /// A call that has done nothing yet.
    pub(super) fn new(call: Call, step: Step) -> Self {
        Self {
            call,
            step,
            path: Path::Name,
            description: None,
            directory: None,
            seen: Word::Live,
            settling: false,
            lost: false,
            refusals: 0,
            queue: PathSet::default(),
            witness: Witness::default(),
        }
    }

    /// Goes on to `step`, and forgets a word that it has no use for: states that differ only in that are one.
    pub(super) fn proceed(&mut self, step: Step) {
        self.step = step;
        let uses_word = matches!(
            step,
            Step::ReachBytes
                | Step::QueryBytes
                | Step::TakeBytes
                | Step::Revive
                | Step::MarkDying
                | Step::QueryPresence
                | Step::ProbeExclusive
                | Step::ProbeShared
                | Step::ReleaseAndTest
                | Step::MarkDead
                | Step::Restore
        );
        if !uses_word {
            self.seen = Word::Live;
        }
    }
}

/// What an observer who sees everything notes down during a call. No process ever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Witness {
    /// The entries, as a set of bits, whose last holder was gone before the call began.
    pub(super) gone: u8,
    /// There was an instant during the call at which nobody held the name.
    pub(super) unheld: bool,
}

/// A set of paths: the name is bit 0, directory n is bit n + 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct PathSet(u16);

impl PathSet {
    pub(super) fn contains(self, path: Path) -> bool {
        self.0 & Self::bit(path) != 0
    }

    pub(super) fn take_first(&mut self) -> Option<Path> {
        if self.0 == 0 {
            return None;
        }
        let first = self.0.trailing_zeros() as u8;
        self.0 &= self.0 - 1;
        Some(if first == 0 { Path::Name } else { Path::Temporary(DirectoryId(first - 1)) })
    }

    fn bit(path: Path) -> u16 {
        match path {
            Path::Name => 1,
            Path::Temporary(DirectoryId(slot)) => 1 << (slot + 1),
        }
    }
}

impl FromIterator<Path> for PathSet {
    fn from_iter<I: IntoIterator<Item = Path>>(paths: I) -> Self {
        Self(paths.into_iter().fold(0, |set, path| set | Self::bit(path)))
    }
}
