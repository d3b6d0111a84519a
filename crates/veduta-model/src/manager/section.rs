//! Sections: what operations on them and on their views must come to.

use super::code::*;
use super::view::{PAGE, View};
use super::{Body, Handle, Manager, Result, refuse};
use crate::operation::{Operation, Outcome, Protection, Rights};
use crate::sync::Kind;

#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) size: u64,
    pub(super) protection: Protection,
    bytes: Bytes,
}

#[derive(Debug, Clone)]
enum Bytes {
    /// Whole pages.
    Memory(Vec<u8>),
    /// Those of a file.
    File(usize),
}

/// No machine has as much memory as that.
const TOO_MUCH: u64 = 1 << 56;

impl Section {
    pub(super) fn of_memory(size: u64, protection: Protection) -> Section {
        let bytes = vec![0; size.next_multiple_of(PAGE) as usize];
        Section { size, protection, bytes: Bytes::Memory(bytes) }
    }
}

impl Manager {
    /// Lets an actor do something.
    pub fn apply(&mut self, actor: usize, operation: &Operation) -> Outcome {
        self.perform(actor, operation).unwrap_or_else(|refused| refused)
    }

    fn perform(&mut self, actor: usize, operation: &Operation) -> Result<Outcome> {
        match *operation {
            Operation::Create { slot, ref name, size, protection } => {
                self.close(actor, slot);
                self.create_section(actor, slot, name, None, size, protection)
            }
            Operation::CreateNew { slot, ref name, size, protection } => {
                self.close(actor, slot);
                let created = self.create_section(actor, slot, name, None, size, protection)?;
                self.only_new(actor, slot, created)
            }
            Operation::CreateUnnamed { slot, size, protection } => {
                self.close(actor, slot);
                self.create_section(actor, slot, "", None, size, protection)
            }
            Operation::CreateOnFile { slot, ref name, file, size, protection, file_writable } => {
                self.close(actor, slot);
                let name = name.as_deref().unwrap_or_default();
                self.create_section(actor, slot, name, Some((file as usize, file_writable)), size, protection)
            }
            Operation::Open { slot, ref name, access } => {
                self.close(actor, slot);
                let object = self.open(name, Kind::Section, access)?;
                self.actor(actor).handles.insert(slot, Handle { object, rights: access });
                Ok(Outcome::Done)
            }
            Operation::Duplicate { from, to, access } => {
                self.close(actor, to);
                let Handle { object, .. } = self.handle(actor, from)?;
                self.actor(actor).handles.insert(to, Handle { object, rights: access });
                Ok(Outcome::Done)
            }
            Operation::Close { slot } => {
                self.handle(actor, slot)?;
                self.close(actor, slot);
                Ok(Outcome::Done)
            }
            Operation::Map { slot, view, access, offset, len } => {
                self.actor(actor).views.remove(&view);
                let Handle { object, rights } = self.handle(actor, slot)?;
                let section = self.section(object)?;
                // What the handle may not comes before what the section cannot.
                if !rights.include(access.needs()) {
                    return refuse(ACCESS_DENIED);
                }
                if !section.protection.allows(access) {
                    return refuse(INVALID_PARAMETER);
                }
                let end = match section.bytes {
                    Bytes::Memory(_) => section.size.next_multiple_of(PAGE),
                    Bytes::File(_) => section.size,
                };
                let len = len.unwrap_or(section.size.saturating_sub(offset));
                if offset.checked_add(len).is_none_or(|last| last > end) {
                    return refuse(ACCESS_DENIED);
                }
                if len == 0 {
                    return refuse(if offset >= section.size { ACCESS_DENIED } else { INVALID_PARAMETER });
                }
                self.actor(actor).views.insert(view, View::new(object, offset, len, access));
                Ok(Outcome::Mapped(len))
            }
            Operation::Unmap { view } => {
                self.actor(actor).views.remove(&view).ok_or(Outcome::Vacant)?;
                Ok(Outcome::Done)
            }
            Operation::Write { view, offset, ref bytes } => {
                self.view(actor, view)?.check(offset, bytes.len() as u64, |page| page.writes())?;
                self.write(actor, view, offset, bytes);
                Ok(Outcome::Done)
            }
            Operation::Read { view, offset, len } => {
                self.view(actor, view)?.check(offset, len, |page| page.reads())?;
                Ok(Outcome::bytes(&self.read(actor, view, offset, len)?))
            }
            Operation::Fill { view, offset, len, byte } => {
                self.view(actor, view)?.check(offset, len, |page| page.writes())?;
                self.write(actor, view, offset, &vec![byte; len as usize]);
                Ok(Outcome::Done)
            }
            Operation::CopyBetween { from, from_offset, len, to, to_offset } => {
                let (source, target) = (self.view(actor, from)?, self.view(actor, to)?);
                // What either view does not allow comes before what is outside of either.
                let source_fits = source.check(from_offset, len, |page| page.reads());
                let target_fits = target.check(to_offset, len, |page| page.writes());
                if source_fits == Err(NOACCESS) || target_fits == Err(NOACCESS) {
                    return refuse(NOACCESS);
                }
                source_fits.and(target_fits)?;
                let (read, written) = (source.offset + from_offset, target.offset + to_offset);
                let same_bytes = self.same_bytes(source.object, target.object)
                    && read < written + len
                    && written < read + len;
                if from != to && same_bytes && target.access.shares_writes() {
                    return Ok(Outcome::Unspecified);
                }
                let bytes = self.read(actor, from, from_offset, len)?;
                self.write(actor, to, to_offset, &bytes);
                Ok(Outcome::Done)
            }
            Operation::Compare { view, offset, len, other, other_offset } => {
                let (one, two) = (self.view(actor, view)?, self.view(actor, other)?);
                two.check(other_offset, len, |page| page.reads())?;
                one.check(offset, len, |page| page.reads())?;
                let one = self.read(actor, view, offset, len)?;
                let two = self.read(actor, other, other_offset, len)?;
                let differs = one.iter().zip(&two).position(|(one, two)| one != two);
                Ok(Outcome::Difference(differs.map(|at| at as u64)))
            }
            Operation::Protect { view, offset, len, access } => {
                let view = self.actor(actor).views.get_mut(&view).ok_or(Outcome::Vacant)?;
                Ok(Outcome::Was(view.protect(offset, len, access)?))
            }
            Operation::Facts { slot } => {
                let Handle { object, rights } = self.handle(actor, slot)?;
                let Section { size, protection, .. } = *self.section(object)?;
                Ok(Outcome::Facts { size, protection, access: rights })
            }
            Operation::Exists { ref name } => {
                self.open(name, Kind::Section, Rights::READ)?;
                Ok(Outcome::Done)
            }
            Operation::Kill => Ok(self.end_process(actor)),
        }
    }

    pub(super) fn section(&self, object: usize) -> Result<&Section> {
        match &self.objects[object].body {
            Body::Section(section) => Ok(section),
            _ => refuse(INVALID_HANDLE),
        }
    }

    /// Creates of a file, and whether that is open for writing, or of memory; or opens what is there.
    fn create_section(
        &mut self,
        actor: usize,
        slot: u8,
        name: &str,
        file: Option<(usize, bool)>,
        size: u64,
        protection: Protection,
    ) -> Result<Outcome> {
        if (file.is_none() && size == 0) || size > i64::MAX as u64 {
            return refuse(INVALID_PARAMETER);
        }
        // A file is not looked at where the name exists.
        self.create(actor, slot, name, Kind::Section, protection.rights(), |manager| {
            let section = match file {
                Some((file, writable)) => {
                    let size = manager.make_of_file(file, writable, size, protection)?;
                    Section { size, protection, bytes: Bytes::File(file) }
                }
                None if size >= TOO_MUCH => return refuse(COMMITMENT_LIMIT),
                None => Section::of_memory(size, protection),
            };
            Ok(Body::Section(section))
        })
    }

    /// Makes a file ready for a new section of it, and says how many bytes that has.
    fn make_of_file(
        &mut self,
        file: usize,
        writable: bool,
        size: u64,
        protection: Protection,
    ) -> Result<u64> {
        let bytes = &mut self.files[file];
        let len = bytes.len() as u64;
        if protection.writes() && !writable {
            return refuse(ACCESS_DENIED);
        }
        let size = if size == 0 { len } else { size };
        if size == 0 {
            return refuse(FILE_INVALID);
        }
        if size > len {
            if !protection.writes() {
                return refuse(NOT_ENOUGH_MEMORY);
            }
            bytes.resize(size as usize, 0);
        }
        Ok(size)
    }

    /// Whether two objects are the same, or of the same file.
    fn same_bytes(&self, one: usize, two: usize) -> bool {
        let file = |object| match self.section(object).ok()?.bytes {
            Bytes::File(file) => Some(file),
            Bytes::Memory(_) => None,
        };
        one == two || (file(one).is_some() && file(one) == file(two))
    }

    fn read(&self, actor: usize, view: u8, offset: u64, len: u64) -> Result<Vec<u8>> {
        let view = self.view(actor, view)?;
        let shared = match &self.section(view.object)?.bytes {
            Bytes::Memory(bytes) => bytes,
            Bytes::File(file) => &self.files[*file],
        };
        Ok(view.read(shared, offset, len))
    }

    /// Writes to a view that is there and was checked.
    fn write(&mut self, actor: usize, view: u8, offset: u64, bytes: &[u8]) {
        let Some(view) = self.actors.get_mut(&actor).and_then(|actor| actor.views.get_mut(&view)) else {
            return;
        };
        let shared = match &mut self.objects[view.object].body {
            Body::Section(Section { bytes: Bytes::Memory(bytes), .. }) => bytes,
            Body::Section(Section { bytes: Bytes::File(file), .. }) => &mut self.files[*file],
            _ => return,
        };
        view.write(shared, offset, bytes);
    }
}
