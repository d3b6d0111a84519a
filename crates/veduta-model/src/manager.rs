//! The object manager of Windows as far as sections go: what every operation must come to.
//!
//! One process plays all actors. Nothing here is clever: objects are never thrown away, a name exists if somebody has a
//! handle to an object of that name, and bytes are copied one by one. Where the library deliberately differs from Windows
//! (any offset of a view, exact sizes, no change from shared to copy-on-write) this is the library's word.

mod code;
mod name;
#[cfg(test)]
mod tests;
mod view;

use crate::operation::{Operation, Outcome, Protection, Rights, ViewAccess};
use code::*;
use name::Name;
use std::collections::BTreeMap;
use view::{PAGE, View};

/// What names look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// As in a session: with an optional `Local\` or `Global\`.
    Session,
    /// As in a private namespace: plain.
    Private,
}

/// All objects, and all actors with their handles and views.
#[derive(Debug)]
pub struct Manager {
    names: Names,
    files: Vec<Vec<u8>>,
    objects: Vec<Object>,
    actors: BTreeMap<usize, Actor>,
}

#[derive(Debug)]
struct Object {
    name: Option<Name>,
    size: u64,
    protection: Protection,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    /// Whole pages.
    Memory(Vec<u8>),
    /// Those of a file.
    File(usize),
}

#[derive(Debug, Default)]
struct Actor {
    handles: BTreeMap<u8, Handle>,
    views: BTreeMap<u8, View>,
}

#[derive(Debug, Clone, Copy)]
struct Handle {
    object: usize,
    rights: Rights,
}

/// No machine has as much memory as that.
const TOO_MUCH: u64 = 1 << 56;

type Result<T, E = Outcome> = std::result::Result<T, E>;

impl From<u32> for Outcome {
    fn from(code: u32) -> Outcome {
        Outcome::Refused(code)
    }
}

fn refuse<T>(code: u32) -> Result<T> {
    Err(Outcome::Refused(code))
}

impl Manager {
    /// No objects, and files with these contents.
    pub fn new(names: Names, files: Vec<Vec<u8>>) -> Manager {
        Manager { names, files, objects: Vec::new(), actors: BTreeMap::new() }
    }

    /// What the files contain now.
    pub fn files(&self) -> &[Vec<u8>] {
        &self.files
    }

    /// The slots of an actor's handles.
    pub fn handles(&self, actor: usize) -> Vec<u8> {
        self.actors.get(&actor).map(|actor| actor.handles.keys().copied().collect()).unwrap_or_default()
    }

    /// The slots of an actor's views.
    pub fn views(&self, actor: usize) -> Vec<u8> {
        self.actors.get(&actor).map(|actor| actor.views.keys().copied().collect()).unwrap_or_default()
    }

    /// How many bytes an actor's view has.
    pub fn view_len(&self, actor: usize, view: u8) -> Option<u64> {
        Some(self.view(actor, view).ok()?.len)
    }

    /// How many bytes the section of an actor's handle has.
    pub fn section_len(&self, actor: usize, slot: u8) -> Option<u64> {
        let handle = self.handle(actor, slot).ok()?;
        Some(self.objects[handle.object].size)
    }

    /// Whether a view with this access can be mapped of an actor's handle.
    pub fn may_map(&self, actor: usize, slot: u8, access: ViewAccess) -> bool {
        self.handle(actor, slot).is_ok_and(|handle| {
            handle.rights.include(access.needs()) && self.objects[handle.object].protection.allows(access)
        })
    }

    /// The names that exist.
    pub fn names(&self) -> Vec<String> {
        let handles = self.actors.values().flat_map(|actor| actor.handles.values());
        handles.filter_map(|handle| self.objects[handle.object].name.as_ref()).map(Name::to_string).collect()
    }

    /// Lets an actor do something.
    pub fn apply(&mut self, actor: usize, operation: &Operation) -> Outcome {
        self.perform(actor, operation).unwrap_or_else(|refused| refused)
    }

    fn perform(&mut self, actor: usize, operation: &Operation) -> Result<Outcome> {
        match *operation {
            Operation::Create { slot, ref name, size, protection } => {
                self.close(actor, slot);
                self.create(actor, slot, name, None, size, protection)
            }
            Operation::CreateNew { slot, ref name, size, protection } => {
                self.close(actor, slot);
                match self.create(actor, slot, name, None, size, protection)? {
                    Outcome::Opened => {
                        self.close(actor, slot);
                        refuse(ALREADY_EXISTS)
                    }
                    created => Ok(created),
                }
            }
            Operation::CreateUnnamed { slot, size, protection } => {
                self.close(actor, slot);
                self.create(actor, slot, "", None, size, protection)
            }
            Operation::CreateOnFile { slot, ref name, file, size, protection, file_writable } => {
                self.close(actor, slot);
                let name = name.as_deref().unwrap_or_default();
                self.create(actor, slot, name, Some((file as usize, file_writable)), size, protection)
            }
            Operation::Open { slot, ref name, access } => {
                self.close(actor, slot);
                let object = self.open(name, access)?;
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
                let section = &self.objects[object];
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
                let Object { size, protection, .. } = self.objects[object];
                Ok(Outcome::Facts { size, protection, access: rights })
            }
            Operation::Exists { ref name } => {
                self.open(name, Rights::READ)?;
                Ok(Outcome::Done)
            }
            Operation::Kill => {
                self.actors.remove(&actor);
                Ok(Outcome::Done)
            }
        }
    }

    fn actor(&mut self, actor: usize) -> &mut Actor {
        self.actors.entry(actor).or_default()
    }

    fn handle(&self, actor: usize, slot: u8) -> Result<Handle> {
        self.actors.get(&actor).and_then(|actor| actor.handles.get(&slot)).copied().ok_or(Outcome::Vacant)
    }

    fn view(&self, actor: usize, view: u8) -> Result<&View> {
        self.actors.get(&actor).and_then(|actor| actor.views.get(&view)).ok_or(Outcome::Vacant)
    }

    fn close(&mut self, actor: usize, slot: u8) {
        self.actor(actor).handles.remove(&slot);
    }

    /// The object of a name lives as long as somebody, anybody, has a handle to it.
    fn find(&self, name: &Name) -> Option<usize> {
        self.actors
            .values()
            .flat_map(|actor| actor.handles.values())
            .map(|handle| handle.object)
            .find(|&object| self.objects[object].name.as_ref() == Some(name))
    }

    fn open(&self, name: &str, access: Rights) -> Result<usize> {
        if name.is_empty() {
            return refuse(INVALID_HANDLE);
        }
        if access == Rights::NONE {
            return refuse(ACCESS_DENIED);
        }
        let name = Name::read(self.names, name)?;
        self.find(&name).ok_or(Outcome::Refused(FILE_NOT_FOUND))
    }

    /// Creates of a file, and whether that is open for writing, or of memory; or opens what is there.
    fn create(
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
        let name = if name.is_empty() { None } else { Some(Name::read(self.names, name)?) };
        // What is there keeps its size and its protection, and a file is not looked at.
        let there = name.as_ref().and_then(|name| self.find(name));
        let object = match there {
            Some(object) => object,
            None => {
                let (size, bytes) = match file {
                    Some((file, writable)) => {
                        (self.make_of_file(file, writable, size, protection)?, Bytes::File(file))
                    }
                    None if size >= TOO_MUCH => return refuse(COMMITMENT_LIMIT),
                    None => (size, Bytes::Memory(vec![0; size.next_multiple_of(PAGE) as usize])),
                };
                self.objects.push(Object { name, size, protection, bytes });
                self.objects.len() - 1
            }
        };
        self.actor(actor).handles.insert(slot, Handle { object, rights: protection.rights() });
        Ok(if there.is_some() { Outcome::Opened } else { Outcome::Created })
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
        match (&self.objects[one].bytes, &self.objects[two].bytes) {
            (Bytes::File(one), Bytes::File(two)) => one == two,
            _ => one == two,
        }
    }

    fn read(&self, actor: usize, view: u8, offset: u64, len: u64) -> Result<Vec<u8>> {
        let view = self.view(actor, view)?;
        let shared = match &self.objects[view.object].bytes {
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
        let shared = match &mut self.objects[view.object].bytes {
            Bytes::Memory(bytes) => bytes,
            Bytes::File(file) => &mut self.files[*file],
        };
        view.write(shared, offset, bytes);
    }
}
