//! Thread-local storage: `TlsAlloc` and its like.

use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::last_error;
use crate::types::{BOOL, DWORD, POINTER};
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// `TLS_MINIMUM_AVAILABLE` and the 1024 that Windows adds.
const SLOTS: usize = 1088;
/// `TLS_OUT_OF_INDEXES`.
const NONE_LEFT: u32 = u32::MAX;

/// For each slot, how often it was allocated and freed: odd while it is allocated. A thread's value counts only if the slot has not been
/// freed since, so that freeing need not visit other threads.
static TIMES: [AtomicU32; SLOTS] = [const { AtomicU32::new(0) }; SLOTS];

/// What one thread keeps.
struct Values([(u32, POINTER); SLOTS]);

thread_local! {
    // Without a destructor, so that those of the program's thread-local objects can still read it.
    static VALUES: Cell<*mut Values> = const { Cell::new(null_mut()) };
}

export! {
    fn TlsAlloc() -> DWORD, failing NONE_LEFT {
        let free = |times: &AtomicU32| {
            let now = times.load(Ordering::Relaxed);
            now.is_multiple_of(2)
                && times.compare_exchange(now, now.wrapping_add(1), Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        let slot = TIMES.iter().position(free);
        let slot = slot.ok_or_else(|| Failure::hint(code::NO_SYSTEM_RESOURCES, "all 1088 indexes are in use"))?;
        Ok(slot as u32)
    }

    fn TlsFree(index: DWORD) -> BOOL {
        let (_, times) = slot(index)?;
        let now = times.load(Ordering::Relaxed);
        let freed = now % 2 == 1
            && times.compare_exchange(now, now.wrapping_add(1), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if freed {
            Ok(())
        } else {
            Err(Failure::hint(code::INVALID_PARAMETER, "the index is not allocated"))
        }
    }

    fn TlsGetValue(index: DWORD) -> POINTER {
        let (slot, times) = slot(index)?;
        let values = VALUES.get();
        // NULL may be what the program has stored: only the last error tells.
        last_error::set(code::SUCCESS);
        if values.is_null() {
            return Ok(null_mut());
        }
        // SAFETY: it is the thread's own, and lasts until `VALUES` says otherwise.
        let (written, value) = unsafe { (*values).0[slot] };
        Ok(if written == times.load(Ordering::Relaxed) { value } else { null_mut() })
    }

    fn TlsSetValue(index: DWORD, value: POINTER) -> BOOL {
        let (slot, times) = slot(index)?;
        let values = match VALUES.get() {
            values if values.is_null() => begin()?,
            values => values,
        };
        // SAFETY: as for reading.
        unsafe { (*values).0[slot] = (times.load(Ordering::Relaxed), value) };
        Ok(())
    }
}

/// As on Windows, any index in the range will do: whether it is allocated is the program's affair.
fn slot(index: u32) -> Result<(usize, &'static AtomicU32)> {
    let slot = index as usize;
    let times = TIMES
        .get(slot)
        .ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, format!("indexes are below {SLOTS}")))?;
    Ok((slot, times))
}

/// Gives the calling thread room for its values.
#[cold]
fn begin() -> Result<*mut Values> {
    static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();
    extern "C" fn ends(values: *mut c_void) {
        VALUES.set(null_mut());
        // SAFETY: the key keeps what `begin` made, and only this frees it.
        drop(unsafe { Box::from_raw(values.cast::<Values>()) });
    }
    let no_memory = || Failure::Code(code::NOT_ENOUGH_MEMORY);
    let key = KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the destructor takes what is kept under the key.
        let status = unsafe { libc::pthread_key_create(&raw mut key, Some(ends)) };
        (status == 0).then_some(key)
    });
    let key = key.ok_or_else(no_memory)?;
    // 0 is even: no value counts.
    let values = Box::into_raw(Box::new(Values([(0, null_mut()); SLOTS])));
    // SAFETY: the key exists.
    if unsafe { libc::pthread_setspecific(key, values.cast()) } != 0 {
        // SAFETY: it was just made.
        drop(unsafe { Box::from_raw(values) });
        return Err(no_memory());
    }
    VALUES.set(values);
    Ok(values)
}
