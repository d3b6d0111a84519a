//! What the oracle takes of Linux.

use std::path::Path;
use tempfile::TempDir;

/// How many plays each test tries.
pub(crate) const CASES: u32 = 150;

/// In memory; but views may be for execution, which is often not allowed there.
pub(crate) fn root() -> TempDir {
    let memory = Path::new("/dev/shm");
    let noexec = rustix::fs::StatVfsMountFlags::NOEXEC;
    let fits = rustix::fs::statvfs(memory).is_ok_and(|stat| !stat.f_flag.contains(noexec));
    let parent = if fits { memory } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
    tempfile::Builder::new().prefix("veduta-oracle-").tempdir_in(parent).expect("a directory can be made")
}
