//! Sections: `CreateFileMapping` and `OpenFileMapping`.

use crate::attributes::Attributes;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::file::{File, share};
use crate::last_error;
use crate::memory::page;
use crate::object::{Kind, Packed};
use crate::pointer::In;
use crate::system;
use crate::table;
use crate::text::{Narrow, Text, Wide};
use crate::types::{BOOL, DWORD, HANDLE};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use veduta::os::unix::{HandleExt, SectionExt};
use veduta::{Commit, Disposition, Pages, Protection, SectionAccess};

const SEC_FILE: u32 = 0x0080_0000;
const SEC_IMAGE: u32 = 0x0100_0000;
const SEC_RESERVE: u32 = 0x0400_0000;
const SEC_COMMIT: u32 = 0x0800_0000;
const SEC_NOCACHE: u32 = 0x1000_0000;
const SEC_WRITECOMBINE: u32 = 0x4000_0000;
const SEC_LARGE_PAGES: u32 = 0x8000_0000;

const FILE_MAP_COPY: u32 = 0x01;

const NUMA_NO_PREFERRED_NODE: u32 = u32::MAX;

export! {
    fn CreateFileMappingA(
        file: HANDLE,
        attributes: Attributes,
        protect: DWORD,
        high: DWORD,
        low: DWORD,
        name: Narrow,
    ) -> HANDLE {
        create(&Wish::new(file, attributes, protect, high, low), name)
    }

    fn CreateFileMappingW(
        file: HANDLE,
        attributes: Attributes,
        protect: DWORD,
        high: DWORD,
        low: DWORD,
        name: Wide,
    ) -> HANDLE {
        create(&Wish::new(file, attributes, protect, high, low), name)
    }

    fn CreateFileMappingNumaA(
        file: HANDLE,
        attributes: Attributes,
        protect: DWORD,
        high: DWORD,
        low: DWORD,
        name: Narrow,
        node: DWORD,
    ) -> HANDLE {
        create(&Wish { node: preferred(node), ..Wish::new(file, attributes, protect, high, low) }, name)
    }

    fn CreateFileMappingNumaW(
        file: HANDLE,
        attributes: Attributes,
        protect: DWORD,
        high: DWORD,
        low: DWORD,
        name: Wide,
        node: DWORD,
    ) -> HANDLE {
        create(&Wish { node: preferred(node), ..Wish::new(file, attributes, protect, high, low) }, name)
    }

    fn CreateFileMapping2(
        file: HANDLE,
        attributes: Attributes,
        access: DWORD,
        protect: DWORD,
        kind: DWORD,
        size: u64,
        name: Wide,
        parameters: In<Parameter>,
        count: DWORD,
    ) -> HANDLE {
        let node = only_numa_node(parameters, count)?;
        create(&Wish { file, attributes, protect, kind, size, node, access: Some(access) }, name)
    }

    fn OpenFileMappingA(access: DWORD, inherit: BOOL, name: Narrow) -> HANDLE { open(access, inherit, name) }

    fn OpenFileMappingW(access: DWORD, inherit: BOOL, name: Wide) -> HANDLE { open(access, inherit, name) }
}

/// `MEM_EXTENDED_PARAMETER`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Parameter {
    kind: u64,
    value: u64,
}

/// The preferred node, if that is all that the parameters say.
pub(crate) fn only_numa_node(parameters: In<Parameter>, count: u32) -> Result<Option<u32>> {
    const NUMA_NODE: u64 = 3;
    if count == 0 {
        return Ok(None);
    }
    let mut node = None;
    for Parameter { kind, value } in parameters.all(count as usize)? {
        // The kind is the low byte; the rest is reserved.
        if kind & 0xFF != NUMA_NODE {
            return Err(Failure::hint(
                code::NOT_SUPPORTED,
                "of extended parameters only MemExtendedParameterNumaNode is here",
            ));
        }
        node = preferred(value as u32);
    }
    Ok(node)
}

fn preferred(node: u32) -> Option<u32> {
    (node != NUMA_NO_PREFERRED_NODE).then_some(node)
}

/// What section is wanted.
struct Wish {
    file: HANDLE,
    attributes: Attributes,
    /// A `PAGE_` constant.
    protect: u32,
    /// `SEC_` constants.
    kind: u32,
    size: u64,
    node: Option<u32>,
    /// The rights of the handle, if not those that go with the protection.
    access: Option<u32>,
}

impl Wish {
    /// In the terms of the older functions, which have `PAGE_` and `SEC_` constants in one number.
    fn new(file: HANDLE, attributes: Attributes, flags: u32, high: u32, low: u32) -> Wish {
        const KINDS: u32 = 0xFFFF_0000;
        let size = u64::from(high) << 32 | u64::from(low);
        let (protect, kind) = (flags & !KINDS, flags & KINDS);
        Wish { file, attributes, protect, kind, size, node: None, access: None }
    }

    /// NULL is taken for it too, as on Windows.
    fn has_file(&self) -> bool {
        self.file != HANDLE::INVALID && self.file != HANDLE::NULL
    }

    fn has(&self, bit: u32) -> bool {
        self.kind & bit != 0
    }

    fn check_kind(&self) -> Result<()> {
        const KNOWN: u32 = SEC_FILE
            | SEC_IMAGE
            | SEC_RESERVE
            | SEC_COMMIT
            | SEC_NOCACHE
            | SEC_WRITECOMBINE
            | SEC_LARGE_PAGES;
        let refuse = |hint: &'static str| Err(Failure::hint(code::INVALID_PARAMETER, hint));
        if self.kind & !KNOWN != 0 {
            return refuse("there are bits that are no SEC_ constant");
        }
        if self.has(SEC_COMMIT) && self.has(SEC_RESERVE) {
            return refuse("SEC_COMMIT or SEC_RESERVE, not both");
        }
        if self.has(SEC_IMAGE) && self.has(SEC_COMMIT | SEC_RESERVE | SEC_LARGE_PAGES | SEC_WRITECOMBINE) {
            return refuse("SEC_IMAGE stands alone");
        }
        if self.has(SEC_IMAGE) {
            return Ok(());
        }
        if self.has(SEC_NOCACHE | SEC_WRITECOMBINE) && !self.has(SEC_COMMIT | SEC_RESERVE) {
            return refuse("SEC_NOCACHE and SEC_WRITECOMBINE need SEC_COMMIT or SEC_RESERVE");
        }
        if self.has(SEC_NOCACHE) && self.has(SEC_WRITECOMBINE) {
            return refuse("SEC_NOCACHE or SEC_WRITECOMBINE, not both");
        }
        if self.has(SEC_LARGE_PAGES) && (self.has_file() || !self.has(SEC_COMMIT)) {
            return refuse("SEC_LARGE_PAGES needs SEC_COMMIT, and no file");
        }
        if self.has(SEC_FILE) && !self.has_file() {
            return refuse("SEC_FILE needs a file");
        }
        Ok(())
    }
}

/// Creates a section or opens the one of that name. Says so in the last error, on success too.
fn create(wish: &Wish, name: impl Text) -> Result<HANDLE> {
    let name = name.name()?.unwrap_or_default();
    wish.check_kind()?;
    let protection = Protection::from_page_constant(wish.protect)?;
    if !wish.has_file() && wish.has(SEC_IMAGE) {
        return Err(Failure::hint(code::BAD_EXE_FORMAT, "SEC_IMAGE needs the file of a program or library"));
    }
    let mut options = veduta::Section::options();
    options.size(wish.size).protection(protection);
    if let Some(mode) = wish.attributes.mode()? {
        options.mode(mode);
    }
    let file = if wish.has_file() {
        let entry = table::entry(wish.file)?;
        let file: &File = entry.object.as_kind()?;
        Some(file.to_map(entry.access, protection)?)
    } else {
        None
    };
    if wish.has(SEC_IMAGE) {
        return Err(Failure::hint(
            code::BAD_EXE_FORMAT,
            "programs of Windows cannot be mapped as images here",
        ));
    }
    match &file {
        Some(file) => _ = options.file(file),
        None => {
            if wish.has(SEC_RESERVE) {
                options.commit(Commit::Reserve);
            }
            if wish.has(SEC_LARGE_PAGES) {
                let page = system::large_page();
                if page == 0 {
                    return Err(Failure::hint(code::NO_SYSTEM_RESOURCES, "this machine has no large pages"));
                }
                options.pages(Pages::Huge);
            }
            if let Some(node) = wish.node {
                options.numa_node(node);
            }
        }
    }
    let (mut core, disposition) = options.create(&name)?;
    if let Some(access) = wish.access {
        core = core.try_clone_with(rights(access)?)?;
    }
    let caching = match (wish.has(SEC_NOCACHE), wish.has(SEC_WRITECOMBINE)) {
        (true, _) => page::NOCACHE,
        (_, true) => page::WRITECOMBINE,
        _ => 0,
    };
    let section = Section::new(core, caching)?;
    let handle = table::insert(Arc::new(section.into_object()), 0, wish.attributes.inherits())?;
    last_error::set(match disposition {
        Disposition::Created => code::SUCCESS,
        Disposition::Opened => code::ALREADY_EXISTS,
    });
    Ok(handle)
}

/// Opens the section of that name.
fn open(access: u32, inherit: BOOL, name: impl Text) -> Result<HANDLE> {
    let name =
        name.name()?.ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "only a name can be opened"))?;
    // The number of FILE_MAP_COPY says "query" in a handle, but who asks for it wants to read.
    let access = if access == FILE_MAP_COPY { Ok(SectionAccess::READ) } else { rights(access) };
    let access = match access {
        Ok(access) if !access.is_empty() => access,
        refused => {
            // The name is looked up first: programs tell by the error whether the section is there.
            veduta::Section::options().access(SectionAccess::QUERY).open(&name)?;
            return Err(refused
                .err()
                .unwrap_or_else(|| Failure::hint(code::ACCESS_DENIED, "access 0 asks for no right at all")));
        }
    };
    let core = veduta::Section::options().access(access).open(&name)?;
    let section = Section::new(core, 0)?;
    table::insert(Arc::new(section.into_object()), 0, inherit.is_true())
}

/// The rights that a mask asks for.
fn rights(mask: u32) -> Result<SectionAccess> {
    if mask == 0 {
        return Ok(SectionAccess::empty());
    }
    SectionAccess::from_desired_access(mask).map_err(|error| {
        // As for objects of all other kinds.
        Failure::hint(code::ACCESS_DENIED, error.advice().unwrap_or_default().to_owned())
    })
}

/// A section, with the attributes that only this interface has.
pub(crate) struct Section {
    core: veduta::Section,
    /// Bits that `VirtualQuery` shows of its views. Who opens the section by its name does not learn them.
    caching: u32,
}

impl Section {
    fn new(core: veduta::Section, caching: u32) -> Result<Section> {
        // The descriptions of duplicates, of openers and of sections that only read may be others than that of the file.
        if let Some(file) = core.file() {
            share::mark_mapped(file)?;
        }
        Ok(Section { core, caching })
    }

    pub(crate) fn core(&self) -> &veduta::Section {
        &self.core
    }

    pub(crate) fn caching(&self) -> u32 {
        self.caching
    }

    pub(crate) fn is_of_file(&self) -> bool {
        self.core.file().is_some()
    }

    /// Whether pages are committed one by one.
    pub(crate) fn is_reserved(&self) -> bool {
        !self.is_of_file() && self.core.commit() == Commit::Reserve
    }

    /// The same section with other rights.
    pub(crate) fn with_rights(&self, mask: u32) -> Result<Section> {
        Section::new(self.core.try_clone_with(rights(mask)?)?, self.caching)
    }

    pub(crate) fn pack(&self) -> Result<Packed> {
        let descriptors = self.core.try_clone()?.into_descriptors()?;
        Ok(Packed { kind: "section".to_owned(), detail: self.caching.to_string(), descriptors })
    }

    pub(crate) fn unpack(detail: &str, descriptors: Vec<OwnedFd>) -> Result<Section> {
        let caching: u32 = detail.parse().map_err(|_| Failure::Code(code::INVALID_DATA))?;
        if caching & !(page::NOCACHE | page::WRITECOMBINE) != 0 {
            return fail(code::INVALID_DATA);
        }
        Section::new(veduta::Section::from_descriptors(descriptors)?, caching)
    }
}
