//! Security descriptors as text: `O:owner G:group D:flags(entry)(entry) S:flags(entry)`.

use super::acl::{ALLOWED, AUDIT, Ace, Acl, Body, DENIED, LABEL};
use super::descriptor::{Descriptor, List};
use super::sid::Sid;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::heap;
use crate::pointer::Out;
use crate::text::{Narrow, Text, Wide};
use crate::types::{BOOL, DWORD, POINTER};

const REVISION: u32 = 1;

/// Bits of a DACL's control; a SACL's are one higher.
const FLAGS: [(&str, u16); 3] = [("P", 0x1000), ("AR", 0x0100), ("AI", 0x0400)];
const NO_ACCESS_CONTROL: &str = "NO_ACCESS_CONTROL";

/// `A` before `AU`: for who writes text the first name of a number counts, for who reads it the whole word.
const KINDS: [(&str, u8); 4] = [("A", ALLOWED), ("D", DENIED), ("AU", AUDIT), ("ML", LABEL)];
const ACE_FLAGS: [(&str, u8); 7] =
    [("OI", 1), ("CI", 2), ("NP", 4), ("IO", 8), ("ID", 0x10), ("SA", 0x40), ("FA", 0x80)];

/// Single bits and pairs of letters that come to the whole of something.
const RIGHTS: [(&str, u32); 29] = [
    ("GA", 0x1000_0000),
    ("GR", 0x8000_0000),
    ("GW", 0x4000_0000),
    ("GX", 0x2000_0000),
    ("RC", 0x0002_0000),
    ("SD", 0x0001_0000),
    ("WD", 0x0004_0000),
    ("WO", 0x0008_0000),
    ("FA", 0x001F_01FF),
    ("FR", 0x0012_0089),
    ("FW", 0x0012_0116),
    ("FX", 0x0012_00A0),
    ("KA", 0x000F_003F),
    ("KR", 0x0002_0019),
    ("KW", 0x0002_0006),
    ("KX", 0x0002_0019),
    ("CC", 1),
    ("DC", 2),
    ("LC", 4),
    ("SW", 8),
    ("RP", 0x10),
    ("WP", 0x20),
    ("DT", 0x40),
    ("LO", 0x80),
    ("CR", 0x100),
    // Of labels: no write-up, no read-up, no execute-up.
    ("NW", 1),
    ("NR", 2),
    ("NX", 4),
    ("AS", 0x0100_0000),
];

/// Reads a descriptor.
pub(super) fn parse(text: &str) -> Result<Descriptor> {
    let mut descriptor =
        Descriptor { control: 0, owner: None, group: None, sacl: List::Absent, dacl: List::Absent };
    let mut rest = text.trim();
    let mut seen = String::new();
    while !rest.is_empty() {
        let (part, after) = match (rest.chars().next(), rest.get(1..2)) {
            (Some(part), Some(":")) if !seen.contains(part.to_ascii_uppercase()) => {
                (part.to_ascii_uppercase(), &rest[2..])
            }
            _ => return malformed("O:, G:, D: or S:, each at most once, is expected", rest),
        };
        seen.push(part);
        let after = after.trim_start();
        rest = match part {
            'O' | 'G' => {
                let (sid, after) = Sid::from_text(after)?;
                *(if part == 'O' { &mut descriptor.owner } else { &mut descriptor.group }) = Some(sid);
                after
            }
            'D' | 'S' => {
                let shift = u32::from(part == 'S');
                let (list, control, after) = parse_list(after)?;
                descriptor.control |= control << shift;
                *(if part == 'D' { &mut descriptor.dacl } else { &mut descriptor.sacl }) = list;
                after
            }
            _ => return malformed("O:, G:, D: or S: is expected", rest),
        }
        .trim_start();
    }
    Ok(descriptor)
}

fn parse_list(text: &str) -> Result<(List, u16, &str)> {
    let mut rest = text;
    let mut control = 0;
    let mut null = false;
    loop {
        if let Some(after) = rest.strip_prefix(NO_ACCESS_CONTROL) {
            null = true;
            rest = after;
        } else if let Some((name, bit)) = FLAGS.into_iter().find(|(name, _)| rest.starts_with(name)) {
            control |= bit;
            rest = &rest[name.len()..];
        } else {
            break;
        }
    }
    let mut entries = Vec::new();
    loop {
        rest = rest.trim_start();
        let Some(after) = rest.strip_prefix('(') else { break };
        let Some((entry, after)) = after.split_once(')') else {
            return malformed("an entry does not end", rest);
        };
        entries.push(parse_entry(entry)?);
        rest = after;
    }
    if null && !entries.is_empty() {
        return malformed("NO_ACCESS_CONTROL excludes entries", text);
    }
    Ok((if null { List::Null } else { List::There(Acl { revision: 2, entries }) }, control, rest))
}

fn parse_entry(text: &str) -> Result<Ace> {
    let fields: Vec<&str> = text.split(';').map(str::trim).collect();
    if fields.len() > 6 || matches!(fields[0], "XA" | "XD" | "XU" | "ZA" | "RA" | "SP") {
        return not_here("conditional entries and those of resources and policies are", text);
    }
    let &[kind, flags, rights, object, inherited, sid] = fields.as_slice() else {
        return malformed("an entry has six parts: (type;flags;rights;object;inherited object;who)", text);
    };
    if !object.is_empty() || !inherited.is_empty() || matches!(kind, "OA" | "OD" | "OU") {
        return not_here("entries for parts of objects are", text);
    }
    let Some((_, kind)) = KINDS.into_iter().find(|(name, _)| *name == kind) else {
        return malformed("the type must be A, D, AU or ML", text);
    };
    let (sid, "") = Sid::from_text(sid)? else {
        return malformed("something stands behind the identifier", text);
    };
    let flags = words(flags, &ACE_FLAGS.map(|(name, bit)| (name, u32::from(bit))), text)? as u8;
    let mask = parse_rights(rights, text)?;
    Ok(Ace { kind, flags, body: Body::Plain { mask, sid } })
}

fn parse_rights(rights: &str, entry: &str) -> Result<u32> {
    let number = match rights.strip_prefix("0x").or_else(|| rights.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        // As in C, a 0 in front says that the number is octal.
        None if rights.len() > 1 && rights.starts_with('0') => u32::from_str_radix(rights, 8).ok(),
        None if rights.starts_with(|c: char| c.is_ascii_digit()) => rights.parse().ok(),
        None => return words(rights, &RIGHTS, entry),
    };
    number.map_or_else(|| malformed("the rights are no number of 32 bits", entry), Ok)
}

/// The bits of words of two letters without anything between them.
fn words(mut text: &str, names: &[(&str, u32)], entry: &str) -> Result<u32> {
    let mut bits = 0;
    while !text.is_empty() {
        let Some((name, bit)) = names.iter().find(|(name, _)| text.starts_with(name)) else {
            return malformed("a pair of letters is not known", entry);
        };
        bits |= bit;
        text = text[name.len()..].trim_start();
    }
    Ok(bits)
}

fn malformed<T>(why: &str, place: &str) -> Result<T> {
    Err(Failure::hint(code::INVALID_ACL, format!("{why}, at {place:?}")))
}

fn not_here<T>(what: &str, entry: &str) -> Result<T> {
    Err(Failure::hint(code::NOT_SUPPORTED, format!("{what} not supported: ({entry})")))
}

const OWNER_INFORMATION: u32 = 1;
const GROUP_INFORMATION: u32 = 2;
const DACL_INFORMATION: u32 = 4;
const SACL_INFORMATION: u32 = 8;
const LABEL_INFORMATION: u32 = 0x10;

/// The descriptor as text: those of its parts that `parts` asks for.
pub(super) fn format(descriptor: &Descriptor, parts: u32) -> Result<String> {
    let mut text = String::new();
    let sid = |sid: &Sid| sid.alias().map_or_else(|| sid.to_string(), str::to_owned);
    if let (Some(owner), true) = (&descriptor.owner, parts & OWNER_INFORMATION != 0) {
        text += &format!("O:{}", sid(owner));
    }
    if let (Some(group), true) = (&descriptor.group, parts & GROUP_INFORMATION != 0) {
        text += &format!("G:{}", sid(group));
    }
    let lists = [
        ("D:", &descriptor.dacl, 0, DACL_INFORMATION, false),
        ("S:", &descriptor.sacl, 1, SACL_INFORMATION | LABEL_INFORMATION, true),
    ];
    for (name, list, shift, information, may_have_labels) in lists {
        if parts & information == 0 || *list == List::Absent {
            continue;
        }
        text += name;
        for (flag, bit) in FLAGS {
            if descriptor.control & bit << shift != 0 {
                text += flag;
            }
        }
        match list {
            List::There(acl) => {
                let wanted = |ace: &&Ace| {
                    let part = if ace.kind == LABEL { LABEL_INFORMATION } else { SACL_INFORMATION };
                    !may_have_labels || parts & part != 0
                };
                for ace in acl.entries.iter().filter(wanted) {
                    text += &format_entry(ace)?;
                }
            }
            _ => text += NO_ACCESS_CONTROL,
        }
    }
    Ok(text)
}

fn format_entry(ace: &Ace) -> Result<String> {
    let kind = KINDS.into_iter().find(|(_, kind)| *kind == ace.kind);
    let (Some((kind, number)), Body::Plain { mask, sid }) = (kind, &ace.body) else {
        return Err(Failure::hint(
            code::NOT_SUPPORTED,
            format!("an entry of type {} has no text here", ace.kind),
        ));
    };
    let flags: String =
        ACE_FLAGS.iter().filter(|(_, bit)| ace.flags & bit != 0).map(|&(name, _)| name).collect();
    // Those of labels have names of their own, and what is the whole of something is written so.
    let is_label_right = |name: &str| matches!(name, "NW" | "NR" | "NX");
    let whole = RIGHTS.iter().find(|(name, bits)| bits == mask && is_label_right(name) == (number == LABEL));
    let rights = match whole {
        Some(&(name, _)) => name.to_owned(),
        None => {
            let single = RIGHTS
                .iter()
                .filter(|(name, bits)| bits.is_power_of_two() && is_label_right(name) == (number == LABEL));
            let named: Vec<_> = single.filter(|(_, bits)| mask & bits != 0).collect();
            if *mask == 0 || named.iter().fold(0, |sum, (_, bits)| sum | bits) == *mask {
                named.iter().map(|&&(name, _)| name).collect()
            } else {
                format!("{mask:#x}")
            }
        }
    };
    let who = sid.alias().map_or_else(|| sid.to_string(), str::to_owned);
    Ok(format!("({kind};{flags};{rights};;;{who})"))
}

export! {
    fn ConvertStringSecurityDescriptorToSecurityDescriptorA(
        text: Narrow,
        revision: DWORD,
        descriptor: Out<POINTER>,
        size: Out<DWORD>,
    ) -> BOOL {
        from_string(text, revision, descriptor, size)
    }

    fn ConvertStringSecurityDescriptorToSecurityDescriptorW(
        text: Wide,
        revision: DWORD,
        descriptor: Out<POINTER>,
        size: Out<DWORD>,
    ) -> BOOL {
        from_string(text, revision, descriptor, size)
    }

    fn ConvertSecurityDescriptorToStringSecurityDescriptorA(
        descriptor: POINTER,
        revision: DWORD,
        parts: DWORD,
        text: Out<*mut u8>,
        length: Out<DWORD>,
    ) -> BOOL {
        to_string::<Narrow>(descriptor, revision, parts, text, length)
    }

    fn ConvertSecurityDescriptorToStringSecurityDescriptorW(
        descriptor: POINTER,
        revision: DWORD,
        parts: DWORD,
        text: Out<*mut u16>,
        length: Out<DWORD>,
    ) -> BOOL {
        to_string::<Wide>(descriptor, revision, parts, text, length)
    }
}

fn check_revision(revision: u32) -> Result<()> {
    if revision != REVISION {
        return Err(Failure::hint(code::UNKNOWN_REVISION, "the revision must be SDDL_REVISION_1 (1)"));
    }
    Ok(())
}

fn from_string(text: impl Text, revision: u32, descriptor: Out<POINTER>, size: Out<u32>) -> Result<()> {
    let text = text.required()?;
    let descriptor = descriptor.required()?;
    check_revision(revision)?;
    let bytes = parse(&text)?.to_bytes()?;
    descriptor.put(heap::allocate_copy(&bytes)?.cast());
    size.put(bytes.len() as u32);
    Ok(())
}

fn to_string<T: Text>(
    descriptor: POINTER,
    revision: u32,
    parts: u32,
    text: Out<*mut T::Unit>,
    length: Out<u32>,
) -> Result<()> {
    check_revision(revision)?;
    let formatted = format(&Descriptor::read(descriptor.expose_provenance())?, parts)?;
    super::put_text::<T>(text, &formatted)?;
    // With the end, as Windows counts it.
    length.put(T::encode(&formatted).len() as u32 + 1);
    Ok(())
}
