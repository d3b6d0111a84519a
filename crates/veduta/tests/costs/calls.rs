//! The system calls of each operation, as strace sees them.

use crate::operations::{self, TIMES, WARM};
use crate::scratch::child::{self, quiet};
use rustix::fs::Access;
use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;

/// What a role looks for, and does not find, to say in its trace what comes next.
const MARK: &str = "next is: ";

/// The mark behind an operation.
const OVER: &str = "";

#[test]
#[ignore = "a role: does each operation between marks"]
fn role_marks() {
    let mark = |what: &str| {
        rustix::fs::access(format!("{MARK}{what}"), Access::EXISTS).expect_err("there is no such file");
    };
    operations::run(&mut |what, operation| {
        (0..WARM).for_each(|_| operation());
        for _ in 0..TIMES {
            mark(what);
            operation();
        }
        mark(OVER);
    });
}

/// Each operation with its calls in their order; an error where there is no strace.
pub(crate) fn trace(root: &Path) -> Result<Vec<(String, Vec<String>)>, String> {
    let role = child::command("calls::role_marks");
    let trace = root.join("trace");
    let mut strace = Command::new("strace");
    strace.args(["--follow-forks", "--string-limit=200", "--output"]).arg(&trace);
    strace.arg(role.get_program()).args(role.get_args()).env("VEDUTA_ROOT", root);
    let output = {
        let _quiet = quiet();
        strace.output().map_err(|error| format!("strace cannot be started: {error}"))?
    };
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if said.contains("ptrace(PTRACE_TRACEME") || said.contains("PTRACE_SEIZE") {
        return Err(format!("strace may not trace: {said}"));
    }
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
    Ok(parse(&read_to_string(trace).expect("strace wrote it")))
}

fn parse(trace: &str) -> Vec<(String, Vec<String>)> {
    let mut operations: Vec<(String, Vec<Vec<String>>)> = Vec::new();
    let mut inside = false;
    for line in trace.lines() {
        if let Some((_, what)) = line.split_once(MARK) {
            let what = what.split('"').next().unwrap_or_default();
            inside = what != OVER;
            match operations.last_mut() {
                Some((last, times)) if last == what => times.push(Vec::new()),
                _ if inside => operations.push((what.to_owned(), vec![Vec::new()])),
                _ => {}
            }
        } else if inside {
            // Of whatever thread: an operation that has another one work is not cheaper for that.
            let calls = operations.last_mut().and_then(|(_, times)| times.last_mut());
            calls.expect("inside is behind a mark").extend(call(line));
        }
    }
    let once = |(what, mut times): (String, Vec<Vec<String>>)| {
        assert!(times.len() == TIMES && times.iter().all(|calls| *calls == times[0]), "{what}: {times:#?}");
        (what, times.swap_remove(0))
    };
    operations.into_iter().map(once).collect()
}

/// The call that begins in a line of `pid name(arguments) = result`; what is no call, a signal, stands for itself.
fn call(line: &str) -> Option<String> {
    let (_, event) = line.split_once(' ').expect("a line begins with a thread");
    let event = event.trim_start();
    // It was counted where it began.
    let goes_on = event.starts_with("<... ");
    (!goes_on).then(|| event.split_once('(').map_or(event, |(name, _)| name).to_owned())
}
