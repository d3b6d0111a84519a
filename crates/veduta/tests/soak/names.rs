//! The names that come and go, of all kinds and in all places, and what is there all the time.

use crate::board::UNITS;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use veduta::os::unix::HandleExt;
use veduta::{
    Code, Disposition, Error, Event, Kind, Mutex, Namespace, Protection, Reset, Result, Section,
    SectionAccess, Semaphore, SyncObject, SyncOptions, Timer, ViewAccess,
};

/// Bytes of a section.
pub(crate) const SIZE: u64 = 16384;

pub(crate) struct Name {
    /// In a private namespace if there is no prefix.
    pub(crate) text: &'static str,
    pub(crate) kind: Kind,
    /// Whether the bytes are a file's.
    of_file: bool,
}

const fn name(text: &'static str, kind: Kind) -> Name {
    Name { text, kind, of_file: false }
}

const fn of_file(text: &'static str) -> Name {
    Name { text, kind: Kind::Section, of_file: true }
}

/// Those that come and go. The first [`EXECUTABLE`] are memory of which there can be views of all accesses.
pub(crate) const NAMES: [Name; 13] = [
    name(r"Local\memory 0", Kind::Section),
    name(r"Local\memory 1", Kind::Section),
    name(r"Local\memory 2", Kind::Section),
    of_file(r"Local\file 0"),
    of_file(r"Local\file 1"),
    name(r"Global\entry 0", Kind::Section),
    name(r"Global\entry 1", Kind::Section),
    name("entry 2", Kind::Section),
    name("entry 3", Kind::Section),
    name(r"Local\event", Kind::Event),
    name(r"Global\mutex", Kind::Mutex),
    name("semaphore", Kind::Semaphore),
    name(r"Local\timer", Kind::Timer),
];
pub(crate) const EXECUTABLE: usize = 3;
/// How many of them are sections.
pub(crate) const SECTIONS: usize = 9;

/// Those that are there all the time: sections with numbers to which all add, and what all wait for.
pub(crate) const KEPT: [Name; 4] = [
    name(r"Local\kept", Kind::Section),
    of_file(r"Local\kept file"),
    name(r"Global\kept", Kind::Section),
    name("kept", Kind::Section),
];
pub(crate) const WAITED_FOR: [Name; 6] = [
    name(r"Local\waited mutex", Kind::Mutex),
    name(r"Global\waited mutex", Kind::Mutex),
    name(r"Local\waited semaphore", Kind::Semaphore),
    name("waited semaphore", Kind::Semaphore),
    name(r"Local\auto", Kind::Event),
    name(r"Global\gate", Kind::Event),
];

impl Name {
    pub(crate) fn is_private(&self) -> bool {
        !self.text.contains('\\')
    }
}

/// A handle to an object of any kind.
pub(crate) enum Object {
    Section(Section),
    Event(Event),
    Mutex(Mutex),
    Semaphore(Semaphore),
    Timer(Timer),
}

/// Does the same with a handle of any kind.
macro_rules! each {
    ($object:expr, $handle:ident => $result:expr) => {
        match $object {
            Object::Section($handle) => $result,
            Object::Event($handle) => $result,
            Object::Mutex($handle) => $result,
            Object::Semaphore($handle) => $result,
            Object::Timer($handle) => $result,
        }
    };
}

impl Object {
    pub(crate) fn duplicate(&self) -> Result<Object> {
        Ok(match self {
            Object::Section(section) => Object::Section(section.try_clone()?),
            Object::Event(event) => Object::Event(event.try_clone()?),
            Object::Mutex(mutex) => Object::Mutex(mutex.try_clone()?),
            Object::Semaphore(semaphore) => Object::Semaphore(semaphore.try_clone()?),
            Object::Timer(timer) => Object::Timer(timer.try_clone()?),
        })
    }

    pub(crate) fn into_descriptors(self) -> Result<Vec<OwnedFd>> {
        each!(self, handle => handle.into_descriptors())
    }

    pub(crate) fn from_descriptors(kind: Kind, descriptors: Vec<OwnedFd>) -> Result<Object> {
        Ok(match kind {
            Kind::Section => Object::Section(Section::from_descriptors(descriptors)?),
            Kind::Event => Object::Event(Event::from_descriptors(descriptors)?),
            Kind::Mutex => Object::Mutex(Mutex::from_descriptors(descriptors)?),
            Kind::Semaphore => Object::Semaphore(Semaphore::from_descriptors(descriptors)?),
            Kind::Timer => Object::Timer(Timer::from_descriptors(descriptors)?),
            kind => unreachable!("{kind} is not among the names"),
        })
    }

    pub(crate) fn section(&self) -> Option<&Section> {
        if let Object::Section(section) = self { Some(section) } else { None }
    }
}

/// The last holder of the name is stopped in the middle of something: the one error that is not to be helped, docs/limits.md.
pub(crate) fn is_hidden(error: &Error) -> bool {
    error.code() == Code::ACCESS_DENIED
        && error.advice().is_some_and(|advice| advice.contains("does not show its bytes"))
}

/// Where the names are.
pub(crate) struct Places {
    root: PathBuf,
    pub(crate) private: Namespace,
}

impl Places {
    pub(crate) fn of(root: &Path) -> Places {
        let private = Namespace::at(root.join("private")).expect("the coordinator made it");
        Places { root: root.to_owned(), private }
    }

    pub(crate) fn namespaces(&self) -> [Namespace; 3] {
        let [local, global] =
            [Namespace::local(), Namespace::global()].map(|one| one.expect("it can be had"));
        [local, global, self.private.clone()]
    }

    /// A file that is cut off under its views.
    pub(crate) fn file_to_cut(&self, number: u64) -> File {
        self.file(&format!("cut {number}"))
    }

    fn file(&self, name: &str) -> File {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options.open(self.root.join(name)).expect("/dev/shm has room")
    }

    pub(crate) fn create(&self, name: &Name) -> Result<(Object, Disposition)> {
        Ok(match name.kind {
            Kind::Section => {
                let file;
                let mut options = Section::options();
                options.size(SIZE);
                if name.of_file {
                    file = self.file(&name.text.replace('\\', " "));
                    options.file(&file);
                } else if name.text.contains("memory") {
                    options.protection(Protection::ExecuteReadWrite);
                }
                if name.is_private() {
                    options.namespace(&self.private);
                }
                let (section, disposition) = options.create(name.text)?;
                (Object::Section(section), disposition)
            }
            Kind::Event => {
                let mut options = Event::options();
                options.reset(if name.text.contains("gate") { Reset::Manual } else { Reset::Auto });
                self.make(options, name, Object::Event)?
            }
            Kind::Mutex => self.make(Mutex::options(), name, Object::Mutex)?,
            Kind::Semaphore => {
                let mut options = Semaphore::options();
                options.count(UNITS).maximum(1000);
                self.make(options, name, Object::Semaphore)?
            }
            Kind::Timer => self.make(Timer::options(), name, Object::Timer)?,
            kind => unreachable!("{kind} is not among the names"),
        })
    }

    fn make<'a, T: SyncObject>(
        &'a self,
        mut options: SyncOptions<'a, T>,
        name: &Name,
        object: fn(T) -> Object,
    ) -> Result<(Object, Disposition)> {
        if name.is_private() {
            options.namespace(&self.private);
        }
        let (made, disposition) = options.create(name.text)?;
        Ok((object(made), disposition))
    }

    pub(crate) fn open(&self, name: &Name) -> Result<Object> {
        Ok(match name.kind {
            Kind::Section => {
                let mut options = Section::options();
                if name.text.contains("memory") {
                    options.access(SectionAccess::all());
                }
                if name.is_private() {
                    options.namespace(&self.private);
                }
                Object::Section(options.open(name.text)?)
            }
            Kind::Event => Object::Event(self.open_sync(Event::options(), name)?),
            Kind::Mutex => Object::Mutex(self.open_sync(Mutex::options(), name)?),
            Kind::Semaphore => Object::Semaphore(self.open_sync(Semaphore::options(), name)?),
            Kind::Timer => Object::Timer(self.open_sync(Timer::options(), name)?),
            kind => unreachable!("{kind} is not among the names"),
        })
    }

    fn open_sync<'a, T: SyncObject>(&'a self, mut options: SyncOptions<'a, T>, name: &Name) -> Result<T> {
        if name.is_private() {
            options.namespace(&self.private);
        }
        options.open(name.text)
    }
}

/// What is there all the time.
pub(crate) struct Fixed {
    pub(crate) kept: Vec<Section>,
    pub(crate) mutexes: [Mutex; 2],
    pub(crate) semaphores: [Semaphore; 2],
    pub(crate) auto: Event,
    pub(crate) gate: Event,
}

impl Fixed {
    /// Creates them, or opens what the coordinator created.
    pub(crate) fn at(places: &Places) -> Fixed {
        let make = |name: &Name| places.create(name).expect("what is there all the time can be had").0;
        let kept = KEPT.iter().map(|name| match make(name) {
            Object::Section(section) => section,
            _ => unreachable!("they are sections"),
        });
        let kept = kept.collect();
        let [first, second, third, fourth, auto, gate] = WAITED_FOR.each_ref().map(make);
        let (Object::Mutex(first), Object::Mutex(second)) = (first, second) else {
            unreachable!("so they are named")
        };
        let (Object::Semaphore(third), Object::Semaphore(fourth)) = (third, fourth) else {
            unreachable!("so they are named")
        };
        let (Object::Event(auto), Object::Event(gate)) = (auto, gate) else {
            unreachable!("so they are named")
        };
        Fixed { kept, mutexes: [first, second], semaphores: [third, fourth], auto, gate }
    }

    /// Adds one to a number that is kept, through the handle that is there or through a new one.
    pub(crate) fn add(&self, index: usize, places: &Places, anew: bool) {
        let section = match anew {
            true => places.open(&KEPT[index]),
            false => Ok(Object::Section(self.kept[index].try_clone().expect("descriptors are left"))),
        };
        let section = section.expect("what is there all the time can be opened");
        let section = section.section().expect("it is one");
        let view = section.map(ViewAccess::Write).expect("it can be mapped");
        let number = view.atomic::<std::sync::atomic::AtomicU64>(0).expect("it has a page");
        number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}
