//! The copying itself.
//!
//! Two threads take windows of the source in turn: map one, bring its pages in, write it out. While one of them waits,
//! for the source's disk or for the lock that a file has for writing, the other maps.

use super::draft::Draft;
use super::progress::Progress;
use super::source::Source;
use super::windows::Windows;
use crate::failure::{Failure, Outcome};
use crate::signals::Stop;
use std::io;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use veduta::{Advice, Code, Section, View, ViewAccess};

/// What is brought in and written at once: it stays in the processor's cache on its way.
const STEP: usize = 1 << 20;

/// Copies all data of `source`; what is a hole there becomes one. Returns the number of bytes of data.
pub(super) fn transfer(source: &Source, draft: &Draft<'_>, progress: &Progress, stop: &Stop) -> Outcome<u64> {
    let Some(section) = &source.section else { return Ok(0) };
    // Everything not written is a hole then.
    draft.file().set_len(source.size()).map_err(|error| draft.failure(&error))?;

    let windows = Mutex::new(Windows::new(source, draft, progress));
    let work = Work { windows, source, section, draft, progress, stop, failed: AtomicBool::new(false) };
    let data = thread::scope(|scope| {
        let other = scope.spawn(|| work.take_part());
        let mine = work.take_part();
        let theirs = other.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(mine? + theirs?)
    });
    // When it was cut off, that is the reason for whatever failed.
    source.check_unshortened()?;
    data
}

/// What the threads share.
struct Work<'a> {
    windows: Mutex<Windows<'a>>,
    source: &'a Source,
    section: &'a Section,
    draft: &'a Draft<'a>,
    progress: &'a Progress,
    stop: &'a Stop,
    failed: AtomicBool,
}

impl Work<'_> {
    /// Copies windows until none are left, or one fails. Returns the number of bytes.
    fn take_part(&self) -> Outcome<u64> {
        let mut data = 0;
        while !self.failed.load(Ordering::Relaxed) {
            match self.copy_next() {
                Ok(0) => break,
                Ok(bytes) => data += bytes,
                Err(failure) => {
                    self.failed.store(true, Ordering::Relaxed);
                    return Err(failure);
                }
            }
        }
        Ok(data)
    }

    fn copy_next(&self) -> Outcome<u64> {
        let window = self.windows.lock().unwrap_or_else(PoisonError::into_inner).next()?;
        let Some(Range { start, end }) = window else { return Ok(0) };
        let view = self.section.view().access(ViewAccess::Read).offset(start).len(end - start).map()?;
        // Asks for the whole window at once, where faults would ask for a little at a time. Only advice, so never fatal.
        let _ = view.prefetch(0..view.len());
        for from in (0..view.len()).step_by(STEP) {
            self.stop.check()?;
            self.copy_step(&view, from..view.len().min(from + STEP))?;
        }
        Ok(end - start)
    }

    fn copy_step(&self, view: &View, step: Range<usize>) -> Outcome<()> {
        // What this cannot bring in, the writes try again: on an older kernel they succeed, else they find out which byte it is.
        let _ = view.advise(step.clone(), Advice::PopulateRead);
        let mut at = step.start;
        while at < step.end {
            let offset = view.offset() + at as u64;
            match view.write_to(at..step.end, self.draft.file(), offset) {
                Ok(0) => return Err(self.draft.failure(&io::ErrorKind::WriteZero.into())),
                Ok(written) => {
                    self.progress.advance(written as u64);
                    at += written;
                }
                Err(error) => return Err(self.blame(offset, &error)),
            }
        }
        Ok(())
    }

    /// A failure of the side that is to blame for an error: the source has no page, or the copy takes no bytes.
    fn blame(&self, offset: u64, error: &veduta::Error) -> Failure {
        match error.raw_os_error() {
            Some(errno) if error.code() != Code::SWAPERROR => {
                self.draft.failure(&io::Error::from_raw_os_error(errno))
            }
            _ => self.source.failure(offset, error),
        }
    }
}
