//! What an object takes, besides its own bytes: in this process and in the kernel.

use super::{allow_many_descriptors, unique};
use crate::bare;
use crate::contest::Bench;
use crate::peer::Peer;
use crate::results::{Unit, Work};
use rustix::fs::{Mode, ftruncate};
use rustix::shm;
use std::any::Any;
use veduta::{Event, Mutex, Section, ViewAccess};

const OBJECTS: usize = 800;
const ROUNDS: usize = 5;

pub(crate) fn all(bench: &mut Bench) {
    let size = 64 << 10;
    let section = |name: &str| Section::options().size(size).create_new(name).expect("a section");
    let posix = |name: &str| {
        let flags = shm::OFlags::CREATE | shm::OFlags::EXCL | shm::OFlags::RDWR;
        let memory = shm::open(name, flags, Mode::RUSR | Mode::WUSR).expect("a name");
        ftruncate(&memory, size).expect("room");
        shm::unlink(name).expect("it is there");
        memory
    };
    let work = |title| Work::new("Memory of an object", title).unit(Unit::Bytes);
    let unlinked = "POSIX: with the name already removed, for it would otherwise outlive the process.";
    footprint(
        bench,
        work("a named section").note(unlinked),
        &[(Peer::Veduta, &|name| Box::new(section(name))), (Peer::Posix, &|name| Box::new(posix(name)))],
    );
    footprint(
        bench,
        work("a section without a name"),
        &[
            (Peer::Veduta, &|_| Box::new(Section::options().size(size).create_unnamed().expect("a section"))),
            (Peer::Bare, &|_| Box::new(bare::memory_file(size as usize))),
        ],
    );
    let held = section(&unique("viewed"));
    let file = bare::memory_file(size as usize);
    footprint(
        bench,
        work("a view"),
        &[
            (Peer::Veduta, &|_| Box::new(held.map(ViewAccess::Write).expect("a view"))),
            (Peer::Bare, &|_| Box::new(bare::Mapped::shared(&file, size as usize))),
        ],
    );
    let page = "Its page of shared memory is part of it.";
    footprint(
        bench,
        work("a named mutex").note(page),
        &[(Peer::Veduta, &|name| Box::new(Mutex::options().create_new(name).expect("a mutex")))],
    );
    footprint(
        bench,
        work("a named event").note(page),
        &[(Peer::Veduta, &|name| Box::new(Event::options().create_new(name).expect("an event")))],
    );
}

type Make<'a> = &'a dyn Fn(&str) -> Box<dyn Any>;

fn footprint(bench: &mut Bench, work: Work, entrants: &[(Peer, Make<'_>)]) {
    if !bench.wants(&work) {
        return;
    }
    allow_many_descriptors();
    let mut taken = vec![Vec::new(); entrants.len()];
    // Nothing is given back between the rounds: the kernel takes its time over that.
    let mut objects: Vec<Box<dyn Any>> = Vec::with_capacity(OBJECTS * ROUNDS * entrants.len());
    for round in 0..ROUNDS {
        for ((peer, make), taken) in entrants.iter().zip(&mut taken) {
            let name = |index| unique(&format!("{peer}-{round}-{index}"));
            let before = in_use();
            objects.extend((0..OBJECTS).map(|index| make(&name(index))));
            taken.push((in_use() - before) as f64 / OBJECTS as f64);
        }
    }
    let peers = entrants.iter().map(|(peer, _)| *peer);
    bench.record(work, peers.zip(taken).collect());
}

/// What this process has in memory, and the kernel in objects of the kinds that are counted by object.
fn in_use() -> i64 {
    // Pages that processes share are the machine's: other programs at work are seen here, hence several rounds.
    kib("/proc/self/smaps_rollup", "Pss_Anon:") + kib("/proc/meminfo", "Shmem:") + in_kernel()
}

fn kib(file: &str, name: &str) -> i64 {
    let text = std::fs::read_to_string(file).expect("/proc");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    line.split_whitespace().next().and_then(|kib| kib.parse::<i64>().ok()).expect("a number") << 10
}

/// Only root may see their sizes. What the kernel's allocator keeps free for later is not counted.
fn in_kernel() -> i64 {
    const KINDS: &[&str] = &[
        "dentry ",
        "file_lock",
        "filp ",
        "lsm_",
        "maple_node ",
        "shmem_inode_cache ",
        "vm_area_struct ",
        "vma_lock ",
    ];
    let slabs = std::fs::read_to_string("/proc/slabinfo").unwrap_or_default();
    let kinds = slabs.lines().filter(|line| KINDS.iter().any(|kind| line.starts_with(kind)));
    kinds
        .map(|line| {
            let field =
                |index| line.split_whitespace().nth(index).and_then(|number| number.parse::<i64>().ok());
            field(1).expect("a number of objects") * field(3).expect("their size")
        })
        .sum()
}
