//! Other processes: a role is an ignored test, which this program runs in a copy of itself.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub struct Role {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// Starts a role with what it is to know.
pub fn start(role: &str, environment: &[(&str, &str)]) -> Role {
    let mut child = Command::new(std::env::current_exe().expect("it runs"))
        .args([role, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it can be started again");
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    Role { input: child.stdin.take(), output, child }
}

/// Runs a role to its end, which must be a good one.
pub fn run(role: &str, environment: &[(&str, &str)]) {
    let mut role = start(role, environment);
    drop(role.input.take());
    let lines: Vec<_> = role.output.by_ref().lines().map_while(Result::ok).collect();
    let status = role.child.wait().expect("it is a child");
    assert!(status.success(), "{}", lines.join("\n"));
    assert!(lines.iter().any(|line| line.contains("1 passed")), "there is such a role");
}

impl Role {
    /// What the role says next with [`say`].
    pub fn hears(&mut self) -> String {
        for line in self.output.by_ref().lines().map_while(Result::ok) {
            if let Some((_, word)) = line.split_once("says: ") {
                return word.to_owned();
            }
        }
        panic!("the role ended without a word");
    }

    /// Lets it end.
    pub fn release(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().expect("it is a child").success());
    }

    /// Ends it without a chance to clean up.
    pub fn kill(mut self) {
        self.child.kill().expect("it is there");
        self.child.wait().expect("it is a child");
    }
}

use std::io::Read;

/// In the role: says something to who started it.
pub fn say(word: &str) {
    println!("says: {word}");
}

/// In the role: waits until it is released.
pub fn wait() {
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).expect("it can be read");
}

/// In the role: what it was to know.
pub fn told(name: &str) -> String {
    std::env::var(name).expect("whoever starts the role says it")
}
