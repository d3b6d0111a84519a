//! A process that a test tells what to do.

use super::reply::{Description, Incarnation, Outcome, Refusal, Seen};
use super::system::{Line, Process};
use super::{WATCHDOG, stage};
use std::io::{BufRead, BufReader, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use veduta::Disposition;

/// A process of a test's cast. Killed when it is dropped.
pub struct Actor {
    process: Process,
    line: Line,
    events: Receiver<Event>,
    ended: bool,
}

/// What an actor's watchers see.
pub(super) enum Event {
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
    pub(super) fn new(process: Process, line: Line) -> Actor {
        let (sender, events) = channel();
        let lines = line.try_clone().expect("descriptors are left");
        let of_lines = sender.clone();
        // Both threads end with the process.
        thread::spawn(move || {
            for line in BufReader::new(lines).lines().map_while(Result::ok) {
                let _ = of_lines.send(Event::Line(line));
            }
        });
        let watched = process.clone();
        thread::spawn(move || watched.watch(&sender));
        Actor { process, line, events, ended: false }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
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
            None => panic!("process {} hangs: {}", self.pid(), self.process.whereabouts()),
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

    /// Stops it as by `kill -STOP`, wherever it is.
    // Row: stop
    #[cfg(target_os = "linux")]
    pub fn stop(&mut self) {
        self.process.stop().expect("it runs");
        assert!(matches!(self.hear(), Reply::Stopped), "it was idle");
    }

    /// Lets it run on after it stopped.
    // Row: stop
    #[cfg(target_os = "linux")]
    pub fn go_on(&mut self) {
        self.process.go_on().expect("it is stopped");
    }

    /// Kills it as by `kill -KILL`. When this returns it is dead, with all that the kernel does about that.
    pub fn kill(&mut self) {
        self.process.kill();
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
            self.process.kill();
        }
    }
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

    /// Adopts, in a child, the handle that the parent left it under these numbers, and keeps it under the name.
    pub fn inherit(&mut self, name: &str, numbers: &str) -> Outcome<Incarnation> {
        self.answer(&["inherit", name, numbers]).map(|answer| stage::decode_incarnation(&answer))
    }
}
