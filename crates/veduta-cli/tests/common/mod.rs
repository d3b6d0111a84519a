//! Running the tool in a place of its own.

// Every test binary uses another part of this.
#![allow(dead_code, reason = "every test binary uses another part of this")]

#[cfg_attr(target_os = "linux", path = "linux.rs")] // Row: test support
#[cfg_attr(windows, path = "windows.rs")] // Row: test support
mod system;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
pub(crate) use system::*;
use tempfile::TempDir;

/// To compare a list of names with.
pub(crate) const NOTHING: [&str; 0] = [];

/// A directory, in memory where the system has such, with names and files that no other test sees.
pub(crate) struct Place {
    directory: TempDir,
    _watchdog: Watchdog,
}

impl Place {
    pub(crate) fn new() -> Place {
        let directory = TempDir::with_prefix_in("veduta-cli-test.", directories()).unwrap();
        fs::create_dir(directory.path().join("root")).unwrap();
        fs::create_dir(directory.path().join("files")).unwrap();
        Place { directory, _watchdog: Watchdog::start() }
    }

    /// A directory for the test's files.
    pub(crate) fn files(&self) -> PathBuf {
        self.directory.path().join("files")
    }

    /// Where the directories of names are.
    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    /// A file with these bytes.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.files().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// What stands in the directory for files, sorted.
    pub(crate) fn file_names(&self) -> Vec<String> {
        names_in(&self.files())
    }

    /// The directories of names, and all that is below them.
    pub(crate) fn entries(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut left = vec![self.root()];
        while let Some(directory) = left.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    left.push(entry.path());
                } else {
                    found.push(entry.path().display().to_string());
                }
            }
        }
        found
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_veduta"));
        command
            .env("VEDUTA_ROOT", self.root())
            .env(TEMPORARY, self.files())
            .env_remove("CLICOLOR_FORCE")
            .env_remove("COLUMNS")
            .current_dir(self.files());
        in_reach_of_signals(&mut command);
        command
    }

    /// Runs the tool to its end with nothing to read.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        self.run_with(args, b"")
    }

    /// Runs the tool to its end with `input` to read.
    pub(crate) fn run_with<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>, input: &[u8]) -> Ran {
        let mut child = self
            .command()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // The tool may end without reading it all, which is no fault of the test.
        let feeder = thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Ran::from(output)
    }

    /// Starts `veduta hold` and waits until it holds.
    pub(crate) fn hold<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Held {
        let mut child = self
            .command()
            .arg("hold")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let input = child.stdin.take();
        let held = Held { child, input, said: said.trim_end().to_owned() };
        assert!(!held.said.is_empty(), "hold failed: {}", held.end_with_words().1);
        held
    }

    /// Starts the tool, for a conversation.
    pub(crate) fn start<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Running {
        let mut command = self.command();
        command.args(args);
        Running::start(command)
    }

    pub(crate) fn json<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> serde_json::Value {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            bytes: output.stdout,
        }
    }
}

/// What was written, whatever its lines end with.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// A running `veduta hold`, killed when dropped.
pub(crate) struct Held {
    child: Child,
    input: Option<ChildStdin>,
    pub(crate) said: String,
}

impl Held {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Ends its input and waits for it.
    pub(crate) fn end(self) -> ExitStatus {
        self.end_with_words().0
    }

    /// Ends its input, waits for it, and returns what it said on standard error.
    pub(crate) fn end_with_words(mut self) -> (ExitStatus, String) {
        drop(self.input.take());
        self.wait()
    }

    /// Waits for it without ending its input.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let mut words = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut words).unwrap();
        }
        (self.child.wait().unwrap(), words)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The tool, running, with all its ends in hand. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    words: BufReader<ChildStderr>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let words = BufReader::new(child.stderr.take().unwrap());
        Running { child, input, output, words }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// The next line on standard output.
    pub(crate) fn line(&mut self) -> String {
        next_line(&mut self.output)
    }

    /// The next line on standard error.
    pub(crate) fn word(&mut self) -> String {
        next_line(&mut self.words)
    }

    /// Waits for it without ending its input.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Ends its input, waits for it, and returns its exit code, and the rest of what it wrote.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        drop(self.input.take());
        let (mut output, mut words) = (Vec::new(), Vec::new());
        self.output.read_to_end(&mut output).unwrap();
        self.words.read_to_end(&mut words).unwrap();
        (self.wait().code(), text(&output), text(&words))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next_line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Ends a test that hangs, instead of asserting how long anything takes.
struct Watchdog(#[allow(dead_code, reason = "dropping it is the news")] mpsc::Sender<()>);

impl Watchdog {
    fn start() -> Watchdog {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            if receiver.recv_timeout(Duration::from_secs(300)) == Err(mpsc::RecvTimeoutError::Timeout) {
                eprintln!("the test hangs");
                std::process::abort();
            }
        });
        Watchdog(sender)
    }
}
