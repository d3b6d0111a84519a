//! A program that forks: the child has a copy of everything, but none of the other threads, and most of what is written down here is
//! about its parent.

use crate::{addresses, heap, holes, process, table, thread};
use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{MutexGuard, Once};

/// What one thread at a time has.
type Locks = (
    MutexGuard<'static, process::Watch>,
    MutexGuard<'static, process::Others>,
    MutexGuard<'static, thread::Known>,
    MutexGuard<'static, thread::Queue>,
    // Last: they are taken for a moment, by who may have any of the others.
    table::Locks,
    MutexGuard<'static, heap::Heaps>,
    MutexGuard<'static, addresses::Ours>,
    MutexGuard<'static, holes::Holes>,
);

thread_local! {
    /// The locks while this thread forks: in the child, a thread that had one would not be there to give it back.
    // Without a destructor: processes fork on their way out, too.
    static KEPT: RefCell<Option<ManuallyDrop<Locks>>> = const { RefCell::new(None) };
}

static FORKS: AtomicU64 = AtomicU64::new(0);

/// How often this process, or the one it was forked from, has forked: what was made in another generation may be shared with a child.
pub(crate) fn generation() -> u64 {
    prepare();
    FORKS.load(Ordering::Relaxed)
}

/// Sees to forks from now on.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        extern "C" fn forks() {
            KEPT.set(Some(ManuallyDrop::new((
                process::watch(),
                process::others(),
                thread::known(),
                thread::ending(),
                table::lock(),
                heap::heaps(),
                addresses::ours(),
                holes::holes(),
            ))));
        }
        extern "C" fn forked() {
            FORKS.fetch_add(1, Ordering::Relaxed);
            drop(KEPT.take().map(ManuallyDrop::into_inner));
        }
        extern "C" fn born() {
            FORKS.fetch_add(1, Ordering::Relaxed);
            let Some(locks) = KEPT.take() else { return };
            let (mut watch, mut others, mut known, mut ending, table, ..) = ManuallyDrop::into_inner(locks);
            table.after_fork_in_child();
            drop(table);
            watch.after_fork_in_child();
            process::after_fork_in_child(&mut others);
            thread::after_fork_in_child(&mut known);
            ending.after_fork_in_child();
        }
        // SAFETY: they live as long as the program. In a child they touch what only its own thread has locked.
        let status = unsafe { libc::pthread_atfork(Some(forks), Some(forked), Some(born)) };
        debug_assert_eq!(status, 0, "only memory can be missing");
    });
}
