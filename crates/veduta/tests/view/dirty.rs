//! That flushed pages are on the device, as the kernel counts them.

use crate::scratch::{PAGE, file, skipped};
use std::fs::File;
use std::ops::Range;
use std::os::fd::AsRawFd;
use veduta::{Section, View, ViewAccess};

/// How many pages of a file are changed and not yet on their way to the device, and how many are on their way.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Pending {
    dirty: u64,
    on_their_way: u64,
}

/// What cachestat(2) says of all pages of a file; `None` before Linux 6.5.
fn pending(file: &File) -> Option<Pending> {
    pending_in(file, 0..PAGES)
}

/// What it says of some pages.
fn pending_in(file: &File, range: Range<u64>) -> Option<Pending> {
    const CACHESTAT: libc::c_long = 451;
    let bytes = [range.start * PAGE as u64, (range.end - range.start) * PAGE as u64];
    // Cached, dirty, in write-back, evicted, recently evicted.
    let mut pages = [0_u64; 5];
    #[allow(unsafe_code, reason = "the call has no safe form yet")]
    // SAFETY: both structures are those of the call, and outlive it.
    let status = unsafe { libc::syscall(CACHESTAT, file.as_raw_fd(), &raw const bytes, &raw mut pages, 0) };
    (status == 0).then_some(Pending { dirty: pages[1], on_their_way: pages[2] })
}

/// More than a file system ever writes in one piece, so that a part of the file is not all of it.
const PAGES: u64 = 4_096;

/// A file on a disk, and a view of it; `None` where changed pages are not counted.
fn file_and_view() -> Option<(File, View)> {
    let file = file(PAGES * PAGE as u64);
    let view = Section::options().file(&file).create_unnamed().unwrap().map(ViewAccess::Write).unwrap();
    if change(&file, &view) {
        return Some((file, view));
    }
    skipped(
        "the changed pages of a file are not counted here: the kernel is before 6.5, or the file is in memory",
    );
    None
}

/// Changes every page; again if the system happens to write them out just then. Says whether they count as changed.
fn change(file: &File, view: &View) -> bool {
    (1..=100).any(|byte| {
        view.fill(0..view.len(), byte).unwrap();
        pending(file).is_some_and(|pending| pending.dirty == PAGES)
    })
}

#[test]
fn what_was_flushed_is_on_the_device() {
    let Some((file, view)) = file_and_view() else { return };
    view.flush(0..view.len()).unwrap();
    assert_eq!(pending(&file), Some(Pending { dirty: 0, on_their_way: 0 }));
}

#[test]
fn write_back_starts_without_waiting() {
    let Some((file, view)) = file_and_view() else { return };
    view.flush_async(0..view.len()).unwrap();
    // Nothing else would write them out within seconds: that they are no longer dirty is the call's doing.
    assert_eq!(pending(&file).unwrap().dirty, 0);
}

#[test]
fn only_the_pages_of_the_range_are_flushed() {
    let Some((file, view)) = file_and_view() else { return };
    for start in [true, false] {
        assert!(change(&file, &view));
        let range = 2_003 * PAGE + 100..2_006 * PAGE - 100;
        if start {
            view.flush_async(range).unwrap()
        } else {
            view.flush(range).unwrap()
        }
        let dirty = |range| pending_in(&file, range).unwrap().dirty;
        assert_eq!(dirty(2_003..2_006), 0);
        // A file system may write neighbours too, but not all.
        assert!(dirty(0..PAGES) > 0, "all pages were flushed");
    }
}

#[test]
fn a_view_inside_the_file_flushes_its_own_pages() {
    let Some((file, whole)) = file_and_view() else { return };
    let section = Section::options().file(&file).create_unnamed().unwrap();
    let view = section.view().access(ViewAccess::Write).offset(3_000 * PAGE as u64 + 5).map().unwrap();
    for start in [true, false] {
        assert!(change(&file, &whole));
        if start {
            view.flush_async(0..view.len()).unwrap()
        } else {
            view.flush(0..view.len()).unwrap()
        }
        let dirty = |range| pending_in(&file, range).unwrap().dirty;
        assert_eq!(dirty(3_000..PAGES), 0, "the view's own pages");
        assert!(dirty(0..3_000) > 0, "the pages before the view are left");
    }
}
