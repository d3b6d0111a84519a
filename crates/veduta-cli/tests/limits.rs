//! Limits that the tool meets: each is an error that says what was needed and what was there, and nothing is left behind.
// Row: limits
#![cfg(target_os = "linux")]

mod common;

use common::{NOTHING, Place, Ran};
use std::process::{Command, Stdio};

/// Runs the tool under a limit, as `prlimit(1)` sets it.
fn limited(place: &Place, limit: &str, args: &[&str], input: Stdio) -> Ran {
    let tool = place.command();
    let mut command = Command::new("prlimit");
    command.arg(limit).arg(tool.get_program()).args(args).stdin(input);
    command.current_dir(place.files());
    for (key, value) in tool.get_envs() {
        match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    command.output().expect("util-linux has prlimit").into()
}

#[track_caller]
fn expect(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, Some(2), "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "\"{word}\" is not in: {}", ran.stderr);
    }
}

#[test]
fn a_copy_beyond_the_limit_on_files_is_refused() {
    let place = Place::new();
    place.file("source", vec![1; 3 << 20]);
    let ran = limited(&place, "--fsize=1048576", &["cp", "source", "copy"], Stdio::null());
    expect(&ran, &["3 MiB needed", "1 MiB", "RLIMIT_FSIZE", "nothing was left behind"]);
    assert_eq!(place.file_names(), ["source"]);
    assert_eq!(place.run(["cp", "source", "copy"]).code, Some(0));
}

#[test]
fn a_section_beyond_the_limit_on_files_is_refused() {
    let place = Place::new();
    place.file("file", "x");
    for args in [&["hold", "large", "--size", "3M"][..], &["hold", "large", "--size", "3M", "--file", "file"]]
    {
        let ran = limited(&place, "--fsize=1048576", args, Stdio::null());
        expect(&ran, &["3.0 MiB needed", "at most 1.0 MiB", "RLIMIT_FSIZE", "ulimit -f"]);
    }
    assert_eq!(place.entries(), NOTHING);
    assert_eq!(std::fs::metadata(place.files().join("file")).unwrap().len(), 1);
}

/// Who may make no file can write to what is there.
#[test]
fn memory_is_written_to_by_who_may_make_no_files() {
    let place = Place::new();
    let held = place.hold(["memory", "--size", "8"]);
    place.file("input", "12345678");
    let input = std::fs::File::open(place.files().join("input")).unwrap();
    let ran = limited(&place, "--fsize=0", &["-q", "write", "memory"], input.into());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(place.run(["read", "memory"]).stdout, "12345678");
    drop(held);
}

#[test]
fn descriptors_that_run_out_are_told() {
    let place = Place::new();
    place.file("source", "x");
    let _held = place.hold(["memory", "--size", "8"]);
    // The three that every program has, and as many as the tool is given more.
    for limit in 4..=8 {
        for args in
            [&["cp", "source", "copy"][..], &["hold", "new", "--size", "8"], &["read", "memory"], &["ls"]]
        {
            let ran = limited(&place, &format!("--nofile={limit}"), args, Stdio::null());
            match ran.code {
                Some(0) => {}
                _ => expect(&ran, &["oo many open", "RLIMIT_NOFILE", &format!("all {limit} "), "ulimit -n"]),
            }
            assert!(ran.code == Some(0) || place.file_names() == ["source"], "{args:?}: {ran:?}");
            let _ = std::fs::remove_file(place.files().join("copy"));
        }
    }
    assert_eq!(place.entries().len(), 1);
}

#[test]
fn addresses_that_run_out_are_told() {
    let place = Place::new();
    let ran = limited(&place, "--as=1073741824", &["read", "memory"], Stdio::null());
    assert_eq!(ran.code, Some(1), "the tool itself needs less: {ran:?}");
    let _held = place.hold(["memory", "--size", "2G"]);
    let ran = limited(&place, "--as=1073741824", &["write", "memory", "--at", "0"], Stdio::null());
    // Nothing is to be written: whether that takes a view is the tool's business, but it may not end by a signal.
    assert!(ran.code.is_some(), "{ran:?}");
}
