//! What makes waits return before their time.
//!
//! A wait with an interrupt is alertable, and whoever raises the interrupt queues a procedure, which ends the wait, to every thread in its list.
//!
//! - A waiter enters the list and *then* looks at the flag; who raises sets the flag and *then* looks at the list. So either the waiter sees the flag, or it is
//!   found, and the procedure is in its queue by the time that it waits, or reaches it there.
//! - A waiter leaves when no procedure of ours is left in its queue: none ends a later wait of the program's.

use super::super::error::{failed, last};
use super::super::section::duplicate;
use super::wait::WAIT;
use crate::Result;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::System::Threading::{GetCurrentThread, QueueUserAPC, SleepEx, THREAD_SET_CONTEXT};

/// Until it is lowered, waits with it do not wait.
#[derive(Default)]
pub(crate) struct Interrupt {
    raised: AtomicBool,
    waiting: Mutex<Vec<Arc<Waiter>>>,
}

/// A thread that waits.
struct Waiter {
    thread: OwnedHandle,
    /// How many procedures of ours are in the thread's queue.
    queued: AtomicUsize,
}

impl Interrupt {
    pub(crate) fn new() -> Interrupt {
        Interrupt::default()
    }

    pub(crate) fn raise(&self) {
        if !self.raised.swap(true, SeqCst) {
            self.waiting().iter().for_each(Waiter::call);
        }
    }

    /// Says whether it was raised.
    pub(crate) fn lower(&self) -> bool {
        self.raised.swap(false, SeqCst)
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(SeqCst)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Arc<Waiter>>> {
        // Nothing that is done with it can be left half done.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the calling thread in the list, for as long as the result lives.
    pub(super) fn enter(&self) -> Result<Waiting<'_>> {
        // SAFETY: gives a constant.
        let this = unsafe { GetCurrentThread() };
        // SAFETY: the calling thread's own pseudo handle is always good.
        let this = unsafe { BorrowedHandle::borrow_raw(this) };
        let thread = duplicate(this, Some(THREAD_SET_CONTEXT)).map_err(|code| failed(WAIT, code))?;
        let waiter = Arc::new(Waiter { thread, queued: AtomicUsize::new(0) });
        self.waiting().push(waiter.clone());
        Ok(Waiting { interrupt: self, waiter })
    }
}

impl Waiter {
    fn call(self: &Arc<Waiter>) {
        self.queued.fetch_add(1, SeqCst);
        let share = Arc::into_raw(self.clone());
        let thread = self.thread.as_handle().as_raw_handle();
        // SAFETY: the handle is open, and the procedure takes the share that it is given.
        let queued = unsafe { QueueUserAPC(Some(called), thread, share.expose_provenance()) };
        debug_assert!(queued != 0, "the thread waits, and can be called: {}", last());
        if queued == 0 {
            // SAFETY: nobody else has taken it.
            drop(unsafe { Arc::from_raw(share) });
            self.queued.fetch_sub(1, SeqCst);
        }
    }
}

unsafe extern "system" fn called(share: usize) {
    // SAFETY: it is the share that was queued with this call.
    let waiter = unsafe { Arc::<Waiter>::from_raw(std::ptr::with_exposed_provenance(share)) };
    waiter.queued.fetch_sub(1, SeqCst);
}

/// The calling thread's place in the list.
pub(super) struct Waiting<'a> {
    interrupt: &'a Interrupt,
    waiter: Arc<Waiter>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.interrupt.waiting().retain(|waiter| !Arc::ptr_eq(waiter, &self.waiter));
        // From here on none is added.
        while self.waiter.queued.load(SeqCst) != 0 {
            // SAFETY: runs what is in the thread's queue, as the wait before did.
            unsafe { SleepEx(0, 1) };
        }
    }
}
