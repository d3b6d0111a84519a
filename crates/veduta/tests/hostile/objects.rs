//! An object of each kind, under the name that is damaged, and something to do with it.

use crate::damage::{NAME, SIZE};
use std::time::Duration;
use veduta::{
    Disposition, Event, Mutex, Namespace, Result, Section, Semaphore, SyncObject, Timer, View, ViewAccess,
    Waitable, wait_all,
};

/// How long waits take.
pub(crate) const BRIEF: Duration = Duration::from_millis(1);

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Section,
    Mutex,
    Event,
    Semaphore,
    Timer,
}

impl Kind {
    pub(crate) const ALL: [Kind; 5] = [Kind::Section, Kind::Mutex, Kind::Event, Kind::Semaphore, Kind::Timer];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Section => "section",
            Kind::Mutex => "mutex",
            Kind::Event => "event",
            Kind::Semaphore => "semaphore",
            Kind::Timer => "timer",
        }
    }

    pub(crate) fn open(self, namespace: &Namespace) -> Result<Box<dyn Used>> {
        Ok(match self {
            Kind::Section => Box::new(Section::options().namespace(namespace).open(NAME)?),
            Kind::Mutex => Box::new(Mutex::options().namespace(namespace).open(NAME)?),
            Kind::Event => Box::new(Event::options().namespace(namespace).open(NAME)?),
            Kind::Semaphore => Box::new(Semaphore::options().namespace(namespace).open(NAME)?),
            Kind::Timer => Box::new(Timer::options().namespace(namespace).open(NAME)?),
        })
    }

    pub(crate) fn create(self, namespace: &Namespace) -> Result<(Box<dyn Used>, Disposition)> {
        fn boxed<T: Used + 'static>((object, made): (T, Disposition)) -> (Box<dyn Used>, Disposition) {
            (Box::new(object), made)
        }
        Ok(match self {
            Kind::Section => boxed(Section::options().size(SIZE).namespace(namespace).create(NAME)?),
            Kind::Mutex => boxed(Mutex::options().namespace(namespace).create(NAME)?),
            Kind::Event => boxed(Event::options().namespace(namespace).create(NAME)?),
            Kind::Semaphore => boxed(Semaphore::options().maximum(9).namespace(namespace).create(NAME)?),
            Kind::Timer => boxed(Timer::options().namespace(namespace).create(NAME)?),
        })
    }

    /// As a holder has it: a section with a view from before the damage.
    pub(crate) fn hold(self, namespace: &Namespace) -> Box<dyn Used> {
        match self {
            Kind::Section => {
                let section = Section::options()
                    .size(SIZE)
                    .namespace(namespace)
                    .create_new(NAME)
                    .expect("the name is free");
                let view = section.map(ViewAccess::Write).expect("it may be written");
                Box::new((section, view))
            }
            kind => {
                let (object, made) = kind.create(namespace).expect("the name is free");
                assert_eq!(made, Disposition::Created);
                object
            }
        }
    }
}

/// What can be used, once or more often.
pub(crate) trait Used {
    fn r#use(&self) -> Result<()>;
}

impl Used for Section {
    fn r#use(&self) -> Result<()> {
        self.map(ViewAccess::Read)?.read_at(0, &mut [0; 16])
    }
}

impl Used for (Section, View) {
    fn r#use(&self) -> Result<()> {
        self.1.fill(0..SIZE as usize, 1)?;
        self.0.r#use()
    }
}

impl Used for Mutex {
    fn r#use(&self) -> Result<()> {
        drop(self.lock_timeout(BRIEF)?);
        wait_in_vain(self)?;
        self.state().map(drop)
    }
}

impl Used for Event {
    fn r#use(&self) -> Result<()> {
        self.set()?;
        let _ = self.wait(BRIEF)?;
        wait_in_vain(self)?;
        self.pulse()?;
        self.reset()?;
        self.state().map(drop)
    }
}

impl Used for Semaphore {
    fn r#use(&self) -> Result<()> {
        self.release(1)?;
        let _ = self.wait(BRIEF)?;
        wait_in_vain(self)?;
        self.state().map(drop)
    }
}

impl Used for Timer {
    fn r#use(&self) -> Result<()> {
        self.set(Duration::ZERO, None)?;
        let _ = self.wait(BRIEF)?;
        self.set(BRIEF, Some(BRIEF))?;
        wait_in_vain(self)?;
        self.cancel()?;
        self.state().map(drop)
    }
}

/// Waits for an object and for what nobody signals.
fn wait_in_vain(object: &impl SyncObject) -> Result<()> {
    let other = Event::options().create_unnamed()?;
    wait_all(&[object, &other], BRIEF).map(drop)
}
