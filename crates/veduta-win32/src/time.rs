//! Clocks, and times as numbers and as dates.

use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::pointer::{In, Out};
use crate::types::{BOOL, DWORD, LARGE, LONG, UINT};
use rustix::time::{ClockId, clock_gettime};

/// 100 ns each since the year 1601, in two halves.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct FileTime {
    low: u32,
    high: u32,
}

impl FileTime {
    pub(crate) fn new(ticks: u64) -> FileTime {
        FileTime { low: ticks as u32, high: (ticks >> 32) as u32 }
    }

    pub(crate) fn ticks(self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }
}

#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct SystemTime {
    year: u16,
    month: u16,
    day_of_week: u16,
    day: u16,
    hour: u16,
    minute: u16,
    second: u16,
    milliseconds: u16,
}

pub(crate) const TICKS_PER_SECOND: u64 = 10_000_000;
const TICKS_PER_MILLISECOND: u64 = 10_000;
const SECONDS_PER_DAY: u64 = 86_400;
/// From the beginning of 1601 to that of 1970, in seconds.
pub(crate) const UNIX_EPOCH: u64 = 11_644_473_600;
/// `timeBeginPeriod` and `timeEndPeriod` with a period that no clock has.
const TIMERR_NOCANDO: u32 = 97;

/// Now, in ticks since 1601.
pub(crate) fn now() -> u64 {
    let now = clock_gettime(ClockId::Realtime);
    let seconds = (now.tv_sec + UNIX_EPOCH as i64).max(0) as u64;
    seconds * TICKS_PER_SECOND + now.tv_nsec as u64 / 100
}

/// Nanoseconds since the system started. Windows counts the time asleep too.
fn since_start() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

unsafe extern "C" {
    fn tzset();
}

/// Seconds that local time is ahead of UTC at a time, given in seconds since 1970.
fn ahead_at(seconds: i64) -> i64 {
    // SAFETY: zeroes are a valid value of this structure of numbers and a pointer.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: it takes nothing. localtime_r itself need not look whether TZ has changed.
    unsafe { tzset() };
    // SAFETY: both are ours, of the right types.
    let done = unsafe { libc::localtime_r(&seconds, &mut local) };
    if done.is_null() { 0 } else { local.tm_gmtoff }
}

/// Seconds that local time is ahead of UTC now. What Windows converts other times with, too.
fn ahead_now() -> i64 {
    ahead_at(clock_gettime(ClockId::Realtime).tv_sec)
}

/// The date of a time. The calendar of today is used for all years, as on Windows.
fn to_date(ticks: u64) -> Result<SystemTime> {
    if ticks > i64::MAX as u64 {
        return Err(Failure::hint(
            code::INVALID_PARAMETER,
            "the time lies after the year 30827, or is not a time",
        ));
    }
    let days = ticks / TICKS_PER_SECOND / SECONDS_PER_DAY;
    let seconds = ticks / TICKS_PER_SECOND % SECONDS_PER_DAY;
    // Years are counted from March, so that the leap day is the last; 400 of them have 146097 days. Day 306 is the 1st of January 1601.
    let shifted = days + 306;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = 1600 + era * 400 + year_of_era + u64::from(month <= 2);
    Ok(SystemTime {
        year: year as u16,
        month: month as u16,
        // The 1st of January 1601 was a Monday.
        day_of_week: ((days + 1) % 7) as u16,
        day: day as u16,
        hour: (seconds / 3600) as u16,
        minute: (seconds / 60 % 60) as u16,
        second: (seconds % 60) as u16,
        milliseconds: (ticks / TICKS_PER_MILLISECOND % 1000) as u16,
    })
}

/// The time of a date. The day of the week is not looked at.
fn from_date(date: SystemTime) -> Result<u64> {
    let leap =
        date.year.is_multiple_of(4) && (!date.year.is_multiple_of(100) || date.year.is_multiple_of(400));
    let days_in_month = match date.month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let valid = (1601..=30827).contains(&date.year)
        && (1..=days_in_month).contains(&date.day)
        && date.hour < 24
        && date.minute < 60
        && date.second < 60
        && date.milliseconds < 1000;
    if !valid {
        return Err(Failure::hint(code::INVALID_PARAMETER, "there is no such date"));
    }
    let (month, day) = (u64::from(date.month), u64::from(date.day));
    let year = u64::from(date.year) - 1600 - u64::from(month <= 2);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 306;
    let seconds = u64::from(date.hour) * 3600 + u64::from(date.minute) * 60 + u64::from(date.second);
    Ok((days * SECONDS_PER_DAY + seconds) * TICKS_PER_SECOND
        + u64::from(date.milliseconds) * TICKS_PER_MILLISECOND)
}

/// Moves a time by the difference between local time and UTC of now, as Windows does whatever season the time is in.
fn shifted(time: In<FileTime>, sign: i64) -> Result<FileTime> {
    let by = sign * ahead_now() * TICKS_PER_SECOND as i64;
    time.required()?
        .ticks()
        .checked_add_signed(by)
        .filter(|&ticks| ticks <= i64::MAX as u64)
        .map(FileTime::new)
        .ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "the time lies before 1601 or is not a time"))
}

fn period(milliseconds: u32) -> u32 {
    // Linux' timers are finer than any period that can be asked for.
    if milliseconds == 0 { TIMERR_NOCANDO } else { 0 }
}

export! {
    fn GetTickCount() -> DWORD { Ok((since_start() / 1_000_000) as u32) }

    fn GetTickCount64() -> u64 { Ok(since_start() / 1_000_000) }

    fn timeGetTime() -> DWORD { Ok((since_start() / 1_000_000) as u32) }

    fn timeBeginPeriod(milliseconds: UINT) -> UINT { Ok(period(milliseconds)) }

    fn timeEndPeriod(milliseconds: UINT) -> UINT { Ok(period(milliseconds)) }

    /// 10 MHz, as on Windows 10 and 11. Programs multiply the counter by 1000 or by a million before they divide by the frequency:
    /// with nanoseconds that would overflow after hours.
    fn QueryPerformanceCounter(count: Out<LARGE>) -> BOOL {
        count.required()?.put((since_start() / 100) as i64);
        Ok(())
    }

    fn QueryPerformanceFrequency(frequency: Out<LARGE>) -> BOOL {
        frequency.required()?.put(TICKS_PER_SECOND as i64);
        Ok(())
    }

    fn GetSystemTimeAsFileTime(time: Out<FileTime>) {
        time.put(FileTime::new(now()));
        Ok(())
    }

    fn GetSystemTimePreciseAsFileTime(time: Out<FileTime>) {
        time.put(FileTime::new(now()));
        Ok(())
    }

    fn GetSystemTime(date: Out<SystemTime>) {
        date.put(to_date(now())?);
        Ok(())
    }

    fn GetLocalTime(date: Out<SystemTime>) {
        let local = now().saturating_add_signed(ahead_now() * TICKS_PER_SECOND as i64);
        date.put(to_date(local)?);
        Ok(())
    }

    fn SystemTimeToFileTime(date: In<SystemTime>, time: Out<FileTime>) -> BOOL {
        let ticks = from_date(date.required()?)?;
        time.required()?.put(FileTime::new(ticks));
        Ok(())
    }

    fn FileTimeToSystemTime(time: In<FileTime>, date: Out<SystemTime>) -> BOOL {
        let result = to_date(time.required()?.ticks())?;
        date.required()?.put(result);
        Ok(())
    }

    /// -1, 0 or 1.
    fn CompareFileTime(first: In<FileTime>, second: In<FileTime>) -> LONG {
        Ok(first.required()?.ticks().cmp(&second.required()?.ticks()) as i32)
    }

    fn FileTimeToLocalFileTime(time: In<FileTime>, local: Out<FileTime>) -> BOOL {
        let result = shifted(time, 1)?;
        local.required()?.put(result);
        Ok(())
    }

    fn LocalFileTimeToFileTime(local: In<FileTime>, time: Out<FileTime>) -> BOOL {
        let result = shifted(local, -1)?;
        time.required()?.put(result);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each day of 400 years, and back; and days whose dates are known.
    #[test]
    fn dates_and_times_agree() {
        let mut weekday = 1;
        for day in 0..=400 * 366_u64 {
            let ticks = (day * SECONDS_PER_DAY + day % SECONDS_PER_DAY) * TICKS_PER_SECOND;
            let date = to_date(ticks).unwrap();
            assert_eq!(from_date(date).unwrap(), ticks, "{date:?}");
            assert_eq!(date.day_of_week, weekday);
            weekday = (weekday + 1) % 7;
        }
        let unix = to_date(UNIX_EPOCH * TICKS_PER_SECOND).unwrap();
        assert_eq!((unix.year, unix.month, unix.day, unix.day_of_week, unix.hour), (1970, 1, 1, 4, 0));
        let last = to_date(i64::MAX as u64).unwrap();
        assert_eq!((last.year, last.month, last.day), (30828, 9, 14));
        assert!(to_date(i64::MAX as u64 + 1).is_err());
        let leap = SystemTime { year: 2000, month: 2, day: 29, ..unix };
        assert!(from_date(leap).is_ok());
        for (year, month, day) in [
            (1900, 2, 29),
            (2001, 2, 29),
            (2001, 13, 1),
            (2001, 0, 1),
            (2001, 4, 31),
            (1600, 1, 1),
            (2001, 1, 0),
        ] {
            assert!(from_date(SystemTime { year, month, day, ..unix }).is_err(), "{year}-{month}-{day}");
        }
    }
}
