//! What a test takes and gives back: names, files, directories, users and mounts that nobody else uses.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test takes a part of it")]

pub mod child;
mod skip;
#[cfg_attr(target_os = "linux", path = "linux.rs")] // Row: test support
#[cfg_attr(windows, path = "windows.rs")] // Row: test support
mod system;
// Row: users and mounts
#[cfg(target_os = "linux")]
pub mod thread;

pub use skip::skipped;
use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
pub use system::*;
use veduta::{Code, Namespace};

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

/// Reading and writing somewhere in a file. The standard library has it once for each system.
pub trait FileAt {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> Result<()>;
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> Result<()>;
}

impl FileAt for File {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> Result<()> {
        let mut file = self;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let mut file = self;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }
}
