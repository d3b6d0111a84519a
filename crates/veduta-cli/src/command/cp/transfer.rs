//! The copying itself.

use super::draft::Draft;
use super::extents::extents;
use super::progress::Progress;
use super::source::Source;
use crate::failure::{Failure, Outcome};
use crate::ranges::{WINDOW, pieces};
use crate::signals::Stop;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use veduta::{Advice, View, ViewAccess};

/// What is copied between two looks at the signals: small enough to stay in the processor's cache on its way.
const STEP: usize = 256 << 10;

/// Copies all data of `source`; what is a hole there becomes one. Returns the number of bytes of data.
pub(super) fn transfer(source: &Source, draft: &Draft, progress: &Progress, stop: &Stop) -> Outcome<u64> {
    let Some(section) = &source.section else { return Ok(0) };
    // Everything not written is a hole then.
    draft.file().set_len(source.size()).map_err(|error| draft.failure(&error))?;

    let mut data = 0;
    for extent in extents(&source.file, source.size()) {
        let extent = extent.map_err(|error| Failure::at("find the data in", &source.path, &error.into()))?;
        reserve(draft, &extent)?;
        for window in pieces(extent, WINDOW) {
            let length = window.end - window.start;
            let view = section.view().access(ViewAccess::Read).offset(window.start).len(length).map()?;
            copy_view(&view, draft, stop, progress)?;
            data += length;
        }
    }
    source.check_unshortened()?;
    Ok(data)
}

/// Makes room for an extent: a full disk is known before it is written to, and the blocks lie together.
fn reserve(draft: &Draft, extent: &Range<u64>) -> Outcome<()> {
    // Many filesystems cannot, and the writes will do without.
    match fallocate(draft.file(), FallocateFlags::KEEP_SIZE, extent.start, extent.end - extent.start) {
        Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => Err(draft.failure(&error.into())),
        _ => Ok(()),
    }
}

fn copy_view(view: &View, draft: &Draft, stop: &Stop, progress: &Progress) -> Outcome<()> {
    // Only advice: a kernel that does not take it makes the copy slower, not wrong.
    let _ = view.prefetch(0..view.len());
    let mut buffer = vec![0; STEP];
    for start in (0..view.len()).step_by(STEP) {
        stop.check()?;
        let end = view.len().min(start + STEP);
        let _ = view.advise(start..end, Advice::PopulateRead);
        let bytes = &mut buffer[..end - start];
        view.read_at(start, bytes)?;
        draft
            .file()
            .write_all_at(bytes, view.offset() + start as u64)
            .map_err(|error| draft.failure(&error))?;
        progress.reached(view.offset() + end as u64);
    }
    Ok(())
}
