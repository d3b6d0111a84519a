//! Sequences of operations that are worth trying: few names, slots and places, so that they meet, and most succeed.

pub mod sync;

use crate::manager::{Manager, Names};
use crate::operation::{Operation, Protection, Rights, ViewAccess};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// How many actors there are.
pub const ACTORS: usize = 3;
/// How many handles, and how many views, an actor has slots for.
pub const SLOTS: u8 = 3;
/// How many bytes the files have that operations are on.
pub const FILES: [usize; 3] = [0, 100, 10_000];

/// Something for each actor to do, one after the other.
pub type Play = Vec<(usize, Operation)>;

/// What the files contain before a play.
pub fn files() -> Vec<Vec<u8>> {
    let contents = |len: usize| (0..len).map(|at| (at / 1000) as u8 + b'a').collect();
    FILES.into_iter().map(contents).collect()
}

/// 1 to 60 operations.
pub fn play(names: Names) -> impl Strategy<Value = Play> {
    vec((0..ACTORS, scene(names), prop::bool::weighted(0.9)), 1..45).prop_map(move |scenes| {
        let mut model = Manager::new(names, files());
        let mut play = Vec::new();
        for (mut actor, scene, steered) in scenes {
            for mut operation in scene {
                if steered {
                    steer(&model, &mut actor, &mut operation);
                }
                model.apply(actor, &operation);
                play.push((actor, operation));
            }
        }
        play.truncate(60);
        play
    })
}

/// Turns an operation to what is there, so that it is likelier to work.
fn steer(model: &Manager, actor: &mut usize, operation: &mut Operation) {
    let pick = |there: Vec<u8>, slot: &mut u8| {
        if !there.is_empty() {
            *slot = there[usize::from(*slot) % there.len()];
        }
    };
    let whoever = |from: usize, has: &dyn Fn(usize) -> bool| {
        (0..ACTORS).map(|next| (from + next) % ACTORS).find(|&actor| has(actor)).unwrap_or(from)
    };
    let fit = |view: u8, actor: usize, offset: &mut u64, len: &mut u64| {
        let there = model.view_len(actor, view).unwrap_or(1);
        *offset = if *offset < there { *offset } else { *offset % there };
        *len = (*len).min(there - *offset);
    };
    let anybody =
        |has: fn(&Manager, usize) -> Vec<u8>| (0..ACTORS).any(|actor| !has(model, actor).is_empty());
    // Where there is nothing yet, it is made instead.
    match operation {
        Operation::Unmap { .. }
        | Operation::Write { .. }
        | Operation::Read { .. }
        | Operation::Fill { .. }
        | Operation::CopyBetween { .. }
        | Operation::Compare { .. }
        | Operation::Protect { .. }
            if !anybody(Manager::views) =>
        {
            let (slot, view, access) = (0, 0, ViewAccess::Write);
            *operation = Operation::Map { slot, view, access, offset: 0, len: None };
        }
        _ => {}
    }
    match operation {
        Operation::Close { .. }
        | Operation::Facts { .. }
        | Operation::Duplicate { .. }
        | Operation::Map { .. }
        | Operation::Open { .. }
        | Operation::Exists { .. }
            if !anybody(Manager::handles) =>
        {
            let (size, protection) = (10_000, Protection::ReadWrite);
            *operation = Operation::Create { slot: 0, name: "A".to_owned(), size, protection };
        }
        _ => {}
    }
    match operation {
        Operation::Close { slot } | Operation::Facts { slot } | Operation::Duplicate { from: slot, .. } => {
            *actor = whoever(*actor, &|actor| !model.handles(actor).is_empty());
            pick(model.handles(*actor), slot);
        }
        Operation::Open { name, .. } | Operation::Exists { name } => {
            let there = model.names();
            if !there.is_empty() && !there.contains(name) {
                *name = there[name.len() % there.len()].clone();
            }
        }
        Operation::Map { slot, view, access, offset, len } => {
            *actor = whoever(*actor, &|actor| !model.handles(actor).is_empty());
            pick(model.handles(*actor), slot);
            let size = model.section_len(*actor, *slot).unwrap_or(1);
            if offset.saturating_add(len.unwrap_or(1)) > size {
                (*offset, *len) = (*offset % size, None);
            }
            // Some are to be refused: which of two reasons is told is worth trying.
            if *view != 0 && !model.may_map(*actor, *slot, *access) {
                *access = ViewAccess::Copy;
            }
        }
        Operation::Unmap { view } => {
            *actor = whoever(*actor, &|actor| !model.views(actor).is_empty());
            pick(model.views(*actor), view);
        }
        Operation::Read { view, offset, len }
        | Operation::Fill { view, offset, len, .. }
        | Operation::Protect { view, offset, len, .. } => {
            *actor = whoever(*actor, &|actor| !model.views(actor).is_empty());
            pick(model.views(*actor), view);
            fit(*view, *actor, offset, len);
        }
        Operation::Write { view, offset, bytes } => {
            *actor = whoever(*actor, &|actor| !model.views(actor).is_empty());
            pick(model.views(*actor), view);
            let mut len = bytes.len() as u64;
            fit(*view, *actor, offset, &mut len);
            bytes.truncate(len as usize);
        }
        Operation::CopyBetween {
            from: view,
            from_offset: offset,
            len,
            to: other,
            to_offset: other_offset,
        }
        | Operation::Compare { view, offset, len, other, other_offset } => {
            // Two different views, where somebody has them.
            *actor = whoever(*actor, &|actor| model.views(actor).len() > 1);
            *actor = whoever(*actor, &|actor| !model.views(actor).is_empty());
            pick(model.views(*actor), view);
            pick(model.views(*actor), other);
            fit(*view, *actor, offset, len);
            fit(*other, *actor, other_offset, len);
        }
        _ => {}
    }
}

/// What belongs together: a handle without a view, or a view that nobody looks into, shows little.
fn scene(names: Names) -> impl Strategy<Value = Vec<Operation>> {
    prop_oneof![
        2 => (creating(names), mapping()).prop_map(|(create, map)| followed(create, map)),
        3 => (opening(names), mapping()).prop_map(|(open, map)| followed(open, map)),
        1 => (duplicating(), mapping()).prop_map(|(duplicate, map)| followed(duplicate, map)),
        2 => creating(names).prop_map(|operation| vec![operation]),
        2 => opening(names).prop_map(|operation| vec![operation]),
        1 => duplicating().prop_map(|operation| vec![operation]),
        2 => slot().prop_map(|slot| vec![Operation::Close { slot }]),
        2 => mapping().prop_map(|operation| vec![operation]),
        1 => slot().prop_map(|view| vec![Operation::Unmap { view }]),
        24 => accessing().prop_map(|operation| vec![operation]),
        1 => slot().prop_map(|slot| vec![Operation::Facts { slot }]),
        1 => name(names).prop_map(|name| vec![Operation::Exists { name }]),
        1 => Just(vec![Operation::Kill]),
    ]
}

/// The handle that the first operation gives is the one that is mapped.
fn followed(first: Operation, mut map: Operation) -> Vec<Operation> {
    let filled = match first {
        Operation::Create { slot, .. }
        | Operation::CreateNew { slot, .. }
        | Operation::CreateUnnamed { slot, .. }
        | Operation::CreateOnFile { slot, .. }
        | Operation::Open { slot, .. }
        | Operation::Duplicate { to: slot, .. } => slot,
        _ => unreachable!("only what fills a slot is followed"),
    };
    if let Operation::Map { slot, .. } = &mut map {
        *slot = filled;
    }
    vec![first, map]
}

fn slot() -> impl Strategy<Value = u8> {
    0..SLOTS
}

fn name(names: Names) -> impl Strategy<Value = String> {
    let good = match names {
        Names::Session => vec!["A", r"Local\A", "B", r"Global\A", r"Global\B"],
        Names::Private => vec!["A", "B", "a", "C/C"],
    };
    // A name's rules differ in a private namespace: there prefixes are backslashes like any other.
    let odd = vec![
        r"\A",
        r"\Local\A",
        r"A\B",
        r"Local\A\B",
        r"local\A",
        r"Session\1\A",
        r"Local\",
        r"Local\A",
        r"Global\",
        "A\0",
        "",
        "a",
        "../A",
        ".",
    ];
    prop_oneof![
        24 => select(good).prop_map(str::to_owned),
        2 => select(odd).prop_map(str::to_owned),
        1 => select(vec![255_usize, 1100, 32_767, 32_768]).prop_map(|len| "L".repeat(len)),
    ]
}

fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => select(vec![4096_u64, 8192, 10_000, 12_288, 20_000]),
        4 => select(vec![1_u64, 100, 4095, 4097]),
        1 => select(vec![0, 1 << 63, u64::MAX]),
    ]
}

fn protection() -> impl Strategy<Value = Protection> {
    prop_oneof![4 => Just(Protection::ReadWrite), 3 => select(Protection::ALL.to_vec())]
}

fn creating(names: Names) -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (slot(), name(names), size(), protection())
            .prop_map(|(slot, name, size, protection)| Operation::Create { slot, name, size, protection }),
        2 => (slot(), name(names), size(), protection())
            .prop_map(|(slot, name, size, protection)| Operation::CreateNew { slot, name, size, protection }),
        1 => (slot(), prop_oneof![9 => size(), 1 => Just(1 << 61)], protection())
            .prop_map(|(slot, size, protection)| Operation::CreateUnnamed { slot, size, protection }),
        4 => creating_on_file(names),
    ]
}

fn creating_on_file(names: Names) -> impl Strategy<Value = Operation> {
    let file = 0..FILES.len() as u8;
    let size = prop_oneof![1 => Just(0), 1 => Just(100), 2 => size()];
    let name = prop_oneof![1 => Just(None), 2 => name(names).prop_map(Some)];
    (slot(), name, file, size, protection(), prop::bool::weighted(0.8)).prop_map(
        |(slot, name, file, size, protection, file_writable)| Operation::CreateOnFile {
            slot,
            name,
            file,
            size,
            protection,
            file_writable,
        },
    )
}

fn rights() -> impl Strategy<Value = Rights> {
    let all = Rights(15);
    let usual = Rights::QUERY.and(Rights::READ).and(Rights::WRITE);
    prop_oneof![3 => Just(usual), 2 => Just(Rights::READ), 2 => Just(all), 2 => (0..16_u32).prop_map(Rights)]
}

fn opening(names: Names) -> impl Strategy<Value = Operation> {
    (slot(), name(names), rights()).prop_map(|(slot, name, access)| Operation::Open { slot, name, access })
}

fn duplicating() -> impl Strategy<Value = Operation> {
    (slot(), slot(), rights()).prop_map(|(from, to, access)| Operation::Duplicate { from, to, access })
}

fn view_access() -> impl Strategy<Value = ViewAccess> {
    prop_oneof![
        4 => Just(ViewAccess::Write),
        4 => Just(ViewAccess::Copy),
        2 => Just(ViewAccess::Read),
        2 => select(ViewAccess::ALL.to_vec()),
    ]
}

fn mapping() -> impl Strategy<Value = Operation> {
    let offset = prop_oneof![
        6 => Just(0),
        3 => select(vec![1_u64, 50, 100, 4000, 4096, 5000, 8192]),
        1 => select(vec![4095_u64, 10_000, 12_288, 20_000, 20_480, 1 << 62, u64::MAX]),
    ];
    let len = prop_oneof![
        4 => Just(None),
        2 => select(vec![1_u64, 50, 100, 4096, 5000, 8192]).prop_map(Some),
        1 => select(vec![0_u64, 12_288, 20_001, 20_480, 1 << 62, u64::MAX]).prop_map(Some),
    ];
    (slot(), slot(), view_access(), offset, len)
        .prop_map(|(slot, view, access, offset, len)| Operation::Map { slot, view, access, offset, len })
}

/// Places in views, mostly around the borders of pages.
fn place() -> impl Strategy<Value = u64> {
    prop_oneof![
        9 => select(vec![0_u64, 1, 40, 96, 4090, 4095, 4096, 4100, 8000, 8191]),
        1 => select(vec![99_u64, 100, 12_288, 20_000, u64::MAX]),
    ]
}

fn length() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => select(vec![1_u64, 2, 4, 8, 60]),
        3 => select(vec![100_u64, 4096, 5000, 8192, 10_000]),
        1 => select(vec![0_u64, 20_001]),
    ]
}

fn accessing() -> impl Strategy<Value = Operation> {
    prop_oneof![
        5 => (slot(), place(), vec(any::<u8>(), 0..9))
            .prop_map(|(view, offset, bytes)| Operation::Write { view, offset, bytes }),
        5 => (slot(), place(), length()).prop_map(|(view, offset, len)| Operation::Read { view, offset, len }),
        3 => (slot(), place(), length(), any::<u8>())
            .prop_map(|(view, offset, len, byte)| Operation::Fill { view, offset, len, byte }),
        3 => (slot(), place(), length(), slot(), place()).prop_map(|(from, from_offset, len, to, to_offset)| {
            Operation::CopyBetween { from, from_offset, len, to, to_offset }
        }),
        3 => (slot(), place(), length(), slot(), place()).prop_map(|(view, offset, len, other, other_offset)| {
            Operation::Compare { view, offset, len, other, other_offset }
        }),
        2 => (slot(), place(), length(), view_access())
            .prop_map(|(view, offset, len, access)| Operation::Protect { view, offset, len, access }),
    ]
}
