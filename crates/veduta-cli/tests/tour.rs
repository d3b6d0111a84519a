//! `veduta tour`: the whole story on a small scale.

mod common;

use common::{KILL, MEMORY, NOTHING, Place, Signal};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const SMALL: [&str; 5] = ["tour", "--section-size", "64MiB", "--file-size", "48M"];

// One test, because each tour measures the shared memory of the whole machine.
#[test]
fn the_tour_shows_what_it_should() {
    let place = Place::new();
    let tour = place.run(SMALL);
    assert_eq!(tour.code, Some(0), "{}{}", tour.stdout, tour.stderr);
    assert_eq!((tour.stderr.as_str(), tour.stdout.contains('✗')), ("", false));
    for words in [r"Local\Tour", "copy-on-write", KILL, MEMORY, "no such object", "was abandoned"] {
        assert!(tour.stdout.contains(words), "{words}: {}", tour.stdout);
    }
    nothing_is_left(&place);

    let file = place.file("given", vec![7; 3_000_001]);
    let tour = place.run([&SMALL[..3], &["--file", "given"]].concat());
    assert_eq!(tour.code, Some(0), "{}{}", tour.stdout, tour.stderr);
    assert!(tour.stdout.contains("all 3000001 bytes are equal"), "{}", tour.stdout);
    fs::remove_file(file).unwrap();
    nothing_is_left(&place);

    // What is there already is left alone, and the tour says which name it takes.
    let held = place.hold(["Tour", "--size", "4K"]);
    let mutex = place.hold(["Tour mutex", "--mutex"]);
    let tour = place.run(SMALL);
    assert_eq!(tour.code, Some(0), "{}{}", tour.stdout, tour.stderr);
    assert!(tour.stdout.contains(r"Local\Tour-"), "{}", tour.stdout);
    assert!(tour.stdout.contains(r"Local\Tour mutex-"), "{}", tour.stdout);
    assert_eq!((held.end().code(), mutex.end().code()), (Some(0), Some(0)));
    nothing_is_left(&place);

    assert_eq!(place.run([&SMALL[..], &["--namespace", "."]].concat()).code, Some(2));
    let tour = place.run([&SMALL[..3], &["--file", "absent"]].concat());
    assert_eq!(tour.code, Some(2), "{}{}", tour.stdout, tour.stderr);
    nothing_is_left(&place);

    for moment in ["opened", "the mutex"] {
        broken_off(&place, moment, Signal::TERM);
        nothing_is_left(&place);
    }
    // Not even SIGKILL leaves processes: only what a sweep removes.
    broken_off(&place, "opened", Signal::KILL);
    place.run(["sweep"]);
    nothing_is_left(&place);
}

/// Sends the signal when the tour tells of this moment, at which there are other processes.
fn broken_off(place: &Place, moment: &str, signal: Signal) {
    let mut tour = place.command().args(SMALL).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(tour.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(moment)));
    // Row: /proc
    #[cfg(target_os = "linux")]
    let actors = children(tour.id());
    common::send(&tour, signal);
    for _ in lines.by_ref() {}
    assert!(common::ended_by(tour.wait().unwrap(), signal));
    // Row: /proc
    #[cfg(target_os = "linux")]
    {
        assert_ne!(actors, NOTHING);
        // They die of it, but not in the same instant.
        while actors.iter().any(|actor| is_running(actor)) {
            std::thread::yield_now();
        }
    }
}

// Row: /proc
#[cfg(target_os = "linux")]
fn children(pid: u32) -> Vec<String> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let found: Vec<String> = list.split_whitespace().map(str::to_owned).collect();
    if !found.is_empty() {
        return found;
    }
    // Kernels without CONFIG_PROC_CHILDREN.
    let output = std::process::Command::new("pgrep").args(["-P", &pid.to_string()]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

// Row: /proc
#[cfg(target_os = "linux")]
fn is_running(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn nothing_is_left(place: &Place) {
    assert_eq!(place.entries(), NOTHING);
    assert_eq!(place.file_names(), NOTHING);
}
