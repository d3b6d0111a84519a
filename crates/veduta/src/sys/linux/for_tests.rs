//! What only tests, fuzzers and the benchmark see of the system.

#[cfg(any(test, fuzzing))]
pub use super::fuzzing;
#[cfg(feature = "steps")]
pub use super::step::{STEPS, SYNC_STEPS, Step};

/// A view of which only the first half, so many bytes, is there.
#[cfg(test)]
pub(crate) fn half_missing(there: usize) -> crate::View {
    let file = rustix::fs::memfd_create("cut off", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    let file = std::fs::File::from(file);
    file.set_len(2 * there as u64).unwrap();
    let section = crate::Section::options().file(&file).create_unnamed().unwrap();
    let view = section.map(crate::ViewAccess::Write).unwrap();
    file.set_len(there as u64).unwrap();
    view
}
