//! Handles that leave the process, and handles that arrive.
//!
//! The card is a small memory file that says what a handle is. It is made only when a handle is to leave, so that the others
//! need no descriptor for it.

use super::commit;
use super::directory::{Directory, FileName};
use super::entry::{self, Place};
use super::error::failed;
use super::hold::Hold;
use super::large_pages;
use super::limits;
use super::opened::Files;
use super::presence;
use super::processes;
use super::record::{FileId, Location, RawRecord, Record, word};
use super::section::{Facts, Section, Store};
use crate::{Code, Error, Kind, ObjectName, Protection, Result, Scope, SectionAccess, SyncAccess};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use rustix::fs::{FileType, MemfdFlags, OFlags, SealFlags};
use rustix::io::{Errno, FdFlags};
use std::path::Path;
use std::sync::Arc;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

const MAGIC: [u8; 8] = *b"VEDUCARD";
const VERSION: u32 = 2;
const SEND: &str = "give handle away";
const ADOPT: &str = "adopt handle";
const INHERIT: &str = "inherit handle";

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Clone, Copy)]
#[repr(C)]
struct Card {
    magic: [u8; 8],
    version: u32,
    /// 1: a memory file; 2: in the entry; 3: a file.
    store: u32,
    /// Whether an entry comes with it.
    named: u32,
    protection: u32,
    access: u32,
    page_shift: u32,
    transparent: u32,
    kind: u32,
    detail: u32,
    sync_access: u32,
    size: u64,
}

impl Section {
    /// The handle's descriptors: the card if there is one, the entry, the bytes.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let card = self.card.as_ref().map(OwnedFd::as_fd);
        [card, self.files.hold.as_ref().map(Hold::as_fd), Some(self.bytes())].into_iter().flatten()
    }

    fn write_card(&self) -> Result<OwnedFd> {
        let card = Card {
            magic: MAGIC,
            version: VERSION,
            store: self.files.store.location().to_raw(),
            named: self.files.hold.is_some().into(),
            protection: self.facts.protection.page_constant(),
            access: self.facts.access.bits(),
            page_shift: self.facts.page_shift,
            transparent: self.facts.transparent.into(),
            kind: self.facts.kind.to_raw(),
            detail: self.facts.detail,
            sync_access: self.facts.sync_access.bits(),
            size: self.facts.size,
        };
        let fail = |errno| failed(SEND, errno);
        let fd = rustix::fs::memfd_create("veduta card", MemfdFlags::CLOEXEC).map_err(fail)?;
        let bytes = card.as_bytes();
        limits::write_at(fd.as_fd(), bytes, 0).map_err(|errno| {
            commit::no_room(SEND, Code::COMMITMENT_LIMIT, fd.as_fd(), 0..bytes.len() as u64, errno)
        })?;
        Ok(fd)
    }

    /// Lets child processes inherit the handle.
    pub(crate) fn make_inheritable(&mut self) -> Result<()> {
        let files = self.make_own()?;
        // A file's views share theirs, and must not begin to be inherited.
        if let Store::File(file) = &files.store {
            let own = rustix::io::fcntl_dupfd_cloexec(file, 0).map_err(|errno| failed(SEND, errno))?;
            files.store = Store::File(Arc::new(own));
        }
        if let Some(hold) = &files.hold {
            hold.mark_shared();
        }
        if self.card.is_none() {
            self.card = Some(self.write_card()?);
        }
        for fd in self.descriptors() {
            rustix::io::fcntl_setfd(fd, FdFlags::empty()).map_err(|errno| failed(SEND, errno))?;
        }
        Ok(())
    }

    /// Whether children inherit it: then it has its card.
    pub(crate) fn is_inheritable(&self) -> bool {
        self.card.is_some()
    }

    /// The numbers of its descriptors.
    pub(crate) fn numbers(&self) -> String {
        let numbers: Vec<_> = self.descriptors().map(|fd| fd.as_raw_fd().to_string()).collect();
        numbers.join(",")
    }

    /// Adopts what a parent left to this process.
    ///
    /// # Safety
    /// Nothing else in the process owns the descriptors that have those numbers.
    pub(crate) unsafe fn from_numbers(numbers: &str) -> Result<(Section, Option<ObjectName>)> {
        let mut descriptors = Vec::new();
        for number in numbers.split(',') {
            let number: RawFd = number.parse().ok().filter(|&number| number >= 0).ok_or_else(|| {
                Error::new(Code::INVALID_HANDLE, INHERIT).hint(format!(
                    "\"{}\" is not a list of descriptors such as 5,6,7",
                    numbers.escape_debug()
                ))
            })?;
            check_open(number)?;
            // SAFETY: the caller says that nothing else owns it, and it was just found open.
            descriptors.push(unsafe { OwnedFd::from_raw_fd(number) });
        }
        Section::from_descriptors(descriptors)
    }

    /// Takes the handle apart. The name lives on with the descriptors.
    pub(crate) fn into_descriptors(mut self) -> Result<Vec<OwnedFd>> {
        self.make_own()?;
        let card = match self.card.take() {
            Some(card) => card,
            None => self.write_card()?,
        };
        let files =
            Arc::into_inner(self.files).unwrap_or_else(|| unreachable!("they are this handle's alone"));
        let bytes = match files.store {
            Store::Memory(fd) | Store::Entry(fd) => fd,
            // A view may have the file too.
            Store::File(file) => match Arc::try_unwrap(file) {
                Ok(fd) => fd,
                Err(shared) => {
                    rustix::io::fcntl_dupfd_cloexec(&*shared, 0).map_err(|errno| failed(SEND, errno))?
                }
            },
        };
        let entry = files.hold.map(Hold::into_descriptor);
        Ok([Some(card), entry, Some(bytes)].into_iter().flatten().collect())
    }

    /// Puts a handle together again from descriptors that somebody sent.
    pub(crate) fn from_descriptors(descriptors: Vec<OwnedFd>) -> Result<(Section, Option<ObjectName>)> {
        for fd in &descriptors {
            rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC).map_err(|errno| failed(ADOPT, errno))?;
        }
        let mut descriptors = descriptors.into_iter();
        let card = descriptors.next().ok_or_else(|| not_a_handle("there are none"))?;
        let (card, facts) = read_card(card.as_fd())?;
        let entry = if card.named != 0 {
            Some(descriptors.next().ok_or_else(|| not_a_handle("the entry is missing"))?)
        } else {
            None
        };
        let bytes = descriptors.next().ok_or_else(|| not_a_handle("the bytes are missing"))?;
        if descriptors.next().is_some() {
            return Err(not_a_handle("there are too many"));
        }
        let location =
            Location::from_raw(card.store).ok_or_else(|| not_a_handle("the card names no place"))?;
        match (entry, location) {
            (Some(entry), location) => adopt_named(location, entry, bytes, facts),
            (None, Location::Entry) => Err(not_a_handle("the entry is missing")),
            (None, location) => {
                let (store, facts) = adopt_bytes(location, bytes, facts, None)?;
                Ok((adopted(None, store, facts), None))
            }
        }
    }
}

fn not_a_handle(what: &'static str) -> Error {
    Error::new(Code::INVALID_HANDLE, ADOPT)
        .hint(format!("{what}: pass all descriptors that into_descriptors gave, in their order"))
}

/// What is no entry cannot be the second of a handle's descriptors.
fn no_entry(error: Error) -> Error {
    match error.code() {
        Code::INVALID_DATA => not_a_handle("the second is not an entry"),
        _ => error,
    }
}

fn read_card(fd: BorrowedFd<'_>) -> Result<(Card, Facts)> {
    let mut bytes = [0; size_of::<Card>()];
    let read = rustix::io::pread(fd, &mut bytes, 0);
    let card = match read {
        Ok(length) if length == bytes.len() => {
            Card::read_from_bytes(&bytes).ok().filter(|card| card.magic == MAGIC)
        }
        _ => None,
    };
    let card = card.ok_or_else(|| not_a_handle("the first is not a card"))?;
    if card.version != VERSION {
        return Err(Error::new(Code::REVISION_MISMATCH, ADOPT)
            .hint(format!("the handle has version {}, this program reads version {VERSION}", card.version)));
    }
    if card.size == 0 || card.size > crate::section::MAX_SIZE || !matches!(card.page_shift, 0 | 16..=36) {
        return Err(not_a_handle("the card's size is impossible"));
    }
    let facts = Facts {
        kind: Kind::from_raw(card.kind)
            .ok_or_else(|| not_a_handle("the card's kind of object is unknown"))?,
        detail: card.detail,
        size: card.size,
        protection: Protection::from_page_constant(card.protection)
            .map_err(|_| not_a_handle("the card's protection is unknown"))?,
        access: SectionAccess::from_bits_truncate(card.access),
        sync_access: SyncAccess::from_bits_truncate(card.sync_access),
        start: 0,
        page_shift: card.page_shift,
        transparent: card.transparent != 0,
        owner: None,
    };
    Ok((card, facts))
}

/// Believes of the bytes what the descriptor itself shows.
fn adopt_bytes(
    location: Location,
    bytes: OwnedFd,
    mut facts: Facts,
    expected: Option<FileId>,
) -> Result<(Store, Facts)> {
    let stat = rustix::fs::fstat(&bytes).map_err(|errno| failed(ADOPT, errno))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(not_a_handle("the bytes are not in a file"));
    }
    if expected.is_some_and(|expected| expected != FileId::of(&stat)) {
        return Err(not_a_handle("the bytes are not those of the entry"));
    }
    if (stat.st_size as u64) < facts.start + facts.size {
        return Err(Error::new(Code::INVALID_DATA, ADOPT)
            .hint("the bytes were cut off, or never had the size that is claimed"));
    }
    check_mode(bytes.as_fd(), Facts::writes(facts.protection, facts.access))?;
    large_pages::check_made_of(bytes.as_fd(), facts.page_shift)
        .map_err(|_| not_a_handle("the memory is not made of the pages that the card claims"))?;
    // Only a seal keeps the sender from cutting it off later.
    if location == Location::Holder
        && !rustix::fs::fcntl_get_seals(&bytes).is_ok_and(|seals| seals.contains(SealFlags::SHRINK))
    {
        return Err(not_a_handle("the memory is not sealed against being cut off"));
    }
    facts.owner = (!facts.access.contains(SectionAccess::WRITE)).then_some(stat.st_uid);
    Ok((Store::new(location, bytes), facts))
}

/// Refuses a handle that claims to write and cannot.
fn check_mode(fd: BorrowedFd<'_>, writes: bool) -> Result<()> {
    let mode = rustix::fs::fcntl_getfl(fd).map_err(|errno| failed(ADOPT, errno))?;
    let readable = !mode.contains(OFlags::PATH) && mode & OFlags::RWMODE != OFlags::WRONLY;
    if readable && (!writes || mode & OFlags::RWMODE == OFlags::RDWR) {
        return Ok(());
    }
    Err(Error::new(Code::ACCESS_DENIED, ADOPT).hint("the card says more than its descriptors allow"))
}

fn adopt_named(
    location: Location,
    entry: OwnedFd,
    bytes: OwnedFd,
    mut facts: Facts,
) -> Result<(Section, Option<ObjectName>)> {
    let raw = RawRecord::read(entry.as_fd()).map_err(no_entry)?;
    let record = raw.validate().map_err(no_entry)?;
    if record.kind != facts.kind || record.location != location || record.word == word::DEAD {
        return Err(not_a_handle("the entry is not that of a living object of that kind"));
    }
    // The entry is the authority; the card only says which rights this handle has.
    facts.size = record.size;
    facts.protection = record.protection;
    facts.page_shift = record.page_shift;
    facts.transparent = record.transparent;
    facts.detail = record.detail;
    // The description has its locks already, unless its sender took them away.
    let locked = presence::share(&entry).map_err(|errno| failed(ADOPT, errno))?;
    if !locked {
        return Err(not_a_handle("its object is being removed"));
    }
    let (place, name) = place_of(entry.as_fd(), &record)?;
    let expected = match location {
        Location::Entry => {
            facts.start = record.header_bytes;
            entry::identity(entry.as_fd()).map_err(|errno| failed(ADOPT, errno))?
        }
        Location::Holder | Location::File => record.bytes,
    };
    let (store, facts) = adopt_bytes(location, bytes, facts, Some(expected))?;
    if location != Location::Holder {
        presence::take_bytes(&entry).map_err(|errno| failed(ADOPT, errno))?;
    }
    Ok((adopted(Some(Hold::shared(entry, place)), store, facts), Some(name)))
}

fn adopted(hold: Option<Hold>, store: Store, facts: Facts) -> Section {
    let writes = facts.access.contains(SectionAccess::WRITE);
    Section { files: Arc::new(Files::new(hold, store, writes)), facts, card: None }
}

/// Where an entry stands, as the kernel tells: `…/X/e`. A process that cannot get there, because the sender is another user
/// or in another mount namespace, can hold the object all the same, and leaves the entry to others when it closes last.
fn place_of(entry: BorrowedFd<'_>, record: &Record<'_>) -> Result<(Option<Place>, ObjectName)> {
    let path = std::fs::read_link(processes::own_descriptor(entry)).unwrap_or_default();
    let Some(directory) = path.parent().and_then(Path::parent) else {
        return Ok((None, record.name(Scope::Private)?));
    };
    let mut known = None;
    for scope in [Scope::Local, Scope::Global] {
        match Directory::of(scope) {
            Ok(its) if its.path() == directory => known = Some(its),
            Err(error) if error.code() == Code::TOO_MANY_OPEN_FILES => return Err(error),
            _ => {}
        }
    }
    let directory = match known {
        Some(known) => known,
        None => match Directory::private(directory) {
            Ok(private) => private,
            // That would be to forget for ever where the entry stands.
            Err(error) if error.code() == Code::TOO_MANY_OPEN_FILES => return Err(error),
            Err(_) => return Ok((None, record.name(Scope::Private)?)),
        },
    };
    let name = record.name(directory.scope())?;
    let place = Place::new(directory, FileName::of(&name));
    // A file that only looks like an entry has another name, or is elsewhere.
    let stands = entry::identity(entry).map_err(|errno| failed(ADOPT, errno))?;
    match place.look().and_then(|look| entry::identity(look.as_fd())) {
        Ok(there) if there == stands => Ok((Some(place), name)),
        Err(Errno::ACCESS | Errno::PERM) => Ok((None, name)),
        Err(errno) if limits::is_scarcity(errno) => Err(failed(ADOPT, errno)),
        _ => Err(not_a_handle("the entry is not where its name is")),
    }
}

/// Whether a number is an open descriptor of this process.
fn check_open(number: RawFd) -> Result<()> {
    // SAFETY: only asks whether it is open, and owns nothing.
    let fd = unsafe { BorrowedFd::borrow_raw(number) };
    match rustix::io::fcntl_getfd(fd) {
        Ok(_) => Ok(()),
        Err(errno @ Errno::BADF) => Err(Error::new(Code::INVALID_HANDLE, INHERIT).source(errno).hint(
            format!("{number} is not open here: the handle was not inheritable, or was not inherited"),
        )),
        Err(errno) => Err(failed(INHERIT, errno)),
    }
}
