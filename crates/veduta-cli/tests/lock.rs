//! `veduta lock`: one command at a time, whatever becomes of it and of the tool.

mod common;

use common::{NOTHING, Place, Running};
use rustix::process::{Signal, kill_process_group};
use serde_json::json;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};

/// Says that it runs, and runs until its input ends.
const UNTIL_TOLD: [&str; 3] = ["sh", "-c", "echo in; read x; echo out"];
const SAY_ABANDONED: [&str; 3] = ["sh", "-c", "echo abandoned=$VEDUTA_ABANDONED"];

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
    json!({ "owner": null, "recursion": 0, "abandoned": false, "waiters": 0 })
}

#[test]
fn the_command_decides_how_it_ends() {
    let place = Place::new();
    for (script, code) in
        [("exit 0", 0), ("exit 1", 1), ("exit 7", 7), ("exit 255", 255), ("kill -KILL $$", 137)]
    {
        let ran = place.run(lock(&[], &["sh", "-c", script]));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(code), ""), "{script}");
    }
    let ran = place.run_with(lock(&[], &["cat"]), b"passed through");
    assert_eq!(ran.stdout, "passed through");
    // Options after the command's name are its own, also without the two dashes.
    let ran = place.run(["lock", "Build", "echo", "-q", "--timeout"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "-q --timeout\n"));
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
    let ran = place.run(lock(&["--timeout", "0"], &["true"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn two_exclude_each_other() {
    let place = Place::new();
    let first = locked(&place);
    assert_eq!(state(&place)["owner"]["process"], first.pid());
    let mut second = place.start(lock(&["--timeout", "1h"], &["sh", "-c", "cat log; echo second"]));
    let waiting = second.word();
    assert!(
        waiting.starts_with(&format!(r"waiting: Local\Build is owned by process {} (", first.pid())),
        "{waiting}"
    );
    // Written while the second waits, and before the first lets go.
    place.file("log", "after the first\n");
    assert_eq!(first.end(), (Some(0), "out\n".into(), String::new()));
    assert_eq!(second.end(), (Some(0), "after the first\nsecond\n".into(), String::new()));
    assert_eq!(place.entries(), NOTHING);
}

#[test]
fn when_the_time_is_up_nothing_is_run() {
    let place = Place::new();
    let first = locked(&place);
    for timeout in ["0", "10ms", "0.6s"] {
        let ran = place.run(lock(&["--timeout", timeout], &["touch", "ran"]));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
        let words = format!(r"the time is up: Local\Build is owned by process {} (", first.pid());
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
    assert_eq!(first.wait().signal(), Some(9));
    // The command still runs. It keeps the mutex from vanishing, and with it the news.
    assert_eq!(state(&place)["abandoned"], true);
    let next = place.run(lock(&[], &SAY_ABANDONED));
    assert_eq!((next.code, next.stdout.as_str()), (Some(0), "abandoned=1\n"));
    assert!(next.stderr.starts_with(r"Local\Build was abandoned: "), "{next:?}");
    // Told once, and to no command of another mutex.
    let next = place.run(lock(&[], &SAY_ABANDONED));
    assert_eq!((next.stdout.as_str(), next.stderr.as_str()), ("abandoned=\n", ""));
    let mut other = place.command();
    other.args(lock(&[], &SAY_ABANDONED)).env("VEDUTA_ABANDONED", "1");
    assert_eq!(other.output().unwrap().stdout, b"abandoned=\n");
}

#[test]
fn who_waits_is_told_that_the_owner_was_killed() {
    let place = Place::new();
    let mut first = locked(&place);
    let mut second = place.start(lock(&[], &SAY_ABANDONED));
    assert!(second.word().starts_with("waiting: "));
    first.signal(Signal::KILL);
    assert_eq!(first.wait().signal(), Some(9));
    let (code, stdout, stderr) = second.end();
    assert_eq!((code, stdout.as_str()), (Some(0), "abandoned=1\n"));
    assert!(stderr.starts_with(r"Local\Build was abandoned: "), "{stderr}");
}

#[test]
fn a_signal_ends_the_command_and_then_the_tool() {
    let place = Place::new();
    let _held = place.hold(["Build", "--mutex"]);

    // To the tool alone: it passes it on.
    let mut running = locked(&place);
    running.signal(Signal::TERM);
    assert_eq!(running.wait().signal(), Some(15));
    assert_eq!(state(&place), free());

    // To both, as from a terminal. The command may have an answer of its own.
    let mut command = place.command();
    command
        .process_group(0)
        .args(lock(&[], &["sh", "-c", "trap 'exit 5' TERM; echo in; while :; do read x || exit 5; done"]));
    let mut running = Running::start(command);
    assert_eq!(running.line(), "in");
    kill_process_group(running.id(), Signal::TERM).unwrap();
    assert_eq!(running.end().0, Some(5));
    assert_eq!(state(&place), free());

    // Before there is a command.
    let first = locked(&place);
    let mut second = place.start(lock(&[], &["touch", "ran"]));
    assert!(second.word().starts_with("waiting: "));
    second.signal(Signal::TERM);
    assert_eq!(second.wait().signal(), Some(15));
    assert_eq!(place.file_names(), NOTHING);
    assert_eq!(first.end().0, Some(0));
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
        assert!(ran.stderr.contains("(ERROR_INVALID_HANDLE, 6)") && ran.stderr.contains(kind), "{ran:?}");
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
    let ran = place.run(lock(&["--timeout", "0", "--namespace", "names"], &["true"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    first.end();
}
