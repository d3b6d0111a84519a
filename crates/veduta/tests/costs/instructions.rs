//! The instructions of each operation outside the kernel, counted by stopping after every one of them.
//!
//! Not by a simulated processor: callgrind knows neither `openat2` nor `pidfd_getfd`, and with it the library takes the detours for old
//! kernels. Not by the processor's counters: virtual machines often have none.
#![allow(unsafe_code, reason = "nothing safe traces another thread")]

use crate::operations::{self, TIMES, WARM};
use crate::scratch::child::{Actor, listen, play, say};
use rustix::process::{Pid, Signal, WaitOptions, waitpid};
use std::io;
use std::path::Path;

/// Begins and ends what is counted. Nothing happens if nobody traces.
const EDGE: Signal = Signal::URG;

/// What the edges themselves take.
const NOTHING: &str = "nothing";

#[test]
#[ignore = "a role: does each operation between signals"]
fn role_steps() {
    say(rustix::thread::gettid().as_raw_nonzero());
    listen();
    let mut count = |what: &str, operation: &mut dyn FnMut()| {
        (0..WARM).for_each(|_| operation());
        for _ in 0..TIMES {
            edge();
            operation();
            edge();
        }
        say(what);
    };
    count(NOTHING, &mut || {});
    operations::run(&mut count);
}

fn edge() {
    // SAFETY: the signal does nothing.
    assert_eq!(unsafe { libc::raise(EDGE.as_raw()) }, 0);
}

/// Each operation with the fewest instructions that it took; an error where nobody may be traced.
pub(crate) fn count(root: &Path) -> Result<Vec<(String, u64)>, String> {
    let mut role = play("instructions::role_steps", &[("VEDUTA_ROOT", &root.to_string_lossy())]);
    let thread = role.hear().parse().ok().and_then(Pid::from_raw).expect("it says who it is");
    // SAFETY: no pointers are passed on.
    let status = unsafe { libc::ptrace(libc::PTRACE_SEIZE, thread.as_raw_pid(), 0_usize, 0_usize) };
    if status != 0 {
        return Err(format!("another process cannot be traced here: {}", io::Error::last_os_error()));
    }
    role.tell("go on");
    let counts = steps(thread);
    Ok(by_name(role, &counts))
}

/// How many instructions each pair of edges had between them, until the thread ends.
fn steps(thread: Pid) -> Vec<u64> {
    let mut counts = Vec::new();
    let mut counting = None;
    let mut last = 0;
    loop {
        let (_, status) =
            waitpid(Some(thread), WaitOptions::empty()).expect("it is traced").expect("it was waited for");
        match status.stopping_signal() {
            None => return counts,
            Some(signal) if signal == EDGE.as_raw() => match counting.take() {
                None => counting = Some(0),
                Some(count) => counts.push(count),
            },
            Some(libc::SIGTRAP) => {
                let next = next_instruction(thread);
                // A string instruction stops behind each of its turns, and which lengths the C library uses it for depends on the processor.
                if next != last {
                    *counting.as_mut().expect("only what is counted is stepped") += 1;
                }
                last = next;
            }
            Some(other) => panic!("operations send no signal {other}"),
        }
        let go_on = if counting.is_some() { libc::PTRACE_SINGLESTEP } else { libc::PTRACE_CONT };
        // SAFETY: no pointers are passed on; the thread is stopped, and goes on without the signal.
        let status = unsafe { libc::ptrace(go_on, thread.as_raw_pid(), 0_usize, 0_usize) };
        assert_eq!(status, 0, "{}", io::Error::last_os_error());
    }
}

/// Where a thread that is stopped goes on.
fn next_instruction(thread: Pid) -> i64 {
    let register = std::mem::offset_of!(libc::user_regs_struct, rip);
    // SAFETY: no pointers are passed on; the registers are the first of what can be peeked at.
    unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, thread.as_raw_pid(), register, 0_usize) }
}

fn by_name(mut role: Actor, counts: &[u64]) -> Vec<(String, u64)> {
    let fewest = |times: &[u64]| *times.iter().min().expect("it was counted");
    let mut operations: Vec<_> = counts.chunks(TIMES).map(|times| (role.hear(), fewest(times))).collect();
    assert!(role.until_ended().success());
    let (what, edges) = operations.remove(0);
    assert_eq!(what, NOTHING);
    operations.iter_mut().for_each(|(_, count)| *count -= edges);
    operations
}
