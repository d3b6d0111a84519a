//! `veduta lock`: one command at a time, whatever becomes of it and of the tool.

mod common;

use common::{
    ENDS, NOT_ABANDONED, NOTHING, Place, Running, SAY_ABANDONED, Signal, UNTIL_TOLD, ended_by,
    may_be_process, owned_by, waiters,
};
use serde_json::json;
use std::fs;

fn lock<'a>(options: &[&'a str], command: &[&'a str]) -> Vec<&'a str> {
    [&["lock", "Build"], options, &["--"], command].concat()
}

/// Locks, and waits until the command runs.
fn locked(place: &Place) -> Running {
    let mut running = place.start(lock(&[], &UNTIL_TOLD));
    assert_eq!(running.line(), "in");
    running
}

fn state(place: &Place) -> serde_json::Value {
    place.json(["show", "Build", "--json"])["state"].clone()
}

fn free() -> serde_json::Value {
    json!({ "owner": null, "recursion": 0, "abandoned": false, "waiters": waiters(0) })
}

#[test]
fn the_command_decides_how_it_ends() {
    let place = Place::new();
    for (command, code) in ENDS {
        let ran = place.run(lock(&[], &command));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(code), ""), "{command:?}");
    }
    // Input goes through. The tool is a command like others.
    let tool = env!("CARGO_BIN_EXE_veduta");
    let held = place.hold(["Frames", "--size", "64K"]);
    let ran = place.run_with(lock(&[], &[tool, "-q", "write", "Frames"]), b"passed through");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(place.run(["read", "Frames", "--len", "14"]).stdout, "passed through");
    held.end();
    // Options after the command's name are its own, also without the two dashes.
    let ran = place.run(["lock", "Build", tool, "-q", "--version"]);
    assert_eq!((ran.code, ran.stdout.starts_with("veduta ")), (Some(0), true), "{ran:?}");
    assert_eq!(place.entries(), NOTHING);
}

#[test]
fn a_command_that_cannot_run_leaves_the_mutex_free() {
    let place = Place::new();
    let _held = place.hold(["Build", "--mutex"]);
    place.file("no-program", "");
    for (command, code) in [("no-such-program-anywhere", 127), ("./absent", 127), ("./no-program", 126)] {
        let ran = place.run(lock(&[], &[command]));
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.stderr.contains(&format!("error: cannot run \"{command}\": ")), "{ran:?}");
        assert_eq!(state(&place), free());
    }
    let ran = place.run(lock(&["--timeout", "0"], &ENDS[0].0));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn two_exclude_each_other() {
    let place = Place::new();
    let first = locked(&place);
    assert!(may_be_process(&state(&place)["owner"], first.pid()));
    let tool = env!("CARGO_BIN_EXE_veduta");
    let mut second = place.start(lock(&["--timeout", "1h"], &[tool, "-q", "cp", "log", "seen"]));
    let waiting = second.word();
    assert!(waiting.starts_with(&format!(r"waiting: Local\Build {}", owned_by(first.pid()))), "{waiting}");
    // Written while the second waits, and before the first lets go.
    place.file("log", "after the first\n");
    assert_eq!(first.end(), (Some(0), "out\n".into(), String::new()));
    assert_eq!(second.end(), (Some(0), String::new(), String::new()));
    assert_eq!(fs::read_to_string(place.files().join("seen")).unwrap(), "after the first\n");
    assert_eq!(place.entries(), NOTHING);
}

#[test]
fn when_the_time_is_up_nothing_is_run() {
    let place = Place::new();
    let first = locked(&place);
    for timeout in ["0", "10ms", "0.6s"] {
        let ran = place.run(lock(&["--timeout", timeout], &["touch", "ran"]));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
        let words = format!(r"the time is up: Local\Build {}", owned_by(first.pid()));
        assert!(ran.stderr.contains(&words), "{ran:?}");
    }
    let ran = place.run(lock(&["--timeout", "0.6s", "--quiet"], &["touch", "ran"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{ran:?}");
    assert_eq!(place.file_names(), NOTHING);
    assert_eq!(first.end().0, Some(0));
}

#[test]
fn the_next_is_told_that_the_last_was_killed() {
    let place = Place::new();
    let mut first = locked(&place);
    first.signal(Signal::KILL);
    assert!(ended_by(first.wait(), Signal::KILL));
    // The command still runs. It keeps the mutex from vanishing, and with it the news.
    assert_eq!(state(&place)["abandoned"], true);
    let next = place.run(lock(&[], &SAY_ABANDONED));
    assert_eq!((next.code, next.stdout.as_str()), (Some(0), "abandoned=1\n"));
    assert!(next.stderr.starts_with(r"Local\Build was abandoned: "), "{next:?}");
    // Told once, and to no command of another mutex.
    let next = place.run(lock(&[], &SAY_ABANDONED));
    assert_eq!((next.stdout.as_str(), next.stderr.as_str()), (NOT_ABANDONED, ""));
    let mut other = place.command();
    other.args(lock(&[], &SAY_ABANDONED)).env("VEDUTA_ABANDONED", "1");
    assert_eq!(common::text(&other.output().unwrap().stdout), NOT_ABANDONED);
}

#[test]
fn who_waits_is_told_that_the_owner_was_killed() {
    let place = Place::new();
    let mut first = locked(&place);
    let mut second = place.start(lock(&[], &SAY_ABANDONED));
    assert!(second.word().starts_with("waiting: "));
    first.signal(Signal::KILL);
    assert!(ended_by(first.wait(), Signal::KILL));
    let (code, stdout, stderr) = second.end();
    assert_eq!((code, stdout.as_str()), (Some(0), "abandoned=1\n"));
    assert!(stderr.starts_with(r"Local\Build was abandoned: "), "{stderr}");
}

#[test]
fn a_signal_ends_the_command_and_then_the_tool() {
    let place = Place::new();
    let _held = place.hold(["Build", "--mutex"]);

    // It goes on to the command, or comes to both.
    let _go = place.hold(["Go", "--event"]);
    let shown = || place.json(["show", "Go", "--json"]);
    let before = shown();
    let mut running = place.start(lock(&[], &[env!("CARGO_BIN_EXE_veduta"), "wait", "Go"]));
    while !common::one_more_waits(&before, &shown()) {
        std::thread::yield_now();
    }
    running.signal(Signal::TERM);
    assert!(ended_by(running.wait(), Signal::TERM));
    assert_eq!(state(&place), free());

    // Before there is a command.
    let first = locked(&place);
    let mut second = place.start(lock(&[], &["touch", "ran"]));
    assert!(second.word().starts_with("waiting: "));
    second.signal(Signal::TERM);
    assert!(ended_by(second.wait(), Signal::TERM));
    assert_eq!(place.file_names(), NOTHING);
    assert_eq!(first.end().0, Some(0));
    assert_eq!(state(&place), free());
}

// Row: signals of the tool
#[cfg(target_os = "linux")]
#[test]
fn the_command_may_have_an_answer_of_its_own() {
    use std::os::unix::process::CommandExt;

    let place = Place::new();
    let _held = place.hold(["Build", "--mutex"]);
    // To both, as from a terminal.
    let mut command = place.command();
    command
        .process_group(0)
        .args(lock(&[], &["sh", "-c", "trap 'exit 5' TERM; echo in; while :; do read x || exit 5; done"]));
    let mut running = Running::start(command);
    assert_eq!(running.line(), "in");
    let group = rustix::process::Pid::from_raw(running.pid() as i32).unwrap();
    rustix::process::kill_process_group(group, Signal::TERM).unwrap();
    assert_eq!(running.end().0, Some(5));
    assert_eq!(state(&place), free());
}

#[test]
fn only_a_mutex_can_be_locked() {
    let place = Place::new();
    let _section = place.hold(["Frames", "--size", "64K"]);
    let _event = place.hold(["Go", "--event"]);
    for (name, kind) in [("Frames", "section"), ("Go", "event")] {
        let ran = place.run(["lock", name, "--", "touch", "ran"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains("(ERROR_INVALID_HANDLE, 6)"), "{ran:?}");
        assert!(ran.stderr.contains(kind), "{ran:?}");
    }
    for args in [
        &["", "--", "true"][..],
        &["Build"],
        &["Build", "--"],
        &["Build", "--timeout", "soon", "--", "true"],
        &["Build", "--timeout", "-1", "--", "true"],
        &[r"Nowhere\Build", "--", "true"],
    ] {
        let ran = place.run(["lock"].iter().chain(args));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {ran:?}");
    }
    assert_eq!(place.file_names(), NOTHING);
}

#[test]
fn a_private_directory_has_mutexes_of_its_own() {
    let place = Place::new();
    fs::create_dir(place.files().join("names")).unwrap();
    let first = locked(&place);
    let ran = place.run(lock(&["--timeout", "0", "--namespace", "names"], &ENDS[0].0));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    first.end();
}
