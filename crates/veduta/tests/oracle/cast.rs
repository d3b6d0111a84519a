//! The processes of one play, in a world that nobody else uses.

use crate::actor::{FILES, MARK, Order, PRIVATE, file_path};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;
use tempfile::TempDir;
use veduta_model::{Names, strategy};

/// How long an answer may take before the process is taken to hang.
const WATCHDOG: Duration = Duration::from_secs(60);

/// Actors by their numbers. Processes start when they are first told something, and are killed when dropped.
pub(crate) struct Cast {
    names: Names,
    root: TempDir,
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
        Cast { names, root: root(), files, processes: BTreeMap::new() }
    }

    /// Tells an actor what to do, and hears what comes of it.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, actor: usize, order: &Order) -> Result<T, String> {
        let process = self.processes.entry(actor).or_insert_with(|| {
            let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
            command
                .args(["actor::role_actor", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
                .env("VEDUTA_ROOT", self.root.path())
                .env(FILES, self.files.path())
                .env_remove("VEDUTA_BYTES")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped());
            if self.names == Names::Private {
                command.env(PRIVATE, self.root.path());
            }
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

    /// What the files contain now.
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        let read = |file| std::fs::read(file_path(self.files.path(), file)).expect("the file is there");
        (0..strategy::FILES.len()).map(read).collect()
    }
}

/// In memory; but views may be for execution, which is often not allowed there.
fn root() -> TempDir {
    let memory = Path::new("/dev/shm");
    let noexec = rustix::fs::StatVfsMountFlags::NOEXEC;
    let fits = rustix::fs::statvfs(memory).is_ok_and(|stat| !stat.f_flag.contains(noexec));
    let parent = if fits { memory } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
    tempfile::Builder::new().prefix("veduta-oracle-").tempdir_in(parent).expect("a directory can be made")
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
