//! Descriptors of who may open an object, made of a mode; and in them what the kernel does not keep.
//!
//! Windows rounds the size of a section up to whole pages and does not tell openers its protection. Both are to be the same for everybody, so they
//! are written down where they belong to the object, are there from its first moment, and go with it: in its access control list, as one more entry that
//! grants nothing (an access mask of 0) to a user that does not exist, `S-1-9-1447380053-…`. Authority 9 is that of resource managers, whose
//! users are their own business. Programs that know nothing of it see a section as any other.
//!
//! What stands there was chosen by whoever made the object: it is compared with what the kernel says.

use super::error::{done, failed};
use super::section::Facts;
use crate::{Kind, Protection, Result};
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use std::ptr::{null_mut, without_provenance_mut};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, HANDLE};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, ACL_REVISION, AddAccessAllowedAce, CreateWellKnownSid,
    DACL_SECURITY_INFORMATION, GetAce, GetKernelObjectSecurity, GetLengthSid, GetSecurityDescriptorDacl,
    GetSecurityDescriptorOwner, GetSidIdentifierAuthority, GetSidSubAuthority, GetSidSubAuthorityCount,
    GetTokenInformation, InitializeAcl, InitializeSecurityDescriptor, InitializeSid,
    OWNER_SECURITY_INFORMATION, PSID, SECURITY_ATTRIBUTES, SECURITY_DESCRIPTOR, SID_IDENTIFIER_AUTHORITY,
    SetSecurityDescriptorDacl, SetSecurityDescriptorOwner, TOKEN_PRIMARY_GROUP, TOKEN_USER,
    TokenPrimaryGroup, TokenUser, WELL_KNOWN_SID_TYPE, WinBuiltinAdministratorsSid, WinLocalSystemSid,
    WinWorldSid,
};
use windows_sys::Win32::System::SystemServices::{ACCESS_ALLOWED_ACE_TYPE, SECURITY_DESCRIPTOR_REVISION};

const OPERATION: &str = "describe who may open object";

/// `READ_CONTROL`: to read an object's descriptor.
pub(crate) const READ_CONTROL: u32 = 0x0002_0000;
/// `QUERY_STATE` of the objects that have a state; sections have it by the same number.
pub(crate) const QUERY: u32 = 1;
/// All that the caller may have.
pub(crate) const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
/// What it takes to know what an object is.
pub(crate) const TO_KNOW: u32 = READ_CONTROL | QUERY;

/// The authority of resource managers.
static AUTHORITY: SID_IDENTIFIER_AUTHORITY = SID_IDENTIFIER_AUTHORITY { Value: [0, 0, 0, 0, 0, 9] };
/// "VEDU", and how to read the rest.
const MAGIC: u32 = 0x5645_4455;
const VERSION: u32 = 1;
/// Magic, version, and the words of [`Stated`].
const WORDS: usize = 2 + 6;

/// What the maker of an object stated of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stated {
    pub(crate) size: u64,
    pub(crate) protection: Protection,
    pub(crate) detail: u32,
    pub(crate) created: SystemTime,
}

impl Stated {
    pub(crate) fn now(facts: &Facts) -> Stated {
        let Facts { size, protection, detail, .. } = *facts;
        Stated { size, protection, detail, created: SystemTime::now() }
    }

    fn to_words(self) -> [u32; WORDS] {
        let since = self.created.duration_since(UNIX_EPOCH).unwrap_or_default();
        // To a microsecond, until the year 586 000.
        let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        [
            MAGIC,
            VERSION,
            self.size as u32,
            (self.size >> 32) as u32,
            self.protection.page_constant(),
            self.detail,
            micros as u32,
            (micros >> 32) as u32,
        ]
    }

    fn from_words(words: &[u32]) -> Option<Stated> {
        let &[MAGIC, VERSION, size_low, size_high, protection, detail, created_low, created_high] = words
        else {
            return None;
        };
        let wide = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        Some(Stated {
            size: wide(size_low, size_high),
            protection: Protection::from_page_constant(protection).ok()?,
            detail,
            created: UNIX_EPOCH.checked_add(Duration::from_micros(wide(created_low, created_high)))?,
        })
    }
}

/// Memory for structures of Windows', which want to be aligned.
struct Aligned(Vec<u64>);

impl Aligned {
    fn of(bytes: usize) -> Aligned {
        Aligned(vec![0; bytes.div_ceil(size_of::<u64>())])
    }

    fn as_mut_ptr<T>(&mut self) -> *mut T {
        self.0.as_mut_ptr().cast()
    }

    fn bytes(&self) -> u32 {
        (self.0.len() * size_of::<u64>()) as u32
    }
}

/// A user or a group.
struct Sid(Aligned);

impl Sid {
    fn well_known(kind: WELL_KNOWN_SID_TYPE) -> Result<Sid> {
        let mut sid = Aligned::of(68);
        let mut bytes = sid.bytes();
        // SAFETY: the buffer has as many bytes as is said, more than any of these has.
        done(unsafe { CreateWellKnownSid(kind, null_mut(), sid.as_mut_ptr(), &raw mut bytes) })
            .map_err(|code| failed(OPERATION, code))?;
        Ok(Sid(sid))
    }

    /// Nobody, with a number for a name.
    fn stating(words: &[u32; WORDS]) -> Result<Sid> {
        let mut sid = Aligned::of(8 + 4 * WORDS);
        // SAFETY: the buffer has room for that many numbers behind the eight bytes of the head.
        done(unsafe { InitializeSid(sid.as_mut_ptr(), &raw const AUTHORITY, WORDS as u8) })
            .map_err(|code| failed(OPERATION, code))?;
        for (index, word) in words.iter().enumerate() {
            // SAFETY: it was just given as many numbers.
            let place = unsafe { GetSidSubAuthority(sid.as_mut_ptr(), index as u32) };
            // SAFETY: the place is in the buffer, and aligned.
            unsafe { place.write(*word) };
        }
        Ok(Sid(sid))
    }

    fn as_ptr(&mut self) -> PSID {
        self.0.as_mut_ptr()
    }
}

/// What the caller's token says of its user: the thread's if it acts for another, or else the process's.
fn of_token(class: i32) -> Result<Aligned> {
    let mut information = Aligned::of(256);
    let mut bytes = 0;
    loop {
        let (to, room) = (information.as_mut_ptr(), information.bytes());
        // SAFETY: the buffer has as many bytes as is said.
        let status = unsafe { GetTokenInformation(EFFECTIVE_TOKEN, class, to, room, &raw mut bytes) };
        match done(status) {
            Ok(()) => return Ok(information),
            Err(ERROR_INSUFFICIENT_BUFFER) => information = Aligned::of(bytes as usize),
            Err(code) => return Err(failed(OPERATION, code)),
        }
    }
}

/// `GetCurrentThreadEffectiveToken`, a pseudo handle.
const EFFECTIVE_TOKEN: HANDLE = without_provenance_mut(-6_isize as usize);

/// All rights to an object of a kind, `…_ALL_ACCESS`.
fn all(kind: Kind) -> u32 {
    match kind {
        Kind::Section => 0x000F_001F,
        Kind::Mutex => 0x001F_0001,
        Kind::Event | Kind::Semaphore | Kind::Timer => 0x001F_0003,
    }
}

/// The rights that two bits of a mode give.
fn granted(kind: Kind, bits: u32, protection: Protection) -> u32 {
    let (reads, writes) = (bits & 4 != 0, bits & 2 != 0);
    match kind {
        Kind::Section => {
            let read = if reads { READ_CONTROL | 0x5 } else { 0 };
            let execute = if reads && protection.executes() { 0x8 } else { 0 };
            let write = if writes { 0x2 } else { 0 };
            read | execute | write
        }
        // Whoever waits for an object changes it, so it takes both bits; QUERY_STATE, MODIFY_STATE and SYNCHRONIZE.
        _ if reads && writes => READ_CONTROL | 0x0010_0003,
        _ => 0,
    }
}

/// A security descriptor.
pub(crate) struct Descriptor {
    /// Points to what follows.
    descriptor: Box<SECURITY_DESCRIPTOR>,
    _acl: Aligned,
    _user: Aligned,
}

impl Descriptor {
    /// Everything to the owner, to the system and to administrators, as Linux gives everything to root; to the owner's group and to all others what
    /// the mode says. And what is stated.
    pub(crate) fn new(kind: Kind, mode: u32, facts: &Facts) -> Result<Descriptor> {
        let fail = |code| failed(OPERATION, code);
        let mut token_user = of_token(TokenUser)?;
        let mut group = of_token(TokenPrimaryGroup)?;
        // SAFETY: this is what was asked for.
        let user = unsafe { (*token_user.as_mut_ptr::<TOKEN_USER>()).User.Sid };
        // SAFETY: as above.
        let group = unsafe { (*group.as_mut_ptr::<TOKEN_PRIMARY_GROUP>()).PrimaryGroup };
        let mut system = Sid::well_known(WinLocalSystemSid)?;
        let mut administrators = Sid::well_known(WinBuiltinAdministratorsSid)?;
        let mut world = Sid::well_known(WinWorldSid)?;
        let mut stated = Sid::stating(&Stated::now(facts).to_words())?;
        let entries = [
            (all(kind), user),
            (all(kind), system.as_ptr()),
            (all(kind), administrators.as_ptr()),
            (granted(kind, mode >> 3, facts.protection), group),
            (granted(kind, mode, facts.protection), world.as_ptr()),
            (0, stated.as_ptr()),
        ];
        // SAFETY: they are whole ones, and their buffers live.
        let sids: usize = entries.iter().map(|(_, sid)| unsafe { GetLengthSid(*sid) as usize }).sum();
        let mut acl = Aligned::of(size_of::<ACL>() + entries.len() * size_of::<ACCESS_ALLOWED_ACE>() + sids);
        let (list, bytes) = (acl.as_mut_ptr::<ACL>(), acl.bytes());
        // SAFETY: the buffer has as many bytes as is said.
        done(unsafe { InitializeAcl(list, bytes, ACL_REVISION) }).map_err(fail)?;
        let last = entries.len() - 1;
        for (index, (access, sid)) in entries.into_iter().enumerate() {
            // Entries that grant nothing are left out, but for the one that is there to be read.
            if access != 0 || index == last {
                // SAFETY: the list was initialized and has room, and the user is a whole one.
                done(unsafe { AddAccessAllowedAce(list, ACL_REVISION, access, sid) }).map_err(fail)?;
            }
        }
        let mut descriptor = Box::new(SECURITY_DESCRIPTOR::default());
        let pointer = (&raw mut *descriptor).cast();
        // SAFETY: the structure is ours.
        done(unsafe { InitializeSecurityDescriptor(pointer, SECURITY_DESCRIPTOR_REVISION) }).map_err(fail)?;
        // SAFETY: the descriptor was initialized, and the list lives as long as it does, at the same address.
        done(unsafe { SetSecurityDescriptorDacl(pointer, 1, list, 0) }).map_err(fail)?;
        // Not left to the token, which may say that what an administrator makes is all administrators'.
        // SAFETY: as above, for the user.
        done(unsafe { SetSecurityDescriptorOwner(pointer, user, 0) }).map_err(fail)?;
        Ok(Descriptor { descriptor, _acl: acl, _user: token_user })
    }

    /// For the calls that create objects. Good as long as the descriptor lives.
    pub(crate) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: (&raw const *self.descriptor).cast_mut().cast(),
            bInheritHandle: 0,
        }
    }
}

/// What an object's descriptor says, as far as the handle may read it.
fn read(handle: BorrowedHandle<'_>, information: u32) -> Option<Aligned> {
    let mut descriptor = Aligned::of(512);
    let mut bytes = 0;
    loop {
        let (to, room) = (descriptor.as_mut_ptr(), descriptor.bytes());
        let handle = handle.as_raw_handle();
        // SAFETY: the handle is open, and the buffer has as many bytes as is said.
        let status = unsafe { GetKernelObjectSecurity(handle, information, to, room, &raw mut bytes) };
        match done(status) {
            Ok(()) => return Some(descriptor),
            Err(ERROR_INSUFFICIENT_BUFFER) if bytes > descriptor.bytes() => {
                descriptor = Aligned::of(bytes as usize);
            }
            Err(_) => return None,
        }
    }
}

/// What the object's maker stated; `None` if it was another program's, or if the handle may not read that.
pub(crate) fn stated(handle: BorrowedHandle<'_>) -> Option<Stated> {
    let mut descriptor = read(handle, DACL_SECURITY_INFORMATION)?;
    let (mut present, mut defaulted, mut list) = (0, 0, null_mut::<ACL>());
    let pointer = descriptor.as_mut_ptr();
    // SAFETY: the kernel wrote the descriptor, and the rest are variables of ours.
    let status =
        unsafe { GetSecurityDescriptorDacl(pointer, &raw mut present, &raw mut list, &raw mut defaulted) };
    if done(status).is_err() || present == 0 || list.is_null() {
        return None;
    }
    // SAFETY: the list is part of the descriptor.
    let entries = unsafe { (*list).AceCount };
    (0..u32::from(entries)).find_map(|index| {
        let mut entry = null_mut();
        // SAFETY: the list is whole.
        done(unsafe { GetAce(list, index, &raw mut entry) }).ok()?;
        // SAFETY: every entry begins with a header.
        let header = unsafe { entry.cast::<ACE_HEADER>().read() };
        if u32::from(header.AceType) != ACCESS_ALLOWED_ACE_TYPE {
            return None;
        }
        let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
        // SAFETY: the type says that it is one of these.
        if unsafe { (*entry).Mask } != 0 {
            return None;
        }
        // SAFETY: the user stands where the structure's last field does.
        let sid: PSID = unsafe { (&raw mut (*entry).SidStart).cast() };
        Stated::from_words(&words_of(sid)?)
    })
}

/// The numbers of a user of the authority of resource managers.
fn words_of(sid: PSID) -> Option<Vec<u32>> {
    (authority_of(sid) == AUTHORITY.Value).then(|| numbers_of(sid))
}

/// Of one that the kernel keeps, as below: whole.
fn authority_of(sid: PSID) -> [u8; 6] {
    // SAFETY: as is said above.
    let authority = unsafe { GetSidIdentifierAuthority(sid) };
    // SAFETY: it lies in the structure.
    unsafe { *authority }.Value
}

fn numbers_of(sid: PSID) -> Vec<u32> {
    // SAFETY: as is said above.
    let count = unsafe { GetSidSubAuthorityCount(sid) };
    // SAFETY: it lies in the structure.
    let count = unsafe { *count };
    let number = |index| {
        // SAFETY: there are so many.
        let number = unsafe { GetSidSubAuthority(sid, index) };
        // SAFETY: it lies in the structure.
        unsafe { *number }
    };
    (0..u32::from(count)).map(number).collect()
}

/// The owner of an object, as `S-1-5-…`.
pub(crate) fn owner(handle: BorrowedHandle<'_>) -> Option<String> {
    let mut descriptor = read(handle, OWNER_SECURITY_INFORMATION)?;
    let (mut sid, mut defaulted) = (null_mut(), 0);
    let pointer = descriptor.as_mut_ptr();
    // SAFETY: the kernel wrote the descriptor, and the rest are variables of ours.
    done(unsafe { GetSecurityDescriptorOwner(pointer, &raw mut sid, &raw mut defaulted) }).ok()?;
    if sid.is_null() {
        return None;
    }
    let authority = authority_of(sid).iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let numbers: Vec<_> = numbers_of(sid).iter().map(u32::to_string).collect();
    Some(format!("S-1-{authority}-{}", numbers.join("-")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Section};
    use std::os::windows::io::{FromRawHandle, OwnedHandle};
    use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
    use windows_sys::Win32::System::Memory::CreateFileMappingW;

    #[test]
    fn what_is_stated_is_read_again() {
        let created = UNIX_EPOCH + Duration::from_micros(1_795_000_000_123_456);
        for size in [0, 5_000, u64::MAX] {
            let stated = Stated { size, protection: Protection::ExecuteWriteCopy, detail: 7, created };
            let words = stated.to_words();
            assert_eq!(Stated::from_words(&words), Some(stated));
            assert_eq!(Stated::from_words(&words[1..]), None);
            for (index, word) in [(0, MAGIC + 1), (1, VERSION + 1), (4, 0x10)] {
                let mut words = words;
                words[index] = word;
                assert_eq!(Stated::from_words(&words), None);
            }
        }
    }

    /// A section of two pages, whose description states another size.
    fn forged(name: &str, states: u64) -> OwnedHandle {
        let mut facts = Facts::of_sync(Kind::Section, 0, crate::SyncAccess::empty());
        facts.size = states;
        let descriptor = Descriptor::new(Kind::Section, 0o600, &facts).unwrap();
        let attributes = descriptor.attributes();
        let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
        let protection = Protection::ReadWrite.page_constant();
        // SAFETY: the descriptor lives, and the name ends with a NUL.
        let handle = unsafe {
            CreateFileMappingW(
                INVALID_HANDLE_VALUE,
                &raw const attributes,
                protection,
                0,
                8192,
                name.as_ptr(),
            )
        };
        assert!(!handle.is_null());
        // SAFETY: it was just made, and nobody else has it.
        unsafe { OwnedHandle::from_raw_handle(handle) }
    }

    #[test]
    fn a_size_that_cannot_be_is_not_believed() {
        for (states, expected) in [
            (8192, Ok(8192)),
            (4097, Ok(4097)),
            (4096, Err(Code::INVALID_DATA)),
            (8193, Err(Code::INVALID_DATA)),
            (u64::MAX, Err(Code::INVALID_DATA)),
        ] {
            let name = format!(r"Local\forged {} {states}", std::process::id());
            let _section = forged(&name, states);
            let opened = Section::options().open(&name);
            assert_eq!(opened.map(|section| section.len()).map_err(|error| error.code()), expected);
        }
    }
}
