//! What actors do, and what comes of it. Plain data: it is sent to real processes and written down when a test fails.

use crate::sync::State;
use serde::{Deserialize, Serialize};

/// Something that an actor does.
///
/// Each actor names its handles by slots and its views by slots of their own. What is in a slot is closed, or unmapped,
/// before the operation that is to fill it begins, and so also when that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are what they are called")]
pub enum Operation {
    /// Creates memory, or opens what has the name. An empty name is none.
    Create { slot: u8, name: String, size: u64, protection: Protection },
    /// Creates memory under a name that must be free.
    CreateNew { slot: u8, name: String, size: u64, protection: Protection },
    /// Creates memory without a name.
    CreateUnnamed { slot: u8, size: u64, protection: Protection },
    /// Opens one of the manager's files, and creates a section of it, or opens what has the name.
    CreateOnFile {
        slot: u8,
        name: Option<String>,
        file: u8,
        size: u64,
        protection: Protection,
        file_writable: bool,
    },
    /// Opens what has the name.
    Open { slot: u8, name: String, access: Rights },
    /// Makes another handle, with other rights.
    Duplicate { from: u8, to: u8, access: Rights },
    /// Closes a handle.
    Close { slot: u8 },
    /// Maps a view, without a length to the end of the section.
    Map { slot: u8, view: u8, access: ViewAccess, offset: u64, len: Option<u64> },
    /// Unmaps a view.
    Unmap { view: u8 },
    /// Copies bytes into a view.
    Write { view: u8, offset: u64, bytes: Vec<u8> },
    /// Copies bytes out of a view.
    Read { view: u8, offset: u64, len: u64 },
    /// Sets all bytes of a range.
    Fill { view: u8, offset: u64, len: u64, byte: u8 },
    /// Copies a range of one view into another, or the same.
    CopyBetween { from: u8, from_offset: u64, len: u64, to: u8, to_offset: u64 },
    /// Finds where a range differs from one of another view, or the same.
    Compare { view: u8, offset: u64, len: u64, other: u8, other_offset: u64 },
    /// Changes what may be done with the pages of a range.
    Protect { view: u8, offset: u64, len: u64, access: ViewAccess },
    /// Asks a handle about its section and its rights.
    Facts { slot: u8 },
    /// Opens what has the name for reading, and closes it again.
    Exists { name: String },
    /// The actor's process is killed, and started again with nothing.
    Kill,
}

/// What comes of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are what they are called")]
pub enum Outcome {
    /// It worked, and there is nothing to tell.
    Done,
    /// It failed with this Win32 code.
    Refused(u32),
    /// Nothing is in the slot.
    Vacant,
    /// The object is new.
    Created,
    /// The object was there.
    Opened,
    /// What a handle knows.
    Facts { size: u64, protection: Protection, access: Rights },
    /// The view has so many bytes.
    Mapped(u64),
    /// What was read.
    Bytes(Vec<Run>),
    /// Where the ranges first differ.
    Difference(Option<u64>),
    /// What might be done with the first page before.
    Was(ViewAccess),
    /// The wait was satisfied by the object of this index, or 0 where there is only one.
    Signaled(usize),
    /// So, and the object is a mutex whose last owner ended without releasing it.
    Abandoned(usize),
    /// The wait for all was satisfied, and whether there was an abandoned mutex among them; which, nobody promises.
    TookAll { abandoned: bool },
    /// The wait ended and nothing was taken.
    TimedOut,
    /// The thread waits from now on. What comes of that is told when it is.
    Blocked,
    /// The count of a semaphore before.
    Previous(u32),
    /// What an object is like.
    State(State),
    /// It is not said what comes of it, and so it was not done: a copy to bytes that the source shows too, elsewhere; what a
    /// thread cannot do while it, or another one through the same handle, waits.
    Unspecified,
}

/// A byte, and how many of it follow each other: what is read is mostly the same byte over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run(pub u8, pub usize);

impl Outcome {
    /// What was read.
    pub fn bytes(bytes: &[u8]) -> Outcome {
        Outcome::Bytes(bytes.chunk_by(|a, b| a == b).map(|run| Run(run[0], run.len())).collect())
    }
}

/// What views of a section may ever do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are named as in Windows")]
pub enum Protection {
    ReadOnly,
    ReadWrite,
    WriteCopy,
    ExecuteRead,
    ExecuteReadWrite,
    ExecuteWriteCopy,
}

impl Protection {
    /// Every protection.
    pub const ALL: [Protection; 6] = [
        Protection::ReadOnly,
        Protection::ReadWrite,
        Protection::WriteCopy,
        Protection::ExecuteRead,
        Protection::ExecuteReadWrite,
        Protection::ExecuteWriteCopy,
    ];

    /// Whether views may write what all share.
    pub fn writes(self) -> bool {
        matches!(self, Protection::ReadWrite | Protection::ExecuteReadWrite)
    }

    /// Whether views may execute.
    pub fn executes(self) -> bool {
        !matches!(self, Protection::ReadOnly | Protection::ReadWrite | Protection::WriteCopy)
    }

    /// Whether views may have this access.
    pub fn allows(self, access: ViewAccess) -> bool {
        (self.writes() || !access.shares_writes()) && (self.executes() || !access.executes())
    }

    /// The rights of a handle that creating with this protection gives.
    pub fn rights(self) -> Rights {
        let mut rights = Rights::QUERY.and(Rights::READ);
        if self.writes() {
            rights = rights.and(Rights::WRITE);
        }
        if self.executes() {
            rights = rights.and(Rights::EXECUTE);
        }
        rights
    }
}

/// What a handle may do: the bits that Windows has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights(pub u32);

impl Rights {
    /// Nothing.
    pub const NONE: Rights = Rights(0);
    /// `SECTION_QUERY`.
    pub const QUERY: Rights = Rights(1);
    /// `SECTION_MAP_WRITE`.
    pub const WRITE: Rights = Rights(2);
    /// `SECTION_MAP_READ`.
    pub const READ: Rights = Rights(4);
    /// `SECTION_MAP_EXECUTE`.
    pub const EXECUTE: Rights = Rights(8);
    /// `EVENT_MODIFY_STATE` and `SEMAPHORE_MODIFY_STATE`.
    pub const MODIFY_STATE: Rights = Rights(2);
    /// `SYNCHRONIZE`.
    pub const SYNCHRONIZE: Rights = Rights(0x10_0000);

    /// These and others.
    pub const fn and(self, others: Rights) -> Rights {
        Rights(self.0 | others.0)
    }

    /// Whether all of the others are among these.
    pub fn include(self, others: Rights) -> bool {
        self.0 & others.0 == others.0
    }
}

/// What a view, or a page of it, may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are named as in the library")]
pub enum ViewAccess {
    NoAccess,
    Read,
    Write,
    Copy,
    ExecuteRead,
    ExecuteWrite,
    ExecuteCopy,
}

impl ViewAccess {
    /// Every access.
    pub const ALL: [ViewAccess; 7] = [
        ViewAccess::NoAccess,
        ViewAccess::Read,
        ViewAccess::Write,
        ViewAccess::Copy,
        ViewAccess::ExecuteRead,
        ViewAccess::ExecuteWrite,
        ViewAccess::ExecuteCopy,
    ];

    /// Whether bytes can be read.
    pub fn reads(self) -> bool {
        self != ViewAccess::NoAccess
    }

    /// Whether bytes can be written, shared or private.
    pub fn writes(self) -> bool {
        self.shares_writes() || self.copies()
    }

    /// Whether all see what is written.
    pub fn shares_writes(self) -> bool {
        matches!(self, ViewAccess::Write | ViewAccess::ExecuteWrite)
    }

    /// Whether what is written is private.
    pub fn copies(self) -> bool {
        matches!(self, ViewAccess::Copy | ViewAccess::ExecuteCopy)
    }

    /// Whether bytes can be executed.
    pub fn executes(self) -> bool {
        matches!(self, ViewAccess::ExecuteRead | ViewAccess::ExecuteWrite | ViewAccess::ExecuteCopy)
    }

    /// The rights that a handle needs for such a view.
    pub fn needs(self) -> Rights {
        let rights = if self.shares_writes() { Rights::WRITE } else { Rights::READ };
        if self.executes() { rights.and(Rights::EXECUTE) } else { rights }
    }
}
