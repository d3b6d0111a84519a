//! Handles to mutexes, events, semaphores and timers. Such an object is a section of one page, of a kind of its own: its name, its
//! lifetime and its way into other processes are those of a section. Here is what is done with the page.

use super::super::entry::{self, Place};
use super::super::error::failed;
use super::super::fork;
use super::super::limits;
use super::super::record::{FileId, Location, PAGE};
use super::super::section::{self, Section, reopen};
use super::cell::{Cell, Nature};
use super::owner::{self, Acquired};
use super::robust::{self, Thread, Threads};
use super::signal::{Rule, TooMany};
use super::timers::{self, Schedule};
use super::wait::Target;
use crate::section::NewSection;
use crate::sync::NewState;
use crate::{
    Code, Commit, Error, Kind, ObjectName, ObjectState, Pages, Protection, Result, SectionAccess, SyncAccess,
};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

impl NewState {
    /// The value in the page.
    fn value(self) -> u32 {
        match self {
            NewState::Mutex { .. } | NewState::Timer { .. } => 0,
            NewState::Event { signaled, .. } => signaled.into(),
            NewState::Semaphore { count, .. } => count,
        }
    }

    fn section(self, mode: u32) -> NewSection<'static> {
        NewSection {
            kind: self.kind(),
            detail: self.detail(),
            size: PAGE as u64,
            protection: Protection::ReadWrite,
            file: None,
            commit: Commit::Checked,
            pages: Pages::Normal,
            numa_node: None,
            mode,
        }
    }
}

/// What the header says of an object; a mutex has no rule.
pub(super) fn rule_of(kind: Kind, detail: u32) -> Result<Option<Rule>> {
    match (kind, detail) {
        (Kind::Mutex, _) => Ok(None),
        (Kind::Event | Kind::Timer, 0) => Ok(Some(Rule::Auto)),
        (Kind::Event | Kind::Timer, 1) => Ok(Some(Rule::Manual)),
        (Kind::Semaphore, maximum @ 1..) if maximum <= crate::Semaphore::MAXIMUM => {
            Ok(Some(Rule::Counting { maximum }))
        }
        _ => Err(Error::new(Code::INVALID_DATA, kind.opening())
            .hint("its entry says what no such object can be; `veduta sweep` removes it if nobody holds it")),
    }
}

/// A handle.
pub(crate) struct Object {
    pub(crate) section: Section,
    /// Taken only by `drop`.
    cell: Option<Arc<Cell>>,
}

/// Every handle can write to the page: waiting is writing, too. What it may do is for us to check.
const ACCESS: SectionAccess = SectionAccess::READ.union(SectionAccess::WRITE).union(SectionAccess::QUERY);

/// What this process has mapped.
#[derive(Default)]
pub(super) struct Registry {
    cells: HashMap<FileId, Weak<Cell>>,
    /// What nobody has a handle to any more, but a thread owns: the kernel's list leads there.
    kept: Vec<Arc<Cell>>,
}

impl Registry {
    /// Forgets what nobody needs any more.
    fn tidy(&mut self) {
        let cells = &mut self.cells;
        self.kept.retain(|cell| {
            let needed = cell.is_in_use();
            if !needed && Arc::strong_count(cell) == 1 {
                cells.remove(&cell.id);
            }
            needed
        });
    }
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);

/// What one thread at a time has.
type Locks = (MutexGuard<'static, Registry>, MutexGuard<'static, Threads>);

thread_local! {
    /// The locks while this thread forks: in the child, a thread that had one would not be there to give it back.
    // Without a destructor: processes fork on their way out, too.
    static KEPT: RefCell<Option<ManuallyDrop<Locks>>> = const { RefCell::new(None) };
}

/// The registry, for who is alone with it.
pub(super) fn registry() -> MutexGuard<'static, Registry> {
    // From now on a child finds it unlocked.
    fork::generation();
    // Nothing that is done with it can leave it half done.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Before a fork: nobody else has a lock until [`let_go_of_locks`].
pub(crate) fn keep_locks() {
    KEPT.set(Some(ManuallyDrop::new((registry(), robust::threads()))));
}

/// After a fork, in the parent and in the child. The child leaves its parent's seats to the parent.
pub(crate) fn let_go_of_locks(is_child: bool) {
    let Some(locks) = KEPT.take() else { return };
    let (registry, threads) = ManuallyDrop::into_inner(locks);
    if is_child {
        registry.cells.values().filter_map(Weak::upgrade).for_each(|cell| cell.seats.leave_to_parent());
    }
    drop((registry, threads));
}

/// Opens an object by name; `None` when there is none.
pub(crate) fn open(
    place: Place,
    name: &ObjectName,
    kind: Kind,
    access: SyncAccess,
) -> Result<Option<Object>> {
    section::open(place, name, kind, ACCESS)?.map(|section| Object::of(section, access)).transpose()
}

/// Makes an object and gives it a name; `None` when the name is taken.
pub(crate) fn create_named(
    new: NewState,
    place: &Place,
    name: &ObjectName,
    mode: u32,
    access: SyncAccess,
) -> Result<Option<Object>> {
    let mut owned = None;
    let created = section::create_filled(&new.section(mode), place, name, |bytes, start| {
        owned = fill(new, bytes, start)?;
        Ok(())
    });
    let object = match created {
        Ok(Some(section)) => Object::of(section, access).map(Some),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    // It was kept until the handle had a share, or there was no handle to come.
    if let Some(cell) = owned {
        if !matches!(object, Ok(Some(_)))
            && let Nature::Mutex(owner) = &cell.nature
        {
            owner.release(cell.page(), Thread::current()?)?;
        }
        let_go(cell);
    }
    object
}

/// Makes an object without a name.
pub(crate) fn create_unnamed(new: NewState, access: SyncAccess) -> Result<Object> {
    let section = section::create_unnamed(&new.section(0o600))?;
    let owned = fill(new, section.bytes(), section.facts.start)?;
    let object = Object::of(section, access);
    owned.into_iter().for_each(let_go);
    object
}

/// Writes the first state. A mutex that its maker owns from the start is mapped, so that the kernel knows of it before anybody else does.
fn fill(new: NewState, bytes: BorrowedFd<'_>, start: u64) -> Result<Option<Arc<Cell>>> {
    // A new file is all zeros.
    if new.value() != 0 {
        limits::write_at(bytes, &u64::from(new.value()).to_ne_bytes(), start)
            .map_err(|errno| failed(new.kind().creating(), errno))?;
    }
    let NewState::Mutex { owned: true } = new else { return Ok(None) };
    // Another description: a mapping keeps its own, and this one may have the entry's locks.
    let own = reopen(bytes, true).map_err(|errno| failed(new.kind().creating(), errno))?;
    let id = entry::identity(own.as_fd()).map_err(unmappable)?;
    let cell = cell_of(own.as_fd(), id, start, None)?;
    cell.try_acquire(false)?;
    Ok(Some(cell))
}

/// The mapping of an object: the one that is there, or a new one.
fn cell_of(bytes: BorrowedFd<'_>, id: FileId, start: u64, rule: Option<Rule>) -> Result<Arc<Cell>> {
    let mut registry = registry();
    registry.tidy();
    if let Some(cell) = registry.cells.get(&id).and_then(Weak::upgrade) {
        return Ok(cell);
    }
    let cell = Arc::new(Cell::map(bytes, start, id, rule)?);
    registry.cells.insert(id, Arc::downgrade(&cell));
    Ok(cell)
}

fn unmappable(errno: Errno) -> Error {
    failed("map state of object", errno)
}

/// Gives up a share of a mapping. If it was the last, the mapping goes, or is kept for the thread that owns the mutex.
pub(super) fn let_go(cell: Arc<Cell>) {
    let mut registry = registry();
    if Arc::strong_count(&cell) == 1 {
        if cell.is_in_use() {
            registry.kept.push(cell);
        } else {
            registry.cells.remove(&cell.id);
        }
    }
    registry.tidy();
}

impl Object {
    pub(crate) fn of(mut section: Section, access: SyncAccess) -> Result<Object> {
        let rule = rule_of(section.facts.kind, section.facts.detail)?;
        // Beside its name, or in a memory file of its own: never in a file of somebody's, to which a forged entry may lead.
        let place = if section.files.hold.is_some() { Location::Entry } else { Location::Holder };
        if section.facts.size != PAGE as u64 || section.files.store.location() != place {
            return Err(Error::new(Code::INVALID_DATA, section.facts.kind.opening())
                .hint("its state is not one page"));
        }
        section.facts.sync_access = access;
        let id = section.files.id().map_err(unmappable)?;
        let cell = cell_of(section.bytes(), id, section.facts.start, rule)?;
        Ok(Object { section, cell: Some(cell) })
    }

    #[inline(always)]
    pub(super) fn cell(&self) -> &Arc<Cell> {
        match &self.cell {
            Some(cell) => cell,
            None => unreachable!("the cell is taken by drop alone"),
        }
    }

    /// The handle without the mapping.
    pub(crate) fn into_section(mut self) -> Section {
        self.let_go_of_cell();
        let object = ManuallyDrop::new(self);
        // SAFETY: `object` is never dropped, so the section is taken once; there is no cell any more.
        unsafe { std::ptr::read(&raw const object.section) }
    }

    fn let_go_of_cell(&mut self) {
        if let Some(cell) = self.cell.take() {
            let_go(cell);
        }
    }

    pub(crate) fn access(&self) -> SyncAccess {
        self.section.facts.sync_access
    }

    pub(crate) fn duplicate(&self, access: SyncAccess) -> Result<Object> {
        Object::of(self.section.duplicate(ACCESS)?, access)
    }

    /// Acquires a mutex that is free and that nobody waits for. `false` may also mean that it takes a closer look.
    #[inline(always)]
    pub(crate) fn try_claim(&self, thread: Thread) -> bool {
        match &self.cell().nature {
            Nature::Mutex(owner) => !self.cell().is_gone() && owner.try_claim(self.cell().page(), thread),
            Nature::Signal(_) => false,
        }
    }

    /// Fails if the object was cut off before, or by, what was just done with it.
    fn check_intact(&self) -> Result<()> {
        self.cell().check_intact()
    }

    /// Acquires a mutex if it can be had at once.
    pub(crate) fn try_acquire(&self) -> Result<Option<Acquired>> {
        self.cell().try_acquire(false)
    }

    /// Gives up a mutex that the calling thread, which `thread` is, or was before a fork, owns.
    #[inline(always)]
    pub(crate) fn release_mutex(&self, thread: Thread) -> Result<()> {
        let Nature::Mutex(owner) = &self.cell().nature else { return Err(owner::not_owner()) };
        let thread = if thread.is_current() { thread } else { Thread::current()? };
        owner.release(self.cell().page(), thread)?;
        self.check_intact()
    }

    /// Gives up a mutex that the calling thread acquired once. `false` may also mean that it takes a closer look.
    #[inline(always)]
    pub(crate) fn try_release(&self, thread: Thread) -> bool {
        match &self.cell().nature {
            Nature::Mutex(owner) => !self.cell().is_gone() && owner.try_release(self.cell().page(), thread),
            Nature::Signal(_) => false,
        }
    }

    /// Notes that a guard answers for an acquisition by the calling thread. `false`: each has one.
    #[inline(always)]
    pub(crate) fn add_guard(&self) -> bool {
        matches!(&self.cell().nature, Nature::Mutex(owner) if owner.add_guard())
    }

    /// Undoes [`add_guard`](Self::add_guard).
    #[inline(always)]
    pub(crate) fn remove_guard(&self, thread: Thread) {
        if let Nature::Mutex(owner) = &self.cell().nature {
            owner.remove_guard(thread);
        }
    }

    /// Whether the mutex was abandoned when the calling thread, its owner, acquired it.
    pub(crate) fn was_abandoned(&self) -> bool {
        matches!(&self.cell().nature, Nature::Mutex(owner) if owner.was_abandoned())
    }

    /// Whether the calling thread owns the mutex.
    pub(crate) fn is_mine(&self) -> Result<bool> {
        match &self.cell().nature {
            Nature::Mutex(owner) => owner.is_owned_here(self.cell().page()),
            Nature::Signal(_) => Ok(false),
        }
    }

    /// Sets an event, or releases units of a semaphore; gives the value before, or the count that leaves no room, where the
    /// system tells it.
    pub(crate) fn put(&self, units: u32) -> Result<Result<u32, Option<u32>>> {
        let before = match &self.cell().nature {
            Nature::Mutex(_) => Ok(0),
            Nature::Signal(rule) => {
                self.cell().page().put(*rule, units).map_err(|TooMany { count }| Some(count))
            }
        };
        self.check_intact().map(|()| before)
    }

    pub(crate) fn reset(&self) -> Result<()> {
        self.cell().page().reset();
        self.check_intact()
    }

    pub(crate) fn pulse(&self) -> Result<()> {
        if let Nature::Signal(rule) = &self.cell().nature {
            self.cell().page().pulse(*rule);
        }
        self.check_intact()
    }

    pub(crate) fn state(&self) -> Result<ObjectState> {
        super::listing::state(self.cell(), self.section.facts.kind, self.section.bytes())
    }

    /// Sets a timer.
    pub(crate) fn arm(&self, schedule: Schedule) -> Result<()> {
        timers::arm(self.cell(), schedule)?;
        self.check_intact()
    }

    /// Stops a timer.
    pub(crate) fn disarm(&self) -> Result<()> {
        timers::disarm(self.cell());
        self.check_intact()
    }

    pub(crate) fn target(&self) -> Target<'_> {
        Target { cell: self.cell(), bytes: self.section.bytes() }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        self.let_go_of_cell();
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.section.fmt(f)
    }
}
