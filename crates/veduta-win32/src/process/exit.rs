//! How processes end, and what they leave: exit codes of 32 bits, of which Linux hands on the lowest 8.
//!
//! Who creates a process shares a page with it. A process that uses this library writes its exit code there on its way out, and who kills
//! it the code that was asked for. The page only adds what Linux leaves out: it counts if it agrees with what the kernel says. Who has the process
//! by its id only looks for the page (see [`stranger`](super::stranger)).

use super::{Process, QUERY_INFORMATION, QUERY_LIMITED_INFORMATION, Shared, TERMINATE, with};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::pointer::Out;
use crate::types::{BOOL, DWORD, HANDLE, UINT};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use rustix::process::{Signal, WaitId, WaitIdOptions};
use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

export! {
    fn ExitProcess(exit_code: UINT) {
        exit(exit_code)
    }

    fn TerminateProcess(process: HANDLE, exit_code: UINT) -> BOOL {
        with(process, TERMINATE, |process| process.terminate(exit_code))
    }

    fn GetExitCodeProcess(process: HANDLE, exit_code: Out<DWORD>) -> BOOL {
        let exit_code = exit_code.required()?;
        exit_code.put(with(process, QUERY_INFORMATION | QUERY_LIMITED_INFORMATION, Process::exit_code)?);
        Ok(())
    }
}

/// An exit code, once there is one. The first counts.
#[derive(Default)]
#[repr(transparent)]
pub(super) struct Code(AtomicU64);

const IS_SET: u64 = 1 << 32;

impl Code {
    fn set(&self, code: u32) {
        let first = IS_SET | u64::from(code);
        let _not_first = self.0.compare_exchange(0, first, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// For a process that is ending and changes its mind.
    fn replace(&self, code: u32) {
        self.0.store(IS_SET | u64::from(code), Ordering::SeqCst);
    }

    fn get(&self) -> Option<u32> {
        let code = self.0.load(Ordering::SeqCst);
        (code & IS_SET != 0).then_some(code as u32)
    }
}

#[repr(C)]
struct Contents {
    magic: [u8; 8],
    /// What the process said when it ended.
    exited: Code,
    /// What it was killed with.
    killed: Code,
    /// The id of the process, which its creator writes.
    owner: AtomicU32,
}

const MAGIC: [u8; 8] = *b"VEDUEXIT";
const SIZE: usize = 4096;

/// The page that a process shares with whoever has a handle to it.
#[derive(Clone)]
pub(super) struct Page(Arc<Mapping>);

struct Mapping {
    memory: NonNull<Contents>,
    descriptor: OwnedFd,
}

// SAFETY: what it leads to is atomic, but for the magic, which is written before anybody else has it.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Page {
    const NAME: &str = "veduta exit code";
    /// How /proc names the file.
    pub(super) const FILE: &[u8] = b"/memfd:veduta exit code (deleted)";

    pub(super) fn new() -> Result<Page> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let descriptor = rustix::fs::memfd_create(Page::NAME, flags)?;
        rustix::fs::ftruncate(&descriptor, SIZE as u64)?;
        rustix::io::pwrite(&descriptor, &MAGIC, 0)?;
        rustix::fs::fcntl_add_seals(&descriptor, SealFlags::SHRINK | SealFlags::GROW)?;
        Page::map(descriptor)
    }

    /// A page that somebody else made.
    pub(super) fn map(descriptor: OwnedFd) -> Result<Page> {
        let wrong = |_: Errno| Failure::hint(code::INVALID_DATA, "a descriptor is not that of an exit code");
        let seals = rustix::fs::fcntl_get_seals(&descriptor).map_err(wrong)?;
        let size = rustix::fs::fstat(&descriptor)?.st_size;
        let mut magic = [0; MAGIC.len()];
        rustix::io::pread(&descriptor, &mut magic, 0)?;
        if !seals.contains(SealFlags::SHRINK) || size != SIZE as i64 || magic != MAGIC {
            return Err(wrong(Errno::INVAL));
        }
        // SAFETY: the kernel picks the address. The file has that size, and can never be made shorter.
        let memory = unsafe {
            rustix::mm::mmap(
                null_mut(),
                SIZE,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &descriptor,
                0,
            )
        }?;
        let memory = NonNull::new(memory.cast()).ok_or(Failure::Code(code::NOT_ENOUGH_MEMORY))?;
        Ok(Page(Arc::new(Mapping { memory, descriptor })))
    }

    pub(super) fn descriptor(&self) -> Result<OwnedFd> {
        Ok(rustix::io::fcntl_dupfd_cloexec(&self.0.descriptor, 3)?)
    }

    /// The page is for the process with this id.
    pub(super) fn give_to(&self, id: u32) {
        self.contents().owner.store(id, Ordering::SeqCst);
    }

    pub(super) fn belongs_to(&self, id: u32) -> bool {
        self.contents().owner.load(Ordering::SeqCst) == id
    }

    fn contents(&self) -> &Contents {
        // SAFETY: mapped as long as `self`, page-aligned, and any bytes are such contents.
        unsafe { self.0.memory.as_ref() }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: it was mapped so, and nobody has a reference without a count.
        let unmapped = unsafe { rustix::mm::munmap(self.memory.as_ptr().cast(), SIZE) };
        debug_assert!(unmapped.is_ok(), "it was mapped");
    }
}

/// The page of this process, and the process that it is of: a forked child is another.
static OWN: OnceLock<(u32, Page)> = OnceLock::new();

/// The page of the calling process, if its creator gave it one.
pub(super) fn own_page() -> Result<Option<Page>> {
    Ok(OWN.get().filter(|(process, _)| *process == std::process::id()).map(|(_, page)| page.clone()))
}

/// This process has this page, and leaves its exit code there.
pub(super) fn adopt(page: Page) {
    if OWN.set((std::process::id(), page)).is_ok() {
        #[cfg(target_env = "gnu")]
        note_at_exit();
    }
}

/// Has the exit code noted however the program comes to `exit`: by returning from `main`, too.
#[cfg(target_env = "gnu")]
fn note_at_exit() {
    unsafe extern "C" {
        fn on_exit(handler: extern "C" fn(i32, *mut c_void), argument: *mut c_void) -> i32;
    }
    extern "C" fn exits(status: i32, _: *mut c_void) {
        note(status.cast_unsigned());
    }
    // SAFETY: the handler lives as long as the program.
    let status = unsafe { on_exit(exits, null_mut()) };
    debug_assert_eq!(status, 0, "only memory can be missing");
}

fn note(exit_code: u32) {
    if let Some((process, page)) = OWN.get()
        && *process == std::process::id()
    {
        page.contents().exited.replace(exit_code);
    }
}

/// Ends the process as `exit` does: the program's handlers run, what is buffered is written. On Windows the libraries get to know of the end,
/// and the C runtime, which is one of them, writes what is buffered.
pub(crate) fn exit(exit_code: u32) -> ! {
    static EXITS: AtomicU64 = AtomicU64::new(0);
    let thread = rustix::thread::gettid().as_raw_nonzero().get();
    let me = u64::from(std::process::id()) << 32 | u64::from(thread.unsigned_abs());
    // The C library lets only one thread do this. The others are about to end with the process. One that is in it already goes on.
    let first = EXITS.load(Ordering::SeqCst);
    let mine = first == me
        || (first >> 32 != u64::from(std::process::id())
            && EXITS.compare_exchange(first, me, Ordering::SeqCst, Ordering::SeqCst).is_ok());
    if !mine {
        loop {
            std::thread::park();
        }
    }
    note(exit_code);
    // SAFETY: it is called by one thread at a time, as it wants to be.
    unsafe { libc::exit(exit_code.cast_signed()) }
}

impl Process {
    fn terminate(&self, exit_code: u32) -> Result<()> {
        if self.is_current() {
            note(exit_code);
            // SAFETY: it ends the process, and touches nothing.
            unsafe { libc::_exit(exit_code.cast_signed()) }
        }
        let shared = &*self.0;
        let gone = || Failure::hint(code::ACCESS_DENIED, "the process has ended already");
        if shared.look().is_some() {
            return Err(gone());
        }
        // Before the kill: nobody must see the end without its code.
        shared.killed.set(exit_code);
        if let Some(page) = &shared.page {
            page.contents().killed.set(exit_code);
        }
        match rustix::process::pidfd_send_signal(&shared.pidfd, Signal::KILL) {
            Ok(()) => Ok(()),
            Err(Errno::SRCH) => Err(gone()),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// What is known of a process that has ended.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    code: Option<u32>,
}

/// What the kernel says of it.
#[derive(Clone, Copy)]
enum Status {
    Exited(u8),
    Killed(i32),
}

impl Ended {
    /// What is left of a process that has just ended. A child's remains are removed.
    pub(super) fn of(process: &Shared) -> Ended {
        let pidfd = process.pidfd.as_fd();
        let reaped = if process.is_child() { reap(pidfd) } else { None };
        let status = reaped.or_else(|| information(pidfd)).or_else(|| remains(process.id, pidfd));
        Ended { code: exit_code(process, status) }
    }

    pub(super) fn code(self, process: &Shared) -> Result<u32> {
        // The kernel tells strangers only after the parent has removed the remains.
        self.code.or_else(|| exit_code(process, information(process.pidfd.as_fd()))).ok_or_else(|| {
            Failure::hint(
                code::NOT_SUPPORTED,
                "this kernel tells the exit code of a process to its parent only",
            )
        })
    }
}

fn exit_code(process: &Shared, status: Option<Status>) -> Option<u32> {
    let page = process.page.as_ref().map(Page::contents);
    let exited = page.and_then(|page| page.exited.get());
    let killed = page.and_then(|page| page.killed.get()).or_else(|| process.killed.get());
    match status {
        Some(Status::Exited(lowest)) => {
            Some(exited.filter(|code| *code as u8 == lowest).unwrap_or_else(|| lowest.into()))
        }
        Some(Status::Killed(libc::SIGKILL)) => Some(killed.unwrap_or(1)),
        Some(Status::Killed(signal)) => Some(of_signal(signal)),
        None => exited.or(killed),
    }
}

/// The exit code of a program on Windows that meets what the signal stands for.
fn of_signal(signal: i32) -> u32 {
    match signal {
        libc::SIGSEGV => 0xC000_0005,
        libc::SIGBUS => 0xC000_0006,
        libc::SIGILL => 0xC000_001D,
        libc::SIGFPE => 0xC000_0094,
        libc::SIGTRAP => 0x8000_0003,
        libc::SIGSYS => 0xC000_001C,
        libc::SIGPIPE => 0xC000_014B,
        // `abort` of the C runtime.
        libc::SIGABRT => 3,
        // The user, or the end of the session.
        libc::SIGINT | libc::SIGTERM | libc::SIGHUP | libc::SIGQUIT => 0xC000_013A,
        other => 128 + other.cast_unsigned(),
    }
}

/// Removes the remains of a child. `None`: the program has done so itself.
fn reap(pidfd: BorrowedFd<'_>) -> Option<Status> {
    loop {
        match rustix::process::waitid(WaitId::PidFd(pidfd), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Err(Errno::INTR) => {}
            Err(_) | Ok(None) => return None,
            Ok(Some(status)) => {
                let exited = status.exit_status().map(|status| Status::Exited(status as u8));
                return exited.or_else(|| status.terminating_signal().map(Status::Killed));
            }
        }
    }
}

/// `struct pidfd_info` of the kernel, as long as it was at first.
#[repr(C)]
#[derive(Default)]
struct PidfdInfo {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: i32,
}

const _: () = assert!(size_of::<PidfdInfo>() == 64);

/// `PIDFD_GET_INFO`: `_IOWR(0xFF, 11, struct pidfd_info)`.
const PIDFD_GET_INFO: libc::c_ulong = 0xC040_FF0B;
const PIDFD_INFO_EXIT: u64 = 1 << 3;

/// What the kernel keeps for who has a pidfd, since Linux 6.15.
fn information(pidfd: BorrowedFd<'_>) -> Option<Status> {
    let mut info = PidfdInfo { mask: PIDFD_INFO_EXIT, ..PidfdInfo::default() };
    // SAFETY: the kernel writes as many bytes as the number of the call says, which is the size.
    let status = unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO, &raw mut info) };
    (status == 0 && info.mask & PIDFD_INFO_EXIT != 0).then(|| of_wait_status(info.exit_code))
}

/// What /proc says of a process that has ended and whose parent has not asked yet: the last of its fields.
fn remains(id: u32, pidfd: BorrowedFd<'_>) -> Option<Status> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The number may be another's by now.
    super::pidfd_number(pidfd).ok()??;
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    // To who may not look it says 0.
    let is_dead = fields.next() == Some("Z");
    let status = fields.next_back()?.parse().ok().filter(|&status| status != 0)?;
    is_dead.then(|| of_wait_status(status))
}

fn of_wait_status(status: i32) -> Status {
    if libc::WIFSIGNALED(status) {
        Status::Killed(libc::WTERMSIG(status))
    } else {
        Status::Exited(libc::WEXITSTATUS(status) as u8)
    }
}
