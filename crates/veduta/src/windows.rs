//! Sections of any size in constant memory: one view after another.

use crate::{Code, Error, Result, Section, View, ViewAccess};
use std::iter::FusedIterator;

/// Views of a section, one after another, in order. Made by [`Section::windows`].
///
/// The last one ends where the section ends and may be shorter.
#[derive(Debug, Clone)]
#[must_use = "nothing is mapped before the iterator is asked"]
pub struct Windows<'a> {
    section: &'a Section,
    access: ViewAccess,
    len: u64,
    overlap: u64,
    next: u64,
}

impl<'a> Windows<'a> {
    pub(crate) fn new(
        section: &'a Section,
        access: ViewAccess,
        len: u64,
        overlap: u64,
    ) -> Result<Windows<'a>> {
        if overlap >= len {
            return Err(Error::new(Code::INVALID_PARAMETER, "iterate over section")
                .hint(format!("windows of {len} bytes that share {overlap} would never come to an end")));
        }
        Ok(Windows { section, access, len, overlap, next: 0 })
    }
}

impl Iterator for Windows<'_> {
    type Item = Result<View>;

    fn next(&mut self) -> Option<Result<View>> {
        let offset = self.next;
        let left = self.section.len().checked_sub(offset)?;
        // What is left was in the window before.
        if left == 0 || (offset > 0 && left <= self.overlap) {
            return None;
        }
        self.next = offset.saturating_add(self.len - self.overlap);
        Some(self.section.view().access(self.access).offset(offset).len(self.len.min(left)).map())
    }
}

impl FusedIterator for Windows<'_> {}
