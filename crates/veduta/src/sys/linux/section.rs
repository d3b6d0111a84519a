//! Sections: descriptors of bytes, and of the entry that names them.

use super::commit;
use super::directory::{Directory, FileName};
use super::entry::{self, Grip, Nameless, Place, Reach};
use super::environment;
use super::error::failed;
use super::fork;
use super::hold::Hold;
use super::large_pages;
use super::limits;
use super::opened::{self, Files};
use super::presence;
use super::processes;
use super::reach::{self, own_slot};
use super::record::{FileId, Location, NewRecord, PAGE, Record, Slot, header_bytes};
use super::view::{MAP, Mapping, Origin};
use crate::section::NewSection;
use crate::{
    Advice, Code, Commit, Error, Kind, ObjectName, Pages, Protection, Result, Scope, SectionAccess,
    SyncAccess, ViewAccess,
};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, MemfdFlags, Mode, OFlags, SealFlags, Stat};
use rustix::io::Errno;
use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

const CREATE: &str = "create section";
const DUPLICATE: &str = "duplicate handle";

/// The bytes that a handle reaches.
#[derive(Debug)]
pub(crate) enum Store {
    /// A memory file of its own.
    Memory(OwnedFd),
    /// The entry itself, in a description without locks.
    Entry(OwnedFd),
    /// A file of the user's. Shared with its views, which need it to start write-back.
    File(Arc<OwnedFd>),
}

/// What a handle knows of its section, besides the descriptors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) detail: u32,
    pub(crate) size: u64,
    pub(crate) protection: Protection,
    pub(crate) access: SectionAccess,
    /// The rights of a handle to a mutex, event or semaphore.
    pub(crate) sync_access: SyncAccess,
    /// Where in the descriptor the bytes begin.
    pub(crate) start: u64,
    /// The page size as a power of two, if it is not the machine's usual one.
    pub(crate) page_shift: u32,
    /// Whether pages are to be large where the kernel can make them so.
    pub(crate) transparent: bool,
    /// The owner of the bytes, if this handle does not write to them: see [`Origin`].
    pub(crate) owner: Option<u32>,
}

impl Store {
    pub(crate) fn new(location: Location, bytes: OwnedFd) -> Store {
        match location {
            Location::Holder => Store::Memory(bytes),
            Location::Entry => Store::Entry(bytes),
            Location::File => Store::File(Arc::new(bytes)),
        }
    }

    pub(crate) fn location(&self) -> Location {
        match self {
            Store::Memory(_) => Location::Holder,
            Store::Entry(_) => Location::Entry,
            Store::File(_) => Location::File,
        }
    }
}

impl AsFd for Store {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Store::Memory(fd) | Store::Entry(fd) => fd.as_fd(),
            Store::File(fd) => fd.as_fd(),
        }
    }
}

impl Facts {
    /// The size of the pages that views are made of.
    pub(crate) fn page(&self) -> u64 {
        if self.page_shift == 0 { PAGE as u64 } else { 1 << self.page_shift }
    }

    /// Whether the descriptors of a handle with those rights are open for writing.
    pub(crate) fn writes(protection: Protection, access: SectionAccess) -> bool {
        protection.writes_shared() && access.contains(SectionAccess::WRITE)
    }
}

/// A handle to a section.
#[derive(Debug)]
pub(crate) struct Section {
    /// Of this handle alone once it has a card.
    pub(crate) files: Arc<Files>,
    pub(crate) facts: Facts,
    /// What the handle is, for who gets its descriptors; made when it is to leave the process.
    pub(crate) card: Option<OwnedFd>,
}

/// The directory of a name.
pub(crate) fn place(name: &ObjectName, namespace: Option<&Arc<Directory>>) -> Result<Place> {
    let directory = match namespace {
        Some(directory) => Arc::clone(directory),
        None => Directory::of(name.scope())?,
    };
    Ok(Place::new(directory, FileName::of(name)))
}

/// Opens an object by name; `None` when there is none.
pub(crate) fn open(
    place: Place,
    name: &ObjectName,
    kind: Kind,
    access: SectionAccess,
) -> Result<Option<Section>> {
    if let Some((files, facts)) = opened::find(&place, kind, access) {
        return Ok(Some(Section { files, facts, card: None }));
    }
    let mut searched = None;
    let writes = access.contains(SectionAccess::WRITE);
    let opened = entry::open(place, writes, |place, entry, record, grip| {
        if !record.is_of(name) {
            return Ok(Reach::Unwanted(Error::new(Code::INVALID_DATA, kind.opening()).hint(
                "another name stands in its entry: somebody changed it; `veduta sweep` removes it if nobody holds it",
            )));
        }
        if record.kind != kind {
            let hint = format!("the name belongs to another kind of object: {}", record.kind);
            return Ok(Reach::Unwanted(Error::new(Code::INVALID_HANDLE, kind.opening()).hint(hint)));
        }
        let write = Facts::writes(record.protection, access);
        if grip == Grip::Free {
            searched = if record.location == Location::Entry { None } else { reach::search(record, write)? };
            return Ok(Reach::Nothing);
        }
        Ok(match reach::reach(place, entry, record, write, searched.take())? {
            None => Reach::Nothing,
            Some((bytes, stat)) => {
                check_extent(bytes.as_fd(), &stat, record)?;
                let mut facts = facts_of(record, access);
                facts.owner = (!writes).then_some(stat.st_uid);
                Reach::Bytes((Store::new(record.location, bytes), facts, FileId::of(&stat)))
            }
        })
    })?;
    Ok(opened.map(|opened| {
        let (store, facts, id) = opened.bytes;
        if store.location() == Location::Entry {
            opened.hold.note_id(id);
        }
        Section {
            files: opened::list(Files::new(Some(opened.hold), store, writes), facts),
            facts,
            card: None,
        }
    }))
}

fn facts_of(record: &Record<'_>, access: SectionAccess) -> Facts {
    Facts {
        kind: record.kind,
        detail: record.detail,
        size: record.size,
        protection: record.protection,
        access,
        sync_access: SyncAccess::empty(),
        start: if record.location == Location::Entry { record.header_bytes } else { 0 },
        page_shift: record.page_shift,
        transparent: record.transparent,
        owner: None,
    }
}

/// A record that promises more bytes than there are, or larger pages, would be paid for with a signal at the first touch.
fn check_extent(bytes: BorrowedFd<'_>, stat: &Stat, record: &Record<'_>) -> Result<()> {
    large_pages::check_made_of(bytes, record.page_shift)?;
    let start = if record.location == Location::Entry { record.header_bytes } else { 0 };
    let (needed, there) = (start + record.size, stat.st_size as u64);
    if needed <= there {
        return Ok(());
    }
    Err(Error::new(Code::INVALID_DATA, record.kind.opening()).hint(format!(
        "it should have {needed} bytes and has {there}: somebody cut it off after it was created"
    )))
}

/// Makes a section without a name.
pub(crate) fn create_unnamed(new: &NewSection<'_>) -> Result<Section> {
    let (store, facts, _) = match new.file {
        Some(file) => of_file(new, file.as_fd())?,
        None => of_memory(new, "veduta")?,
    };
    Ok(Section { files: Arc::new(Files::new(None, store, true)), facts, card: None })
}

/// Makes a section and gives it a name; `None` when the name is taken.
pub(crate) fn create_named(
    new: &NewSection<'_>,
    place: &Place,
    name: &ObjectName,
) -> Result<Option<Section>> {
    create_filled(new, place, name, |_, _| Ok(()))
}

/// Makes an object of any kind and gives it a name; `None` when the name is taken.
///
/// `fill` gets the bytes, and where in them the object begins, before anybody else can see it.
pub(crate) fn create_filled(
    new: &NewSection<'_>,
    place: &Place,
    name: &ObjectName,
    fill: impl FnOnce(BorrowedFd<'_>, u64) -> Result<()>,
) -> Result<Option<Section>> {
    // The state of other kinds is one page: it stands beside its name, where every holder and every lister finds it.
    let in_memory =
        new.kind == Kind::Section && new.file.is_none() && !bytes_go_into_entry(place.directory.scope());
    let nameless = Nameless::new(place, new.mode, !in_memory)?;
    let mut path = None;
    let nobody = Slot { pid: 0, descriptor: 0, pid_namespace: 0 };
    let (store, facts, bytes, slot) = match new.file {
        None if !in_memory => {
            let start = header_bytes(name.as_str().len(), 0) as u64;
            (None, in_entry(new, nameless.as_fd(), start)?, FileId { device: 0, inode: 0 }, nobody)
        }
        file => {
            let file = file.map(File::as_fd);
            path = file.and_then(|file| std::fs::read_link(processes::own_descriptor(file)).ok());
            let (store, facts, stat) = match file {
                Some(file) => of_file(new, file)?,
                None => of_memory(new, name.as_str())?,
            };
            let slot = own_slot(store.as_fd());
            (Some(store), facts, FileId::of(&stat), slot)
        }
    };
    let record = NewRecord {
        name,
        kind: new.kind,
        detail: new.detail,
        location: store.as_ref().map_or(Location::Entry, Store::location),
        protection: facts.protection,
        page_shift: facts.page_shift,
        transparent: facts.transparent,
        size: facts.size,
        bytes,
        slot,
        path: path.as_deref().filter(|path| path.is_absolute()),
    };
    let header = record.to_bytes();
    limits::write_at(nameless.as_fd(), &header, 0)
        .map_err(|errno| no_memory(nameless.as_fd(), 0..header.len() as u64, errno))?;
    if store.is_none() {
        fill(nameless.as_fd(), facts.start)?;
    }
    let Some((hold, bytes)) = nameless.publish(store.is_none())? else { return Ok(None) };
    let store = store.or(bytes.map(Store::Entry)).unwrap_or_else(|| unreachable!("asked for above"));
    let files = Files::new(Some(hold), store, true);
    // Whoever opens to write a section that is not for writing gets descriptors of its bytes that cannot: not the maker's.
    let files = if facts.access.contains(SectionAccess::WRITE) {
        opened::list(files, facts)
    } else {
        Arc::new(files)
    };
    Ok(Some(Section { files, facts, card: None }))
}

fn no_memory(file: BorrowedFd<'_>, range: Range<u64>, errno: Errno) -> Error {
    commit::no_room(CREATE, Code::COMMITMENT_LIMIT, file, range, errno)
}

/// Other users, and other pid namespaces, cannot look into this process to get the bytes; nobody can, if it is not dumpable.
fn bytes_go_into_entry(scope: Scope) -> bool {
    scope != Scope::Local
        || environment::variable("VEDUTA_BYTES").is_some_and(|where_| where_ == "entry")
        || !matches!(rustix::process::dumpable_behavior(), Ok(rustix::process::DumpableBehavior::Dumpable))
}

fn rights(new: &NewSection<'_>, size: u64) -> Facts {
    Facts {
        kind: new.kind,
        detail: new.detail,
        size,
        protection: new.protection,
        access: new.protection.handle_access(),
        sync_access: SyncAccess::empty(),
        start: 0,
        page_shift: 0,
        transparent: new.pages == Pages::Transparent,
        owner: None,
    }
}

/// A memory file that cannot change its size, open for reading and writing whatever the protection: the handle's rights
/// are checked before anything is mapped, and who opens it by name gets a description with just its own rights.
fn of_memory(new: &NewSection<'_>, label: &str) -> Result<(Store, Facts, Stat)> {
    let fail = |errno| failed(CREATE, errno);
    let mut facts = rights(new, new.size);
    let mut flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match new.pages {
        Pages::Normal => {}
        Pages::Transparent => large_pages::check_transparent()?,
        Pages::Huge | Pages::HugeOf(_) => {
            let page = if let Pages::HugeOf(page) = new.pages { page } else { large_pages::default_size()? };
            large_pages::check_size(page)?;
            if !new.size.is_multiple_of(page) {
                return Err(Error::new(Code::INVALID_PARAMETER, CREATE)
                    .hint(format!("the size must be a multiple of the large page size, {page} bytes")));
            }
            facts.page_shift = page.ilog2();
            flags |= MemfdFlags::HUGETLB | MemfdFlags::from_bits_retain(facts.page_shift << 26);
        }
    }
    let fd = memory_file(label, flags, new.protection.executes()).map_err(fail)?;
    // A memory file belongs to its maker alone. By default anybody who gets a read-only descriptor could reopen it to write.
    rustix::fs::fchmod(&fd, Mode::from_raw_mode(0o600)).map_err(fail)?;
    if facts.page_shift == 0 && new.commit != Commit::Reserve {
        commit::promise(new.size)?;
    }
    limits::set_len(fd.as_fd(), new.size).map_err(|errno| no_memory(fd.as_fd(), 0..new.size, errno))?;
    rustix::fs::fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW).map_err(fail)?;
    if let Some(node) = new.numa_node {
        large_pages::prefer_node(fd.as_fd(), 0, new.size, node)?;
    }
    // Large pages are a resource of their own that nothing else guards: taken at once, as on Windows.
    if new.commit == Commit::Now || (facts.page_shift != 0 && new.commit != Commit::Reserve) {
        commit::allocate(fd.as_fd(), 0, new.size).map_err(|errno| match errno {
            Errno::NOSPC | Errno::NOMEM if facts.page_shift != 0 => {
                large_pages::too_few(new.size, facts.page()).source(errno)
            }
            errno => no_memory(fd.as_fd(), 0..new.size, errno),
        })?;
    }
    let stat = rustix::fs::fstat(&fd).map_err(fail)?;
    Ok((Store::Memory(fd), facts, stat))
}

/// Makes a memory file whose name tells operators what it is (`/proc/PID/maps`, `lsof`).
fn memory_file(label: &str, flags: MemfdFlags, executes: bool) -> rustix::io::Result<OwnedFd> {
    const LONGEST: usize = 200;
    let end = (0..=label.len().min(LONGEST)).rev().find(|&end| label.is_char_boundary(end)).unwrap_or(0);
    let label = &label[..end];
    let exec = if executes { MemfdFlags::EXEC } else { MemfdFlags::NOEXEC_SEAL };
    match rustix::fs::memfd_create(label, flags | exec) {
        // Before Linux 6.3 the two flags are unknown, and not needed.
        Err(Errno::INVAL) => rustix::fs::memfd_create(label, flags),
        result => result,
    }
}

fn in_entry(new: &NewSection<'_>, entry: BorrowedFd<'_>, start: u64) -> Result<Facts> {
    if new.pages != Pages::Normal {
        return Err(Error::new(Code::NOT_SUPPORTED, CREATE).hint(
            "large pages need a Local or unnamed section: the bytes of others stand in a file on tmpfs",
        ));
    }
    let facts = Facts { start, ..rights(new, new.size) };
    let end = start + new.size;
    let no_memory = |errno| no_memory(entry, 0..end, errno);
    if new.commit != Commit::Reserve {
        commit::promise(new.size)?;
    }
    if new.commit == Commit::Reserve || new.numa_node.is_some() {
        limits::set_len(entry, end).map_err(no_memory)?;
    } else {
        // Taking the room makes it that long.
        limits::check_growth(end).map_err(no_memory)?;
    }
    if let Some(node) = new.numa_node {
        large_pages::prefer_node(entry, start, new.size, node)?;
    }
    if new.commit != Commit::Reserve {
        // The mount has a limit of its own, which only taking the room respects.
        commit::allocate(entry, 0, end).map_err(no_memory)?;
    }
    Ok(facts)
}

fn of_file(new: &NewSection<'_>, file: BorrowedFd<'_>) -> Result<(Store, Facts, Stat)> {
    let fail = |errno| failed(CREATE, errno);
    let refuse = |code, hint: &'static str| Err(Error::new(code, CREATE).hint(hint));
    if new.pages != Pages::Normal {
        return refuse(Code::INVALID_PARAMETER, "large pages are for sections without a file");
    }
    if new.numa_node.is_some() {
        return refuse(
            Code::NOT_SUPPORTED,
            "the pages of a file are placed by the kernel; leave the NUMA node out",
        );
    }
    let stat = rustix::fs::fstat(file).map_err(fail)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => {
            return refuse(Code::BAD_EXE_FORMAT, "a section cannot be made of a directory");
        }
        _ => return refuse(Code::INVALID_HANDLE, "a section can be made of a regular file only"),
    }
    let flags = rustix::fs::fcntl_getfl(file).map_err(fail)?;
    let writable = flags & OFlags::RWMODE == OFlags::RDWR;
    if flags.contains(OFlags::PATH) || flags & OFlags::RWMODE == OFlags::WRONLY {
        return refuse(Code::ACCESS_DENIED, "the file must be open for reading, even if views only write");
    }
    if new.protection.writes_shared() && !writable {
        return refuse(
            Code::ACCESS_DENIED,
            "the file is open for reading only, and the section is to write to it",
        );
    }
    if new.protection.executes()
        && rustix::fs::fstatvfs(file).map_err(fail)?.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC)
    {
        return refuse(
            Code::ACCESS_DENIED,
            "nothing may be executed from the file system that the file is on (noexec)",
        );
    }
    let length = stat.st_size as u64;
    let size = if new.size == 0 { length } else { new.size };
    if size == 0 {
        return refuse(Code::FILE_INVALID, "give a size, or write something to the file first");
    }
    if size > length {
        if !new.protection.writes_shared() {
            return Err(Error::new(Code::NOT_ENOUGH_MEMORY, CREATE).hint(format!(
                "the file has {length} bytes, the section {size}: only a section that writes makes its file longer"
            )));
        }
        grow(file, length, size, new.commit)?;
    }
    // A handle that does not write has a descriptor that cannot. Where /proc does not give one, the handle's rights stand
    // alone between its owner and the file it opened itself.
    let read_only = (!new.protection.writes_shared() && writable)
        .then(|| reopen(file, false).ok().filter(|fd| entry::identity(fd.as_fd()) == Ok(FileId::of(&stat))))
        .flatten();
    let fd = match read_only {
        Some(fd) => fd,
        None => rustix::io::fcntl_dupfd_cloexec(file, 0).map_err(fail)?,
    };
    let mut facts = rights(new, size);
    facts.owner = (!writable).then_some(stat.st_uid);
    Ok((Store::File(Arc::new(fd)), facts, stat))
}

/// Makes a file longer, with room for what is promised. Another process may be doing the same: nothing here shortens it.
fn grow(file: BorrowedFd<'_>, length: u64, size: u64, commit: Commit) -> Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    let no_room = |errno| commit::no_room("grow file of section", Code::DISK_FULL, file, length..size, errno);
    limits::check_growth(size).map_err(no_room)?;
    if commit == Commit::Reserve {
        return rustix::fs::ftruncate(file, size).map_err(no_room);
    }
    // First the room, then the length: a failure leaves the length as it was.
    match fallocate(file, FallocateFlags::KEEP_SIZE, length, size - length) {
        Ok(()) => fallocate(file, FallocateFlags::empty(), length, size - length).map_err(no_room),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let free = rustix::fs::fstatvfs(file).map_err(|errno| failed(CREATE, errno))?;
            if free.f_bavail.saturating_mul(free.f_frsize) < size - length {
                return Err(no_room(Errno::NOSPC));
            }
            rustix::fs::ftruncate(file, size).map_err(no_room)
        }
        Err(errno) => {
            let error = no_room(errno);
            // Gives back what was taken of the room, unless somebody else has made the file longer since.
            if rustix::fs::fstat(file).is_ok_and(|stat| stat.st_size as u64 == length) {
                rustix::fs::ftruncate(file, length).map_err(|errno| failed(CREATE, errno))?;
            }
            Err(error)
        }
    }
}

/// A new description of a file that is already open, with another access: the kernel checks the file's mode.
pub(crate) fn reopen(fd: BorrowedFd<'_>, write: bool) -> rustix::io::Result<OwnedFd> {
    let access = if write { OFlags::RDWR } else { OFlags::RDONLY };
    rustix::fs::open(processes::own_descriptor(fd), access | OFlags::CLOEXEC, Mode::empty())
}

impl Section {
    /// The descriptor whose bytes from [`Facts::start`] on are the section's.
    pub(crate) fn bytes(&self) -> BorrowedFd<'_> {
        self.files.store.as_fd()
    }

    /// What views do with their pages besides mapping them.
    #[inline]
    fn origin(&self) -> Result<Origin> {
        // Another descriptor of the bytes has no lock, so it keeps no name.
        let bytes_again =
            || rustix::io::fcntl_dupfd_cloexec(self.bytes(), 0).map_err(|errno| failed(MAP, errno));
        let reserved = Commit::from_raw(self.facts.detail) == Commit::Reserve
            && !self.is_of_file()
            && self.facts.page_shift == 0;
        Ok(Origin {
            file: self.file().cloned(),
            reserved: reserved.then(bytes_again).transpose()?,
            owner: self.facts.owner,
        })
    }

    /// The user's file, where there is one.
    pub(crate) fn file(&self) -> Option<&Arc<OwnedFd>> {
        if let Store::File(file) = &self.files.store { Some(file) } else { None }
    }

    /// Whether it is made of a file of the user's.
    pub(crate) fn is_of_file(&self) -> bool {
        self.file().is_some()
    }

    /// Maps whole pages, counted from the beginning of the section.
    pub(crate) fn map(
        &self,
        offset: u64,
        len: usize,
        access: ViewAccess,
        base: Option<usize>,
    ) -> Result<Mapping> {
        let start = self.facts.start + offset;
        let mapping = match Mapping::new(self.bytes(), start, len, access, base, self.origin()?) {
            // The opener trusted a holder to write through the descriptor that it shows, because asking costs at every open.
            Err(error) if error.code() == Code::ACCESS_DENIED && access.writes_shared() => {
                if self.is_sealed() {
                    return Err(error.hint("the section is sealed: nobody writes to it any more"));
                }
                let writable = reopen(self.bytes(), true).map_err(|_| error)?;
                Mapping::new(writable.as_fd(), start, len, access, base, self.origin()?)
            }
            result => result,
        }?;
        if self.facts.transparent {
            mapping.advise(0..len, Advice::LargePages)?;
        }
        Ok(mapping)
    }

    /// The descriptors, made this handle's alone. If it may write they can: others are about to rely on it.
    pub(crate) fn make_own(&mut self) -> Result<&mut Files> {
        if !opened::withdraw(&mut self.files) {
            self.files = Arc::new(self.files_anew(self.facts.access)?);
        }
        let files = Arc::get_mut(&mut self.files)
            .unwrap_or_else(|| unreachable!("no other handle has them, and none can find them"));
        if let Store::Memory(fd) = &files.store
            && Facts::writes(self.facts.protection, self.facts.access)
            && !reach::is_writable(fd.as_fd())
        {
            files.store =
                Store::Memory(reopen(fd.as_fd(), true).map_err(|errno| failed("give handle away", errno))?);
        }
        Ok(files)
    }

    /// Another handle to the same section.
    pub(crate) fn duplicate(&self, access: SectionAccess) -> Result<Section> {
        // What an inheritable handle has, children have.
        let files = if self.card.is_none() && self.files.serve(access) {
            Arc::clone(&self.files)
        } else {
            Arc::new(self.files_anew(access)?)
        };
        Ok(Section { files, facts: Facts { access, ..self.facts }, card: None })
    }

    /// Other descriptors for the same section.
    fn files_anew(&self, access: SectionAccess) -> Result<Files> {
        let fail = |errno| match errno {
            Errno::ACCESS | Errno::PERM | Errno::ROFS => {
                failed(DUPLICATE, errno).hint("the object does not give this user that access")
            }
            Errno::NOENT | Errno::NOTDIR => {
                failed(DUPLICATE, errno).hint("a handle is duplicated through /proc, which must be mounted")
            }
            errno => failed(DUPLICATE, errno),
        };
        match self.reopened(access) {
            // Another user's object, received from that user: with the same rights, the same descriptions will do.
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) if access == self.facts.access => {
                self.shared().map_err(fail)
            }
            result => result.map_err(fail),
        }
    }

    /// Descriptions of this handle's files that are its own, open for what `access` needs.
    fn reopened(&self, access: SectionAccess) -> rustix::io::Result<Files> {
        let writes = access.contains(SectionAccess::WRITE);
        let bytes = reopen(self.bytes(), Facts::writes(self.facts.protection, access))?;
        let store = Store::new(self.files.store.location(), bytes);
        let Some(hold) = &self.files.hold else { return Ok(Files::new(None, store, writes)) };
        let generation = fork::generation();
        let entry = reopen(hold.as_fd(), writes)?;
        // This handle has both locks, so nobody is probing with success, and others have the bytes.
        if !presence::share(&entry)? {
            return Err(Errno::NOENT);
        }
        if store.location() != Location::Holder {
            presence::take_bytes(&entry)?;
        }
        let hold = match hold.place() {
            Some(place) => Hold::new(entry, place.clone(), generation),
            None => Hold::shared(entry, None),
        };
        Ok(Files::new(Some(hold), store, writes))
    }

    /// The descriptions of this handle, in more descriptors.
    fn shared(&self) -> rustix::io::Result<Files> {
        let again = |fd: BorrowedFd<'_>| rustix::io::fcntl_dupfd_cloexec(fd, 0);
        let store = Store::new(self.files.store.location(), again(self.bytes())?);
        let hold = self.files.hold.as_ref().map(|hold| {
            hold.mark_shared();
            Ok(Hold::shared(again(hold.as_fd())?, hold.place().cloned()))
        });
        Ok(Files::new(hold.transpose()?, store, self.files.writes))
    }

    /// Makes the bytes unchangeable for everybody.
    pub(crate) fn seal(&self) -> Result<()> {
        const OPERATION: &str = "seal section";
        let Store::Memory(fd) = &self.files.store else {
            return Err(Error::new(Code::NOT_SUPPORTED, OPERATION)
                .hint("only memory can be sealed that is neither a file nor in an entry (Global, private namespaces)"));
        };
        match rustix::fs::fcntl_add_seals(fd, SealFlags::WRITE | SealFlags::SEAL) {
            Ok(()) => Ok(()),
            Err(Errno::BUSY) => Err(Error::new(Code::BUSY, OPERATION)
                .source(Errno::BUSY)
                .hint("a view that may write is still mapped, here or in another process")),
            Err(Errno::PERM) if self.is_sealed() => Ok(()),
            Err(errno) => Err(failed(OPERATION, errno).hint("sealing takes a handle that may write")),
        }
    }

    /// Whether the bytes can no longer change.
    pub(crate) fn is_sealed(&self) -> bool {
        matches!(&self.files.store, Store::Memory(fd)
            if rustix::fs::fcntl_get_seals(fd).is_ok_and(|seals| seals.contains(SealFlags::WRITE | SealFlags::SHRINK)))
    }

    /// The path of the user's file as it is now.
    pub(crate) fn file_path(&self) -> Option<PathBuf> {
        std::fs::read_link(processes::own_descriptor(self.file()?.as_fd())).ok()
    }
}
