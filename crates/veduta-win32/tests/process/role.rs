//! Other processes: a role is an ignored test, which `CreateProcess` runs in a copy of this program.

use super::sys::{Handle, ProcessInformation, ResumeThread, SUSPENDED, Start, close, process_code, wait};

/// A process in a role. It is waited for when it is dropped.
pub(crate) struct Role {
    pub process: Handle,
    pub thread: Handle,
    pub id: u32,
}

/// How a role is started.
#[derive(Default, Clone, Copy)]
pub(crate) struct How<'a> {
    pub inherit: bool,
    pub flags: u32,
    pub told: &'a [(&'a str, &'a str)],
}

pub(crate) fn start(role: &str, how: How<'_>) -> Role {
    let program = std::env::current_exe().expect("it runs");
    let line = format!("\"{}\" {role} --exact --ignored --nocapture --test-threads=1", program.display());
    let mut environment = Vec::new();
    let own = std::env::vars().map(|(name, value)| format!("{name}={value}\0"));
    let told = how.told.iter().map(|(name, value)| format!("{name}={value}\0"));
    own.chain(told).for_each(|variable| environment.extend(variable.into_bytes()));
    environment.push(0);
    let start = Start {
        line: Some(&line),
        inherit: how.inherit,
        flags: how.flags,
        environment: Some(environment),
        ..Start::default()
    };
    let ProcessInformation { process, thread, process_id, thread_id } =
        start.start().unwrap_or_else(|error| panic!("{role}: error {error}"));
    assert!(process != thread && process_id != 0 && thread_id != 0);
    Role { process, thread, id: process_id }
}

/// A role that inherits handles.
pub(crate) fn heir(role: &str, told: &[(&str, &str)]) -> Role {
    start(role, How { inherit: true, told, ..How::default() })
}

/// A role that does not run yet.
pub(crate) fn suspended(role: &str, told: &[(&str, &str)]) -> Role {
    start(role, How { flags: SUSPENDED, told, ..How::default() })
}

impl Role {
    /// Its exit code, when it has ended.
    pub(crate) fn code(&self) -> u32 {
        wait(self.process);
        process_code(self.process)
    }

    pub(crate) fn resume(&self) {
        assert_eq!(ResumeThread(self.thread), 1);
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            wait(self.process);
            close(self.process);
            close(self.thread);
        }
    }
}

/// In a role: what it was to know.
pub(crate) fn told(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("whoever starts the role says {name}"))
}
