//! Threads of the library's own.

use super::super::limits;
use crate::Result;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

/// What threads of the standard library have: these, too, call what a program gave them.
const STACK: usize = 2 << 20;

/// Starts a thread for an operation. It handles no signals: those are for threads of the program.
pub(super) fn start(operation: &'static str, name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK);
    without_signals(|| builder.spawn(run))
        .map(drop)
        .map_err(|error| limits::thread_refused(operation, error, STACK))
}

fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: a place for a set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // Those that tell a thread of its own mistakes cannot be handled by another.
    for own in
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP, libc::SIGABRT, libc::SIGSYS]
    {
        // SAFETY: the set was filled above.
        unsafe { libc::sigdelset(all.as_mut_ptr(), own) };
    }
    // SAFETY: the set was filled above, and `before` is a place for another.
    let status = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    let started = start();
    if status == 0 {
        // SAFETY: it was filled above, as the status says.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), null_mut()) };
    }
    started
}
