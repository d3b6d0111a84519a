//! The system calls that do the work, written out: what no library can do without.

use rustix::fs::{
    FlockOperation, MemfdFlags, Mode, OFlags, ResolveFlags, flock, fstat, ftruncate, memfd_create, openat2,
};
use rustix::io::pread;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use std::ffi::CString;
use std::fs::File;
use std::hint::black_box;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::ptr::NonNull;
use veduta::Namespace;

/// A memory file that nobody else has.
pub(crate) fn memory_file(size: usize) -> File {
    let file = memfd_create("bench", MemfdFlags::CLOEXEC).expect("a memory file");
    ftruncate(&file, size as u64).expect("room");
    file.into()
}

/// A mapping, until it is dropped.
pub(crate) struct Mapped {
    base: NonNull<u8>,
    len: usize,
}

impl Mapped {
    /// A mapping that writes through.
    pub(crate) fn shared(file: impl AsFd, len: usize) -> Mapped {
        Mapped::with(file, len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED)
    }

    pub(crate) fn with(file: impl AsFd, len: usize, protection: ProtFlags, flags: MapFlags) -> Mapped {
        // SAFETY: the kernel picks the address.
        let base = unsafe { mmap(std::ptr::null_mut(), len, protection, flags, file, 0) }.expect("a mapping");
        Mapped { base: NonNull::new(base.cast()).expect("mappings are not at 0"), len }
    }

    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.base.as_ptr()
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: it was mapped with that length, and nobody uses it any more.
        unsafe { munmap(black_box(self.base.as_ptr()).cast(), self.len) }.expect("it is mapped");
    }
}

/// The calls of an open of what another process holds, and of a close.
pub(crate) struct Open {
    directory: OwnedFd,
    entry: CString,
    holder: OwnedFd,
    descriptor: i32,
}

impl Open {
    /// Looks up once what veduta looks up once.
    pub(crate) fn of(name: &str) -> Open {
        let namespace = Namespace::local().expect("the namespace");
        let holder = namespace.object(name).expect("the object").holders[0].pid as i32;
        let directory = File::open(namespace.path()).expect("the directory").into();
        let process = Pid::from_raw(holder).expect("a process");
        let process = pidfd_open(process, PidfdFlags::empty()).expect("the holder lives");
        let is_memory = |path: PathBuf| path.to_string_lossy().starts_with("/memfd:bench");
        let descriptor = std::fs::read_dir(format!("/proc/{holder}/fd"))
            .expect("the holder's descriptors")
            .flatten()
            .find(|entry| std::fs::read_link(entry.path()).is_ok_and(is_memory))
            .and_then(|entry| entry.file_name().to_str()?.parse().ok())
            .expect("the memory file");
        Open {
            directory,
            entry: CString::new(format!("{name}/e")).expect("no NUL"),
            holder: process,
            descriptor,
        }
    }

    /// Opens, does something with the bytes' descriptor, and closes.
    pub(crate) fn run(&self, with: impl FnOnce(&OwnedFd)) {
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let entry = openat2(&self.directory, &*self.entry, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS);
        let entry = entry.expect("the entry");
        flock(&entry, FlockOperation::NonBlockingLockShared).expect("a share");
        let mut header = [0_u8; 512];
        assert!(pread(&entry, &mut header, 0).expect("the header") > 0);
        let bytes = pidfd_getfd(&self.holder, self.descriptor, PidfdGetfdFlags::empty()).expect("the bytes");
        black_box(fstat(&bytes).expect("their state"));
        with(&bytes);
        assert!(flock(&entry, FlockOperation::NonBlockingLockExclusive).is_err(), "the holder has a share");
    }
}
