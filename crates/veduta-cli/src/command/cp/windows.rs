//! What is still to be copied, window by window.

use super::draft::Draft;
use super::extents::Extents;
use super::progress::Progress;
use super::source::Source;
use crate::failure::{Failure, Outcome};
use crate::os::files;
use std::ops::Range;

/// How much is mapped at a time: so much that calls do not count, so little that every thread has work.
const WINDOW: u64 = 4 << 20;

/// Hands out the source's data in order. For what it hands out there is room in the copy.
#[derive(Debug)]
pub(super) struct Windows<'a> {
    source: &'a Source,
    draft: &'a Draft<'a>,
    progress: &'a Progress,
    extents: Extents<'a>,
    /// What is left of the extent we are in.
    left: Range<u64>,
}

impl<'a> Windows<'a> {
    pub(super) fn new(source: &'a Source, draft: &'a Draft<'a>, progress: &'a Progress) -> Windows<'a> {
        let extents = Extents::new(&source.file, source.size());
        Windows { source, draft, progress, extents, left: 0..0 }
    }

    /// The next window, `None` after the last.
    pub(super) fn next(&mut self) -> Outcome<Option<Range<u64>>> {
        if self.left.is_empty() {
            let Some(extent) = self.extents.next() else { return Ok(None) };
            let extent =
                extent.map_err(|error| Failure::at("find the data in", &self.source.path, &error))?;
            files::reserve(self.draft.file(), &extent).map_err(|error| self.draft.failure(&error))?;
            self.progress.advance(extent.start - self.left.end);
            self.left = extent;
        }
        let end = self.left.end.min(self.left.start + WINDOW);
        let window = self.left.start..end;
        self.left.start = end;
        Ok(Some(window))
    }
}
