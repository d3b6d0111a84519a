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

/// The number of this process, as [`std::process::id`] says, which is a system call each time.
pub(crate) fn process() -> u32 {
    /// Above the number the childhood that it is from. The number is never 0.
    static KNOWN: AtomicU64 = AtomicU64::new(0);
    let known = KNOWN.load(Ordering::Relaxed);
    if known as u32 != 0 && known >> 32 == childhood() & 0xFFFF_FFFF {
        return known as u32;
    }
    // From now on forks are counted.
    generation();
    let number = std::process::id();
    KNOWN.store(childhood() << 32 | u64::from(number), Ordering::Relaxed);
    number
}

#[cfg(test)]
mod tests {
    /// Who asks knows its own number, and not that of the process it was forked from.
    #[test]
    fn a_child_has_a_number_of_its_own() {
        assert_eq!(super::process(), std::process::id());
        // SAFETY: the child touches atomics only, and ends at once.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let right = super::process() == std::process::id() && super::process() == std::process::id();
            // SAFETY: ends the process.
            unsafe { libc::_exit(i32::from(!right)) };
        }
        let mut status = -1;
        // SAFETY: a child of this process that nobody else waits for.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
        assert_eq!(super::process(), std::process::id());
    }
}
