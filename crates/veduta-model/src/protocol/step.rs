//! The names of the steps.

/// One atomic action of a process on what it shares with others.
///
/// The library numbers the points at which its tests kill and stop it by the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Create: make the nameless entry, be present, have the bytes, write the header whole. Nobody can see any of it
    /// yet, and a kill leaves nothing, so it is one step.
    MakeEntry,
    /// Create: `mkdir` of the temporary directory.
    MakeDirectory,
    /// Create: link the entry into the temporary directory. A sweep may have taken the empty directory away.
    LinkEntry,
    /// Create: rename the temporary directory to the name.
    PublishName,
    /// Create: unlink the own entry after another object stood in the way.
    WithdrawEntry,
    /// Create: `rmdir` of the temporary directory after that.
    WithdrawDirectory,
    /// Open: open the entry by its name. Settle: open it through its directory.
    OpenEntry,
    /// Open: share the presence lock, without waiting.
    TakePresence,
    /// Open: read the header once into a local, the word with it.
    ReadHeader,
    /// Open, bytes in a memfd: get them from a living process that has them.
    ReachBytes,
    /// Open, bytes in the entry: ask whether somebody else has the bytes lock.
    QueryBytes,
    /// Open, bytes in the entry: take the bytes lock too.
    TakeBytes,
    /// Open: change the mark that was read back to LIVE. What a failed exchange found is the next one's mark.
    Revive,
    /// Open, close of a shared description: be present no longer.
    DropPresence,
    /// Settle: read the word.
    ReadWord,
    /// Settle: change what was read to DYING with a fresh tag.
    MarkDying,
    /// Settle: try the presence lock exclusively.
    ProbeExclusive,
    /// Settle: try to share it when that was refused. Refused too: another process is probing, so nobody is present.
    ProbeShared,
    /// Settle: change the own mark to DEAD.
    MarkDead,
    /// Settle: change the own mark back to LIVE.
    Restore,
    /// Settle, close: try the lock exclusively on the description that shares it. The kernel releases it first, so a
    /// refusal means: released, and somebody else is present.
    ReleaseAndTest,
    /// Close: nobody else can be present: write DEAD, whatever is there.
    StoreDead,
    /// Close everything.
    CloseDescriptors,
    /// Settle, close: open the directory by its path.
    OpenDirectory,
    /// Remove: compare the entry in the directory with the dead one.
    CheckEntry,
    /// Remove: unlink the entry through the directory's descriptor.
    UnlinkEntry,
    /// Remove: `rmdir` by path. Absent or not empty is fine.
    RemoveDirectory,
    /// Sweep: read the directory of names.
    ListNames,
    /// Open, where the bytes come first: read the word again, now that others see this process.
    ConfirmWord,
    /// Settle, where presence can be asked about: ask.
    QueryPresence,
}

impl Step {
    /// The steps of the protocol as the library has it. The others belong to the alternatives.
    pub const LIBRARY: [Self; 28] = [
        Self::MakeEntry,
        Self::MakeDirectory,
        Self::LinkEntry,
        Self::PublishName,
        Self::WithdrawEntry,
        Self::WithdrawDirectory,
        Self::OpenEntry,
        Self::TakePresence,
        Self::ReadHeader,
        Self::ReachBytes,
        Self::QueryBytes,
        Self::TakeBytes,
        Self::Revive,
        Self::DropPresence,
        Self::ReadWord,
        Self::MarkDying,
        Self::ProbeExclusive,
        Self::ProbeShared,
        Self::MarkDead,
        Self::Restore,
        Self::ReleaseAndTest,
        Self::StoreDead,
        Self::CloseDescriptors,
        Self::OpenDirectory,
        Self::CheckEntry,
        Self::UnlinkEntry,
        Self::RemoveDirectory,
        Self::ListNames,
    ];
}
