//! A program that runs.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may be silent before it is taken to hang. Its own waits are shorter.
const WATCHDOG: Duration = Duration::from_secs(120);

/// How long output is waited for after the end: a process that Wine leaves behind may keep the pipe open for long.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) struct Running {
    what: String,
    child: Child,
    words: Receiver<Word>,
    said: Said,
}

/// What a program said and how it ended.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) output: Vec<String>,
    pub(crate) errors: Vec<String>,
}

enum Word {
    Output(String),
    Error(String),
}

fn listen(from: impl Read + Send + 'static, to: Sender<Word>, kind: fn(String) -> Word) {
    // Ends with the pipe.
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if to.send(kind(text)).is_err() {
                break;
            }
            line.clear();
        }
    });
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        // In a group of its own, so that it can be ended together with its children.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let what = format!("{command:?}");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{what}: {error}"));
        let (sender, words) = channel();
        listen(child.stdout.take().expect("it is a pipe"), sender.clone(), Word::Output);
        listen(child.stderr.take().expect("it is a pipe"), sender, Word::Error);
        Running { what, child, words, said: Said::default() }
    }

    fn hear(&mut self, patience: Duration) -> Result<(), RecvTimeoutError> {
        match self.words.recv_timeout(patience)? {
            Word::Output(line) => self.said.output.push(line),
            Word::Error(line) => self.said.errors.push(line),
        }
        Ok(())
    }

    /// Waits until it says this line.
    pub(crate) fn until(&mut self, line: &str) {
        while !self.said.output.iter().any(|said| said == line) {
            let heard = self.hear(WATCHDOG);
            assert!(heard.is_ok(), "{} does not say {line}: {:?}", self.what, self.said);
        }
    }

    pub(crate) fn tell(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("it is a pipe");
        writeln!(input, "{line}").expect("the program listens");
    }

    /// Waits until it ends.
    pub(crate) fn finish(mut self) -> Said {
        drop(self.child.stdin.take());
        let begun = Instant::now();
        loop {
            let ended = self.child.try_wait().expect("it is our child");
            let patience = if ended.is_some() { GRACE } else { Duration::from_millis(20) };
            match self.hear(patience) {
                Ok(()) => {}
                Err(error) => {
                    if let Some(status) = ended {
                        self.said.code = status.code();
                        return std::mem::take(&mut self.said);
                    }
                    if error == RecvTimeoutError::Disconnected {
                        thread::sleep(patience);
                    }
                    assert!(begun.elapsed() < WATCHDOG, "{} hangs: {:?}", self.what, self.said);
                }
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let group = Pid::from_child(&self.child);
            let _ = kill_process_group(group, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
