//! What a descriptor comes to as a file's mode: that is all that Linux keeps of who may use an object.
//!
//! Modes say less than lists do. What a mode cannot say fails, with a hint which entry it is; nothing is left out in silence, and nobody
//! gets more than a list gives, but for this:
//! - Authenticated, interactive and built-in users (AU, IU, BU) are everyone. Who has an account on a Linux system has authenticated, and
//!   there is no telling apart those who sit at it; anonymous users and guests do not exist.
//! - SYSTEM and administrators (SY, BA) are root, who can do everything anyhow.
//!
//! Windows gives each user the rights of everyone and of all groups. A mode has one class for each: so the owner's bits get what the group
//! and everyone have, and the group's what everyone has.

use super::acl::{ALLOWED, Ace, Body, DENIED, LABEL};
use super::descriptor::{Descriptor, List};
use super::sid::Sid;
use crate::code;
use crate::failure::{Failure, Result};
use crate::rights::{GENERIC_ALL, GENERIC_EXECUTE, GENERIC_READ, GENERIC_WRITE, SYNCHRONIZE};

const READ: u32 = 4;
const WRITE: u32 = 2;

/// No list: what a Windows process gives by default is for its own user and SYSTEM.
const DEFAULT: u32 = 0o600;
/// A NULL list keeps nobody out.
const EVERYONE: u32 = 0o666;

const INHERIT_ONLY: u8 = 8;

/// Who the process is.
#[derive(Clone, Copy)]
pub(super) struct Me {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Me {
    pub(super) fn now() -> Me {
        Me { user: rustix::process::geteuid().as_raw(), group: rustix::process::getegid().as_raw() }
    }
}

/// Whom an entry speaks of.
enum Who {
    Owner,
    Group,
    Everyone,
    Root,
}

pub(super) fn of(descriptor: &Descriptor, me: Me) -> Result<u32> {
    check_owner(descriptor, me)?;
    check_sacl(descriptor)?;
    let acl = match &descriptor.dacl {
        List::Absent => return Ok(DEFAULT),
        List::Null => return Ok(EVERYONE),
        List::There(acl) => acl,
    };
    let (mut owner, mut group, mut everyone) = (0, 0, 0);
    for (index, ace) in acl.entries.iter().enumerate() {
        let (who, bits) = entry(ace, me).map_err(|why| {
            Failure::hint(code::NOT_SUPPORTED, format!("entry {} of the access list {why}", index + 1))
        })?;
        match who {
            Who::Owner => owner |= bits,
            Who::Group => group |= bits,
            Who::Everyone => everyone |= bits,
            Who::Root => {}
        }
    }
    Ok((owner | group | everyone) << 6 | (group | everyone) << 3 | everyone)
}

/// What one entry gives; or why it cannot be given.
fn entry(ace: &Ace, me: Me) -> std::result::Result<(Who, u32), String> {
    let (kind, Body::Plain { mask, sid }) = (ace.kind, &ace.body) else {
        return Err(format!(
            "is of type {}: conditional entries and entries for parts of objects are not supported",
            ace.kind
        ));
    };
    match kind {
        ALLOWED => {}
        DENIED => {
            return Err(format!("denies access to {sid}: modes can only allow; list who is allowed instead"));
        }
        _ => return Err(format!("is of type {kind}, which does not belong there")),
    }
    if ace.flags & INHERIT_ONLY != 0 {
        return Err(format!(
            "is only for objects inside ({sid}, IO), which the mode of an object cannot say"
        ));
    }
    // Without IO, inheritance flags say nothing about the object itself.
    let who = match sid.alias() {
        Some("CO" | "OW") => Who::Owner,
        Some("CG") => Who::Group,
        Some("WD" | "AU" | "BU" | "IU") => Who::Everyone,
        Some("SY" | "BA") => return Ok((Who::Root, 0)),
        _ if *sid == Sid::of_user(me.user) => Who::Owner,
        _ if *sid == Sid::of_group(me.group) => Who::Group,
        _ => {
            return Err(format!(
                "is for {sid}: modes know the owner (CO, S-1-22-1-{}), the group (CG, S-1-22-2-{}) and everyone (WD)",
                me.user, me.group
            ));
        }
    };
    let bits = bits(*mask);
    if bits == 0 && *mask != 0 {
        return Err(format!(
            "gives {sid} the rights {mask:#x}, which come to neither reading nor writing; GENERIC_READ (GR) and GENERIC_WRITE (GW) do"
        ));
    }
    Ok((who, bits))
}

/// The bits of a mode that rights come to. The same bit means other things for other kinds of object, and the kind is not known here:
///
/// | bit | sections  | events, mutexes, semaphores, timers | files  |
/// |-----|-----------|-------------------------------------|--------|
/// | 1   | query     | query                               | read   |
/// | 2   | map-write | modify                              | write  |
/// | 4   | map-read  |                                     | append |
///
/// Files' rights are told by the bits that only they have. To open a section or a synchronization object at all takes the read bit, so
/// modifying gives it together with waiting; and a view that can be written can be read. Who may change the list may give himself everything.
fn bits(mask: u32) -> u32 {
    const QUERY_OR_READ: u32 = 1;
    const MODIFY_OR_WRITE: u32 = 2;
    const MAP_READ_OR_APPEND: u32 = 4;
    /// Attributes, extended attributes, deleting children.
    const OF_FILES: u32 = 0x1C0;
    const WRITE_DAC: u32 = 0x0004_0000;
    const WRITE_OWNER: u32 = 0x0008_0000;
    let is_file = mask & OF_FILES != 0;
    let has = |bits: u32| mask & bits != 0;
    let mut result = 0;
    if has(GENERIC_READ | GENERIC_ALL | QUERY_OR_READ) || has(MAP_READ_OR_APPEND) && !is_file {
        result |= READ;
    }
    if has(GENERIC_WRITE | GENERIC_ALL | MODIFY_OR_WRITE) || has(MAP_READ_OR_APPEND) && is_file {
        result |= WRITE;
    }
    if has(WRITE_DAC | WRITE_OWNER) {
        result |= READ | WRITE;
    }
    if has(MODIFY_OR_WRITE | GENERIC_WRITE) && has(SYNCHRONIZE | GENERIC_EXECUTE) && !is_file {
        result |= READ;
    }
    result
}

/// An object belongs to who makes it.
fn check_owner(descriptor: &Descriptor, me: Me) -> Result<()> {
    let is_root = |sid: &Sid| me.user == 0 && matches!(sid.alias(), Some("SY" | "BA"));
    if let Some(owner) = &descriptor.owner
        && *owner != Sid::of_user(me.user)
        && !matches!(owner.alias(), Some("CO" | "OW"))
        && !is_root(owner)
    {
        let hint =
            format!("an object belongs to who makes it, S-1-22-1-{}: it cannot be given to {owner}", me.user);
        return Err(Failure::hint(code::INVALID_OWNER, hint));
    }
    // On Windows, too, a group is there for programs of Unix, and gives no access by itself.
    if let Some(group) = &descriptor.group
        && *group != Sid::of_group(me.group)
        && !matches!(group.alias(), Some("CG" | "SY" | "BA" | "BU" | "WD"))
    {
        let hint = format!("an object has the group of who makes it, S-1-22-2-{}, and not {group}", me.group);
        return Err(Failure::hint(code::INVALID_PRIMARY_GROUP, hint));
    }
    Ok(())
}

/// Nobody writes a log of who opens what. A label that takes nothing away from ordinary programs says nothing here, since all are.
fn check_sacl(descriptor: &Descriptor) -> Result<()> {
    let List::There(acl) = &descriptor.sacl else { return Ok(()) };
    for ace in &acl.entries {
        let harmless = match &ace.body {
            Body::Plain { sid, .. } => ace.kind == LABEL && matches!(sid.alias(), Some("LW" | "ME")),
            Body::Other(_) => false,
        };
        if !harmless {
            return Err(Failure::hint(
                code::NOT_SUPPORTED,
                format!(
                    "the system list has an entry of type {}: there is no auditing, and no integrity level but low and medium",
                    ace.kind
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::sddl;

    const ME: Me = Me { user: 1000, group: 100 };

    fn mode(text: &str) -> std::result::Result<u32, u32> {
        sddl::parse(text).and_then(|descriptor| of(&descriptor, ME)).map_err(|failure| failure.code())
    }

    #[test]
    fn texts_come_to_modes() {
        let table = [
            ("", Ok(0o600)),
            ("O:S-1-22-1-1000", Ok(0o600)),
            ("D:", Ok(0)),
            ("D:NO_ACCESS_CONTROL", Ok(0o666)),
            ("D:(A;;GA;;;WD)", Ok(0o666)),
            ("D:(A;;GA;;;AU)", Ok(0o666)),
            ("D:(A;;GA;;;BU)", Ok(0o666)),
            ("D:(A;;GA;;;IU)", Ok(0o666)),
            ("D:(A;OICI;GA;;;WD)", Ok(0o666)),
            ("D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;CO)", Ok(0o600)),
            ("D:(A;;GA;;;OW)(A;;GR;;;WD)", Ok(0o644)),
            ("D:(A;;GRGW;;;S-1-22-1-1000)(A;;GR;;;S-1-22-2-100)", Ok(0o640)),
            ("D:(A;;GA;;;CG)", Ok(0o660)),
            ("D:(A;;GR;;;CG)(A;;GW;;;WD)", Ok(0o662)),
            ("D:(A;;GR;;;WD)", Ok(0o444)),
            ("D:(A;;GW;;;WD)", Ok(0o222)),
            ("D:(A;;FR;;;WD)", Ok(0o444)),
            ("D:(A;;FW;;;WD)", Ok(0o222)),
            ("D:(A;;FA;;;WD)", Ok(0o666)),
            ("D:(A;;0x4;;;WD)", Ok(0o444)),
            ("D:(A;;0x100002;;;WD)", Ok(0o666)),
            ("D:(A;;0x1f0003;;;WD)", Ok(0o666)),
            ("D:(A;;0x1f0001;;;WD)", Ok(0o666)),
            ("D:(A;;0xf001f;;;WD)", Ok(0o666)),
            ("D:(A;;GA;;;WD)S:(ML;;NW;;;LW)", Ok(0o666)),
            ("O:BAG:SYD:(A;;GA;;;WD)", Err(code::INVALID_OWNER)),
            ("G:S-1-22-2-101", Err(code::INVALID_PRIMARY_GROUP)),
            ("D:(D;;GA;;;AN)(A;;GA;;;WD)", Err(code::NOT_SUPPORTED)),
            ("D:(A;IO;GA;;;WD)", Err(code::NOT_SUPPORTED)),
            ("D:(A;;GA;;;AN)", Err(code::NOT_SUPPORTED)),
            ("D:(A;;GA;;;S-1-22-1-1001)", Err(code::NOT_SUPPORTED)),
            ("D:(A;;GA;;;S-1-5-21-1-2-3-1001)", Err(code::NOT_SUPPORTED)),
            ("D:(A;;RC;;;WD)", Err(code::NOT_SUPPORTED)),
            ("D:(A;;0x100000;;;WD)", Err(code::NOT_SUPPORTED)),
            ("D:(XA;;GA;;;WD;(@User.x == 1))", Err(code::NOT_SUPPORTED)),
            ("D:(OA;;GA;bf967aba-0de6-11d0-a285-00aa003049e2;;WD)", Err(code::NOT_SUPPORTED)),
            ("D:(A;;GA;;;WD)S:(AU;SA;GA;;;WD)", Err(code::NOT_SUPPORTED)),
            ("D:(A;;GA;;;WD)S:(ML;;NW;;;HI)", Err(code::NOT_SUPPORTED)),
            ("D:(A;;GA;;;XX)", Err(code::INVALID_SID)),
            ("D:(A;;GA;;;WD", Err(code::INVALID_ACL)),
            ("D:(A;;GA;;WD)", Err(code::INVALID_ACL)),
            ("D:(Q;;GA;;;WD)", Err(code::INVALID_ACL)),
            ("D:(A;;QQ;;;WD)", Err(code::INVALID_ACL)),
            ("D:(A;QQ;GA;;;WD)", Err(code::INVALID_ACL)),
            ("D:(A;;GA;;;WD)D:", Err(code::INVALID_ACL)),
            ("Q:", Err(code::INVALID_ACL)),
            ("nonsense", Err(code::INVALID_ACL)),
        ];
        for (text, expected) in table {
            assert_eq!(mode(text), expected, "{text}");
        }
    }

    #[test]
    fn root_may_give_to_administrators() {
        let descriptor = sddl::parse("O:BAG:SYD:(A;;GA;;;WD)").unwrap();
        assert_eq!(of(&descriptor, Me { user: 0, group: 0 }).unwrap(), 0o666);
    }

    #[test]
    fn texts_survive_a_round_trip() {
        for text in [
            "O:SYG:BAD:PAI(A;;GA;;;WD)(D;OICIIO;GRGW;;;BU)S:(AU;SAFA;GA;;;WD)(ML;;NW;;;LW)",
            "O:S-1-22-1-1000D:(A;;0x100002;;;S-1-5-21-1-2-3-4)",
            "D:NO_ACCESS_CONTROL",
            "D:",
            "D:(A;;FA;;;WD)(A;;CCDC;;;CO)(A;;;;;CG)",
        ] {
            let descriptor = sddl::parse(text).unwrap();
            let again =
                Descriptor::read(descriptor.to_bytes().unwrap().as_ptr().expose_provenance()).unwrap();
            assert_eq!(sddl::format(&again, 0x1F).unwrap(), text);
            assert_eq!(again.dacl, descriptor.dacl);
        }
    }
}
