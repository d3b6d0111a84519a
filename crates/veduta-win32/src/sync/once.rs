//! One-time initialisation. Zeroes are one that has not begun.
//!
//! The two low bits of the word say how far it is; the others are the context, once it is done.

use super::futex::{ANYONE, Deadline, lock_at, wait, wake};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::pointer::Out;
use crate::types::{BOOL, DWORD, POINTER};
use std::ptr::{null_mut, with_exposed_provenance_mut};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicUsize};

/// `INIT_ONCE`, as in the headers.
#[repr(C)]
pub(crate) struct Once {
    word: AtomicUsize,
}

const _: () = assert!(size_of::<Once>() == 8);
const _: () = assert!(cfg!(target_endian = "little"), "the two bits are in the half that comes first");

const NOT_BEGUN: usize = 0;
/// One thread does it, and the others wait.
const RUNNING: usize = 1;
const DONE: usize = 2;
/// Several may do it, and the first that is ready wins.
const RACING: usize = 3;
const STATE: usize = 3;

const INIT_ONCE_CHECK_ONLY: u32 = 1;
const INIT_ONCE_ASYNC: u32 = 2;
const INIT_ONCE_INIT_FAILED: u32 = 4;

/// What there is to do for who wants it initialised.
enum Turn {
    Mine,
    /// Done, with this context.
    Done(POINTER),
}

impl Once {
    fn first_half(&self) -> &AtomicU32 {
        let half = (&raw const self.word).cast::<AtomicU32>();
        // SAFETY: the first half of a structure that is there; only the kernel reads it so.
        unsafe { &*half }
    }

    fn done(word: usize) -> Turn {
        Turn::Done(with_exposed_provenance_mut(word & !STATE))
    }

    /// Waits while another thread does it.
    fn begin(&self) -> Result<Turn> {
        loop {
            let word = self.word.load(Acquire);
            match word & STATE {
                DONE => return Ok(Once::done(word)),
                RUNNING => {
                    wait(self.first_half(), RUNNING as u32, ANYONE, Deadline::NEVER);
                }
                RACING => return mixed(),
                _ if self.word.compare_exchange(NOT_BEGUN, RUNNING, Acquire, Relaxed).is_ok() => {
                    return Ok(Turn::Mine);
                }
                _ => {}
            }
        }
    }

    fn begin_race(&self) -> Result<Turn> {
        match self.word.compare_exchange(NOT_BEGUN, RACING, AcqRel, Acquire) {
            Ok(_) | Err(RACING) => Ok(Turn::Mine),
            Err(word) if word & STATE == DONE => Ok(Once::done(word)),
            Err(_) => mixed(),
        }
    }

    /// Ends what `begin` or `begin_race` began.
    fn end(&self, begun: usize, word: usize) -> Result<()> {
        match self.word.compare_exchange(begun, word, Release, Relaxed) {
            Ok(_) => {
                wake(self.first_half(), u32::MAX, ANYONE);
                Ok(())
            }
            Err(now) if begun == RACING && now & STATE == DONE => {
                Err(Failure::hint(code::GEN_FAILURE, "another thread was ready first"))
            }
            Err(_) => mixed(),
        }
    }
}

fn mixed<T>() -> Result<T> {
    Err(Failure::hint(
        code::INVALID_PARAMETER,
        "it was not begun, or begun with INIT_ONCE_ASYNC by one and without it by another",
    ))
}

/// The word of what is done.
fn with_context(context: POINTER) -> Result<usize> {
    let address = context.expose_provenance();
    if address & STATE != 0 {
        return Err(Failure::hint(code::INVALID_PARAMETER, "the two low bits of the context must be 0"));
    }
    Ok(address | DONE)
}

type Function = Option<extern "C" fn(*mut Once, POINTER, *mut POINTER) -> BOOL>;

export! {
    fn InitOnceInitialize(once: *mut Once) {
        lock_at("InitOnceInitialize", once).word.store(NOT_BEGUN, Release);
        Ok(())
    }

    fn InitOnceExecuteOnce(once: *mut Once, function: Function, parameter: POINTER, context: Out<POINTER>) -> BOOL {
        let function = function.ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "InitFn is NULL"))?;
        let pointer = once;
        let once = lock_at("InitOnceExecuteOnce", once);
        match once.begin()? {
            Turn::Done(made) => context.put(made),
            Turn::Mine => {
                let mut made = null_mut();
                if !function(pointer, parameter, &mut made).is_true() {
                    once.end(RUNNING, NOT_BEGUN)?;
                    // The last error is what the function left.
                    return Ok(BOOL::FALSE);
                }
                match with_context(made) {
                    Ok(done) => once.end(RUNNING, done)?,
                    Err(failure) => {
                        once.end(RUNNING, NOT_BEGUN)?;
                        return Err(failure);
                    }
                }
                context.put(made);
            }
        }
        Ok(BOOL::TRUE)
    }

    fn InitOnceBeginInitialize(once: *mut Once, flags: DWORD, pending: Out<BOOL>, context: Out<POINTER>) -> BOOL {
        let once = lock_at("InitOnceBeginInitialize", once);
        let pending = pending.required()?;
        let turn = match flags {
            0 => once.begin()?,
            INIT_ONCE_ASYNC => once.begin_race()?,
            _ if flags & !(INIT_ONCE_CHECK_ONLY | INIT_ONCE_ASYNC) != 0 => return fail(code::INVALID_PARAMETER),
            _ => match once.word.load(Acquire) {
                word if word & STATE == DONE => Once::done(word),
                _ => return fail(code::GEN_FAILURE),
            },
        };
        match turn {
            Turn::Mine => pending.put(BOOL::TRUE),
            Turn::Done(made) => {
                pending.put(BOOL::FALSE);
                context.put(made);
            }
        }
        Ok(())
    }

    fn InitOnceComplete(once: *mut Once, flags: DWORD, context: POINTER) -> BOOL {
        let once = lock_at("InitOnceComplete", once);
        match flags {
            0 => once.end(RUNNING, with_context(context)?),
            INIT_ONCE_ASYNC => once.end(RACING, with_context(context)?),
            INIT_ONCE_INIT_FAILED if context.is_null() => once.end(RUNNING, NOT_BEGUN),
            _ => fail(code::INVALID_PARAMETER),
        }
    }
}
