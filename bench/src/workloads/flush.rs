//! Bringing what was changed to the disk.

use crate::bare::Mapped;
use crate::contest::{Bench, Contest};
use crate::peer::Peer;
use crate::results::Work;
use rustix::mm::{MsyncFlags, msync};
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};
use veduta::{Section, ViewAccess};

const PAGE: usize = 4096;

pub(crate) fn all(bench: &mut Bench) {
    for pages in [1, 1000, 100_000] {
        let work = Work::new("Flushing", "flush dirty pages of a file of 400 MiB").among("pages", pages);
        flush(bench, work.note("All wait until the disk has them."), pages as usize);
    }
}

fn flush(bench: &mut Bench, work: Work, pages: usize) {
    if !bench.wants(&work) {
        return;
    }
    let len = 100_000 * PAGE;
    let file = || {
        let mut file = tempfile::tempfile_in(bench.disk()).expect("a file");
        (0..100).for_each(|_| file.write_all(&vec![1; len / 100]).expect("room"));
        file.sync_all().expect("the disk works");
        file
    };
    // A file each: what one leaves in the filesystem's journal is not another's to write.
    let files: [File; 4] = std::array::from_fn(|_| file());
    let section = Section::options().file(&files[0]).create_unnamed().expect("a section");
    let view = section.map(ViewAccess::Write).expect("a view");
    let mapped = Mapped::shared(&files[1], len);
    // SAFETY: nobody else has the file.
    let mut map = unsafe { memmap2::MmapMut::map_mut(&files[2]) }.expect("a mapping");
    let options = mmap_rs::MmapOptions::new(len).expect("a size").with_flags(mmap_rs::MmapFlags::SHARED);
    // SAFETY: as above.
    let mut other = unsafe { options.with_file(&files[3], 0) }.map_mut().expect("a mapping");

    let dirtied = |base: *mut u8, flush: &dyn Fn()| -> Duration {
        for page in 0..pages {
            // SAFETY: the mappings are as long. Spread over the file, as changes are.
            unsafe { base.add(page * (len / PAGE / pages) * PAGE).write_volatile(2) };
        }
        let start = Instant::now();
        flush();
        start.elapsed()
    };
    let mut contest = Contest::new(work);
    contest
        .batch(Peer::Veduta, 1, || {
            dirtied(view.as_mut_ptr(), &|| view.flush(0..len).expect("the disk works"))
        })
        .batch(Peer::Bare, 1, || {
            dirtied(mapped.as_ptr(), &|| {
                // SAFETY: the mapping is as long.
                unsafe { msync(mapped.as_ptr().cast(), len, MsyncFlags::SYNC) }.expect("the disk works");
            })
        })
        .batch(Peer::Memmap2, 1, || dirtied(map.as_mut_ptr(), &|| map.flush().expect("the disk works")))
        .batch(Peer::MmapRs, 1, || {
            dirtied(other.as_mut_ptr(), &|| other.flush(0..len).expect("the disk works"))
        });
    bench.run(contest);
}
