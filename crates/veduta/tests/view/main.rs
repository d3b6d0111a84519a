//! Views: where they lie, what may be done with their bytes, and what the system is told and tells of their pages.

// Row: addresses
#[cfg(target_os = "linux")]
mod addresses;
// Row: advice
#[cfg(target_os = "linux")]
mod advice;
mod atomics;
mod bytes;
// Row: /proc
#[cfg(target_os = "linux")]
mod dirty;
mod durable;
// Row: /proc
#[cfg(target_os = "linux")]
mod kernel;
// Row: files that shrink
#[cfg(target_os = "linux")]
mod missing;
// Row: overlapped files
#[cfg(windows)]
mod overlapped;
mod place;
mod protect;
mod resident;
#[path = "../scratch/mod.rs"]
mod scratch;
// Row: seal
#[cfg(target_os = "linux")]
mod sealed;
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
