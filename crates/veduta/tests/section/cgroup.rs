//! What is promised of memory inside a memory cgroup, as containers have them.

use crate::scratch::{child, name, skipped, unique};
use std::io;
use std::path::{Path, PathBuf};
use veduta::{Commit, Section};

/// A memory cgroup of this test, removed with this value.
struct Group(PathBuf);

impl Group {
    /// A group whose processes may have so much memory together.
    fn new(limit: u64) -> io::Result<Group> {
        // Version 1 has a tree for memory alone, version 2 one for everything.
        let (tree, limit_file) = match Path::new("/sys/fs/cgroup/memory") {
            memory if memory.is_dir() => (memory, "memory.limit_in_bytes"),
            _ => (Path::new("/sys/fs/cgroup"), "memory.max"),
        };
        let group = Group(tree.join(format!("veduta-test-{}", unique())));
        std::fs::create_dir(&group.0)?;
        std::fs::write(group.0.join(limit_file), limit.to_string())?;
        Ok(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A group that was refused half made is of no use to remove either.
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_cgroup_that_leaves_too_little_is_told() {
    let group = match Group::new(64 << 20) {
        Ok(group) => group,
        Err(error) => return skipped(format!("no memory cgroup can be made here: {error}")),
    };
    let path = group.0.to_str().unwrap();
    let mut member = child::play("cgroup::role_member", &[("GROUP", path)]);
    for _ in 0..2 {
        let error = member.hear();
        assert!(error.contains("ERROR_COMMITMENT_LIMIT, 1455"), "{error}");
        assert!(
            error.contains("128.0 MiB needed, ") && error.contains(" MiB available in the memory cgroup"),
            "{error}"
        );
        assert!(error.contains(path), "it says which: {error}");
    }
    assert_eq!(member.hear(), "32 MiB fit, and 128 can be reserved");
    member.kill();
}

#[test]
#[ignore = "a role: creates sections in a cgroup"]
fn role_member() {
    let group = PathBuf::from(std::env::var("GROUP").unwrap());
    std::fs::write(group.join("cgroup.procs"), std::process::id().to_string()).unwrap();
    let mut options = Section::options();
    options.size(128 << 20);
    child::say(options.create_unnamed().unwrap_err());
    child::say(options.create(&name("cgroup")).unwrap_err());
    options.commit(Commit::Reserve).create_unnamed().unwrap();
    options.commit(Commit::Checked).size(32 << 20).create_unnamed().unwrap();
    child::say("32 MiB fit, and 128 can be reserved");
    child::listen();
}
