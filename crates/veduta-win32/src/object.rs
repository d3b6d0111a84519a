//! The objects that handles stand for, and what all of them can do.

use crate::code;
use crate::failure::{Failure, Result, fail};
use crate::file::File;
use crate::process::{self, Process};
use crate::rights::{self, Rights};
use crate::section::Section;
use crate::sync::timer::Timer;
use crate::thread::{self, Thread};
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};
use veduta::{Event, Mutex, Reset, Semaphore, Waitable};

pub(crate) enum Object {
    Section(Section),
    Mutex(Mutex),
    Event(Event),
    Semaphore(Semaphore),
    Timer(Timer),
    File(File),
    Thread(Thread),
    Process(Process),
}

/// An object on its way into another process: its descriptors, and what they do not say.
pub(crate) struct Packed {
    /// Which of [`Object`]'s variants.
    pub(crate) kind: String,
    /// What [`Object::unpack`] needs besides the descriptors; without white space.
    pub(crate) detail: String,
    pub(crate) descriptors: Vec<OwnedFd>,
}

/// Objects of one kind.
pub(crate) trait Kind: Sized {
    fn of(object: &Object) -> Option<&Self>;
    fn into_object(self) -> Object;
}

macro_rules! kinds {
    ($($kind:ident),*) => {$(
        impl Kind for $kind {
            #[inline]
            fn of(object: &Object) -> Option<&$kind> {
                if let Object::$kind(object) = object { Some(object) } else { None }
            }

            fn into_object(self) -> Object {
                Object::$kind(self)
            }
        }
    )*};
}
kinds!(Section, Mutex, Event, Semaphore, Timer, File, Thread, Process);

impl Object {
    /// The object, if it is of that kind; `ERROR_INVALID_HANDLE` if not.
    #[inline]
    pub(crate) fn as_kind<K: Kind>(&self) -> Result<&K> {
        K::of(self).ok_or(Failure::Code(code::INVALID_HANDLE))
    }

    /// What to wait for.
    pub(crate) fn waitable(&self) -> Result<&dyn Waitable> {
        Ok(match self {
            Object::Mutex(mutex) => mutex,
            Object::Event(event) => event,
            Object::Semaphore(semaphore) => semaphore,
            Object::Timer(timer) => timer.waitable(),
            Object::Thread(thread) => thread.ended()?,
            Object::Process(process) => process.ended()?,
            // Nothing goes on in the background: whatever was begun is done.
            Object::File(_) => always()?,
            Object::Section(_) => {
                return Err(Failure::hint(code::ACCESS_DENIED, "sections cannot be waited for"));
            }
        })
    }

    /// The object for a handle with other rights, and the bits that the handle keeps.
    pub(crate) fn duplicate(self: &Arc<Object>, access: u32, wanted: Rights) -> Result<(Arc<Object>, u32)> {
        let object = match (&**self, wanted) {
            (_, Rights::Same) => return Ok((Arc::clone(self), access)),
            (Object::Section(section), Rights::Mask(mask)) => section.with_rights(mask)?.into_object(),
            (Object::Mutex(mutex), Rights::Mask(mask)) => {
                mutex.try_clone_with(rights::sync(mask))?.into_object()
            }
            (Object::Event(event), Rights::Mask(mask)) => {
                event.try_clone_with(rights::sync(mask))?.into_object()
            }
            (Object::Semaphore(semaphore), Rights::Mask(mask)) => {
                semaphore.try_clone_with(rights::sync(mask))?.into_object()
            }
            (Object::File(file), Rights::Mask(mask)) => {
                return Ok((Arc::clone(self), file.narrowed(access, mask)?));
            }
            (Object::Timer(_), Rights::Mask(mask)) => return Ok((Arc::clone(self), rights::timer(mask))),
            (Object::Thread(_), Rights::Mask(mask)) => {
                return Ok((Arc::clone(self), thread::RIGHTS.map(mask)));
            }
            (Object::Process(_), Rights::Mask(mask)) => {
                return Ok((Arc::clone(self), process::RIGHTS.map(mask)));
            }
        };
        Ok((Arc::new(object), access))
    }

    /// Copies the object into descriptors for another process.
    pub(crate) fn pack(&self) -> Result<Packed> {
        use veduta::os::unix::HandleExt;
        let core = |kind: &str, descriptors| {
            Ok(Packed { kind: kind.to_owned(), detail: "-".to_owned(), descriptors })
        };
        match self {
            Object::Section(section) => section.pack(),
            Object::Mutex(mutex) => core("mutex", mutex.try_clone()?.into_descriptors()?),
            Object::Event(event) => core("event", event.try_clone()?.into_descriptors()?),
            Object::Semaphore(semaphore) => core("semaphore", semaphore.try_clone()?.into_descriptors()?),
            Object::Timer(timer) => timer.pack(),
            Object::File(file) => file.pack(),
            Object::Process(process) => process.pack(),
            Object::Thread(_) => Err(Failure::hint(
                code::NOT_SUPPORTED,
                "handles to threads cannot be given to other processes",
            )),
        }
    }

    /// What [`pack`](Object::pack) made, in the other process.
    pub(crate) fn unpack(packed: Packed) -> Result<Object> {
        use veduta::os::unix::HandleExt;
        let Packed { kind, detail, descriptors } = packed;
        Ok(match kind.as_str() {
            "section" => Object::Section(Section::unpack(&detail, descriptors)?),
            "mutex" => Object::Mutex(Mutex::from_descriptors(descriptors)?),
            "event" => Object::Event(Event::from_descriptors(descriptors)?),
            "semaphore" => Object::Semaphore(Semaphore::from_descriptors(descriptors)?),
            "timer" => Object::Timer(Timer::unpack(&detail, descriptors)?),
            "file" => Object::File(File::unpack(&detail, descriptors)?),
            "process" => Object::Process(Process::unpack(&detail, descriptors)?),
            _ => return fail(code::INVALID_DATA),
        })
    }
}

/// An event that is always signaled.
fn always() -> Result<&'static Event> {
    static ALWAYS: OnceLock<Event> = OnceLock::new();
    if let Some(event) = ALWAYS.get() {
        return Ok(event);
    }
    let event = Event::options().reset(Reset::Manual).signaled(true).create_unnamed()?;
    Ok(ALWAYS.get_or_init(|| event))
}
