//! Access control lists and their entries.

use super::memory::{self, u16_at, u32_at};
use super::sid::{Sid, put_after};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::types::{BOOL, DWORD, POINTER};

pub(super) const ALLOWED: u8 = 0;
pub(super) const DENIED: u8 = 1;
pub(super) const AUDIT: u8 = 2;
pub(super) const LABEL: u8 = 0x11;
/// Entries of these kinds are a mask and an identifier.
pub(super) const PLAIN: [u8; 4] = [ALLOWED, DENIED, AUDIT, LABEL];

/// Revision, 0, size, count of entries, 0.
const HEADER: usize = 8;
const ACL_REVISION: u8 = 2;
const ACL_REVISION_DS: u8 = 4;
/// An entry's kind, flags, size; then come mask and identifier.
const ACE_HEADER: usize = 4;

/// A list, read and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Acl {
    pub(super) revision: u8,
    pub(super) entries: Vec<Ace>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ace {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) body: Body,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Body {
    Plain {
        mask: u32,
        sid: Sid,
    },
    /// Of a kind that is not looked into.
    Other(Vec<u8>),
}

impl Acl {
    /// Reads one out of memory of the program.
    pub(super) fn read(address: usize) -> Result<Acl> {
        let header = memory::read(address, HEADER)?;
        let size = u16_at(&header, 2).map_or(0, usize::from);
        Acl::parse(&memory::read(address, size.max(HEADER))?)
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Acl> {
        let (Some(&revision), Some(size), Some(count)) = (bytes.first(), u16_at(bytes, 2), u16_at(bytes, 4))
        else {
            return Err(invalid("the list is cut"));
        };
        let size = usize::from(size);
        if !(ACL_REVISION..=ACL_REVISION_DS).contains(&revision) || size < HEADER || bytes.len() < size {
            return Err(invalid("the list has no revision or size that there is"));
        }
        let mut place = HEADER;
        let mut entries = Vec::new();
        for _ in 0..count {
            let (entry, length) = Ace::parse(&bytes[place..size])?;
            entries.push(entry);
            place += length;
        }
        Ok(Acl { revision, entries })
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![self.revision, 0, 0, 0, 0, 0, 0, 0];
        for entry in &self.entries {
            bytes.extend(entry.to_bytes());
        }
        let size = u16::try_from(bytes.len()).map_err(|_| invalid("the list is longer than 65535 bytes"))?;
        bytes[2..4].copy_from_slice(&size.to_le_bytes());
        // Each entry has at least 4 bytes, so their number fits too.
        bytes[4..6].copy_from_slice(&(self.entries.len() as u16).to_le_bytes());
        Ok(bytes)
    }
}

impl Ace {
    /// One at the beginning of bytes, and how many it takes.
    fn parse(bytes: &[u8]) -> Result<(Ace, usize)> {
        let (Some(&kind), Some(&flags), Some(size)) = (bytes.first(), bytes.get(1), u16_at(bytes, 2)) else {
            return Err(invalid("an entry is cut"));
        };
        let size = usize::from(size);
        if size < ACE_HEADER || !size.is_multiple_of(4) || size > bytes.len() {
            return Err(invalid("an entry has a size that cannot be"));
        }
        let bytes = &bytes[ACE_HEADER..size];
        let body = if PLAIN.contains(&kind) {
            let mask = u32_at(bytes, 0).ok_or_else(|| invalid("an entry is cut"))?;
            Body::Plain {
                mask,
                sid: Sid::parse(&bytes[4..]).map_err(|_| invalid("an entry's identifier is malformed"))?.0,
            }
        } else {
            Body::Other(bytes.to_vec())
        };
        Ok((Ace { kind, flags, body }, size))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let body = match &self.body {
            Body::Plain { mask, sid } => [mask.to_le_bytes().to_vec(), sid.to_bytes()].concat(),
            Body::Other(bytes) => bytes.clone(),
        };
        // At most 4 and 68 bytes, or what was a u16 before.
        let size = (ACE_HEADER + body.len()) as u16;
        [vec![self.kind, self.flags], size.to_le_bytes().to_vec(), body].concat()
    }
}

fn invalid(why: &'static str) -> Failure {
    Failure::hint(code::INVALID_ACL, why)
}

/// How much of a list the header says that there is, and how much of that is used.
fn extent(address: usize) -> Result<(Acl, usize, usize)> {
    let room = u16_at(&memory::read(address, HEADER)?, 2).map_or(0, usize::from).max(HEADER);
    let bytes = memory::read(address, room)?;
    let acl = Acl::parse(&bytes)?;
    let mut used = HEADER;
    for _ in &acl.entries {
        used += Ace::parse(&bytes[used..])?.1;
    }
    Ok((acl, room, used))
}

/// Appends an entry to a list in the program's memory.
fn add(acl: POINTER, revision: u32, entry: Ace) -> Result<()> {
    let (list, room, used) = extent(acl.expose_provenance())?;
    if !(u32::from(ACL_REVISION)..=u32::from(ACL_REVISION_DS)).contains(&revision) {
        return Err(Failure::hint(code::REVISION_MISMATCH, "the revision must be ACL_REVISION (2) to 4"));
    }
    let bytes = entry.to_bytes();
    if used + bytes.len() > room || list.entries.len() >= usize::from(u16::MAX) {
        return Err(Failure::hint(
            code::ALLOTTED_SPACE_EXCEEDED,
            format!(
                "the list has room for {room} bytes, and this entry needs {} more",
                used + bytes.len() - room
            ),
        ));
    }
    let to = acl.cast::<u8>();
    put_after(to, used, &bytes);
    put_after(to, 4, &(list.entries.len() as u16 + 1).to_le_bytes());
    put_after(to, 0, &[list.revision.max(revision as u8)]);
    Ok(())
}

fn add_plain(acl: POINTER, revision: u32, kind: u8, flags: u32, mask: u32, sid: POINTER) -> Result<()> {
    let sid = Sid::read(sid.expose_provenance())?;
    let flags = u8::try_from(flags).ok().filter(|flags| flags & !0x1F == 0);
    let flags =
        flags.ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "the flags are not those of an entry"))?;
    add(acl, revision, Ace { kind, flags, body: Body::Plain { mask, sid } })
}

export! {
    fn InitializeAcl(acl: POINTER, size: DWORD, revision: DWORD) -> BOOL {
        if acl.is_null() || !(u32::from(ACL_REVISION)..=u32::from(ACL_REVISION_DS)).contains(&revision) {
            return Err(Failure::hint(code::INVALID_PARAMETER, "the list is NULL, or the revision not 2 to 4"));
        }
        if (size as usize) < HEADER {
            return Err(Failure::hint(code::INSUFFICIENT_BUFFER, "a list has at least 8 bytes"));
        }
        // Sizes are multiples of 4.
        let size = u16::try_from(size & !3).map_err(|_| Failure::hint(code::INVALID_PARAMETER, "a list has at most 65535 bytes"))?;
        let [low, high] = size.to_le_bytes();
        put_after(acl.cast::<u8>(), 0, &[revision as u8, 0, low, high, 0, 0, 0, 0]);
        Ok(())
    }

    fn IsValidAcl(acl: POINTER) -> BOOL { Ok(BOOL::from(Acl::read(acl.expose_provenance()).is_ok())) }

    fn AddAccessAllowedAce(acl: POINTER, revision: DWORD, mask: DWORD, sid: POINTER) -> BOOL {
        add_plain(acl, revision, ALLOWED, 0, mask, sid)
    }

    fn AddAccessAllowedAceEx(acl: POINTER, revision: DWORD, flags: DWORD, mask: DWORD, sid: POINTER) -> BOOL {
        add_plain(acl, revision, ALLOWED, flags, mask, sid)
    }

    fn AddAccessDeniedAce(acl: POINTER, revision: DWORD, mask: DWORD, sid: POINTER) -> BOOL {
        add_plain(acl, revision, DENIED, 0, mask, sid)
    }

    fn AddAccessDeniedAceEx(acl: POINTER, revision: DWORD, flags: DWORD, mask: DWORD, sid: POINTER) -> BOOL {
        add_plain(acl, revision, DENIED, flags, mask, sid)
    }
}
