//! Security descriptors, in both of their layouts: with pointers, and with offsets from their beginning.

use super::acl::Acl;
use super::memory::{self, u16_at, u32_at, u64_at};
use super::sid::{Sid, put_after};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::pointer::Out;
use crate::types::{BOOL, DWORD, POINTER};
use std::ptr::with_exposed_provenance_mut;

pub(super) const OWNER_DEFAULTED: u16 = 1;
pub(super) const GROUP_DEFAULTED: u16 = 2;
pub(super) const DACL_PRESENT: u16 = 4;
pub(super) const DACL_DEFAULTED: u16 = 8;
pub(super) const SACL_PRESENT: u16 = 0x10;
pub(super) const SACL_DEFAULTED: u16 = 0x20;
pub(super) const SELF_RELATIVE: u16 = 0x8000;

/// Revision, 0, control; then four pointers, after padding, or four offsets.
const START: usize = 4;
const ABSOLUTE: usize = 40;
const RELATIVE: usize = 20;

/// A descriptor, read and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Descriptor {
    pub(super) control: u16,
    pub(super) owner: Option<Sid>,
    pub(super) group: Option<Sid>,
    pub(super) sacl: List,
    pub(super) dacl: List,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum List {
    /// The descriptor says nothing.
    Absent,
    /// It says that there is no list: nobody is kept out.
    Null,
    There(Acl),
}

/// The four things that a descriptor refers to, in the order of its fields.
#[derive(Clone, Copy)]
enum Field {
    Owner = 0,
    Group = 1,
    Sacl = 2,
    Dacl = 3,
}

/// The addresses of the four; 0 for none.
struct Raw {
    control: u16,
    addresses: [usize; 4],
}

impl Raw {
    fn read(address: usize) -> Result<Raw> {
        let start = memory::read(address, START)?;
        let control = u16_at(&start, 2).unwrap_or_default();
        if start[0] != 1 {
            return Err(Failure::hint(
                code::UNKNOWN_REVISION,
                "the descriptor is not of revision 1: was it initialised?",
            ));
        }
        let relative = control & SELF_RELATIVE != 0;
        let bytes = memory::read(address, if relative { RELATIVE } else { ABSOLUTE })?;
        let mut addresses = [0; 4];
        for (index, field) in addresses.iter_mut().enumerate() {
            *field = if relative {
                match u32_at(&bytes, 4 + 4 * index) {
                    None | Some(0) => 0,
                    Some(offset) => address.saturating_add(offset as usize),
                }
            } else {
                u64_at(&bytes, 8 + 8 * index).unwrap_or_default() as usize
            };
        }
        Ok(Raw { control, addresses })
    }
}

impl Descriptor {
    /// Reads one out of memory of the program.
    pub(super) fn read(address: usize) -> Result<Descriptor> {
        let raw = Raw::read(address)?;
        let sid = |field: Field| match raw.addresses[field as usize] {
            0 => Ok(None),
            address => Sid::read(address).map(Some),
        };
        let list = |present: u16, field: Field| match raw.addresses[field as usize] {
            _ if raw.control & present == 0 => Ok(List::Absent),
            0 => Ok(List::Null),
            address => Acl::read(address).map(List::There),
        };
        Ok(Descriptor {
            control: raw.control,
            owner: sid(Field::Owner)?,
            group: sid(Field::Group)?,
            sacl: list(SACL_PRESENT, Field::Sacl)?,
            dacl: list(DACL_PRESENT, Field::Dacl)?,
        })
    }

    /// In one piece, with offsets.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut present = 0;
        let list = |list: &List| match list {
            List::There(acl) => acl.to_bytes().map(Some),
            List::Null | List::Absent => Ok(None),
        };
        if self.dacl != List::Absent {
            present |= DACL_PRESENT;
        }
        if self.sacl != List::Absent {
            present |= SACL_PRESENT;
        }
        let control = self.control & !(DACL_PRESENT | SACL_PRESENT) | SELF_RELATIVE | present;
        let mut bytes = vec![1, 0];
        bytes.extend_from_slice(&control.to_le_bytes());
        bytes.resize(RELATIVE, 0);
        let parts = [
            self.owner.as_ref().map(Sid::to_bytes),
            self.group.as_ref().map(Sid::to_bytes),
            list(&self.sacl)?,
            list(&self.dacl)?,
        ];
        for (index, part) in parts.into_iter().enumerate() {
            let Some(part) = part else { continue };
            let offset = bytes.len() as u32;
            bytes[4 + 4 * index..8 + 4 * index].copy_from_slice(&offset.to_le_bytes());
            bytes.extend(part);
        }
        Ok(bytes)
    }
}

/// Sets a pointer in a descriptor with pointers, and bits of its control.
fn set(descriptor: POINTER, field: Field, value: Option<POINTER>, mask: u16, bits: u16) -> Result<()> {
    let raw = Raw::read(descriptor.expose_provenance())?;
    if raw.control & SELF_RELATIVE != 0 {
        return Err(Failure::hint(
            code::INVALID_SECURITY_DESCR,
            "a self-relative descriptor cannot be changed; begin with InitializeSecurityDescriptor",
        ));
    }
    let to = descriptor.cast::<u8>();
    if let Some(value) = value {
        put_after(to, 8 + 8 * field as usize, &(value.expose_provenance() as u64).to_le_bytes());
    }
    put_after(to, 2, &(raw.control & !mask | bits & mask).to_le_bytes());
    Ok(())
}

fn set_list(descriptor: POINTER, field: Field, present: BOOL, list: POINTER, defaulted: BOOL) -> Result<()> {
    let (there, default) = bits(field);
    if !present.is_true() {
        return set(descriptor, field, None, there, 0);
    }
    let defaulted = if defaulted.is_true() { default } else { 0 };
    set(descriptor, field, Some(list), there | default, there | defaulted)
}

fn bits(field: Field) -> (u16, u16) {
    match field {
        Field::Sacl => (SACL_PRESENT, SACL_DEFAULTED),
        Field::Dacl => (DACL_PRESENT, DACL_DEFAULTED),
        Field::Owner => (0, OWNER_DEFAULTED),
        Field::Group => (0, GROUP_DEFAULTED),
    }
}

fn get_list(
    descriptor: POINTER,
    field: Field,
    present: Out<BOOL>,
    list: Out<POINTER>,
    defaulted: Out<BOOL>,
) -> Result<()> {
    let raw = Raw::read(descriptor.expose_provenance())?;
    let (present, list, defaulted) = (present.required()?, list.required()?, defaulted.required()?);
    let (there, default) = bits(field);
    let is_there = raw.control & there != 0;
    present.put(is_there.into());
    if is_there {
        list.put(with_exposed_provenance_mut(raw.addresses[field as usize]));
        defaulted.put((raw.control & default != 0).into());
    }
    Ok(())
}

fn get_sid(descriptor: POINTER, field: Field, sid: Out<POINTER>, defaulted: Out<BOOL>) -> Result<()> {
    let raw = Raw::read(descriptor.expose_provenance())?;
    let (sid, defaulted) = (sid.required()?, defaulted.required()?);
    sid.put(with_exposed_provenance_mut(raw.addresses[field as usize]));
    defaulted.put((raw.control & bits(field).1 != 0).into());
    Ok(())
}

fn set_sid(descriptor: POINTER, field: Field, sid: POINTER, defaulted: BOOL) -> Result<()> {
    let default = bits(field).1;
    set(descriptor, field, Some(sid), default, if defaulted.is_true() { default } else { 0 })
}

export! {
    fn InitializeSecurityDescriptor(descriptor: POINTER, revision: DWORD) -> BOOL {
        if revision != 1 {
            return Err(Failure::hint(code::UNKNOWN_REVISION, "the revision must be SECURITY_DESCRIPTOR_REVISION (1)"));
        }
        if descriptor.is_null() {
            return Err(Failure::hint(code::INVALID_PARAMETER, "the descriptor is NULL"));
        }
        let mut bytes = [0; ABSOLUTE];
        bytes[0] = 1;
        put_after(descriptor.cast(), 0, &bytes);
        Ok(())
    }

    fn IsValidSecurityDescriptor(descriptor: POINTER) -> BOOL {
        match Descriptor::read(descriptor.expose_provenance()) {
            Ok(_) => Ok(()),
            Err(Failure::Hint(_, hint)) => Err(Failure::Hint(code::INVALID_SECURITY_DESCR, hint)),
            Err(_) => Err(Failure::Code(code::INVALID_SECURITY_DESCR)),
        }
    }

    fn SetSecurityDescriptorDacl(descriptor: POINTER, present: BOOL, dacl: POINTER, defaulted: BOOL) -> BOOL {
        set_list(descriptor, Field::Dacl, present, dacl, defaulted)
    }

    fn SetSecurityDescriptorSacl(descriptor: POINTER, present: BOOL, sacl: POINTER, defaulted: BOOL) -> BOOL {
        set_list(descriptor, Field::Sacl, present, sacl, defaulted)
    }

    fn GetSecurityDescriptorDacl(
        descriptor: POINTER,
        present: Out<BOOL>,
        dacl: Out<POINTER>,
        defaulted: Out<BOOL>,
    ) -> BOOL {
        get_list(descriptor, Field::Dacl, present, dacl, defaulted)
    }

    fn GetSecurityDescriptorSacl(
        descriptor: POINTER,
        present: Out<BOOL>,
        sacl: Out<POINTER>,
        defaulted: Out<BOOL>,
    ) -> BOOL {
        get_list(descriptor, Field::Sacl, present, sacl, defaulted)
    }

    fn SetSecurityDescriptorOwner(descriptor: POINTER, owner: POINTER, defaulted: BOOL) -> BOOL {
        set_sid(descriptor, Field::Owner, owner, defaulted)
    }

    fn SetSecurityDescriptorGroup(descriptor: POINTER, group: POINTER, defaulted: BOOL) -> BOOL {
        set_sid(descriptor, Field::Group, group, defaulted)
    }

    fn GetSecurityDescriptorOwner(descriptor: POINTER, owner: Out<POINTER>, defaulted: Out<BOOL>) -> BOOL {
        get_sid(descriptor, Field::Owner, owner, defaulted)
    }

    fn GetSecurityDescriptorGroup(descriptor: POINTER, group: Out<POINTER>, defaulted: Out<BOOL>) -> BOOL {
        get_sid(descriptor, Field::Group, group, defaulted)
    }

    fn GetSecurityDescriptorControl(descriptor: POINTER, control: Out<u16>, revision: Out<DWORD>) -> BOOL {
        let raw = Raw::read(descriptor.expose_provenance())?;
        let (control, revision) = (control.required()?, revision.required()?);
        control.put(raw.control);
        revision.put(1);
        Ok(())
    }

    /// As long as it would be in one piece.
    fn GetSecurityDescriptorLength(descriptor: POINTER) -> DWORD {
        let descriptor = Descriptor::read(descriptor.expose_provenance())?;
        Ok(descriptor.to_bytes()?.len() as u32)
    }
}
