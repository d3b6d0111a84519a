//! The processes of one play, with their threads, and what is heard of them.

use super::actor::{Answer, Order};
use crate::world::{MARK, WATCHDOG, World};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};
use veduta_model::strategy::sync::THREADS;
use veduta_model::sync::{self, Operation, Thread};
use veduta_model::{Names, Outcome};

/// Actors by their numbers. Processes start when they are first told something, and are killed when dropped.
pub(super) struct Cast {
    world: World,
    waitv: bool,
    processes: BTreeMap<usize, Process>,
    /// What threads came to, in the order in which it was heard.
    heard: VecDeque<(Thread, Did)>,
}

/// What came of what a thread was told.
#[derive(Debug)]
pub(super) struct Did {
    pub(super) outcome: Outcome,
    /// How many wait for the object that was asked about.
    pub(super) waiters: Option<u32>,
}

struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// What it said since its last whole line.
    said: Vec<u8>,
    /// How the kernel calls its threads.
    threads: BTreeMap<u8, u32>,
    /// Those that wait, or are about to.
    waiting: BTreeSet<u8>,
    swept: Option<crate::world::Remains>,
}

/// How long all must sleep until they are taken to sleep for ever. Who wakes up from time to time does so sooner.
const ASLEEP: Duration = Duration::from_secs(1);
/// How often that is looked at.
const GLANCE: Duration = Duration::from_millis(20);

impl Cast {
    /// Without `waitv` the library does as on a kernel that cannot let a thread sleep on several words.
    pub(super) fn new(names: Names, waitv: bool) -> Cast {
        Cast { world: World::new(names), waitv, processes: BTreeMap::new(), heard: VecDeque::new() }
    }

    pub(super) fn has_process(&self, actor: usize) -> bool {
        self.processes.contains_key(&actor)
    }

    /// What stands in the directories of names.
    pub(super) fn entries(&self) -> Vec<PathBuf> {
        self.world.entries()
    }

    /// Tells a thread what to do.
    pub(super) fn tell(&mut self, thread: Thread, operation: &Operation) -> Result<(), String> {
        let process = self.process(thread.actor)?;
        process.waiting.remove(&thread.thread);
        process.tell(&Order::Do(thread.thread, operation.clone()))
    }

    /// What came of what the thread was told.
    pub(super) fn outcome_of(&mut self, thread: Thread) -> Result<Did, String> {
        loop {
            if let Some(index) = self.heard.iter().position(|(other, _)| *other == thread) {
                return Ok(self.heard.remove(index).expect("it is there").1);
            }
            self.listen_for(&format!("{thread:?}"), &[thread])?;
        }
    }

    /// What any of all that wait has come to.
    pub(super) fn next_outcome(&mut self, why: &str, all: &[Thread]) -> Result<(Thread, Did), String> {
        loop {
            if let Some(first) = self.heard.pop_front() {
                return Ok(first);
            }
            self.listen_for(why, all)?;
        }
    }

    /// What has been heard without anybody having asked for it.
    pub(super) fn stray(&mut self) -> Result<Option<(Thread, Did)>, String> {
        while self.listen(Duration::ZERO)? {}
        Ok(self.heard.pop_front())
    }

    /// Ends a thread, and lets another take its number.
    pub(super) fn end_thread(&mut self, thread: Thread) -> Result<(), String> {
        let process = self.process(thread.actor)?;
        process.threads.remove(&thread.thread);
        process.tell(&Order::EndThread(thread.thread))?;
        self.until_all_run(thread.actor)
    }

    /// Kills an actor as by `kill -9`. When this returns, all that it had is gone.
    pub(super) fn kill(&mut self, actor: usize) {
        self.processes.remove(&actor);
        self.heard.retain(|(thread, _)| thread.actor != actor);
    }

    /// Lets an actor's process end by itself.
    pub(super) fn exit(&mut self, actor: usize) -> Result<(), String> {
        let mut process = self.processes.remove(&actor).expect("only who is there can end");
        self.heard.retain(|(thread, _)| thread.actor != actor);
        process.tell(&Order::Exit)?;
        let begun = Instant::now();
        // Until the end of what it says.
        while process.listen(actor, GLANCE)?.is_some() {
            if begun.elapsed() > WATCHDOG {
                return Err(format!("actor {actor} does not end"));
            }
        }
        let status = process.child.wait().expect("a child can be waited for");
        if status.success() { Ok(()) } else { Err(format!("actor {actor} does not end well: {status:?}")) }
    }

    /// Lets an actor look for what is left.
    pub(super) fn sweep(&mut self, actor: usize) -> Result<crate::world::Remains, String> {
        self.process(actor)?.tell(&Order::Sweep)?;
        loop {
            if let Some(remains) = self.process(actor)?.swept.take() {
                return Ok(remains);
            }
            self.listen_for("a sweep", &[])?;
        }
    }

    /// Waits until these threads sleep, or have come to something.
    pub(super) fn until_at_rest(&mut self, threads: &[Thread]) -> Result<(), String> {
        let begun = Instant::now();
        // Twice: one that slept the first time may have waited for another one that did not.
        let mut times = 0;
        while times < 2 {
            self.stray_to_heard()?;
            let awake = threads.iter().find(|thread| !self.is_at_rest(**thread));
            times = if awake.is_none() { times + 1 } else { 0 };
            if let Some(awake) = awake
                && begun.elapsed() > WATCHDOG
            {
                return Err(format!("{awake:?} neither sleeps nor says anything"));
            }
            std::thread::yield_now();
        }
        self.stray_to_heard()
    }

    fn stray_to_heard(&mut self) -> Result<(), String> {
        while self.listen(Duration::ZERO)? {}
        Ok(())
    }

    /// How a thread is called here that the kernel calls so.
    fn thread(&self, process: u32, thread: u32) -> Option<Thread> {
        let (&actor, process) = self.processes.iter().find(|(_, one)| one.child.id() == process)?;
        let (&thread, _) = process.threads.iter().find(|(_, number)| **number == thread)?;
        Some(Thread { actor, thread })
    }

    fn process(&mut self, actor: usize) -> Result<&mut Process, String> {
        if !self.has_process(actor) {
            let mut command = self.world.command("sync::actor::role_actor");
            if !self.waitv {
                command.env("VEDUTA_WAITV", "0");
            }
            let mut child = command.spawn().expect("a test can start itself");
            let input = child.stdin.take().expect("it is piped");
            let output = child.stdout.take().expect("it is piped");
            let (said, threads, waiting, swept) = Default::default();
            self.processes.insert(actor, Process { child, input, output, said, threads, waiting, swept });
            self.until_all_run(actor)?;
        }
        Ok(self.processes.get_mut(&actor).expect("it was just started"))
    }

    fn until_all_run(&mut self, actor: usize) -> Result<(), String> {
        while self.processes[&actor].threads.len() < THREADS.into() {
            self.listen_for(&format!("the threads of actor {actor}"), &[])?;
        }
        Ok(())
    }

    /// Hears something, or says that this will never be: one of `sleepers` should say something, and all sleep on. Who was woken
    /// does not sleep, however long it takes until it runs.
    fn listen_for(&mut self, why: &str, sleepers: &[Thread]) -> Result<(), String> {
        let begun = Instant::now();
        let mut asleep_since = begun;
        while !self.listen(GLANCE)? {
            if sleepers.is_empty() || !sleepers.iter().all(|&thread| self.is_at_rest(thread)) {
                asleep_since = Instant::now();
            }
            if asleep_since.elapsed() > ASLEEP {
                return Err(format!("{why}: all sleep, for ever"));
            }
            if begun.elapsed() > WATCHDOG {
                return Err(format!("{why}: nothing comes of it"));
            }
        }
        Ok(())
    }

    /// Whether a thread sleeps in a wait, or has come to something.
    fn is_at_rest(&self, thread: Thread) -> bool {
        let Some(process) = self.processes.get(&thread.actor) else { return true };
        if self.heard.iter().any(|(other, _)| *other == thread) {
            return true;
        }
        process.waiting.contains(&thread.thread) && process.sleeps(thread.thread)
    }

    /// Hears what is said within a time. `false`: nothing.
    fn listen(&mut self, within: Duration) -> Result<bool, String> {
        let actors: Vec<usize> = self.processes.keys().copied().collect();
        let mut ready: Vec<_> =
            self.processes.values().map(|process| PollFd::new(&process.output, PollFlags::IN)).collect();
        let within = Timespec::try_from(within).expect("it is short");
        let count = rustix::event::poll(&mut ready, Some(&within)).expect("pipes can be polled");
        let ready: Vec<_> = ready.iter().map(|ready| !ready.revents().is_empty()).collect();
        for (&actor, _) in actors.iter().zip(ready).filter(|(_, ready)| *ready) {
            let process = self.processes.get_mut(&actor).expect("it is there");
            match process.listen(actor, Duration::ZERO)? {
                Some(answers) => {
                    for answer in answers {
                        self.note(actor, answer)?;
                    }
                }
                None => {
                    let status = process.child.wait().expect("a child can be waited for");
                    return Err(format!("actor {actor} ended: {status:?}"));
                }
            }
        }
        Ok(count > 0)
    }

    fn note(&mut self, actor: usize, answer: Answer) -> Result<(), String> {
        let process = self.processes.get_mut(&actor).expect("it said something");
        match answer {
            Answer::Runs(thread, number) => {
                process.threads.insert(thread, number);
            }
            Answer::Waits(thread) => {
                process.waiting.insert(thread);
            }
            Answer::Did(thread, outcome, waiters) => {
                self.heard.push_back((Thread { actor, thread }, Did { outcome, waiters }));
            }
            Answer::Owned { by, process, thread, recursion, abandoned, waiters } => {
                let Some(owner) = self.thread(process, thread) else {
                    return Err(format!("a mutex says that thread {thread} of process {process} owns it"));
                };
                let state = sync::State::Mutex { owner: Some(owner), recursion, abandoned };
                let did = Did { outcome: Outcome::State(state), waiters };
                self.heard.push_back((Thread { actor, thread: by }, did));
            }
            Answer::Swept(remains) => process.swept = Some(remains),
        }
        Ok(())
    }
}

impl Process {
    fn tell(&mut self, order: &Order) -> Result<(), String> {
        let line = serde_json::to_string(order).expect("it can be written");
        writeln!(self.input, "{line}").map_err(|error| format!("the process ended before {line}: {error}"))
    }

    /// What it says within a time; `None` if it has ended.
    fn listen(&mut self, actor: usize, within: Duration) -> Result<Option<Vec<Answer>>, String> {
        let within = Timespec::try_from(within).expect("it is short");
        let ready = &mut [PollFd::new(&self.output, PollFlags::IN)];
        if rustix::event::poll(ready, Some(&within)).expect("a pipe can be polled") == 0 {
            return Ok(Some(Vec::new()));
        }
        let mut more = [0; 4096];
        let len = self.output.read(&mut more).map_err(|error| format!("actor {actor}: {error}"))?;
        self.said.extend(&more[..len]);
        let mut answers = Vec::new();
        while let Some(end) = self.said.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.said.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some((_, answer)) = line.split_once(MARK) {
                answers.push(serde_json::from_str(answer).expect("it answers what it was asked"));
            }
        }
        Ok(if len == 0 { None } else { Some(answers) })
    }

    /// Whether the thread sleeps in the kernel until something happens.
    fn sleeps(&self, thread: u8) -> bool {
        let Some(number) = self.threads.get(&thread) else { return false };
        let path = format!("/proc/{}/task/{number}/stat", self.child.id());
        // The name before the state may have blanks and brackets in it.
        let stat = std::fs::read_to_string(path).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
