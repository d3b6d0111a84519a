//! Every rule, in every state, of scenarios that between them bring all calls together.

use stateright::HasDiscoveries;
use veduta_model::protocol::{Bytes, Call, PROCESSES, Protocol, Scenario};

use Call::{Close, CloseShared, Create, Open, Sweep};

fn keeps_the_rules(scenario: Scenario) {
    for bytes in [Bytes::Memfd, Bytes::Entry] {
        let broken = super::search(&Scenario { bytes, ..scenario.clone() }, HasDiscoveries::AnyFailures);
        assert!(broken.is_empty(), "{bytes:?}: {broken:#?}");
    }
}

/// Processes that start with nothing, and may be killed at every step.
fn strangers(scripts: [&'static [Call]; PROCESSES]) -> Scenario {
    Scenario {
        protocol: Protocol::LIBRARY,
        scripts,
        inherited: 0,
        bytes: Bytes::Memfd,
        hidden: None,
        kills: true,
        fault: None,
    }
}

/// The first few start with a handle on one object.
fn relatives(inherited: usize, scripts: [&'static [Call]; PROCESSES]) -> Scenario {
    Scenario { inherited, ..strangers(scripts) }
}

#[test]
fn three_create() {
    let scripts: [&'static [Call]; PROCESSES] = [&[Create, Close], &[Create], &[Create]];
    keeps_the_rules(Scenario { kills: false, ..strangers(scripts) });
}

#[test]
#[ignore = "takes minutes"]
fn three_create_with_kills() {
    keeps_the_rules(strangers([&[Create, Close], &[Create, Close], &[Create]]));
}

#[test]
fn two_create_and_one_opens() {
    keeps_the_rules(strangers([&[Create, Close], &[Create, Close], &[Open, Close]]));
}

#[test]
fn two_create_and_one_sweeps() {
    keeps_the_rules(strangers([&[Create, Close], &[Create, Close], &[Sweep]]));
}

#[test]
fn one_creates_and_two_open() {
    keeps_the_rules(strangers([&[Create, Close], &[Open, Close], &[Open, Close]]));
}

#[test]
fn one_creates_one_opens_and_one_sweeps() {
    keeps_the_rules(strangers([&[Create, Close], &[Open, Close], &[Sweep]]));
}

#[test]
fn one_creates_and_two_sweep() {
    keeps_the_rules(strangers([&[Create, Close], &[Sweep], &[Sweep]]));
}

#[test]
fn the_name_comes_and_goes() {
    let scripts: [&'static [Call]; PROCESSES] = [&[Create, Close, Create], &[Open, Close], &[Open, Close]];
    keeps_the_rules(Scenario { kills: false, ..strangers(scripts) });
}

#[test]
#[ignore = "takes minutes"]
fn the_name_comes_and_goes_at_length() {
    let scripts: [&'static [Call]; PROCESSES] =
        [&[Create, Close, Open, Close], &[Open, Close, Create, Close], &[Create]];
    keeps_the_rules(Scenario { kills: false, ..strangers(scripts) });
}

#[test]
fn the_name_comes_and_goes_with_kills() {
    keeps_the_rules(strangers([&[Create, Close, Create, Close], &[Open, Close, Create, Close], &[]]));
}

#[test]
fn a_shared_close_is_good_for_everybody() {
    keeps_the_rules(strangers([&[Create, CloseShared], &[Open, CloseShared], &[Sweep]]));
}

#[test]
fn two_share_a_handle_and_one_opens() {
    keeps_the_rules(relatives(2, [&[CloseShared], &[CloseShared], &[Open, Close]]));
}

#[test]
fn two_share_a_handle_and_one_creates() {
    keeps_the_rules(relatives(2, [&[CloseShared], &[CloseShared], &[Create, CloseShared]]));
}

#[test]
fn two_share_a_handle_and_one_sweeps() {
    keeps_the_rules(relatives(2, [&[CloseShared], &[CloseShared], &[Sweep]]));
}

#[test]
fn the_holder_closes_while_two_open() {
    keeps_the_rules(relatives(1, [&[Close], &[Open, Close], &[Open, Close]]));
}

#[test]
fn the_holder_closes_while_one_creates_and_one_sweeps() {
    keeps_the_rules(relatives(1, [&[Close], &[Create, Close], &[Sweep]]));
}

#[test]
fn three_holders_close_and_two_come_back() {
    keeps_the_rules(relatives(3, [&[Close], &[Close, Create, Close], &[Close, Open]]));
}

#[test]
fn one_whose_descriptors_nobody_may_look_at() {
    keeps_the_rules(Scenario {
        hidden: Some(0),
        ..strangers([&[Open, Close], &[Create, Close], &[Open, Close]])
    });
    keeps_the_rules(Scenario { hidden: Some(0), ..relatives(1, [&[Close], &[Create, Close], &[Sweep]]) });
}
