//! `veduta ls`, `veduta show`: what lives and who holds it, for people and for machines.

mod common;

use common::{Place, UNTIL_TOLD, is_this_user, may_be_process, resident_page};
use serde_json::json;
use std::process::Stdio;

#[test]
fn nothing_is_a_listing_too() {
    let place = Place::new();
    assert_eq!(place.json(["ls", "--json"]), json!({ "objects": [], "stale": [], "problems": [] }));
    let ran = place.run(["ls"]);
    assert_eq!(ran.stdout, "NAME  KIND  SIZE  RESIDENT  PROTECTION  STATE  OWNER  AGE  HOLDERS\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_object_is_shown_whole() {
    let place = Place::new();
    let held = place.hold([r"Frames", "--size", "64K"]);
    let global = place.hold([r"Global\Frames", "--size", "1000"]);
    place.run_with(["write", "Frames"], b"x");

    let shown = place.json(["show", "Frames", "--json"]);
    let mut keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "backing",
            "created",
            "holders",
            "kind",
            "name",
            "owner",
            "protection",
            "resident",
            "size",
            "state",
            "unseen_holders"
        ]
    );
    assert_eq!(shown["name"], r"Local\Frames");
    assert_eq!(shown["kind"], "section");
    assert_eq!(shown["size"], 65536);
    let (resident, resident_in_table) = resident_page();
    assert_eq!(shown["resident"], resident);
    assert_eq!(shown["protection"], "ReadWrite");
    assert_eq!(shown["backing"], "memory");
    assert_eq!(shown["state"], json!(null));
    assert!(is_this_user(&shown["owner"]), "{shown}");
    assert_eq!(shown["unseen_holders"], false);
    let holders = shown["holders"].as_array().unwrap();
    assert_eq!(holders.len(), 1);
    assert_eq!(holders[0]["pid"], held.pid());
    assert_eq!(holders[0]["access"], "rw");
    assert!(holders[0]["command"].as_str().unwrap().contains("veduta"), "{shown}");
    let created = shown["created"].as_str().unwrap();
    assert!(created.starts_with("20") && created.contains('T') && created.ends_with('Z'), "{created}");

    let listing = place.json(["ls", "--json"]);
    let names: Vec<&str> = listing["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| object["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, [r"Global\Frames", r"Local\Frames"]);
    assert_eq!(listing["objects"][1], shown);

    let text = place.run(["show", r"Global\Frames"]).stdout;
    assert!(text.contains("size        1000 B (1000 bytes)\n"), "{text}");
    assert!(text.contains(&format!("holder      {} (", global.pid())), "{text}");
    let table = place.run(["ls"]).stdout;
    let row = table.lines().find(|row| row.starts_with(r"Local\Frames")).unwrap();
    assert!(row.contains(&format!("  section  64 KiB {resident_in_table}  ReadWrite   ")), "{table}");
}

#[test]
fn a_state_is_shown_where_there_is_one() {
    let place = Place::new();
    let _go = place.hold(["Go", "--event=manual"]);
    let _slots = place.hold(["Slots", "--semaphore", "1/2"]);
    let mut owner = place.start([&["lock", "Turn", "--"][..], &UNTIL_TOLD].concat());
    assert_eq!(owner.line(), "in");
    let pid = owner.pid();

    let shown = place.json(["show", "Turn", "--json"]);
    assert_eq!((&shown["kind"], &shown["state"]["recursion"]), (&json!("mutex"), &json!(1)));
    assert!(may_be_process(&shown["state"]["owner"], pid), "{shown}");
    assert_eq!(place.json(["ls", "--json"])["objects"][2], shown);
    let text = place.run(["show", "Turn"]).stdout;
    assert!(text.contains("state       owned by "), "{text}");
    assert!(!text.contains("size") && !text.contains("protection"), "{text}");
    // Row: owner
    #[cfg(target_os = "linux")]
    assert!(text.contains(&format!("state       owned by process {pid}, thread {pid}\n")), "{text}");

    let table = place.run(["ls"]).stdout;
    for row in [
        r"Local\Go     event         -         -  -           not signaled, manual reset  ".to_owned(),
        r"Local\Slots  semaphore     -         -  -           1 of 2                      ".to_owned(),
        r"Local\Turn   mutex         -         -  -           owned by ".to_owned(),
    ] {
        assert!(table.contains(&row), "{row:?}: {table}");
    }
    // Row: owner
    #[cfg(target_os = "linux")]
    assert!(table.contains(&format!(" owned by {pid}   ")), "{table}");
    owner.end();
}

// Row: terminals and devices
#[cfg(target_os = "linux")]
#[test]
fn names_do_not_reach_the_terminal_as_they_are() {
    let place = Place::new();
    let name = "evil\x1b[2J\nLocal\u{202e}x";
    let held = place.hold([name, "--size", "64K"]);
    assert_eq!(held.said, r"created Local\evil\u{1b}[2J\nLocal\u{202e}x");
    let (_, seen) = place.run_on_terminal(["ls"]);
    assert!(seen.contains(r"Local\evil\u{1b}[2J\nLocal\u{202e}x"), "{seen}");
    assert!(!seen.contains("\x1b[2J"));
    assert_eq!(place.json(["ls", "--json"])["objects"][0]["name"], format!("Local\\{name}"));
    held.end();
    let error = place.run(["show", name]).stderr;
    assert!(error.contains(r"evil\u{1b}[2J\n"), "{error}");
}

// Row: terminals and devices
#[cfg(target_os = "linux")]
#[test]
fn colour_on_a_terminal_only() {
    let place = Place::new();
    let _held = place.hold(["Frames", "--size", "64K"]);
    assert!(place.run_on_terminal(["ls"]).1.contains("\x1b["));
    assert!(!place.run(["ls"]).stdout.contains('\x1b'));
    assert!(!place.run(["show", "Frames"]).stdout.contains('\x1b'));
    assert!(!place.run(["show", "Nobody"]).stderr.contains('\x1b'));
}

// Row: entries
#[cfg(target_os = "linux")]
#[test]
fn foreign_things_are_reported_and_left_alone() {
    let place = Place::new();
    use std::fs;
    // Makes the directory.
    place.hold(["Frames", "--size", "64K"]).end();
    let root = place.files().join("../root");
    let directory = fs::read_dir(&root).unwrap().next().unwrap().unwrap().path();
    fs::write(directory.join("README"), "not an entry").unwrap();
    let listing = place.json(["ls", "--json"]);
    assert_eq!(listing["objects"], json!([]));
    assert_eq!(listing["problems"].as_array().unwrap().len(), 1, "{listing}");
    assert!(place.run(["ls"]).stderr.contains("not listed: README: "));
    let swept = place.run(["sweep"]);
    assert_eq!((swept.code, swept.stdout.as_str()), (Some(1), ""), "{swept:?}");
    assert!(directory.join("README").exists());
}

#[test]
fn a_closed_output_is_no_error() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    for args in [&["ls"][..], &["ls", "--json"], &["--help"], &["completions", "bash"], &["man"]] {
        let status = place
            .command()
            .args(args)
            .stdout(Stdio::from(writer.try_clone().unwrap()))
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(0), "{args:?}");
    }
}

// Row: terminals and devices
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let place = Place::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = place.command().args(["ls"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
}

// Row: entries
#[cfg(target_os = "linux")]
#[test]
fn one_namespace_that_cannot_be_used_leaves_the_other() {
    let place = Place::new();
    let _held = place.hold(["Mine", "--size", "4K"]);
    let global = place.root().join("veduta-global");
    std::fs::create_dir_all(&global).unwrap();
    // Anybody could remove what others make there.
    std::fs::set_permissions(&global, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    for args in [&["ls"][..], &["ls", "--json"], &["sweep"]] {
        let ran = place.run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("veduta-global"), "{args:?}: {}", ran.stderr);
        assert!(args == ["sweep"] || ran.stdout.contains(r"Local\"), "{args:?}: {}", ran.stdout);
    }
}

#[test]
fn a_root_that_is_not_there_is_an_error() {
    let place = Place::new();
    for verb in ["ls", "sweep"] {
        let output = place.command().env("VEDUTA_ROOT", "/nonexistent").arg(verb).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{verb}: {output:?}");
    }
}
