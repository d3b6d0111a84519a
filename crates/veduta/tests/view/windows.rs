//! Sections of any size, in constant memory.

use crate::scratch::code;
use crate::{pattern, section};
use veduta::{Code, Protection, Section, ViewAccess};

/// Where the windows of a section lie.
fn windows(size: u64, len: u64, overlap: u64) -> Vec<(u64, usize)> {
    let section = section(size);
    let windows = section.windows(ViewAccess::Read, len, overlap).unwrap();
    windows.map(|view| view.unwrap()).map(|view| (view.offset(), view.len())).collect()
}

#[test]
fn windows_follow_each_other_to_the_end() {
    assert_eq!(windows(1_000, 400, 0), [(0, 400), (400, 400), (800, 200)]);
    assert_eq!(windows(1_000, 500, 0), [(0, 500), (500, 500)]);
    assert_eq!(windows(1_000, 1_000, 0), [(0, 1_000)]);
    assert_eq!(windows(1_000, 5_000, 0), [(0, 1_000)]);
    assert_eq!(windows(1_000, u64::MAX, 0), [(0, 1_000)]);
    assert_eq!(windows(3, 1, 0), [(0, 1), (1, 1), (2, 1)]);
}

#[test]
fn each_window_begins_with_the_end_of_the_one_before() {
    assert_eq!(windows(1_000, 400, 100), [(0, 400), (300, 400), (600, 400)]);
    assert_eq!(windows(1_001, 400, 100), [(0, 400), (300, 400), (600, 400), (900, 101)]);
    assert_eq!(windows(4, 3, 2), [(0, 3), (1, 3)]);
    assert_eq!(windows(1_000, u64::MAX, u64::MAX - 1), [(0, 1_000)]);
    assert_eq!(windows(2, 2, 1), [(0, 2)], "what is left was in the window before");
}

#[test]
fn every_byte_is_in_a_window_and_no_window_is_superfluous() {
    for size in 1..40 {
        for len in 1..20 {
            for overlap in 0..len {
                let windows = windows(size, len, overlap);
                let mut end = 0;
                for (index, &(offset, got)) in windows.iter().enumerate() {
                    assert_eq!(offset, if index == 0 { 0 } else { end - overlap }, "{size} {len} {overlap}");
                    assert!(offset + got as u64 > end, "it shows something new");
                    end = offset + got as u64;
                }
                assert_eq!(end, size);
                assert!(windows.iter().rev().skip(1).all(|&(_, got)| got as u64 == len));
            }
        }
    }
}

#[test]
fn windows_that_never_end_are_refused() {
    let section = section(1_000);
    for (len, overlap) in [(0, 0), (5, 5), (5, 6), (0, u64::MAX), (u64::MAX, u64::MAX)] {
        assert_eq!(code(section.windows(ViewAccess::Read, len, overlap)), Code::INVALID_PARAMETER);
    }
    let error = section.windows(ViewAccess::Read, 5, 5).unwrap_err();
    assert!(error.advice().unwrap().contains("never come to an end"), "{error}");
}

#[test]
fn each_window_fails_as_its_view_does() {
    let section = Section::options().size(1_000).protection(Protection::ReadOnly).create_unnamed().unwrap();
    let mut windows = section.windows(ViewAccess::Write, 600, 0).unwrap();
    assert_eq!(code(windows.next().unwrap()), Code::ACCESS_DENIED);
    assert_eq!(code(windows.next().unwrap()), Code::ACCESS_DENIED);
    assert!(windows.next().is_none() && windows.next().is_none(), "and it comes to an end");
}

#[test]
fn windows_write_and_can_be_gone_through_again() {
    let section = section(100_000);
    let windows = section.windows(ViewAccess::Write, 7_001, 0).unwrap();
    for window in windows.clone() {
        let window = window.unwrap();
        let start = window.offset() as usize;
        window.write_at(0, &pattern(100_000)[start..start + window.len()]).unwrap();
    }
    assert_eq!(section.map(ViewAccess::Read).unwrap().compare_bytes(0, &pattern(100_000)).unwrap(), None);
    assert_eq!(windows.count(), 100_000_usize.div_ceil(7_001));
}
