//! The directories of `Local\` and `Global\`: whose they must be, and what happens when they are not.
//!
//! Each test starts a process that has them below another root.

use crate::scratch::{child, code, directory, skipped, thread};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use veduta::{Namespace, Section, SweepMode};

/// A root, and where the two namespaces are below it.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Root {
        Root(directory())
    }

    fn local(&self) -> PathBuf {
        self.0.path().join(format!("veduta-{}", rustix::process::geteuid().as_raw()))
    }

    fn global(&self) -> PathBuf {
        self.0.path().join("veduta-global")
    }

    /// What a process finds that has its namespaces here: for the local one and for the global one.
    fn open(&self) -> [String; 2] {
        self.open_as("directories::role_open")
    }

    fn open_as(&self, role: &str) -> [String; 2] {
        let mut opener = child::play(role, &[("VEDUTA_ROOT", self.0.path().to_str().unwrap())]);
        [opener.hear(), opener.hear()]
    }
}

fn make(path: &Path, mode: u32) {
    std::fs::create_dir(path).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o7777
}

#[test]
#[ignore = "a role: opens both namespaces and creates a name in each"]
fn role_open() {
    for (namespace, name) in [(Namespace::local(), r"Local\role"), (Namespace::global(), r"Global\role")] {
        let opened = namespace.and_then(|_| Section::options().size(1).create(name));
        child::say(opened.map_or_else(|error| error.to_string(), |_| "ok".to_owned()));
    }
}

#[test]
#[ignore = "a role: the same, with a umask that takes all from others"]
fn role_open_with_umask() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    role_open();
}

#[test]
#[ignore = "a role: the same, with no umask"]
fn role_open_without_umask() {
    rustix::process::umask(rustix::fs::Mode::empty());
    role_open();
}

#[test]
fn directories_are_made_with_their_modes_whatever_the_umask_is() {
    for role in ["directories::role_open_with_umask", "directories::role_open_without_umask"] {
        let root = Root::new();
        assert_eq!(root.open_as(role), ["ok", "ok"]);
        assert_eq!((mode(&root.local()), mode(&root.global())), (0o700, 0o1777));
        assert_eq!(root.open(), ["ok", "ok"], "and trusted afterwards");
    }
}

#[test]
fn a_local_directory_that_others_may_enter_is_not_trusted() {
    for bad in [0o755, 0o701, 0o770, 0o1777] {
        let root = Root::new();
        make(&root.local(), bad);
        let [local, global] = root.open();
        assert!(local.contains("ERROR_ACCESS_DENIED, 5"), "{bad:o}: {local}");
        assert!(
            local.contains(&format!("has mode {bad:04o}")) && local.contains("does not trust"),
            "{local}"
        );
        assert_eq!(global, "ok", "the other one is not concerned");
    }
}

#[test]
fn a_local_directory_of_another_user_is_not_trusted() {
    if !thread::is_root() {
        return skipped("only root can give a directory away");
    }
    let root = Root::new();
    make(&root.local(), 0o700);
    chown(root.local(), Some(65_534), None).unwrap();
    let [local, _] = root.open();
    assert!(local.contains("ERROR_ACCESS_DENIED, 5"), "{local}");
    assert!(local.contains("belongs to user 65534"), "{local}");
    assert!(local.contains(root.local().to_str().unwrap()), "it says which: {local}");
}

#[test]
fn a_global_directory_of_another_user_is_not_trusted() {
    if !thread::is_root() {
        return skipped("only root can give a directory away");
    }
    for mode in [0o1777, 0o755] {
        let root = Root::new();
        make(&root.global(), mode);
        chown(root.global(), Some(65_534), None).unwrap();
        let [local, global] = root.open();
        assert!(
            global.contains("ERROR_ACCESS_DENIED, 5") && global.contains("belongs to user 65534"),
            "{global}"
        );
        assert_eq!(local, "ok", "the other one is not concerned");
    }
}

#[test]
fn a_global_directory_from_which_anybody_may_remove_is_not_trusted() {
    for (mode, trusted) in [(0o777, false), (0o775, false), (0o1777, true), (0o755, true), (0o1755, true)] {
        let root = Root::new();
        make(&root.global(), mode);
        let [_, global] = root.open();
        assert_eq!(global == "ok", trusted, "{mode:o}: {global}");
        assert!(trusted || global.contains("ERROR_ACCESS_DENIED, 5"), "{global}");
    }
}

#[test]
fn what_is_no_directory_is_refused_and_not_followed() {
    let elsewhere = Root::new();
    make(&elsewhere.local(), 0o700);
    make(&elsewhere.global(), 0o1777);
    let root = Root::new();
    symlink(elsewhere.local(), root.local()).unwrap();
    symlink(elsewhere.global(), root.global()).unwrap();
    let linked = root.open();
    let root = Root::new();
    std::fs::write(root.local(), "").unwrap();
    std::fs::write(root.global(), "").unwrap();
    for message in linked.iter().chain(&root.open()) {
        assert!(message.contains("ERROR_PATH_NOT_FOUND, 3"), "{message}");
        assert!(message.contains("something else stands"), "{message}");
    }
    assert_eq!(std::fs::read_dir(elsewhere.local()).unwrap().count(), 0);
}

#[test]
fn a_root_that_is_not_there_is_told() {
    let root = Root::new();
    let missing = root.0.path().join("missing");
    let mut opener = child::play("directories::role_open", &[("VEDUTA_ROOT", missing.to_str().unwrap())]);
    let message = opener.hear();
    assert!(message.contains("VEDUTA_ROOT names another one"), "{message}");
}

#[test]
fn a_directory_that_is_removed_is_made_again() {
    let root = Root::new();
    let mut actor =
        child::play("directories::role_twice", &[("VEDUTA_ROOT", root.0.path().to_str().unwrap())]);
    assert_eq!(actor.hear(), "created");
    std::fs::remove_dir_all(root.local()).unwrap();
    actor.tell("again");
    assert_eq!(actor.hear(), "not found, created, found");
    assert_eq!(mode(&root.local()), 0o700);
}

#[test]
#[ignore = "a role: creates a name twice"]
fn role_twice() {
    let mut options = Section::options();
    let first = options.size(1).create_new("role").unwrap();
    child::say("created");
    child::listen();
    assert_eq!(code(options.open("role")), veduta::Code::FILE_NOT_FOUND);
    let second = options.create_new("role").unwrap();
    options.open("role").unwrap();
    // The old handle's name is gone, and must not take the new one with it.
    drop(first);
    options.open("role").unwrap();
    drop(second);
    assert!(Namespace::local().unwrap().sweep(SweepMode::Remove).unwrap().removed.is_empty());
    child::say("not found, created, found");
}
