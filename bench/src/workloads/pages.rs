//! The first touch of fresh pages.

use crate::bare::{self, Mapped};
use crate::contest::{Bench, Contest};
use crate::peer::Peer;
use crate::results::Work;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{Advice as Advised, MapFlags, ProtFlags, madvise};
use std::fs::File;
use std::time::{Duration, Instant};
use veduta::{Advice, Pages, Section, View, ViewAccess};

const PAGE: usize = 4096;
const LARGE: usize = 2 << 20;

pub(crate) fn all(bench: &mut Bench) {
    let len = bench.scaled(64 << 20, 1 << 20) as usize;
    let in_units = |work: &'static str| Work::new("Fresh pages", work);
    small(bench, in_units("first touch of a page of 4 KiB"), len, How { threads: 1, prefetch: false });
    small(
        bench,
        in_units("first touch of a page of 4 KiB, by two threads"),
        len,
        How { threads: 2, prefetch: false },
    );
    small(
        bench,
        in_units("first touch of a page of 4 KiB, populated before"),
        len,
        How { threads: 1, prefetch: true },
    );
    let two = How { threads: 2, prefetch: true };
    small(bench, in_units("first touch of a page of 4 KiB, populated before by two threads"), len, two);
    let large_page = |work: &'static str| {
        let work = Work::new("Fresh pages", work).bytes(LARGE as u64);
        work.note(
            "All of it is timed: veduta takes the pages when the section is made, so that no touch can fail.",
        )
    };
    large(bench, large_page("make, map and touch a page of 2 MiB"), How { threads: 1, prefetch: false });
    large(
        bench,
        large_page("make, map and touch a page of 2 MiB, by two threads"),
        How { threads: 2, prefetch: false },
    );
    large(
        bench,
        large_page("make, map, populate and touch a page of 2 MiB"),
        How { threads: 1, prefetch: true },
    );
}

#[derive(Clone, Copy)]
struct How {
    threads: usize,
    prefetch: bool,
}

impl How {
    /// Writes a byte to each page, all threads together; `populate` is called with each thread's part first if so wanted.
    fn touch(
        self,
        base: *mut u8,
        len: usize,
        step: usize,
        populate: impl Fn(usize, usize) + Sync,
    ) -> Duration {
        let base = base as usize;
        let part = len / self.threads;
        let work = |index: usize| {
            let begin = index * part;
            if self.prefetch {
                populate(begin, part);
            }
            for at in (begin..begin + part).step_by(step) {
                // SAFETY: within the mapping; other threads have other pages.
                unsafe { ((base + at) as *mut u8).write_volatile(1) };
            }
        };
        let start = Instant::now();
        match self.threads {
            1 => work(0),
            _ => std::thread::scope(|scope| {
                (1..self.threads).for_each(|index| _ = scope.spawn(move || work(index)));
                work(0);
            }),
        }
        start.elapsed()
    }
}

fn small(bench: &mut Bench, work: Work, len: usize, how: How) {
    let fresh = move || Section::options().size(len as u64).create_unnamed().expect("a section");
    let mut contest = Contest::new(work.bytes(PAGE as u64));
    let pages = (len / PAGE) as u64;
    contest
        .batch(Peer::Veduta, pages, || {
            let view = fresh().map(ViewAccess::Write).expect("a view");
            how.touch(view.as_mut_ptr(), len, PAGE, |begin, part| populate(&view, begin, part))
        })
        .batch(Peer::Bare, pages, || {
            let mapped = Mapped::shared(bare::memory_file(len), len);
            touch_bare(how, &mapped, len, PAGE)
        })
        .batch(Peer::Memmap2, pages, || {
            let file = bare::memory_file(len);
            // SAFETY: nobody else has the file.
            let mut map = unsafe { memmap2::MmapMut::map_mut(&file) }.expect("a mapping");
            let base = map.as_mut_ptr();
            how.touch(base, len, PAGE, |begin, part| {
                map.advise_range(memmap2::Advice::PopulateWrite, begin, part).expect("pages");
            })
        });
    bench.run(contest);
}

fn populate(view: &View, begin: usize, part: usize) {
    view.advise(begin..begin + part, Advice::PopulateWrite).expect("pages");
}

fn touch_bare(how: How, mapped: &Mapped, len: usize, step: usize) -> Duration {
    let base = mapped.as_ptr();
    let at = base as usize;
    how.touch(base, len, step, move |begin, part| {
        // SAFETY: within the mapping.
        unsafe { madvise((at + begin) as *mut _, part, Advised::LinuxPopulateWrite) }.expect("pages");
    })
}

/// Pages of 2 MiB. They have to be set aside by the administrator: `bench/run` does, and gives them back.
fn large(bench: &mut Bench, work: Work, how: How) {
    let free = std::fs::read_to_string("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
    let free: usize = free.ok().and_then(|free| free.trim().parse().ok()).unwrap_or(0);
    // Two contenders never have them at the same time, but the kernel may be late in taking them back.
    let pages = (free / 2).min(16);
    if pages == 0 {
        bench.leave_out(&work, "no large pages are set aside (/proc/sys/vm/nr_hugepages)");
        return;
    }
    let len = pages * LARGE;
    let mut contest = Contest::new(work);
    contest
        .batch(Peer::Veduta, pages as u64, || {
            let start = Instant::now();
            let mut options = Section::options();
            let section = options
                .size(len as u64)
                .pages(Pages::HugeOf(LARGE as u64))
                .create_unnamed()
                .expect("a section");
            let view = section.map(ViewAccess::Write).expect("a view");
            how.touch(view.as_mut_ptr(), len, LARGE, |begin, part| populate(&view, begin, part));
            start.elapsed()
        })
        .batch(Peer::Bare, pages as u64, || {
            let start = Instant::now();
            let file =
                memfd_create("bench", MemfdFlags::CLOEXEC | MemfdFlags::HUGETLB | MemfdFlags::HUGE_2MB);
            let file = File::from(file.expect("a memory file"));
            ftruncate(&file, len as u64).expect("room");
            let mapped = Mapped::with(&file, len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
            touch_bare(how, &mapped, len, LARGE);
            start.elapsed()
        });
    // It can populate only when it maps.
    if !how.prefetch {
        contest.batch(Peer::MmapRs, pages as u64, || {
            let start = Instant::now();
            let options = mmap_rs::MmapOptions::new(len).expect("a size");
            let options =
                options.with_page_size(mmap_rs::PageSize::_2M).with_flags(mmap_rs::MmapFlags::HUGE_PAGES);
            let mut map = options.map_mut().expect("a mapping");
            how.touch(map.as_mut_ptr(), len, LARGE, |_, _| ());
            start.elapsed()
        });
    }
    bench.run(contest);
}
