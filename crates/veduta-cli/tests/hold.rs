//! `veduta hold`: says whether it created or opened, and keeps the section until input ends or a signal comes.

mod common;

use common::{ENDING, NOTHING, Place};
use std::fs;

#[test]
fn the_first_creates_and_the_second_opens() {
    let place = Place::new();
    let first = place.hold(["Frames", "--size", "64K"]);
    assert_eq!(first.said, r"created Local\Frames");
    let second = place.hold([r"Local\Frames", "--size", "1M"]);
    assert_eq!(second.said, r"opened Local\Frames");
    let (status, words) = second.end_with_words();
    assert_eq!(status.code(), Some(0));
    assert!(words.contains("64 KiB, not the 1 MiB asked for"), "{words}");
    assert_eq!(first.end().code(), Some(0));
    assert_eq!(place.run(["show", "Frames"]).code, Some(1), "the name goes with the last holder");
    assert_eq!(place.entries(), NOTHING);
}

#[test]
fn a_signal_is_an_orderly_end() {
    let place = Place::new();
    for signal in ENDING {
        let mut held = place.hold(["Frames", "--size", "64K"]);
        held.signal(signal);
        assert_eq!(held.wait().0.code(), Some(0), "{signal:?}");
        assert_eq!(place.entries(), NOTHING);
    }
}

// Row: entries
#[cfg(target_os = "linux")]
#[test]
fn killed_it_leaves_an_entry_that_sweep_removes() {
    let place = Place::new();
    let mut held = place.hold(["Frames", "--size", "64K"]);
    held.signal(common::Signal::KILL);
    assert!(common::ended_by(held.wait().0, common::Signal::KILL));

    let listing = place.json(["ls", "--json"]);
    assert_eq!(listing["objects"], serde_json::json!([]));
    assert_eq!(listing["stale"], serde_json::json!([r"Local\Frames"]));
    assert_eq!(place.run(["ls"]).stdout.lines().count(), 1, "the headings alone");

    let dry = place.run(["sweep", "--dry-run"]);
    assert_eq!(dry.code, Some(0));
    assert!(dry.stdout.starts_with(r"would remove Local\Frames  section, "), "{dry:?}");
    assert_ne!(place.entries(), NOTHING);

    let swept = place.run(["sweep"]);
    assert_eq!(swept.code, Some(0));
    assert!(swept.stdout.starts_with(r"removed Local\Frames  section, "), "{swept:?}");
    assert_eq!(place.entries(), NOTHING);
    assert_eq!(place.run(["sweep"]).stdout, "");
}

#[test]
fn a_file_holds_the_bytes() {
    let place = Place::new();
    let file = place.file("data", "hello, file");
    let held = place.hold(["Frames", "--file", "data"]);
    assert_eq!(place.run(["read", "Frames"]).stdout, "hello, file");
    assert_eq!(place.run_with(["write", "Frames", "--at", "7"], b"view").code, Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), "hello, view");
    let shown = place.json(["show", "Frames", "--json"]);
    assert_eq!(shown["size"], 11);
    let backing = shown["backing"].as_str().unwrap().replace('\\', "/");
    assert!(backing.ends_with("/files/data"), "{shown}");
    held.end();
    assert_eq!(fs::read_to_string(&file).unwrap(), "hello, view");
}

#[test]
fn a_larger_section_grows_the_file() {
    let place = Place::new();
    let file = place.file("data", "x");
    place.hold(["Frames", "--file", "data", "--size", "0x1000"]).end();
    assert_eq!(fs::metadata(file).unwrap().len(), 0x1000);
}

#[test]
fn what_may_only_be_read_is_not_written() {
    let place = Place::new();
    let file = place.file("data", "hello");
    for protect in ["ro", "wc"] {
        let held = place.hold(["Frames", "--file", "data", "--protect", protect]);
        let ran = place.run_with(["write", "Frames"], b"x");
        assert_eq!(ran.code, Some(2), "{protect}: {ran:?}");
        assert_eq!(place.run(["read", "Frames"]).stdout, "hello");
        held.end();
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "hello");
}

#[test]
fn what_cannot_be_held_is_an_error() {
    let place = Place::new();
    place.file("empty", "");
    for args in [
        ["Frames", "--size", "0"],
        ["Frames", "--size", "64X"],
        ["", "--size", "64K"],
        [r"Nowhere\Frames", "--size", "64K"],
        ["Frames", "--file", "absent"],
        ["Frames", "--file", "empty"],
        ["Frames", "--file", "."],
        ["Frames", "--protect", "rw"],
    ] {
        let ran = place.run(["hold"].iter().chain(&args));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("error"), "{args:?}: {ran:?}");
    }
}

#[test]
fn a_private_directory_has_names_of_its_own() {
    let place = Place::new();
    fs::create_dir(place.files().join("names")).unwrap();
    let held = place.hold(["Frames", "--size", "64K", "--namespace", "names"]);
    assert_eq!(held.said, "created Frames");
    assert_eq!(place.run(["show", "Frames"]).code, Some(1));
    assert_eq!(place.run(["show", "Frames", "--namespace", "names"]).code, Some(0));
    assert_eq!(place.json(["ls", "--json", "--namespace", "names"])["objects"][0]["name"], "Frames");
    held.end();
    assert_eq!(place.run(["show", "Frames", "--namespace", "absent"]).code, Some(2));
}
