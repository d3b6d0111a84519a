//! A place where one test's names live, apart from everybody else's.

use super::actor::Actor;
use super::system::{self, Meeting};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Set for an actor that a test starts: what its line to that is made of.
pub const START: &str = "VEDUTA_TEST_ACTOR";
/// Where an actor reports that another actor started.
pub const CONNECT: &str = "VEDUTA_TEST_CONNECT";

/// A directory for namespaces, and a place where actors of other actors report.
pub struct World {
    /// What `VEDUTA_ROOT` is to the actors.
    root: TempDir,
    meeting: Meeting,
}

impl World {
    pub fn new() -> World {
        World { root: system::root(), meeting: Meeting::new() }
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// A name in the world's private namespace, as actors are told it.
    pub fn private(&self, name: &str) -> String {
        format!("{}/private/{name}", self.root().display())
    }

    pub fn actor(&self) -> Actor {
        self.actor_with(&[])
    }

    /// An actor that dies or stops at steps of the entry protocol, for example at `MarkDead=kill`.
    pub fn actor_until(&self, steps: &str) -> Actor {
        self.actor_with(&[("VEDUTA_STEP", steps)])
    }

    pub fn actor_with(&self, environment: &[(&str, &str)]) -> Actor {
        let (process, line) = system::start(self.command().envs(environment.iter().copied()));
        Actor::new(process, line)
    }

    fn command(&self) -> Command {
        let mut command = role_command("support::stage::actor");
        command.env("VEDUTA_ROOT", self.root()).env_remove("VEDUTA_STEP").env_remove("VEDUTA_BYTES");
        command
    }

    /// Has an actor fork: the same program, handles and all, in a second process.
    // Row: fork
    #[cfg(target_os = "linux")]
    pub fn fork(&self, parent: &mut Actor) -> Actor {
        parent.answer(&["fork", self.meeting.address()]).expect("a process may fork");
        self.meet()
    }

    /// Has an actor start a program (this one) in the usual way. What the child gets of the parent's handles is what is
    /// inheritable.
    pub fn child(&self, parent: &mut Actor) -> Actor {
        parent.answer(&["child", self.meeting.address()]).expect("a process may have children");
        self.meet()
    }

    fn meet(&self) -> Actor {
        let (process, line) = self.meeting.meet();
        let mut actor = Actor::new(process, line);
        actor.hear().done().expect("it reports");
        actor
    }

    /// Fails if anything stands in any of the world's namespaces.
    #[track_caller]
    pub fn expect_nothing_left(&self) {
        let list = |path: &Path| {
            let entries = std::fs::read_dir(path).expect("it is a directory");
            entries.map(|entry| entry.expect("it can be read").path())
        };
        let left: Vec<_> =
            list(self.root()).filter(|path| path.is_dir()).flat_map(|namespace| list(&namespace)).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

/// This test program once more, to run one of its ignored tests.
pub fn role_command(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args([test, "--exact", "--ignored", "--nocapture"]).stdin(Stdio::null()).stdout(Stdio::null());
    command.env_remove(START).env_remove(CONNECT);
    command
}
