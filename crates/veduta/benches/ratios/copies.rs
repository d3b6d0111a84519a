//! Copies in and out of a view beside the C library's functions at the same addresses: the routine by itself, and whole calls with their
//! checks.

use crate::contest::{Contest, Limit};
use std::hint::black_box;
use veduta::{Section, ViewAccess, copy_routine};

const SIZES: [(usize, &str); 9] = [
    (64, "64 B"),
    (128, "128 B"),
    (256, "256 B"),
    (1 << 10, "1 KiB"),
    (4 << 10, "4 KiB"),
    (64 << 10, "64 KiB"),
    (1 << 20, "1 MiB"),
    (16 << 20, "16 MiB"),
    (64 << 20, "64 MiB"),
];

/// How much is copied in one turn, so that the clock does not count.
const TURN: usize = 1 << 20;

pub(crate) fn all() -> u32 {
    SIZES.iter().flat_map(|&(len, label)| [(len, label, 0, 0), (len, label, 3, 13)]).map(of_size).sum()
}

/// With the view's bytes and the buffer's so far behind a multiple of 64.
fn of_size((len, label, offset, shift): (usize, &str, usize, usize)) -> u32 {
    let section = Section::options().size((len + 64) as u64).create_unnamed().expect("a section");
    let view = section.map(ViewAccess::Write).expect("a view");
    let mut buffer = vec![1_u8; len + 128];
    let begin = buffer.as_ptr().align_offset(64) + shift;
    let buffer = buffer[begin..begin + len].as_mut_ptr();
    let bytes = view.as_mut_ptr().wrapping_add(offset);
    // Both sides are told the same three things by black boxes, and nothing else goes through memory.
    let offset = || black_box(offset);
    // SAFETY: the buffer has as many bytes, and nobody else uses them meanwhile.
    let slice = || unsafe { std::slice::from_raw_parts_mut(black_box(buffer), black_box(len)) };

    let kind = if shift == 0 { "" } else { ", unaligned" };
    let row = |operation: &str| format!("{operation} {label}{kind}: speed");
    let mut contest = Contest::new((TURN / len).clamp(1, 4096) as u32);
    // SAFETY: both have as many bytes, and nobody else has the section.
    let memcpy_out = || unsafe { memcpy(buffer, bytes, len) };
    // SAFETY: as above.
    let memcpy_in = || unsafe { memcpy(bytes, buffer, len) };
    contest.row(
        &row("copy out / memcpy,"),
        memcpy_out,
        // SAFETY: as above.
        || _ = unsafe { copy_routine(black_box(buffer), black_box(bytes), black_box(len)) },
        Limit::AtLeast(0.95),
    ) + contest.row(
        &row("copy in / memcpy,"),
        memcpy_in,
        // SAFETY: as above.
        || _ = unsafe { copy_routine(black_box(bytes), black_box(buffer), black_box(len)) },
        Limit::AtLeast(0.95),
    ) + contest.row(
        &row("read_at / memcpy,"),
        memcpy_out,
        || view.read_at(offset(), slice()).expect("bytes"),
        Limit::None,
    ) + contest.row(
        &row("write_at / memcpy,"),
        memcpy_in,
        || view.write_at(offset(), slice()).expect("bytes"),
        Limit::None,
    ) + contest.row(
        &row("fill / memset,"),
        // SAFETY: as above.
        || unsafe { memset(bytes, 1, len) },
        || view.fill(offset()..offset() + black_box(len), black_box(1)).expect("bytes"),
        Limit::None,
    )
}

/// The C library's, of which the compiler makes nothing else.
///
/// # Safety
/// As of `memcpy` in C.
unsafe fn memcpy(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: passed on to the caller.
    unsafe { libc::memcpy(black_box(to).cast(), black_box(from).cast(), black_box(len)) };
}

/// As [`memcpy`].
///
/// # Safety
/// As of `memset` in C.
unsafe fn memset(to: *mut u8, byte: u8, len: usize) {
    // SAFETY: passed on to the caller.
    unsafe { libc::memset(black_box(to).cast(), black_box(byte).into(), black_box(len)) };
}
