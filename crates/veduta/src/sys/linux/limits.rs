//! Limits of this process and of the machine: which one a call met, what was needed and what was there.
//!
//! What is told is looked up after the call has failed, so it may have changed; where it cannot be looked up, the error does without.

use super::cgroup;
use super::commit::Bytes;
use super::error::{failed, last};
use super::record::PAGE;
use crate::{Code, Error, Result};
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::fs;
use std::io::Read;

/// Whether a call failed because this process, or the machine, has no more of something: that says nothing about what was looked for.
pub(crate) fn is_scarcity(errno: Errno) -> bool {
    matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM)
}

/// What to say of descriptors that have run out.
pub(crate) fn descriptors(errno: Errno) -> String {
    if errno == Errno::NFILE {
        return "one more open file is needed than the machine may have (fs.file-max); close some, here or elsewhere".to_owned();
    }
    // Numbers below the limit are all in use: otherwise one would have been given.
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    format!(
        "one more descriptor is needed, and all {limit} that this process may have (RLIMIT_NOFILE) are in use; \
         close some, or raise the limit (ulimit -n)"
    )
}

/// Refuses a file, or a section of memory, that would grow beyond RLIMIT_FSIZE. The kernel would say so with a signal that ends the
/// process.
pub(crate) fn check_growth(end: u64) -> rustix::io::Result<()> {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if end > limit => Err(Errno::FBIG),
        _ => Ok(()),
    }
}

/// Changes the length of a file, or says that it may not become so long.
pub(crate) fn set_len(file: BorrowedFd<'_>, len: u64) -> rustix::io::Result<()> {
    check_growth(len)?;
    rustix::fs::ftruncate(file, len)
}

/// Writes to a file of ours, all of it or nothing.
pub(crate) fn write_at(file: BorrowedFd<'_>, bytes: &[u8], at: u64) -> rustix::io::Result<()> {
    // The limit holds for offsets, also where the file has bytes already.
    check_growth(at + bytes.len() as u64)?;
    match rustix::io::retry_on_intr(|| rustix::io::pwrite(file, bytes, at)) {
        Ok(written) if written == bytes.len() => Ok(()),
        Ok(_) => Err(Errno::NOSPC),
        Err(errno) => Err(errno),
    }
}

/// What to say of a file that may not become so long.
pub(crate) fn file_size(end: u64) -> String {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if end > limit => format!(
            "{} needed; this process may make files, and sections of memory, of at most {} (RLIMIT_FSIZE); raise the limit (ulimit -f)",
            Bytes(end),
            Bytes(limit)
        ),
        _ => format!("the file system has no files of {}", Bytes(end)),
    }
}

/// The error when addresses could not be had. Memory that is the process's own is limited once more.
pub(crate) fn mapping_refused(operation: &'static str, errno: Errno, len: usize, own: bool) -> Error {
    match errno {
        Errno::NOMEM => failed(operation, errno).hint(addresses(len as u64, own)),
        // mlockall(2): all that is mapped is to be locked.
        Errno::AGAIN => Error::new(Code::WORKING_SET_QUOTA, operation).source(errno).hint(locked(len as u64)),
        errno => failed(operation, errno),
    }
}

/// What to say of memory that could not be locked.
pub(crate) fn locked(len: u64) -> String {
    let limit = getrlimit(Resource::Memlock).current;
    let limit = limit.map_or("unlimited".to_owned(), |bytes| format!("{bytes} bytes"));
    format!(
        "{len} bytes wanted; this process may lock {limit} in all (RLIMIT_MEMLOCK), and only what it may access"
    )
}

fn addresses(len: u64, own: bool) -> String {
    let mut buffer = [0; 4096];
    let status = read(c"/proc/thread-self/status", &mut buffer);
    let size = |key: &str| status.lines().find_map(|line| kib(line.strip_prefix(key)?));
    let exceeded = |resource, key: &str, name: &str, option: &str| {
        let (limit, used) = (getrlimit(resource).current?, size(key)?);
        let needed = len.next_multiple_of(PAGE as u64);
        (used.saturating_add(needed) > limit).then(|| {
            format!(
                "{} needed, {} of {} in use (RLIMIT_{name}); unmap something, or raise the limit (ulimit {option})",
                Bytes(needed),
                Bytes(used),
                Bytes(limit)
            )
        })
    };
    exceeded(Resource::As, "VmSize:", "AS", "-v")
        .or_else(|| own.then(|| exceeded(Resource::Data, "VmData:", "DATA", "-d")).flatten())
        .or_else(mappings)
        .unwrap_or_else(|| {
            format!("{len} bytes of address space needed; there is no such gap, or no memory for it (or too few large pages)")
        })
}

/// What to say if this process has as many mappings as it may have.
fn mappings() -> Option<String> {
    let limit: usize = fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()?;
    // Of a process that has run out there may be megabytes.
    let mut maps = fs::File::open("/proc/thread-self/maps").ok()?;
    let (mut buffer, mut lines) = ([0; 4096], 0);
    loop {
        match maps.read(&mut buffer).ok()? {
            0 => break,
            read => lines += buffer[..read].iter().filter(|&&byte| byte == b'\n').count(),
        }
    }
    (lines >= limit).then(|| {
        format!(
            "this process has {lines} mappings, and may have {limit} (vm.max_map_count); unmap some, or have root raise it \
             (sysctl vm.max_map_count)"
        )
    })
}

fn kib(value: &str) -> Option<u64> {
    value.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// Reads what fits of a small file, without memory of the heap: it may be that there is none.
fn read<'a>(path: &std::ffi::CStr, buffer: &'a mut [u8]) -> &'a str {
    use rustix::fs::{Mode, OFlags};
    let length = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .and_then(|file| rustix::io::read(file, &mut *buffer))
        .unwrap_or(0);
    std::str::from_utf8(&buffer[..length]).unwrap_or_default()
}

/// The error when a thread with such a stack could not be started.
pub(crate) fn thread_refused(operation: &'static str, error: std::io::Error, stack: usize) -> Error {
    let group = cgroup::of_this_process("pids", "pids.max", "pids.max").ok().into_iter().flatten().find_map(
        |group| {
            let (limit, used) = (group.number("pids.max").ok()??, group.number("pids.current").ok()??);
            (used >= limit).then(|| format!("the cgroup {} has {used} of {limit}", group.path.display()))
        },
    );
    let limit = group.or_else(|| no_stack(stack)).unwrap_or_else(|| {
        let user = getrlimit(Resource::Nproc).current.map_or("unlimited".to_owned(), |limit| limit.to_string());
        let kernel = |name: &str| fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap_or_default();
        format!(
            "this user may have {user} (RLIMIT_NPROC), the machine {} (kernel.threads-max), with numbers up to {} (kernel.pid_max)",
            kernel("threads-max").trim(),
            kernel("pid_max").trim()
        )
    });
    Error::new(Code::NO_SYSTEM_RESOURCES, operation)
        .source(error)
        .hint(format!("one more thread is needed; {limit}; end some, or raise the limit"))
}

/// What to say if there are no addresses for a stack.
fn no_stack(len: usize) -> Option<String> {
    let limit = getrlimit(Resource::As).current?;
    let mut buffer = [0; 4096];
    let status = read(c"/proc/thread-self/status", &mut buffer);
    let used = status.lines().find_map(|line| kib(line.strip_prefix("VmSize:")?))?;
    (used.saturating_add(len as u64) > limit).then(|| {
        format!(
            "its stack: {} needed, {} of {} in use (RLIMIT_AS)",
            Bytes(len as u64),
            Bytes(used),
            Bytes(limit)
        )
    })
}

/// Writes mapped bytes to a file of the user's, as many as it takes. The kernel copies, and finds out by itself if they are gone.
pub(crate) fn write_mapped(file: BorrowedFd<'_>, bytes: *const [u8], at: u64) -> Result<usize, Errno> {
    // The kernel writes what fits, and sends its signal only where nothing does.
    check_growth(at.saturating_add(1))?;
    // SAFETY: only the kernel reads the range, which tolerates changes and missing pages.
    let written = unsafe { libc::pwrite(file.as_raw_fd(), bytes.cast(), bytes.len(), at as i64) };
    usize::try_from(written).map_err(|_| last())
}
