//! The control groups that limit this process, in either version's files.

use super::error::failed;
use super::limits;
use crate::Result;
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};

/// A group of this process.
pub(crate) struct Cgroup {
    pub(crate) path: PathBuf,
    /// Whether it is one of version 2.
    pub(crate) unified: bool,
}

/// The groups of a controller that limit this process: its own and all above, down to where the file system is mounted. The names are
/// those of the files with the limit, in version 1 and 2.
pub(crate) fn of_this_process(controller: &str, limit_1: &str, limit_2: &str) -> Result<Vec<Cgroup>> {
    let mut found = Vec::new();
    for line in text_of(Path::new("/proc/self/cgroup"))?.unwrap_or_default().lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let unified = controllers.is_empty();
        let roots = if unified {
            vec![PathBuf::from("/sys/fs/cgroup"), PathBuf::from("/sys/fs/cgroup/unified")]
        } else if controllers.split(',').any(|one| one == controller) {
            vec![Path::new("/sys/fs/cgroup").join(controller)]
        } else {
            continue;
        };
        for root in roots {
            let whole = root.join(path.trim_start_matches('/'));
            found.extend(
                whole
                    .ancestors()
                    .take_while(|ancestor| ancestor.starts_with(&root))
                    // In a container the path is the host's, and what is mounted is the container's own group.
                    .filter(|ancestor| ancestor.join(if unified { limit_2 } else { limit_1 }).exists())
                    .map(|ancestor| Cgroup { path: ancestor.to_owned(), unified }),
            );
        }
    }
    Ok(found)
}

impl Cgroup {
    /// The number in a file of the group; `None` where there is no such file, or it says "max".
    pub(crate) fn number(&self, file: &str) -> Result<Option<u64>> {
        Ok(self.text(file)?.and_then(|text| text.trim().parse().ok()))
    }

    pub(crate) fn text(&self, file: &str) -> Result<Option<String>> {
        text_of(&self.path.join(file))
    }
}

/// What stands in a file of the kernel's; `None` where it has none, or not for us. Who has no descriptor left to look is told: the answer
/// may be the one that counts.
pub(crate) fn text_of(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) => match errno_of(&error) {
            errno if limits::is_scarcity(errno) => Err(failed("look at limits", errno)),
            _ => Ok(None),
        },
    }
}

fn errno_of(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
