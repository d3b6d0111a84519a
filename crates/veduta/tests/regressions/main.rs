//! Bugs that were there. Each test tells the story of one.

// Row: entries
#[cfg(target_os = "linux")]
mod entries;
#[path = "../support/mod.rs"]
mod support;

use support::{World, expect_refusal};
use veduta::Code;

/// Who opened a stale name kept its presence lock while it looked through all processes for the bytes. Several who did so at
/// the same time took each other for holders, until all gave up with "access denied". The search goes without the lock now.
#[test]
fn those_who_open_a_stale_name_at_once_do_not_take_each_other_for_holders() {
    let world = World::new();
    let name = r"Local\Stale";
    let mut actors: Vec<_> = (0..6).map(|_| world.actor()).collect();
    for _ in 0..20 {
        let mut creator = world.actor();
        creator.create_new(name);
        creator.kill();
        let start = std::sync::Barrier::new(actors.len());
        std::thread::scope(|scope| {
            for actor in &mut actors {
                scope.spawn(|| {
                    start.wait();
                    expect_refusal(actor.open(name), Code::FILE_NOT_FOUND);
                });
            }
        });
    }
}
