//! Reading a large file that is in memory, through views and by calls.

use crate::bare::Mapped;
use crate::contest::{Bench, Contest};
use crate::peer::Peer;
use crate::results::Work;
use rustix::mm::{MapFlags, ProtFlags};
use std::cell::Cell;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};
use veduta::{Section, ViewAccess};

/// What a careful reader takes at a time.
const BUFFER: usize = 256 << 10;

pub(crate) fn all(bench: &mut Bench) {
    let works = works();
    if !works.iter().any(|work| bench.wants(work)) {
        return;
    }
    let len = bench.scaled(4 << 30, 1 << 20) as usize;
    let file = tempfile::tempfile_in(bench.disk()).expect("a file");
    fill(&file, len);
    let [sum, search, safe] = works;
    sequential(bench, sum, &file, len);
    random(bench, search, safe, &file, len);
}

fn works() -> [Work; 3] {
    let sum = Work::new("Reading a cached file of 4 GiB", "map it, add all its words of 8 bytes, unmap it");
    let search = Work::new("Reading a cached file of 4 GiB", "find a word by binary search");
    let safe = Work::new(
        "Reading a cached file of 4 GiB",
        "find a word by binary search, where a page that goes missing is an error",
    );
    let touched = "The file is mapped, or open, all the time, and every page was touched before.";
    [sum, search.note(touched), safe.note("veduta: `read_value`. Others that map end with the process.")]
}

/// Words in ascending order: the one at `i` is `2 i`.
fn fill(mut file: &File, len: usize) {
    let mut next = 0_u64;
    let mut buffer = vec![0; 1 << 20];
    for _ in 0..len / buffer.len() {
        for word in buffer.chunks_exact_mut(8) {
            word.copy_from_slice(&next.to_ne_bytes());
            next += 2;
        }
        file.write_all(&buffer).expect("room on the disk");
    }
    file.sync_all().expect("the disk works");
}

fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().expect("8 bytes")));
    words.fold(0, u64::wrapping_add)
}

/// How long a sum takes, which is not to be left out, nor to be wrong.
fn summed(len: usize, add: impl FnOnce() -> u64) -> Duration {
    let start = Instant::now();
    let sum = add();
    let time = start.elapsed();
    let words = len as u64 / 8;
    assert_eq!(sum, words * (words - 1), "all words were added");
    time
}

fn sequential(bench: &mut Bench, work: Work, file: &File, len: usize) {
    let section = Section::options().file(file).create_unnamed().expect("a section");
    let mut contest = Contest::new(work.bytes(len as u64));
    contest
        .batch(Peer::Veduta, 1, || {
            summed(len, || {
                let view = section.map(ViewAccess::Read).expect("a view");
                // SAFETY: nobody writes to the file or cuts it off.
                sum(unsafe { view.slice(0..len) }.expect("its bytes"))
            })
        })
        .batch(Peer::Bare, 1, || {
            summed(len, || {
                let mapped = Mapped::with(file, len, ProtFlags::READ, MapFlags::SHARED);
                // SAFETY: as above, and the mapping is as long.
                sum(unsafe { std::slice::from_raw_parts(mapped.as_ptr(), len) })
            })
        })
        .batch(Peer::Memmap2, 1, || {
            // SAFETY: as above.
            summed(len, || sum(&unsafe { memmap2::Mmap::map(file) }.expect("a mapping")))
        })
        .batch(Peer::MmapRs, 1, || {
            summed(len, || {
                let options = mmap_rs::MmapOptions::new(len).expect("a size");
                let options = options.with_flags(mmap_rs::MmapFlags::SHARED);
                // SAFETY: as above.
                sum(unsafe { options.with_file(file, 0) }.map().expect("a mapping").as_slice())
            })
        })
        .batch(Peer::Pread, 1, || {
            summed(len, || {
                let mut buffer = vec![0; BUFFER];
                (0..len).step_by(BUFFER).fold(0, |total, at| {
                    file.read_exact_at(&mut buffer, at as u64).expect("its bytes");
                    total.wrapping_add(sum(&buffer))
                })
            })
        });
    bench.run(contest);
}

fn random(bench: &mut Bench, work: Work, safe: Work, file: &File, len: usize) {
    let words = len as u64 / 8;
    let section = Section::options().file(file).create_unnamed().expect("a section");
    let view = section.map(ViewAccess::Read).expect("a view");
    // SAFETY: nobody writes to the file or cuts it off.
    let map = unsafe { memmap2::Mmap::map(file) }.expect("a mapping");
    let options = mmap_rs::MmapOptions::new(len).expect("a size").with_flags(mmap_rs::MmapFlags::SHARED);
    // SAFETY: as above.
    let other = unsafe { options.with_file(file, 0) }.map().expect("a mapping");
    let mapped = Mapped::with(file, len, ProtFlags::READ, MapFlags::SHARED);
    // SAFETY: as above.
    let bytes = unsafe { view.slice(0..len) }.expect("its bytes");
    // What is wanted is what a look costs, not the faults of those that come first.
    for base in [view.as_ptr(), map.as_ptr(), other.as_ptr(), mapped.as_ptr()] {
        for page in (0..len).step_by(4096) {
            // SAFETY: the mappings are as long.
            black_box(unsafe { base.add(page).read_volatile() });
        }
    }
    let of_slice = |bytes: &[u8], index: u64| {
        let at = index as usize * 8;
        u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
    };
    // SAFETY: the mapping has as many words.
    let of_mapping =
        |index: u64| unsafe { mapped.as_ptr().cast::<u64>().add(index as usize).read_volatile() };
    let by_call = |index| {
        let mut word = [0; 8];
        file.read_exact_at(&mut word, index * 8).expect("a word");
        u64::from_ne_bytes(word)
    };
    let mut contest = Contest::new(work);
    contest
        .with(Peer::Veduta, searching(words, |index| of_slice(bytes, index)))
        .with(Peer::Bare, searching(words, of_mapping))
        .with(Peer::Memmap2, searching(words, |index| of_slice(&map, index)))
        .with(Peer::MmapRs, searching(words, |index| of_slice(other.as_slice(), index)))
        .with(Peer::Pread, searching(words, by_call));
    bench.run(contest);

    let mut contest = Contest::new(safe);
    contest
        .with(Peer::Veduta, searching(words, |index| view.read_value(index as usize * 8).expect("a word")))
        .with(Peer::Pread, searching(words, by_call));
    bench.run(contest);
}

/// Looks for one word after the other, in no order, each time it is called.
fn searching(words: u64, word: impl Fn(u64) -> u64) -> impl FnMut() {
    let state = Cell::new(0x9E37_79B9_7F4A_7C15_u64);
    move || {
        let next =
            state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.set(next);
        let key = (next >> 32) % words * 2;
        let (mut low, mut high) = (0, words);
        while low < high {
            let middle = low.midpoint(high);
            if word(middle) < key { low = middle + 1 } else { high = middle }
        }
        assert_eq!(black_box(low), key / 2, "the word is found");
    }
}
