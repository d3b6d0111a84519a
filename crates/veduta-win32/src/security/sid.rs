//! Security identifiers: `S-1-authority-number-number...`

use super::memory::{self, u32_at};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::heap;
use crate::last_error;
use crate::pointer::{In, Out};
use crate::text::{Narrow, Text, Wide};
use crate::types::{BOOL, DWORD, POINTER};
use std::ptr::null_mut;

/// An identifier, read and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Sid {
    pub(super) authority: u64,
    pub(super) numbers: Vec<u32>,
}

pub(super) const MAX_NUMBERS: usize = 15;
/// Revision, count, authority.
const HEADER: usize = 8;

const AUTHORITY_NT: u64 = 5;
/// As Samba says "user of Unix", with a number of 1 and the user's, or 2 and the group's.
const AUTHORITY_UNIX: u64 = 22;
const AUTHORITY_LABEL: u64 = 16;

/// The two letters that stand for an identifier in SDDL. Those of a domain are not here: there is none.
const ALIASES: &[(&str, u64, &[u32])] = &[
    ("WD", 1, &[0]),
    ("CO", 3, &[0]),
    ("CG", 3, &[1]),
    ("OW", 3, &[4]),
    ("NU", AUTHORITY_NT, &[2]),
    ("IU", AUTHORITY_NT, &[4]),
    ("SU", AUTHORITY_NT, &[6]),
    ("AN", AUTHORITY_NT, &[7]),
    ("ED", AUTHORITY_NT, &[9]),
    ("PS", AUTHORITY_NT, &[10]),
    ("AU", AUTHORITY_NT, &[11]),
    ("RC", AUTHORITY_NT, &[12]),
    ("SY", AUTHORITY_NT, &[18]),
    ("LS", AUTHORITY_NT, &[19]),
    ("NS", AUTHORITY_NT, &[20]),
    ("BA", AUTHORITY_NT, &[32, 544]),
    ("BU", AUTHORITY_NT, &[32, 545]),
    ("BG", AUTHORITY_NT, &[32, 546]),
    ("PU", AUTHORITY_NT, &[32, 547]),
    ("AO", AUTHORITY_NT, &[32, 548]),
    ("SO", AUTHORITY_NT, &[32, 549]),
    ("PO", AUTHORITY_NT, &[32, 550]),
    ("BO", AUTHORITY_NT, &[32, 551]),
    ("RE", AUTHORITY_NT, &[32, 552]),
    ("RD", AUTHORITY_NT, &[32, 555]),
    ("NO", AUTHORITY_NT, &[32, 556]),
    ("MU", AUTHORITY_NT, &[32, 558]),
    ("LU", AUTHORITY_NT, &[32, 559]),
    ("AC", 15, &[2, 1]),
    ("LW", AUTHORITY_LABEL, &[4096]),
    ("ME", AUTHORITY_LABEL, &[8192]),
    ("HI", AUTHORITY_LABEL, &[12288]),
    ("SI", AUTHORITY_LABEL, &[16384]),
];

impl Sid {
    pub(super) fn of_user(user: u32) -> Sid {
        Sid { authority: AUTHORITY_UNIX, numbers: vec![1, user] }
    }

    pub(super) fn of_group(group: u32) -> Sid {
        Sid { authority: AUTHORITY_UNIX, numbers: vec![2, group] }
    }

    /// The identifier that two letters stand for.
    pub(super) fn of_alias(letters: &str) -> Option<Sid> {
        ALIASES
            .iter()
            .find(|(alias, ..)| alias.eq_ignore_ascii_case(letters))
            .map(|&(_, authority, numbers)| Sid { authority, numbers: numbers.to_vec() })
    }

    pub(super) fn alias(&self) -> Option<&'static str> {
        ALIASES
            .iter()
            .find(|&&(_, authority, numbers)| self.authority == authority && self.numbers == numbers)
            .map(|&(alias, ..)| alias)
    }

    /// Reads one out of memory of the program.
    pub(super) fn read(address: usize) -> Result<Sid> {
        let header = memory::read(address, HEADER)?;
        let count = usize::from(header[1]);
        if header[0] != 1 || count > MAX_NUMBERS {
            return Err(invalid());
        }
        Sid::parse(&memory::read(address, HEADER + 4 * count)?).map(|(sid, _)| sid)
    }

    /// One at the beginning of bytes, and how many bytes it takes.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Sid, usize)> {
        let (Some(&revision), Some(&count), Some(authority)) =
            (bytes.first(), bytes.get(1), bytes.get(2..HEADER))
        else {
            return Err(invalid());
        };
        let count = usize::from(count);
        if revision != 1 || count > MAX_NUMBERS {
            return Err(invalid());
        }
        // The authority, alone in all of this, has its high byte first.
        let authority = authority.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let numbers: Option<Vec<u32>> = (0..count).map(|index| u32_at(bytes, HEADER + 4 * index)).collect();
        Ok((Sid { authority, numbers: numbers.ok_or_else(invalid)? }, HEADER + 4 * count))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![1, self.numbers.len() as u8];
        bytes.extend_from_slice(&self.authority.to_be_bytes()[2..]);
        self.numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        bytes
    }

    /// `S-1-...` or two letters at the beginning of a text, and what comes behind.
    pub(super) fn from_text(text: &str) -> Result<(Sid, &str)> {
        if text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("S-")) {
            let end =
                text.find(|c: char| !c.is_ascii_hexdigit() && !"-xXsS".contains(c)).unwrap_or(text.len());
            let (mut sid, mut rest) = text.split_at(end);
            // In a descriptor the next part may follow at once, as in O:S-1-5-18D:... whose D is no digit.
            if rest.starts_with(':') && sid.len() > 1 {
                (sid, rest) = text.split_at(end - 1);
            }
            return Ok((Sid::from_numbers(sid).ok_or_else(|| bad_text(sid))?, rest));
        }
        let letters = text.get(..2).ok_or_else(|| bad_text(text))?;
        Ok((Sid::of_alias(letters).ok_or_else(|| bad_text(letters))?, &text[2..]))
    }

    fn from_numbers(text: &str) -> Option<Sid> {
        let mut parts = text.get(2..)?.split('-');
        let number = |part: &str| match part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
            Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16).ok(),
            None if part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse().ok(),
            None => None,
        };
        if number(parts.next()?)? != 1 {
            return None;
        }
        let authority = number(parts.next()?).filter(|&authority| authority < 1 << 48)?;
        let numbers: Option<Vec<u32>> = parts.map(|part| u32::try_from(number(part)?).ok()).collect();
        let numbers = numbers.filter(|numbers| (1..=MAX_NUMBERS).contains(&numbers.len()))?;
        Some(Sid { authority, numbers })
    }
}

impl std::fmt::Display for Sid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.authority < 1 << 32 {
            write!(f, "S-1-{}", self.authority)?;
        } else {
            write!(f, "S-1-{:#014x}", self.authority)?;
        }
        self.numbers.iter().try_for_each(|number| write!(f, "-{number}"))
    }
}

fn invalid() -> Failure {
    Failure::hint(code::INVALID_SID, "it is no security identifier of revision 1 with up to 15 numbers")
}

fn bad_text(text: &str) -> Failure {
    Failure::hint(
        code::INVALID_SID,
        format!("{text:?} is no security identifier: S-1-... or two letters that do not need a domain"),
    )
}

/// What `CreateWellKnownSid` makes, by the number of the type; those of a domain are missing.
fn well_known(kind: u32) -> Option<Sid> {
    let (authority, numbers): (u64, &[u32]) = match kind {
        0 => (0, &[0]),
        1 => (1, &[0]),
        2 => (2, &[0]),
        3..=6 => (3, &[kind - 3]),
        7 => (AUTHORITY_NT, &[]),
        // Dialup 1, Network 2, Batch 3, Interactive 4; then Service 6 and so on, up to Restricted 12.
        8..=11 => (AUTHORITY_NT, &[kind - 7]),
        12..=18 => (AUTHORITY_NT, &[kind - 6]),
        19 => (AUTHORITY_NT, &[13]),
        20 => (AUTHORITY_NT, &[14]),
        22 => (AUTHORITY_NT, &[18]),
        23 => (AUTHORITY_NT, &[19]),
        24 => (AUTHORITY_NT, &[20]),
        25 => (AUTHORITY_NT, &[32]),
        26..=28 => (AUTHORITY_NT, &[32, 544 + kind - 26]),
        _ => return None,
    };
    Some(Sid { authority, numbers: numbers.to_vec() })
}

type Pointer = POINTER;

export! {
    fn AllocateAndInitializeSid(
        authority: In<[u8; 6]>,
        count: u8,
        n0: DWORD, n1: DWORD, n2: DWORD, n3: DWORD, n4: DWORD, n5: DWORD, n6: DWORD, n7: DWORD,
        sid: Out<Pointer>,
    ) -> BOOL {
        let numbers = [n0, n1, n2, n3, n4, n5, n6, n7];
        let authority = authority.required()?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let numbers = numbers.get(..usize::from(count)).ok_or_else(|| {
            Failure::hint(code::INVALID_SID, "at most 8 numbers can be given here")
        })?;
        let made = Sid { authority, numbers: numbers.to_vec() };
        sid.required()?.put(heap::allocate_copy(&made.to_bytes())?.cast());
        Ok(())
    }

    /// NULL says that it is done.
    fn FreeSid(sid: Pointer) -> Pointer {
        if !sid.is_null() {
            heap::give_back("FreeSid", sid);
        }
        Ok(null_mut())
    }

    fn CreateWellKnownSid(kind: DWORD, _domain: Pointer, sid: Out<u8>, size: Out<DWORD>) -> BOOL {
        let made = well_known(kind).ok_or_else(|| {
            Failure::hint(code::INVALID_PARAMETER, format!("type {kind} is not here: types of a domain, and newer ones, are not"))
        })?;
        let bytes = made.to_bytes();
        let capacity = size.required()?.get().unwrap_or(0);
        size.put(bytes.len() as u32);
        if sid.is_null() || (capacity as usize) < bytes.len() {
            return Err(Failure::Code(code::INSUFFICIENT_BUFFER));
        }
        sid.put_all(&bytes);
        Ok(())
    }

    fn IsWellKnownSid(sid: Pointer, kind: DWORD) -> BOOL {
        Ok(BOOL::from(well_known(kind) == Some(Sid::read(sid.expose_provenance())?)))
    }

    fn IsValidSid(sid: Pointer) -> BOOL {
        Ok(BOOL::from(Sid::read(sid.expose_provenance()).is_ok()))
    }

    fn GetLengthSid(sid: Pointer) -> DWORD { Ok(Sid::read(sid.expose_provenance())?.to_bytes().len() as u32) }

    fn GetSidLengthRequired(count: u8) -> DWORD { Ok(HEADER as u32 + 4 * u32::from(count)) }

    fn InitializeSid(sid: Out<u8>, authority: In<[u8; 6]>, count: u8) -> BOOL {
        let authority = authority.required()?;
        if usize::from(count) > MAX_NUMBERS {
            return Err(invalid());
        }
        // The numbers are the caller's to write.
        sid.required()?.put_all(&[1, count]);
        put_after(sid.as_ptr(), 2, &authority);
        Ok(())
    }

    fn GetSidSubAuthority(sid: Pointer, index: DWORD) -> *mut u32 {
        Ok(sid.cast::<u8>().wrapping_add(HEADER + 4 * index as usize).cast())
    }

    fn GetSidSubAuthorityCount(sid: Pointer) -> *mut u8 { Ok(sid.cast::<u8>().wrapping_add(1)) }

    fn GetSidIdentifierAuthority(sid: Pointer) -> Pointer { Ok(sid.cast::<u8>().wrapping_add(2).cast()) }

    fn EqualSid(a: Pointer, b: Pointer) -> BOOL {
        let same = Sid::read(a.expose_provenance())? == Sid::read(b.expose_provenance())?;
        // False is no failure, and says so.
        last_error::set(code::SUCCESS);
        Ok(BOOL::from(same))
    }

    fn CopySid(capacity: DWORD, target: Out<u8>, source: Pointer) -> BOOL {
        let bytes = Sid::read(source.expose_provenance())?.to_bytes();
        if (capacity as usize) < bytes.len() {
            return Err(Failure::Code(code::INSUFFICIENT_BUFFER));
        }
        target.required()?.put_all(&bytes);
        Ok(())
    }

    fn ConvertStringSidToSidA(text: Narrow, sid: Out<Pointer>) -> BOOL { from_string(text, sid) }

    fn ConvertStringSidToSidW(text: Wide, sid: Out<Pointer>) -> BOOL { from_string(text, sid) }

    fn ConvertSidToStringSidA(sid: Pointer, text: Out<*mut u8>) -> BOOL { to_string::<Narrow>(sid, text) }

    fn ConvertSidToStringSidW(sid: Pointer, text: Out<*mut u16>) -> BOOL { to_string::<Wide>(sid, text) }
}

fn from_string(text: impl Text, sid: Out<Pointer>) -> Result<()> {
    let text = text.required()?;
    let sid = sid.required()?;
    match Sid::from_text(&text)? {
        (made, "") => {
            sid.put(heap::allocate_copy(&made.to_bytes())?.cast());
            Ok(())
        }
        _ => Err(bad_text(&text)),
    }
}

fn to_string<T: Text>(sid: Pointer, text: Out<*mut T::Unit>) -> Result<()> {
    let sid = Sid::read(sid.expose_provenance())?;
    super::put_text::<T>(text, &sid.to_string())
}

/// Writes some bytes behind the beginning of a structure.
pub(super) fn put_after(to: *mut u8, offset: usize, bytes: &[u8]) {
    let place = to.wrapping_add(offset);
    // SAFETY: the caller of the exported function says that the whole structure may be written.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) }
}
