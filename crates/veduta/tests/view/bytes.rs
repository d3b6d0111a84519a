//! Bytes and values: copied in and out, between views, filled and compared.

use crate::scratch::{FileAt, PAGE, code, file, named_file};
use crate::{pattern, section, view};
use std::fs::File;
use std::ops::Range;
use veduta::{Code, View, ViewAccess};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

fn content(view: &View) -> Vec<u8> {
    let mut bytes = vec![0; view.len()];
    view.read_at(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn what_was_written_is_read() {
    let view = view(20_000);
    for (offset, len) in [(0, 0), (0, 1), (1, 2), (7, 63), (4_090, 20), (3, 10_000), (0, 20_000), (20_000, 0)]
    {
        view.fill(0..20_000, 0xEE).unwrap();
        view.write_at(offset, &pattern(len)).unwrap();
        let mut expected = vec![0xEE; 20_000];
        expected[offset..offset + len].copy_from_slice(&pattern(len));
        assert!(content(&view) == expected, "{len} bytes at {offset}");
    }
}

#[test]
fn nothing_outside_the_view_is_touched() {
    let section = section(3 * PAGE as u64);
    let whole = section.map(ViewAccess::Write).unwrap();
    let view = section.view().access(ViewAccess::Write).offset(1_000).len(100).map().unwrap();
    let mut buffer = [7; 10];
    let (largest, other) = (usize::MAX, crate::view(200));
    let attempts = [
        view.write_at(91, &buffer),
        view.write_at(100, &buffer),
        view.write_at(largest, &buffer),
        view.write_at(largest - 5, &buffer),
        view.read_at(91, &mut buffer),
        view.read_at(largest, &mut buffer),
        view.write_value(97, &1_u32),
        view.read_value::<u64>(93).map(drop),
        view.fill(0..101, 1),
        view.fill(101..102, 1),
        view.copy_from(91, &other, 0..10),
        view.copy_from(0, &other, 191..201),
        view.copy_within(0..10, 91),
        view.copy_within(95..105, 0),
        view.compare(0..101, &other, 0).map(drop),
        view.compare(0..100, &other, 101).map(drop),
        view.compare_bytes(91, &buffer).map(drop),
        view.write_to(0..101, &file(0), 0).map(drop),
    ];
    for (index, attempt) in attempts.into_iter().enumerate() {
        assert_eq!(code(attempt), Code::INVALID_PARAMETER, "attempt {index}");
    }
    assert_eq!(buffer, [7; 10]);
    assert!(content(&whole).iter().all(|&byte| byte == 0));
}

#[test]
fn a_refused_range_is_told_with_the_view() {
    let error = view(100).write_at(95, &[0; 10]).unwrap_err();
    assert_eq!(error.advice(), Some("10 bytes at offset 95 are not within the view, which has 100 bytes"));
}

#[test]
fn a_range_that_ends_before_it_begins_is_refused() {
    let (view, other) = (view(100), view(100));
    let backwards = Range { start: 50, end: 40 };
    let attempts = [
        view.fill(backwards.clone(), 1),
        view.copy_from(0, &other, backwards.clone()),
        view.compare(backwards.clone(), &other, 0).map(drop),
        view.write_to(backwards.clone(), &file(0), 0).map(drop),
        view.flush(backwards.clone()),
        view.lock(backwards.clone()),
    ];
    for (index, attempt) in attempts.into_iter().enumerate() {
        assert_eq!(attempt.map_err(|error| error.code()), Err(Code::INVALID_PARAMETER), "attempt {index}");
    }
}

#[derive(Debug, PartialEq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
    colour: [u8; 4],
    label: u32,
}

#[test]
fn values_are_copied_at_any_offset() {
    let view = view(10_000);
    for offset in [0, 1, 3, 4_090, 9_976] {
        let point = Point { x: offset as f64, y: -0.5, colour: [1, 2, 3, 4], label: 7 };
        view.write_value(offset, &point).unwrap();
        assert_eq!(view.read_value::<Point>(offset).unwrap(), point);
    }
    view.write_value(1, &[1_u32, 2, 3]).unwrap();
    assert_eq!(view.read_value::<[u32; 3]>(1).unwrap(), [1, 2, 3]);
    view.write_value(1, &[9_u16, 8][..]).unwrap();
    assert_eq!((view.read_value::<u16>(1).unwrap(), view.read_value::<u16>(3).unwrap()), (9, 8));
}

#[test]
fn filling_stays_in_its_range() {
    let view = view(10_000);
    for range in [0..0, 0..1, 4_000..5_000, 9_999..10_000, 0..10_000, 10_000..10_000] {
        view.fill(0..10_000, 0).unwrap();
        view.fill(range.clone(), 0xAB).unwrap();
        let filled = |(index, byte): (usize, &u8)| *byte == if range.contains(&index) { 0xAB } else { 0 };
        assert!(content(&view).iter().enumerate().all(filled), "{range:?}");
    }
}

#[test]
fn views_are_copied_into_each_other() {
    let (from, to) = (view(10_000), view(10_000));
    from.write_at(0, &pattern(10_000)).unwrap();
    to.copy_from(3, &from, 1_000..9_000).unwrap();
    let mut expected = vec![0; 10_000];
    expected[3..8_003].copy_from_slice(&pattern(10_000)[1_000..9_000]);
    assert!(content(&to) == expected);
    to.copy_from(10_000, &from, 5..5).unwrap();
    assert!(content(&to) == expected, "an empty range is nothing, even at the end");
}

#[test]
fn ranges_of_one_view_may_overlap() {
    for (range, offset) in
        [(0..9_000, 1), (1..9_001, 0), (0..9_000, 1_000), (1_000..10_000, 0), (5..5, 0), (0..10_000, 0)]
    {
        let view = view(10_000);
        view.write_at(0, &pattern(10_000)).unwrap();
        view.copy_within(range.clone(), offset).unwrap();
        let mut expected = pattern(10_000);
        expected.copy_within(range.clone(), offset);
        assert!(content(&view) == expected, "{range:?} to {offset}");
    }
}

#[test]
fn the_first_difference_is_found_where_it_is() {
    let (one, other) = (view(20_000), view(20_000));
    for view in [&one, &other] {
        view.write_at(0, &pattern(20_000)).unwrap();
    }
    assert_eq!(one.compare(0..20_000, &other, 0).unwrap(), None);
    assert_eq!(one.compare(0..20_000 - 251, &other, 251).unwrap(), None, "the pattern repeats");
    for difference in [0, 1, 4_095, 4_096, 10_007, 19_999] {
        other.write_at(difference, &[0xFF]).unwrap();
        assert_eq!(one.compare(0..20_000, &other, 0).unwrap(), Some(difference));
        assert_eq!(one.compare_bytes(0, &content(&other)).unwrap(), Some(difference));
        assert_eq!(one.compare(0..difference, &other, 0).unwrap(), None);
        assert_eq!(
            one.compare(difference..20_000, &other, difference).unwrap(),
            Some(0),
            "counted in the range"
        );
        other.write_at(difference, &pattern(20_000)[difference..=difference]).unwrap();
    }
    assert_eq!(one.compare(7..7, &other, 20_000).unwrap(), None);
    assert_eq!(one.compare_bytes(20_000, &[]).unwrap(), None);
}

#[test]
fn a_view_is_written_to_a_file() {
    let view = view(20_000);
    view.write_at(0, &pattern(20_000)).unwrap();
    let file = file(0);
    let range = 5..15_005;
    let mut done = 0;
    while done < range.len() {
        done += view.write_to(range.start + done..range.end, &file, 100 + done as u64).unwrap();
    }
    let mut written = vec![0; 15_000];
    file.read_exact_at(&mut written, 100).unwrap();
    assert!(written == pattern(20_000)[5..15_005]);
    assert_eq!(file.metadata().unwrap().len(), 15_100);
    let named = named_file(10);
    let read_only = File::open(named.path()).unwrap();
    assert_eq!(code(view.write_to(0..10, &read_only, 0)), Code::ACCESS_DENIED);
}

#[test]
fn a_view_refuses_what_it_was_not_mapped_for() {
    let section = section(10_000);
    let (read, none) = (section.map(ViewAccess::Read).unwrap(), section.map(ViewAccess::NoAccess).unwrap());
    let write = section.map(ViewAccess::Write).unwrap();
    let attempts = [
        read.write_at(0, b"x"),
        read.write_value(0, &1_u8),
        read.fill(0..10, 1),
        read.copy_from(0, &write, 0..10),
        read.copy_within(0..10, 20),
        none.read_at(0, &mut [0]),
        none.read_value::<u8>(0).map(drop),
        none.compare(0..1, &write, 0).map(drop),
        none.compare_bytes(0, b"x").map(drop),
        none.write_to(0..1, &file(0), 0).map(drop),
        write.copy_from(0, &none, 0..1),
        write.compare(0..1, &none, 0).map(drop),
    ];
    for (index, attempt) in attempts.into_iter().enumerate() {
        assert_eq!(code(attempt), Code::NOACCESS, "attempt {index}");
    }
    let error = read.write_at(0, b"x").unwrap_err();
    assert!(error.advice().unwrap().contains("mapped for Read"), "{error}");
}
