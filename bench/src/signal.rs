//! What one process wakes another with.

use crate::bare::{Mapped, memory_file};
use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::sync::atomic::{AtomicU32, Ordering};
use veduta::{Event, Waitable};

/// One signal wakes one waiter, or the next one to come.
pub(crate) trait Signal {
    fn signal(&self);
    fn wait(&self);
}

impl Signal for Event {
    fn signal(&self) {
        self.set().expect("to wake");
    }

    fn wait(&self) {
        let _ = Waitable::wait(self, None).expect("to be woken");
    }
}

/// A word that processes share, and the kernel's queue behind it.
pub(crate) struct Futex(Mapped);

// SAFETY: the word is an atomic; who uses more of the page answers for that.
unsafe impl Sync for Futex {}

impl Futex {
    pub(crate) fn new() -> Futex {
        Futex(Mapped::shared(memory_file(4096), 4096))
    }

    pub(crate) fn word(&self) -> &AtomicU32 {
        // SAFETY: the page is mapped as long as `self` is, and has no other use.
        unsafe { AtomicU32::from_ptr(self.0.as_ptr().cast()) }
    }

    /// Whether it was signaled. It is not any more.
    pub(crate) fn take(&self) -> bool {
        self.word().swap(0, Ordering::SeqCst) != 0
    }

    /// Sleeps, unless the word has another value, and perhaps not for long.
    pub(crate) fn sleep(&self, value: u32) {
        let (word, never) = (self.word().as_ptr(), std::ptr::null::<libc::timespec>());
        // SAFETY: the word is mapped.
        unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, value, never) };
    }

    /// Sleeps until any of them is woken, unless one has another value.
    pub(crate) fn sleep_on_any(futexes: &[Futex], value: u32) {
        #[repr(C)]
        struct Waiter {
            value: u64,
            address: u64,
            flags: u32,
            reserved: u32,
        }
        const FUTEX2_SIZE_U32: u32 = 2;
        let waiter = |futex: &Futex| Waiter {
            value: value.into(),
            address: futex.word().as_ptr() as u64,
            flags: FUTEX2_SIZE_U32,
            reserved: 0,
        };
        let waiters: Vec<_> = futexes.iter().map(waiter).collect();
        let never = std::ptr::null::<libc::timespec>();
        // SAFETY: the words are mapped.
        unsafe { libc::syscall(libc::SYS_futex_waitv, waiters.as_ptr(), waiters.len(), 0, never, 0) };
    }
}

impl Signal for Futex {
    fn signal(&self) {
        self.word().store(1, Ordering::SeqCst);
        // SAFETY: the address is only a name.
        unsafe { libc::syscall(libc::SYS_futex, self.word().as_ptr(), libc::FUTEX_WAKE, 1) };
    }

    fn wait(&self) {
        while !self.take() {
            self.sleep(0);
        }
    }
}

/// A semaphore of the C library that processes share.
pub(crate) struct Semaphore(Mapped);

impl Semaphore {
    pub(crate) fn new() -> Semaphore {
        let page = Mapped::shared(memory_file(4096), 4096);
        // SAFETY: the page is mapped, and nobody knows of it yet.
        assert_eq!(unsafe { libc::sem_init(page.as_ptr().cast(), 1, 0) }, 0);
        Semaphore(page)
    }
}

impl Signal for Semaphore {
    fn signal(&self) {
        // SAFETY: it was initialised, and is mapped as long as `self` is.
        assert_eq!(unsafe { libc::sem_post(self.0.as_ptr().cast()) }, 0);
    }

    fn wait(&self) {
        // SAFETY: as above.
        assert_eq!(unsafe { libc::sem_wait(self.0.as_ptr().cast()) }, 0);
    }
}

/// A byte in a pipe.
pub(crate) struct Pipe(PipeReader, PipeWriter);

impl Pipe {
    pub(crate) fn new() -> Pipe {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        Pipe(reader, writer)
    }
}

impl Signal for Pipe {
    fn signal(&self) {
        (&self.1).write_all(&[1]).expect("a reader");
    }

    fn wait(&self) {
        (&self.0).read_exact(&mut [0]).expect("a byte");
    }
}

/// A counter in the kernel.
pub(crate) struct Eventfd(File);

impl Eventfd {
    pub(crate) fn new() -> Eventfd {
        // SAFETY: takes numbers only.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        assert!(fd >= 0, "an eventfd");
        // SAFETY: it was just opened, and nobody else knows of it.
        Eventfd(unsafe { File::from_raw_fd(fd) })
    }
}

impl Signal for Eventfd {
    fn signal(&self) {
        // SAFETY: the descriptor is open.
        assert_eq!(unsafe { libc::eventfd_write(self.0.as_raw_fd(), 1) }, 0);
    }

    fn wait(&self) {
        let mut value = 0;
        // SAFETY: the descriptor is open, and `value` takes what is read.
        assert_eq!(unsafe { libc::eventfd_read(self.0.as_raw_fd(), &raw mut value) }, 0);
    }
}
