//! Help, completions, the manual page, and wrong usage.

mod common;

use common::Place;

#[test]
fn every_verb_explains_itself() {
    let place = Place::new();
    let help = place.run(["--help"]);
    assert_eq!(help.code, Some(0));
    for verb in [
        "tour",
        "hold",
        "write",
        "read",
        "lock",
        "wait",
        "signal",
        "post",
        "ls",
        "show",
        "cp",
        "sweep",
        "completions",
        "man",
    ] {
        assert!(help.stdout.contains(&format!("\n  {verb} ")), "{verb}");
        let ran = place.run([verb, "--help"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{verb}");
    }
    assert!(!help.stdout.contains("tour-actor"));
}

#[test]
fn completions_and_the_manual_come_from_the_same_definition() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.run(["completions", shell]).stdout.contains("namespace"), "{shell}");
    }
    let manual = place.run(["man"]).stdout;
    assert!(manual.contains(".TH veduta"), "{manual}");
    assert!(manual.contains("Exit codes: 0 done, 1 expected no"), "{manual}");
    assert!(manual.contains("preserve") && !manual.contains("actor"), "{manual}");
}

#[test]
fn wrong_usage_is_an_error() {
    let place = Place::new();
    for args in [&[][..], &["nonsense"], &["cp", "one"], &["read", "X", "--at", "-1"], &["hold", "X"]] {
        let ran = place.run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?}");
    }
}
