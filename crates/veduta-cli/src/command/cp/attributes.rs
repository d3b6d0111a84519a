//! The copy's mode, times and owner.

use super::Manner;
use super::draft::Draft;
use super::source::Source;
use super::target::Target;
use crate::failure::Outcome;
use rustix::fs::{Gid, Mode, Timespec, Timestamps, Uid, fchmod, fchown, futimens};
use std::os::unix::fs::MetadataExt;

const PERMISSIONS: u32 = 0o777;
const SET_ID: u32 = 0o6000;

/// The mode to create the copy with, before the umask: nobody may see more of it than of the finished copy.
pub(super) fn first_mode(source: &Source, target: &Target, manner: Manner) -> Mode {
    match (&target.existing, manner.preserve) {
        (None, false) => Mode::from_raw_mode(source.metadata.mode() & PERMISSIONS),
        _ => Mode::RUSR | Mode::WUSR,
    }
}

/// Gives the finished copy the attributes it keeps.
pub(super) fn settle(source: &Source, target: &Target, draft: &Draft, manner: Manner) -> Outcome<()> {
    let file = draft.file();
    let settled = if manner.preserve {
        let from = &source.metadata;
        let owner = (Some(Uid::from_raw(from.uid())), Some(Gid::from_raw(from.gid())));
        // Only root gives files away. A set-user-ID bit must not end up with another owner than it was made for.
        let mode = match fchown(file, owner.0, owner.1) {
            Ok(()) => from.mode() & 0o7777,
            Err(_) => from.mode() & 0o7777 & !SET_ID,
        };
        let times = Timestamps {
            last_access: Timespec { tv_sec: from.atime(), tv_nsec: from.atime_nsec() as _ },
            last_modification: Timespec { tv_sec: from.mtime(), tv_nsec: from.mtime_nsec() as _ },
        };
        fchmod(file, Mode::from_raw_mode(mode)).and_then(|()| futimens(file, &times))
    } else if let Some(existing) = &target.existing {
        fchmod(file, Mode::from_raw_mode(existing.mode() & PERMISSIONS))
    } else {
        Ok(())
    };
    settled.map_err(|error| draft.failure(&error.into()))
}
