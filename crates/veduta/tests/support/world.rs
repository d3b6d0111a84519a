//! A place where one test's names live, apart from everybody else's.

use super::actor::Actor;
use super::stage::{CONNECT, START_ON_STDIN};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// A directory for namespaces, and a place where actors of other actors report.
pub struct World {
    /// What `VEDUTA_ROOT` is to the actors.
    root: TempDir,
    meeting: String,
    listener: UnixListener,
}

impl World {
    pub fn new() -> World {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let root = tempfile::Builder::new()
            .prefix("veduta-test-")
            .tempdir_in("/dev/shm")
            .expect("/dev/shm is there");
        // As /dev/shm itself: any user may make a namespace there.
        std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o1777)).expect("it is ours");
        std::fs::create_dir(root.path().join("private")).expect("it is empty");
        // As root makes it when a machine starts.
        let global = root.path().join("veduta-global");
        std::fs::create_dir(&global).expect("it is empty");
        std::fs::set_permissions(&global, PermissionsExt::from_mode(0o1777)).expect("it is ours");
        let meeting = format!("veduta-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let listener = UnixListener::bind_addr(&address(&meeting)).expect("the address has our pid in it");
        World { root, meeting, listener }
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

    #[allow(clippy::zombie_processes, reason = "the actor's watcher waits for it")]
    pub fn actor_with(&self, environment: &[(&str, &str)]) -> Actor {
        let (ours, theirs) = UnixStream::pair().expect("a socket can be had");
        let child = self
            .command()
            .env(START_ON_STDIN, "1")
            .envs(environment.iter().copied())
            .stdin(OwnedFd::from(theirs))
            .spawn()
            .expect("this program can be started again");
        let pid = Pid::from_raw(child.id().cast_signed()).expect("no process has pid 0");
        Actor::of_child(pid, ours)
    }

    fn command(&self) -> Command {
        let mut command = role_command("support::stage::actor");
        command.env("VEDUTA_ROOT", self.root()).env_remove("VEDUTA_STEP").env_remove("VEDUTA_BYTES");
        command
    }

    /// Has an actor fork: the same program, handles and all, in a second process.
    pub fn fork(&self, parent: &mut Actor) -> Actor {
        parent.answer(&["fork", &self.meeting]).expect("a process may fork");
        self.meet()
    }

    /// Has an actor start a program (this one) in the usual way. What the child gets of the parent's handles is what is
    /// inheritable.
    pub fn child(&self, parent: &mut Actor) -> Actor {
        parent.answer(&["child", &self.meeting]).expect("a process may have children");
        self.meet()
    }

    fn meet(&self) -> Actor {
        let (line, _) = self.listener.accept().expect("the listener is open");
        let pid = rustix::net::sockopt::socket_peercred(&line).expect("Unix sockets know their peer").pid;
        let mut actor =
            Actor::of_stranger(pid, pidfd_open(pid, PidfdFlags::empty()).expect("it waits for us"), line);
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
    command.env_remove(START_ON_STDIN).env_remove(CONNECT);
    command
}

pub(super) fn address(name: &str) -> SocketAddr {
    SocketAddr::from_abstract_name(name).expect("the name is short")
}
