//! Handles to mutexes, events, semaphores and timers: how they come about, and what is done with one object.

use super::super::Place;
use super::super::error::{done, failed, last};
use super::super::section::{Facts, Section};
use super::super::security::{Descriptor, TO_KNOW};
use super::known::{Kept, Known};
use super::native;
use super::owner::{Acquired, Ownership, Thread};
use super::state::{recursion, state_of};
use super::timers::{Alarm, Schedule};
use super::wait::{self, Deadline, Target};
use crate::sync::NewState;
use crate::{Code, Error, Kind, ObjectName, ObjectState, Reset, Result, SectionAccess, SyncAccess, Waited};
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr::null;
use std::time::Instant;
use windows_sys::Win32::Foundation::{
    ERROR_ALREADY_EXISTS, ERROR_INVALID_HANDLE, ERROR_NOT_OWNER, ERROR_TOO_MANY_POSTS, HANDLE, SetLastError,
};
use windows_sys::Win32::System::Threading::{
    CREATE_EVENT_INITIAL_SET, CREATE_EVENT_MANUAL_RESET, CREATE_MUTEX_INITIAL_OWNER,
    CREATE_WAITABLE_TIMER_MANUAL_RESET, CreateEventExW, CreateMutexExW, CreateSemaphoreExW,
    CreateWaitableTimerExW, PulseEvent, ReleaseMutex, ReleaseSemaphore, ResetEvent, SetEvent,
};

/// A handle.
pub(crate) struct Object {
    /// Before the handle itself.
    known: Option<Known>,
    pub(crate) section: Section,
}

/// The kernel's rights for a handle. Mutexes have none that others' `MODIFY_STATE` would be, and whoever owns one may release it.
fn rights(kind: Kind, access: SyncAccess) -> u32 {
    match kind {
        Kind::Mutex => (access - SyncAccess::MODIFY_STATE).union(SyncAccess::SYNCHRONIZE).bits(),
        _ => access.bits(),
    }
}

/// Opens an object by name; `None` when there is none.
pub(crate) fn open(place: Place, _: &ObjectName, kind: Kind, access: SyncAccess) -> Result<Option<Object>> {
    let Some(handle) = place.open_to_know(kind, rights(kind, access))? else { return Ok(None) };
    let section = Section::of(handle, kind, SectionAccess::empty(), access)?;
    Object::of(section, access).map(Some)
}

/// Makes an object and gives it a name; `None` when the name is taken.
pub(crate) fn create_named(
    new: NewState,
    place: &Place,
    _: &ObjectName,
    mode: u32,
    access: SyncAccess,
) -> Result<Option<Object>> {
    let Some(section) = create(new, Some(place), mode, access)? else { return Ok(None) };
    // Others of this process may have opened it by now.
    let object = Object::of(section, access)?;
    object.note_owned(new);
    Ok(Some(object))
}

/// Makes an object without a name.
pub(crate) fn create_unnamed(new: NewState, access: SyncAccess) -> Result<Object> {
    let section = create(new, None, 0o600, access)?
        .unwrap_or_else(|| unreachable!("what has no name does not exist yet"));
    let object = Object { known: Known::of_new(section.handle.as_handle(), new.kind()), section };
    object.note_owned(new);
    Ok(object)
}

/// `None`: the name is taken.
fn create(new: NewState, place: Option<&Place>, mode: u32, access: SyncAccess) -> Result<Option<Section>> {
    let kind = new.kind();
    let name = place.map_or(null(), |place| place.wide().as_ptr());
    let facts = Facts::of_sync(kind, new.detail(), access);
    let descriptor = Descriptor::new(kind, mode, &facts)?;
    let attributes = descriptor.attributes();
    let attributes = &raw const attributes;
    let desired = rights(kind, access) | TO_KNOW;
    let flag = |is: bool, flag: u32| if is { flag } else { 0 };
    // It is left alone by some of the ways to succeed.
    // SAFETY: writes a number of this thread's.
    unsafe { SetLastError(0) };
    let handle: HANDLE = match new {
        NewState::Mutex { owned } => {
            let flags = flag(owned, CREATE_MUTEX_INITIAL_OWNER);
            // SAFETY: the descriptor lives, the name is absent or ends with a NUL.
            unsafe { CreateMutexExW(attributes, name, flags, desired) }
        }
        NewState::Event { reset, signaled } => {
            let flags = flag(reset == Reset::Manual, CREATE_EVENT_MANUAL_RESET)
                | flag(signaled, CREATE_EVENT_INITIAL_SET);
            // SAFETY: as above.
            unsafe { CreateEventExW(attributes, name, flags, desired) }
        }
        NewState::Semaphore { count, maximum } => {
            let (count, maximum) = (count.cast_signed(), maximum.cast_signed());
            // SAFETY: as above.
            unsafe { CreateSemaphoreExW(attributes, count, maximum, name, 0, desired) }
        }
        NewState::Timer { reset } => {
            let flags = flag(reset == Reset::Manual, CREATE_WAITABLE_TIMER_MANUAL_RESET);
            // SAFETY: as above.
            unsafe { CreateWaitableTimerExW(attributes, name, flags, desired) }
        }
    };
    let code = last();
    if handle.is_null() {
        return Err(match (code, place) {
            (ERROR_INVALID_HANDLE, Some(place)) => place.other_kind(kind.creating()),
            (code, _) => failed(kind.creating(), code),
        });
    }
    // SAFETY: it was just made, and nobody else has it.
    let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
    if code == ERROR_ALREADY_EXISTS {
        return Ok(None);
    }
    Section::of(handle, kind, SectionAccess::empty(), access).map(Some)
}

impl Object {
    pub(crate) fn of(mut section: Section, access: SyncAccess) -> Result<Object> {
        section.facts.sync_access = access;
        let known = Known::find(section.handle.as_handle(), section.facts.kind);
        Ok(Object { known, section })
    }

    /// The handle alone.
    pub(crate) fn into_section(self) -> Section {
        drop(self.known);
        self.section
    }

    pub(crate) fn access(&self) -> SyncAccess {
        self.section.facts.sync_access
    }

    pub(crate) fn duplicate(&self, access: SyncAccess) -> Result<Object> {
        let kind = self.section.facts.kind;
        let asked = rights(kind, access);
        let handle = match self.section.duplicate_handle(asked | TO_KNOW) {
            Err(error) if error.code() == Code::ACCESS_DENIED => self.section.duplicate_handle(asked)?,
            handle => handle?,
        };
        let known = self.known.as_ref().map(|known| known.share(handle.as_handle()));
        let mut section = Section::of(handle, kind, SectionAccess::empty(), access)?;
        section.facts.detail = self.section.facts.detail;
        Ok(Object { known, section })
    }

    pub(super) fn handle(&self) -> BorrowedHandle<'_> {
        self.section.handle.as_handle()
    }

    pub(super) fn kept(&self) -> Option<&Kept> {
        self.known.as_ref().map(|known| &*known.kept)
    }

    /// For a mutex.
    fn ownership(&self) -> Option<&Ownership> {
        match self.kept()? {
            Kept::Mutex(ownership) => Some(ownership),
            Kept::Timer(_) => None,
        }
    }

    fn note_owned(&self, new: NewState) {
        if let (NewState::Mutex { owned: true }, Some(ownership)) = (new, self.ownership()) {
            ownership.acquired(Acquired::Free);
        }
    }

    /// Nothing is quicker than to wait: that is one call, and tells what became of the owner before.
    pub(crate) fn try_claim(&self, _: Thread) -> bool {
        false
    }

    /// Nothing is quicker than [`release_mutex`](Self::release_mutex).
    pub(crate) fn try_release(&self, _: Thread) -> bool {
        false
    }

    /// Acquires a mutex if it can be had at once.
    pub(crate) fn try_acquire(&self) -> Result<Option<Acquired>> {
        Ok(match wait::any(&[self.target()], Deadline::At(Instant::now()), None)? {
            Some(Waited::Signaled(_)) => Some(Acquired::Free),
            Some(Waited::Abandoned(_)) => Some(Acquired::Abandoned),
            Some(Waited::TimedOut) | None => None,
        })
    }

    /// Gives up a mutex that the calling thread owns.
    pub(crate) fn release_mutex(&self, _: Thread) -> Result<()> {
        if let Some(ownership) = self.ownership() {
            ownership.releases();
        }
        // SAFETY: the handle is open.
        done(unsafe { ReleaseMutex(self.raw()) }).map_err(|code| match code {
            ERROR_NOT_OWNER => failed(RELEASE, code).hint("only the thread that acquired it can release it"),
            code => failed(RELEASE, code),
        })
    }

    /// Notes that a guard answers for an acquisition by the calling thread. `false`: each has one.
    pub(crate) fn add_guard(&self) -> bool {
        self.ownership().is_some_and(Ownership::add_guard)
    }

    /// Undoes [`add_guard`](Self::add_guard).
    pub(crate) fn remove_guard(&self, thread: Thread) {
        if let Some(ownership) = self.ownership() {
            ownership.remove_guard(thread);
        }
    }

    /// Whether the mutex was abandoned when the calling thread, its owner, acquired it.
    pub(crate) fn was_abandoned(&self) -> bool {
        self.ownership().is_some_and(Ownership::was_abandoned)
    }

    /// Whether the calling thread owns the mutex: the kernel says.
    pub(crate) fn is_mine(&self) -> Result<bool> {
        let Some(ownership) = self.ownership() else { return Ok(false) };
        let mutant = native::mutant(self.handle()).map_err(|code| failed("query mutex", code))?;
        let mine = mutant.owned_by_caller != 0;
        ownership.believe(if mine { recursion(mutant.count) } else { 0 });
        Ok(mine)
    }

    /// Sets an event, or releases units of a semaphore; gives the value before, or the count that leaves no room, where the
    /// system tells it. Of an event it does not tell the value before.
    pub(crate) fn put(&self, units: u32) -> Result<Result<u32, Option<u32>>> {
        if self.section.facts.kind == Kind::Event {
            // SAFETY: the handle is open.
            return done(unsafe { SetEvent(self.raw()) })
                .map(|()| Ok(0))
                .map_err(|code| failed("set event", code));
        }
        let mut before = 0;
        // SAFETY: the handle is open, and the count is written to a variable of ours.
        match done(unsafe { ReleaseSemaphore(self.raw(), units.cast_signed(), &raw mut before) }) {
            Ok(()) => Ok(Ok(before.cast_unsigned())),
            Err(ERROR_TOO_MANY_POSTS) => Ok(Err(native::semaphore(self.handle())
                .ok()
                .map(|semaphore| semaphore.count.cast_unsigned()))),
            Err(code) => Err(failed("release semaphore", code)),
        }
    }

    pub(crate) fn reset(&self) -> Result<()> {
        // SAFETY: the handle is open.
        done(unsafe { ResetEvent(self.raw()) }).map_err(|code| failed("reset event", code))
    }

    pub(crate) fn pulse(&self) -> Result<()> {
        // SAFETY: the handle is open.
        done(unsafe { PulseEvent(self.raw()) }).map_err(|code| failed("pulse event", code))
    }

    pub(crate) fn state(&self) -> Result<ObjectState> {
        state_of(self.handle(), self.section.facts.kind, self.section.facts.detail)
    }

    /// Sets a timer.
    pub(crate) fn arm(&self, schedule: Schedule) -> Result<()> {
        self.alarm()?.arm(self.handle(), schedule)
    }

    /// Stops a timer.
    pub(crate) fn disarm(&self) -> Result<()> {
        self.alarm()?.disarm(self.handle())
    }

    fn alarm(&self) -> Result<&Alarm> {
        match self.kept() {
            Some(Kept::Timer(alarm)) => Ok(alarm),
            _ => Err(Error::new(Code::INVALID_HANDLE, "use timer")),
        }
    }

    pub(crate) fn target(&self) -> Target<'_> {
        Target { object: self }
    }

    fn raw(&self) -> HANDLE {
        self.section.handle.as_raw_handle()
    }
}

const RELEASE: &str = "release mutex";

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.section.fmt(f)
    }
}
