//! Several processes and one name: sharing, and what is left when a process closes, ends or is killed.

// Row: descriptors
#[cfg(target_os = "linux")]
mod descriptors;
// Row: entries
#[cfg(target_os = "linux")]
mod entries;
#[path = "../support/mod.rs"]
mod support;

use support::{World, expect_refusal};
use veduta::Code;

/// Where the bytes of an object can be. What a test says must be so wherever they are.
const PLACES: [&str; 2] = [r"Local\", r"Global\"];

#[test]
fn two_processes_share_by_name_both_ways() {
    let world = World::new();
    let (mut alice, mut bob) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Both ways")) {
        let incarnation = alice.create_new(&name);
        assert_eq!(bob.open(&name), Ok(incarnation));
        alice.poke(&name, 8, 1001).unwrap();
        assert_eq!(bob.peek(&name, 8), Ok(1001));
        bob.poke(&name, 16, 2002).unwrap();
        assert_eq!(alice.peek(&name, 16), Ok(2002));
    }
}

#[test]
fn a_killed_holder_leaves_no_name() {
    let world = World::new();
    let mut bob = world.actor();
    for name in PLACES.map(|place| format!("{place}Freed by a kill")) {
        let mut alice = world.actor();
        let incarnation = alice.create_new(&name);
        alice.touch(&name);
        alice.kill();
        expect_refusal(bob.open(&name), Code::FILE_NOT_FOUND);
        assert_ne!(bob.create_new(&name), incarnation);
    }
}

#[test]
fn a_name_goes_with_its_last_handle_in_any_process() {
    let world = World::new();
    let (mut alice, mut bob, mut carol) = (world.actor(), world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Last handle")) {
        let incarnation = alice.create_new(&name);
        bob.open(&name).unwrap();
        alice.close(&name);
        assert_eq!(carol.open(&name), Ok(incarnation), "bob holds it");
        carol.close(&name);
        bob.close(&name);
        expect_refusal(carol.open(&name), Code::FILE_NOT_FOUND);
        assert_ne!(carol.create_new(&name), incarnation);
        carol.close(&name);
    }
}

#[test]
fn newcomers_find_the_bytes_however_many_holders_have_died() {
    let world = World::new();
    for name in PLACES.map(|place| format!("{place}Generations")) {
        let mut holder = world.actor();
        let incarnation = holder.create_new(&name);
        // The entry remembers four holders. None of them lives any more in the end.
        for generation in 0..10 {
            let mut newcomer = world.actor();
            assert_eq!(newcomer.open(&name), Ok(incarnation), "generation {generation}");
            holder.kill();
            holder = newcomer;
        }
        let mut reader = world.actor();
        assert_eq!(reader.open_for(&name, "r"), Ok(incarnation));
        holder.kill();
        let mut newcomer = world.actor();
        assert_eq!(newcomer.open_for(&name, "r"), Ok(incarnation), "one who may only read keeps it too");
        reader.kill();
        newcomer.kill();
        expect_refusal(world.actor().open(&name), Code::FILE_NOT_FOUND);
    }
}

#[test]
fn a_view_keeps_the_bytes_and_not_the_name() {
    let world = World::new();
    let (mut alice, mut bob) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}View only")) {
        let incarnation = alice.create_new(&name);
        alice.map(&name, "rw").unwrap();
        alice.close(&name);
        expect_refusal(bob.open(&name), Code::FILE_NOT_FOUND);
        assert_ne!(bob.create_new(&name), incarnation);
        assert_eq!(alice.sees(&name), incarnation, "other bytes have the name, these are still here");
        alice.unmap(&name);
        bob.close(&name);
    }
}

#[test]
fn a_child_has_what_is_inheritable() {
    let world = World::new();
    let (mut alice, mut bob) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Inherited")) {
        let incarnation = alice.create_new(&name);
        let numbers = alice.make_inheritable(&name);
        let mut child = world.child(&mut alice);
        assert_eq!(child.inherit(&name, &numbers), Ok(incarnation));
        alice.close(&name);
        assert_eq!(bob.open(&name), Ok(incarnation), "the child holds it");
        bob.close(&name);
        child.close(&name);
        expect_refusal(bob.open(&name), Code::FILE_NOT_FOUND);
        child.leave();
    }
}

#[test]
fn a_child_does_not_have_what_is_not_inheritable() {
    let world = World::new();
    let (mut alice, mut bob) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Not inherited")) {
        alice.create_new(&name);
        let child = world.child(&mut alice);
        alice.close(&name);
        expect_refusal(bob.open(&name), Code::FILE_NOT_FOUND);
        child.leave();
    }
}
