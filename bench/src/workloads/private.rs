//! Copy-on-write.

use crate::bare::Mapped;
use crate::contest::{Bench, Contest};
use crate::peer::Peer;
use crate::results::Work;
use rustix::mm::{MapFlags, ProtFlags};
use std::fs::File;
use std::time::{Duration, Instant};
use veduta::{Section, ViewAccess};

const PAGE: usize = 4096;
const PAGES: usize = 1024;

pub(crate) fn all(bench: &mut Bench) {
    let work = Work::new("Copy-on-write", "first write to a page of a cached file").programs("cow");
    let len = PAGES * PAGE;
    let file = tempfile::tempfile_in(bench.disk()).expect("a file");
    std::io::Write::write_all(&mut &file, &vec![1; len]).expect("room");
    let file: &File = &file;
    let section = Section::options().file(file).create_unnamed().expect("a section");
    let mut contest = Contest::new(work);
    let pages = PAGES as u64;
    contest
        .batch(Peer::Veduta, pages, || {
            write_each(section.map(ViewAccess::Copy).expect("a view").as_mut_ptr())
        })
        .batch(Peer::Bare, pages, || {
            let mapped = Mapped::with(file, len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
            write_each(mapped.as_ptr())
        })
        .batch(Peer::Memmap2, pages, || {
            // SAFETY: nobody else has the file.
            let mut map = unsafe { memmap2::MmapOptions::new().map_copy(file) }.expect("a mapping");
            write_each(map.as_mut_ptr())
        })
        .batch(Peer::MmapRs, pages, || {
            let options = mmap_rs::MmapOptions::new(len).expect("a size");
            // SAFETY: as above.
            let mut map = unsafe { options.with_file(file, 0) }.map_mut().expect("a mapping");
            write_each(map.as_mut_ptr())
        });
    bench.run(contest);
}

fn write_each(base: *mut u8) -> Duration {
    let start = Instant::now();
    for page in 0..PAGES {
        // SAFETY: the mapping has as many pages.
        unsafe { base.add(page * PAGE).write_volatile(2) };
    }
    start.elapsed()
}
