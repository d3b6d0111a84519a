//! Sequences of operations of threads on mutexes, events and semaphores that are worth trying: threads meet at few objects,
//! some wait, and others let them go on.

use super::{ACTORS, name};
use crate::manager::{Manager, Names};
use crate::operation::Rights;
use crate::sync::{Kind, NewObject, Operation, Reset, Thread, Timeout};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// How many threads an actor has.
pub const THREADS: u8 = 2;
/// How many handles an actor has slots for.
pub const SLOTS: u8 = 4;

/// Something for threads to do, one after the other, though what one begins may end only after others did more.
pub type Play = Vec<(Thread, Operation)>;

/// Up to 71 operations: first all actors get handles to a few objects.
pub fn play(names: Names) -> impl Strategy<Value = Play> {
    let scenes = vec((thread(), scene(names), prop::bool::weighted(0.9)), 1..60);
    (vec(object(), 0..=usize::from(SLOTS)), scenes).prop_map(move |(objects, scenes)| {
        let mut model = Manager::new(names, Vec::new());
        let mut play = Vec::new();
        for (slot, object) in (0..).zip(objects) {
            for actor in 0..ACTORS {
                let create = Operation::Create { slot, name: format!("shared {slot}"), object };
                play.push((Thread { actor, thread: slot % THREADS }, create));
            }
        }
        for (thread, operation) in &play {
            model.act(*thread, operation);
        }
        for (mut thread, mut operation, steered) in scenes {
            if steered {
                steer(&model, &mut thread, &mut operation);
            }
            model.act(thread, &operation);
            go_on(&mut model);
            play.push((thread, operation));
        }
        play
    })
}

/// Lets everybody go on who can. The library may choose others.
fn go_on(model: &mut Manager) {
    while let Some((thread, outcomes)) = model.due().pop_first() {
        model.resume(thread, &outcomes[0]).expect("who is due goes on");
    }
}

/// All threads that there are, beginning with one.
fn from(first: Thread) -> impl Iterator<Item = Thread> {
    let all = ACTORS * usize::from(THREADS);
    let number = first.actor * usize::from(THREADS) + usize::from(first.thread);
    (number..number + all).map(move |number| Thread {
        actor: number % all / usize::from(THREADS),
        thread: number as u8 % THREADS,
    })
}

/// Turns an operation to what is there, so that it is likelier to work.
fn steer(model: &Manager, thread: &mut Thread, operation: &mut Operation) {
    let blocked = model.blocked();
    let free: Vec<Thread> = from(*thread).filter(|thread| !blocked.contains(thread)).collect();
    let Some(&first) = free.first() else {
        *operation = Operation::Kill;
        return;
    };
    let half = thread.thread == 0;
    *thread = first;
    // Somebody must be left who does something.
    if free.len() <= 2 {
        hurry(operation);
    }
    if let Some(use_of) = Use::of(operation) {
        let havers = free.iter().copied().filter(|&thread| use_of.best(model, thread).is_some());
        let chosen = match use_of.changes {
            true => havers.min_by_key(|&thread| use_of.best(model, thread)),
            false => havers.into_iter().next(),
        };
        let Some(chosen) = chosen else {
            // What would be used is there from now on.
            let kind = use_of.kind.unwrap_or(Kind::Event);
            let name = usual_name(kind).to_owned();
            *operation = Operation::Create { slot: 0, name, object: usual(kind, thread.thread) };
            return;
        };
        *thread = chosen;
        let helps = use_of.best(model, chosen) == Some(Rank::Awaited);
        if half
            && use_of.changes
            && !helps
            && let Some((helper, help)) = help(model, &free)
        {
            (*thread, *operation) = (helper, help);
            return;
        }
        pick_slots(model, chosen, half, &use_of, operation);
    }
    fill(model, *thread, operation);
}

/// How an operation uses a handle.
struct Use {
    /// The kind that it takes; else any but sections.
    kind: Option<Kind>,
    changes: bool,
    releases: bool,
}

/// How much comes of using a handle.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Somebody waits for it.
    Awaited,
    Useful,
    /// It is to be released by a thread that does not own it.
    Refused,
}

impl Use {
    fn of(operation: &Operation) -> Option<Use> {
        let (kind, changes) = match operation {
            Operation::Create { .. }
            | Operation::CreateNew { .. }
            | Operation::CreateUnnamed { .. }
            | Operation::Open { .. }
            | Operation::EndThread
            | Operation::Exit
            | Operation::Kill => return None,
            Operation::Lock { .. } => (Some(Kind::Mutex), false),
            Operation::ReleaseMutex { .. } => (Some(Kind::Mutex), true),
            Operation::Set { .. } | Operation::Reset { .. } | Operation::Pulse { .. } => {
                (Some(Kind::Event), true)
            }
            Operation::ReleaseSemaphore { .. } => (Some(Kind::Semaphore), true),
            _ => (None, false),
        };
        Some(Use { kind, changes, releases: matches!(operation, Operation::ReleaseMutex { .. }) })
    }

    fn slots(&self, model: &Manager, thread: Thread) -> Vec<u8> {
        let fits = |kind: Kind| self.kind.map_or(kind != Kind::Section, |wanted| kind == wanted);
        let handles = model.handles(thread.actor).into_iter();
        handles.filter(|&slot| model.kind(thread.actor, slot).is_some_and(fits)).collect()
    }

    fn rank(&self, model: &Manager, thread: Thread, slot: u8) -> Rank {
        if self.releases && !model.owns(thread, slot) {
            Rank::Refused
        } else if model.waiters(thread.actor, slot) > 0 {
            Rank::Awaited
        } else {
            Rank::Useful
        }
    }

    fn best(&self, model: &Manager, thread: Thread) -> Option<Rank> {
        self.slots(model, thread).into_iter().map(|slot| self.rank(model, thread, slot)).min()
    }
}

/// Turns an operation to handles that the thread has some of.
fn pick_slots(model: &Manager, thread: Thread, half: bool, use_of: &Use, operation: &mut Operation) {
    let there = use_of.slots(model, thread);
    let any = |slot: &mut u8| *slot = there[usize::from(*slot) % there.len()];
    match operation {
        Operation::Duplicate { from: slot, .. } | Operation::Close { slot } | Operation::State { slot } => {
            any(slot);
        }
        Operation::Lock { slot, .. } | Operation::Wait { slot, .. } => {
            any(slot);
            if let Some(&taken) = there.iter().find(|&&slot| half && model.would_block(thread, slot)) {
                *slot = taken;
            }
        }
        Operation::ReleaseMutex { slot }
        | Operation::Set { slot }
        | Operation::Reset { slot }
        | Operation::Pulse { slot }
        | Operation::ReleaseSemaphore { slot, .. } => {
            any(slot);
            let best = there.iter().min_by_key(|&&slot| use_of.rank(model, thread, slot));
            *slot = best.copied().filter(|_| half || use_of.releases).unwrap_or(*slot);
        }
        Operation::SignalAndWait { signal, wait, .. } => {
            any(signal);
            any(wait);
        }
        Operation::WaitAny { slots, .. } => slots.iter_mut().for_each(any),
        Operation::WaitAll { slots, .. } => {
            slots.iter_mut().for_each(any);
            slots.sort_unstable();
            slots.dedup();
        }
        _ => {}
    }
}

/// What lets somebody go on who waits, perhaps.
fn help(model: &Manager, free: &[Thread]) -> Option<(Thread, Operation)> {
    free.iter().find_map(|&thread| {
        let slots = model.handles(thread.actor).into_iter();
        let mut awaited = slots.filter(|&slot| model.waiters(thread.actor, slot) > 0);
        awaited.find_map(|slot| match model.kind(thread.actor, slot)? {
            Kind::Mutex => model.owns(thread, slot).then_some((thread, Operation::ReleaseMutex { slot })),
            Kind::Event => Some((thread, Operation::Set { slot })),
            Kind::Semaphore => Some((thread, Operation::ReleaseSemaphore { slot, count: 1 })),
            Kind::Section => None,
        })
    })
}

fn hurry(operation: &mut Operation) {
    match operation {
        Operation::Lock { timeout, .. }
        | Operation::Wait { timeout, .. }
        | Operation::WaitAny { timeout, .. }
        | Operation::WaitAll { timeout, .. }
        | Operation::SignalAndWait { timeout, .. } => *timeout = Timeout::Zero,
        _ => {}
    }
}

/// Turns what fills a slot to a slot that nobody waits through, if possible a vacant one, and to names that exist.
fn fill(model: &Manager, thread: Thread, operation: &mut Operation) {
    // Some are to be refused.
    let at_odds = |slot: u8| slot == 0 && thread.thread == 0;
    match operation {
        Operation::Create { name, object, slot } if !at_odds(*slot) => {
            if let Some(kind) = model.kind_of(name).filter(|&kind| kind != object.kind()) {
                *object = usual(kind, thread.thread);
            }
        }
        Operation::Open { name, kind, slot, .. } => {
            let there = model.names();
            if !there.is_empty() && !there.contains(name) {
                *name = there[usize::from(*slot) % there.len()].clone();
            }
            if let Some(there) = model.kind_of(name).filter(|_| !at_odds(*slot)) {
                *kind = there;
            }
        }
        _ => {}
    }
    match operation {
        Operation::Create { slot, .. }
        | Operation::CreateNew { slot, .. }
        | Operation::CreateUnnamed { slot, .. }
        | Operation::Open { slot, .. }
        | Operation::Duplicate { to: slot, .. } => {
            let there = model.handles(thread.actor);
            let vacant = (0..SLOTS).find(|slot| !there.contains(slot));
            let first = *slot;
            let unused = (0..SLOTS)
                .map(|next| (first + next) % SLOTS)
                .find(|&slot| model.waiters(thread.actor, slot) == 0);
            *slot = vacant.or(unused).unwrap_or(first);
        }
        _ => {}
    }
}

/// What the object of a kind is mostly called, so that actors meet.
fn usual_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Mutex => "M",
        Kind::Event => "E",
        Kind::Semaphore => "S",
        Kind::Section => "A",
    }
}

fn usual(kind: Kind, variant: u8) -> NewObject {
    let reset = if variant == 0 { Reset::Auto } else { Reset::Manual };
    match kind {
        Kind::Mutex => NewObject::Mutex { owned: variant == 0 },
        Kind::Event => NewObject::Event { reset, signaled: false },
        Kind::Semaphore => NewObject::Semaphore { count: variant.into(), maximum: 3 },
        Kind::Section => NewObject::Section,
    }
}

fn thread() -> impl Strategy<Value = Thread> {
    (0..ACTORS, 0..THREADS).prop_map(|(actor, thread)| Thread { actor, thread })
}

fn slot() -> impl Strategy<Value = u8> {
    0..SLOTS
}

fn object() -> impl Strategy<Value = NewObject> {
    let reset = select(vec![Reset::Auto, Reset::Manual]);
    let counts = prop_oneof![
        8 => (0..3_u32, 3..5_u32),
        1 => select(vec![(2, 1), (0, 0), (0, 1 << 31), (u32::MAX, u32::MAX), (0, i32::MAX as u32)]),
    ];
    prop_oneof![
        8 => any::<bool>().prop_map(|owned| NewObject::Mutex { owned }),
        8 => (reset, any::<bool>()).prop_map(|(reset, signaled)| NewObject::Event { reset, signaled }),
        6 => counts.prop_map(|(count, maximum)| NewObject::Semaphore { count, maximum }),
        1 => Just(NewObject::Section),
    ]
}

fn rights() -> impl Strategy<Value = Rights> {
    let all = Rights::QUERY.and(Rights::MODIFY_STATE).and(Rights::SYNCHRONIZE);
    let some = vec![
        Rights::NONE,
        Rights::QUERY,
        Rights::MODIFY_STATE,
        Rights::SYNCHRONIZE,
        Rights::SYNCHRONIZE.and(Rights::MODIFY_STATE),
    ];
    prop_oneof![4 => Just(all), 1 => select(some)]
}

fn kind() -> impl Strategy<Value = Kind> {
    select(vec![Kind::Mutex, Kind::Event, Kind::Semaphore, Kind::Section])
}

fn timeout() -> impl Strategy<Value = Timeout> {
    prop_oneof![4 => Just(Timeout::Zero), 1 => Just(Timeout::Short), 6 => Just(Timeout::Forever)]
}

fn slots() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => vec(slot(), 1..5),
        1 => (slot(), select(vec![0_usize, 64, 65])).prop_map(|(slot, len)| vec![slot; len]),
    ]
}

fn creating(names: Names) -> impl Strategy<Value = Operation> {
    prop_oneof![
        5 => (slot(), name(names), object())
            .prop_map(|(slot, name, object)| Operation::Create { slot, name, object }),
        1 => (slot(), name(names), object())
            .prop_map(|(slot, name, object)| Operation::CreateNew { slot, name, object }),
        1 => (slot(), object()).prop_map(|(slot, object)| Operation::CreateUnnamed { slot, object }),
    ]
}

fn waiting() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (slot(), timeout()).prop_map(|(slot, timeout)| Operation::Lock { slot, timeout }),
        4 => (slot(), timeout()).prop_map(|(slot, timeout)| Operation::Wait { slot, timeout }),
        3 => (slots(), timeout()).prop_map(|(slots, timeout)| Operation::WaitAny { slots, timeout }),
        3 => (slots(), timeout()).prop_map(|(slots, timeout)| Operation::WaitAll { slots, timeout }),
        2 => (slot(), slot(), timeout())
            .prop_map(|(signal, wait, timeout)| Operation::SignalAndWait { signal, wait, timeout }),
    ]
}

fn changing() -> impl Strategy<Value = Operation> {
    let count = prop_oneof![9 => 1..4_u32, 1 => select(vec![0, 1 << 31])];
    prop_oneof![
        4 => slot().prop_map(|slot| Operation::ReleaseMutex { slot }),
        4 => slot().prop_map(|slot| Operation::Set { slot }),
        1 => slot().prop_map(|slot| Operation::Reset { slot }),
        1 => slot().prop_map(|slot| Operation::Pulse { slot }),
        4 => (slot(), count).prop_map(|(slot, count)| Operation::ReleaseSemaphore { slot, count }),
    ]
}

fn scene(names: Names) -> impl Strategy<Value = Operation> {
    prop_oneof![
        5 => creating(names),
        5 => (slot(), name(names), kind(), rights())
            .prop_map(|(slot, name, kind, access)| Operation::Open { slot, name, kind, access }),
        1 => (slot(), slot(), rights())
            .prop_map(|(from, to, access)| Operation::Duplicate { from, to, access }),
        1 => slot().prop_map(|slot| Operation::Close { slot }),
        2 => slot().prop_map(|slot| Operation::State { slot }),
        14 => waiting(),
        14 => changing(),
        1 => Just(Operation::EndThread),
        1 => prop_oneof![1 => Just(Operation::Exit), 2 => Just(Operation::Kill)],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use std::collections::BTreeMap;

    /// Plays in which nothing works would agree, too.
    #[test]
    fn plays_are_worth_trying() {
        let mut runner = TestRunner::deterministic();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for names in [Names::Session, Names::Private] {
            for _ in 0..300 {
                let tree = play(names).new_tree(&mut runner).expect("plays can be generated");
                let mut model = Manager::new(names, Vec::new());
                for (thread, operation) in tree.current() {
                    let outcome = format!("{:?}", model.act(thread, &operation));
                    let outcome = outcome.split(" { owner").next().unwrap_or_default().to_owned();
                    *seen.entry(outcome).or_default() += 1;
                    // Others than when the play was made: that is up to the library, too.
                    while let Some((thread, mut outcomes)) = model.due().pop_last() {
                        let outcome = outcomes.pop().expect("who is due has an outcome");
                        assert_eq!(model.resume(thread, &outcome), Ok(()));
                        *seen.entry("resumed".to_owned()).or_default() += 1;
                        *seen.entry(format!("resumed, {outcome:?}")).or_default() += 1;
                    }
                }
            }
        }
        let count = |wanted: &str| seen.get(wanted).copied().unwrap_or_default();
        let all: usize =
            seen.iter().filter(|(key, _)| !key.starts_with("resumed")).map(|(_, times)| times).sum();
        let idle: usize = seen
            .iter()
            .filter(|(outcome, _)| {
                outcome.starts_with("Refused") || matches!(&***outcome, "Vacant" | "Unspecified")
            })
            .map(|(_, times)| times)
            .sum();
        assert!(idle * 3 < all, "{idle} of {all} operations come to nothing: {seen:#?}");
        assert!(count("Blocked") * 20 > all && count("resumed") * 2 > count("Blocked"), "{seen:#?}");
        for code in [2, 3, 5, 6, 87, 123, 161, 183, 206, 288, 298] {
            assert!(count(&format!("Refused({code})")) > 0, "code {code}: {seen:#?}");
        }
        for outcome in [
            "Abandoned(0)",
            "Abandoned(1)",
            "Signaled(1)",
            "TookAll { abandoned: true }",
            "TookAll { abandoned: false }",
            "TimedOut",
            "resumed, Abandoned(0)",
            "resumed, Signaled(1)",
            "resumed, TookAll { abandoned: false }",
        ] {
            assert!(count(outcome) > 0, "{outcome}: {seen:#?}");
        }
    }
}
