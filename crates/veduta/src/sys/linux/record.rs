//! The entry's header: what stands in the first pages of the file that stands for a named object.
//!
//! docs/format.md is the prose copy. Anything read here was written by somebody else: it is read once into memory of
//! our own ([`RawRecord`]), checked, and only then believed ([`Record`]).

use super::directory::FileName;
use super::error::failed;
use crate::{Code, Error, Kind, ObjectName, Protection, Result, Scope};
use rustix::fd::{AsFd, BorrowedFd};
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// Changes whenever the layout does, so that two builds with different layouts refuse each other.
pub(crate) const MAGIC: [u8; 8] = *b"VEDUTA\x00\x01";
/// The version this build reads and writes.
pub(crate) const VERSION: u32 = 3;
/// Headers are whole pages, so that the bytes behind one can be mapped.
pub(crate) const PAGE: usize = 4096;
/// How many living holders an entry remembers.
pub(crate) const SLOTS: usize = 4;

/// Life and death of the object, in [`Header::word`].
pub(crate) mod word {
    /// Somebody may hold it.
    pub(crate) const LIVE: u64 = 1;
    /// Nobody holds it and nobody ever will.
    pub(crate) const DEAD: u64 = 2;
    const DYING: u64 = 3;

    /// Somebody is finding out whether anybody holds it. `tag` tells the attempts apart.
    pub(crate) const fn dying(tag: u64) -> u64 {
        tag << 2 | DYING
    }

    pub(crate) const fn is_valid(word: u64) -> bool {
        word == LIVE || word == DEAD || word & 3 == DYING
    }
}

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Clone, Copy)]
#[repr(C)]
pub(crate) struct Header {
    magic: [u8; 8],
    version: u32,
    header_bytes: u32,
    pub(crate) word: u64,
    kind: u32,
    location: u32,
    protection: u32,
    name_bytes: u32,
    path_bytes: u32,
    page_shift: u32,
    size: u64,
    created_seconds: u64,
    created_nanos: u32,
    transparent: u32,
    bytes_device: u64,
    bytes_inode: u64,
    slots: [Slot; SLOTS],
    detail: u32,
    reserved: [u8; 100],
}

/// A holder that can show the object's bytes.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Slot {
    /// Its process, in the pid namespace below; 0 for none.
    pub(crate) pid: u32,
    /// Its descriptor of the bytes.
    pub(crate) descriptor: u32,
    /// The inode of the pid namespace in which `pid` means something.
    pub(crate) pid_namespace: u64,
}

const _: () = assert!(size_of::<Header>() == TAIL && offset_of!(Header, word) == WORD_OFFSET);

/// Where the name begins, and behind it the file's path.
pub(crate) const TAIL: usize = 256;
/// Where the word stands.
pub(crate) const WORD_OFFSET: usize = 16;
/// Where the slots stand.
pub(crate) const SLOTS_OFFSET: usize = offset_of!(Header, slots);

/// Where the object's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    /// In a memory file without a name, which its holders show through /proc.
    Holder,
    /// In the entry, behind the header.
    Entry,
    /// In a file of the user's.
    File,
}

/// The numbers of kinds, which never change.
impl Kind {
    pub(crate) const fn to_raw(self) -> u32 {
        match self {
            Kind::Section => 1,
            Kind::Mutex => 2,
            Kind::Event => 3,
            Kind::Semaphore => 4,
            Kind::Timer => 5,
        }
    }

    pub(crate) const fn from_raw(raw: u32) -> Option<Kind> {
        match raw {
            1 => Some(Kind::Section),
            2 => Some(Kind::Mutex),
            3 => Some(Kind::Event),
            4 => Some(Kind::Semaphore),
            5 => Some(Kind::Timer),
            _ => None,
        }
    }
}

impl Location {
    pub(crate) const fn to_raw(self) -> u32 {
        match self {
            Location::Holder => 1,
            Location::Entry => 2,
            Location::File => 3,
        }
    }

    pub(crate) const fn from_raw(raw: u32) -> Option<Location> {
        match raw {
            1 => Some(Location::Holder),
            2 => Some(Location::Entry),
            3 => Some(Location::File),
            _ => None,
        }
    }
}

/// A file, told apart from all others of this boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

impl FileId {
    pub(crate) fn of(stat: &rustix::fs::Stat) -> FileId {
        FileId { device: stat.st_dev, inode: stat.st_ino }
    }

    pub(crate) fn of_statx(stat: &rustix::fs::Statx) -> FileId {
        FileId { device: rustix::fs::makedev(stat.stx_dev_major, stat.stx_dev_minor), inode: stat.stx_ino }
    }
}

/// What is to be written when an object is created.
pub(crate) struct NewRecord<'a> {
    pub(crate) name: &'a ObjectName,
    pub(crate) kind: Kind,
    pub(crate) location: Location,
    pub(crate) protection: Protection,
    pub(crate) page_shift: u32,
    pub(crate) transparent: bool,
    pub(crate) size: u64,
    pub(crate) bytes: FileId,
    pub(crate) slot: Slot,
    pub(crate) detail: u32,
    pub(crate) path: Option<&'a Path>,
}

impl NewRecord<'_> {
    /// The header as it is to stand in the entry: whole pages.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt;
        let created = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let name = self.name.as_str().as_bytes();
        let path = self.path.map_or(&[][..], |path| path.as_os_str().as_bytes());
        let length = header_bytes(name.len(), path.len());
        let mut header = Header::new_zeroed();
        header.magic = MAGIC;
        header.version = VERSION;
        header.header_bytes = length as u32;
        header.word = word::LIVE;
        header.kind = self.kind.to_raw();
        header.location = self.location.to_raw();
        header.protection = self.protection.page_constant();
        header.name_bytes = name.len() as u32;
        header.path_bytes = path.len() as u32;
        header.page_shift = self.page_shift;
        header.size = self.size;
        header.created_seconds = created.as_secs();
        header.created_nanos = created.subsec_nanos();
        header.transparent = self.transparent.into();
        header.bytes_device = self.bytes.device;
        header.bytes_inode = self.bytes.inode;
        header.slots[0] = self.slot;
        header.detail = self.detail;
        let mut page = vec![0; length];
        page[..TAIL].copy_from_slice(header.as_bytes());
        page[TAIL..][..name.len()].copy_from_slice(name);
        page[TAIL + name.len()..][..path.len()].copy_from_slice(path);
        page
    }
}

/// How many bytes the header of an entry with such a name and path takes.
pub(crate) fn header_bytes(name: usize, path: usize) -> usize {
    (TAIL + name + path).next_multiple_of(PAGE)
}

/// A header as it was found: not yet believed.
pub(crate) struct RawRecord {
    /// Most fit a first read that is small enough for the stack.
    first: [u8; 512],
    /// The whole of one that does not.
    long: Vec<u8>,
    len: usize,
}

/// The longest header that a name of 32 767 units and a path of `PATH_MAX` can need.
const LONGEST: usize = 32_767 * 3 + 4096 + TAIL + PAGE;

impl RawRecord {
    /// Reads the header, once.
    pub(crate) fn read(entry: BorrowedFd<'_>) -> Result<RawRecord> {
        let mut raw = RawRecord { first: [0; 512], long: Vec::new(), len: 0 };
        let got = read_whole(entry, &mut raw.first)?;
        raw.len = match Header::read_from_prefix(&raw.first[..got]) {
            Ok((header, _)) => TAIL + header.name_bytes as usize + header.path_bytes as usize,
            Err(_) => return Err(malformed("it is shorter than a header")),
        };
        if raw.len > got {
            if raw.len > LONGEST {
                return Err(malformed("its name is longer than a name can be"));
            }
            raw.long = vec![0; raw.len];
            if read_whole(entry, &mut raw.long)? < raw.len {
                return Err(malformed("it is shorter than its name"));
            }
        }
        Ok(raw)
    }

    fn bytes(&self) -> &[u8] {
        if self.long.is_empty() { &self.first[..self.len] } else { &self.long }
    }

    /// Believes the header, if it is well-formed.
    pub(crate) fn validate(&self) -> Result<Record<'_>> {
        let (header, tail) =
            Header::read_from_prefix(self.bytes()).map_err(|_| malformed("it is shorter than a header"))?;
        if header.magic[..6] != MAGIC[..6] {
            return Err(malformed("it does not begin as an entry does"));
        }
        if header.magic != MAGIC || header.version != VERSION {
            return Err(Error::new(Code::REVISION_MISMATCH, "read entry").hint(format!(
                "it has version {}, this program reads version {VERSION}: use the same version of veduta everywhere",
                header.version
            )));
        }
        let (name, path) = tail
            .split_at_checked(header.name_bytes as usize)
            .filter(|(_, path)| path.len() >= header.path_bytes as usize)
            .ok_or_else(|| malformed("its name runs over its end"))?;
        let name = std::str::from_utf8(name).map_err(|_| malformed("its name is not UTF-8"))?;
        let length = header_bytes(header.name_bytes as usize, header.path_bytes as usize);
        if header.header_bytes as usize != length {
            return Err(malformed("its header has an impossible length"));
        }
        if !word::is_valid(header.word) {
            return Err(malformed("it is neither live nor dead"));
        }
        if header.created_nanos >= 1_000_000_000 || header.created_seconds > i64::MAX as u64 {
            return Err(malformed("its creation time is impossible"));
        }
        if !matches!(header.page_shift, 0 | 16..=36) {
            return Err(malformed("its page size is impossible"));
        }
        if header.size > crate::section::MAX_SIZE {
            return Err(malformed("its size is impossible"));
        }
        let created = SystemTime::UNIX_EPOCH
            .checked_add(Duration::new(header.created_seconds, header.created_nanos))
            .ok_or_else(|| malformed("its creation time is impossible"))?;
        Ok(Record {
            name,
            path: &path[..header.path_bytes as usize],
            kind: Kind::from_raw(header.kind).ok_or_else(|| malformed("its kind of object is unknown"))?,
            location: Location::from_raw(header.location)
                .ok_or_else(|| malformed("it does not say where its bytes are"))?,
            protection: Protection::from_page_constant(header.protection)
                .map_err(|_| malformed("its protection is unknown"))?,
            header_bytes: length as u64,
            word: header.word,
            page_shift: header.page_shift,
            transparent: header.transparent != 0,
            size: header.size,
            created,
            bytes: FileId { device: header.bytes_device, inode: header.bytes_inode },
            slots: header.slots,
            detail: header.detail,
        })
    }
}

fn read_whole(entry: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize> {
    rustix::io::retry_on_intr(|| rustix::io::pread(entry.as_fd(), &mut *buffer, 0)).map_err(|errno| {
        match errno {
            rustix::io::Errno::SPIPE | rustix::io::Errno::ISDIR => {
                Error::new(Code::INVALID_DATA, "read entry").hint(
                    "it is not a file, so none of veduta's: whoever put it there, or root, has to remove it",
                )
            }
            errno => failed("read entry", errno),
        }
    })
}

fn malformed(what: &'static str) -> Error {
    Error::new(Code::INVALID_DATA, "read entry")
        .hint(format!("{what}; `veduta sweep` removes it if nobody holds it"))
}

/// A header that was found well-formed.
#[derive(Debug, PartialEq)]
pub(crate) struct Record<'a> {
    name: &'a str,
    path: &'a [u8],
    pub(crate) kind: Kind,
    pub(crate) location: Location,
    pub(crate) protection: Protection,
    pub(crate) header_bytes: u64,
    pub(crate) word: u64,
    pub(crate) page_shift: u32,
    pub(crate) transparent: bool,
    pub(crate) size: u64,
    pub(crate) created: SystemTime,
    pub(crate) bytes: FileId,
    pub(crate) slots: [Slot; SLOTS],
    pub(crate) detail: u32,
}

impl Record<'_> {
    /// Whether this is the entry of `name` (a hashed file name, or a stranger, may bring another one).
    pub(crate) fn is_of(&self, name: &ObjectName) -> bool {
        self.name == name.as_str()
    }

    pub(crate) fn name(&self, scope: Scope) -> Result<ObjectName> {
        ObjectName::from_entry(scope, self.name).map_err(|_| malformed("its name is not a valid name"))
    }

    /// The file name that belongs to the name.
    pub(crate) fn file_name(&self, scope: Scope) -> Result<FileName> {
        Ok(FileName::of(&self.name(scope)?))
    }

    pub(crate) fn path(&self) -> Option<PathBuf> {
        use std::os::unix::ffi::OsStrExt;
        let path = std::ffi::OsStr::from_bytes(self.path);
        (!path.is_empty()).then(|| PathBuf::from(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format's document is the only prose copy of the layout: it must say what the code does.
    #[test]
    fn the_document_has_the_same_offsets() {
        let document = include_str!("../../../../../docs/format.md");
        let mut end = 0;
        for (name, offset, bytes) in [
            ("magic", offset_of!(Header, magic), 8),
            ("version", offset_of!(Header, version), 4),
            ("header_bytes", offset_of!(Header, header_bytes), 4),
            ("word", offset_of!(Header, word), 8),
            ("kind", offset_of!(Header, kind), 4),
            ("location", offset_of!(Header, location), 4),
            ("protection", offset_of!(Header, protection), 4),
            ("name_bytes", offset_of!(Header, name_bytes), 4),
            ("path_bytes", offset_of!(Header, path_bytes), 4),
            ("page_shift", offset_of!(Header, page_shift), 4),
            ("size", offset_of!(Header, size), 8),
            ("created_seconds", offset_of!(Header, created_seconds), 8),
            ("created_nanos", offset_of!(Header, created_nanos), 4),
            ("transparent", offset_of!(Header, transparent), 4),
            ("bytes_device", offset_of!(Header, bytes_device), 8),
            ("bytes_inode", offset_of!(Header, bytes_inode), 8),
            ("slots", SLOTS_OFFSET, SLOTS * size_of::<Slot>()),
            ("detail", offset_of!(Header, detail), 4),
            ("reserved", offset_of!(Header, reserved), 100),
        ] {
            assert_eq!(offset, end, "{name} is not where the one before ends");
            end = offset + bytes;
            let row = format!("\n| {offset} | {bytes} | {name} | ");
            assert!(document.contains(&row), "docs/format.md has no row {row}");
        }
        assert_eq!(end, TAIL);
        for (word, value) in [("LIVE", word::LIVE), ("DEAD", word::DEAD)] {
            assert!(document.contains(&format!("{word} = {value}")));
        }
        assert_eq!(word::dying(5), 5 * 4 + 3);
    }
}
