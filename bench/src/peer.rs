//! Who takes part.

use std::fmt;

/// veduta, the bare system calls below it, and what one would use instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Peer {
    Veduta,
    /// The system calls that do the work, written out: the limit.
    Bare,
    /// The same library's way in for C.
    Win32,
    Wine,
    Posix,
    Pread,
    Memory,
    Pipe,
    Eventfd,
    Memmap2,
    MmapRs,
    SharedMemory,
    Iceoryx2,
    Boost,
    Python,
    Cp,
    Dd,
    Cat,
}

impl Peer {
    pub(crate) const ALL: [Peer; 18] = [
        Peer::Veduta,
        Peer::Bare,
        Peer::Win32,
        Peer::Wine,
        Peer::Posix,
        Peer::Pread,
        Peer::Memory,
        Peer::Pipe,
        Peer::Eventfd,
        Peer::Memmap2,
        Peer::MmapRs,
        Peer::SharedMemory,
        Peer::Iceoryx2,
        Peer::Boost,
        Peer::Python,
        Peer::Cp,
        Peer::Dd,
        Peer::Cat,
    ];

    fn label(self) -> &'static str {
        match self {
            Peer::Veduta => "veduta",
            Peer::Bare => "bare system calls",
            Peer::Win32 => "veduta-win32",
            Peer::Wine => "Wine",
            Peer::Posix => "POSIX",
            Peer::Pread => "pread",
            Peer::Memory => "memcpy and its kin",
            Peer::Pipe => "pipe",
            Peer::Eventfd => "eventfd",
            Peer::Memmap2 => "memmap2",
            Peer::MmapRs => "mmap-rs",
            Peer::SharedMemory => "shared_memory",
            Peer::Iceoryx2 => "iceoryx2",
            Peer::Boost => "Boost.Interprocess",
            Peer::Python => "Python",
            Peer::Cp => "cp",
            Peer::Dd => "dd",
            Peer::Cat => "cat",
        }
    }

    /// How it is used.
    pub(crate) fn usage(self) -> &'static str {
        match self {
            Peer::Veduta => "the library, as its documentation shows",
            Peer::Bare => "the same system calls in the same order, and nothing around them",
            Peer::Win32 => "the C interface, its shared library, the same source as for Wine",
            Peer::Wine => "`programs/win32.c`, built with MinGW",
            Peer::Posix => {
                "`shm_open`, `mmap`, robust mutexes, semaphores, pipes, `poll` over eventfds, from C"
            }
            Peer::Pread => "into a buffer of 256 KiB, or of the word that is looked for",
            Peer::Memory => {
                "`memcpy`, `memset`, and atomics, of which nobody checks the range and none survives a missing page"
            }
            Peer::Pipe => "one for each way, a byte at a time",
            Peer::Eventfd => "one for each way",
            Peer::Memmap2 => "`MmapOptions`",
            Peer::MmapRs => "`MmapOptions`",
            Peer::SharedMemory => "`ShmemConf`",
            Peer::Iceoryx2 => "`ipc::Service`: publish-subscribe with loans, and events",
            Peer::Boost => {
                "`shared_memory_object`, `mapped_region`, `interprocess_mutex`, `interprocess_semaphore`, `message_queue`, from C++"
            }
            Peer::Python => {
                "`mmap`, `multiprocessing.shared_memory`, `multiprocessing`'s locks, semaphores and pipes"
            }
            Peer::Cp | Peer::Dd | Peer::Cat => "coreutils; `dd bs=1M`, `cat` into the shell's file",
        }
    }

    /// The package in the lock file that it is.
    pub(crate) fn package(self) -> Option<&'static str> {
        match self {
            // The crates of the workspace have one version.
            Peer::Veduta | Peer::Win32 => Some("veduta"),
            Peer::Memmap2 => Some("memmap2"),
            Peer::MmapRs => Some("mmap-rs"),
            Peer::SharedMemory => Some("shared_memory"),
            Peer::Iceoryx2 => Some("iceoryx2"),
            _ => None,
        }
    }

    /// Which ratio says how it does: whose time by whose, and what the project wants that to be at most.
    pub(crate) fn rivalry(self) -> Option<(Peer, Peer, f64)> {
        match self {
            Peer::Veduta => None,
            Peer::Bare | Peer::Memory => Some((Peer::Veduta, self, 1.05)),
            Peer::Win32 => Some((Peer::Win32, Peer::Veduta, 1.15)),
            Peer::Wine => Some((Peer::Win32, Peer::Wine, 1.0)),
            _ => Some((Peer::Veduta, self, 1.0)),
        }
    }

    /// For plots: dark enough for lines on white, and told apart by who sees no red or green (Paul Tol's schemes).
    pub(crate) fn colour(self) -> (u8, u8, u8) {
        match self {
            Peer::Veduta => (0xCC, 0x33, 0x11),
            Peer::Bare => (0x22, 0x22, 0x22),
            Peer::Win32 => (0xEE, 0x77, 0x33),
            Peer::Wine => (0x88, 0x22, 0x55),
            Peer::Posix => (0x00, 0x77, 0xBB),
            Peer::Pread => (0x66, 0x99, 0xCC),
            Peer::Memory => (0x55, 0x55, 0x55),
            Peer::Pipe => (0x66, 0x99, 0xCC),
            Peer::Eventfd => (0x99, 0x77, 0x00),
            Peer::Memmap2 => (0x33, 0xBB, 0xEE),
            Peer::MmapRs => (0x00, 0x99, 0x88),
            Peer::SharedMemory => (0x33, 0x22, 0x88),
            Peer::Iceoryx2 => (0x11, 0x77, 0x33),
            Peer::Boost => (0xAA, 0x44, 0x99),
            Peer::Python => (0xDD, 0xAA, 0x33),
            Peer::Cp => (0x44, 0xAA, 0x99),
            Peer::Dd => (0x99, 0x99, 0x33),
            Peer::Cat => (0x88, 0x88, 0x88),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}
