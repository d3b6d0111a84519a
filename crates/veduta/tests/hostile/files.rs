//! Every kind of damage to what stands under a name, and every operation that meets it: the outcome of each is in
//! `outcomes.txt`, one line for each damage, kind of object, and whether somebody holds it.

use crate::damage::{Canary, DAMAGES, Damage, NAME, Victim, mode};
use crate::objects::{BRIEF, Kind};
use crate::patience::within;
use crate::scratch::thread::is_root;
use crate::scratch::{Private, child, directory, skipped};
use std::fmt::Write;
use std::fs;
use std::time::Duration;
use veduta::{Code, Namespace, Result, SweepMode};

fn outcome<T>(result: Result<T>, good: impl FnOnce(T) -> String) -> String {
    match result {
        Ok(value) => good(value),
        Err(error) => match error.code() {
            Code::FILE_NOT_FOUND => "absent".to_owned(),
            Code::INVALID_DATA => "malformed".to_owned(),
            Code::REVISION_MISMATCH => "revision".to_owned(),
            Code::ACCESS_DENIED => "denied".to_owned(),
            Code::PATH_NOT_FOUND => "no path".to_owned(),
            Code::SWAPERROR => "bytes gone".to_owned(),
            code => code.to_string(),
        },
    }
}

type Act = fn(&Namespace, Kind) -> String;

const ACTS: &[(&str, Act)] = &[
    ("open", |namespace, kind| {
        outcome(kind.open(namespace).and_then(|object| object.r#use()), |()| "ok".to_owned())
    }),
    ("create", |namespace, kind| {
        outcome(kind.create(namespace), |(_, disposition)| format!("{disposition:?}").to_lowercase())
    }),
    ("find", |namespace, _| outcome(namespace.object(NAME), |_| "ok".to_owned())),
    ("list", |namespace, _| {
        outcome(namespace.objects(), |listing| {
            let counts = (listing.objects.len(), listing.stale.len(), listing.problems.len());
            match counts {
                (1, 0, 0) => "live".to_owned(),
                (0, 1, 0) => "stale".to_owned(),
                (0, 0, 1) => "problem".to_owned(),
                (0, 0, 0) => "nothing".to_owned(),
                counts => format!("{counts:?}"),
            }
        })
    }),
    ("dry run", |namespace, _| sweep(namespace, SweepMode::DryRun)),
    ("sweep", |namespace, _| sweep(namespace, SweepMode::Remove)),
];

fn sweep(namespace: &Namespace, mode: SweepMode) -> String {
    outcome(namespace.sweep(mode), |sweep| match (sweep.removed.len(), sweep.problems.len()) {
        (0, 0) => "nothing".to_owned(),
        (1, 0) => "removed".to_owned(),
        (0, 1) => "problem".to_owned(),
        counts => format!("{counts:?}"),
    })
}

/// Does one thing with one victim, and says what came of it: for who does it, and for who holds it, if anybody does.
fn try_one(damage: &Damage, kind: Kind, holder: Option<&mut child::Actor>, act: Act) -> (String, String) {
    let (private, canary) = (Private::new(), Canary::new(directory()));
    let path = private.path().to_str().unwrap();
    let victim = Victim { namespace: private.path(), canary: &canary };
    let mut holder = match holder {
        Some(holder) => {
            holder.tell(&format!("hold {} {path}", kind.word()));
            assert_eq!(holder.hear(), "held");
            Some(holder)
        }
        None => {
            // As a killed process leaves it: a copy that nobody holds.
            let elsewhere = Private::new();
            let held = kind.hold(elsewhere.namespace());
            fs::create_dir(victim.directory()).unwrap();
            fs::copy(elsewhere.path().join(NAME).join("e"), victim.entry()).unwrap();
            drop(held);
            None
        }
    };
    damage.2(&victim);
    let before = canary.state();
    let label = format!("{}: {}", damage.0, kind.word()).leak();
    let done = within(Duration::ZERO, label, || act(private.namespace(), kind));
    let mut held = Vec::new();
    if let Some(holder) = &mut holder {
        for word in ["use", "close"] {
            holder.tell(word);
            held.push(format!("{word} {}", holder.hear()));
        }
    }
    assert_eq!(canary.state(), before, "{label}: {done}: nothing outside is touched");
    mode_back(&victim);
    (done, held.join(", "))
}

/// What comes of each operation, and, if somebody holds the object, of what the holder does then.
fn outcomes(damage: &Damage, kind: Kind, mut holder: Option<&mut child::Actor>) -> String {
    let (mut came, mut holders) = (Vec::new(), Vec::new());
    for (what, act) in ACTS {
        let (done, left) = try_one(damage, kind, holder.as_deref_mut(), *act);
        came.push(format!("{what} {done}"));
        if !left.is_empty() && !holders.contains(&left) {
            holders.push(left);
        }
    }
    let mut line = came.join(", ");
    if !holders.is_empty() {
        let _ = write!(line, " | {}", holders.join(" or "));
    }
    line
}

/// Lets the test remove what it made.
fn mode_back(victim: &Victim<'_>) {
    if victim.directory().is_dir() && !victim.directory().is_symlink() {
        mode(&victim.directory(), 0o700);
    }
}

/// Without the right to override modes: root is an owner like any other then.
fn without_override(test: impl FnOnce() + Send) {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    let ended = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let mut mine = capabilities(None).unwrap();
                mine.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
                set_capabilities(None, mine).unwrap();
                test();
            })
            .join()
    });
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn each_damage_has_its_outcome_for_each_operation() {
    if !is_root() {
        skipped("only root can give a file away, or make a device");
    }
    let expected: Vec<&str> = include_str!("outcomes.txt").lines().collect();
    without_override(|| {
        let mut holder = child::play("files::role_hold", &[]);
        let mut wrong = String::new();
        for damage in DAMAGES.iter().filter(|(_, takes_root, _)| !takes_root || is_root()) {
            let mut lines = Vec::new();
            for held in [false, true] {
                // Kinds of which the same comes share a line.
                let mut alike: Vec<(String, String)> = Vec::new();
                for kind in Kind::ALL {
                    let came = outcomes(damage, kind, held.then_some(&mut holder));
                    match alike.iter_mut().find(|(_, other)| *other == came) {
                        Some((kinds, _)) => kinds.extend([", ", kind.word()]),
                        None => alike.push((kind.word().to_owned(), came)),
                    }
                }
                let held = if held { "held" } else { "stale" };
                lines.extend(
                    alike.iter().map(|(kinds, came)| format!("{} | {held} | {kinds} | {came}", damage.0)),
                );
            }
            let begin = format!("{} | ", damage.0);
            if !expected.iter().copied().filter(|line| line.starts_with(&begin)).eq(lines.iter()) {
                let _ = writeln!(wrong, "{}", lines.join("\n"));
            }
        }
        assert!(wrong.is_empty(), "outcomes.txt does not say so:\n{wrong}");
    });
}

#[test]
#[ignore = "a role: holds objects, uses them, and lets go of them"]
fn role_hold() {
    without_override(|| {
        loop {
            let line = child::listen();
            let Some(("hold", rest)) = line.split_once(' ') else { break };
            let (kind, path) = rest.split_once(' ').unwrap();
            let namespace = Namespace::at(path).unwrap();
            let kind = Kind::ALL.into_iter().find(|one| one.word() == kind).unwrap();
            let held = kind.hold(&namespace);
            child::say("held");
            assert_eq!(child::listen(), "use");
            child::say(within(10 * BRIEF, "use", || outcome(held.r#use(), |()| "ok".to_owned())));
            assert_eq!(child::listen(), "close");
            within(Duration::ZERO, "close", || drop(held));
            child::say("ok");
        }
    });
}
