//! Many views in one process. The kernel counts the mappings of a process, up to `vm.max_map_count`.

use crate::footprint::Footprint;
use crate::support::skipped;
use crate::{alone, count, figure};
use std::fs;
use std::time::Instant;
use veduta::{Code, Section, View, ViewAccess};

const LIMIT: &str = "/proc/sys/vm/max_map_count";
const PAGE: u64 = 4096;

#[test]
fn one_process_has_many_views() {
    alone("views::role");
}

#[test]
#[ignore = "a role: a process of its own with many views"]
fn role() {
    let wanted = count(100_000, 2_000);
    let section = Section::options().size(wanted as u64 * PAGE).create_unnamed().unwrap();
    use_them(&section, wanted);
    // What the first time left is the allocator's, and there to stay.
    let footprint = Footprint::now();
    use_them(&section, wanted);
    footprint.is_again(Footprint::now());
}

fn use_them(section: &Section, wanted: usize) {
    let limit = limit();
    if wanted < limit {
        return have(section, wanted);
    }
    the_limit_is_named(section, wanted);
    match Raised::to(wanted + 1000) {
        Ok(_raised) => have(section, wanted),
        Err(error) => skipped(format!("{wanted} views take more than vm.max_map_count={limit}: {error}")),
    }
}

fn limit() -> usize {
    fs::read_to_string(LIMIT).unwrap().trim().parse().unwrap()
}

/// Pages that are neighbours in the section never are in memory, however the kernel places views: from below or from above. Otherwise it
/// makes one mapping of them.
fn page(index: usize, of: usize) -> u64 {
    let half = of / 2;
    (if index.is_multiple_of(2) { index / 2 } else { half + index / 2 }) as u64
}

fn map(section: &Section, page: u64) -> veduta::Result<View> {
    section.view().access(ViewAccess::Write).offset(page * PAGE).len(PAGE).map()
}

fn have(section: &Section, count: usize) {
    let begun = Instant::now();
    let views: Vec<View> =
        (0..count).map(|index| map(section, page(index, count)).expect("mappings are left")).collect();
    let took = begun.elapsed();
    for (index, view) in views.iter().enumerate() {
        view.write_value(0, &(index as u64)).unwrap();
    }
    for (index, view) in views.iter().enumerate() {
        assert_eq!(view.read_value::<u64>(0).unwrap(), index as u64);
    }
    figure!("{count} views: {:?} to map each", took / count as u32);
}

/// Where the kernel has no more mappings the error says so, everything that is there can be used, and what is given back can be had again.
fn the_limit_is_named(section: &Section, wanted: usize) {
    let mut views = Vec::with_capacity(wanted);
    let error = loop {
        match map(section, page(views.len(), wanted)) {
            Ok(view) => views.push(view),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), Code::NOT_ENOUGH_MEMORY, "{error}");
    assert!(error.advice().unwrap().contains("vm.max_map_count"), "{error}");
    let had = views.len();
    figure!("{had} views with vm.max_map_count={}, then: {error}", limit());
    views.truncate(had - 10);
    for index in had - 10..had {
        views.push(map(section, page(index, wanted)).expect("so many were there before"));
    }
    for view in &views {
        view.write_value(0, &7_u64).unwrap();
    }
}

/// The limit, raised as long as this lives.
struct Raised {
    before: usize,
}

impl Raised {
    fn to(limit: usize) -> std::io::Result<Raised> {
        let raised = Raised { before: self::limit() };
        fs::write(LIMIT, limit.to_string())?;
        Ok(raised)
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        // Whoever may not raise it may not put it back either, and did not.
        let _ = fs::write(LIMIT, self.before.to_string());
    }
}
