//! Ranges of bytes, and cutting them into pieces.

use crate::failure::{Failure, Outcome};
use crate::quantity::Bytes;
use std::ops::Range;

/// How much of a section is mapped at a time: large enough to cost nothing, small beside any memory.
pub(crate) const WINDOW: u64 = 64 << 20;

/// Cuts `range` into pieces of `length`, the last one shorter.
pub(crate) fn pieces(range: Range<u64>, length: u64) -> impl Iterator<Item = Range<u64>> {
    let end = range.end;
    std::iter::successors(Some(range.start), move |start| start.checked_add(length))
        .take_while(move |start| *start < end)
        .map(move |start| start..end.min(start.saturating_add(length)))
}

/// The bytes from `at` on, `length` of them or all to the end, of an object of `size` bytes.
pub(crate) fn within(size: u64, at: u64, length: Option<u64>) -> Outcome<Range<u64>> {
    let end = match length {
        Some(length) => at.checked_add(length),
        None => Some(size.max(at)),
    };
    match end {
        Some(end) if end <= size => Ok(at..end),
        _ => Err(Failure::new(match length {
            Some(length) => format!("{length} bytes at {at:#x} go beyond the end"),
            None => format!("offset {at:#x} is beyond the end"),
        })
        .hint(format!("the section has {} bytes ({}, {size:#x})", size, Bytes(size)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_range_once() {
        assert_eq!(pieces(3..10, 4).collect::<Vec<_>>(), [3..7, 7..10]);
        assert_eq!(pieces(0..8, 4).collect::<Vec<_>>(), [0..4, 4..8]);
        assert_eq!(pieces(5..5, 4).count(), 0);
        assert_eq!(pieces(u64::MAX - 5..u64::MAX, 4).last(), Some(u64::MAX - 1..u64::MAX));
    }

    #[test]
    fn within_refuses_what_goes_beyond() {
        assert_eq!(within(10, 4, None).unwrap(), 4..10);
        assert_eq!(within(10, 10, None).unwrap(), 10..10);
        assert_eq!(within(10, 4, Some(6)).unwrap(), 4..10);
        assert!(within(10, 4, Some(7)).is_err());
        assert!(within(10, 11, None).is_err());
        assert!(within(10, u64::MAX, Some(2)).is_err());
    }
}
