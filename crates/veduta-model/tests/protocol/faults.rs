//! Each mistake breaks a rule, and each rule is broken by a mistake: nothing in either is there for nothing.

use stateright::HasDiscoveries;
use veduta_model::protocol::{Bytes, Call, Fault, Order, PROCESSES, Presence, Protocol, Rule, Scenario};

use Call::{Close, Create, Open, Sweep};

type Scripts = [&'static [Call]; PROCESSES];

const CREATE_CREATE_OPEN: Scripts = [&[Create, Close], &[Create, Close], &[Open, Close]];
const CREATE_OPEN_SWEEP: Scripts = [&[Create, Close], &[Open, Close], &[Sweep]];

#[track_caller]
fn breaks(fault: Fault, rule: Rule, scripts: Scripts) {
    breaks_in(Protocol::LIBRARY, fault, rule, scripts);
}

#[track_caller]
fn breaks_in(protocol: Protocol, fault: Fault, rule: Rule, scripts: Scripts) {
    let (bytes, fault) = (Bytes::Memfd, Some(fault));
    let scenario = Scenario { protocol, scripts, inherited: 0, bytes, hidden: None, kills: true, fault };
    let broken = super::search(&scenario, HasDiscoveries::AllOf([rule.name()].into()));
    println!("{rule:?} is broken by {:?}", broken.get(rule.name()));
    assert!(broken.contains_key(rule.name()), "{fault:?} should break {rule:?}");
}

#[test]
fn of_settlers() {
    breaks(Fault::AsksWithoutMark, Rule::NameStands, CREATE_OPEN_SWEEP);
    breaks(Fault::StoresDead, Rule::NameStands, CREATE_OPEN_SWEEP);
    breaks(Fault::StoresLive, Rule::RemovesOnlyDead, CREATE_OPEN_SWEEP);
    breaks(Fault::WaitsForSettler, Rule::SoloTermination, CREATE_OPEN_SWEEP);
    breaks(Fault::TakesProberForHolder, Rule::ReachesAll, CREATE_OPEN_SWEEP);
    breaks(Fault::ReleasesUntested, Rule::LeavesNothing, CREATE_OPEN_SWEEP);
    // Where a prober keeps its lock it takes more than three processes to see what tags are for.
    let query = Protocol { presence: Presence::Query, ..Protocol::LIBRARY };
    breaks_in(query, Fault::OneTagForAll, Rule::NameStands, CREATE_OPEN_SWEEP);
}

#[test]
fn of_openers() {
    breaks(Fault::OpensWithoutProof, Rule::OpensNoGhost, CREATE_OPEN_SWEEP);
    breaks(Fault::LeavesMark, Rule::NameStands, CREATE_OPEN_SWEEP);
    let bytes_first = Protocol { order: Order::BytesFirst, ..Protocol::LIBRARY };
    breaks_in(bytes_first, Fault::TrustsFirstWord, Rule::NameStands, CREATE_OPEN_SWEEP);
}

#[test]
fn of_creators() {
    breaks(Fault::PresentTooLate, Rule::NameStands, CREATE_OPEN_SWEEP);
    breaks(Fault::ReplacesName, Rule::OneIncarnation, CREATE_CREATE_OPEN);
}

#[test]
fn of_closers() {
    breaks(Fault::HidesThenCloses, Rule::ReachesAll, CREATE_OPEN_SWEEP);
    breaks(Fault::ClosesOnly, Rule::LeavesNothing, CREATE_OPEN_SWEEP);
}

#[test]
fn of_those_who_remove() {
    breaks(Fault::UnlinksByPath, Rule::RemovesOnlyDead, CREATE_CREATE_OPEN);
    breaks(Fault::UnlinksUnchecked, Rule::RemovesOnlyDead, CREATE_CREATE_OPEN);
}

#[test]
fn of_sweeps() {
    breaks(Fault::SweepsUnasked, Rule::TrueAbsence, CREATE_OPEN_SWEEP);
    breaks(Fault::SweepsOneName, Rule::LeavesNothing, CREATE_OPEN_SWEEP);
}
