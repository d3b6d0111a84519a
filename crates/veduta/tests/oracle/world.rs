//! A place that no other play uses: the directories of names, and processes that see only those.

use crate::system::root;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use veduta::{Namespace, SweepMode};
use veduta_model::Names;

/// What answers of processes begin with, to tell them from what the harness writes.
pub(crate) const MARK: &str = "outcome: ";
/// How long an answer may take before the process is taken to hang.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(60);
/// The directory of the private namespace, if the play is about one.
const PRIVATE: &str = "VEDUTA_ORACLE_PRIVATE";

pub(crate) struct World {
    names: Names,
    root: TempDir,
}

impl World {
    pub(crate) fn new(names: Names) -> World {
        World { names, root: root() }
    }

    /// This program again, in a role, to be started in this world.
    pub(crate) fn command(&self, role: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
        command
            .args([role, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env("VEDUTA_ROOT", self.root.path())
            .env_remove("VEDUTA_BYTES")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if self.names == Names::Private {
            command.env(PRIVATE, self.root.path());
        }
        command
    }

    /// What stands in the directories of names.
    pub(crate) fn entries(&self) -> Vec<PathBuf> {
        let list = |path: &Path| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(path).expect("it can be read");
            entries.map(|entry| entry.expect("it can be read").path()).collect()
        };
        let inside = list(self.root.path());
        match self.names {
            Names::Private => inside,
            Names::Session => inside.iter().flat_map(|directory| list(directory)).collect(),
        }
    }
}

/// In a role: the private namespace, if the play is about one.
pub(crate) fn private() -> Option<Namespace> {
    let path = std::env::var_os(PRIVATE)?;
    Some(Namespace::at(path).expect("the directory was made"))
}

/// What is found where all is closed.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Remains {
    /// What somebody still has.
    pub(crate) objects: Vec<String>,
    /// What is not as it should be.
    pub(crate) problems: Vec<String>,
}

impl Remains {
    /// In a role: lists the names of the world, and removes what nobody holds.
    pub(crate) fn sweep(private: Option<&Namespace>) -> Remains {
        let mut remains = Remains::default();
        let namespaces = match private {
            Some(private) => vec![private.clone()],
            None => [Namespace::local(), Namespace::global()].map(|one| one.expect("it can be made")).into(),
        };
        for namespace in namespaces {
            let listing = namespace.objects().expect("it can be listed");
            remains.objects.extend(listing.objects.iter().map(|object| object.name.clone()));
            let sweep = namespace.sweep(SweepMode::Remove).expect("it can be swept");
            let problems = listing.problems.iter().chain(&sweep.problems);
            remains
                .problems
                .extend(problems.map(|problem| format!("{}: {}", problem.file_name, problem.error)));
        }
        remains
    }
}
