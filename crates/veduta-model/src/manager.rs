//! The object manager of Windows as far as sections, mutexes, events and semaphores go: what every operation must come to.
//!
//! One process plays all actors. Nothing here is clever: objects are never thrown away, a name exists if somebody has a
//! handle to an object of that name, and bytes are copied one by one. Where the library deliberately differs from Windows
//! (any offset of a view, exact sizes, no change from shared to copy-on-write) this is the library's word.

mod code;
mod name;
mod section;
mod sync;
#[cfg(test)]
mod tests;
mod view;

use crate::operation::{Outcome, Rights, ViewAccess};
use crate::sync::{Kind, Thread};
use code::*;
use name::Name;
use section::Section;
use std::collections::BTreeMap;
use sync::{Event, Mutex, Semaphore, Wait};
use view::View;

/// What names look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// As in a session: with an optional `Local\` or `Global\`.
    Session,
    /// As in a private namespace: plain.
    Private,
}

/// All objects, all actors with their handles and views, and the threads that wait.
#[derive(Debug)]
pub struct Manager {
    names: Names,
    files: Vec<Vec<u8>>,
    objects: Vec<Object>,
    actors: BTreeMap<usize, Actor>,
    waits: BTreeMap<Thread, Wait>,
}

#[derive(Debug)]
struct Object {
    name: Option<Name>,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Section(Section),
    Mutex(Mutex),
    Event(Event),
    Semaphore(Semaphore),
}

impl Body {
    fn kind(&self) -> Kind {
        match self {
            Body::Section(_) => Kind::Section,
            Body::Mutex(_) => Kind::Mutex,
            Body::Event(_) => Kind::Event,
            Body::Semaphore(_) => Kind::Semaphore,
        }
    }
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
        Manager { names, files, objects: Vec::new(), actors: BTreeMap::new(), waits: BTreeMap::new() }
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
        Some(self.section(handle.object).ok()?.size)
    }

    /// Whether a view with this access can be mapped of an actor's handle.
    pub fn may_map(&self, actor: usize, slot: u8, access: ViewAccess) -> bool {
        self.handle(actor, slot).is_ok_and(|handle| {
            handle.rights.include(access.needs())
                && self.section(handle.object).is_ok_and(|section| section.protection.allows(access))
        })
    }

    /// The names that exist.
    pub fn names(&self) -> Vec<String> {
        let handles = self.actors.values().flat_map(|actor| actor.handles.values());
        handles.filter_map(|handle| self.objects[handle.object].name.as_ref()).map(Name::to_string).collect()
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

    fn open(&self, name: &str, kind: Kind, access: Rights) -> Result<usize> {
        if name.is_empty() {
            return refuse(INVALID_HANDLE);
        }
        if access == Rights::NONE {
            return refuse(ACCESS_DENIED);
        }
        let name = Name::read(self.names, name)?;
        let object = self.find(&name).ok_or(Outcome::Refused(FILE_NOT_FOUND))?;
        if self.objects[object].body.kind() != kind {
            return refuse(INVALID_HANDLE);
        }
        Ok(object)
    }

    /// Makes an object, or opens what has the name, which keeps all that it is.
    fn create(
        &mut self,
        actor: usize,
        slot: u8,
        name: &str,
        kind: Kind,
        rights: Rights,
        make: impl FnOnce(&mut Manager) -> Result<Body>,
    ) -> Result<Outcome> {
        let name = if name.is_empty() { None } else { Some(Name::read(self.names, name)?) };
        let there = name.as_ref().and_then(|name| self.find(name));
        let object = match there {
            Some(object) if self.objects[object].body.kind() != kind => return refuse(INVALID_HANDLE),
            Some(object) => object,
            None => {
                let body = make(self)?;
                self.objects.push(Object { name, body });
                self.objects.len() - 1
            }
        };
        self.actor(actor).handles.insert(slot, Handle { object, rights });
        Ok(if there.is_some() { Outcome::Opened } else { Outcome::Created })
    }

    /// What creating came to, for who wants nothing that was there.
    fn only_new(&mut self, actor: usize, slot: u8, created: Outcome) -> Result<Outcome> {
        if created == Outcome::Opened {
            self.close(actor, slot);
            return refuse(ALREADY_EXISTS);
        }
        Ok(created)
    }

    /// An actor's process ends, however: nothing of it is left.
    fn end_process(&mut self, actor: usize) -> Outcome {
        self.actors.remove(&actor);
        self.end_threads(|thread| thread.actor == actor);
        Outcome::Done
    }
}
