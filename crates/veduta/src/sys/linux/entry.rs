//! The entry protocol: how a name is made, found, asked after and removed, so that at every step the process doing it may
//! be killed or stopped and nobody else ever waits for it.
//!
//! docs/format.md tells it in words with an "if killed here" column; `veduta-model` checks it exhaustively. The steps
//! carry the model's names.
//!
//! What everything rests on:
//! - A name is a directory with one entry in it, filled before it gets its name and never again. An entry reached through
//!   a descriptor of its directory is therefore always the same one, and removing it needs no lock.
//! - `word` becomes `DEAD` only if nobody had the presence lock at some instant *after* it was marked `DYING`; who takes the
//!   lock and then still finds `LIVE`, or turns `DYING` back, cannot be overlooked.

use super::commit;
use super::directory::{self, Directory, ENTRY, FileName, open_at};
use super::error::failed;
use super::fork;
use super::hold::Hold;
use super::in_page::Watched;
use super::limits;
use super::opened;
use super::presence;
use super::record::{FileId, PAGE, RawRecord, Record, WORD_OFFSET, word};
use super::section::reopen;
use super::step::{Step, reached};
use super::view::{Mapping, Origin};
use crate::{Code, Error, Result, ViewAccess};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// A name in a directory.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) directory: Arc<Directory>,
    pub(crate) file: FileName,
    /// By which this process knows what it has open there.
    pub(crate) number: u64,
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        self.number == other.number && self.directory.id() == other.directory.id() && self.file == other.file
    }
}

impl Place {
    pub(crate) fn new(directory: Arc<Directory>, file: FileName) -> Place {
        let number = opened::number(&directory, &file);
        Place { directory, file, number }
    }

    /// The same name in the directory as it is now; `None` if that is the one already in use.
    fn renewed(&self) -> Result<Option<Place>> {
        let directory = self.directory.renew()?;
        Ok(directory.map(|directory| Place::new(directory, self.file.clone())))
    }

    /// Looks at the entry without opening it.
    pub(crate) fn look(&self) -> rustix::io::Result<OwnedFd> {
        open_at(&self.directory, self.file.entry(), OFlags::PATH)
    }

    /// Opens the entry without holding it: to look at the header, or for the bytes in it.
    pub(crate) fn open_unheld(&self, write: bool) -> rustix::io::Result<OwnedFd> {
        open_at(&self.directory, self.file.entry(), if write { OFlags::RDWR } else { OFlags::RDONLY })
    }

    fn open_directory(&self) -> rustix::io::Result<OwnedFd> {
        open_at(&self.directory, self.file.directory(), OFlags::DIRECTORY | OFlags::PATH)
    }

    fn open(&self, write: bool) -> rustix::io::Result<OwnedFd> {
        reached(Step::OpenEntry);
        self.open_unheld(write)
    }
}

/// What an opener found of the bytes.
pub(crate) enum Reach<T> {
    /// A living holder gave them.
    Bytes(T),
    /// No holder shows them.
    Nothing,
    /// If the object lives, it is not what the opener wants.
    Unwanted(Error),
}

/// Whether who reaches for the bytes has the presence lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grip {
    /// It has: be quick.
    Held,
    /// It has not: search, and keep what is found for the next time.
    Free,
}

/// An object that was opened.
pub(crate) struct Opened<T> {
    pub(crate) hold: Hold,
    pub(crate) bytes: T,
}

/// How often an opener asks holders that show nothing before it gives up; some are only just opening or closing.
const PATIENCE: u32 = 20;

/// Opens the object of a name; `None` when there is none.
///
/// `reach` gets the place, the entry with this opener's presence lock on it, and its header, and fetches the bytes from a holder.
pub(crate) fn open<T>(
    mut place: Place,
    write: bool,
    mut reach: impl FnMut(&Place, BorrowedFd<'_>, &Record<'_>, Grip) -> Result<Reach<T>>,
) -> Result<Option<Opened<T>>> {
    const OPERATION: &str = "open entry";
    let mut refused = 0;
    loop {
        let generation = fork::generation();
        let entry = match place.open(write) {
            Ok(entry) => entry,
            Err(Errno::NOENT) => {
                // Not there; or not here, because somebody removed the whole directory and it was made anew.
                match place.directory.is_removed().then(|| place.renewed()).transpose()?.flatten() {
                    Some(renewed) => place = renewed,
                    None => return Ok(None),
                }
                continue;
            }
            Err(errno @ (Errno::ACCESS | Errno::PERM)) => {
                if let Some(renewed) = place.renewed()? {
                    place = renewed;
                    continue;
                }
                return Err(failed(OPERATION, errno)
                    .hint("the object's mode does not give this user that access; ask for less, or have it created with a wider mode"));
            }
            Err(errno @ (Errno::LOOP | Errno::NOTDIR | Errno::NXIO | Errno::ISDIR)) => {
                return Err(not_an_entry(OPERATION, errno, &place));
            }
            Err(errno) => return Err(failed(OPERATION, errno)),
        };
        reached(Step::TakePresence);
        let present = presence::share(&entry).map_err(|errno| failed(OPERATION, errno))?;
        let joined = if present { join(&place, entry.as_fd(), &mut reach) } else { Ok(Reach::Nothing) };
        let unwanted = match joined {
            Ok(Reach::Bytes(bytes)) => {
                return Ok(Some(Opened { hold: Hold::new(entry, place, generation), bytes }));
            }
            Ok(Reach::Nothing) => Ok(None),
            Ok(Reach::Unwanted(error)) => Ok(Some(error)),
            Err(error) => Err(error),
        };
        // It is dead, or dying, or its holders hide: find out which. With our own lock we would only find ourselves.
        reached(Step::DropPresence);
        let_go(entry);
        let verdict = settle(&place);
        // An error is what it is, whoever holds the object. The last holder may have closed while we looked: that is settled.
        let unwanted = unwanted?;
        match (verdict?, unwanted) {
            (Verdict::Dead, _) => continue,
            (Verdict::Leftover(_), _) => return Ok(None),
            (Verdict::Live, Some(error)) => return Err(error),
            (Verdict::Live, None) => {}
        }
        match refused {
            0 | 8 | 16 => search(&place, &mut reach)?,
            PATIENCE => return Err(unreachable_bytes(&place)),
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
        refused += 1;
    }
}

/// Lets an opener whom the recorded holders gave nothing ask everybody, which takes a while. Without the lock: two who
/// searched with it would take each other for holders. What is found counts only once the word was read under the lock.
fn search<T>(
    place: &Place,
    reach: &mut impl FnMut(&Place, BorrowedFd<'_>, &Record<'_>, Grip) -> Result<Reach<T>>,
) -> Result<()> {
    let entry = match place.open_unheld(false) {
        Ok(entry) => entry,
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(failed("open entry", errno)),
    };
    let raw = RawRecord::read(entry.as_fd())?;
    reach(place, entry.as_fd(), &raw.validate()?, Grip::Free).map(drop)
}

/// Reads the header and fetches the bytes. The caller has a presence lock on the entry.
fn join<T>(
    place: &Place,
    entry: BorrowedFd<'_>,
    reach: &mut impl FnMut(&Place, BorrowedFd<'_>, &Record<'_>, Grip) -> Result<Reach<T>>,
) -> Result<Reach<T>> {
    reached(Step::ReadHeader);
    let raw = RawRecord::read(entry)?;
    let record = raw.validate()?;
    if record.word == word::DEAD {
        return Ok(Reach::Nothing);
    }
    let bytes = reach(place, entry, &record, Grip::Held)?;
    let alive = record.word == word::LIVE || !matches!(bytes, Reach::Bytes(_)) || revive(place, entry)?;
    Ok(if alive { bytes } else { Reach::Nothing })
}

fn unreachable_bytes(place: &Place) -> Error {
    let who = place
        .look()
        .ok()
        .and_then(|look| super::processes::describe_holders(look.as_fd()))
        .or_else(|| recorded_holders(place))
        .unwrap_or_else(|| {
            "a process that this one may not see (another pid namespace, or hidden in /proc)".to_owned()
        });
    Error::new(Code::ACCESS_DENIED, "reach the bytes of object").hint(format!(
        "the name is held by {who}, which does not show its bytes: it is stopped in the middle of opening, may not be looked \
         into, or is elsewhere; end or continue it, or have the section created with VEDUTA_BYTES=entry or in a private namespace"
    ))
}

/// Who once showed the bytes and still runs: what it has open now may not be seen.
fn recorded_holders(place: &Place) -> Option<String> {
    let entry = place.open_unheld(false).ok()?;
    let raw = RawRecord::read(entry.as_fd()).ok()?;
    super::processes::describe_recorded(&raw.validate().ok()?.slots)
}

/// Closes a description with its presence lock. The lock goes at once: a child of another thread that is about to start
/// another program has a copy of the descriptor for a moment, and closing alone would leave the lock to it.
fn let_go(entry: OwnedFd) {
    // Unlocking an open file cannot fail; if it did, closing would do it.
    let _ = presence::release(&entry);
}

/// Takes back that the object is dying: the caller has its presence lock and its bytes. `false`: too late.
fn revive(place: &Place, entry: BorrowedFd<'_>) -> Result<bool> {
    let own;
    let writable = match Word::of(entry) {
        Ok(word) => word,
        // A read-only description: the word needs another one. Who may not have that waits for who may.
        Err(_) => match place.open(true) {
            Ok(writable) => {
                own = writable;
                Word::of(own.as_fd())?
            }
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::NOENT) => return Ok(false),
            Err(errno) => return Err(failed("open entry", errno)),
        },
    };
    let mut seen = writable.load()?;
    loop {
        match seen {
            word::LIVE => return Ok(true),
            word::DEAD => return Ok(false),
            dying => {
                reached(Step::Revive);
                seen = writable.exchange(dying, word::LIVE)?;
                if seen == dying {
                    return Ok(true);
                }
            }
        }
    }
}

/// An entry about to be made: filled, but without a name.
pub(crate) struct Nameless {
    entry: OwnedFd,
    /// Where it is to stand.
    place: Place,
    mode: u32,
    /// Whether having the bytes has to be shown by a lock.
    bytes_lock: bool,
    generation: u64,
}

impl Nameless {
    /// Makes an entry that nobody sees yet, already held.
    pub(crate) fn new(place: &Place, mode: u32, bytes_lock: bool) -> Result<Nameless> {
        const OPERATION: &str = "make entry";
        let fail = |errno| match errno {
            Errno::OPNOTSUPP | Errno::ISDIR => failed(OPERATION, errno)
                .hint("the namespace's file system cannot make nameless files; put the namespace on a tmpfs"),
            errno => commit::no_name(OPERATION, place.directory.as_fd(), errno)
                .object(place.directory.path().display()),
        };
        reached(Step::MakeEntry);
        let generation = fork::generation();
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let made = rustix::fs::openat(&place.directory, c".", flags, Mode::from_raw_mode(0o600));
        let entry = made.map_err(fail)?;
        // Cannot fail: nobody else has the file.
        presence::share(&entry).map_err(fail)?;
        if mode != 0o600 {
            rustix::fs::fchmod(&entry, Mode::from_raw_mode(mode)).map_err(fail)?;
        }
        if bytes_lock {
            presence::take_bytes(&entry).map_err(fail)?;
        }
        Ok(Nameless { entry, place: place.clone(), mode, bytes_lock, generation })
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.entry.as_fd()
    }

    /// Gives the entry its name; `None` when the name is taken. With the hold comes, if wanted, another description of the entry, for
    /// bytes in it: opened before, because with no descriptor left the name could not be removed either.
    pub(crate) fn publish(mut self, with_bytes: bool) -> Result<Option<(Hold, Option<OwnedFd>)>> {
        const OPERATION: &str = "name entry";
        let directory_mode = 0o700 | if self.mode & 0o077 == 0 { 0 } else { 0o055 };
        let id = identity(self.entry.as_fd()).map_err(|errno| failed(OPERATION, errno))?;
        loop {
            let name = FileName::temporary(unique());
            let name = name.directory();
            reached(Step::MakeDirectory);
            let made = match directory::make_directory(&self.place.directory, name, directory_mode) {
                Ok(made) => made,
                // A sweep found the directory empty and took it.
                Err(Errno::NOENT) if !self.place.directory.is_removed() => continue,
                Err(errno) => {
                    // It may be there, and not to be opened.
                    let _ = rustix::fs::unlinkat(&self.place.directory, name, AtFlags::REMOVEDIR);
                    // Somebody removed the whole directory.
                    let renewed = if errno == Errno::NOENT { self.place.renewed()? } else { None };
                    self.place = renewed
                        .ok_or_else(|| commit::no_name(OPERATION, self.place.directory.as_fd(), errno))?;
                    continue;
                }
            };
            let place = &self.place;
            let directory = &place.directory;
            reached(Step::LinkEntry);
            match link_nameless(&self.entry, &made) {
                Ok(()) => {}
                // A sweep found the directory empty and took it.
                Err(Errno::NOENT) if !directory.is_removed() => continue,
                Err(errno) => {
                    let _ = rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR);
                    return Err(commit::no_name(OPERATION, directory.as_fd(), errno));
                }
            }
            let bytes = match with_bytes.then(|| self.again(&made, id)).transpose() {
                Ok(bytes) => bytes,
                Err(errno) => {
                    withdraw(&made, directory, name)?;
                    return Err(failed(OPERATION, errno));
                }
            };
            reached(Step::PublishName);
            match rustix::fs::renameat(directory, name, directory, place.file.directory()) {
                Ok(()) => {
                    let (generation, place) = (self.generation, place.clone());
                    let hold = Hold::new(self.by_name(&made, id), place, generation);
                    hold.note_id(id);
                    return Ok(Some((hold, bytes)));
                }
                Err(errno) => {
                    let withdrawn = withdraw(&made, directory, name);
                    return match errno {
                        Errno::EXIST | Errno::NOTEMPTY => {
                            withdrawn?;
                            match settle(place)? {
                                // Opening says that there is nothing, and the name cannot be had either.
                                Verdict::Leftover(error) => Err(error),
                                Verdict::Live | Verdict::Dead => Ok(None),
                            }
                        }
                        Errno::NOTDIR => Err(not_an_entry(OPERATION, errno, place)),
                        Errno::PERM | Errno::ACCESS => Err(failed(OPERATION, errno)
                            .hint("a leftover of another user has the name; that user or root can sweep it")),
                        errno => Err(commit::no_name(OPERATION, directory.as_fd(), errno)),
                    };
                }
            }
        }
    }

    /// The entry by its name instead of as a nameless file: as long as the latter is open, the kernel keeps a second
    /// directory entry in memory for it. The old locks go only after the new ones are there.
    fn by_name(self, made: &OwnedFd, id: FileId) -> OwnedFd {
        let again = || -> rustix::io::Result<Option<OwnedFd>> {
            reached(Step::OpenEntry);
            let Some(entry) = named(made, id)? else { return Ok(None) };
            let present = presence::share(&entry)?;
            if present && self.bytes_lock {
                presence::take_bytes(&entry)?;
            }
            Ok(present.then_some(entry))
        };
        match again() {
            Ok(Some(entry)) => {
                let_go(self.entry);
                entry
            }
            // Somebody removed what we hold, or descriptors ran out: it costs a little memory, no more.
            _ => self.entry,
        }
    }

    /// The entry once more, without locks: by its name, too, if that is possible.
    fn again(&self, made: &OwnedFd, id: FileId) -> rustix::io::Result<OwnedFd> {
        match named(made, id) {
            Ok(Some(entry)) => Ok(entry),
            _ => reopen(self.entry.as_fd(), true),
        }
    }
}

/// What stands as the entry in a directory that was made for it; `None` if it is another: where others may rename what stands in the
/// namespace, the directory may be theirs.
fn named(made: &OwnedFd, id: FileId) -> rustix::io::Result<Option<OwnedFd>> {
    let entry = open_at(made, ENTRY, OFlags::RDWR)?;
    Ok((identity(entry.as_fd())? == id).then_some(entry))
}

/// Takes back an entry that could not get its name.
fn withdraw(made: &OwnedFd, directory: &Directory, name: &[u8]) -> Result<()> {
    reached(Step::WithdrawEntry);
    let withdrawn = rustix::fs::unlinkat(made, ENTRY, AtFlags::empty());
    reached(Step::WithdrawDirectory);
    let removed = match rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR) {
        // A sweep found the directory empty and took it.
        Err(Errno::NOENT) => Ok(()),
        result => result,
    };
    withdrawn.and(removed).map_err(|errno| failed("name entry", errno))
}

/// Gives a nameless file the name of an entry, in the directory of one object.
fn link_nameless(entry: &OwnedFd, directory: &OwnedFd) -> rustix::io::Result<()> {
    match rustix::fs::linkat(entry, c"", directory, ENTRY, AtFlags::EMPTY_PATH) {
        // Before Linux 6.10 that takes a capability; the way through /proc does not.
        Err(Errno::NOENT) => {
            let path = super::processes::own_descriptor(entry.as_fd());
            rustix::fs::linkat(rustix::fs::CWD, path, directory, ENTRY, AtFlags::SYMLINK_FOLLOW)
        }
        result => result,
    }
}

/// What became of the question whether an entry is dead.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Somebody holds it.
    Live,
    /// Nobody does; it was removed, or was already gone.
    Dead,
    /// Nobody does, but this user may not remove it.
    Leftover(Error),
}

/// Finds out whether anybody holds the object of a name, and removes its entry if nobody does.
pub(crate) fn settle(place: &Place) -> Result<Verdict> {
    const OPERATION: &str = "settle entry";
    reached(Step::OpenDirectory);
    let directory = match place.open_directory() {
        Ok(directory) => directory,
        Err(Errno::NOENT) => return Ok(Verdict::Dead),
        Err(errno) => return Err(failed(OPERATION, errno)),
    };
    reached(Step::OpenEntry);
    let mut entry = open_at(&directory, ENTRY, OFlags::RDWR);
    let may_write = !matches!(entry, Err(Errno::ACCESS | Errno::PERM | Errno::ROFS));
    if !may_write {
        entry = open_at(&directory, ENTRY, OFlags::RDONLY);
    }
    let entry = match entry {
        Ok(entry) => entry,
        Err(Errno::NOENT) => {
            // A directory without an entry: a removal, or a creation, got no further. If it is not empty it stays.
            remove_directory(place)?;
            return match is_obstructed(place, &directory) {
                true => Ok(Verdict::Leftover(not_an_entry(OPERATION, Errno::NOTEMPTY, place))),
                false => Ok(Verdict::Dead),
            };
        }
        Err(errno) => return Err(failed(OPERATION, errno)),
    };
    let dead = if may_write {
        kill(entry.as_fd())?
    } else {
        // What this user cannot mark dead it does not remove either: it only asks.
        let raw = RawRecord::read(entry.as_fd())?;
        raw.validate()?.word == word::DEAD || is_free(entry.as_fd())?
    };
    if !dead {
        return Ok(Verdict::Live);
    }
    // A creator may have given it its name since it was found under its temporary one.
    let named = RawRecord::read(entry.as_fd())?.validate()?.file_name(place.directory.scope())?;
    let id = identity(entry.as_fd()).map_err(|errno| failed(OPERATION, errno))?;
    match unlink(&directory, id) {
        Ok(()) => {
            remove_directory(place)?;
            if named != place.file {
                remove_directory(&Place::new(Arc::clone(&place.directory), named))?;
            }
            Ok(Verdict::Dead)
        }
        Err(error) if error.code() == Code::ACCESS_DENIED => Ok(Verdict::Leftover(error)),
        Err(error) => Err(error),
    }
}

/// Whether a directory that was found without an entry has its name for good, because something else is in it. What the
/// protocol makes is filled before it gets its name: if it is still there, it is not empty.
fn is_obstructed(place: &Place, directory: &OwnedFd) -> bool {
    !place.file.is_temporary()
        && identity(directory.as_fd()).is_ok_and(|id| {
            place.open_directory().and_then(|now| identity(now.as_fd())).is_ok_and(|now| now == id)
        })
}

fn not_an_entry(operation: &'static str, errno: Errno, place: &Place) -> Error {
    Error::new(Code::INVALID_DATA, operation).source(errno).hint(format!(
        "\"{}\" in {} is not an entry of veduta; remove it",
        place.file,
        place.directory.path().display()
    ))
}

/// Makes sure that a well-formed entry is dead, if nobody holds it. `entry` is a fresh description that may write.
///
/// Says whether it is.
pub(crate) fn kill(entry: BorrowedFd<'_>) -> Result<bool> {
    RawRecord::read(entry)?.validate()?;
    let mapped = Word::of(entry)?;
    loop {
        reached(Step::ReadWord);
        let seen = mapped.load()?;
        if seen == word::DEAD {
            return Ok(true);
        }
        let mark = word::dying(unique() & (u64::MAX >> 2));
        reached(Step::MarkDying);
        if mapped.exchange(seen, mark)? != seen {
            continue;
        }
        if is_free(entry)? {
            reached(Step::MarkDead);
            if mapped.exchange(mark, word::DEAD)? == mark {
                return Ok(true);
            }
        } else {
            reached(Step::Restore);
            // If somebody else changed it meanwhile, they know better.
            mapped.exchange(mark, word::LIVE)?;
            return Ok(false);
        }
    }
}

/// Whether there is an instant, during this call, at which nobody shares the presence lock. `entry` is a description that
/// does not, and may afterwards have the lock exclusively.
fn is_free(entry: BorrowedFd<'_>) -> Result<bool> {
    let fail = |errno| failed("probe entry", errno);
    reached(Step::ProbeExclusive);
    if presence::try_alone(entry).map_err(fail)? {
        return Ok(true);
    }
    // Somebody shares it, or somebody else is probing: then sharing fails, and nobody shares.
    reached(Step::ProbeShared);
    if !presence::share(entry).map_err(fail)? {
        return Ok(true);
    }
    // Whoever closed while we shared took us for a holder, and left the removal to us: test again as the lock goes.
    reached(Step::ReleaseAndTest);
    presence::try_alone(entry).map_err(fail)
}

/// Removes a dead entry and its name. Any number of processes may do so at the same time.
pub(crate) fn remove(place: &Place, dead: FileId) -> Result<()> {
    reached(Step::OpenDirectory);
    match place.open_directory() {
        Ok(directory) => unlink(&directory, dead)?,
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(failed("remove entry", errno)),
    }
    remove_directory(place)
}

/// Takes a dead entry out of its directory; another incarnation's is left alone.
fn unlink(directory: &OwnedFd, dead: FileId) -> Result<()> {
    const OPERATION: &str = "remove entry";
    let fail = |errno| failed(OPERATION, errno);
    reached(Step::CheckEntry);
    match rustix::fs::statat(directory, ENTRY, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if FileId::of(&stat) == dead => {
            reached(Step::UnlinkEntry);
            match rustix::fs::unlinkat(directory, ENTRY, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => Ok(()),
                Err(errno) => Err(fail(errno)
                    .hint("nobody holds it, but it belongs to another user, who or root can sweep it")),
            }
        }
        Ok(_) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(fail(errno)),
    }
}

fn remove_directory(place: &Place) -> Result<()> {
    reached(Step::RemoveDirectory);
    match rustix::fs::unlinkat(&place.directory, place.file.directory(), AtFlags::REMOVEDIR) {
        // Not empty: the name has a new object already.
        Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
        Err(errno) => Err(failed("remove entry", errno)),
    }
}

pub(crate) fn identity(fd: BorrowedFd<'_>) -> rustix::io::Result<FileId> {
    Ok(FileId::of(&rustix::fs::fstat(fd)?))
}

/// Makes the entry dead, for who has the presence lock alone and need not compare. Not through a mapping: somebody may have
/// cut the entry off.
pub(crate) fn store_dead(entry: BorrowedFd<'_>) -> rustix::io::Result<()> {
    limits::write_at(entry, &word::DEAD.to_ne_bytes(), WORD_OFFSET as u64)
}

/// The word of an entry, where all processes see it.
pub(crate) struct Word {
    // Before the mapping goes.
    watched: Watched,
    page: Mapping,
}

impl Word {
    /// Maps the word of an entry that is long enough to have one. The description must be writable.
    pub(crate) fn of(entry: BorrowedFd<'_>) -> Result<Word> {
        let page = Mapping::new(entry, 0, PAGE, ViewAccess::Write, None, Origin::default())?;
        // SAFETY: the mapping is this value's, and used for its word alone, which is an atomic.
        let watched = unsafe { Watched::new(page.base().as_ptr()) };
        Ok(Word { watched, page })
    }

    fn atomic(&self) -> &AtomicU64 {
        let address = self.page.base().as_ptr().wrapping_add(WORD_OFFSET);
        // SAFETY: the page is mapped, readable and writable, as long as `self` is, and all access to these eight aligned
        // bytes is atomic or by system calls.
        unsafe { AtomicU64::from_ptr(address.cast()) }
    }

    fn load(&self) -> Result<u64> {
        self.checked(self.atomic().load(Ordering::SeqCst))
    }

    /// Changes the word if it is `from`. Gives what it was.
    fn exchange(&self, from: u64, to: u64) -> Result<u64> {
        let (Ok(seen) | Err(seen)) =
            self.atomic().compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
        self.checked(seen)
    }

    /// What was seen, if that was the entry.
    fn checked(&self, seen: u64) -> Result<u64> {
        if self.watched.is_gone() {
            return Err(Error::new(Code::INVALID_DATA, "read entry")
                .hint("somebody cut it off meanwhile; `veduta sweep` removes it if nobody holds it"));
        }
        Ok(seen)
    }
}

/// A number that no other call gives, in any process.
fn unique() -> u64 {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // A forked child has its parent's seed and count, but not its pid.
    SEED.hash_one((fork::process_id(), COUNT.fetch_add(1, Ordering::Relaxed)))
}
