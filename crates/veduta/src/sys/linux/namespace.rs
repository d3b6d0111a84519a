//! What stands in a namespace's directory, and the sweep of what nobody holds.

use super::directory::{Directory, FileName};
use super::entry::{self, Place, Verdict};
use super::error::failed;
use super::presence;
use super::processes;
use super::reach;
use super::record::{FileId, Location, RawRecord, Record, word};
use super::step::{Step, reached};
use super::sync;
use crate::{
    Backing, Code, Error, Holder, Kind, Listing, ObjectInfo, ObjectName, ObjectState, Problem, Result, Scope,
    Sweep, SweepMode, Swept, User,
};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::FileType;
use rustix::io::Errno;
use std::ffi::CStr;
use std::sync::Arc;

const LIST: &str = "list namespace";

/// An entry that was looked at without being held.
struct Seen {
    id: FileId,
    owner: u32,
    entry: OwnedFd,
    raw: RawRecord,
    /// What the entry takes in the directory's file system.
    blocks: u64,
}

fn look(place: &Place) -> Result<Option<Seen>> {
    let entry = match place.open_unheld(false) {
        Ok(entry) => entry,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno @ (Errno::NOTDIR | Errno::LOOP | Errno::NXIO)) => {
            return Err(Error::new(Code::INVALID_DATA, LIST)
                .source(errno)
                .hint("it was not made by veduta; remove it"));
        }
        Err(errno) => return Err(failed(LIST, errno)),
    };
    let stat = rustix::fs::fstat(&entry).map_err(|errno| failed(LIST, errno))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Error::new(Code::INVALID_DATA, LIST).hint("its entry is not a file; remove it"));
    }
    let raw = RawRecord::read(entry.as_fd())?;
    let blocks = (stat.st_blocks as u64).saturating_mul(512);
    Ok(Some(Seen { id: FileId::of(&stat), owner: stat.st_uid, entry, raw, blocks }))
}

/// Whether anybody holds an entry in whose file no holder was seen. Only a glance: the probe is over at once, and
/// disturbs nobody but other probes, which then say the same.
fn is_held_unseen(entry: BorrowedFd<'_>) -> Result<bool> {
    let alone = presence::try_alone(entry).map_err(|errno| failed(LIST, errno))?;
    if alone {
        presence::release(entry).map_err(|errno| failed(LIST, errno))?;
    }
    Ok(!alone)
}

fn places(directory: &Arc<Directory>) -> Result<impl Iterator<Item = Place>> {
    reached(Step::ListNames);
    let directory = Arc::clone(directory);
    Ok(directory.file_names()?.into_iter().map(move |file| place_of(&directory, &file)))
}

fn place_of(directory: &Arc<Directory>, file: &CStr) -> Place {
    Place::new(Arc::clone(directory), FileName::found(file))
}

/// Lists a namespace.
pub(crate) fn list(directory: &Arc<Directory>) -> Result<Listing> {
    let mut listing = Listing::default();
    let mut seen = Vec::new();
    for place in places(directory)?.filter(|place| !place.file.is_temporary()) {
        match look(&place) {
            Ok(found) => seen.extend(found.map(|found| (place, found.id))),
            Err(error) => listing.problems.push(Problem { file_name: place.file.to_string(), error }),
        }
    }
    let entries: Vec<_> = seen.iter().map(|(_, id)| *id).collect();
    let mut holders = processes::holders(&entries)?;
    for (place, id) in &seen {
        let holders = holders.remove(id).unwrap_or_default();
        // Looked at again instead of kept open: there may be more names than descriptors. Whoever holds its inode after it has gone
        // holds something else.
        let again = look(place).map(|found| found.filter(|found| found.id == *id));
        let status = again.and_then(|found| {
            found.map(|found| describe(place, &found, directory.scope(), holders)).transpose()
        });
        match status {
            Ok(Some(Status::Live(object))) => listing.objects.push(object),
            Ok(Some(Status::Stale(name))) => listing.stale.push(name),
            Ok(None) => {}
            Err(error) => listing.problems.push(Problem { file_name: place.file.to_string(), error }),
        }
    }
    listing.objects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listing)
}

/// Describes one object.
pub(crate) fn find(directory: &Arc<Directory>, name: &ObjectName) -> Result<ObjectInfo> {
    let absent = || Error::new(Code::FILE_NOT_FOUND, "find object");
    let place = Place::new(Arc::clone(directory), FileName::of(name));
    let seen = look(&place)?.ok_or_else(absent)?;
    let holders = processes::holders(&[seen.id])?.remove(&seen.id).unwrap_or_default();
    match describe(&place, &seen, directory.scope(), holders)? {
        Status::Live(object) if seen.raw.validate()?.is_of(name) => Ok(object),
        _ => Err(absent()),
    }
}

enum Status {
    Live(ObjectInfo),
    Stale(String),
}

fn describe(place: &Place, seen: &Seen, scope: Scope, holders: Vec<Holder>) -> Result<Status> {
    let record = seen.raw.validate()?;
    let name = record.name(scope)?.to_string();
    if record.word == word::DEAD || (holders.is_empty() && !is_held_unseen(seen.entry.as_fd())?) {
        return Ok(Status::Stale(name));
    }
    Ok(Status::Live(ObjectInfo {
        name,
        kind: record.kind,
        size: record.size,
        resident: resident(seen, &record)?,
        protection: record.protection,
        owner: Some(User::Uid(seen.owner)),
        created: Some(record.created),
        backing: match record.location {
            Location::Holder => Backing::Memory,
            Location::Entry => Backing::Entry,
            Location::File => Backing::File(record.path().unwrap_or_default()),
        },
        state: state(place, seen, &record)?,
        unseen_holders: holders.is_empty(),
        holders,
    }))
}

/// What a mutex, event or semaphore is just now; `None` for a section, or if this user may not use the object.
fn state(place: &Place, seen: &Seen, record: &Record<'_>) -> Result<Option<ObjectState>> {
    if record.kind == Kind::Section {
        return Ok(None);
    }
    match place.open_unheld(true) {
        Ok(entry) if entry::identity(entry.as_fd()) == Ok(seen.id) => {
            sync::state_of(entry.as_fd(), record).map(Some)
        }
        // Removed meanwhile, or not for this user.
        Ok(_) | Err(Errno::NOENT | Errno::ACCESS | Errno::PERM | Errno::ROFS) => Ok(None),
        Err(errno) => Err(failed(LIST, errno)),
    }
}

/// How many of an object's bytes are in memory.
fn resident(seen: &Seen, record: &Record<'_>) -> Result<Option<u64>> {
    if record.location == Location::Entry {
        return Ok(Some(seen.blocks.saturating_sub(record.header_bytes).min(round_up(record.size))));
    }
    Ok(reach::look_at_bytes(record)?.and_then(|(file, stat)| match record.location {
        Location::File => processes::cached(file.as_fd(), record.size),
        _ => Some((stat.st_blocks as u64).saturating_mul(512)),
    }))
}

fn round_up(size: u64) -> u64 {
    size.next_multiple_of(super::record::PAGE as u64)
}

/// Removes, or only names, the entries that nobody holds.
pub(crate) fn sweep(directory: &Arc<Directory>, mode: SweepMode) -> Result<Sweep> {
    let mut sweep = Sweep::default();
    for place in places(directory)? {
        match sweep_one(&place, directory.scope(), mode) {
            Ok(swept) => sweep.removed.extend(swept),
            Err(error) => sweep.problems.push(Problem { file_name: place.file.to_string(), error }),
        }
    }
    Ok(sweep)
}

fn sweep_one(place: &Place, scope: Scope, mode: SweepMode) -> Result<Option<Swept>> {
    let seen = match look(place) {
        Ok(Some(seen)) => seen,
        Ok(None) => {
            // A directory in which there is no entry, or none any more.
            if mode == SweepMode::Remove
                && let Verdict::Leftover(error) = entry::settle(place)?
            {
                return Err(error);
            }
            return Ok(None);
        }
        // Too short for a header, perhaps: there is no object, but there may be somebody who thinks so.
        Err(error) if error.code() == Code::INVALID_DATA => return sweep_malformed(place, mode, error),
        Err(error) => return Err(error),
    };
    let named = seen.raw.validate().and_then(|record| Ok((record.name(scope)?.to_string(), record.kind)));
    let (name, kind) = match named {
        Ok(named) => named,
        Err(error) if error.code() == Code::INVALID_DATA => return sweep_malformed(place, mode, error),
        Err(error) => return Err(error),
    };
    let swept = Swept { name, kind: Some(kind), bytes: seen.blocks };
    let dead = match mode {
        SweepMode::DryRun => !is_held_unseen(seen.entry.as_fd())?,
        SweepMode::Remove => match entry::settle(place)? {
            Verdict::Dead => true,
            Verdict::Live => false,
            Verdict::Leftover(error) => return Err(error),
        },
    };
    Ok(dead.then_some(swept))
}

/// An entry that cannot be read cannot be opened either, so nobody comes to hold it while it is removed.
fn sweep_malformed(place: &Place, mode: SweepMode, error: Error) -> Result<Option<Swept>> {
    let Ok(entry) = place.open_unheld(false) else { return Err(error) };
    let stat = rustix::fs::fstat(&entry).map_err(|errno| failed(LIST, errno))?;
    // An entry has one name. What has others is somebody's.
    let may_be_ours = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_nlink == 1;
    if !may_be_ours || is_held_unseen(entry.as_fd())? {
        return Err(error);
    }
    if mode == SweepMode::Remove {
        entry::remove(place, FileId::of(&stat))?;
    }
    Ok(Some(Swept {
        name: place.file.to_string(),
        kind: None,
        bytes: (stat.st_blocks as u64).saturating_mul(512),
    }))
}
