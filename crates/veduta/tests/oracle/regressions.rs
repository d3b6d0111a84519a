//! What once came out otherwise than in the model, with nothing in it that does not matter.

use super::perform;
use veduta_model::strategy::Play;
use veduta_model::{Names, Operation, Protection, Rights, ViewAccess};

fn a_written_view_of(size: u64) -> Vec<Operation> {
    let (slot, view, protection, access) = (0, 0, Protection::ReadWrite, ViewAccess::Write);
    vec![
        Operation::CreateUnnamed { slot, size, protection },
        Operation::Map { slot, view, access, offset: 0, len: None },
        Operation::Fill { view, offset: 0, len: 1, byte: 1 },
    ]
}

/// One actor does it all.
#[track_caller]
fn agrees(play: Vec<Operation>) {
    all_agree(Names::Session, play.into_iter().map(|operation| (0, operation)).collect());
}

#[track_caller]
fn all_agree(names: Names, play: Play) {
    if let Err(difference) = perform(names, &play) {
        panic!("{difference}");
    }
}

/// An empty range in the middle of a page was taken for that page.
#[test]
fn protecting_an_empty_range_is_refused_wherever_it_is() {
    for offset in [0, 1, 4095, 4096] {
        let mut play = a_written_view_of(8192);
        play.push(Operation::Protect { view: 0, offset, len: 0, access: ViewAccess::NoAccess });
        play.push(Operation::Read { view: 0, offset: 0, len: 8192 });
        agrees(play);
    }
}

/// A difference early in a long range hid that the rest of it was outside of a view.
#[test]
fn comparing_beyond_a_view_is_refused_whatever_the_bytes_are() {
    for (offset, other_offset) in [(0, 4096), (4096, 0)] {
        let mut play = a_written_view_of(16_384);
        play.push(Operation::Compare { view: 0, offset, len: 16_384, other: 0, other_offset });
        agrees(play);
    }
}

/// An empty range was not looked for in the other view at all.
#[test]
fn comparing_nothing_is_refused_where_nothing_can_be_read() {
    let (slot, access) = (0, ViewAccess::NoAccess);
    let mut play = a_written_view_of(4096);
    play.push(Operation::Map { slot, view: 1, access, offset: 0, len: None });
    play.push(Operation::Compare { view: 0, offset: 0, len: 0, other: 1, other_offset: 0 });
    play.push(Operation::Compare { view: 0, offset: 0, len: 0, other: 0, other_offset: 4097 });
    agrees(play);
}

/// The entry names a holder's descriptor by its number. A handle with fewer rights had got that number since, and the
/// opener shared what cannot write.
#[test]
fn a_handle_that_may_write_can_whoever_it_got_the_bytes_from() {
    let (name, all) = ("A".to_owned(), Rights(7));
    let (size, protection) = (4096, Protection::ReadWrite);
    agrees(vec![
        Operation::Create { slot: 0, name: name.clone(), size, protection },
        Operation::Duplicate { from: 0, to: 2, access: all },
        Operation::Duplicate { from: 2, to: 0, access: Rights::NONE },
        Operation::Open { slot: 1, name, access: all },
        Operation::Map { slot: 1, view: 0, access: ViewAccess::Write, offset: 0, len: None },
    ]);
}

/// A view keeps the description of its entry, and with it a lock by which its process seemed to hold the object still.
/// Nobody marks the entry as dead when the last holder is killed, so that was believed.
#[test]
fn a_view_does_not_bring_a_name_back() {
    let (name, all) = ("A".to_owned(), Rights(7));
    let (slot, size, protection) = (0, 4096, Protection::ReadWrite);
    let create = Operation::Create { slot, name: name.clone(), size, protection };
    all_agree(
        Names::Private,
        vec![
            (0, create.clone()),
            (0, Operation::Map { slot, view: 0, access: ViewAccess::Write, offset: 0, len: None }),
            (1, Operation::Open { slot, name: name.clone(), access: all }),
            (0, Operation::Close { slot }),
            (1, Operation::Kill),
            (1, Operation::Exists { name }),
            (1, create),
        ],
    );
}
