//! What can meet a limit: every way to come by an object, and what is done with it.

use crate::confined::root;
use std::any::Any;
use std::fs::File;
use std::time::Duration;
use veduta::os::InheritExt;
use veduta::os::unix::HandleExt;
use veduta::{
    Commit, Event, Interrupt, Mutex, Namespace, Reset, Result, Section, SectionAccess, Semaphore, SweepMode,
    Timer, ViewAccess, Waited, wait_all, wait_any,
};

const SIZE: u64 = 64 << 10;

/// What is there before the limit.
pub(crate) struct Stage {
    private: Namespace,
    file: File,
    unnamed: Section,
    reserved: Section,
    held: Vec<Section>,
    events: Vec<Event>,
    mutex: Mutex,
}

/// What an operation gave. It is dropped when the limit is lifted: closing the last handle takes a descriptor.
pub(crate) type Gift = Box<dyn Any>;

pub(crate) struct Operation {
    pub(crate) what: &'static str,
    pub(crate) run: fn(&Stage) -> Result<Gift>,
    /// Opens nothing, so there are always enough descriptors for it.
    pub(crate) opens: bool,
    /// Maps something.
    pub(crate) maps: bool,
}

fn gift(value: impl Any) -> Result<Gift> {
    Ok(Box::new(value))
}

impl Stage {
    pub(crate) fn new() -> Stage {
        let private = root().join("private");
        std::fs::create_dir(&private).unwrap();
        let private = Namespace::at(private).unwrap();
        let path = root().join("file");
        let file = File::options().read(true).write(true).create_new(true).open(path).unwrap();
        file.set_len(SIZE).unwrap();
        let mut options = Section::options();
        options.size(SIZE);
        let unnamed = options.create_unnamed().unwrap();
        let reserved = options.clone().size(SIZE * 100).commit(Commit::Reserve).create_unnamed().unwrap();
        let held = vec![
            options.create_new(r"Local\held").unwrap(),
            options.create_new(r"Global\held").unwrap(),
            options.clone().namespace(&private).create_new("held").unwrap(),
            options.clone().file(&file).create_new(r"Local\held file").unwrap(),
        ];
        let events = (0..8).map(|_| Event::options().create_unnamed().unwrap()).collect();
        let mutex = Mutex::options().create_new(r"Local\mutex").unwrap();
        Stage { private, file, unnamed, reserved, held, events, mutex }
    }
}

macro_rules! operations {
    ($($what:literal $(opens $opens:literal)? $(maps $maps:literal)? => $run:expr;)*) => {
        [$(Operation {
            what: $what,
            run: $run,
            opens: true $(&& $opens)?,
            maps: false $(|| $maps)?,
        }),*]
    };
}

pub(crate) fn all() -> impl Iterator<Item = Operation> {
    let operations = operations! {
        "create unnamed" => |_| gift(Section::options().size(SIZE).create_unnamed()?);
        "create Local" => |_| gift(Section::options().size(SIZE).create_new(r"Local\new")?);
        "create Global" => |_| gift(Section::options().size(SIZE).create_new(r"Global\new")?);
        "create private" => |stage| {
            gift(Section::options().size(SIZE).namespace(&stage.private).create_new("new")?)
        };
        "create of a file" => |stage| gift(Section::options().file(&stage.file).create_unnamed()?);
        "create of a file, with a name" => |stage| {
            gift(Section::options().file(&stage.file).create_new(r"Local\of file")?)
        };
        // Names that this process has open already take no more descriptors, unless they are opened for less.
        "create what is there" opens false => |_| gift(Section::options().size(SIZE).create(r"Local\held")?);
        "open Local" opens false => |_| gift(Section::options().open(r"Local\held")?);
        "open Local to read" => |_| gift(Section::options().access(SectionAccess::READ).open(r"Local\held")?);
        "open Global to read" => |_| gift(Section::options().access(SectionAccess::READ).open(r"Global\held")?);
        "open private to read" => |stage| {
            gift(Section::options().namespace(&stage.private).access(SectionAccess::READ).open("held")?)
        };
        "open of a file to read" => |_| {
            gift(Section::options().access(SectionAccess::READ).open(r"Local\held file")?)
        };
        "map" opens false maps true => |stage| gift(stage.unnamed.map(ViewAccess::Write)?);
        "map a copy" opens false maps true => |stage| gift(stage.unnamed.map(ViewAccess::Copy)?);
        "make private" maps true => |stage| gift(stage.unnamed.map(ViewAccess::Copy)?.into_private()?);
        "commit pages" maps true => |stage| {
            let view = stage.reserved.view().len(SIZE).access(ViewAccess::Write).map()?;
            view.commit(0..view.len())?;
            gift(view)
        };
        "duplicate" opens false => |stage| {
            gift(stage.held.iter().map(Section::try_clone).collect::<Result<Vec<_>>>()?)
        };
        "duplicate to read" => |stage| {
            let to_read = |section: &Section| section.try_clone_with(SectionAccess::READ);
            gift(stage.held.iter().map(to_read).collect::<Result<Vec<_>>>()?)
        };
        "give away and adopt" => |stage| {
            // Not the last handle: closing that takes a descriptor, and a mapping, for which there may be none (docs/limits.md).
            let others = stage.held.iter().map(Section::try_clone);
            let adopted = others.map(|section| Section::from_descriptors(section?.into_descriptors()?));
            gift(adopted.collect::<Result<Vec<_>>>()?)
        };
        "let children inherit" => |stage| gift(stage.unnamed.try_clone()?.into_inheritable()?);
        "create event" maps true => |_| gift(Event::options().create_new(r"Local\event")?);
        "create unnamed event" maps true => |_| gift(Event::options().create_unnamed()?);
        "create semaphore" maps true => |_| gift(Semaphore::options().maximum(2).create_new(r"Global\semaphore")?);
        "create owned mutex" maps true => |_| {
            let mutex = Mutex::options().owned(true).create_new(r"Local\owned")?;
            mutex.release()?;
            gift(mutex)
        };
        "create timer" maps true => |_| gift(Timer::options().reset(Reset::Auto).create_unnamed()?);
        "open mutex" opens false => |_| gift(Mutex::options().open(r"Local\mutex")?);
        "duplicate mutex" opens false => |stage| gift(stage.mutex.try_clone()?);
        "list" => |stage| {
            for namespace in [Namespace::local()?, Namespace::global()?, Namespace::at(stage.private.path())?] {
                let mut listing = namespace.objects()?;
                if let Some(problem) = listing.problems.pop() {
                    return Err(problem.error);
                }
                assert!(!listing.objects.is_empty() && listing.stale.is_empty(), "{listing:?}");
                let whole = |object: &veduta::ObjectInfo| !object.holders.is_empty() && object.resident.is_some();
                assert!(listing.objects.iter().all(whole), "something is left out: {listing:?}");
            }
            gift(())
        };
        "sweep" => |_| {
            let mut sweep = Namespace::local()?.sweep(SweepMode::Remove)?;
            match sweep.problems.pop() {
                Some(problem) => Err(problem.error),
                None => {
                    assert!(sweep.removed.is_empty(), "all is held: {sweep:?}");
                    gift(())
                }
            }
        };
        // Whoever has no seat, which takes a descriptor, looks from time to time.
        "wait for any" opens false => |stage| {
            let events: Vec<_> = stage.events.iter().map(|event| event as _).collect();
            assert_eq!(wait_any(&events, Duration::from_millis(5))?, Waited::TimedOut);
            stage.events[7].set()?;
            assert_eq!(wait_any(&events, None)?, Waited::Signaled(7));
            assert_eq!(wait_all(&events, Duration::from_millis(5))?, Waited::TimedOut);
            assert_eq!(Interrupt::new().wait_any(&events, Duration::from_millis(5))?, Some(Waited::TimedOut));
            gift(())
        };
        "lock" opens false => |stage| {
            stage.mutex.lock()?.unlock()?;
            gift(())
        };
    };
    operations.into_iter()
}
