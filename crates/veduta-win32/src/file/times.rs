//! Times of files: 100-nanosecond steps since the beginning of 1601.

use crate::pointer::Out;
use crate::time::{FileTime, TICKS_PER_SECOND, UNIX_EPOCH};
use rustix::fs::{AtFlags, CWD, Statx, StatxFlags, Timespec, Timestamps, UTIME_OMIT};
use std::os::fd::{AsFd, BorrowedFd};

/// From 1601 to 1970.
const EPOCH_SECONDS: i64 = UNIX_EPOCH as i64;
const STEPS_PER_SECOND: i64 = TICKS_PER_SECOND as i64;

/// A time as structures have it.
pub(crate) fn in_halves(steps: i64) -> FileTime {
    FileTime::new(steps as u64)
}

pub(crate) fn steps(time: FileTime) -> i64 {
    time.ticks() as i64
}

fn since_1970(seconds: i64, nanoseconds: u32) -> i64 {
    (seconds + EPOCH_SECONDS).saturating_mul(STEPS_PER_SECOND).saturating_add(i64::from(nanoseconds) / 100)
}

/// The four times that Windows keeps of a file.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) created: i64,
    pub(crate) accessed: i64,
    pub(crate) written: i64,
    pub(crate) changed: i64,
}

impl Times {
    pub(crate) fn of(file: impl AsFd) -> rustix::io::Result<Times> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        Ok(Times::from_statx(&rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, wanted)?))
    }

    pub(crate) fn from_statx(stat: &Statx) -> Times {
        let time = |time: &rustix::fs::StatxTimestamp| since_1970(time.tv_sec, time.tv_nsec);
        let has_birth = StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::BTIME);
        let written = time(&stat.stx_mtime);
        // Where the file system does not remember when the file was made, it was at the latest by then.
        let created = if has_birth { time(&stat.stx_btime) } else { written.min(time(&stat.stx_ctime)) };
        Times { created, accessed: time(&stat.stx_atime), written, changed: time(&stat.stx_ctime) }
    }
}

/// Sets times; `None` leaves one as it is.
pub(crate) fn set(
    file: BorrowedFd<'_>,
    accessed: Option<i64>,
    written: Option<i64>,
) -> rustix::io::Result<()> {
    let timespec = |steps: Option<i64>| match steps {
        Some(steps) => Timespec {
            tv_sec: steps.div_euclid(STEPS_PER_SECOND) - EPOCH_SECONDS,
            tv_nsec: steps.rem_euclid(STEPS_PER_SECOND) * 100,
        },
        None => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
    };
    let times = Timestamps { last_access: timespec(accessed), last_modification: timespec(written) };
    // By its path, because the descriptor may be one that only names the file.
    let path = super::by_descriptor(file);
    rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())
}

/// Where the caller wants a time, in halves.
pub(crate) fn put(out: Out<FileTime>, steps: i64) {
    out.put(in_halves(steps));
}
