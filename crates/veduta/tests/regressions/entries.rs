//! Bugs of entries.

use crate::support::{Reply, World, expect_refusal};
use std::fs;
use veduta::{Code, Disposition};

/// A creator that finds the name taken after all withdraws what it prepared: the entry, then the temporary directory. A
/// sweep that came by in between found that directory empty and removed it, as it should, and the creator failed with
/// "no such object" because its own `rmdir` had nothing to remove.
#[test]
fn a_sweep_may_come_between_the_two_withdrawals_of_a_lost_race() {
    let world = World::new();
    let (mut winner, mut sweeper) = (world.actor(), world.actor());
    let mut loser = world.actor_until("MakeEntry=stop,WithdrawDirectory=stop");
    let name = r"Local\Withdrawn";
    assert!(matches!(loser.ask(&["create", name]), Reply::Stopped), "it has found the name free");
    let incarnation = winner.create_new(name);
    loser.go_on();
    assert!(matches!(loser.hear(), Reply::Stopped), "it is about to remove the directory");
    sweeper.sweep(name);
    loser.go_on();
    assert_eq!(loser.hear().done(), Ok(format!("Opened\t{}", incarnation.0)));
    loser.leave();
    winner.leave();
    world.expect_nothing_left();
}

/// A name is a directory with an entry in it. One with something else in it was no object to `open`, and a taken name to
/// `create`, which therefore asked again and again, for ever. In `Global\` anybody can make such a directory.
#[test]
fn an_obstructed_name_is_an_error_and_not_an_endless_loop() {
    let world = World::new();
    let mut actor = world.actor();
    let name = r"Global\Obstructed";
    actor.create_new(name);
    actor.close(name);
    let obstacle = world.root().join("veduta-global/Obstructed");
    fs::create_dir(&obstacle).unwrap();
    fs::write(obstacle.join("not an entry"), "").unwrap();
    expect_refusal(actor.open(name), Code::FILE_NOT_FOUND);
    let text = expect_refusal(actor.create(name), Code::INVALID_DATA);
    assert!(text.contains("remove it"), "it says what to do: {text}");
    assert_eq!(actor.sweep(name).problems.len(), 1, "a sweep tells of it, and leaves what is not its own");
    fs::remove_dir_all(&obstacle).unwrap();
    actor.create_new(name);
}

/// Whoever finds the bytes by asking all processes records itself as somebody who can be asked. When it had closed its own
/// handle, and the object's other holder could not be reached, the error named the very process that it was given to.
#[test]
fn nobody_is_told_that_it_hides_something_from_itself() {
    let world = World::new();
    let (mut alice, mut bob) = (world.actor(), world.actor());
    let name = r"Local\Not my own";
    let mut creator = world.actor();
    let incarnation = creator.create_new(name);
    alice.open(name).unwrap();
    creator.kill();
    assert_eq!(bob.open(name), Ok(incarnation), "and bob is recorded");
    bob.close(name);
    let mailbox = format!("veduta-mail-{}", alice.pid());
    alice.answer(&["mailbox", &mailbox]).unwrap();
    alice.answer(&["send", name, &mailbox]).unwrap();
    // The only handle is in a socket now, where nobody can be asked for it.
    let text = expect_refusal(bob.open(name), Code::ACCESS_DENIED);
    assert!(!text.contains(&format!("process {} ", bob.pid())), "{text}");
    alice.answer(&["receive", name]).unwrap();
    assert_eq!(bob.create(name), Ok((Disposition::Opened, incarnation)));
}

/// Closing the last handle marked its entry through a mapping. If somebody had cut the entry off, that was a bus error.
#[test]
fn closing_survives_an_entry_that_was_cut_off() {
    let world = World::new();
    let mut actor = world.actor();
    let name = r"Global\Cut off";
    actor.create_new(name);
    let entry = world.root().join("veduta-global/Cut%20off/e");
    fs::OpenOptions::new().write(true).open(&entry).unwrap().set_len(0).unwrap();
    actor.close(name);
    assert!(!entry.exists(), "and the name is gone");
    actor.create_new(name);
}
