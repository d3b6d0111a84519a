//! Handles that travel as descriptors.

use crate::PLACES;
use crate::support::{World, expect_refusal};
use veduta::Code;

#[test]
fn a_child_cannot_adopt_what_is_not_inheritable() {
    let world = World::new();
    let (mut alice, mut bob) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Not inherited")) {
        alice.create_new(&name);
        let child = world.child(&mut alice);
        alice.close(&name);
        expect_refusal(bob.open(&name), Code::FILE_NOT_FOUND);

        alice.create_new(&name);
        let numbers = alice.expose(&name);
        let mut second = world.child(&mut alice);
        expect_refusal(second.inherit(&name, &numbers), Code::INVALID_HANDLE);
        child.leave();
        second.leave();
        alice.kill();
        alice = world.actor();
    }
}

#[test]
fn a_handle_travels_over_a_unix_socket() {
    let world = World::new();
    let (mut alice, mut bob, mut carol) = (world.actor(), world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Sent")) {
        let incarnation = alice.create_new(&name);
        assert_eq!(alice.send(&name, &mut bob), Ok(incarnation));
        assert_eq!(carol.open(&name), Ok(incarnation), "bob holds it, alice gave it away");
        carol.poke(&name, 8, 7).unwrap();
        carol.close(&name);
        assert_eq!(bob.peek(&name, 8), Ok(7));
        bob.poke(&name, 8, 8).unwrap();
        bob.duplicate(&name, "rw").unwrap();
        bob.close(&name);
        assert_eq!(carol.open(&name), Ok(incarnation), "a duplicate of an adopted handle is a handle");
        carol.close(&name);
        bob.close(&name);
        expect_refusal(carol.open(&name), Code::FILE_NOT_FOUND);
    }
}

#[test]
fn a_handle_that_only_reads_only_reads_where_it_arrives() {
    let world = World::new();
    let (mut alice, mut bob) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Sent to read")) {
        let incarnation = alice.create_new(&name);
        alice.duplicate(&name, "r").unwrap();
        assert_eq!(alice.send(&name, &mut bob), Ok(incarnation));
        expect_refusal(bob.map(&name, "rw"), Code::ACCESS_DENIED);
        expect_refusal(bob.poke(&name, 8, 1), Code::ACCESS_DENIED);
        alice.poke(&name, 8, 9).unwrap();
        assert_eq!(bob.peek(&name, 8), Ok(9));
        alice.close(&name);
        bob.close(&name);
        expect_refusal(world.actor().open(&name), Code::FILE_NOT_FOUND);
    }
}

#[test]
fn a_handle_in_flight_keeps_the_name() {
    let world = World::new();
    let (mut alice, mut bob, mut carol) = (world.actor(), world.actor(), world.actor());
    let name = r"Local\In flight";
    let incarnation = alice.create_new(name);
    let mailbox = format!("veduta-mail-{}", bob.pid());
    bob.answer(&["mailbox", &mailbox]).unwrap();
    alice.answer(&["send", name, &mailbox]).unwrap();
    alice.kill();
    // The bytes are in a socket, where nobody can reach them; the name is taken all the same.
    expect_refusal(carol.open(name), Code::ACCESS_DENIED);
    expect_refusal(carol.create(name), Code::ACCESS_DENIED);
    assert_eq!(bob.answer(&["receive", name]), Ok(incarnation.0.to_string()));
    assert_eq!(carol.open(name), Ok(incarnation));
}
