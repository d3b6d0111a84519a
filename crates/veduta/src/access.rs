//! Protections of sections, rights of handles and access of views, and the rules between them.
//!
//! The rules are Windows' own (`CreateFileMapping`, `MapViewOfFile`, "File-mapping security and access rights").

use crate::{Code, Error, Result};
use std::fmt;

/// What views of a section may ever do; fixed when the section is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[doc(alias = "flProtect")]
pub enum Protection {
    /// Views read, or copy on write. `PAGE_READONLY`.
    ReadOnly,
    /// Views read, write, or copy on write. `PAGE_READWRITE`.
    #[default]
    ReadWrite,
    /// As [`ReadOnly`](Protection::ReadOnly): writing needs a copy-on-write view. `PAGE_WRITECOPY`.
    WriteCopy,
    /// Views read and execute, or copy on write. `PAGE_EXECUTE_READ`.
    ExecuteRead,
    /// Views do anything. `PAGE_EXECUTE_READWRITE`.
    ExecuteReadWrite,
    /// As [`ExecuteRead`](Protection::ExecuteRead), copy-on-write views may execute. `PAGE_EXECUTE_WRITECOPY`.
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

    /// The `PAGE_` constant.
    pub const fn page_constant(self) -> u32 {
        match self {
            Protection::ReadOnly => 0x02,
            Protection::ReadWrite => 0x04,
            Protection::WriteCopy => 0x08,
            Protection::ExecuteRead => 0x20,
            Protection::ExecuteReadWrite => 0x40,
            Protection::ExecuteWriteCopy => 0x80,
        }
    }

    /// The protection of a `PAGE_` constant.
    ///
    /// # Errors
    /// [`Code::INVALID_PARAMETER`] for 0, `PAGE_NOACCESS`, `PAGE_EXECUTE`, `PAGE_GUARD` and anything else that
    /// no section can have.
    pub fn from_page_constant(constant: u32) -> Result<Protection> {
        Protection::ALL.into_iter().find(|p| p.page_constant() == constant).ok_or_else(|| {
            Error::new(Code::INVALID_PARAMETER, "use protection").hint(format!(
                "{constant:#x} is none of PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY and their EXECUTE forms"
            ))
        })
    }

    /// The rights of the handle that creating (or re-opening by create) with this protection gives.
    pub fn handle_access(self) -> SectionAccess {
        let write = if self.writes_shared() { SectionAccess::WRITE } else { SectionAccess::empty() };
        let execute = if self.executes() { SectionAccess::EXECUTE } else { SectionAccess::empty() };
        SectionAccess::QUERY | SectionAccess::READ | write | execute
    }

    /// Whether views may write to the bytes that all share.
    pub const fn writes_shared(self) -> bool {
        matches!(self, Protection::ReadWrite | Protection::ExecuteReadWrite)
    }

    /// Whether views may execute.
    pub const fn executes(self) -> bool {
        matches!(self, Protection::ExecuteRead | Protection::ExecuteReadWrite | Protection::ExecuteWriteCopy)
    }

    /// Whether a view with `access` is compatible with this protection.
    pub const fn allows(self, access: ViewAccess) -> bool {
        (self.writes_shared() || !access.writes_shared()) && (self.executes() || !access.executes())
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

bitflags::bitflags! {
    /// The rights of a handle to a section.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct SectionAccess: u32 {
        /// Ask about the section. `SECTION_QUERY`.
        const QUERY = 0x01;
        /// Map views that write. `FILE_MAP_WRITE`.
        const WRITE = 0x02;
        /// Map views that read or copy on write. `FILE_MAP_READ`.
        const READ = 0x04;
        /// Map views that execute. `SECTION_MAP_EXECUTE`.
        const EXECUTE = 0x08;
        /// Grow the section. `SECTION_EXTEND_SIZE`.
        const EXTEND_SIZE = 0x10;
    }
}

const FILE_MAP_COPY: u32 = 0x01;
const FILE_MAP_WRITE: u32 = 0x02;
const FILE_MAP_READ: u32 = 0x04;
const FILE_MAP_EXECUTE: u32 = 0x20;
const STANDARD_RIGHTS: u32 = 0x001F_0000;
const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
const GENERIC_ALL: u32 = 0x1000_0000;
const GENERIC_EXECUTE: u32 = 0x2000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const GENERIC_READ: u32 = 0x8000_0000;

impl SectionAccess {
    /// The rights that a Windows access mask asks for, generic rights included.
    ///
    /// # Errors
    /// - [`Code::ACCESS_DENIED`]: 0, which asks for nothing.
    /// - [`Code::INVALID_PARAMETER`]: bits that no section has, with a hint if it is a `PAGE_` constant.
    pub fn from_desired_access(mask: u32) -> Result<SectionAccess> {
        const OPERATION: &str = "use access mask";
        if mask == 0 {
            return Err(Error::new(Code::ACCESS_DENIED, OPERATION).hint("access 0 asks for no right at all"));
        }
        let known = SectionAccess::all().bits()
            | FILE_MAP_EXECUTE
            | STANDARD_RIGHTS
            | MAXIMUM_ALLOWED
            | GENERIC_ALL
            | GENERIC_EXECUTE
            | GENERIC_WRITE
            | GENERIC_READ;
        if mask & !known != 0 {
            let page = Protection::ALL.iter().any(|p| p.page_constant() == mask);
            let hint = if page {
                "; it is a PAGE_ constant: pass FILE_MAP_READ (4), FILE_MAP_WRITE (2) …"
            } else {
                ""
            };
            return Err(Error::new(Code::INVALID_PARAMETER, OPERATION)
                .hint(format!("{mask:#x} has bits that are no right of a section{hint}")));
        }
        let mut access = SectionAccess::from_bits_truncate(mask);
        let mut grant = |bits: u32, rights| {
            if mask & bits != 0 {
                access |= rights;
            }
        };
        grant(FILE_MAP_EXECUTE | GENERIC_EXECUTE, SectionAccess::EXECUTE);
        grant(GENERIC_READ, SectionAccess::QUERY | SectionAccess::READ);
        grant(GENERIC_WRITE, SectionAccess::WRITE);
        grant(GENERIC_ALL | MAXIMUM_ALLOWED, SectionAccess::all());
        Ok(access)
    }
}

impl fmt::Display for SectionAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        bitflags::parser::to_writer(self, f)
    }
}

bitflags::bitflags! {
    /// The rights of a handle to a mutex, event or semaphore.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct SyncAccess: u32 {
        /// Ask about the object. `EVENT_QUERY_STATE`.
        const QUERY = 0x01;
        /// Set, reset, pulse, release a semaphore. `EVENT_MODIFY_STATE`. To release a mutex, owning it is enough.
        const MODIFY_STATE = 0x02;
        /// Wait. `SYNCHRONIZE`.
        const SYNCHRONIZE = 0x0010_0000;
    }
}

impl fmt::Display for SyncAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        bitflags::parser::to_writer(self, f)
    }
}

/// What one view may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewAccess {
    /// Nothing, until [`View::protect`](crate::View::protect); reserves the addresses.
    NoAccess,
    /// Read.
    Read,
    /// Read and write what all share.
    Write,
    /// Read, and write to private copies of the pages written.
    Copy,
    /// Read and execute.
    ExecuteRead,
    /// Read, write what all share, and execute.
    ExecuteWrite,
    /// Read, write to private copies, and execute.
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

    /// The access that `MapViewOfFile` makes of its `dwDesiredAccess`.
    ///
    /// `FILE_MAP_COPY` counts only when it stands alone; `FILE_MAP_WRITE` wins over `FILE_MAP_READ`; a mask with
    /// none of them gives a view without access, `FILE_MAP_EXECUTE` or not.
    pub const fn from_desired_access(mask: u32) -> ViewAccess {
        let execute = mask & FILE_MAP_EXECUTE != 0;
        let rest = mask & !FILE_MAP_EXECUTE;
        match (rest == FILE_MAP_COPY, rest & FILE_MAP_WRITE != 0, rest & FILE_MAP_READ != 0, execute) {
            (true, _, _, false) => ViewAccess::Copy,
            (true, _, _, true) => ViewAccess::ExecuteCopy,
            (_, true, _, false) => ViewAccess::Write,
            (_, true, _, true) => ViewAccess::ExecuteWrite,
            (_, _, true, false) => ViewAccess::Read,
            (_, _, true, true) => ViewAccess::ExecuteRead,
            (_, _, _, _) => ViewAccess::NoAccess,
        }
    }

    /// The `PAGE_` constant that `VirtualQuery` shows for such a view.
    pub const fn page_constant(self) -> u32 {
        match self {
            ViewAccess::NoAccess => 0x01,
            ViewAccess::Read => 0x02,
            ViewAccess::Write => 0x04,
            ViewAccess::Copy => 0x08,
            ViewAccess::ExecuteRead => 0x20,
            ViewAccess::ExecuteWrite => 0x40,
            ViewAccess::ExecuteCopy => 0x80,
        }
    }

    /// Whether bytes can be read.
    pub const fn reads(self) -> bool {
        !matches!(self, ViewAccess::NoAccess)
    }

    /// Whether bytes can be written, shared or private.
    pub const fn writes(self) -> bool {
        self.writes_shared() || self.copies()
    }

    /// Whether writes go to the bytes that all share.
    pub const fn writes_shared(self) -> bool {
        matches!(self, ViewAccess::Write | ViewAccess::ExecuteWrite)
    }

    /// Whether writes go to private copies.
    pub const fn copies(self) -> bool {
        matches!(self, ViewAccess::Copy | ViewAccess::ExecuteCopy)
    }

    /// Whether bytes can be executed.
    pub const fn executes(self) -> bool {
        matches!(self, ViewAccess::ExecuteRead | ViewAccess::ExecuteWrite | ViewAccess::ExecuteCopy)
    }

    /// The rights that a handle needs for such a view: write for views that write, read for all others (also
    /// for copy-on-write and no access), and execute in addition.
    pub const fn needs(self) -> SectionAccess {
        let base = if self.writes_shared() { SectionAccess::WRITE } else { SectionAccess::READ };
        if self.executes() { base.union(SectionAccess::EXECUTE) } else { base }
    }

    /// Whether part of a view mapped with this access may be changed to `to`: never beyond what it was mapped with.
    pub const fn may_become(self, to: ViewAccess) -> bool {
        match to {
            ViewAccess::NoAccess => true,
            _ => {
                (!to.reads() || self.reads())
                    && (!to.writes_shared() || self.writes_shared())
                    // A shared page cannot turn private in place, nor back.
                    && (!to.copies() || self.copies())
                    && (!to.executes() || self.executes())
            }
        }
    }

    /// What is left of a handle's or section's rights after its check: 5 before 87, as Windows orders them.
    pub(crate) fn check(self, handle: SectionAccess, protection: Protection) -> Result<()> {
        const OPERATION: &str = "map view";
        if !handle.contains(self.needs()) {
            return Err(Error::new(Code::ACCESS_DENIED, OPERATION).hint(missing_right_hint(self, handle)));
        }
        if !protection.allows(self) {
            return Err(Error::new(Code::INVALID_PARAMETER, OPERATION).hint(format!(
                "a {self:?} view is not compatible with the section's protection {protection}"
            )));
        }
        Ok(())
    }
}

/// `PAGE_READONLY` is 2 and so is `FILE_MAP_WRITE`; `PAGE_READWRITE` is 4 and so is `FILE_MAP_READ`: the usual mistake.
fn missing_right_hint(view: ViewAccess, handle: SectionAccess) -> String {
    let needs = view.needs();
    let confused = match handle {
        SectionAccess::WRITE => Some(("FILE_MAP_WRITE", "PAGE_READONLY", "FILE_MAP_READ (4)")),
        SectionAccess::READ if view.writes_shared() => {
            Some(("FILE_MAP_READ", "PAGE_READWRITE", "FILE_MAP_READ | FILE_MAP_WRITE (6)"))
        }
        _ => None,
    };
    match confused {
        Some((right, page, instead)) => format!(
            "a {view:?} view needs the right {needs}, the handle has {handle} only; {right} has the number of {page}: \
             if the section was opened with a PAGE_ constant, pass {instead} instead"
        ),
        None => format!("a {view:?} view needs the right {needs}, the handle has {handle}"),
    }
}
