//! How threads begin and end: `CreateThread`, `ExitThread`, and the C runtime's functions for the same.

use super::leave::{self, Routine};
use super::{ALL_ACCESS, Life, Thread, enter};
use crate::attributes::Attributes;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::object::{Kind, Object};
use crate::pointer::Out;
use crate::process;
use crate::table;
use crate::types::{DWORD, HANDLE, POINTER, SIZE, UINT};
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const CREATE_SUSPENDED: u32 = 4;
const STACK_SIZE_PARAM_IS_A_RESERVATION: u32 = 0x0001_0000;

/// What a thread has for a stack at least. The memory is the thread's only once it is touched, so this costs addresses.
const SMALLEST_STACK: usize = 256 << 10;
const HELPERS_STACK: usize = 256 << 10;

/// What `_beginthread` returns on failure.
const NOT_BEGUN: usize = usize::MAX;

export! {
    fn CreateThread(
        attributes: Attributes,
        stack_size: SIZE,
        routine: Option<Routine>,
        argument: POINTER,
        flags: DWORD,
        id: Out<DWORD>,
    ) -> HANDLE {
        let routine = routine.ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "lpStartAddress is NULL"))?;
        create(attributes.inherits(), stack_size, routine, argument, flags, id, None)
    }

    fn ExitThread(exit_code: DWORD) {
        exit(exit_code)
    }

    fn _beginthreadex(
        attributes: Attributes,
        stack_size: UINT,
        routine: Option<Routine>,
        argument: POINTER,
        flags: UINT,
        id: Out<UINT>,
    ) -> usize {
        let routine = routine.ok_or_else(|| wrong(libc::EINVAL))?;
        create(attributes.inherits(), stack_size as usize, routine, argument, flags, id, None)
            .map(|handle| handle.0)
            .inspect_err(set_errno)
    }

    fn _endthreadex(exit_code: UINT) {
        exit(exit_code)
    }

    fn _beginthread(routine: Option<Routine>, stack_size: UINT, argument: POINTER) -> usize, failing NOT_BEGUN {
        let routine = routine.ok_or_else(|| wrong(libc::EINVAL))?;
        let closes = Arc::new(AtomicUsize::new(0));
        // Suspended, so that the thread knows its handle before it can end.
        let thread =
            create(false, stack_size as usize, routine, argument, CREATE_SUSPENDED, none(), Some(Arc::clone(&closes)))
                .inspect_err(set_errno)?;
        closes.store(thread.0, Ordering::Release);
        let object = Arc::clone(&table::entry(thread)?.object);
        if let Object::Thread(Thread::Here(life)) = &*object {
            life.resume();
        }
        Ok(thread.0)
    }

    fn _endthread() {
        exit(0)
    }
}

fn none<T>() -> Out<T> {
    // SAFETY: it is a pointer, and this one is NULL.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// The C runtime's functions set `errno`, too.
fn wrong(errno: i32) -> Failure {
    // SAFETY: the calling thread's own.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { place.write(errno) };
    Failure::Code(code::INVALID_PARAMETER)
}

fn set_errno(failure: &Failure) {
    wrong(if failure.code() == code::INVALID_PARAMETER { libc::EINVAL } else { libc::EAGAIN });
}

/// What a new thread is given.
struct Start {
    object: Arc<Object>,
    routine: Routine,
    argument: usize,
    /// The handle of a thread that closes it itself: `_beginthread`'s, whose routine returns nothing.
    closes: Option<Arc<AtomicUsize>>,
}

fn create(
    inherit: bool,
    stack_size: usize,
    routine: Routine,
    argument: POINTER,
    flags: u32,
    id: Out<u32>,
    closes: Option<Arc<AtomicUsize>>,
) -> Result<HANDLE> {
    if flags & !(CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION) != 0 {
        return Err(Failure::hint(
            code::INVALID_PARAMETER,
            format!("{flags:#x} has flags that CreateThread does not know"),
        ));
    }
    let object = Arc::new(Thread::Here(Life::to_come(flags & CREATE_SUSPENDED != 0)).into_object());
    let handle = table::insert(Arc::clone(&object), ALL_ACCESS, inherit)?;
    let start = Start { object: Arc::clone(&object), routine, argument: argument.addr(), closes };
    let reserve = flags & STACK_SIZE_PARAM_IS_A_RESERVATION != 0;
    if let Err(failure) = begin(start, stack_size, reserve) {
        table::close(handle)?;
        return Err(failure);
    }
    if !id.is_null()
        && let Object::Thread(Thread::Here(life)) = &*object
    {
        id.put(life.number());
    }
    Ok(handle)
}

/// Without `reserve`, the size is what the stack begins with, and Windows reserves a megabyte at least.
fn begin(start: Start, stack_size: usize, reserve: bool) -> Result<()> {
    let mut attributes = PthreadAttributes::new()?;
    if stack_size != 0 {
        let smallest = if reserve { SMALLEST_STACK } else { attributes.stack_size() };
        attributes.set_stack_size(stack_size.max(smallest))?;
    }
    let start = Box::into_raw(Box::new(start));
    attributes.begin(run, start.cast()).inspect_err(|_| {
        // SAFETY: no thread was made to take it.
        drop(unsafe { Box::from_raw(start) });
    })
}

/// `pthread_attr_t`.
struct PthreadAttributes(libc::pthread_attr_t);

type Body = extern "C" fn(*mut c_void) -> *mut c_void;

impl PthreadAttributes {
    fn new() -> Result<PthreadAttributes> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: it is written there.
        check(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: it was just written.
        Ok(PthreadAttributes(unsafe { attributes.assume_init() }))
    }

    fn stack_size(&self) -> usize {
        let mut size = 0;
        // SAFETY: reads one of ours, writes the other.
        let status = unsafe { libc::pthread_attr_getstacksize(&raw const self.0, &raw mut size) };
        debug_assert_eq!(status, 0, "attributes have a stack size");
        size
    }

    fn set_stack_size(&mut self, size: usize) -> Result<()> {
        let page = rustix::param::page_size();
        let size = size.checked_next_multiple_of(page).ok_or(Failure::Code(code::NOT_ENOUGH_MEMORY))?;
        // SAFETY: ours.
        check(unsafe { libc::pthread_attr_setstacksize(&raw mut self.0, size) })
    }

    fn detach(&mut self) {
        // SAFETY: ours.
        let status =
            unsafe { libc::pthread_attr_setdetachstate(&raw mut self.0, libc::PTHREAD_CREATE_DETACHED) };
        debug_assert_eq!(status, 0, "the state is a known one");
    }

    fn begin(&self, body: Body, argument: *mut c_void) -> Result<()> {
        let mut thread = MaybeUninit::uninit();
        // SAFETY: the body takes what it is given.
        let status = unsafe { libc::pthread_create(thread.as_mut_ptr(), &raw const self.0, body, argument) };
        check(status)
    }
}

impl Drop for PthreadAttributes {
    fn drop(&mut self) {
        // SAFETY: it was made by `pthread_attr_init`.
        unsafe { libc::pthread_attr_destroy(&raw mut self.0) };
    }
}

fn check(status: i32) -> Result<()> {
    match status {
        0 => Ok(()),
        libc::EAGAIN => {
            Err(Failure::hint(code::NOT_ENOUGH_MEMORY, "the system does not allow another thread"))
        }
        libc::EINVAL => Err(Failure::hint(code::NOT_ENOUGH_MEMORY, "the stack cannot have this size")),
        _ => Err(Failure::Code(code::NOT_ENOUGH_MEMORY)),
    }
}

/// The bottom of a thread that was made here.
extern "C" fn run(start: *mut c_void) -> *mut c_void {
    // SAFETY: `begin` made it, for this thread.
    let Start { object, routine, argument, closes } = *unsafe { Box::from_raw(start.cast::<Start>()) };
    let Object::Thread(Thread::Here(life)) = &*object else { unreachable!("a thread was made") };
    // Before it says its number: whoever has that can open the thread.
    let entered = enter(&object);
    life.begin();
    if entered.is_err() {
        // No memory for the C library's keys. Who waits for the thread must not wait for ever.
        life.set_code(u32::MAX);
        life.end();
        return std::ptr::null_mut();
    }
    super::end::is_joinable();
    extern "C" fn alerts(alerts: *mut c_void) -> u32 {
        // SAFETY: the thread's own, which it keeps meanwhile.
        u32::from(unsafe { &*alerts.cast::<crate::apc::Alerts>() }.run())
    }
    // What was queued before the thread began comes first. It may end the thread.
    let queued: *const crate::apc::Alerts = &raw const *life.alerts;
    leave::call(alerts, queued.cast_mut().cast());
    if !life.has_code() {
        let returned = leave::call(routine, std::ptr::with_exposed_provenance_mut(argument));
        if !life.has_code() {
            life.set_code(if closes.is_some() { 0 } else { returned });
        }
    }
    if let Some(handle) = closes {
        // The program may have closed it already, although it should not.
        let _closed = table::close(HANDLE(handle.load(Ordering::Acquire)));
    }
    ends_with_process(life);
    std::ptr::null_mut()
}

/// Whether the main thread is no more, so that any thread may be the last.
static MAIN_LEFT: AtomicBool = AtomicBool::new(false);
/// How many threads of this library run. They keep no process alive.
static HELPERS: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn exit(exit_code: u32) -> ! {
    let object = super::current();
    if let Ok(Object::Thread(Thread::Here(life))) = object.as_deref() {
        life.set_code(exit_code);
        if super::own_number() == std::process::id() {
            MAIN_LEFT.store(true, Ordering::SeqCst);
        }
        ends_with_process(life);
    }
    drop(object);
    leave::leave(exit_code)
}

/// The last thread of a process takes the process with it, and its exit code is the process'.
fn ends_with_process(life: &Life) {
    if MAIN_LEFT.load(Ordering::SeqCst) && is_last() {
        process::exit(life.exit.load(Ordering::Acquire) as u32);
    }
}

fn is_last() -> bool {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return false };
    let main_and_me = if super::own_number() == std::process::id() { 1 } else { 2 };
    tasks.count() <= main_and_me + HELPERS.load(Ordering::SeqCst)
}

/// Begins a thread of this library's own: small, without signals, and not in the program's way.
pub(crate) fn helper(body: extern "C" fn()) -> Result<()> {
    extern "C" fn run(body: *mut c_void) -> *mut c_void {
        // SAFETY: `helper` passes such a function.
        let body = unsafe { std::mem::transmute::<*mut c_void, extern "C" fn()>(body) };
        body();
        HELPERS.fetch_sub(1, Ordering::SeqCst);
        std::ptr::null_mut()
    }
    let mut attributes = PthreadAttributes::new()?;
    attributes.set_stack_size(HELPERS_STACK)?;
    attributes.detach();
    HELPERS.fetch_add(1, Ordering::SeqCst);
    let begun = without_signals(|| attributes.begin(run, body as *mut c_void));
    if begun.is_err() {
        HELPERS.fetch_sub(1, Ordering::SeqCst);
    }
    begun
}

/// In a child made by `fork`, there are no helpers.
pub(super) fn after_fork_in_child() {
    HELPERS.store(0, Ordering::SeqCst);
    MAIN_LEFT.store(false, Ordering::SeqCst);
}

/// Runs something while the calling thread takes no signals.
pub(crate) fn without_signals<R>(run: impl FnOnce() -> R) -> R {
    let mut all = MaybeUninit::uninit();
    // SAFETY: it is written there.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the one was just written, the other is written now.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    let result = run();
    // SAFETY: it was written above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    result
}
