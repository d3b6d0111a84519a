//! The other protocols that keep the rules, and what each of their two differences is worth.

use stateright::HasDiscoveries;
use veduta_model::protocol::{Bytes, Call, Order, PROCESSES, Presence, Protocol, Rule, Scenario};

use Call::{Close, CloseShared, Create, Open, Sweep};

type Scripts = [&'static [Call]; PROCESSES];

const TWO_CREATE_AND_ONE_OPENS: Scripts = [&[Create, Close], &[Create, Close], &[Open, Close]];
const ONE_CREATES_AND_ONE_SWEEPS: Scripts = [&[Create, Close], &[Open, CloseShared], &[Sweep]];
const ONE_CREATES_AND_TWO_OPEN: Scripts = [&[Create, Close], &[Open, Close], &[Open, Close]];

fn broken(presence: Presence, order: Order, bytes: Bytes, scripts: Scripts) -> Vec<&'static str> {
    let protocol = Protocol { presence, order };
    let scenario =
        Scenario { protocol, scripts, inherited: 0, bytes, hidden: None, kills: true, fault: None };
    super::search(&scenario, HasDiscoveries::All).into_keys().collect()
}

#[test]
fn who_can_be_asked_about_and_has_the_bytes_first_is_never_in_the_way() {
    assert!(broken(Presence::Query, Order::BytesFirst, Bytes::Memfd, TWO_CREATE_AND_ONE_OPENS).is_empty());
    for bytes in [Bytes::Memfd, Bytes::Entry] {
        for scripts in [ONE_CREATES_AND_ONE_SWEEPS, ONE_CREATES_AND_TWO_OPEN] {
            assert!(broken(Presence::Query, Order::BytesFirst, bytes, scripts).is_empty());
        }
    }
}

#[test]
fn who_asks_by_taking_is_in_the_way() {
    let broken = broken(Presence::Flock, Order::BytesFirst, Bytes::Memfd, TWO_CREATE_AND_ONE_OPENS);
    assert_eq!(broken, [Rule::ReachesAllAlways.name()]);
}

#[test]
fn who_is_present_before_it_has_the_bytes_is_in_the_way() {
    let broken = broken(Presence::Query, Order::PresenceFirst, Bytes::Memfd, TWO_CREATE_AND_ONE_OPENS);
    assert_eq!(broken, [Rule::ReachesAllAlways.name()]);
}
