//! Threads: the object, and what is asked of it.

mod end;
mod leave;
mod priority;
mod start;

use crate::apc::Alerts;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::fork;
use crate::object::{Kind, Object};
use crate::pointer::Out;
use crate::process::Process;
use crate::rights::{Generic, READ_CONTROL, STANDARD_RIGHTS_ALL, SYNCHRONIZE};
use crate::table;
use crate::types::{BOOL, DWORD, HANDLE};
use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use veduta::{Event, Reset};

pub(crate) use end::{Queue, lock as ending};
pub(crate) use start::{helper, without_signals};

pub(crate) const ALL_ACCESS: u32 = 0x001F_FFFF;
const SUSPEND_RESUME: u32 = 0x0002;
/// To queue procedures.
pub(crate) const SET_CONTEXT: u32 = 0x0010;
const SET_INFORMATION: u32 = 0x0020;
const QUERY_INFORMATION: u32 = 0x0040;
const SET_LIMITED_INFORMATION: u32 = 0x0400;
const QUERY_LIMITED_INFORMATION: u32 = 0x0800;

pub(crate) const RIGHTS: Generic = Generic {
    read: READ_CONTROL | 0x48,
    write: READ_CONTROL | 0x37,
    execute: READ_CONTROL | SYNCHRONIZE | QUERY_LIMITED_INFORMATION,
    all: ALL_ACCESS,
};

/// `STILL_ACTIVE`.
pub(crate) const STILL_ACTIVE: u32 = 259;
/// What `SuspendThread` and `ResumeThread` return on failure.
const FAILED: u32 = u32::MAX;
/// `MAXIMUM_SUSPEND_COUNT`.
const MAXIMUM_SUSPENDED: u32 = 127;

/// A thread, as handles refer to it.
pub(crate) enum Thread {
    /// One of this process.
    Here(Life),
    /// The first thread of another process, which is all that is known of the other's threads.
    First(Process),
}

/// A thread of this process, from before it begins until nobody asks for it any more.
pub(crate) struct Life {
    alerts: Arc<Alerts>,
    state: Mutex<State>,
    changed: Condvar,
    /// Made when somebody wants to wait for the thread.
    ended: OnceLock<Event>,
    /// The exit code, and above it whether there is one.
    exit: AtomicU64,
    priority: AtomicI32,
}

#[derive(Default)]
struct State {
    /// The kernel's number; 0 until the thread has said it.
    number: u32,
    /// How often it was suspended. Only who has not begun waits for it to be 0.
    suspended: u32,
    begun: bool,
    over: bool,
}

const HAS_CODE: u64 = 1 << 32;

impl Life {
    /// A thread that does not run yet.
    fn to_come(suspended: bool) -> Life {
        Life {
            alerts: Arc::new(Alerts::new()),
            state: Mutex::new(State { suspended: suspended.into(), ..State::default() }),
            changed: Condvar::new(),
            ended: OnceLock::new(),
            exit: AtomicU64::new(0),
            priority: AtomicI32::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says who it is, and waits until nobody has it suspended.
    fn begin(&self) {
        let mut state = self.lock();
        state.number = own_number();
        self.changed.notify_all();
        while state.suspended > 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.begun = true;
    }

    /// The kernel's number. A thread that was just made is waited for: it is about to say it.
    fn number(&self) -> u32 {
        let mut state = self.lock();
        while state.number == 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.number
    }

    /// What the exit code will be.
    fn set_code(&self, code: u32) {
        self.exit.store(HAS_CODE | u64::from(code), Ordering::Release);
    }

    fn has_code(&self) -> bool {
        self.exit.load(Ordering::Acquire) & HAS_CODE != 0
    }

    fn exit_code(&self) -> u32 {
        if self.lock().over { self.exit.load(Ordering::Acquire) as u32 } else { STILL_ACTIVE }
    }

    fn ended(&self) -> Result<&Event> {
        if let Some(event) = self.ended.get() {
            return Ok(event);
        }
        // Under the lock: the thread may be ending.
        let state = self.lock();
        if let Some(event) = self.ended.get() {
            return Ok(event);
        }
        let event = Event::options().reset(Reset::Manual).signaled(state.over).create_unnamed()?;
        Ok(self.ended.get_or_init(|| event))
    }

    /// The kernel has ended the thread.
    fn end(&self) {
        let mut state = self.lock();
        state.over = true;
        if let Some(event) = self.ended.get() {
            let set = event.set();
            debug_assert!(set.is_ok(), "the event is ours");
        }
        self.changed.notify_all();
    }

    fn suspend(&self) -> Result<u32> {
        let mut state = self.lock();
        if state.over {
            return fail(code::ACCESS_DENIED);
        }
        if state.begun {
            return Err(Failure::hint(
                code::NOT_SUPPORTED,
                "a thread that runs cannot be stopped from outside on Linux; let it wait for an event",
            ));
        }
        if state.suspended == MAXIMUM_SUSPENDED {
            return fail(code::SIGNAL_REFUSED);
        }
        state.suspended += 1;
        Ok(state.suspended - 1)
    }

    fn resume(&self) -> u32 {
        let mut state = self.lock();
        let before = state.suspended;
        state.suspended = before.saturating_sub(1);
        self.changed.notify_all();
        before
    }
}

impl Thread {
    /// The event that is set when the thread has ended.
    pub(crate) fn ended(&self) -> Result<&Event> {
        match self {
            Thread::Here(life) => life.ended(),
            Thread::First(process) => process.ended(),
        }
    }

    /// What is queued to the thread.
    pub(crate) fn alerts(&self) -> Result<&Alerts> {
        match self {
            Thread::Here(life) => Ok(&life.alerts),
            Thread::First(_) => {
                Err(Failure::hint(code::NOT_SUPPORTED, "procedures cannot be queued to another process"))
            }
        }
    }

    fn id(&self) -> u32 {
        match self {
            Thread::Here(life) => life.number(),
            Thread::First(process) => process.id(),
        }
    }
}

thread_local! {
    /// The calling thread's object, once it has one. The count that keeps it is the key's (see [`enter`]).
    static CURRENT: Cell<*const Object> = const { Cell::new(std::ptr::null()) };
    /// The number, and the fork generation in which it is that; 0 is no number.
    static NUMBER: Cell<(u32, u64)> = const { Cell::new((0, 0)) };
}

/// The threads of this process that have an object, by number.
pub(crate) type Known = HashMap<u32, Weak<Object>>;

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

pub(crate) fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn own_number() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs()
}

/// The calling thread.
pub(crate) fn current() -> Result<Arc<Object>> {
    let here = CURRENT.get();
    if here.is_null() {
        return adopt();
    }
    // SAFETY: the key's count keeps it as long as `CURRENT` says so.
    unsafe { Arc::increment_strong_count(here) };
    // SAFETY: the count that was just added is this one's.
    Ok(unsafe { Arc::from_raw(here) })
}

/// What is queued to the calling thread.
pub(crate) fn alerts() -> Arc<Alerts> {
    match current().as_deref() {
        Ok(Object::Thread(Thread::Here(life))) => Arc::clone(&life.alerts),
        // No memory for a key: nobody can queue anything either.
        _ => Arc::new(Alerts::new()),
    }
}

/// Gives a thread that `CreateThread` did not make an object.
#[cold]
fn adopt() -> Result<Arc<Object>> {
    let life = Life::to_come(false);
    {
        let mut state = life.lock();
        state.number = own_number();
        state.begun = true;
    }
    let object = Arc::new(Thread::Here(life).into_object());
    enter(&object)?;
    Ok(object)
}

/// Makes an object the calling thread's, until the thread ends.
fn enter(object: &Arc<Object>) -> Result<()> {
    let key = end::key()?;
    let kept = Arc::into_raw(Arc::clone(object));
    // SAFETY: the key exists; what it keeps is given back by its destructor.
    if unsafe { libc::pthread_setspecific(key, kept.cast::<c_void>()) } != 0 {
        // SAFETY: the count that was just added.
        drop(unsafe { Arc::from_raw(kept) });
        return fail(code::NOT_ENOUGH_MEMORY);
    }
    CURRENT.set(kept);
    known().insert(own_number(), Arc::downgrade(object));
    Ok(())
}

/// In a child made by `fork`: the other threads are the parent's, and so is what this one was there.
pub(crate) fn after_fork_in_child(known: &mut Known) {
    known.clear();
    if !CURRENT.get().is_null()
        && let Ok(key) = end::key()
    {
        CURRENT.set(std::ptr::null());
        // Not given back: its event is shared with the parent, and nobody here may set it.
        // SAFETY: the key exists.
        unsafe { libc::pthread_setspecific(key, std::ptr::null()) };
    }
    end::after_fork_in_child();
}

/// Calls `ask` with a thread, if the handle has one of these rights.
pub(crate) fn with<R>(handle: HANDLE, rights: u32, ask: impl FnOnce(&Thread) -> Result<R>) -> Result<R> {
    let object = if handle == HANDLE::CURRENT_THREAD {
        current()?
    } else {
        let entry = table::entry(handle)?;
        let _: &Thread = entry.object.as_kind()?;
        if RIGHTS.map(entry.access) & rights == 0 {
            return Err(Failure::hint(code::ACCESS_DENIED, "the handle to the thread has not that right"));
        }
        Arc::clone(&entry.object)
    };
    ask(object.as_kind()?)
}

export! {
    fn GetCurrentThread() -> HANDLE { Ok(HANDLE::CURRENT_THREAD) }

    fn GetCurrentThreadId() -> DWORD {
        let (number, generation) = NUMBER.get();
        // A forked child's thread has another number than the parent's had.
        if number != 0 && generation == fork::generation() {
            return Ok(number);
        }
        let number = own_number();
        NUMBER.set((number, fork::generation()));
        Ok(number)
    }

    fn GetThreadId(thread: HANDLE) -> DWORD {
        with(thread, QUERY_INFORMATION | QUERY_LIMITED_INFORMATION, |thread| Ok(thread.id()))
    }

    fn GetProcessIdOfThread(thread: HANDLE) -> DWORD {
        with(thread, QUERY_INFORMATION | QUERY_LIMITED_INFORMATION, |thread| match thread {
            Thread::Here(_) => Ok(std::process::id()),
            Thread::First(process) => Ok(process.id()),
        })
    }

    fn OpenThread(access: DWORD, inherit: BOOL, id: DWORD) -> HANDLE {
        if access == 0 {
            return fail(code::ACCESS_DENIED);
        }
        let object = if id == own_number() { Some(current()?) } else { known().get(&id).and_then(Weak::upgrade) };
        let object = object.ok_or_else(|| Failure::hint(
            code::INVALID_PARAMETER,
            "no thread of this process that is known to veduta has this number",
        ))?;
        table::insert(object, RIGHTS.map(access) & (ALL_ACCESS | STANDARD_RIGHTS_ALL), inherit.is_true())
    }

    fn GetExitCodeThread(thread: HANDLE, exit_code: Out<DWORD>) -> BOOL {
        let exit_code = exit_code.required()?;
        with(thread, QUERY_INFORMATION | QUERY_LIMITED_INFORMATION, |thread| {
            exit_code.put(match thread {
                Thread::Here(life) => life.exit_code(),
                Thread::First(process) => process.exit_code()?,
            });
            Ok(())
        })
    }

    fn SuspendThread(thread: HANDLE) -> DWORD, failing FAILED {
        with(thread, SUSPEND_RESUME, |thread| match thread {
            Thread::Here(life) => life.suspend(),
            Thread::First(process) => process.suspend(),
        })
    }

    fn ResumeThread(thread: HANDLE) -> DWORD, failing FAILED {
        with(thread, SUSPEND_RESUME, |thread| match thread {
            Thread::Here(life) => Ok(life.resume()),
            Thread::First(process) => process.resume(),
        })
    }

    fn SetThreadPriority(thread: HANDLE, priority: i32) -> BOOL {
        with(thread, SET_INFORMATION | SET_LIMITED_INFORMATION, |thread| match thread {
            Thread::Here(life) => priority::set(life, priority),
            Thread::First(_) => {
                Err(Failure::hint(code::NOT_SUPPORTED, "the priority of another process' thread cannot be set"))
            }
        })
    }

    fn GetThreadPriority(thread: HANDLE) -> i32, failing priority::FAILED {
        with(thread, QUERY_INFORMATION | QUERY_LIMITED_INFORMATION, |thread| match thread {
            Thread::Here(life) => Ok(life.priority.load(Ordering::Relaxed)),
            Thread::First(_) => Ok(0),
        })
    }

    fn SwitchToThread() -> BOOL {
        std::thread::yield_now();
        // Linux does not say whether another thread ran.
        Ok(())
    }
}
