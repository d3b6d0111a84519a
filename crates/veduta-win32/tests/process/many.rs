//! Many processes: from many threads, waited for by many, and nobody's else.

use super::role::{self, How};
use super::sys::*;
use std::process::Command;

fn child_of_code(code: u32) -> ProcessInformation {
    let line = format!("sh -c \"exit {code}\"");
    Start { line: Some(&line), inherit: true, ..Start::default() }.start().expect("it runs")
}

#[test]
fn threads_create_processes_side_by_side() {
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for round in 0..10 {
                    let code = thread * 10 + round;
                    let child = child_of_code(code);
                    wait(child.process);
                    assert_eq!(process_code(child.process), code);
                    close_all([child.process, child.thread]);
                }
            });
        }
    });
}

#[test]
fn all_of_64_are_waited_for_at_once_and_leave_nothing() {
    let children: Vec<_> = (0..64).map(child_of_code).collect();
    let handles: Vec<_> = children.iter().map(|child| child.process).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let handles: Vec<_> = children.iter().map(|child| child.process).collect();
                // SAFETY: there are so many.
                assert_eq!(unsafe { WaitForMultipleObjects(64, handles.as_ptr(), 1, LONG) }, 0);
            });
        }
    });
    for (code, child) in children.iter().enumerate() {
        assert_eq!(process_code(child.process), code as u32);
        let remains = std::fs::read_to_string(format!("/proc/{}/stat", child.process_id));
        // Its number may be another's already, which is not this one's child.
        let is_ours = |stat: String| stat.contains(&format!(" Z {} ", std::process::id()));
        assert!(!remains.is_ok_and(is_ours));
    }
    handles.into_iter().for_each(close);
    children.into_iter().for_each(|child| close(child.thread));
}

// SAFETY: handles are numbers.
unsafe impl Sync for ProcessInformation {}

#[test]
fn nobody_waits_and_nothing_is_left() {
    let child = child_of_code(0);
    let id = child.process_id;
    close_all([child.process, child.thread]);
    // Removed by the library, in its own time.
    while std::fs::exists(format!("/proc/{id}")).unwrap_or(false) {
        std::thread::yield_now();
    }
}

#[test]
fn the_programs_own_children_are_its_own() {
    let mut own: Vec<_> = (0..10)
        .map(|code| Command::new("sh").arg("-c").arg(format!("exit {code}")).spawn().expect("it runs"))
        .collect();
    let others: Vec<_> = (0..10).map(child_of_code).collect();
    for other in others {
        wait(other.process);
        close_all([other.process, other.thread]);
    }
    for (code, child) in own.iter_mut().enumerate() {
        assert_eq!(child.wait().expect("nobody else has waited").code(), Some(code as i32));
    }
}

#[test]
#[ignore = "a role"]
fn loops() {
    for round in 0..300 {
        let child = child_of_code(round % 256);
        wait(child.thread);
        assert_eq!(process_code(child.process), round % 256);
        close_all([child.process, child.thread]);
        if round == 50 {
            super::thread::rounds(50);
        }
    }
    super::thread::rounds(300);
    let open = std::fs::read_dir("/proc/self/fd").expect("it is there").count();
    assert!(open < 30, "{open} descriptors are open");
    let tasks = std::fs::read_dir("/proc/self/task").expect("it is there").count();
    assert!(tasks < 8, "{tasks} threads are there");
}

#[test]
fn nothing_leaks() {
    assert_eq!(role::start("many::loops", How::default()).code(), 0);
}
