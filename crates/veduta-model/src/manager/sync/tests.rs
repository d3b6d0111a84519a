//! What is known of Windows' mutexes, events, semaphores and waits. The numbers are those of vectors/.

use crate::manager::{Manager, Names};
use crate::operation::Outcome::{
    Abandoned, Blocked, Created, Done, Opened, Previous, Refused, Signaled, TimedOut, TookAll, Unspecified,
    Vacant,
};
use crate::operation::{Outcome, Rights};
use crate::sync::Operation::*;
use crate::sync::Timeout::{Forever, Short, Zero};
use crate::sync::{self, Kind, NewObject, Operation, Thread};

/// Two threads of one process, and one each of two others.
const A0: Thread = Thread { actor: 0, thread: 0 };
const A1: Thread = Thread { actor: 0, thread: 1 };
const B: Thread = Thread { actor: 1, thread: 0 };
const C: Thread = Thread { actor: 2, thread: 0 };

const MUTEX: NewObject = NewObject::Mutex { owned: false };
const OWNED: NewObject = NewObject::Mutex { owned: true };
const AUTO: NewObject = NewObject::Event { reset: sync::Reset::Auto, signaled: false };
const MANUAL: NewObject = NewObject::Event { reset: sync::Reset::Manual, signaled: false };
const NO_RIGHT_OF_USE: Rights = Rights::QUERY;

fn semaphore(count: u32, maximum: u32) -> NewObject {
    NewObject::Semaphore { count, maximum }
}

fn session() -> Manager {
    Manager::new(Names::Session, vec![])
}

/// Threads do things, and this comes of each.
#[track_caller]
fn story(manager: &mut Manager, lines: &[(Thread, Operation, Outcome)]) {
    for (index, (thread, operation, expected)) in lines.iter().enumerate() {
        assert_eq!(manager.act(*thread, operation), *expected, "line {index}: {thread:?} {operation:?}");
    }
}

/// These are due, and go on, and then nobody is.
#[track_caller]
fn settle(manager: &mut Manager, resumed: &[(Thread, Outcome)]) {
    for (thread, outcome) in resumed {
        assert!(!manager.due().is_empty(), "{thread:?} goes on in vain");
        assert_eq!(manager.resume(*thread, outcome), Ok(()));
    }
    assert!(manager.due().is_empty(), "{:?} can go on too", manager.due());
}

/// The actors, each with handles to objects of these names in slots 0, 1, ...
fn shared(objects: &[NewObject]) -> Manager {
    let mut manager = session();
    for (slot, &object) in (0..).zip(objects) {
        for thread in [A0, B, C] {
            let outcome = manager.act(thread, &create(slot, &format!("object {slot}"), object));
            assert_eq!(outcome, if thread == A0 { Created } else { Opened });
        }
    }
    manager
}

fn create(slot: u8, name: &str, object: NewObject) -> Operation {
    Create { slot, name: name.to_owned(), object }
}

fn open(slot: u8, name: &str, kind: Kind, access: Rights) -> Operation {
    Open { slot, name: name.to_owned(), kind, access }
}

fn poll(slot: u8) -> Operation {
    Wait { slot, timeout: Zero }
}

fn wait(slot: u8) -> Operation {
    Wait { slot, timeout: Forever }
}

fn any(slots: &[u8]) -> Operation {
    WaitAny { slots: slots.to_vec(), timeout: Forever }
}

fn all(slots: &[u8]) -> Operation {
    WaitAll { slots: slots.to_vec(), timeout: Forever }
}

fn poll_any(slots: &[u8]) -> Operation {
    WaitAny { slots: slots.to_vec(), timeout: Zero }
}

fn poll_all(slots: &[u8]) -> Operation {
    WaitAll { slots: slots.to_vec(), timeout: Zero }
}

fn add(slot: u8, count: u32) -> Operation {
    ReleaseSemaphore { slot, count }
}

fn mutex(owner: Option<Thread>, recursion: u32, abandoned: bool) -> Outcome {
    Outcome::State(sync::State::Mutex { owner, recursion, abandoned })
}

#[test]
fn all_kinds_share_the_names() {
    let all = [MUTEX, AUTO, semaphore(0, 1), NewObject::Section];
    for first in all {
        for second in all {
            let same = first.kind() == second.kind();
            let refused_unless = |outcome: Outcome| if same { outcome } else { Refused(6) };
            story(
                &mut session(),
                &[
                    (A0, create(0, r"Local\X", first), Created),
                    (B, create(0, "X", second), refused_unless(Opened)),
                    (B, open(1, "X", second.kind(), Rights::READ), refused_unless(Done)),
                    (
                        B,
                        CreateNew { slot: 2, name: "X".to_owned(), object: second },
                        refused_unless(Refused(183)),
                    ),
                    (B, create(2, r"Global\X", second), Created),
                    (B, create(3, "", second), Created),
                    (B, create(3, "", second), Created),
                    (A0, Kill, Done),
                    (B, Exit, Done),
                    (C, open(0, "X", first.kind(), Rights::READ), Refused(2)),
                ],
            );
        }
    }
    story(
        &mut session(),
        &[
            (A0, open(0, "", Kind::Mutex, Rights::SYNCHRONIZE), Refused(6)),
            (A0, open(0, "X", Kind::Mutex, Rights::NONE), Refused(5)),
            (A0, create(0, r"a\b", MUTEX), Refused(3)),
        ],
    );
}

#[test]
fn the_first_creator_decides() {
    let manual_and_set = NewObject::Event { reset: sync::Reset::Manual, signaled: true };
    story(
        &mut session(),
        &[
            (A0, create(0, "E", manual_and_set), Created),
            (B, create(0, "E", AUTO), Opened),
            (B, poll(0), Signaled(0)),
            (
                B,
                State { slot: 0 },
                Outcome::State(sync::State::Event { reset: sync::Reset::Manual, signaled: true }),
            ),
            (A0, create(1, "S", semaphore(1, 2)), Created),
            (B, create(1, "S", semaphore(5, 10)), Opened),
            (B, add(1, 1), Previous(1)),
            (B, add(1, 1), Refused(298)),
            (A0, create(2, "M", MUTEX), Created),
            (B, create(2, "M", OWNED), Opened),
            (B, State { slot: 2 }, mutex(None, 0, false)),
        ],
    );
}

#[test]
fn a_mutex_belongs_to_a_thread_as_often_as_it_took_it() {
    story(
        &mut shared(&[OWNED]),
        &[
            (A0, State { slot: 0 }, mutex(Some(A0), 1, false)),
            (A1, ReleaseMutex { slot: 0 }, Refused(288)),
            (B, ReleaseMutex { slot: 0 }, Refused(288)),
            (A0, Lock { slot: 0, timeout: Zero }, Signaled(0)),
            (A0, poll_any(&[0]), Signaled(0)),
            (A0, ReleaseMutex { slot: 0 }, Done),
            (A0, ReleaseMutex { slot: 0 }, Done),
            (A1, poll(0), TimedOut),
            (A0, ReleaseMutex { slot: 0 }, Done),
            (A0, ReleaseMutex { slot: 0 }, Refused(288)),
            (A1, poll(0), Signaled(0)),
            (B, Lock { slot: 0, timeout: Short }, TimedOut),
        ],
    );
}

#[test]
fn an_abandoned_mutex_tells_it_once() {
    for end in [EndThread, Exit, Kill] {
        let mut manager = shared(&[OWNED]);
        story(
            &mut manager,
            &[
                (A0, poll(0), Signaled(0)),
                // Whether the owner has a handle does not matter.
                (A0, Close { slot: 0 }, Done),
                (B, poll(0), TimedOut),
                (A0, end, Done),
                (B, State { slot: 0 }, mutex(None, 0, true)),
                (B, poll(0), Abandoned(0)),
                (B, State { slot: 0 }, mutex(Some(B), 1, false)),
                (B, ReleaseMutex { slot: 0 }, Done),
                (C, poll(0), Signaled(0)),
            ],
        );
    }
}

#[test]
fn a_thread_that_ends_abandons_only_what_it_owns() {
    story(
        &mut shared(&[OWNED, MUTEX]),
        &[
            (A1, poll(1), Signaled(0)),
            (A0, EndThread, Done),
            (B, poll(0), Abandoned(0)),
            (B, poll(1), TimedOut),
            (A1, poll_all(&[1]), TookAll { abandoned: false }),
        ],
    );
}

#[test]
fn events_stay_set_until_they_are_reset() {
    story(
        &mut shared(&[AUTO, MANUAL]),
        &[
            (A0, poll(0), TimedOut),
            (A0, Set { slot: 0 }, Done),
            (A0, Set { slot: 0 }, Done),
            (B, poll(0), Signaled(0)),
            (B, poll(0), TimedOut),
            (A0, Set { slot: 1 }, Done),
            (B, poll(1), Signaled(0)),
            (B, poll(1), Signaled(0)),
            (A0, Reset { slot: 1 }, Done),
            (B, poll(1), TimedOut),
            (A0, Pulse { slot: 0 }, Done),
            (B, poll(0), TimedOut),
            (A0, Set { slot: 1 }, Done),
            (A0, Pulse { slot: 1 }, Done),
            (B, poll(1), TimedOut),
        ],
    );
}

#[test]
fn semaphores_count() {
    story(
        &mut shared(&[semaphore(1, 5)]),
        &[
            (A0, add(0, 2), Previous(1)),
            (A0, add(0, 3), Refused(298)),
            (A0, add(0, 0), Refused(87)),
            (A0, add(0, 1 << 31), Refused(87)),
            (A0, State { slot: 0 }, Outcome::State(sync::State::Semaphore { count: 3, maximum: 5 })),
            (B, poll(0), Signaled(0)),
            // Nobody owns what it took.
            (B, Kill, Done),
            (C, poll(0), Signaled(0)),
            (C, poll(0), Signaled(0)),
            (C, poll(0), TimedOut),
        ],
    );
    for (count, maximum) in [(2, 1), (0, 0), (0, 1 << 31)] {
        story(&mut session(), &[(A0, create(0, r"Local\", semaphore(count, maximum)), Refused(87))]);
    }
}

#[test]
fn what_a_handle_may() {
    let with = |access| Duplicate { from: 0, to: 3, access };
    for object in [OWNED, AUTO, semaphore(0, 1)] {
        let mut manager = shared(&[object]);
        let kind = object.kind();
        let change = match kind {
            Kind::Mutex => ReleaseMutex { slot: 3 },
            Kind::Event => Set { slot: 3 },
            _ => add(3, 1),
        };
        let changed = match kind {
            Kind::Semaphore => Previous(0),
            _ => Done,
        };
        // Owning a mutex is all it takes to release it.
        let without = if kind == Kind::Mutex { Done } else { Refused(5) };
        story(
            &mut manager,
            &[
                (A0, with(NO_RIGHT_OF_USE), Done),
                (A0, change.clone(), without),
                (A0, poll(3), Refused(5)),
                (A0, poll_any(&[0, 3]), Refused(5)),
                (A0, poll_all(&[0, 3]), Refused(5)),
                (A0, SignalAndWait { signal: 0, wait: 3, timeout: Zero }, Refused(5)),
                (A0, with(Rights::SYNCHRONIZE), Done),
                (A0, State { slot: 3 }, Refused(5)),
            ],
        );
        if kind == Kind::Mutex {
            story(&mut manager, &[(A0, poll(3), Signaled(0))]);
        } else {
            story(&mut manager, &[(A0, poll(3), TimedOut), (A0, change.clone(), Refused(5))]);
        }
        story(&mut manager, &[(A0, with(Rights::MODIFY_STATE), Done), (A0, change, changed)]);
    }
    story(
        &mut shared(&[AUTO]),
        &[
            (A0, with(Rights::SYNCHRONIZE), Done),
            (A0, Reset { slot: 3 }, Refused(5)),
            (A0, Pulse { slot: 3 }, Refused(5)),
            (A0, add(0, 1), Refused(6)),
            (A0, ReleaseMutex { slot: 0 }, Refused(6)),
            (A0, Lock { slot: 0, timeout: Zero }, Refused(6)),
            (A0, poll(1), Vacant),
        ],
    );
}

#[test]
fn what_can_be_waited_for_together() {
    let mut manager = shared(&[AUTO, MUTEX]);
    story(
        &mut manager,
        &[
            (A0, poll_any(&[]), Refused(87)),
            (A0, poll_all(&[]), Refused(87)),
            (A0, poll_any(&[0; 64]), TimedOut),
            (A0, poll_any(&[0; 65]), Refused(87)),
            (A0, poll_all(&[0, 1, 0]), Refused(87)),
            // Two handles of the same object are the same.
            (A0, Duplicate { from: 0, to: 2, access: Rights::SYNCHRONIZE }, Done),
            (A0, poll_all(&[0, 2]), Refused(87)),
            (A0, CreateUnnamed { slot: 3, object: NewObject::Section }, Created),
            (A0, poll_any(&[0, 3]), Refused(6)),
            (A0, poll_any(&[3; 65]), Refused(6)),
        ],
    );
}

#[test]
fn the_smallest_index_is_told() {
    story(
        &mut shared(&[AUTO, OWNED, MANUAL]),
        &[
            (A0, Set { slot: 2 }, Done),
            (B, poll_any(&[0, 1, 2]), Signaled(2)),
            (A0, Kill, Done),
            (B, poll_any(&[0, 1, 2]), Abandoned(1)),
            (B, poll_any(&[0, 2, 1]), Signaled(1)),
            (B, poll_any(&[1, 2]), Signaled(0)),
        ],
    );
}

#[test]
fn all_are_taken_or_none() {
    let mut manager = shared(&[AUTO, AUTO, OWNED]);
    story(
        &mut manager,
        &[
            (B, Set { slot: 0 }, Done),
            (B, poll_all(&[0, 1]), TimedOut),
            (B, poll(0), Signaled(0)),
            (B, all(&[2, 0, 1]), Blocked),
            (C, Set { slot: 0 }, Done),
            (C, Set { slot: 1 }, Done),
            (C, poll(1), Signaled(0)),
            (A0, ReleaseMutex { slot: 2 }, Done),
            (A0, poll(2), Signaled(0)),
            (A0, Kill, Done),
            (C, Set { slot: 1 }, Done),
        ],
    );
    settle(&mut manager, &[(B, TookAll { abandoned: true })]);
    story(
        &mut manager,
        &[
            (C, poll(0), TimedOut),
            (C, poll(1), TimedOut),
            (C, poll(2), TimedOut),
            (B, ReleaseMutex { slot: 2 }, Done),
            (C, poll_all(&[2]), TookAll { abandoned: false }),
        ],
    );
}

#[test]
fn anybody_may_get_what_several_wait_for_but_only_one() {
    for (lucky, others) in [(A1, [B, C]), (B, [A1, C]), (C, [A1, B])] {
        let mut manager = shared(&[AUTO]);
        for thread in [A1, B, C] {
            story(&mut manager, &[(thread, wait(0), Blocked)]);
        }
        assert_eq!(manager.waiters(0, 0), 3);
        story(&mut manager, &[(A0, Set { slot: 0 }, Done)]);
        assert_eq!(manager.due().len(), 3);
        assert!(manager.resume(lucky, &Abandoned(0)).is_err());
        assert!(manager.resume(A0, &Signaled(0)).is_err());
        settle(&mut manager, &[(lucky, Signaled(0))]);
        assert_eq!(manager.blocked(), others);
        assert!(manager.resume(others[0], &Signaled(0)).is_err());
    }
}

#[test]
fn as_many_go_on_as_can() {
    let mut manager = shared(&[MANUAL, semaphore(0, 5)]);
    for (thread, operation) in [(A1, wait(0)), (B, any(&[1, 0])), (C, wait(1))] {
        story(&mut manager, &[(thread, operation, Blocked)]);
    }
    story(&mut manager, &[(A0, Set { slot: 0 }, Done)]);
    settle(&mut manager, &[(B, Signaled(1)), (A1, Signaled(0))]);
    story(
        &mut manager,
        &[(A0, Reset { slot: 0 }, Done), (B, wait(1), Blocked), (A0, add(1, 3), Previous(0))],
    );
    settle(&mut manager, &[(B, Signaled(0)), (C, Signaled(0))]);
    story(&mut manager, &[(A0, poll(1), Signaled(0)), (A0, poll(1), TimedOut)]);
}

#[test]
#[should_panic(expected = "must go on before")]
fn nothing_happens_before_all_went_on() {
    let mut manager = shared(&[MANUAL]);
    story(&mut manager, &[(B, wait(0), Blocked), (A0, Set { slot: 0 }, Done)]);
    manager.act(A0, &Reset { slot: 0 });
}

#[test]
fn a_pulse_is_for_who_waits() {
    let mut manager = shared(&[MANUAL, AUTO]);
    let blocked = [(A1, wait(0), Blocked), (B, any(&[1, 0]), Blocked), (C, all(&[0]), Blocked)];
    story(&mut manager, &blocked);
    story(&mut manager, &[(A0, Pulse { slot: 0 }, Done)]);
    settle(&mut manager, &[(B, Signaled(1)), (A1, Signaled(0))]);
    story(&mut manager, &[(A0, poll(0), TimedOut), (A0, Set { slot: 0 }, Done)]);
    settle(&mut manager, &[(C, TookAll { abandoned: false })]);
    story(&mut manager, &[(B, wait(1), Blocked), (C, wait(1), Blocked), (A0, Pulse { slot: 1 }, Done)]);
    settle(&mut manager, &[(C, Signaled(0))]);
    story(&mut manager, &[(A0, poll(1), TimedOut)]);
    assert_eq!(manager.blocked(), [B]);
}

#[test]
fn who_is_killed_takes_nothing_with_it() {
    let mut manager = shared(&[AUTO]);
    story(
        &mut manager,
        &[
            (A0, wait(0), Blocked),
            (A1, wait(0), Blocked),
            (B, wait(0), Blocked),
            (A0, Kill, Done),
            (C, Set { slot: 0 }, Done),
        ],
    );
    settle(&mut manager, &[(B, Signaled(0))]);
    story(
        &mut manager,
        &[(B, wait(0), Blocked), (B, Exit, Done), (C, Set { slot: 0 }, Done), (C, poll(0), Signaled(0))],
    );
    // The thread of that number is a new one.
    story(&mut manager, &[(A0, poll(0), Vacant)]);
}

#[test]
fn what_is_abandoned_goes_to_who_waits() {
    let killed = || {
        let mut manager = shared(&[OWNED, OWNED]);
        story(
            &mut manager,
            &[
                (B, any(&[0, 1]), Blocked),
                (C, all(&[0, 1]), Blocked),
                (A1, wait(1), Blocked),
                (A0, Kill, Done),
            ],
        );
        assert_eq!(manager.blocked(), [B, C]);
        manager
    };
    settle(&mut killed(), &[(B, Abandoned(0))]);
    // Which of them was abandoned first is not said.
    settle(&mut killed(), &[(B, Abandoned(1))]);
    let mut manager = killed();
    settle(&mut manager, &[(C, TookAll { abandoned: true })]);
    story(&mut manager, &[(C, ReleaseMutex { slot: 1 }, Done)]);
    settle(&mut manager, &[(B, Signaled(1))]);
}

#[test]
fn a_mutex_is_signaled_to_its_owner() {
    let mut manager = shared(&[OWNED, AUTO]);
    story(&mut manager, &[(A0, all(&[0, 1]), Blocked), (B, wait(1), Blocked), (B, EndThread, Unspecified)]);
    story(&mut manager, &[(C, Set { slot: 1 }, Done)]);
    settle(&mut manager, &[(A0, TookAll { abandoned: false })]);
    story(&mut manager, &[(A0, State { slot: 0 }, mutex(Some(A0), 2, false))]);
}

#[test]
fn signal_and_wait() {
    let both = |signal, wait, timeout| SignalAndWait { signal, wait, timeout };
    let mut manager = shared(&[AUTO, MUTEX, semaphore(0, 1)]);
    story(
        &mut manager,
        &[
            // What is not signaled is not waited for either.
            (A0, Set { slot: 0 }, Done),
            (A0, both(1, 0, Zero), Refused(288)),
            (A0, poll(0), Signaled(0)),
            (A0, both(2, 0, Zero), TimedOut),
            (A0, both(2, 0, Zero), Refused(298)),
            (A0, both(0, 2, Zero), Signaled(0)),
            (A0, both(0, 0, Zero), Signaled(0)),
            // The thread that it wakes has nothing to do with what it waits for.
            (B, wait(0), Blocked),
            (A0, both(0, 1, Zero), Signaled(0)),
        ],
    );
    settle(&mut manager, &[(B, Signaled(0))]);
    // Either gets the mutex; without waiting it could be had or not.
    story(&mut manager, &[(B, wait(1), Blocked), (A0, both(1, 1, Zero), Unspecified)]);
    story(
        &mut manager,
        &[(A0, State { slot: 1 }, mutex(Some(A0), 1, false)), (A0, both(1, 1, Forever), Blocked)],
    );
    assert_eq!(manager.due().len(), 2);
    settle(&mut manager, &[(A0, Signaled(0))]);
    story(&mut manager, &[(A0, ReleaseMutex { slot: 1 }, Done)]);
    settle(&mut manager, &[(B, Signaled(0))]);
}

#[test]
fn a_thread_that_waits_does_nothing_else_and_its_handle_stays() {
    let mut manager = shared(&[AUTO, AUTO]);
    story(
        &mut manager,
        &[
            (A0, any(&[0, 1]), Blocked),
            (A0, Set { slot: 0 }, Unspecified),
            (A0, EndThread, Unspecified),
            (A1, Close { slot: 1 }, Unspecified),
            (A1, create(0, "new", MUTEX), Unspecified),
            (A1, Duplicate { from: 0, to: 1, access: Rights::NONE }, Unspecified),
            (A1, Duplicate { from: 0, to: 2, access: Rights::MODIFY_STATE }, Done),
            (B, Close { slot: 0 }, Done),
            (A1, Set { slot: 2 }, Done),
        ],
    );
    settle(&mut manager, &[(A0, Signaled(0))]);
    story(&mut manager, &[(A1, Close { slot: 1 }, Done)]);
}
