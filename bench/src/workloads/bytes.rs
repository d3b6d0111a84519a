//! Shared bytes: copies that survive missing pages, and atomics.

use crate::contest::{Bench, Contest};
use crate::peer::Peer;
use crate::results::Work;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use veduta::{Section, View, ViewAccess, copy_routine};

const CHECKED: &str = "Calls look whether the range is in the view and may be used, and what came of it: about a nanosecond. `fill` stores 16 bytes at a time below \
    512, memset up to 64.";
const SIZES: [usize; 6] = [64, 256, 4 << 10, 64 << 10, 1 << 20, 64 << 20];

pub(crate) fn all(bench: &mut Bench) {
    for len in SIZES {
        copies(bench, len);
    }
    atomics(bench);
}

fn copies(bench: &mut Bench, len: usize) {
    let section = Section::options().size((len + 64) as u64).create_unnamed().expect("a section");
    let view = section.map(ViewAccess::Write).expect("a view");
    let mut buffer = vec![1_u8; len + 128];
    for (offset, shift) in [(0, 0), (3, 13)] {
        let begin = buffer.as_ptr().align_offset(64) + shift;
        let titles = if shift == 0 {
            ["the copy routine by itself", "read_at", "write_at", "fill"]
        } else {
            [
                "the copy routine by itself, unaligned",
                "read_at, unaligned",
                "write_at, unaligned",
                "fill, unaligned",
            ]
        };
        beside_memcpy(bench, &view, &mut buffer[begin..begin + len], offset, titles);
    }
}

fn beside_memcpy(
    bench: &mut Bench,
    view: &View,
    buffer: &mut [u8],
    offset: usize,
    titles: [&'static str; 4],
) {
    let len = buffer.len();
    let bytes = view.as_mut_ptr().wrapping_add(offset);
    let buffer = buffer.as_mut_ptr();
    // All sides are told the same three things by black boxes, and nothing else goes through memory.
    let at = || black_box(offset);
    // SAFETY: the buffer has as many bytes, and nobody else uses them meanwhile.
    let slice = || unsafe { std::slice::from_raw_parts_mut(black_box(buffer), black_box(len)) };
    // SAFETY: both have as many bytes, and nobody else has the section.
    let memcpy = |to: *mut u8, from: *const u8| unsafe {
        libc::memcpy(black_box(to).cast(), black_box(from).cast(), black_box(len));
    };
    // SAFETY: as above.
    let memset = || unsafe { _ = libc::memset(black_box(bytes).cast(), black_box(1), black_box(len)) };
    let work = |title| Work::new("Shared bytes", title).among("bytes", len as u64).note(CHECKED);
    let [routine, read, write, fill] = titles;

    let mut contest = Contest::new(work(routine));
    contest
        .with(Peer::Veduta, || {
            // SAFETY: as above.
            _ = unsafe { copy_routine(black_box(buffer), black_box(bytes), black_box(len)) }
        })
        .with(Peer::Memory, || memcpy(buffer, bytes));
    bench.run(contest);
    let mut contest = Contest::new(work(read));
    contest
        .with(Peer::Veduta, || view.read_at(at(), slice()).expect("bytes"))
        .with(Peer::Memory, || memcpy(buffer, bytes));
    bench.run(contest);
    let mut contest = Contest::new(work(write));
    contest
        .with(Peer::Veduta, || view.write_at(at(), slice()).expect("bytes"))
        .with(Peer::Memory, || memcpy(bytes, buffer));
    bench.run(contest);
    let mut contest = Contest::new(work(fill));
    contest
        .with(Peer::Veduta, || view.fill(at()..at() + black_box(len), black_box(1)).expect("bytes"))
        .with(Peer::Memory, memset);
    bench.run(contest);
}

fn atomics(bench: &mut Bench) {
    let section = Section::options().size(4096).create_unnamed().expect("a section");
    let view = section.map(ViewAccess::Write).expect("a view");
    let at_hand = view.atomic::<AtomicU64>(64).expect("an atomic");
    let mut contest = Contest::new(
        Work::new("Shared bytes", "add to an atomic by its offset").note("Beside it: the atomic at hand."),
    );
    contest
        .with(Peer::Veduta, || {
            view.atomic::<AtomicU64>(black_box(128)).expect("an atomic").fetch_add(1, Ordering::Relaxed);
        })
        .with(Peer::Memory, || _ = black_box(at_hand).fetch_add(1, Ordering::Relaxed));
    bench.run(contest);
}
