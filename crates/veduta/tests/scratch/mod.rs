//! What a test takes and gives back: names, files, directories, users and mounts that nobody else uses.
#![allow(dead_code, unreachable_pub, reason = "each test takes a part of it")]

pub mod child;
mod skip;
pub mod thread;

pub use skip::skipped;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use veduta::os::unix::HandleExt;
use veduta::{Code, Namespace, Section};

/// The size of a page.
pub const PAGE: usize = 4096;

/// Something that no other test, and no other process, has in a name.
pub fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}.{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A `Local\` name of this test.
pub fn name(what: &str) -> String {
    format!(r"Local\{what} {}", unique())
}

/// A private namespace of this test, in memory. Removed with whatever is in it.
pub struct Private {
    directory: tempfile::TempDir,
    namespace: Namespace,
}

impl Private {
    pub fn new() -> Private {
        let directory = directory();
        let namespace = Namespace::at(directory.path()).expect("the directory was just made");
        Private { directory, namespace }
    }

    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// An empty directory in memory.
pub fn directory() -> tempfile::TempDir {
    let root = Path::new("/dev/shm");
    let root = if root.is_dir() { root } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
    tempfile::Builder::new().prefix("veduta-test-").tempdir_in(root).expect("a directory can be made")
}

/// A nameless file on a disk from which programs may be executed, as the tests are.
pub fn file(len: u64) -> File {
    let file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).expect("a file can be made");
    file.set_len(len).expect("a file can be made longer");
    file
}

/// A file with a name, removed with this value.
pub fn named_file(len: u64) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a file can be made");
    file.as_file().set_len(len).expect("a file can be made longer");
    file
}

/// The code of a failure.
#[track_caller]
pub fn code<T>(result: veduta::Result<T>) -> Code {
    match result {
        Ok(_) => panic!("it succeeds"),
        Err(error) => error.code(),
    }
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
