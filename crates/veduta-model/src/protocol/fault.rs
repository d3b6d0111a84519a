//! The protocol with one thing done wrong: what the rules are worth shows when they notice.

/// A mistake. Each looks harmless, or like a saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Who settles asks who is present without marking the entry first.
    AsksWithoutMark,
    /// All mark with the same tag.
    OneTagForAll,
    /// Who settles writes DEAD without looking whether its mark is still there.
    StoresDead,
    /// Who settles writes LIVE without looking whether its mark is still there.
    StoresLive,
    /// Who settles leaves an entry alone that another is at work on, and tries again.
    WaitsForSettler,
    /// Who settles takes another one that probes for a holder.
    TakesProberForHolder,
    /// Who settles gives its momentary share up without testing again.
    ReleasesUntested,
    /// An opener does not ask for a sign of life.
    OpensWithoutProof,
    /// An opener leaves a mark alone.
    LeavesMark,
    /// An opener that gets the bytes first does not read the word again.
    TrustsFirstWord,
    /// A creator is present only once the object has its name.
    PresentTooLate,
    /// A creator's rename goes over what is there, as that of a file would.
    ReplacesName,
    /// A close lets go of the bytes before the presence.
    HidesThenCloses,
    /// A close leaves the name to the next sweep.
    ClosesOnly,
    /// The removal unlinks by path.
    UnlinksByPath,
    /// The removal takes whatever entry it finds in the directory.
    UnlinksUnchecked,
    /// A sweep takes what lies under a temporary name for left behind.
    SweepsUnasked,
    /// A sweep forgets that what it found under a temporary name may have got its real one since.
    SweepsOneName,
}
