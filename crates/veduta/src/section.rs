//! Sections: memory, or a file, that processes map views of.

use crate::disposition::{Disposition, open_or_create};
use crate::os::InheritExt;
use crate::view::ViewOptions;
use crate::windows::Windows;
use crate::{
    Code, Error, Kind, Namespace, ObjectName, Protection, Result, SectionAccess, View, ViewAccess, sys,
};
use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is promised of a section's memory, or of the room for a file that it makes longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Commit {
    /// That it is there: memory is checked against what this process can have (its cgroup included), and taken page by page
    /// as it is touched; room in a file or on a mount with a limit of its own is taken at once.
    #[default]
    Checked,
    /// That it is taken: all pages at once.
    Now,
    /// Nothing: a sparse section. Touching more than there is ends the process. Like `SEC_RESERVE`, but pages come by being
    /// touched.
    Reserve,
}

impl Commit {
    /// Refuses a number of bytes that this process cannot have in memory now: what [`Commit::Checked`] checks.
    ///
    /// # Errors
    /// [`Code::COMMITMENT_LIMIT`]; the message says what was needed and what is there.
    pub fn check(bytes: u64) -> Result<()> {
        sys::promise(bytes)
    }

    /// What stands in the entry.
    pub(crate) const fn to_raw(self) -> u32 {
        match self {
            Commit::Checked => 0,
            Commit::Reserve => 1,
            Commit::Now => 2,
        }
    }

    pub(crate) const fn from_raw(raw: u32) -> Commit {
        match raw {
            1 => Commit::Reserve,
            2 => Commit::Now,
            _ => Commit::Checked,
        }
    }
}

/// How large the pages are that memory without a file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pages {
    /// The machine's usual pages.
    #[default]
    Normal,
    /// Usual ones, which the kernel joins to large ones where it can.
    Transparent,
    /// Large pages, of the machine's default size. Like `SEC_LARGE_PAGES`.
    Huge,
    /// Large pages of that many bytes.
    HugeOf(u64),
}

/// What a new section is to be.
pub(crate) struct NewSection<'a> {
    pub(crate) kind: Kind,
    /// What else there is to say about an object of that kind.
    pub(crate) detail: u32,
    pub(crate) size: u64,
    pub(crate) protection: Protection,
    pub(crate) file: Option<&'a File>,
    pub(crate) commit: Commit,
    pub(crate) pages: Pages,
    pub(crate) numa_node: Option<u32>,
    pub(crate) mode: u32,
}

/// The largest section: its bytes and the longest header stay below 2⁶³.
pub(crate) const MAX_SIZE: u64 = i64::MAX as u64 - (1 << 20);

/// Says what section to create or open, in the manner of [`std::fs::OpenOptions`]. Made by [`Section::options`].
#[derive(Debug, Clone)]
pub struct SectionOptions<'a> {
    size: u64,
    protection: Protection,
    access: SectionAccess,
    file: Option<&'a File>,
    commit: Commit,
    pages: Pages,
    numa_node: Option<u32>,
    mode: u32,
    namespace: Option<&'a Namespace>,
    inheritable: bool,
}

impl<'a> SectionOptions<'a> {
    /// How many bytes. 0, the default, is the length of the file, and refused without one.
    ///
    /// Sizes need not be multiples of anything, and every opener sees just this size.
    ///
    /// # Windows
    /// The system tells openers the size rounded up to whole pages.
    pub fn size(&mut self, bytes: u64) -> &mut Self {
        self.size = bytes;
        self
    }

    /// What views may ever do; [`Protection::ReadWrite`] unless said otherwise.
    pub fn protection(&mut self, protection: Protection) -> &mut Self {
        self.protection = protection;
        self
    }

    /// The rights that [`open`](Self::open) asks for; reading and writing unless said otherwise. Creating gives the rights of
    /// the protection.
    pub fn access(&mut self, access: SectionAccess) -> &mut Self {
        self.access = access;
        self
    }

    /// Makes the section of a file. It must be open for reading, and for writing too if views are to write to it. Write
    /// access makes the file longer if the section is larger; nothing makes it shorter.
    pub fn file(&mut self, file: &'a File) -> &mut Self {
        self.file = Some(file);
        self
    }

    /// What is promised of the memory; [`Commit::Checked`] unless said otherwise.
    pub fn commit(&mut self, commit: Commit) -> &mut Self {
        self.commit = commit;
        self
    }

    /// How large the pages are; [`Pages::Normal`] unless said otherwise.
    pub fn pages(&mut self, pages: Pages) -> &mut Self {
        self.pages = pages;
        self
    }

    /// The NUMA node whose memory is preferred.
    #[doc(alias = "CreateFileMappingNuma")]
    pub fn numa_node(&mut self, node: u32) -> &mut Self {
        self.numa_node = Some(node);
        self
    }

    /// Who besides this user may open a `Global\` or private name: the permission bits of a file, `0o600` unless said otherwise.
    /// Its creator can always read and write it.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = 0o600 | (mode & 0o066);
        self
    }

    /// Looks for the name in a private namespace.
    pub fn namespace(&mut self, namespace: &'a Namespace) -> &mut Self {
        self.namespace = Some(namespace);
        self
    }

    /// Whether child processes inherit the handle; see [`into_inheritable`](InheritExt::into_inheritable).
    pub fn inheritable(&mut self, inheritable: bool) -> &mut Self {
        self.inheritable = inheritable;
        self
    }

    /// Creates a section, or opens the one that has the name, and says which. An empty name makes one without a name.
    ///
    /// The handle has the rights that belong to this call's protection, also when the section was there.
    ///
    /// ```
    /// use veduta::{Disposition, Section};
    ///
    /// let (first, disposition) = Section::options().size(1000).create(r"Local\create example")?;
    /// assert_eq!(disposition, Disposition::Created);
    /// let (second, disposition) = Section::options().size(5000).create(r"Local\create example")?;
    /// assert_eq!((disposition, second.len()), (Disposition::Opened, 1000));
    /// # Ok::<(), veduta::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Code::INVALID_PARAMETER`]: no size and no file; a size above 2⁶³; not a multiple of the large page size.
    /// - [`Code::FILE_INVALID`]: the file is empty and no size is given.
    /// - [`Code::ACCESS_DENIED`]: the file is not open for what the protection needs.
    /// - [`Code::NOT_ENOUGH_MEMORY`]: larger than a file that the section does not write.
    /// - [`Code::DISK_FULL`]: no room to make the file longer. Its length is unchanged.
    /// - [`Code::COMMITMENT_LIMIT`]: not enough memory; the message says what was needed and what is there.
    /// - [`Code::INVALID_HANDLE`]: the name belongs to an object of another kind, or the file is no regular file.
    /// - [`Code::NOT_SUPPORTED`], [`Code::NO_SYSTEM_RESOURCES`]: large pages or a NUMA node that the machine does not have.
    /// - those of [`ObjectName::parse`].
    #[doc(alias = "CreateFileMappingW")]
    pub fn create(&self, name: &str) -> Result<(Section, Disposition)> {
        self.check()?;
        if name.is_empty() {
            return Ok((self.create_unnamed()?, Disposition::Created));
        }
        let (name, place) = self.place(name)?;
        let tell = |error: Error| error.object(&name);
        let handle = self.protection.handle_access();
        let (section, disposition) = open_or_create(
            || sys::section::open(place.clone(), &name, Kind::Section, handle).map_err(tell),
            || sys::section::create_named(&self.new_section(), &place, &name).map_err(tell),
        )?;
        Ok((self.finish(section, Some(name))?, disposition))
    }

    /// Creates a section that must not be there yet.
    ///
    /// # Errors
    /// [`Code::ALREADY_EXISTS`], and those of [`create`](Self::create).
    pub fn create_new(&self, name: &str) -> Result<Section> {
        match self.create(name)? {
            (section, Disposition::Created) => Ok(section),
            (section, Disposition::Opened) => {
                Err(section.tell(Error::new(Code::ALREADY_EXISTS, Kind::Section.creating())))
            }
        }
    }

    /// Opens the section that has the name.
    ///
    /// # Errors
    /// - [`Code::FILE_NOT_FOUND`]: no section has the name.
    /// - [`Code::INVALID_HANDLE`]: the name is empty, or belongs to an object of another kind.
    /// - [`Code::ACCESS_DENIED`]: its mode does not give this user the access; or it lives, but in processes that do not
    ///   show its bytes, which the message then names.
    /// - [`Code::INVALID_DATA`], [`Code::REVISION_MISMATCH`]: what stands under the name was not made by this version of veduta.
    /// - those of [`ObjectName::parse`].
    #[doc(alias = "OpenFileMappingW")]
    pub fn open(&self, name: &str) -> Result<Section> {
        const OPERATION: &str = Kind::Section.opening();
        if name.is_empty() {
            return Err(Error::new(Code::INVALID_HANDLE, OPERATION).hint("only a name can be opened"));
        }
        if self.access.is_empty() {
            return Err(Error::new(Code::ACCESS_DENIED, OPERATION)
                .object(name)
                .hint("no right is asked for"));
        }
        let (name, place) = self.place(name)?;
        match sys::section::open(place, &name, Kind::Section, self.access)
            .map_err(|error| error.object(&name))?
        {
            Some(section) => self.finish(section, Some(name)),
            None => Err(Error::new(Code::FILE_NOT_FOUND, OPERATION).object(name)),
        }
    }

    /// Creates a section without a name, for this process, its children and whom it sends the handle.
    ///
    /// # Errors
    /// Those of [`create`](Self::create) that do not concern names.
    pub fn create_unnamed(&self) -> Result<Section> {
        self.check()?;
        self.finish(sys::section::create_unnamed(&self.new_section())?, None)
    }

    fn check(&self) -> Result<()> {
        let refuse = |hint: &'static str| {
            Err(Error::new(Code::INVALID_PARAMETER, Kind::Section.creating()).hint(hint))
        };
        if self.file.is_none() && self.size == 0 {
            return refuse("a section without a file needs a size");
        }
        if self.size > MAX_SIZE {
            return refuse("a section has less than 2^63 bytes, and some room for its header");
        }
        Ok(())
    }

    fn place(&self, name: &str) -> Result<(ObjectName, sys::Place)> {
        Namespace::place(self.namespace, name)
    }

    fn new_section(&self) -> NewSection<'_> {
        NewSection {
            kind: Kind::Section,
            detail: self.commit.to_raw(),
            size: self.size,
            protection: self.protection,
            file: self.file,
            commit: self.commit,
            pages: self.pages,
            numa_node: self.numa_node,
            mode: self.mode,
        }
    }

    fn finish(&self, section: sys::section::Section, name: Option<ObjectName>) -> Result<Section> {
        let section = Section::from_sys(section, name);
        if self.inheritable { InheritExt::into_inheritable(section) } else { Ok(section) }
    }
}

/// A handle to a section: to memory without a file, or to a file, that views are mapped of.
///
/// A section with a name can be opened by that name as long as any handle to it exists, in any process. The name goes with the
/// last handle, however its process ended. Views keep the bytes, but not the name. The memory of a section is freed with
/// its last handle and view.
///
/// ```
/// use veduta::{Section, ViewAccess};
///
/// let section = Section::options().size(1 << 20).create_new(r"Local\section example")?;
/// section.map(ViewAccess::Write)?.write_at(0, b"for all to see")?;
///
/// // In another process:
/// let section = Section::options().open(r"Local\section example")?;
/// let mut greeting = [0; 14];
/// section.map(ViewAccess::Read)?.read_at(0, &mut greeting)?;
/// assert_eq!(&greeting, b"for all to see");
/// # Ok::<(), veduta::Error>(())
/// ```
///
/// # Linux
/// Memory of a `Local\` or unnamed section is a memory file (`memfd_create(2)`): it is not bounded by the size of /dev/shm, and the
/// kernel frees it even if every holder is killed. A `Global\` or private section has its bytes in a file in its namespace.
#[derive(Debug)]
pub struct Section {
    pub(crate) sys: sys::section::Section,
    name: Option<ObjectName>,
    /// Sealing is for ever: once seen it need not be asked again.
    sealed: AtomicBool,
}

impl Section {
    /// Says what section to create or open.
    pub fn options<'a>() -> SectionOptions<'a> {
        SectionOptions {
            size: 0,
            protection: Protection::ReadWrite,
            access: SectionAccess::QUERY | SectionAccess::READ | SectionAccess::WRITE,
            file: None,
            commit: Commit::Checked,
            pages: Pages::Normal,
            numa_node: None,
            mode: 0o600,
            namespace: None,
            inheritable: false,
        }
    }

    pub(crate) fn from_sys(sys: sys::section::Section, name: Option<ObjectName>) -> Section {
        Section { sys, name, sealed: AtomicBool::new(false) }
    }

    pub(crate) fn into_parts(self) -> (sys::section::Section, Option<ObjectName>) {
        (self.sys, self.name)
    }

    /// How many bytes.
    #[allow(clippy::len_without_is_empty, reason = "a section has at least one byte")]
    pub fn len(&self) -> u64 {
        self.sys.facts.size
    }

    /// What views of the section may ever do.
    pub fn protection(&self) -> Protection {
        self.sys.facts.protection
    }

    /// What this handle may do.
    pub fn access(&self) -> SectionAccess {
        self.sys.facts.access
    }

    /// What its creator had promised of its bytes.
    pub fn commit(&self) -> Commit {
        Commit::from_raw(self.sys.facts.detail)
    }

    /// The size of the pages that views are made of, in bytes.
    pub fn page_size(&self) -> u64 {
        self.sys.facts.page()
    }

    /// The name, if it has one.
    pub fn name(&self) -> Option<&ObjectName> {
        self.name.as_ref()
    }

    /// Another handle to the same section, with the same rights.
    ///
    /// # Errors
    /// [`Code::TOO_MANY_OPEN_FILES`] when this process may not have more.
    #[doc(alias = "DuplicateHandle")]
    pub fn try_clone(&self) -> Result<Section> {
        self.try_clone_with(self.access())
    }

    /// Another handle to the same section, with other rights.
    ///
    /// More rights are given if the object itself allows them to this user. A handle that cannot write has descriptors that cannot
    /// write, so that whoever it is sent to cannot either.
    ///
    /// # Errors
    /// [`Code::ACCESS_DENIED`]: the object does not give this user those rights.
    #[doc(alias = "DuplicateHandle")]
    pub fn try_clone_with(&self, access: SectionAccess) -> Result<Section> {
        let sys = self.sys.duplicate(access).map_err(|error| self.tell(error))?;
        Ok(Section::from_sys(sys, self.name.clone()))
    }

    /// Maps the whole section.
    ///
    /// # Errors
    /// Those of [`ViewOptions::map`].
    #[doc(alias = "MapViewOfFile")]
    pub fn map(&self, access: ViewAccess) -> Result<View> {
        self.view().access(access).map()
    }

    /// Says which part of the section to map, how and where.
    pub fn view(&self) -> ViewOptions<'_> {
        ViewOptions::new(self)
    }

    /// Goes through the section in views of `len` bytes, each beginning with the last `overlap` bytes of the one before.
    ///
    /// Only one view needs to be mapped at a time, so a section can be processed that is larger than memory or than the address
    /// space.
    ///
    /// ```
    /// use veduta::{Section, ViewAccess};
    ///
    /// let section = Section::options().size(1000).create_unnamed()?;
    /// let windows: Vec<_> = section.windows(ViewAccess::Read, 400, 100)?.collect::<Result<_, _>>()?;
    /// let parts: Vec<_> = windows.iter().map(|view| (view.offset(), view.len())).collect();
    /// assert_eq!(parts, [(0, 400), (300, 400), (600, 400)]);
    /// # Ok::<(), veduta::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::INVALID_PARAMETER`] unless `overlap` is less than `len`. Each view may fail as [`ViewOptions::map`] does.
    pub fn windows(&self, access: ViewAccess, len: u64, overlap: u64) -> Result<Windows<'_>> {
        Windows::new(self, access, len, overlap)
    }

    /// Makes the bytes unchangeable, for everybody and for ever, so that views of them can be used as slices.
    ///
    /// # Errors
    /// - [`Code::BUSY`]: a view that may write is mapped somewhere.
    /// - [`Code::NOT_SUPPORTED`]: the bytes are in a file or in an entry.
    ///
    /// # Windows
    /// Not supported.
    pub fn seal(&self) -> Result<()> {
        self.sys.seal().map_err(|error| self.tell(error))?;
        self.sealed.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether the bytes can no longer change.
    pub fn is_sealed(&self) -> bool {
        if !self.known_sealed() && self.sys.is_sealed() {
            self.sealed.store(true, Ordering::Relaxed);
        }
        self.known_sealed()
    }

    pub(crate) fn known_sealed(&self) -> bool {
        self.sealed.load(Ordering::Relaxed)
    }

    /// Ties an error to this section's name.
    pub(crate) fn tell(&self, error: Error) -> Error {
        match (&self.name, self.sys.file_path()) {
            (Some(name), _) => error.object(name),
            (None, Some(path)) => error.object(path.display()),
            (None, None) => error,
        }
    }
}
