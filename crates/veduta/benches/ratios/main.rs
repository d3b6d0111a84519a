//! What veduta costs beside what one would use instead: `cargo bench -p veduta`.
//!
//! Machines are noisy and change their speed while they work, so a time says little. All contenders of a row take turns in
//! one run, many short turns each, and what is printed is the median of the ratios of neighbouring turns, with the limit
//! that the project sets itself. Criterion does not interleave, hence the harness of our own.
#![allow(unsafe_code, reason = "bare system calls and unsafe slices are what is compared with")]

mod contest;
mod copies;
mod memory;
mod sync;

use contest::{Contest, Limit};
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use veduta::{Namespace, Section, ViewAccess};

const SIZE: usize = 64 << 10;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("hold") {
        let count = arguments.next().and_then(|count| count.parse().ok()).expect("a number of names");
        return hold(count, arguments.next());
    }
    // A part of the rows: `cargo bench -p veduta --bench ratios -- sync`.
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |group: &str| only.as_deref().is_none_or(|only| only == group);
    println!("{:<58} {:>8} {:>8}   spread of the middle half", "ratio (veduta / other)", "median", "limit");
    let mut failed = 0;
    if wanted("sync") {
        failed += sync::all();
    }
    if wanted("sections") {
        failed += map_and_unmap(SIZE, "64 KiB");
        failed += map_and_unmap(1 << 30, "1 GiB");
        failed += open_by_name();
        failed += atomics();
        failed += memory::per_section();
    }
    if wanted("copies") {
        failed += copies::all();
    }
    if failed > 0 {
        println!("{failed} over the limit; on a noisy machine, look at the spread and run again");
    }
}

/// Maps and unmaps a section that is held all the time.
fn map_and_unmap(size: usize, label: &str) -> u32 {
    let section = Section::options().size(size as u64).create_unnamed().expect("a section");
    let file = rustix::fs::memfd_create("bench", rustix::fs::MemfdFlags::CLOEXEC).expect("a memory file");
    rustix::fs::ftruncate(&file, size as u64).expect("room");
    let ours = || drop(black_box(section.map(ViewAccess::Write).expect("a view")));
    let bare = || bare_map(file.as_raw_fd(), size);
    let memmap2 = || {
        // SAFETY: nobody else has the file.
        drop(black_box(unsafe { memmap2::MmapOptions::new().len(size).map_mut(&file) }.expect("a mapping")));
    };
    let mut contest = Contest::new(2000);
    contest.row(
        &format!("map+unmap held section, {label} / bare mmap+munmap"),
        ours,
        bare,
        Limit::AtMost(1.1),
    ) + contest.row(&format!("map+unmap held section, {label} / memmap2"), ours, memmap2, Limit::None)
}

fn bare_map(fd: i32, size: usize) {
    // SAFETY: the kernel picks the address; the mapping is not used.
    let address = unsafe {
        libc::mmap(std::ptr::null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, fd, 0)
    };
    assert_ne!(address, libc::MAP_FAILED);
    // SAFETY: it was mapped just now.
    assert_eq!(unsafe { libc::munmap(black_box(address), size) }, 0);
}

/// Opens what another process holds, maps it, unmaps it and closes it: first while this process has no other handle to it, then
/// while it has.
fn open_by_name() -> u32 {
    let holder = Holder::of(1);
    let name = holder.name(0);
    let ours = || {
        let section = Section::options().open(&name).expect("a section");
        drop(black_box(section.map(ViewAccess::Write).expect("a view")));
    };
    let shared_memory = || {
        drop(black_box(shared_memory::ShmemConf::new().os_id(holder.peer()).open().expect("shared memory")));
    };
    let bare = bare::Open::new(&name, SIZE);
    let mut contest = Contest::new(500);
    let mut failed =
        contest.row("open+map+unmap+close / shared_memory crate", ours, shared_memory, Limit::AtMost(1.5));
    failed += contest.row(
        "open+map+unmap+close / the same system calls bare",
        ours,
        || bare.run(),
        Limit::AtMost(1.15),
    );
    let held = Section::options().open(&name).expect("a section");
    failed += contest.row(
        "open+map+unmap+close, held here too / shared_memory crate",
        ours,
        shared_memory,
        Limit::AtMost(1.5),
    );
    drop((held, holder));

    failed + among_many()
}

/// The same open in two namespaces: one with a single name, one with 20 000 live ones.
fn among_many() -> u32 {
    const HOLDERS: u32 = 8;
    const NAMES: u32 = 20_000;
    let directory = |label: &str| {
        let path =
            std::path::Path::new("/dev/shm").join(format!("veduta-bench-{label}-{}", std::process::id()));
        std::fs::create_dir(&path).expect("a directory");
        path
    };
    let (few, many) = (directory("few"), directory("many"));
    let one = Holder::in_directory(1, &few);
    // More than one process may have descriptors for.
    let crowd: Vec<_> = (0..HOLDERS).map(|_| Holder::in_directory(NAMES / HOLDERS, &many)).collect();
    let namespaces = [&few, &many].map(|path| Namespace::at(path).expect("a namespace"));
    let names = [one.name(0), crowd[3].name(1234)];
    let open = |index: usize| {
        drop(black_box(
            Section::options().namespace(&namespaces[index]).open(&names[index]).expect("a section"),
        ));
    };
    let failed = Contest::new(500).row(
        "open among 20000 live names / among one",
        || open(1),
        || open(0),
        Limit::AtMost(1.2),
    );
    drop((one, crowd));
    for path in [few, many] {
        std::fs::remove_dir_all(path).expect("the directory to go");
    }
    failed
}

mod bare {
    //! The system calls of an open, written out: what no library can do without.

    use std::ffi::CString;
    use std::os::fd::{AsRawFd, OwnedFd};

    pub(crate) struct Open {
        directory: OwnedFd,
        entry: CString,
        process: i32,
        descriptor: i32,
        size: usize,
    }

    impl Open {
        pub(crate) fn new(name: &str, size: usize) -> Open {
            let namespace = veduta::Namespace::local().expect("the namespace");
            let holder = namespace.object(name).expect("the object").holders[0].pid;
            let directory = std::fs::File::open(namespace.path()).expect("the directory").into();
            // SAFETY: only takes numbers.
            let process = unsafe { libc::syscall(libc::SYS_pidfd_open, holder, 0) } as i32;
            assert!(process >= 0);
            let descriptor = std::fs::read_dir(format!("/proc/{holder}/fd"))
                .expect("the holder's descriptors")
                .flatten()
                .find(|entry| {
                    std::fs::read_link(entry.path())
                        .is_ok_and(|path| path.to_string_lossy().starts_with("/memfd:bench"))
                })
                .and_then(|entry| entry.file_name().to_str()?.parse().ok())
                .expect("the memory file");
            Open {
                directory,
                entry: CString::new(format!("{name}/e")).expect("no NUL"),
                process,
                descriptor,
                size,
            }
        }

        pub(crate) fn run(&self) {
            #[repr(C)]
            struct How {
                flags: u64,
                mode: u64,
                resolve: u64,
            }
            let flags = libc::O_RDWR | libc::O_CLOEXEC | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
            let how = How { flags: flags as u64, mode: 0, resolve: libc::RESOLVE_NO_SYMLINKS };
            let mut header = [0_u8; 512];
            let mut stat = std::mem::MaybeUninit::<libc::stat>::uninit();
            // SAFETY: the calls get open descriptors and memory of the right size; everything opened is closed.
            #[allow(clippy::multiple_unsafe_ops_per_block, reason = "the calls are the point")]
            unsafe {
                let how = &raw const how;
                let entry = libc::syscall(
                    libc::SYS_openat2,
                    self.directory.as_raw_fd(),
                    self.entry.as_ptr(),
                    how,
                    size_of::<How>(),
                ) as i32;
                assert_eq!(libc::flock(entry, libc::LOCK_SH | libc::LOCK_NB), 0);
                assert!(libc::pread(entry, header.as_mut_ptr().cast(), header.len(), 0) > 0);
                let bytes = libc::syscall(libc::SYS_pidfd_getfd, self.process, self.descriptor, 0) as i32;
                assert_eq!(libc::fstat(bytes, stat.as_mut_ptr()), 0);
                super::bare_map(bytes, self.size);
                assert_eq!(libc::flock(entry, libc::LOCK_EX | libc::LOCK_NB), -1);
                libc::close(entry);
                libc::close(bytes);
            }
        }
    }
}

/// An atomic found by its offset each time, and one that is at hand.
fn atomics() -> u32 {
    let section = Section::options().size(4096).create_unnamed().expect("a section");
    let view = section.map(ViewAccess::Write).expect("a view");
    let bare = view.atomic::<AtomicU64>(64).expect("an atomic");
    let ours = || {
        view.atomic::<AtomicU64>(black_box(128)).expect("an atomic").fetch_add(1, Ordering::Relaxed);
    };
    let bare = || {
        black_box(bare).fetch_add(1, Ordering::Relaxed);
    };
    Contest::new(100_000).row("atomic fetch_add by offset / bare", ours, bare, Limit::AtMost(1.15))
}

/// Another process that holds names until it is dropped.
struct Holder {
    process: Child,
}

impl Holder {
    fn of(count: u32) -> Holder {
        Holder::start(
            Command::new(std::env::current_exe().expect("this program")).args(["hold", &count.to_string()]),
        )
    }

    fn in_directory(count: u32, directory: &Path) -> Holder {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        Holder::start(command.args(["hold", &count.to_string()]).arg(directory))
    }

    fn start(command: &mut Command) -> Holder {
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("another process");
        let mut ready = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut ready).expect("a line");
        assert_eq!(ready.trim(), "ready");
        Holder { process }
    }

    fn name(&self, index: u32) -> String {
        format!("bench-{}-{index}", self.process.id())
    }

    fn peer(&self) -> String {
        format!("veduta-bench-peer-{}", self.process.id())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().expect("the holder to end");
    }
}

/// The holder's side.
fn hold(count: u32, directory: Option<String>) {
    memory::allow_many_descriptors();
    let id = std::process::id();
    let namespace = directory.map_or_else(Namespace::local, Namespace::at).expect("a namespace");
    let sections: Vec<_> = (0..count)
        .map(|index| {
            let name = format!("bench-{id}-{index}");
            Section::options().size(SIZE as u64).namespace(&namespace).create_new(&name).expect("a section")
        })
        .collect();
    let peer = shared_memory::ShmemConf::new().size(SIZE).os_id(format!("veduta-bench-peer-{id}")).create();
    println!("ready");
    std::io::stdout().flush().expect("a reader");
    std::io::stdin().lines().for_each(drop);
    drop((sections, peer));
}
