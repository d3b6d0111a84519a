//! A damaged name among others: the tool comes to what the library comes to, says it in a line, does what it can with the
//! other names, and touches nothing outside.
// Row: entries
#![cfg(target_os = "linux")]

mod common;
#[path = "../../veduta/tests/hostile/damage.rs"]
mod damage;
#[allow(dead_code, reason = "the damage takes a part of it")]
#[path = "../../veduta/tests/hostile/random.rs"]
mod random;

use common::{Place, Ran};
use damage::{Canary, DAMAGES, Damage, NAME, Victim};
use rustix::process::geteuid;
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const PRIVATE: [&str; 2] = ["--namespace", "names"];

#[test]
fn damage_is_told_and_stays_where_it_is() {
    if geteuid().is_root() {
        // Root overrides modes. The tools that it starts from here do not.
        for capability in [CapabilitySet::DAC_OVERRIDE, CapabilitySet::DAC_READ_SEARCH] {
            remove_capability_from_bounding_set(capability).unwrap();
        }
    } else {
        eprintln!("skipped: only root can give a file away, or make a device");
    }
    for damage in DAMAGES.iter().filter(|(_, takes_root, _)| !takes_root || geteuid().is_root()) {
        for held in [false, true] {
            meet(damage, held);
        }
    }
}

fn meet(damage: &Damage, held: bool) {
    let place = Place::new();
    let canary = Canary::new(TempDir::new_in(place.files()).unwrap());
    let names = place.files().join("names");
    fs::create_dir(&names).unwrap();
    let hold = |args: &[&str]| place.hold(args.iter().chain(&PRIVATE));
    let _others = [hold(&["memory", "--size", "64K"]), hold(&["turn", "--mutex"])];
    let holder = Some(hold(&[NAME, "--size", "4096"])).filter(|_| held);
    let victim = Victim { namespace: &names, canary: &canary };
    damage.2(&victim);
    let before = canary.state();

    let run = |args: &[&str]| {
        let ran = place.run(args.iter().chain(&PRIVATE));
        let what = format!("{}, {}: {args:?}: {ran:?}", damage.0, if held { "held" } else { "stale" });
        assert!(
            ran.stderr.lines().all(|line| line.len() < 400) && !ran.stderr.contains("panicked"),
            "{what}"
        );
        assert_eq!(canary.state(), before, "{what}");
        (ran, what)
    };
    let comes_to = |operation| outcome(damage.0, held, operation);

    let (ran, what) = run(&["ls"]);
    assert_eq!(ran.code, Some(0), "{what}");
    let lists = |name: &str| ran.stdout.lines().any(|row| row.starts_with(&format!("{name} ")));
    assert!(lists("memory") && lists("turn"), "{what}");
    let (stale, problem) =
        (ran.stderr.contains("1 more name that nobody"), ran.stderr.contains("not listed: "));
    match comes_to("list") {
        "live" => assert!(ran.stderr.is_empty(), "{what}"),
        "nothing" => assert!(ran.stderr.is_empty() && !lists(NAME), "{what}"),
        "stale" => assert!(stale && ran.stderr.lines().count() == 1 && !lists(NAME), "{what}"),
        "problem" => assert!(problem && ran.stderr.lines().count() == 1 && !lists(NAME), "{what}"),
        other => panic!("{other}? {what}"),
    }

    let (ran, what) = run(&["show", NAME]);
    match comes_to("find") {
        "ok" => assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{what}"),
        "absent" => assert_fails(&ran, 1, &what),
        _ => assert_fails(&ran, 2, &what),
    }

    // To `cp` an entry is a file like any other, or something that is no file.
    let (ran, what) = run(&["cp", "names/victim/e", "copy"]);
    match place.files().join("copy").exists() {
        true => assert_eq!(ran.code, Some(0), "{what}"),
        false => assert_fails(&ran, 2, &what),
    }

    for (operation, args) in [("dry run", &["sweep", "--dry-run"][..]), ("sweep", &["sweep"])] {
        let (ran, what) = run(args);
        let told = ran.stderr.lines().filter(|line| line.starts_with("not removed: ")).count();
        let expected = match comes_to(operation) {
            "nothing" => (Some(0), 0, 0),
            "removed" => (Some(0), 1, 0),
            "problem" => (Some(1), 0, 1),
            other => panic!("{other}? {what}"),
        };
        assert_eq!((ran.code, ran.stdout.lines().count(), told), expected, "{what}");
    }

    for name in ["memory", "turn"] {
        let (ran, what) = run(&["show", name]);
        assert_eq!(ran.code, Some(0), "{what}");
    }
    if let Some(holder) = holder {
        assert!(holder.end().success(), "{}: its holder ends as others do", damage.0);
    }
    if victim.directory().is_dir() && !victim.directory().is_symlink() {
        // To be removed.
        fs::set_permissions(victim.directory(), Permissions::from_mode(0o700)).unwrap();
    }
}

/// An error is a sentence, perhaps with a hint, and nothing else.
#[track_caller]
fn assert_fails(ran: &Ran, code: i32, what: &str) {
    let words: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{what}");
    assert!(words[0].starts_with("error: cannot ") && words.len() <= 2, "{what}");
    assert!(words[1..].iter().all(|line| line.starts_with(" hint: ")), "{what}");
}

/// What the library comes to with a section, for one operation.
fn outcome(damage: &str, held: bool, operation: &str) -> &'static str {
    let held = if held { "held" } else { "stale" };
    include_str!("../../veduta/tests/hostile/outcomes.txt")
        .lines()
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .find(|fields| fields[..2] == [damage, held] && fields[2].split(", ").any(|kind| kind == "section"))
        .and_then(|fields| fields[3].split(", ").find_map(|came| came.strip_prefix(operation)))
        .expect("outcomes.txt has every damage, and every operation")
        .trim_start()
}
