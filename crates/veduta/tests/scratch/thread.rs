//! Threads that may do less, or have mounts of their own: on Linux both belong to a thread, and go with it.

use super::{child, skipped};
use rustix::process::{Gid, Uid};
use rustix::thread::CapabilitySet;
use std::path::Path;

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Makes this process another user without privileges, if it is root's. Only for roles: the whole process counts as one that
/// may not be looked into from then on.
pub fn become_nobody() {
    const NOBODY: u32 = 65_534;
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    if is_root() {
        rustix::thread::set_thread_groups(&[]).expect("root may leave its groups");
        rustix::thread::set_thread_res_gid(group, group, group).expect("root may change its group");
        rustix::thread::set_thread_res_uid(user, user, user).expect("root may become anybody");
    }
}

/// Runs a test that may not lock more memory than its limit, even if it is root's.
pub fn with_limit_on_locks(test: impl FnOnce() + Send) {
    on_own_thread(|| {
        let mut capabilities = rustix::thread::capabilities(None).expect("a thread knows its own");
        capabilities.effective.remove(CapabilitySet::IPC_LOCK);
        rustix::thread::set_capabilities(None, capabilities).expect("a thread may give up what it has");
        test();
    });
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
            let _quiet = child::quiet();
            std::process::Command::new("mount").args(arguments).status()
        };
        let [source, path] =
            [source, directory].map(|path| path.to_str().expect("test files have plain names"));
        // What is mounted here must not show up elsewhere.
        let alone = mount(&["--make-rprivate", "/"]);
        match alone.and_then(|_| mount(&["-t", kind, "-o", options, source, path])) {
            Ok(status) if status.success() => test(),
            result => skipped(format!("{kind} cannot be mounted here: {result:?}")),
        }
    });
}

/// Runs a test with a tmpfs of its own, of `size` bytes, over a directory.
pub fn with_tmpfs(directory: &Path, size: u64, test: impl FnOnce() + Send) {
    with_mount(directory, "tmpfs", &format!("size={size}"), Path::new("tmpfs"), test);
}

fn on_own_thread(test: impl FnOnce() + Send) {
    let ended = std::thread::scope(|scope| scope.spawn(test).join());
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}
