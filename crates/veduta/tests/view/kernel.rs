//! What the kernel tells of views: what pages may be used for, which are locked, how many mappings there are.

use crate::scratch::FileAt;
use crate::scratch::{PAGE, code, named_file};
use crate::{section, view};
use ViewAccess::{ExecuteRead, ExecuteWrite, NoAccess, Read, Write};
use veduta::Residency::{Absent, Resident};
use veduta::{Code, Section, View, ViewAccess};

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

#[test]
fn the_kernel_allows_what_the_access_says_and_no_more() {
    let section = section(PAGE as u64);
    let expected = ["---s", "r--s", "rw-s", "rw-p", "r-xs", "rwxs", "rwxp"];
    for (access, expected) in ViewAccess::ALL.into_iter().zip(expected) {
        let view = section.map(access).unwrap();
        assert_eq!(kernel_says(view.as_ptr().addr()).as_deref(), Some(expected), "{access:?}");
    }
}

#[test]
fn the_kernel_enforces_what_was_changed() {
    let expected =
        [(NoAccess, "---"), (Read, "r--"), (Write, "rw-"), (ExecuteRead, "r-x"), (ExecuteWrite, "rwx")];
    for (to, expected) in expected {
        let mut view = section(3 * PAGE as u64).map(ExecuteWrite).unwrap();
        view.protect(PAGE..2 * PAGE, to).unwrap();
        let says = |page: usize| kernel_says(view.as_ptr().addr() + page * PAGE).unwrap();
        assert_eq!((&says(0)[..3], &says(1)[..3], &says(2)[..3]), ("rwx", expected, "rwx"));
    }
}

/// How much of a mapping is locked, in bytes.
fn locked(address: usize) -> usize {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mapping = maps.split_once(&format!("{address:x}-")).expect("the address begins a mapping").1;
    let line = mapping.lines().find_map(|line| line.strip_prefix("Locked:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[test]
fn locked_pages_stay_in_memory_until_they_are_unlocked() {
    let view = view(4 * PAGE as u64);
    let first = view.as_ptr().addr();
    view.lock(0..PAGE + 1).unwrap();
    assert_eq!(view.residency(0..4 * PAGE).unwrap(), [Resident, Resident, Absent, Absent]);
    assert_eq!(locked(first), 2 * PAGE);
    view.unlock(0..1).unwrap();
    assert_eq!((locked(first), locked(first + PAGE)), (0, PAGE));
    view.unlock(0..4 * PAGE).unwrap();
    assert_eq!(locked(first), 0);
    view.unlock(0..4 * PAGE).unwrap();
    view.lock(5..5).unwrap();
    assert_eq!(locked(first), 0, "an empty range locks nothing");
    assert_eq!(code(view.lock(0..4 * PAGE + 1)), Code::INVALID_PARAMETER);
    assert_eq!(code(view.unlock(0..4 * PAGE + 1)), Code::INVALID_PARAMETER);
}

/// How many mappings of a file this process has.
fn mappings(path: &str) -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().filter(|line| line.contains(path)).count()
}

fn position(view: &View, needle: &[u8]) -> Option<u64> {
    // The rest of the file is holes: looking at the pages around the borders is enough.
    let ends = [0..view.len().min(8_192), view.len().saturating_sub(8_192)..view.len()];
    ends.into_iter().find_map(|range| {
        let mut bytes = vec![0; range.len()];
        view.read_at(range.start, &mut bytes).unwrap();
        let index = bytes.windows(needle.len()).position(|window| window == needle)?;
        Some(view.offset() + (range.start + index) as u64)
    })
}

#[test]
fn a_file_of_terabytes_is_processed_with_one_window_mapped_at_a_time() {
    const TIB: u64 = 1 << 40;
    const LEN: u64 = 64 << 30;
    const OVERLAP: u64 = 4_096;
    let file = named_file(4 * TIB);
    // Across the border of two windows, where only an overlap finds it.
    let needle = b"the needle";
    let border = 40 * (LEN - OVERLAP) + LEN;
    file.as_file().write_all_at(needle, border - 4).unwrap();
    let section = Section::options().file(file.as_file()).create_unnamed().unwrap();
    let path = file.path().to_str().unwrap();
    let (mut found, mut end) = (Vec::new(), 0);
    for window in section.windows(ViewAccess::Read, LEN, OVERLAP).unwrap() {
        let window = window.unwrap();
        assert_eq!(mappings(path), 1);
        found.extend(position(&window, needle));
        end = window.offset() + window.len() as u64;
    }
    assert_eq!((found, end), (vec![border - 4], 4 * TIB));
}
