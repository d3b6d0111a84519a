//! How a new process comes into being: a child that borrows the memory of its parent until it is the new program (`vfork`), so that the
//! parent's size costs nothing, and the error of `execve` is a plain variable.
//!
//! Between its beginning and `execve` the child does nothing but system calls. It shares the memory of the thread that made it, which
//! sleeps meanwhile, and of all the other threads, which do not: no lock may be taken and nothing allocated.

use super::inherit::{PID_AT, PID_DIGITS};
use crate::thread::without_signals;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions};
use std::ffi::{CString, c_char, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// Whose terminal the child answers to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Its parent's.
    Same,
    /// The parent's, but what is sent to the parent's group is not for it.
    New,
    /// None.
    NoTerminal,
}

pub(super) struct Spawn<'a> {
    pub(super) program: CString,
    pub(super) arguments: Vec<CString>,
    pub(super) environment: Vec<CString>,
    pub(super) directory: Option<BorrowedFd<'a>>,
    /// What becomes standard input, output and error; none of them below 3.
    pub(super) standard: [Option<RawFd>; 3],
    /// What stays open.
    pub(super) open: Vec<RawFd>,
    /// Where the child writes its id.
    pub(super) list: RawFd,
    pub(super) group: Group,
    pub(super) nice: i32,
    /// Whether it stops before its first instruction.
    pub(super) stopped: bool,
}

struct Context<'a> {
    spawn: &'a Spawn<'a>,
    arguments: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    /// Why the child did not become the program.
    errno: AtomicI32,
}

const STACK: usize = 64 << 10;

/// Makes the process. Gives its id and pidfd.
pub(super) fn spawn(spawn: &Spawn<'_>) -> Result<(u32, OwnedFd), Errno> {
    let pointers = |texts: &[CString]| {
        texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect::<Vec<_>>()
    };
    let context = Context {
        spawn,
        arguments: pointers(&spawn.arguments),
        environment: pointers(&spawn.environment),
        errno: AtomicI32::new(0),
    };
    let mut stack = Vec::<u128>::with_capacity(STACK / size_of::<u128>());
    // SAFETY: the end of what was allocated.
    let top = unsafe { stack.as_mut_ptr().byte_add(STACK) };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    let mut pidfd: RawFd = -1;
    // A handler of the program that ran in the child would run in the parent's memory.
    let id = without_signals(|| {
        // SAFETY: the stack is the child's alone, and the context stays where it is: this thread sleeps until the child
        // needs neither.
        let id = unsafe {
            libc::clone(
                child,
                top.cast(),
                flags,
                (&raw const context).cast_mut().cast::<c_void>(),
                &raw mut pidfd,
            )
        };
        if id == -1 { Err(last_errno()) } else { Ok(id) }
    })?;
    drop(stack);
    // SAFETY: the kernel made it for us.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    let errno = context.errno.load(Ordering::SeqCst);
    if errno != 0 {
        let remains = || rustix::process::waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED);
        while matches!(remains(), Err(Errno::INTR)) {}
        return Err(Errno::from_raw_os_error(errno));
    }
    if spawn.stopped {
        let_stop(id, pidfd.as_fd());
    }
    Ok((id.cast_unsigned(), pidfd))
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// `PTRACE_SETSIGMASK`: the address is the size of the kernel's set.
const PTRACE_SETSIGMASK: libc::c_uint = 0x420B;

/// The child has become the program, and stopped for its tracer: this thread. Lets go of it, as if somebody had stopped it.
fn let_stop(id: i32, pidfd: BorrowedFd<'_>) {
    let none = 0_u64;
    let size = std::ptr::without_provenance_mut::<c_void>(size_of_val(&none));
    loop {
        // SAFETY: reads the set. It fails as long as the child has not stopped.
        if unsafe { libc::ptrace(PTRACE_SETSIGMASK as _, id, size, &raw const none) } == 0 {
            // SAFETY: the call takes numbers. It can only fail if the child was killed.
            unsafe { libc::ptrace(libc::PTRACE_DETACH, id, null_mut::<c_void>(), libc::SIGSTOP) };
            return;
        }
        // It may have been killed, too.
        if super::is_readable(pidfd) {
            return;
        }
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// The child. What it calls are system calls, through functions of the C library that do nothing else.
extern "C" fn child(context: *mut c_void) -> libc::c_int {
    // SAFETY: `spawn` passes it, and keeps it until this process is another program, or has ended.
    let context = unsafe { &*context.cast::<Context<'_>>() };
    if let Err(errno) = become_program(context) {
        context.errno.store(errno.raw_os_error(), Ordering::SeqCst);
    }
    127
}

fn become_program(context: &Context<'_>) -> Result<(), Errno> {
    let spawn = context.spawn;
    default_handlers();
    write_id(spawn.list);
    match spawn.group {
        Group::Same => {}
        // SAFETY: the calls take numbers.
        Group::New => check(unsafe { libc::setpgid(0, 0) })?,
        // SAFETY: as above.
        Group::NoTerminal => check(unsafe { libc::setsid() })?,
    }
    if spawn.nice != 0 {
        // SAFETY: as above. It may be refused: a priority is a wish.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, spawn.nice) };
    }
    if let Some(directory) = spawn.directory {
        // SAFETY: as above.
        check(unsafe { libc::fchdir(directory.as_raw_fd()) })?;
    }
    for (number, descriptor) in spawn.standard.iter().enumerate() {
        if let Some(descriptor) = descriptor {
            // SAFETY: as above; the child has its own table of descriptors.
            check(unsafe { libc::dup2(*descriptor, number as RawFd) })?;
        }
    }
    for &descriptor in spawn.open.iter().chain([&spawn.list]) {
        // SAFETY: as above.
        check(unsafe { libc::fcntl(descriptor, libc::F_SETFD, 0) })?;
    }
    if spawn.stopped {
        // SAFETY: the call takes numbers.
        let status =
            unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<c_void>(), null_mut::<c_void>()) };
        check(status as i32)?;
    }
    // SAFETY: an empty set is all zeros.
    let mut blocked: libc::sigset_t = unsafe { std::mem::zeroed() };
    if spawn.stopped {
        // Whatever signal came before `execve`, even one that is ignored, would stop the child for its tracer, who sleeps until
        // `execve`: both for ever. The stop itself is a signal, too.
        // SAFETY: fills the set.
        unsafe { libc::sigfillset(&raw mut blocked) };
        // SAFETY: changes the set.
        unsafe { libc::sigdelset(&raw mut blocked, libc::SIGTRAP) };
    }
    // SAFETY: reads the set.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const blocked, null_mut()) })?;
    // SAFETY: the texts end with 0, the lists with NULL.
    unsafe { libc::execve(spawn.program.as_ptr(), context.arguments.as_ptr(), context.environment.as_ptr()) };
    Err(last_errno())
}

fn check(status: i32) -> Result<(), Errno> {
    if status == -1 { Err(last_errno()) } else { Ok(()) }
}

/// The program's handlers are not the child's: a signal that comes before `execve` must not run one.
fn default_handlers() {
    for signal in 1..=64 {
        let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: asks only. Signals that the C library keeps for itself are refused.
        if unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) } != 0 {
            continue;
        }
        // SAFETY: zeros are such a structure, and so is what was written.
        let mut action = unsafe { action.assume_init() };
        if action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN {
            action.sa_sigaction = libc::SIG_DFL;
            action.sa_flags = 0;
            // SAFETY: sets the child's own; handlers are not shared.
            unsafe { libc::sigaction(signal, &raw const action, null_mut()) };
        }
    }
}

fn write_id(list: RawFd) {
    // SAFETY: the call takes nothing.
    let mut id = unsafe { libc::getpid() }.unsigned_abs();
    let mut digits = [b'0'; PID_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (id % 10) as u8;
        id /= 10;
    }
    // SAFETY: reads the digits.
    unsafe { libc::pwrite(list, digits.as_ptr().cast(), PID_DIGITS, PID_AT) };
}
