//! Views: where they lie, what may be done with their bytes, and what the system is told and tells of their pages.

mod atomics;
mod bytes;
mod durable;
mod missing;
mod place;
mod protect;
mod resident;
#[path = "../scratch/mod.rs"]
mod scratch;
mod slices;
mod windows;

use veduta::{Protection, Section, View, ViewAccess};

/// A section of memory whose views may do anything.
fn section(size: u64) -> Section {
    Section::options().size(size).protection(Protection::ExecuteReadWrite).create_unnamed().unwrap()
}

/// A view that writes, of a section of its own.
fn view(size: u64) -> View {
    section(size).map(ViewAccess::Write).unwrap()
}

/// Bytes that differ from their neighbours, and from those a page further on.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

/// What the kernel lets a program do at an address, as in `/proc/self/maps`: `rw-s`.
fn kernel_says(address: usize) -> Option<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().find_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        (number(start)?..number(end)?).contains(&address).then(|| rest[..4].to_owned())
    })
}
