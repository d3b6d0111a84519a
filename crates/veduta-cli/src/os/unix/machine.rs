//! Users, room, memory and limits.

use crate::quantity::Bytes;
use rustix::fs::statvfs;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::path::Path;
use std::{fs, io};
use veduta::User;

/// The variable that says where temporary files go.
pub(crate) const TEMPORARY: &str = "TMPDIR";

/// The name of a user, if it has one.
pub(crate) fn user_name(user: &User) -> Option<String> {
    let uid = user.to_string();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

/// The room on the disk of a directory that this user may take.
pub(crate) fn free_space(directory: &Path) -> Option<u64> {
    let system = statvfs(directory).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

/// The bytes of all shared memory on the machine, and what the kernel calls them: `Shmem` in /proc/meminfo.
pub(crate) fn shared_memory() -> io::Result<Option<(u64, &'static str)>> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let kib = text
        .lines()
        .find_map(|line| line.strip_prefix("Shmem:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    match kib {
        Some(kib) => Ok(Some((kib << 10, "Shmem"))),
        None => Err(io::Error::other("/proc/meminfo has no line Shmem")),
    }
}

/// What to do about an error, if it is that no descriptors are left.
pub(crate) fn descriptors_hint(error: &io::Error) -> Option<String> {
    if error.raw_os_error() != Some(Errno::MFILE.raw_os_error()) {
        return None;
    }
    let most = getrlimit(Resource::Nofile).current.map_or_else(String::new, |most| format!("{most} "));
    Some(format!(
        "all {most}descriptors that this process may have (RLIMIT_NOFILE) are in use; raise the limit (ulimit -n)"
    ))
}

/// The limit on the size of files, if there is one.
pub(crate) fn file_size_hint() -> Option<String> {
    let limit = getrlimit(Resource::Fsize).current?;
    Some(format!("files may have at most {} (RLIMIT_FSIZE, `ulimit -f`)", Bytes(limit)))
}
