//! Making and finding sections by name.

use super::unique;
use crate::bare;
use crate::contest::{Bench, Contest};
use crate::partner::Partner;
use crate::peer::Peer;
use crate::results::Work;
use shared_memory::ShmemConf;
use std::hint::black_box;
use veduta::{Section, ViewAccess};

const SIZE: usize = 64 << 10;
const OPENING: &str = "`shm_open` counts no holders. An open that does is eight calls: \
    [each of them](../performance.md#open-a-section-map-it-read-a-value-unmap-it-close-it). Beside the same calls bare, the rest is reading and checking \
    what others may have written, and remembering that this process has it open.";

pub(crate) fn all(bench: &mut Bench) {
    create(bench);
    let name = unique("open");
    let theirs = format!("veduta-{name}");
    // Whoever created it removes its name, but only if it is not killed.
    let _theirs = ShmemConf::new().size(SIZE).os_id(&theirs).create().expect("shared memory");
    let holder =
        Partner::holding(|| Section::options().size(SIZE as u64).create_new(&name).expect("a section"));
    let calls = bare::Open::of(&name);
    open(bench, &name, &calls);
    let work =
        Work::new("Names", "open by name, map, touch, unmap and close").programs("openmap").note(OPENING);
    touch(bench, work, &name, &theirs, Some(&calls));
    let held = Section::options().open(&name).expect("a section");
    let work =
        Work::new("Names", "the same of a name that this process has open, too").programs("openmap-held");
    touch(bench, work, &name, &theirs, None);
    drop((held, holder));
}

fn create(bench: &mut Bench) {
    let name = unique("create");
    let mut contest =
        Contest::new(Work::new("Names", "create a named section and close it").programs("create"));
    contest
        .with(Peer::Veduta, || {
            drop(black_box(Section::options().size(SIZE as u64).create_new(&name).expect("a section")));
        })
        .with(Peer::SharedMemory, || {
            drop(black_box(ShmemConf::new().size(SIZE).os_id(&name).create().expect("shared memory")));
        });
    bench.run(contest);
}

fn open(bench: &mut Bench, name: &str, calls: &bare::Open) {
    let work = Work::new("Names", "open by name and close").programs("open").note(OPENING);
    let mut contest = Contest::new(work);
    contest
        .with(Peer::Veduta, || drop(black_box(Section::options().open(name).expect("a section"))))
        .with(Peer::Bare, || calls.run(|_| ()));
    bench.run(contest);
}

fn touch(bench: &mut Bench, work: Work, name: &str, theirs: &str, calls: Option<&bare::Open>) {
    let mut contest = Contest::new(work);
    contest
        .with(Peer::Veduta, || {
            let section = Section::options().open(name).expect("a section");
            let view = section.map(ViewAccess::Write).expect("a view");
            view.write_value(0, &1_u8).expect("a byte");
        })
        .with(Peer::SharedMemory, || {
            let memory = ShmemConf::new().os_id(theirs).open().expect("shared memory");
            // SAFETY: it is as long, and nobody else uses it.
            unsafe { memory.as_ptr().write_volatile(1) };
        });
    if let Some(calls) = calls {
        contest.with(Peer::Bare, || {
            calls.run(|bytes| {
                let mapped = bare::Mapped::shared(bytes, SIZE);
                // SAFETY: as above.
                unsafe { mapped.as_ptr().write_volatile(1) };
            });
        });
    }
    bench.run(contest);
}
