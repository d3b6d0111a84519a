//! Other processes: this test program again, in one of its roles.
//!
//! A role is an ignored test. It speaks in lines on standard output, and goes on when it gets a line.

use super::Watchdog;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard};
use veduta::os::InheritExt;

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
    let _watchdog = Watchdog::new();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("standard input can be read");
    line.trim_end().to_owned()
}

/// Keeps this program from starting processes. Until a new process runs its own program it has copies of all descriptors, and
/// so holds what this one holds: tests that count holders must not meet one.
pub fn quiet() -> MutexGuard<'static, ()> {
    static STARTING: Mutex<()> = Mutex::new(());
    STARTING.lock().unwrap_or_else(|failed_test| failed_test.into_inner())
}

/// Starts a role with variables in its environment.
pub fn play(role: &str, variables: &[(&str, &str)]) -> Actor {
    start(role, variables, &quiet())
}

/// Starts a role that inherits a handle and finds its numbers in the variable `HANDLE`. This process has it no more, and
/// nobody else inherits it.
pub fn play_heir<T: InheritExt>(role: &str, handle: T) -> Actor {
    let quiet = quiet();
    let handle = handle.into_inheritable().expect("handles are left");
    let numbers = handle.inherited_numbers().expect("it is inheritable");
    start(role, &[("HANDLE", &numbers)], &quiet)
}

/// What starts a role.
pub fn command(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
    command.args([role, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command
}

fn start(role: &str, variables: &[(&str, &str)], _quiet: &MutexGuard<'_, ()>) -> Actor {
    let mut command = command(role);
    command.envs(variables.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("a test can start itself");
    let input = process.stdin.take().expect("it is piped");
    let output = BufReader::new(process.stdout.take().expect("it is piped"));
    Actor { process, input, output }
}

impl Actor {
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// For what takes the process itself.
    pub fn process(&self) -> &Child {
        &self.process
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

    /// Waits until the process has ended by itself.
    pub fn until_ended(mut self) -> ExitStatus {
        self.process.wait().expect("a child can be waited for")
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
