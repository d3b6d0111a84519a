//! What is known of Windows, and what the library says of itself. The numbers are those of vectors/.

use super::{Manager, Names};
use crate::operation::Operation::{
    Close, Compare, CopyBetween, Create, CreateNew, CreateOnFile, CreateUnnamed, Duplicate, Exists, Kill,
    Map, Open, Protect, Read, Write,
};
use crate::operation::{Operation, Outcome, Protection, Rights, Run, ViewAccess};
use Outcome::*;
use Protection::{ExecuteRead, ReadOnly, ReadWrite, WriteCopy};

const READ_WRITE: Rights = Rights(7);

fn session() -> Manager {
    Manager::new(Names::Session, vec![vec![], b"hundred bytes".to_vec()])
}

/// Actors do things, and this comes of each.
#[track_caller]
fn story(manager: &mut Manager, lines: &[(usize, Operation, Outcome)]) {
    for (index, (actor, operation, expected)) in lines.iter().enumerate() {
        assert_eq!(manager.apply(*actor, operation), *expected, "line {index}: {operation:?}");
    }
}

fn create(slot: u8, name: &str, size: u64, protection: Protection) -> Operation {
    Create { slot, name: name.to_owned(), size, protection }
}

fn open(slot: u8, name: &str, access: Rights) -> Operation {
    Open { slot, name: name.to_owned(), access }
}

fn exists(name: &str) -> Operation {
    Exists { name: name.to_owned() }
}

fn map(slot: u8, view: u8, access: ViewAccess) -> Operation {
    Map { slot, view, access, offset: 0, len: None }
}

fn map_at(offset: u64, len: u64) -> Operation {
    Map { slot: 0, view: 0, access: ViewAccess::Read, offset, len: Some(len) }
}

fn on_file(file: u8, size: u64, protection: Protection, file_writable: bool) -> Operation {
    CreateOnFile { slot: 0, name: None, file, size, protection, file_writable }
}

fn write(view: u8, offset: u64, bytes: &[u8]) -> Operation {
    Write { view, offset, bytes: bytes.to_vec() }
}

fn byte(view: u8, offset: u64) -> Operation {
    Read { view, offset, len: 1 }
}

fn is(byte: u8) -> Outcome {
    Bytes(vec![Run(byte, 1)])
}

#[test]
fn names() {
    for (name, created, opened) in [
        (r"local\X", Refused(3), Refused(3)),
        (r"a\b", Refused(3), Refused(3)),
        (r"Local\a\b", Refused(3), Refused(3)),
        (r"\X", Refused(161), Refused(161)),
        (r"Local\", Refused(123), Refused(123)),
        ("a/b", Created, Done),
        ("local/x", Created, Done),
        ("", Created, Refused(6)),
    ] {
        story(&mut session(), &[(0, create(0, name, 1, ReadWrite), created), (1, exists(name), opened)]);
    }
    story(
        &mut session(),
        &[
            (0, create(0, "X", 1, ReadWrite), Created),
            (0, create(1, "x", 1, ReadWrite), Created),
            (0, create(2, r"Global\X", 1, ReadWrite), Created),
            (0, create(3, r"Local\X", 1, ReadWrite), Opened),
            (1, open(0, "X", Rights::NONE), Refused(5)),
        ],
    );
    let mut private = Manager::new(Names::Private, vec![]);
    story(&mut private, &[(0, create(0, r"Local\X", 1, ReadWrite), Refused(3))]);
}

#[test]
fn a_name_goes_with_the_last_handle_of_any_process() {
    story(
        &mut session(),
        &[
            (0, create(0, "X", 4096, ReadWrite), Created),
            (0, map(0, 0, ViewAccess::Write), Mapped(4096)),
            (0, write(0, 0, b"!"), Done),
            (1, open(0, "X", READ_WRITE), Done),
            (0, Close { slot: 0 }, Done),
            (2, exists("X"), Done),
            (1, Kill, Done),
            (2, exists("X"), Refused(2)),
            // The view is left; a new object of the name has nothing to do with it.
            (2, create(0, "X", 4096, ReadWrite), Created),
            (2, map(0, 0, ViewAccess::Read), Mapped(4096)),
            (2, byte(0, 0), is(0)),
            (0, byte(0, 0), is(b'!')),
        ],
    );
}

#[test]
fn the_first_creator_decides() {
    story(
        &mut session(),
        &[
            (0, create(0, "X", 100, ReadOnly), Created),
            (1, create(0, "X", 5000, ReadWrite), Opened),
            (
                1,
                Operation::Facts { slot: 0 },
                Outcome::Facts { size: 100, protection: ReadOnly, access: READ_WRITE },
            ),
            // The handle may, the section cannot.
            (1, map(0, 0, ViewAccess::Write), Refused(87)),
            (0, map(0, 0, ViewAccess::Write), Refused(5)),
            (1, CreateNew { slot: 1, name: "X".into(), size: 1, protection: ReadWrite }, Refused(183)),
            (1, create(1, "X", 0, ReadWrite), Refused(87)),
        ],
    );
}

#[test]
fn rights_come_before_protections_and_ranges_last() {
    story(
        &mut session(),
        &[
            (0, create(0, "X", 100, ReadWrite), Created),
            (1, open(0, "X", Rights::WRITE), Done),
            (1, map(0, 0, ViewAccess::Copy), Refused(5)),
            (1, map(0, 0, ViewAccess::Write), Mapped(100)),
            (1, Duplicate { from: 0, to: 1, access: Rights::NONE }, Done),
            (1, map(1, 0, ViewAccess::NoAccess), Refused(5)),
            (1, Duplicate { from: 1, to: 2, access: Rights(15) }, Done),
            (1, map(2, 0, ViewAccess::ExecuteRead), Refused(87)),
            (0, map_at(0, 4096), Mapped(4096)),
            (0, map_at(0, 4097), Refused(5)),
            (0, map_at(100, 0), Refused(5)),
            (0, map_at(50, 0), Refused(87)),
            (0, create(0, "E", 100, ExecuteRead), Created),
            (0, map(0, 0, ViewAccess::ExecuteRead), Mapped(100)),
        ],
    );
}

#[test]
fn files() {
    let mut manager = session();
    story(
        &mut manager,
        &[
            (0, on_file(0, 0, ReadWrite, true), Refused(1006)),
            (0, on_file(0, 0, ReadWrite, false), Refused(5)),
            (0, on_file(1, 100, WriteCopy, true), Refused(8)),
            (0, on_file(1, 0, ReadOnly, false), Created),
            (0, map_at(0, 13), Mapped(13)),
            (0, map_at(0, 14), Refused(5)),
            (0, on_file(1, 100, ReadWrite, true), Created),
            (0, map(0, 0, ViewAccess::Write), Mapped(100)),
            (0, Close { slot: 0 }, Done),
            (0, write(0, 99, b"."), Done),
            (0, Kill, Done),
            (1, on_file(1, 0, ReadOnly, false), Created),
            (1, map(0, 0, ViewAccess::Read), Mapped(100)),
            (1, byte(0, 99), is(b'.')),
        ],
    );
    assert_eq!((manager.files()[0].len(), manager.files()[1].len()), (0, 100));
}

#[test]
fn pages_become_private_when_they_are_written() {
    story(
        &mut session(),
        &[
            (0, create(0, "X", 8192, ReadWrite), Created),
            (0, map(0, 0, ViewAccess::Write), Mapped(8192)),
            (0, map(0, 1, ViewAccess::Copy), Mapped(8192)),
            (0, write(0, 0, b"before"), Done),
            (0, write(1, 1, b"E"), Done),
            (0, write(0, 0, b"AFTER!"), Done),
            (0, write(0, 4096, b"seen"), Done),
            (0, byte(1, 0), is(b'b')),
            (0, byte(1, 1), is(b'E')),
            (0, byte(0, 1), is(b'F')),
            (0, byte(1, 4096), is(b's')),
            (0, Compare { view: 0, offset: 0, len: 8192, other: 1, other_offset: 0 }, Difference(Some(0))),
            (0, Compare { view: 0, offset: 4096, len: 9, other: 1, other_offset: 4096 }, Difference(None)),
        ],
    );
}

#[test]
fn what_views_refuse() {
    let protect = |access| Protect { view: 0, offset: 4096, len: 1, access };
    let copy = |from, to, to_offset| CopyBetween { from, from_offset: 0, len: 8, to, to_offset };
    story(
        &mut session(),
        &[
            (0, create(0, "X", 8192, ReadWrite), Created),
            (0, map(0, 0, ViewAccess::Write), Mapped(8192)),
            (0, map(0, 1, ViewAccess::Write), Mapped(8192)),
            (0, map(0, 2, ViewAccess::Read), Mapped(8192)),
            (0, write(0, 8192, b"x"), Refused(87)),
            (0, write(2, 0, b"x"), Refused(998)),
            (0, protect(ViewAccess::Copy), Refused(50)),
            (0, protect(ViewAccess::ExecuteRead), Refused(87)),
            (0, Protect { view: 0, offset: 4096, len: 0, access: ViewAccess::Read }, Refused(87)),
            (0, protect(ViewAccess::NoAccess), Was(ViewAccess::Write)),
            (0, byte(0, 4095), is(0)),
            (0, Read { view: 0, offset: 4095, len: 2 }, Refused(998)),
            (0, protect(ViewAccess::Write), Was(ViewAccess::NoAccess)),
            (0, copy(0, 0, 4), Done),
            (0, copy(0, 1, 4), Unspecified),
            (0, copy(0, 1, 8), Done),
            (0, copy(0, 3, 8), Vacant),
            (0, CreateUnnamed { slot: 0, size: 1 << 60, protection: ReadWrite }, Refused(1455)),
        ],
    );
}
