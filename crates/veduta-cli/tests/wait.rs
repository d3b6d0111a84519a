//! `veduta wait`, `signal` and `post`, and `veduta hold` of what they work on.

mod common;

use common::{NOTHING, Place, Ran, Running, Signal, UNTIL_TOLD, one_more_waits, waiters};
use serde_json::{Value, json};

/// What a run prints when it has nothing to say.
const SILENT: (Option<i32>, &str, &str) = (Some(0), "", "");

fn all_of(ran: &Ran) -> (Option<i32>, &str, &str) {
    (ran.code, &ran.stdout, &ran.stderr)
}

fn state(place: &Place, name: &str) -> Value {
    place.json(["show", name, "--json"])["state"].clone()
}

/// Looks without waiting.
fn is_signaled(place: &Place, name: &str) -> bool {
    let ran = place.run(["wait", name, "--timeout", "0", "-q"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    match ran.code {
        Some(0) => true,
        Some(1) => false,
        _ => panic!("{ran:?}"),
    }
}

/// Starts a wait, and returns when it waits for `name`.
fn waiting(place: &Place, name: &str, args: &[&str]) -> Running {
    let shown = || place.json(["show", name, "--json"]);
    let before = shown();
    let running = place.start([&["wait"], args].concat());
    while !one_more_waits(&before, &shown()) {
        std::thread::yield_now();
    }
    running
}

#[test]
fn an_event_is_signaled_and_reset() {
    let place = Place::new();
    let auto = place.hold(["Auto", "--event"]);
    let _manual = place.hold(["Manual", "--event=manual", "--signaled"]);
    assert_eq!(auto.said, r"created Local\Auto");
    assert_eq!(state(&place, "Auto"), json!({ "reset": "auto", "signaled": false, "waiters": waiters(0) }));
    assert_eq!(
        state(&place, "Manual"),
        json!({ "reset": "manual", "signaled": true, "waiters": waiters(0) })
    );

    assert!(!is_signaled(&place, "Auto"));
    assert_eq!(all_of(&place.run(["signal", "Auto"])), (Some(0), "", "signaled Local\\Auto\n"));
    assert!(is_signaled(&place, "Auto") && !is_signaled(&place, "Auto"), "the wait resets it");
    place.run(["signal", "Auto"]);
    assert_eq!(all_of(&place.run(["signal", "Auto", "--reset", "-q"])), SILENT);
    assert!(!is_signaled(&place, "Auto"));

    assert!(is_signaled(&place, "Manual") && is_signaled(&place, "Manual"), "the wait does not");
    assert_eq!(place.run(["signal", "Manual", "--pulse"]).code, Some(0));
    assert!(!is_signaled(&place, "Manual"));
    assert_eq!(place.run(["signal", "Manual", "--pulse", "--reset"]).code, Some(2));
}

#[test]
fn a_signal_lets_those_go_that_wait() {
    let place = Place::new();
    let _auto = place.hold(["Auto", "--event"]);
    let _manual = place.hold(["Manual", "--event=manual"]);
    let one = waiting(&place, "Auto", &["Auto"]);
    place.run(["signal", "Auto"]);
    assert_eq!(one.end(), (Some(0), String::new(), String::new()));
    assert!(!is_signaled(&place, "Auto"));

    let any = ["Auto", r"Local\Manual", "--any", "--timeout", "1h"];
    // A pulse is for those of whom it is known that they wait.
    let pulse = (waiters(0) != json!(null)).then_some(&["signal", "Manual", "--pulse"][..]);
    for verb in pulse.into_iter().chain([&["signal", "Manual"][..]]) {
        let both = [waiting(&place, "Manual", &any), waiting(&place, "Manual", &["Manual"])];
        assert_eq!(place.run(verb).code, Some(0));
        let [any, single] = both.map(Running::end);
        assert_eq!(any, (Some(0), "Local\\Manual\n".into(), String::new()), "the name as it was given");
        assert_eq!(single, (Some(0), String::new(), String::new()));
    }
}

#[test]
fn a_semaphore_counts() {
    let place = Place::new();
    let _held = place.hold(["Slots", "--semaphore", "1/3"]);
    assert_eq!(state(&place, "Slots"), json!({ "count": 1, "maximum": 3, "waiters": waiters(0) }));
    assert!(is_signaled(&place, "Slots") && !is_signaled(&place, "Slots"));
    assert_eq!(all_of(&place.run(["post", "Slots"])), (Some(0), "0\n", ""));
    assert_eq!(all_of(&place.run(["post", "Slots", "2"])), (Some(0), "1\n", ""));

    let ran = place.run(["post", "Slots"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("(ERROR_TOO_MANY_POSTS, 298)"), "{ran:?}");
    assert_eq!(state(&place, "Slots")["count"], 3, "nothing is changed");
    for units in ["0", "-1", "x", "4294967296"] {
        assert_eq!(place.run(["post", "Slots", units]).code, Some(2), "{units}");
    }
    assert_eq!(place.run(["post", "Slots", "4294967295"]).code, Some(2));
    assert_eq!(state(&place, "Slots")["count"], 3);

    let _large = place.hold(["Large", "--semaphore", "7"]);
    assert_eq!(state(&place, "Large"), json!({ "count": 7, "maximum": i32::MAX, "waiters": waiters(0) }));
}

#[test]
fn any_takes_the_first_and_all_takes_all_or_nothing() {
    let place = Place::new();
    let _go = place.hold(["Go", "--event"]);
    let _slots = place.hold(["Slots", "--semaphore", "2"]);
    let _turn = place.hold(["Turn", "--mutex"]);
    let names = ["wait", "Go", "Slots", "Turn", "--timeout", "0"];

    let any = place.run([&names[..], &["--any"]].concat());
    assert_eq!(all_of(&any), (Some(0), "Slots\n", ""));
    for all in [&[][..], &["--all"]] {
        let all = place.run([&names, all].concat());
        assert_eq!((all.code, all.stdout.as_str()), (Some(1), ""));
        assert!(all.stderr.starts_with("the time is up: "), "{all:?}");
    }
    assert_eq!(state(&place, "Slots")["count"], 1, "nothing was taken");

    let all = waiting(&place, "Go", &["Go", "Slots", "Turn"]);
    place.run(["signal", "Go"]);
    assert_eq!(all.end(), (Some(0), String::new(), String::new()));
    assert_eq!(state(&place, "Slots")["count"], 0);
    let free = json!({ "owner": null, "recursion": 0, "abandoned": false, "waiters": waiters(0) });
    assert_eq!(state(&place, "Turn"), free, "the tool lets go of a mutex");
    let any = place.run(["wait", "Slots", "Turn", "--any"]);
    assert_eq!(all_of(&any), (Some(0), "Turn\n", ""));
    assert_eq!(state(&place, "Turn"), free);

    // Row: names of one object
    #[cfg(target_os = "linux")]
    assert_eq!(place.run(["wait", "Turn", "Go", r"Local\Turn"]).code, Some(2), "no two of one");
    assert_eq!(place.run(["wait", "Turn", "--any", "--all"]).code, Some(2));
    assert_eq!(place.run(["wait"].into_iter().chain([r"Turn"; 64])).code, Some(2), "too many");
}

#[test]
fn an_abandoned_mutex_is_reported_once() {
    let place = Place::new();
    let _held = place.hold(["Turn", "--mutex"]);
    let _go = place.hold(["Go", "--event=manual", "--signaled"]);
    for (args, stdout) in [(&["Turn"][..], ""), (&["Turn", "Go", "--any"], "Turn\n"), (&["Go", "Turn"], "")] {
        let mut owner = place.start([&["lock", "Turn", "--"][..], &UNTIL_TOLD].concat());
        assert_eq!(owner.line(), "in");
        assert!(!is_signaled(&place, "Turn"));
        owner.signal(Signal::KILL);
        owner.wait();
        assert_eq!(state(&place, "Turn")["abandoned"], true);
        let ran = place.run(["wait"].iter().chain(args));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), stdout));
        assert!(ran.stderr.starts_with("Turn was abandoned: "), "{ran:?}");
        assert_eq!(state(&place, "Turn")["abandoned"], false);
        assert_eq!(all_of(&place.run(["wait", "Turn"])), SILENT);
    }
}

#[test]
fn a_signal_ends_a_wait_and_nothing_is_left() {
    let place = Place::new();
    for args in [&["Go"][..], &["Go", r"Local\Go", "--any"], &["Go", "Turn"]] {
        let held = [place.hold(["Go", "--event"]), place.hold(["Turn", "--mutex"])];
        let mut running = waiting(&place, "Go", args);
        // Where nobody tells who waits, it may have opened the first alone.
        let holders = || place.json(["show", "Turn", "--json"])["holders"].as_array().unwrap().len();
        while args.contains(&"Turn") && holders() < 2 {
            std::thread::yield_now();
        }
        held.into_iter().for_each(|held| assert_eq!(held.end().code(), Some(0)));
        // Nobody else has them now.
        running.signal(Signal::TERM);
        assert!(common::ended_by(running.wait(), Signal::TERM));
        assert_eq!(place.entries(), NOTHING);
    }
}

#[test]
fn absent_is_the_expected_no() {
    let place = Place::new();
    let _go = place.hold(["Go", "--event"]);
    for (args, hint) in [
        (&["signal", "Nobody"][..], "`veduta hold \"Nobody\" --event`"),
        (&["post", "Nobody"], "`veduta hold \"Nobody\" --semaphore 0`"),
        (&["wait", "Nobody"], "`veduta hold \"Nobody\" --event`"),
        (&["wait", "Go", "Nobody", "--any"], "`veduta hold \"Nobody\" --event`"),
    ] {
        let ran = place.run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(r#""Local\Nobody": no such object (ERROR_FILE_NOT_FOUND, 2"#), "{ran:?}");
        assert!(ran.stderr.contains(hint), "{ran:?}");
    }
}

#[test]
fn each_verb_wants_its_kind() {
    let place = Place::new();
    let _frames = place.hold(["Frames", "--size", "4K"]);
    let _go = place.hold(["Go", "--event"]);
    let _slots = place.hold(["Slots", "--semaphore", "0"]);
    for args in [
        &["signal", "Slots"][..],
        &["signal", "Frames"],
        &["post", "Go"],
        &["wait", "Frames"],
        &["wait", "Go", "Frames", "--any"],
        &["hold", "Go", "--mutex"],
        &["hold", "Frames", "--event"],
        &["hold", "Go", "--size", "4K"],
        &["read", "Go"],
        &["write", "Go"],
    ] {
        let ran = place.run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("(ERROR_INVALID_HANDLE, 6)"), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("hint: the name belongs to a"), "{args:?}: {ran:?}");
    }
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let place = Place::new();
    let _go = place.hold(["Go", "--event=manual"]);
    let _slots = place.hold(["Slots", "--semaphore", "1/2"]);
    let _turn = place.hold(["Turn", "--mutex"]);
    for (args, words) in [
        (&["Go", "--event"][..], "event, not signaled, manual reset, not the auto reset asked for"),
        (&["Go", "--event=manual", "--signaled"], "not the signaled one asked for"),
        (&["Slots", "--semaphore", "2"], "semaphore, 1 of 2, not the 2 of 2147483647 asked for"),
        (&["Go", "--event=manual"], ""),
        (&["Slots", "--semaphore", "1/2"], ""),
        (&["Turn", "--mutex"], ""),
    ] {
        let held = place.hold(args);
        assert_eq!(held.said, format!(r"opened Local\{}", args[0]));
        let (status, said) = held.end_with_words();
        assert_eq!(status.code(), Some(0));
        match words {
            "" => assert!(!said.contains("already"), "{said}"),
            words => assert!(said.contains(words), "{said}"),
        }
    }
}

#[test]
fn what_cannot_be_held_is_an_error() {
    let place = Place::new();
    for args in [
        &["X", "--event", "--mutex"][..],
        &["X", "--event", "--semaphore", "1"],
        &["X", "--mutex", "--size", "4K"],
        &["X", "--event", "--file", "x"],
        &["X", "--semaphore", "1", "--protect", "ro"],
        &["X", "--signaled"],
        &["X", "--mutex", "--signaled"],
        &["X", "--event=never"],
        &["X", "--semaphore", "2/1"],
        &["X", "--semaphore", "0/0"],
        &["X", "--semaphore", "many"],
        &["", "--event"],
    ] {
        let ran = place.run(["hold"].iter().chain(args));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("error"), "{args:?}: {ran:?}");
    }
    assert_eq!(place.entries(), NOTHING);
}
