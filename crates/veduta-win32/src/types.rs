//! The types of C, as they stand in the headers.

#![allow(clippy::upper_case_acronyms, reason = "the names are Windows'")]

use crate::export::{FailsAs, Returned};
use std::ffi::c_void;

pub(crate) type DWORD = u32;
pub(crate) type UINT = u32;
pub(crate) type LONG = i32;
pub(crate) type INT = i32;
pub(crate) type LARGE = i64;
pub(crate) type SIZE = usize;
pub(crate) type POINTER = *mut c_void;

/// A truth value: 0 is false.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BOOL(i32);

impl BOOL {
    pub(crate) const FALSE: BOOL = BOOL(0);
    pub(crate) const TRUE: BOOL = BOOL(1);

    pub(crate) fn is_true(self) -> bool {
        self.0 != 0
    }
}

impl From<bool> for BOOL {
    fn from(value: bool) -> BOOL {
        if value { BOOL::TRUE } else { BOOL::FALSE }
    }
}

impl FailsAs for BOOL {
    const FAILED: BOOL = BOOL::FALSE;
}

impl Returned<()> for BOOL {
    fn of((): ()) -> BOOL {
        BOOL::TRUE
    }
}

/// What a program knows an object by.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HANDLE(pub(crate) usize);

impl HANDLE {
    pub(crate) const NULL: HANDLE = HANDLE(0);
    /// `INVALID_HANDLE_VALUE`, and what `GetCurrentProcess` gives.
    pub(crate) const INVALID: HANDLE = HANDLE(usize::MAX);
    pub(crate) const CURRENT_PROCESS: HANDLE = HANDLE::INVALID;
    pub(crate) const CURRENT_THREAD: HANDLE = HANDLE(usize::MAX - 1);
}

impl FailsAs for HANDLE {
    const FAILED: HANDLE = HANDLE::NULL;
}

impl FailsAs for u32 {
    const FAILED: u32 = 0;
}

impl FailsAs for i32 {
    const FAILED: i32 = 0;
}

impl FailsAs for u64 {
    const FAILED: u64 = 0;
}

impl FailsAs for usize {
    const FAILED: usize = 0;
}

impl<T> FailsAs for *mut T {
    const FAILED: *mut T = std::ptr::null_mut();
}
