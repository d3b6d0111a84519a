//! What it costs when there are many.

use super::{allow_many_descriptors, unique};
use crate::bare::{self, Mapped};
use crate::contest::{Bench, Contest};
use crate::partner::Partner;
use crate::peer::Peer;
use crate::results::Work;
use rustix::fs::{Mode, ftruncate};
use rustix::shm;
use std::hint::black_box;
use veduta::{Namespace, Section, View, ViewAccess};

const GROUP: &str = "Growth";
const SIZE: usize = 4096;
const COUNTED: &str = "POSIX: `shm_open` and `close`, which count nobody.";

pub(crate) fn all(bench: &mut Bench) {
    names(bench);
    holders(bench);
    views(bench);
}

/// A POSIX name, until it is dropped.
struct Posix(String);

impl Posix {
    fn new(name: String) -> Posix {
        let flags = shm::OFlags::CREATE | shm::OFlags::EXCL | shm::OFlags::RDWR;
        let memory = shm::open(name.as_str(), flags, Mode::RUSR | Mode::WUSR).expect("a name");
        ftruncate(memory, SIZE as u64).expect("room");
        Posix(name)
    }

    fn open(name: &str) -> std::os::fd::OwnedFd {
        shm::open(name, shm::OFlags::RDWR, Mode::empty()).expect("the name")
    }
}

impl Drop for Posix {
    fn drop(&mut self) {
        shm::unlink(self.0.as_str()).expect("it is there");
    }
}

fn opening(bench: &mut Bench, work: Work, namespace: &Namespace, name: &str, posix: &str) {
    let mut contest = Contest::new(work);
    contest
        .with(Peer::Veduta, || {
            drop(black_box(Section::options().namespace(namespace).open(name).expect("a section")));
        })
        .with(Peer::Posix, || drop(black_box(Posix::open(posix))));
    bench.run(contest);
}

fn names(bench: &mut Bench) {
    let work = |count| {
        Work::new(GROUP, "open by name and close, among names").among("live names", count).note(COUNTED)
    };
    if !bench.wants(&work(1)) {
        return;
    }
    let directory = tempfile::TempDir::with_prefix_in("veduta-bench.", "/dev/shm").expect("a directory");
    let namespace = Namespace::at(directory.path()).expect("a namespace");
    // A process may not have descriptors for all of them.
    const EACH: u64 = 2500;
    let (mut partners, mut posix) = (Vec::new(), Vec::new());
    let mut live = 0;
    for count in [1, 10, 100, 1000, 10_000, 20_000].map(|count| bench.scaled(count, 1)) {
        while live < count {
            let more = (count - live).min(EACH);
            let hold = |index| {
                let name = format!("name {index}");
                let mut options = Section::options();
                options.size(SIZE as u64).namespace(&namespace).create_new(&name).expect("a section")
            };
            let partner = Partner::holding(|| {
                allow_many_descriptors();
                (live..live + more).map(hold).collect::<Vec<_>>()
            });
            partners.push(partner);
            posix
                .extend((live..live + more).map(|index| Posix::new(format!("/{}-{index}", unique("names")))));
            live += more;
        }
        let middle = live / 2;
        opening(bench, work(count), &namespace, &format!("name {middle}"), &posix[middle as usize].0);
    }
}

fn holders(bench: &mut Bench) {
    let work = |count| {
        let work =
            Work::new(GROUP, "open by name and close, among holders").among("holders", count).note(COUNTED);
        work.note("Linear: the kernel goes through the shares of a file's lock one by one, tens of nanoseconds each.")
    };
    if !bench.wants(&work(1)) {
        return;
    }
    let name = unique("holders");
    let namespace = Namespace::local().expect("a namespace");
    let posix = Posix::new(format!("/{name}"));
    let mut partners = Vec::new();
    for count in [1, 10, 100, 500].map(|count| bench.scaled(count, 1)) {
        while partners.len() < count as usize {
            let hold = || Section::options().size(SIZE as u64).create(&name).expect("a section");
            partners.push(Partner::holding(|| (hold(), Posix::open(&posix.0))));
        }
        opening(bench, work(count), &namespace, &name, &posix.0);
    }
}

fn views(bench: &mut Bench) {
    let work = |count| Work::new(GROUP, "map and unmap a page, among views").among("views", count);
    if !bench.wants(&work(1)) {
        return;
    }
    let section = Section::options().size(SIZE as u64).create_unnamed().expect("a section");
    let file = bare::memory_file(SIZE);
    let mut views: Vec<View> = Vec::new();
    for count in [1, 100, 1000, 10_000, 50_000].map(|count| bench.scaled(count, 1)) {
        views.extend((views.len()..count as usize).map(|_| section.map(ViewAccess::Write).expect("a view")));
        let mut contest =
            Contest::new(work(count).note("Both contenders are in the process that has the views."));
        contest
            .with(Peer::Veduta, || drop(black_box(section.map(ViewAccess::Write).expect("a view"))))
            .with(Peer::Bare, || drop(black_box(Mapped::shared(&file, SIZE))));
        bench.run(contest);
    }
}
