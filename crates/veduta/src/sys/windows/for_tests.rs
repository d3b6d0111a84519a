//! What only tests see of the system.

/// A view of which only the first half, so many bytes, can be touched. Files that views show cannot be cut off on Windows: what a copy meets here is the
/// exception of a page that may not be read.
#[cfg(test)]
pub(crate) fn half_missing(there: usize) -> crate::View {
    let section = crate::Section::options().size(2 * there as u64).create_unnamed().unwrap();
    let mut view = section.map(crate::ViewAccess::Write).unwrap();
    view.protect(there..2 * there, crate::ViewAccess::NoAccess).unwrap();
    view
}
