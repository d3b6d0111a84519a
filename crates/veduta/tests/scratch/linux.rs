//! What tests take of Linux: descriptors, directories in memory, the alarm.

use super::{PAGE, child};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use veduta::Section;
use veduta::os::unix::HandleExt;

/// An empty directory in memory.
pub fn directory() -> tempfile::TempDir {
    let root = Path::new("/dev/shm");
    let root = if root.is_dir() { root } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
    tempfile::Builder::new().prefix("veduta-test-").tempdir_in(root).expect("a directory can be made")
}

/// The descriptors of another handle to a section, in order: its card, its entry if it has a name, its bytes if they have
/// a file of their own.
pub fn descriptors(section: &Section) -> Vec<OwnedFd> {
    section.try_clone().and_then(HandleExt::into_descriptors).expect("a handle can be duplicated")
}

/// The file that holds a section's bytes.
pub fn bytes_of(section: &Section) -> File {
    let _quiet = child::quiet();
    descriptors(section).pop().expect("a handle has descriptors").into()
}

/// Writes to a new file in a directory until nothing fits any more.
pub fn fill(directory: &Path) -> PathBuf {
    let path = directory.join("filling");
    let file = File::create(&path).expect("a file can be made");
    let mut at = 0;
    for piece in [1 << 20, PAGE, 512] {
        while let Ok(written) = file.write_at(&vec![1; piece], at) {
            at += written as u64;
        }
    }
    path
}

/// Takes away what [`fill`] made. The room is there when this returns: a process that another test starts just now has the file open until its program begins.
pub fn unfill(filling: &Path) {
    let free = || {
        rustix::fs::statvfs(filling.parent().expect("it is in a directory")).expect("it is there").f_bavail
    };
    let before = free();
    std::fs::remove_file(filling).expect("it is there");
    let _watchdog = Watchdog::new();
    while free() <= before {
        std::thread::yield_now();
    }
}

/// The number that the system has for this thread.
pub fn thread_number() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned()
}

/// Whether all these threads of this process sleep.
pub fn all_sleep(threads: &[u32]) -> bool {
    threads.iter().all(|thread| {
        let status = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
        // Behind the command, which is in parentheses and may have some itself.
        status.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
    })
}

/// How many waiters an object tells while so many threads wait for it.
pub fn told(waiters: u32) -> u32 {
    waiters
}

/// The same, as an object's state has it.
pub fn shown(waiters: u32) -> Option<u32> {
    Some(waiters)
}

/// Whether this is Wine, which does something else here than Windows.
pub fn wine_is_wrong(_: &str) -> bool {
    false
}

/// Ends the process, and the test with it, if this value lives for minutes: for what would wait for ever if it were wrong.
pub struct Watchdog(());

impl Watchdog {
    pub fn new() -> Watchdog {
        alarm(120);
        Watchdog(())
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        alarm(0);
    }
}

fn alarm(seconds: libc::c_uint) {
    #[allow(unsafe_code, reason = "the standard library has no alarm")]
    // SAFETY: takes only a number.
    unsafe {
        libc::alarm(seconds);
    }
}

/// Whether the system takes an advice on views.
pub fn takes(_: veduta::Advice) -> bool {
    true
}
