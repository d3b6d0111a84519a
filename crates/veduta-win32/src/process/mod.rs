//! Processes: the object, and what is asked of it.

mod command_line;
mod create;
pub(crate) mod exit;
mod inherit;
pub(crate) mod mailbox;
mod program;
mod spawn;
mod stranger;
mod watch;

use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::object::{Kind, Object, Packed};
use crate::rights::{Generic, READ_CONTROL, SYNCHRONIZE};
use crate::table;
use crate::thread::STILL_ACTIVE;
use crate::types::{BOOL, DWORD, HANDLE};
use exit::{Code, Ended, Page};
use mailbox::Lane;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use veduta::{Event, Reset};

pub(crate) use exit::exit;
pub(crate) use watch::{Watch, lock as watch};

pub(crate) const ALL_ACCESS: u32 = 0x001F_FFFF;
const TERMINATE: u32 = 0x0001;
const DUP_HANDLE: u32 = 0x0040;
const QUERY_INFORMATION: u32 = 0x0400;
const QUERY_LIMITED_INFORMATION: u32 = 0x1000;

pub(crate) const RIGHTS: Generic = Generic {
    read: READ_CONTROL | QUERY_INFORMATION | 0x0010,
    write: READ_CONTROL | 0x0BEA,
    execute: READ_CONTROL | SYNCHRONIZE | QUERY_LIMITED_INFORMATION | TERMINATE,
    all: ALL_ACCESS,
};

/// A process, as handles refer to it.
#[derive(Clone)]
pub(crate) struct Process(Arc<Shared>);

/// What all handles of this process to one other have in common.
pub(crate) struct Shared {
    id: u32,
    pidfd: OwnedFd,
    /// The process that created it, if that is this one or the one that it was forked from.
    parent: Option<u32>,
    /// Where it leaves its exit code, if it and whoever created it use this library.
    page: Option<Page>,
    lane: Option<Lane>,
    suspended: Mutex<u32>,
    /// What this process has killed it with.
    killed: Code,
    end: Mutex<Option<Ended>>,
    /// Made when somebody wants to wait for it, and for its first thread: to a wait for all, they are two objects.
    ended: OnceLock<Event>,
    thread_ended: OnceLock<Event>,
    /// By which [`watch`] knows it, and above that the process in which it does.
    watched: AtomicU64,
}

/// The other processes that this one has to do with, by id.
#[derive(Default)]
pub(crate) struct Others {
    /// The children that have not ended.
    children: HashMap<u32, Arc<Shared>>,
    /// Those that there are handles to. An id can be that of several, of which all but the last have ended.
    known: HashMap<u32, Vec<Weak<Shared>>>,
}

static OTHERS: LazyLock<Mutex<Others>> = LazyLock::new(Mutex::default);

/// While this is locked, no [`Shared`] may be dropped: that locks it, too.
pub(crate) fn others() -> MutexGuard<'static, Others> {
    OTHERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The child with an id, if it has not ended.
fn child(id: u32) -> Option<Process> {
    others().children.get(&id).map(|child| Process(Arc::clone(child)))
}

impl Shared {
    fn new(id: u32, pidfd: OwnedFd, page: Option<Page>) -> Shared {
        Shared {
            id,
            pidfd,
            parent: None,
            page,
            lane: None,
            suspended: Mutex::new(0),
            killed: Code::default(),
            end: Mutex::new(None),
            ended: OnceLock::new(),
            thread_ended: OnceLock::new(),
            watched: AtomicU64::new(0),
        }
    }

    fn is_child(&self) -> bool {
        self.parent == Some(std::process::id())
    }

    /// Looks whether the process has ended. If so, for good: the event is set, a child's last gifts are taken in, its remains are
    /// removed.
    fn look(&self) -> Option<Ended> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = *end {
            return Some(ended);
        }
        if !is_readable(self.pidfd.as_fd()) {
            return None;
        }
        if let Some(lane) = &self.lane {
            lane.collect();
        }
        let ended = Ended::of(self);
        *end = Some(ended);
        for event in [&self.ended, &self.thread_ended].into_iter().filter_map(OnceLock::get) {
            let set = event.set();
            debug_assert!(set.is_ok(), "the event is ours");
        }
        drop(end);
        if self.is_child() {
            // The watcher may still have it.
            let child = {
                let children = &mut others().children;
                let is_this =
                    children.get(&self.id).is_some_and(|child| std::ptr::eq(&raw const **child, self));
                if is_this { children.remove(&self.id) } else { None }
            };
            drop(child);
        }
        Some(ended)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        watch::forget(self);
        let known = &mut others().known;
        if let Some(same) = known.get_mut(&self.id) {
            same.retain(|process| !std::ptr::eq(process.as_ptr(), self));
            if same.is_empty() {
                known.remove(&self.id);
            }
        }
    }
}

/// Whether the process behind a pidfd has ended.
fn is_readable(pidfd: BorrowedFd<'_>) -> bool {
    let mut poll = [PollFd::from_borrowed_fd(pidfd, PollFlags::IN)];
    loop {
        match rustix::event::poll(&mut poll, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
            Err(Errno::INTR) => {}
            ready => return ready.is_ok_and(|ready| ready > 0),
        }
    }
}

impl Process {
    /// A child that was just made.
    fn child(id: u32, pidfd: OwnedFd, page: Page, lane: Option<Lane>, suspended: bool) -> Result<Process> {
        page.give_to(id);
        let mut shared = Shared::new(id, pidfd, Some(page));
        shared.parent = Some(std::process::id());
        shared.lane = lane;
        shared.suspended = Mutex::new(suspended.into());
        let Process(shared) = Process::known(shared);
        others().children.insert(id, Arc::clone(&shared));
        if let Err(failure) = watch::watch(&shared, true) {
            // Nobody would see it end.
            let _gone = rustix::process::pidfd_send_signal(&shared.pidfd, Signal::KILL);
            while shared.look().is_none() {
                std::thread::yield_now();
            }
            return Err(failure);
        }
        Ok(Process(shared))
    }

    /// A process that can be found by its id from now on.
    fn known(shared: Shared) -> Process {
        let shared = Arc::new(shared);
        others().known.entry(shared.id).or_default().push(Arc::downgrade(&shared));
        Process(shared)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id
    }

    fn is_current(&self) -> bool {
        self.0.id == std::process::id()
    }

    /// The event that is set when the process has ended.
    pub(crate) fn ended(&self) -> Result<&Event> {
        self.event_in(&self.0.ended)
    }

    /// The event that is set when the first thread has ended: when the process has.
    pub(crate) fn thread_ended(&self) -> Result<&Event> {
        self.event_in(&self.0.thread_ended)
    }

    fn event_in<'a>(&self, place: &'a OnceLock<Event>) -> Result<&'a Event> {
        if let Some(event) = place.get() {
            return Ok(event);
        }
        {
            // Under the lock: the process may be ending.
            let end = self.0.end.lock().unwrap_or_else(PoisonError::into_inner);
            if place.get().is_none() {
                let event = Event::options().reset(Reset::Manual).signaled(end.is_some()).create_unnamed()?;
                let _same = place.set(event);
            }
        }
        if !self.is_current() {
            watch::watch(&self.0, self.0.is_child())?;
        }
        place.get().ok_or(Failure::Code(code::INTERNAL_ERROR))
    }

    pub(crate) fn exit_code(&self) -> Result<u32> {
        if self.is_current() {
            return Ok(STILL_ACTIVE);
        }
        match self.0.look() {
            None => Ok(STILL_ACTIVE),
            Some(ended) => ended.code(&self.0),
        }
    }

    pub(crate) fn suspend(&self) -> Result<u32> {
        if self.is_current() {
            return Err(Failure::hint(code::NOT_SUPPORTED, "a process cannot suspend itself"));
        }
        if self.0.look().is_some() {
            return Err(Failure::hint(code::ACCESS_DENIED, "the process has ended"));
        }
        self.change_suspended(|count| if count < 127 { count + 1 } else { count })
    }

    pub(crate) fn resume(&self) -> Result<u32> {
        if self.0.look().is_some() {
            // Who ends is not suspended any more.
            return Ok(0);
        }
        self.change_suspended(|count| count.saturating_sub(1))
    }

    fn change_suspended(&self, change: impl FnOnce(u32) -> u32) -> Result<u32> {
        let mut count = self.0.suspended.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *count;
        let now = change(before);
        let signal = match (before, now) {
            (0, 1) => Some(Signal::STOP),
            (1, 0) => Some(Signal::CONT),
            _ => None,
        };
        if let Some(signal) = signal {
            match rustix::process::pidfd_send_signal(&self.0.pidfd, signal) {
                // It has ended. There is nothing to suspend; to resume it does no harm.
                Err(Errno::SRCH) if signal == Signal::STOP => return fail(code::ACCESS_DENIED),
                Err(Errno::SRCH) => {}
                sent => sent?,
            }
        }
        *count = now;
        Ok(before)
    }

    pub(crate) fn pack(&self) -> Result<Packed> {
        let mut descriptors = vec![rustix::io::fcntl_dupfd_cloexec(&self.0.pidfd, 3)?];
        if let Some(page) = &self.0.page {
            descriptors.push(page.descriptor()?);
        }
        Ok(Packed { kind: "process".to_owned(), detail: self.0.id.to_string(), descriptors })
    }

    pub(crate) fn unpack(detail: &str, descriptors: Vec<OwnedFd>) -> Result<Process> {
        let mut descriptors = descriptors.into_iter();
        let pidfd = descriptors.next().ok_or(Failure::Code(code::INVALID_DATA))?;
        let page = descriptors.next().map(Page::map).transpose()?;
        // The number that it has here: the sender may be of another pid namespace, or lie.
        let id = match pidfd_number(pidfd.as_fd())? {
            // It has ended. Nothing but its number can be asked for, and that only the sender knows.
            None => detail.parse().map_err(|_| Failure::Code(code::INVALID_DATA))?,
            Some(id) => id,
        };
        Ok(child(id).unwrap_or_else(|| Process::known(Shared::new(id, pidfd, page))))
    }

    /// The process of an id; the caller's rights are not asked for.
    fn open(id: u32) -> Result<Process> {
        if id == std::process::id() {
            return this();
        }
        if let Some(child) = child(id) {
            return Ok(child);
        }
        let nobody =
            || Failure::hint(code::INVALID_PARAMETER, format!("there is no process with the id {id}"));
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw).ok_or_else(nobody)?;
        match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => {
                let page = stranger::page_of(id, pidfd.as_fd());
                Ok(Process::known(Shared::new(id, pidfd, page)))
            }
            // EINVAL is what Linux says of a thread's id. On Windows a process is there until the last handle to it is closed.
            Err(Errno::SRCH | Errno::INVAL) => Process::ended_with(id).ok_or_else(nobody),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Process {
    /// The other process whose first thread has this number, which is the process' id. `None`: there is none, or it is this one.
    pub(crate) fn of_first_thread(number: u32) -> Result<Option<Process>> {
        if number == std::process::id() {
            return Ok(None);
        }
        let Ok(process) = Process::open(number) else { return Ok(None) };
        process.may_be_changed()?;
        Ok(Some(process))
    }

    fn may_be_changed(&self) -> Result<()> {
        match send_nothing(self.0.pidfd.as_fd()) {
            Err(Errno::PERM) => Err(Failure::hint(code::ACCESS_DENIED, "the process is another user's")),
            Err(Errno::SRCH) | Ok(()) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The last process that had an id, and has ended, if this one has a handle to it.
    fn ended_with(id: u32) -> Option<Process> {
        let known: Vec<_> =
            others().known.get(&id)?.iter().rev().filter_map(Weak::upgrade).map(Process).collect();
        known.into_iter().find(|process| process.0.look().is_some())
    }
}

/// The id of the process behind a pidfd, `None` if it has ended; an error if it is no pidfd.
fn pidfd_number(pidfd: BorrowedFd<'_>) -> Result<Option<u32>> {
    let text = std::fs::read_to_string(format!("/proc/thread-self/fdinfo/{}", pidfd.as_raw_fd()))?;
    let number = text.lines().find_map(|line| line.strip_prefix("Pid:"));
    let number: i64 = number
        .and_then(|number| number.trim().parse().ok())
        .ok_or_else(|| Failure::hint(code::INVALID_DATA, "a descriptor that should be a process' is not"))?;
    Ok(u32::try_from(number).ok().filter(|&number| number != 0))
}

/// Whether a handle is one to the calling process, the pseudo handle or a real one.
pub(crate) fn is_current(process: HANDLE) -> Result<bool> {
    if process == HANDLE::CURRENT_PROCESS {
        return Ok(true);
    }
    let entry = table::entry(process)?;
    let process: &Process = entry.object.as_kind()?;
    Ok(process.is_current())
}

/// The calling process.
pub(crate) fn current() -> Result<Arc<Object>> {
    Ok(Arc::new(this()?.into_object()))
}

fn this() -> Result<Process> {
    let id = std::process::id();
    let pidfd = rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty())?;
    Ok(Process(Arc::new(Shared::new(id, pidfd, exit::own_page()?))))
}

/// Calls `ask` with a process, if the handle has one of these rights.
fn with<R>(handle: HANDLE, rights: u32, ask: impl FnOnce(&Process) -> Result<R>) -> Result<R> {
    if handle == HANDLE::CURRENT_PROCESS {
        return ask(&this()?);
    }
    let entry = table::entry(handle)?;
    let process: &Process = entry.object.as_kind()?;
    if RIGHTS.map(entry.access) & rights == 0 {
        return Err(Failure::hint(code::ACCESS_DENIED, "the handle to the process has not that right"));
    }
    ask(process)
}

/// In a child made by `fork`: the children are its parent's, who looks after them.
pub(crate) fn after_fork_in_child(others: &mut Others) {
    // Not given back: what that would do is the parent's to do.
    std::mem::forget(std::mem::take(others));
}

export! {
    fn GetCurrentProcess() -> HANDLE { Ok(HANDLE::CURRENT_PROCESS) }

    fn GetCurrentProcessId() -> DWORD { Ok(std::process::id()) }

    fn _getpid() -> i32 { Ok(std::process::id().cast_signed()) }

    fn GetProcessId(process: HANDLE) -> DWORD {
        with(process, QUERY_INFORMATION | QUERY_LIMITED_INFORMATION, |process| Ok(process.id()))
    }

    fn OpenProcess(access: DWORD, inherit: BOOL, id: DWORD) -> HANDLE {
        if access == 0 {
            return Err(Failure::hint(code::ACCESS_DENIED, "access 0 asks for no right at all"));
        }
        let access = RIGHTS.map(access);
        if access & !ALL_ACCESS != 0 {
            return fail(code::ACCESS_DENIED);
        }
        if id == 0 {
            return Err(Failure::hint(code::INVALID_PARAMETER, "no process has the id 0"));
        }
        let process = Process::open(id)?;
        // Waiting for a process, and asking whether it runs, is open to all; the rest is for who may send it signals.
        if access & !(SYNCHRONIZE | QUERY_LIMITED_INFORMATION | READ_CONTROL) != 0 {
            process.may_be_changed()?;
        }
        table::insert(Arc::new(process.into_object()), access, inherit.is_true())
    }
}

/// Asks whether the process could be sent a signal.
fn send_nothing(pidfd: BorrowedFd<'_>) -> std::result::Result<(), Errno> {
    // SAFETY: the call takes numbers and a pointer that may be NULL.
    let status = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            0,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    if status == 0 { Ok(()) } else { Err(last_errno()) }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}
