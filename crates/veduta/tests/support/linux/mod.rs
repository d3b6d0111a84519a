//! What tests and actors take of Linux: lines that are Unix sockets, processes that are descriptors; and what an actor can
//! do there only.

mod cell;
mod post;

use super::actor::{Ending, Event};
use super::stage::Verb;
use super::world::START;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, pidfd_open, pidfd_send_signal,
    set_parent_process_death_signal, waitid,
};
use rustix::time::{ClockId, clock_gettime};
use std::io::{Result, stdin};
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use tempfile::TempDir;

pub use cell::lacks_privileges;
pub use post::{Post, fork_process};

/// What an actor can do besides `stage::VERBS`.
pub const VERBS: &[&[(&str, Verb)]] = &[cell::VERBS, post::VERBS];

/// A directory for namespaces.
pub fn root() -> TempDir {
    let root =
        tempfile::Builder::new().prefix("veduta-test-").tempdir_in("/dev/shm").expect("/dev/shm is there");
    // As /dev/shm itself: any user may make a namespace there.
    std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o1777)).expect("it is ours");
    std::fs::create_dir(root.path().join("private")).expect("it is empty");
    // As root makes it when a machine starts.
    let global = root.path().join("veduta-global");
    std::fs::create_dir(&global).expect("it is empty");
    std::fs::set_permissions(&global, PermissionsExt::from_mode(0o1777)).expect("it is ours");
    root
}

/// What a test and an actor talk over.
pub type Line = UnixStream;

/// Starts an actor, with the line to it on its standard input.
#[allow(clippy::zombie_processes, reason = "the actor's watcher waits for it")]
pub fn start(command: &mut Command) -> (Process, Line) {
    let (ours, theirs) = UnixStream::pair().expect("a socket can be had");
    let child = command.env(START, "stdin").stdin(OwnedFd::from(theirs)).spawn();
    let child = child.expect("this program can be started again");
    let pid = Pid::from_raw(child.id().cast_signed()).expect("no process has pid 0");
    (Process::new(pid, true), ours)
}

/// An actor's line to the test that started it.
pub fn line_to_starter(_: &str) -> Line {
    let line = stdin().as_fd().try_clone_to_owned().expect("a descriptor is left");
    // So that a stopped one does not outlive a test that was killed itself.
    set_parent_process_death_signal(Some(Signal::KILL)).expect("every process may");
    line.into()
}

/// Where actors report that other actors started.
pub struct Meeting {
    address: String,
    listener: UnixListener,
}

impl Meeting {
    pub fn new() -> Meeting {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let address = format!("veduta-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let listener = UnixListener::bind_addr(&socket(&address)).expect("the address has our pid in it");
        Meeting { address, listener }
    }

    /// What [`report_to`] takes.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next who reports.
    pub fn meet(&self) -> (Process, Line) {
        let (line, _) = self.listener.accept().expect("the listener is open");
        let pid = rustix::net::sockopt::socket_peercred(&line).expect("Unix sockets know their peer").pid;
        (Process::new(pid, false), line)
    }
}

/// An actor's line to the test that meets it.
pub fn report_to(meeting: &str) -> Line {
    UnixStream::connect_addr(&socket(meeting)).expect("the test listens")
}

fn socket(name: &str) -> SocketAddr {
    SocketAddr::from_abstract_name(name).expect("the name is short")
}

/// A process that a test watches.
#[derive(Clone)]
pub struct Process {
    pid: Pid,
    descriptor: Arc<OwnedFd>,
    is_child: bool,
}

impl Process {
    fn new(pid: Pid, is_child: bool) -> Process {
        let descriptor = pidfd_open(pid, PidfdFlags::empty()).expect("it waits for us");
        Process { pid, descriptor: Arc::new(descriptor), is_child }
    }

    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().cast_unsigned()
    }

    /// As `kill -KILL`. It may be gone already.
    pub fn kill(&self) {
        let _ = pidfd_send_signal(&self.descriptor, Signal::KILL);
    }

    /// As `kill -STOP`.
    pub fn stop(&self) -> Result<()> {
        Ok(kill_process(self.pid, Signal::STOP)?)
    }

    /// As `kill -CONT`.
    pub fn go_on(&self) -> Result<()> {
        Ok(kill_process(self.pid, Signal::CONT)?)
    }

    /// Tells what becomes of it, until it has ended.
    pub(super) fn watch(&self, events: &Sender<Event>) {
        if self.is_child { watch_child(self.pid, events) } else { watch_stranger(&self.descriptor, events) }
    }

    /// What it is doing, for who reads why a test failed.
    pub fn whereabouts(&self) -> String {
        let read = |file| std::fs::read_to_string(format!("/proc/{}/{file}", self.id())).unwrap_or_default();
        format!("{}{}", read("status").lines().take(3).collect::<Vec<_>>().join(", "), read("stack"))
    }
}

fn watch_child(pid: Pid, events: &Sender<Event>) {
    loop {
        let changes = WaitIdOptions::EXITED | WaitIdOptions::STOPPED;
        let status = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), changes))
            .expect("nobody else waits for our children")
            .expect("it waits for a change");
        let ending = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Ending::Exited(code),
            (_, Some(signal)) => Ending::Killed(signal),
            (None, None) => {
                let _ = events.send(Event::Stopped);
                continue;
            }
        };
        let _ = events.send(Event::Ended(ending));
        return;
    }
}

fn watch_stranger(process: &OwnedFd, events: &Sender<Event>) {
    let mut fds = [PollFd::new(process, PollFlags::IN)];
    rustix::io::retry_on_intr(|| poll(&mut fds, None)).expect("a process can be watched");
    let _ = events.send(Event::Ended(Ending::Somehow));
}

/// Now, on a clock that all processes share.
pub fn nanoseconds() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}
