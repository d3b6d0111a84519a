//! What holds of names because they are entries: bytes that are counted, that somebody hides, that were removed by hand.

use crate::PLACES;
use crate::support::memory::{shared, until_shared};
use crate::support::reply::HolderSeen;
use crate::support::{Actor, World, expect_refusal, lacks_privileges, skipped};
use rustix::process::geteuid;
use veduta::{Code, Disposition};

const MIB: u64 = 1 << 20;

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
