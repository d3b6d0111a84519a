//! Copies in and out of a view, whole calls with their checks, beside the C library's functions at the same addresses.

use crate::contest::{Contest, Limit};
use std::hint::black_box;
use veduta::{Section, ViewAccess};

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
    let buffer = std::cell::RefCell::new(&mut buffer[begin..begin + len]);
    let bytes = view.as_mut_ptr().wrapping_add(offset);
    let offset = || black_box(offset);

    let label = if shift == 0 { label.to_owned() } else { format!("{label}, unaligned") };
    let mut contest = Contest::new((TURN / len).clamp(1, 4096) as u32);
    let mut row = |operation, limit, theirs: &mut dyn FnMut(), ours: &mut dyn FnMut()| {
        contest.row(&format!("{operation} {label}: speed"), theirs, ours, limit)
    };
    row(
        "read_at / memcpy,",
        Limit::AtLeast(0.95),
        // SAFETY: both have as many bytes, and nobody else has the section.
        &mut || unsafe { memcpy(buffer.borrow_mut().as_mut_ptr(), bytes, len) },
        &mut || view.read_at(offset(), black_box(&mut buffer.borrow_mut())).expect("bytes"),
    ) + row(
        "write_at / memcpy,",
        Limit::AtLeast(0.95),
        // SAFETY: as above.
        &mut || unsafe { memcpy(bytes, buffer.borrow().as_ptr(), len) },
        &mut || view.write_at(offset(), black_box(&buffer.borrow())).expect("bytes"),
    ) + row(
        "fill / memset,",
        Limit::None,
        // SAFETY: as above.
        &mut || unsafe { memset(bytes, 1, len) },
        &mut || view.fill(offset()..offset() + black_box(len), black_box(1)).expect("bytes"),
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
