//! That a rule holds says nothing about steps that are never taken.

use std::collections::HashSet;

use stateright::Model;
use veduta_model::protocol::{Action, Bytes, Call, PROCESSES, Protocol, Scenario, Step};

use Call::{Close, CloseShared, Create, Open, Sweep};

fn steps_taken(bytes: Bytes, scripts: [&'static [Call]; PROCESSES]) -> HashSet<Step> {
    let scenario = Scenario {
        protocol: Protocol::LIBRARY,
        scripts,
        inherited: 0,
        bytes,
        hidden: None,
        kills: false,
        fault: None,
    };
    let (mut steps, mut seen, mut open) = (HashSet::new(), HashSet::new(), scenario.init_states());
    while let Some(state) = open.pop() {
        for (action, next) in scenario.next_steps(&state) {
            if let Action::Step(_, step) = action {
                steps.insert(step);
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    steps
}

#[test]
fn every_step_is_taken() {
    let memfd = steps_taken(Bytes::Memfd, [&[Create, Close], &[Open, CloseShared], &[Sweep]]);
    let entry = steps_taken(Bytes::Entry, [&[Create, Close], &[Create, Close], &[]]);
    let missing: Vec<_> =
        Step::LIBRARY.into_iter().filter(|step| !memfd.contains(step) && !entry.contains(step)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
