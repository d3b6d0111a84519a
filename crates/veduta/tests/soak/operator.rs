//! The process that lists and sweeps all the while, as operators do.

use crate::board::{Board, Common, OPERATOR, Word};
use crate::names::{KEPT, Places, WAITED_FOR};
use crate::worker::role;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use veduta::SweepMode;

#[test]
#[ignore = "a role: the soak starts it in a process of its own"]
fn operator() {
    let Some((_, root)) = role() else { return };
    let places = Places::of(&root);
    let board = Board::open(&places.private);
    board.put(OPERATOR, Word::Process, std::process::id().into());
    let namespaces = places.namespaces();
    loop {
        let mut seen = Vec::new();
        for namespace in &namespaces {
            let listing = namespace.objects().expect("a namespace can be listed");
            assert!(listing.problems.is_empty(), "{:?}", listing.problems);
            seen.extend(listing.objects.into_iter().map(|object| (object.name, object.kind)));
        }
        for name in KEPT.iter().chain(&WAITED_FOR) {
            let listed = seen.iter().any(|(text, kind)| text == name.text && *kind == name.kind);
            assert!(listed, "{} is there all the time, and is not listed", name.text);
        }
        let only_look = board.common(Common::OnlyLook, 0).load(SeqCst) != 0;
        for namespace in &namespaces {
            let mode = if only_look { SweepMode::DryRun } else { SweepMode::Remove };
            let sweep = namespace.sweep(mode).expect("a namespace can be swept");
            assert!(sweep.problems.is_empty(), "{:?}", sweep.problems);
        }
        board.add(OPERATOR, Word::Progress, 0);
        std::thread::sleep(Duration::from_millis(1));
    }
}
