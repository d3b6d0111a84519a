//! Where a process that this one did not create leaves its exit code.
//!
//! A process keeps the page that it shares with its creator open, and its files can be looked up in /proc by whoever may look into
//! it: the same user, as a rule. What is found there is the other's to choose, so it is believed to be a page only if it is one in every
//! respect; then the worst that it can say is a wrong code, which the other may end with anyway.

use super::exit::Page;
use super::pidfd_number;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags};
use std::ffi::CStr;

/// The page is among the first that a process has open: it comes before what the program itself opens.
const MOST_FILES: usize = 1024;

/// The page of a process, if it has one that this process may have.
pub(super) fn page_of(id: u32, pidfd: BorrowedFd<'_>) -> Option<Page> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let files = rustix::fs::open(format!("/proc/{id}/fd"), flags, Mode::empty()).ok()?;
    // If the process still has its number, it had it when the directory was opened, too.
    if pidfd_number(pidfd).ok()? != Some(id) {
        return None;
    }
    let names = Dir::read_from(&files).ok()?;
    names
        .take(MOST_FILES)
        .filter_map(|file| page_at(&files, file.ok()?.file_name()))
        // It has those of its children, and may have got its creator's by `fork`.
        .find(|page| page.belongs_to(id))
}

fn page_at(files: &OwnedFd, number: &CStr) -> Option<Page> {
    // Cheap, and most files are something else. Opening those could have effects.
    let name = rustix::fs::readlinkat(files, number, Vec::new()).ok()?;
    if name.as_bytes() != Page::FILE {
        return None;
    }
    let found = rustix::fs::openat(files, number, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
    // The name proves nothing: what opens for longer than a moment is not opened.
    if FileType::from_raw_mode(rustix::fs::fstat(&found).ok()?.st_mode) != FileType::RegularFile {
        return None;
    }
    let path = crate::file::by_descriptor(found.as_fd());
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(CWD, path, flags, Mode::empty()).ok()?;
    Page::map(opened).ok()
}
