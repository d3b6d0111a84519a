//! What is still to be copied, window by window.

use super::draft::Draft;
use super::extents::Extents;
use super::progress::Progress;
use super::source::Source;
use crate::failure::{Failure, Outcome};
use rustix::fs::{FallocateFlags, fallocate, fstatfs};
use rustix::io::Errno;
use std::ops::Range;

/// How much is mapped at a time: so much that calls do not count, so little that every thread has work.
const WINDOW: u64 = 4 << 20;

/// Hands out the source's data in order. For what it hands out there is room in the copy.
#[derive(Debug)]
pub(super) struct Windows<'a> {
    source: &'a Source,
    draft: &'a Draft,
    progress: &'a Progress,
    extents: Extents<'a>,
    /// What is left of the extent we are in.
    left: Range<u64>,
    reserves: bool,
}

impl<'a> Windows<'a> {
    pub(super) fn new(source: &'a Source, draft: &'a Draft, progress: &'a Progress) -> Windows<'a> {
        let extents = Extents::new(&source.file, source.size());
        Windows { source, draft, progress, extents, left: 0..0, reserves: gains_by_reserving(draft) }
    }

    /// The next window, `None` after the last.
    pub(super) fn next(&mut self) -> Outcome<Option<Range<u64>>> {
        if self.left.is_empty() {
            let Some(extent) = self.extents.next() else { return Ok(None) };
            let extent =
                extent.map_err(|error| Failure::at("find the data in", &self.source.path, &error.into()))?;
            if self.reserves {
                reserve(self.draft, &extent)?;
            }
            self.progress.advance(extent.start - self.left.end);
            self.left = extent;
        }
        let end = self.left.end.min(self.left.start + WINDOW);
        let window = self.left.start..end;
        self.left.start = end;
        Ok(Some(window))
    }
}

/// A tmpfs takes page after page, which is the same work now or later.
fn gains_by_reserving(draft: &Draft) -> bool {
    const TMPFS: u32 = 0x0102_1994;
    fstatfs(draft.file()).is_ok_and(|filesystem| filesystem.f_type as u32 != TMPFS)
}

/// Makes room for an extent: a full disk is known before it is written to, and the blocks lie together.
fn reserve(draft: &Draft, extent: &Range<u64>) -> Outcome<()> {
    // Many filesystems cannot, and the writes will do without.
    match fallocate(draft.file(), FallocateFlags::KEEP_SIZE, extent.start, extent.end - extent.start) {
        Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => Err(draft.failure(&error.into())),
        _ => Ok(()),
    }
}
