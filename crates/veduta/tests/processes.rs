//! Several processes and one name: sharing, and what is left when a process closes, ends or is killed.

mod support;

use rustix::process::geteuid;
use support::memory::{shared, until_shared};
use support::reply::HolderSeen;
use support::{Actor, World, expect_refusal, lacks_privileges, skipped};
use veduta::{Code, Disposition};

const MIB: u64 = 1 << 20;

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
fn a_killed_holder_leaves_neither_bytes_nor_name() {
    let world = World::new();
    let mut bob = world.actor();
    // What stands in an entry goes with whoever comes next, everything else at once.
    for (place, frees_at_once) in PLACES.into_iter().zip([true, false]) {
        let name = format!("{place}Freed by a kill");
        let mut alice = world.actor();
        let before = shared();
        alice.create_with(&name, &[&format!("size={}", 256 * MIB)]).unwrap();
        alice.touch(&name);
        until_shared("the bytes are there", |now| now >= before + 200 * MIB);
        let peak = shared();
        alice.kill();
        if frees_at_once {
            until_shared("the bytes are gone", |now| now <= peak - 200 * MIB);
        }
        expect_refusal(bob.open(&name), Code::FILE_NOT_FOUND);
        until_shared("the bytes are gone", |now| now <= peak - 200 * MIB);
        bob.create_new(&name);
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

#[test]
fn an_object_tells_who_holds_it() {
    let world = World::new();
    let (mut alice, mut bob, mut carol) = (world.actor(), world.actor(), world.actor());
    for (place, backing) in PLACES.into_iter().zip(["memory", "entry"]) {
        let name = format!("{place}Told");
        alice.create_with(&name, &["size=10000"]).unwrap();
        bob.open_for(&name, "r").unwrap();
        let object = carol.describe(&name).unwrap();
        assert_eq!(
            (object.kind.as_str(), object.size, object.backing.as_str()),
            ("section", 10_000, backing)
        );
        assert_eq!((&*object.owner, object.unseen_holders), (&*geteuid().as_raw().to_string(), false));
        let seen = |holder: &HolderSeen| (holder.pid, holder.access.clone());
        let mut expected = [(alice.pid(), "rw".to_owned()), (bob.pid(), "r".to_owned())];
        expected.sort();
        assert_eq!(object.holders.iter().map(seen).collect::<Vec<_>>(), expected);
        for holder in &object.holders {
            assert!(holder.command.contains("support::stage::actor"), "{}", holder.command);
        }
        alice.kill();
        let holders = carol.describe(&name).unwrap().holders;
        assert_eq!(holders.iter().map(seen).collect::<Vec<_>>(), [(bob.pid(), "r".to_owned())]);
        bob.kill();
        expect_refusal(carol.describe(&name), Code::FILE_NOT_FOUND);
        alice = world.actor();
        bob = world.actor();
    }
}

/// Who can be asked for bytes shows them; who cannot, or is told not to rely on it, puts them where the name is.
#[test]
fn the_bytes_stand_in_the_entry_where_nobody_could_be_asked_for_them() {
    let world = World::new();
    let mut bob = world.actor();
    let mut hidden = world.actor();
    hidden.hide();
    let told = world.actor_with(&[("VEDUTA_BYTES", "entry")]);
    for (mut alice, name) in [(hidden, r"Local\Created in hiding"), (told, r"Local\Created as told")] {
        let incarnation = alice.create_new(name);
        assert_eq!(bob.open(name), Ok(incarnation));
        assert_eq!(bob.describe(name).unwrap().backing, "entry");
        alice.kill();
        assert_eq!(bob.create(name), Ok((Disposition::Opened, incarnation)));
    }
}

/// An actor that is not root, and looks at another like itself.
fn somebody(world: &World) -> Actor {
    let mut actor = world.actor();
    actor.become_user(65_534);
    actor
}

#[test]
fn a_holder_that_went_into_hiding_is_named_to_who_cannot_reach_its_bytes() {
    if let Some(why) = lacks_privileges() {
        return skipped(why);
    }
    let world = World::new();
    let (mut alice, mut bob) = (somebody(&world), somebody(&world));
    let name = r"Local\Went into hiding";
    let incarnation = alice.create_new(name);
    assert_eq!(bob.open(name), Ok(incarnation));
    alice.hide();
    assert_eq!(somebody(&world).open(name), Ok(incarnation), "bob shows the bytes");
    bob.close(name);
    for outcome in [bob.open(name), bob.create(name).map(|(_, incarnation)| incarnation)] {
        let text = expect_refusal(outcome, Code::ACCESS_DENIED);
        assert!(text.contains(&alice.pid().to_string()), "it names who holds it: {text}");
    }
    let object = bob.describe(name).unwrap();
    assert!(object.unseen_holders && object.holders.is_empty(), "{object:?}");
    alice.kill();
    bob.create_new(name);
}

#[test]
fn a_name_that_was_removed_by_hand_and_made_anew_is_the_new_one() {
    let world = World::new();
    let (mut alice, mut bob) = (world.actor(), world.actor());
    let removed = world.root().join("removed");
    for (name, namespace) in [
        (r"Local\Anew", format!("veduta-{}", geteuid().as_raw())),
        (r"Global\Anew", "veduta-global".to_owned()),
    ] {
        for whole_namespace in [false, true] {
            let old = alice.create_new(name);
            assert_eq!(alice.open(name), Ok(old));
            let directory = world.root().join(&namespace);
            let gone = if whole_namespace { directory } else { directory.join("Anew") };
            std::fs::remove_dir_all(&gone).unwrap();
            for actor in [&mut alice, &mut bob] {
                expect_refusal(actor.open(name), Code::FILE_NOT_FOUND);
            }
            let new = bob.create_new(name);
            assert_eq!(alice.open(name), Ok(new));
            assert_eq!(alice.open(name), Ok(new), "whoever opens it again finds the new one, too");
            // What was only put aside is no longer what the name means.
            if !whole_namespace {
                std::fs::rename(&gone, &removed).unwrap();
                let third = bob.create_new(name);
                assert_eq!(alice.open(name), Ok(third));
                std::fs::remove_dir_all(&removed).unwrap();
            }
            alice.let_go();
            bob.let_go();
        }
    }
}

#[test]
fn a_namespace_that_was_removed_by_hand_is_made_anew_by_the_next_name() {
    let world = World::new();
    let mut alice = world.actor();
    for (name, namespace) in [
        (r"Local\Anew", format!("veduta-{}", geteuid().as_raw())),
        (r"Global\Anew", "veduta-global".to_owned()),
    ] {
        alice.create_new(name);
        std::fs::remove_dir_all(world.root().join(&namespace)).unwrap();
        let new = alice.create_new(name);
        assert_eq!(world.actor().open(name), Ok(new));
        alice.let_go();
    }
}
