//! `ring`: two processes, a section, a mutex and events; and one that is killed.

use crate::build::{Program, WrittenFor};
use crate::stage::{Stage, everywhere};

const RING: Program = Program { name: "ring", sources: &["ring/ring.cpp"], written_for: WrittenFor::Wide };

#[test]
fn ring_carries_messages_as_on_windows() {
    everywhere("ring", &[RING], |stage| {
        for count in ["1", "500"] {
            let said = stage.run("ring", &["/run", &stage.unique(), count], 0);
            let totals = |role: &str, verb: &str| {
                let start = format!("{role}: {verb} {count} messages, ");
                let lines = said.output.iter().filter_map(|line| line.strip_prefix(&start));
                lines.map(str::to_owned).collect::<Vec<_>>()
            };
            let consumed = totals("consumer", "consumed");
            assert_eq!(consumed.len(), 1, "{}: {said:?}", stage.system);
            assert_eq!(consumed, totals("producer", "produced"), "{}", stage.system);
        }
    });
}

#[test]
fn ring_starts_by_hand_in_either_order() {
    fn play(stage: &mut Stage, roles: [&[&str]; 2]) {
        let name = stage.unique();
        let start = |role: &[&str]| {
            let mut arguments = vec![role[0], name.as_str()];
            arguments.extend(&role[1..]);
            stage.start("ring", &arguments)
        };
        let [first, second] = roles.map(start);
        stage.finish(first, 0);
        stage.finish(second, 0);
    }
    everywhere("ring-by-hand", &[RING], |stage| {
        play(stage, [&["/consumer"], &["/producer", "40"]]);
        play(stage, [&["/producer", "40"], &["/consumer"]]);
        stage.run("ring", &["/consumer"], 2);
    });
}

#[test]
fn ring_tells_that_the_producer_was_killed() {
    everywhere("ring-killed", &[RING], |stage| {
        // With the mutex, in the middle of a message; and between two.
        for (place, words) in [
            ("/kill:inside", "consumer: WAIT_ABANDONED: the producer died while it owned the ring"),
            ("/kill:outside", "consumer: the producer died"),
        ] {
            let said = stage.run("ring", &["/run", &stage.unique(), "60", place], 4);
            assert!(said.output.iter().any(|line| line == words), "{}: {said:?}", stage.system);
            assert!(said.output.iter().any(|line| line.starts_with("consumer: consumed 30 messages")));
        }
    });
}
