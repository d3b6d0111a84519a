//! A process that a test tells what to do.

use super::reply::{Description, Incarnation, Outcome, Refusal, Seen};
use super::{WATCHDOG, stage};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, pidfd_open, pidfd_send_signal, waitid,
};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;
use veduta::Disposition;

/// A process of a test's cast. Killed when it is dropped.
pub struct Actor {
    pid: Pid,
    process: OwnedFd,
    line: UnixStream,
    events: Receiver<Event>,
    ended: bool,
}

enum Event {
    Line(String),
    Stopped,
    Ended(Ending),
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// Its parent knows.
    Somehow,
}

/// What came of a line that an actor was told.
#[derive(Debug)]
pub enum Reply {
    Done(Outcome<String>),
    /// It stopped before it could answer.
    Stopped,
    /// It is gone and did not answer.
    Ended(Ending),
}

impl Reply {
    /// The answer of an actor that nothing should have happened to.
    #[track_caller]
    pub fn done(self) -> Outcome<String> {
        match self {
            Reply::Done(outcome) => outcome,
            other => panic!("the actor should have answered: {other:?}"),
        }
    }
}

impl Actor {
    pub(super) fn of_child(pid: Pid, line: UnixStream) -> Actor {
        let process = pidfd_open(pid, PidfdFlags::empty()).expect("nobody else waits for our children");
        Actor::new(pid, process, line, move |events| watch_child(pid, events))
    }

    pub(super) fn of_stranger(pid: Pid, process: OwnedFd, line: UnixStream) -> Actor {
        let watched = process.try_clone().expect("descriptors are left");
        Actor::new(pid, process, line, move |events| watch_stranger(&watched, events))
    }

    fn new(
        pid: Pid,
        process: OwnedFd,
        line: UnixStream,
        watch: impl FnOnce(&Sender<Event>) + Send + 'static,
    ) -> Actor {
        let (sender, events) = channel();
        let lines = line.try_clone().expect("descriptors are left");
        let of_lines = sender.clone();
        // Both threads end with the process.
        thread::spawn(move || {
            for line in BufReader::new(lines).lines().map_while(Result::ok) {
                let _ = of_lines.send(Event::Line(line));
            }
        });
        thread::spawn(move || watch(&sender));
        Actor { pid, process, line, events, ended: false }
    }

    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().cast_unsigned()
    }

    /// Tells the actor something, without waiting for what comes of it.
    pub fn tell(&mut self, words: &[&str]) {
        assert!(words.iter().all(|word| !word.contains(['\t', '\n'])), "words are words: {words:?}");
        let sent = writeln!(self.line, "{}", words.join("\t"));
        sent.expect("the actor listens");
    }

    /// What comes of what it was told.
    #[track_caller]
    pub fn hear(&mut self) -> Reply {
        match self.hear_within(WATCHDOG) {
            Some(reply) => reply,
            None => panic!("process {} hangs: {}", self.pid(), self.whereabouts()),
        }
    }

    /// What comes of what it was told, unless it takes longer.
    #[track_caller]
    pub(super) fn hear_within(&mut self, patience: Duration) -> Option<Reply> {
        Some(match self.events.recv_timeout(patience) {
            Ok(Event::Line(line)) => Reply::Done(match line.split_once('\t') {
                Some(("ok", answer)) => Ok(answer.to_owned()),
                Some(("no", refusal)) => Err(Refusal::decode(refusal)),
                _ => panic!("not an answer: {line}"),
            }),
            Ok(Event::Stopped) => Reply::Stopped,
            Ok(Event::Ended(ending)) => {
                self.ended = true;
                Reply::Ended(ending)
            }
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("the actor is gone already"),
        })
    }

    #[track_caller]
    pub fn ask(&mut self, words: &[&str]) -> Reply {
        self.tell(words);
        self.hear()
    }

    /// Asks an actor that nothing should happen to.
    #[track_caller]
    pub fn answer(&mut self, words: &[&str]) -> Outcome<String> {
        self.ask(words).done()
    }

    fn whereabouts(&self) -> String {
        let read = |file| std::fs::read_to_string(format!("/proc/{}/{file}", self.pid())).unwrap_or_default();
        format!("{}{}", read("status").lines().take(3).collect::<Vec<_>>().join(", "), read("stack"))
    }

    /// Stops it as by `kill -STOP`, wherever it is.
    pub fn stop(&mut self) {
        kill_process(self.pid, Signal::STOP).expect("it runs");
        assert!(matches!(self.hear(), Reply::Stopped), "it was idle");
    }

    /// Lets it run on after it stopped.
    pub fn go_on(&mut self) {
        kill_process(self.pid, Signal::CONT).expect("it is stopped");
    }

    /// Kills it as by `kill -KILL`. When this returns it is dead, with all that the kernel does about that.
    pub fn kill(&mut self) {
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
        self.until_ended();
    }

    /// Lets it close what it has, in order, and come to its end.
    pub fn leave(mut self) {
        self.tell(&["leave"]);
        let ending = self.until_ended();
        assert!(matches!(ending, Ending::Exited(0) | Ending::Somehow), "left with {ending:?}");
    }

    pub fn until_ended(&mut self) -> Ending {
        while !self.ended {
            if let Reply::Ended(ending) = self.hear() {
                return ending;
            }
        }
        Ending::Somehow
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        if !self.ended && !thread::panicking() {
            self.kill();
        } else {
            let _ = pidfd_send_signal(&self.process, Signal::KILL);
        }
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

/// The verbs.
impl Actor {
    /// Creates a section of a page, or opens what is there, and keeps the handle.
    pub fn create(&mut self, name: &str) -> Outcome<(Disposition, Incarnation)> {
        self.create_with(name, &[])
    }

    /// Creates with options such as `size=4096`, `mode=644`, `commit=now`; see `stage::options`.
    pub fn create_with(&mut self, name: &str, options: &[&str]) -> Outcome<(Disposition, Incarnation)> {
        let answer = self.answer(&[&["create", name], options].concat())?;
        Ok(stage::decode_created(&answer))
    }

    /// Creates a section whose name must be free.
    #[track_caller]
    pub fn create_new(&mut self, name: &str) -> Incarnation {
        match self.create(name) {
            Ok((Disposition::Created, incarnation)) => incarnation,
            other => panic!("{name} should be free: {other:?}"),
        }
    }

    /// Opens a section for reading and writing, and keeps the handle.
    pub fn open(&mut self, name: &str) -> Outcome<Incarnation> {
        self.open_for(name, "rw")
    }

    /// Opens with `r` or `rw` access.
    pub fn open_for(&mut self, name: &str, access: &str) -> Outcome<Incarnation> {
        self.answer(&["open", name, access]).map(|answer| stage::decode_incarnation(&answer))
    }

    /// Duplicates its latest handle to the name, with `r` or `rw` access, and keeps both.
    pub fn duplicate(&mut self, name: &str, access: &str) -> Outcome<()> {
        self.answer(&["duplicate", name, access]).map(drop)
    }

    /// Closes its latest handle to the name.
    #[track_caller]
    pub fn close(&mut self, name: &str) {
        self.answer(&["close", name]).expect("closing does not fail");
    }

    /// Closes and unmaps all that it has.
    #[track_caller]
    pub fn let_go(&mut self) {
        self.answer(&["let-go"]).expect("closing does not fail");
    }

    /// Maps the whole section through its latest handle, and keeps the view.
    pub fn map(&mut self, name: &str, access: &str) -> Outcome<()> {
        self.answer(&["map", name, access]).map(drop)
    }

    #[track_caller]
    pub fn unmap(&mut self, name: &str) {
        self.answer(&["unmap", name]).expect("unmapping does not fail");
    }

    /// Reads a number from the section, through its latest view, or else a passing one.
    pub fn peek(&mut self, name: &str, offset: usize) -> Outcome<u64> {
        let answer = self.answer(&["peek", name, &offset.to_string()])?;
        Ok(answer.parse().expect("a number was asked for"))
    }

    /// Writes a number into the section.
    pub fn poke(&mut self, name: &str, offset: usize, value: u64) -> Outcome<()> {
        self.answer(&["poke", name, &offset.to_string(), &value.to_string()]).map(drop)
    }

    /// Which incarnation its latest handle or view shows.
    #[track_caller]
    pub fn sees(&mut self, name: &str) -> Incarnation {
        Incarnation(self.peek(name, 0).expect("it has a handle or a view"))
    }

    /// Writes to every page.
    #[track_caller]
    pub fn touch(&mut self, name: &str) {
        self.answer(&["touch", name]).expect("the memory was promised");
    }

    /// Lists the namespace that the name belongs to.
    #[track_caller]
    pub fn list(&mut self, name: &str) -> Seen {
        Seen::decode(&self.answer(&["list", name]).expect("a namespace can be listed"))
    }

    /// Sweeps the namespace that the name belongs to.
    #[track_caller]
    pub fn sweep(&mut self, name: &str) -> Seen {
        Seen::decode(&self.answer(&["sweep", name]).expect("a namespace can be swept"))
    }

    pub fn describe(&mut self, name: &str) -> Outcome<Description> {
        self.answer(&["describe", name]).map(|answer| Description::decode(&answer))
    }

    /// Has children that it starts from now on inherit its latest handle; gives the descriptors' numbers.
    #[track_caller]
    pub fn make_inheritable(&mut self, name: &str) -> String {
        self.answer(&["make-inheritable", name]).expect("descriptors are left")
    }

    /// Takes its latest handle apart and keeps the descriptors, which no child inherits; gives their numbers.
    #[track_caller]
    pub fn expose(&mut self, name: &str) -> String {
        self.answer(&["expose", name]).expect("descriptors are left")
    }

    /// Adopts, in a child, the handle that the parent left it under these numbers, and keeps it under the name.
    pub fn inherit(&mut self, name: &str, numbers: &str) -> Outcome<Incarnation> {
        self.answer(&["inherit", name, numbers]).map(|answer| stage::decode_incarnation(&answer))
    }

    /// Gives its latest handle to another actor, over a Unix socket.
    #[track_caller]
    pub fn send(&mut self, name: &str, to: &mut Actor) -> Outcome<Incarnation> {
        let mailbox = format!("veduta-mail-{}", to.pid());
        to.answer(&["mailbox", &mailbox]).expect("an address with its pid is free");
        self.answer(&["send", name, &mailbox]).expect("the mailbox is open");
        to.answer(&["receive", name]).map(|answer| stage::decode_incarnation(&answer))
    }

    /// Becomes another user, who can be looked into again by his like.
    #[track_caller]
    pub fn become_user(&mut self, uid: u32) {
        self.answer(&["become", &uid.to_string()]).expect("root may become anybody");
    }

    /// Ways by which it came from its latest handle, which only reads, to bytes that it can write.
    #[track_caller]
    pub fn ways_to_write(&mut self, name: &str) -> String {
        self.answer(&["find-ways-to-write", name]).expect("it can try")
    }

    /// What it could do to a name's directory without the library.
    #[track_caller]
    pub fn vandalize(&mut self, directory: &Path) -> String {
        self.answer(&["vandalize", &directory.display().to_string()]).expect("it can try")
    }

    /// Goes where a file system of its own is mounted.
    #[track_caller]
    pub fn enter_cell(&mut self, path: &Path, kind: &str, options: &str) {
        self.answer(&["enter-cell", &path.display().to_string(), kind, options]).expect("root may mount");
    }

    /// Lets nobody look into it from now on: it is not dumpable.
    #[track_caller]
    pub fn hide(&mut self) {
        self.answer(&["hide"]).expect("a process may hide");
    }
}
