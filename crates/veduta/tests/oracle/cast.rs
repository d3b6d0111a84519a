//! The processes of one play about sections.

use crate::actor::{FILES, Order, file_path};
use crate::world::{MARK, WATCHDOG, World};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use tempfile::TempDir;
use veduta_model::{Names, strategy};

/// Actors by their numbers. Processes start when they are first told something, and are killed when dropped.
pub(crate) struct Cast {
    world: World,
    files: TempDir,
    processes: BTreeMap<usize, Process>,
}

struct Process {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
}

impl Cast {
    pub(crate) fn new(names: Names) -> Cast {
        let files = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory can be made");
        for (file, contents) in strategy::files().iter().enumerate() {
            std::fs::write(file_path(files.path(), file), contents).expect("a file can be made");
        }
        Cast { world: World::new(names), files, processes: BTreeMap::new() }
    }

    /// Tells an actor what to do, and hears what comes of it.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, actor: usize, order: &Order) -> Result<T, String> {
        let process = self.processes.entry(actor).or_insert_with(|| {
            let mut command = self.world.command("actor::role_actor");
            command.env(FILES, self.files.path());
            Process::start(command)
        });
        process.ask(order)
    }

    /// Kills an actor as by `kill -9`. When this returns, all that it had is gone.
    pub(crate) fn kill(&mut self, actor: usize) {
        self.processes.remove(&actor);
    }

    pub(crate) fn has_process(&self, actor: usize) -> bool {
        self.processes.contains_key(&actor)
    }

    /// What stands in the directories of names.
    pub(crate) fn entries(&self) -> Vec<PathBuf> {
        self.world.entries()
    }

    /// What the files contain now.
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        let read = |file| std::fs::read(file_path(self.files.path(), file)).expect("the file is there");
        (0..strategy::FILES.len()).map(read).collect()
    }
}

impl Process {
    fn start(mut command: Command) -> Process {
        let mut child = command.spawn().expect("a test can start itself");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, answers) = channel();
        // Ends with the process.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some((_, answer)) = line.split_once(MARK) {
                    let _ = sender.send(answer.to_owned());
                }
            }
        });
        Process { child, input, answers }
    }

    fn ask<T: DeserializeOwned>(&mut self, order: &Order) -> Result<T, String> {
        let line = serde_json::to_string(order).expect("it can be written");
        let told = writeln!(self.input, "{line}");
        match self.answers.recv_timeout(WATCHDOG) {
            Ok(answer) => Ok(serde_json::from_str(&answer).expect("it answers what it was asked")),
            Err(RecvTimeoutError::Timeout) => Err(format!("the process hangs at {line}")),
            Err(RecvTimeoutError::Disconnected) => {
                Err(format!("the process ended at {line}: {:?} {told:?}", self.child.wait()))
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
