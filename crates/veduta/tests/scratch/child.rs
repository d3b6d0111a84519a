//! Other processes: this test program again, in one of its roles.
//!
//! A role is an ignored test. It speaks in lines on standard output, and goes on when it gets a line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A process in a role. Killed when dropped.
pub struct Actor {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What the lines of a role begin with, to tell them from those of the test harness.
const MARK: &str = "role says: ";

/// Says something to the test that started this role.
pub fn say(line: impl std::fmt::Display) {
    println!("{MARK}{line}");
}

/// Waits, in a role, for the test's next line; its end is as good as a line.
pub fn listen() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("standard input can be read");
    line.trim_end().to_owned()
}

/// Starts a role with variables in its environment.
pub fn play(role: &str, variables: &[(&str, &str)]) -> Actor {
    play_with(role, variables, |_| ())
}

/// Starts a role with more said about its process.
pub fn play_with(role: &str, variables: &[(&str, &str)], prepare: impl FnOnce(&mut Command)) -> Actor {
    let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
    command
        .args([role, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    prepare(&mut command);
    let mut process = command.spawn().expect("a test can start itself");
    let input = process.stdin.take().expect("it is piped");
    let output = BufReader::new(process.stdout.take().expect("it is piped"));
    Actor { process, input, output }
}

impl Actor {
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The role's next line.
    pub fn hear(&mut self) -> String {
        let mut line = String::new();
        while self.output.read_line(&mut line).expect("a role writes text") > 0 {
            if let Some((_, said)) = line.trim_end().split_once(MARK) {
                return said.to_owned();
            }
            line.clear();
        }
        panic!("the role ended without a word: {:?}", self.process.wait());
    }

    /// Sends the role a line.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the role listens");
    }

    /// Kills the process, as by `kill -9`, and waits until it is gone.
    pub fn kill(mut self) {
        self.process.kill().expect("a child can be killed");
        self.process.wait().expect("a child can be waited for");
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
