//! Threads that are another user, or have mounts of their own: on Linux both belong to a thread, and go with it.

use super::skipped;
use rustix::process::{Gid, Uid};
use std::path::Path;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A user that is neither root nor the one who runs the tests.
pub const NOBODY: u32 = 65_534;

/// Runs a test as a user without privileges: as the one who runs the tests, or if that is root as [`NOBODY`].
pub fn without_privileges<T: Send>(test: impl FnOnce() -> T + Send) -> T {
    on_own_thread(|| {
        if is_root() {
            become_nobody();
        }
        test()
    })
}

/// Runs a test as another user, which only root may.
pub fn as_nobody(test: impl FnOnce() + Send) {
    if !is_root() {
        return skipped("only root can become another user");
    }
    on_own_thread(|| {
        become_nobody();
        test();
    });
}

fn become_nobody() {
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    rustix::thread::set_thread_groups(&[]).expect("root may leave its groups");
    rustix::thread::set_thread_res_gid(group, group, group).expect("root may change its group");
    rustix::thread::set_thread_res_uid(user, user, user).expect("root may become anybody");
}

/// Runs a test with a small file system mounted over a directory, for its thread alone. `what` is a tmpfs's size or the
/// image of a file system.
pub fn with_mount(directory: &Path, kind: &str, options: &str, source: &Path, test: impl FnOnce() + Send) {
    on_own_thread(|| {
        if !is_root() {
            return skipped("only root may mount");
        }
        let own_mounts = rustix::thread::UnshareFlags::NEWNS;
        #[allow(unsafe_code, reason = "the call is for threads that say what they share")]
        // SAFETY: the thread is ours, ends with this test, and changes neither root nor working directory.
        if let Err(errno) = unsafe { rustix::thread::unshare_unsafe(own_mounts) } {
            return skipped(format!("no mount namespace may be made here: {errno}"));
        }
        let mount = |arguments: &[&str]| {
            let path = directory.to_str().expect("test directories have plain names");
            std::process::Command::new("mount").args(arguments).arg(path).status()
        };
        let root = std::process::Command::new("mount").args(["--make-rprivate", "/"]).status();
        let source = source.to_str().expect("test files have plain names");
        match root.and_then(|_| mount(&["-t", kind, "-o", options, source])) {
            Ok(status) if status.success() => test(),
            result => skipped(format!("{kind} cannot be mounted here: {result:?}")),
        }
    });
}

/// Runs a test with a tmpfs of its own, of `size` bytes, over a directory.
pub fn with_tmpfs(directory: &Path, size: u64, test: impl FnOnce() + Send) {
    with_mount(directory, "tmpfs", &format!("size={size}"), Path::new("tmpfs"), test);
}

fn on_own_thread<T: Send>(test: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(test).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
