//! Knows whether a descriptor may be shared with a child.
//!
//! `fork` makes parent and child share each open file description, and with it the lock that holds a name: whoever
//! releases the lock releases it for both. Handles that were open when the process forked are therefore closed the
//! slow way, see [`super::hold`].

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

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
        note_process_id();
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

/// Where [`process_id`] stands, once [`generation`] was asked for.
static KNOWN: AtomicPtr<AtomicU32> = AtomicPtr::new(null_mut());

/// This process's number. The C library asks the kernel each time; here it stands in a page that the kernel empties in every child
/// with memory of its own, however that was made.
#[inline]
pub(crate) fn process_id() -> u32 {
    let known = KNOWN.load(Ordering::Acquire);
    // SAFETY: if there is a page, it stays mapped.
    match unsafe { known.as_ref() }.map(|known| known.load(Ordering::Relaxed)) {
        None => std::process::id(),
        Some(0) => note_process_id(),
        Some(id) => id,
    }
}

/// Writes the number down in a page that is empty, or new.
#[cold]
fn note_process_id() -> u32 {
    let id = std::process::id();
    let known = KNOWN.load(Ordering::Acquire);
    // SAFETY: as above.
    if let Some(known) = unsafe { known.as_ref() }.or_else(emptied_in_children) {
        known.store(id, Ordering::Relaxed);
        KNOWN.store(std::ptr::from_ref(known).cast_mut(), Ordering::Release);
    }
    id
}

fn emptied_in_children() -> Option<&'static AtomicU32> {
    let len = rustix::param::page_size();
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: the kernel picks the address.
    let page = unsafe { mmap_anonymous(null_mut(), len, protection, MapFlags::PRIVATE) }.ok()?;
    // SAFETY: only the new mapping is concerned.
    unsafe { madvise(page, len, Advice::LinuxWipeOnFork) }.ok()?;
    // SAFETY: it is aligned, zero is a number, and it stays mapped.
    Some(unsafe { AtomicU32::from_ptr(page.cast()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_made_without_the_c_library_has_a_number_of_its_own() {
        generation();
        let ours = process_id();
        assert_eq!(ours, std::process::id());
        // SAFETY: copies this process as fork does; the child touches its own memory only, and ends without more.
        let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } as libc::pid_t;
        if child == 0 {
            let own = process_id();
            // SAFETY: ends the process.
            unsafe { libc::_exit(i32::from(own == ours || own != std::process::id())) };
        }
        let mut status = -1;
        // SAFETY: it is a child of this process, and `status` takes how it ended.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0, "its number is not its parent's");
    }
}
