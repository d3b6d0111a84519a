//! A role of this test program under a limit: in a process of its own, which is alone with its namespaces.

use crate::scratch::{child, directory};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use veduta::{Code, Error};

/// Plays a role whose `Local\` and `Global\` names nobody else uses, and fails with it.
pub(crate) fn play(role: &str) {
    play_with(role, &[]);
}

pub(crate) fn play_with(role: &str, variables: &[(&str, &str)]) {
    let root = directory();
    let path = root.path().to_str().expect("test directories have plain names");
    let variables = [variables, &[("VEDUTA_ROOT", path)]].concat();
    let status = child::play(role, &variables).until_ended();
    assert!(status.success(), "{role}: exit code {:?}, signal {:?}", status.code(), status.signal());
}

/// Where the role's namespaces are.
pub(crate) fn root() -> PathBuf {
    std::env::var_os("VEDUTA_ROOT").expect("a role is played with it").into()
}

/// Does something under a limit of this process, and lifts it again.
pub(crate) fn under<T>(resource: Resource, limit: u64, operation: impl FnOnce() -> T) -> T {
    let before = getrlimit(resource);
    let lower = Rlimit { current: Some(limit), maximum: before.maximum };
    setrlimit(resource, lower).expect("a limit can be lowered");
    let result = operation();
    setrlimit(resource, before).expect("what was lowered can be lifted up to the hard limit");
    result
}

/// What a process has that a failure could leave behind: descriptors, mappings of files, and all that is below its root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Belongings {
    descriptors: Vec<PathBuf>,
    mappings: Vec<String>,
    files: Vec<(PathBuf, u64, u64)>,
}

impl Belongings {
    pub(crate) fn now() -> Belongings {
        Belongings { descriptors: descriptors(), mappings: mappings(), files: files(&root()) }
    }
}

fn descriptors() -> Vec<PathBuf> {
    let open = fs::read_dir("/proc/self/fd").expect("/proc is mounted").flatten();
    let mut open: Vec<_> = open.filter_map(|entry| fs::read_link(entry.path()).ok()).collect();
    // Processes that were asked for a descriptor are remembered on purpose, up to eight.
    open.retain(|what| what != Path::new("anon_inode:[pidfd]"));
    open.sort();
    open
}

fn mappings() -> Vec<String> {
    let maps = fs::read_to_string("/proc/self/maps").expect("/proc is mounted");
    let root = root();
    let of_veduta = |line: &&str| {
        line.contains("/memfd:") || line.contains(root.to_str().expect("test directories have plain names"))
    };
    maps.lines().filter(of_veduta).map(str::to_owned).collect()
}

/// Every file below a directory, with its length and the room that it takes.
fn files(directory: &Path) -> Vec<(PathBuf, u64, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("it is a directory").flatten() {
        let (path, metadata) = (entry.path(), entry.metadata().expect("nobody else removes it"));
        if metadata.is_dir() {
            found.extend(files(&path));
        }
        found.push((path, metadata.len(), metadata.blocks()));
    }
    found.sort();
    found
}

/// Fails unless it is this error, and its advice has all of these words.
#[track_caller]
pub(crate) fn expect(error: &Error, code: Code, words: &[&str]) {
    assert_eq!(error.code(), code, "{error}");
    let advice = error.advice().unwrap_or_default();
    for word in words {
        assert!(advice.contains(word), "\"{word}\" is not in: {error}");
    }
}
