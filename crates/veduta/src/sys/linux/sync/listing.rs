//! The state of an object, for who looks and does not take part.

use super::super::entry;
use super::super::error::failed;
use super::super::record::{Location, PAGE, Record};
use super::cell::{Cell, Nature};
use super::futex::sleepers;
use super::object::rule_of;
use super::page::{DIED, Page, THREAD, seat, value};
use super::primitive::{AtomicU32, Ordering};
use super::seats::is_had;
use super::signal::Rule;
use crate::{Code, Error, Kind, ObjectState, Owner, Reset, Result};
use rustix::fd::{AsFd, BorrowedFd};

const LIST: &str = "list object";

/// The state of an object that this process has a handle to.
pub(super) fn state(cell: &Cell, kind: Kind, bytes: BorrowedFd<'_>) -> Result<ObjectState> {
    let rule = match &cell.nature {
        Nature::Mutex(_) => None,
        Nature::Signal(rule) => {
            // Whoever an event has just released must not be told that it is not signaled.
            cell.page().settled_value();
            Some(*rule)
        }
    };
    Ok(describe(cell.page(), cell.page(), kind, rule, bytes))
}

/// The state of an object of which only the entry is at hand. The entry is open for reading and writing: to count who sleeps
/// takes the same access as to wake them.
pub(crate) fn state_of(entry: BorrowedFd<'_>, record: &Record<'_>) -> Result<ObjectState> {
    let malformed = |what| Error::new(Code::INVALID_DATA, LIST).hint(what);
    let rule = rule_of(record.kind, record.detail)?;
    if record.location != Location::Entry || record.size != PAGE as u64 {
        return Err(malformed("its state is not one page behind its header"));
    }
    // Read, not mapped: somebody may cut the entry off at any moment, and touching a mapped page would end this process then.
    let mut copy = Page::new(0);
    let read = rustix::io::pread(entry, copy.bytes_mut(), record.header_bytes);
    if read.map_err(|errno| failed(LIST, errno))? < PAGE {
        return Err(malformed("its state was cut off; `veduta sweep` removes it if nobody holds it"));
    }
    let id = entry::identity(entry).map_err(|errno| failed(LIST, errno))?;
    // The addresses of words to sleep on: where there is nothing the kernel finds nobody.
    let mapped = Cell::map(entry.as_fd(), record.header_bytes, id, rule)?;
    Ok(describe(&copy, mapped.page(), record.kind, rule, entry))
}

/// `page` is what to believe, `words` where threads sleep.
fn describe(page: &Page, words: &Page, kind: Kind, rule: Option<Rule>, bytes: BorrowedFd<'_>) -> ObjectState {
    let Some(rule) = rule else {
        let word = page.owner.load(Ordering::SeqCst);
        let owner = Some(word & THREAD)
            .filter(|&thread| thread != 0)
            .map(|thread| Owner::Thread { process: page.process.load(Ordering::Relaxed), thread });
        return ObjectState::Mutex {
            owner,
            recursion: if owner.is_some() { page.recursion.load(Ordering::Relaxed) } else { 0 },
            abandoned: word & DIED != 0,
            waiters: Some(sleepers(&words.owner)),
        };
    };
    let waiters = Some(sitting(page, bytes) + sleepers(&words.queue));
    let value = value(page.state.load(Ordering::SeqCst));
    let signaled = value != 0;
    let reset = if rule == Rule::Manual { Reset::Manual } else { Reset::Auto };
    match rule {
        Rule::Auto | Rule::Manual if kind == Kind::Timer => ObjectState::Timer { reset, signaled, waiters },
        Rule::Auto | Rule::Manual => ObjectState::Event { reset, signaled, waiters },
        Rule::Counting { maximum } => ObjectState::Semaphore { count: value, maximum, waiters },
    }
}

/// Who sits in a seat, lives, and was not woken: what was given to a thread by somebody who was killed before waking it does not end
/// its wait.
fn sitting(page: &Page, bytes: BorrowedFd<'_>) -> u32 {
    let seats = page.used_seats().iter().enumerate();
    let waiting = |word: &AtomicU32| {
        matches!(seat::state(word.load(Ordering::SeqCst)), seat::WAITING | seat::GRANTING | seat::NUDGED)
    };
    seats.filter(|(index, word)| waiting(word) && is_had(bytes, *index)).count() as u32
}
