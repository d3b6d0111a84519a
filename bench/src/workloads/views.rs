//! Mapping what is held.

use crate::bare::{self, Mapped};
use crate::contest::{Bench, Contest};
use crate::peer::Peer;
use crate::results::Work;
use mmap_rs::{MmapFlags, MmapOptions};
use std::hint::black_box;
use veduta::{Section, ViewAccess};

pub(crate) fn all(bench: &mut Bench) {
    map(bench, Work::new("Views", "map and unmap a held section, 64 KiB").programs("map64k"), 64 << 10);
    map(bench, Work::new("Views", "map and unmap a held section, 1 GiB").programs("map1g"), 1 << 30);
}

fn map(bench: &mut Bench, work: Work, size: usize) {
    let section = Section::options().size(size as u64).create_unnamed().expect("a section");
    let file = bare::memory_file(size);
    let mut contest = Contest::new(work);
    contest
        .with(Peer::Veduta, || drop(black_box(section.map(ViewAccess::Write).expect("a view"))))
        .with(Peer::Bare, || drop(black_box(Mapped::shared(&file, size))))
        .with(Peer::Memmap2, || {
            // SAFETY: nobody else has the file.
            drop(black_box(
                unsafe { memmap2::MmapOptions::new().len(size).map_mut(&file) }.expect("a mapping"),
            ));
        })
        .with(Peer::MmapRs, || {
            let options = MmapOptions::new(size).expect("a size").with_flags(MmapFlags::SHARED);
            // SAFETY: nobody else has the file.
            drop(black_box(unsafe { options.with_file(&file, 0) }.map_mut().expect("a mapping")));
        });
    bench.run(contest);
}
