//! Knows whether a descriptor may be shared with a child.
//!
//! `fork` makes parent and child share each open file description, and with it the lock that holds a name: whoever
//! releases the lock releases it for both. Handles that were open when the process forked are therefore closed the
//! slow way, see [`super::hold`].

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts twice for each fork, before it and after it: odd while this process forks.
static FORKS: AtomicU64 = AtomicU64::new(0);
static CHILDHOODS: AtomicU64 = AtomicU64::new(0);

/// A number that changes when this process, or the one it was forked from, forks. Odd while it does: then a child may already have what
/// is open, or may be about to get what is opened now.
///
/// Counts what goes through `fork(3)`. A bare `clone` system call that shares nothing is not seen; docs/limits.md
/// says so.
pub(crate) fn generation() -> u64 {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        extern "C" fn forks() {
            super::opened::keep_lock();
            super::sync::keep_locks();
            // With the locks: of two threads that fork, one waits.
            FORKS.fetch_add(1, Ordering::SeqCst);
        }
        extern "C" fn forked() {
            FORKS.fetch_add(1, Ordering::SeqCst);
            super::sync::let_go_of_locks(false);
            super::opened::let_go_of_lock();
        }
        extern "C" fn born() {
            CHILDHOODS.fetch_add(1, Ordering::Relaxed);
            super::processes::forget_pid_namespace();
            FORKS.fetch_add(1, Ordering::SeqCst);
            super::sync::let_go_of_locks(true);
            super::opened::let_go_of_lock();
        }
        // SAFETY: they live as long as the program. In a child they touch atomics, unlock what their own thread has locked, close
        // descriptors and give memory back, which the C library allows there.
        let status = unsafe { libc::pthread_atfork(Some(forks), Some(forked), Some(born)) };
        // Only memory can be missing. Without the hook every later fork would go unseen, and names with it.
        assert_eq!(status, 0, "no memory left to watch for forks");
    });
    FORKS.load(Ordering::SeqCst)
}

/// How many forks lie between this process and the one that first asked [`generation`]: what belongs to a process, and not to
/// its children, remembers it.
#[inline]
pub(crate) fn childhood() -> u64 {
    CHILDHOODS.load(Ordering::Relaxed)
}
