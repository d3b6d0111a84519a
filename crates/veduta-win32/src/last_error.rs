//! The last error: one number per thread.

use crate::export::export;
use crate::types::DWORD;
use std::cell::Cell;

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn set(code: u32) {
    LAST.set(code);
}

pub(crate) fn get() -> u32 {
    LAST.get()
}

export! {
    fn GetLastError() -> DWORD { Ok(get()) }

    fn SetLastError(code: DWORD) {
        set(code);
        Ok(())
    }
}
