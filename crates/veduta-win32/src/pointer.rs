//! Pointers that C passes: NULL, or good for what the function's documentation says. Only here are they followed.

use crate::code;
use crate::failure::{Failure, Result};

/// Where the caller wants a value written, or NULL.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Out<T>(*mut T);

impl<T: Copy> Out<T> {
    pub(crate) fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// Refuses NULL.
    pub(crate) fn required(self) -> Result<Out<T>> {
        if self.is_null() {
            Err(Failure::hint(code::INVALID_PARAMETER, "a pointer is NULL"))
        } else {
            Ok(self)
        }
    }

    /// Writes, unless it is NULL.
    pub(crate) fn put(self, value: T) {
        if !self.is_null() {
            // SAFETY: not NULL, so the caller says that it may be written.
            unsafe { self.0.write_unaligned(value) }
        }
    }

    /// What stands there now, unless it is NULL.
    pub(crate) fn get(self) -> Option<T> {
        self.as_in().get()
    }

    pub(crate) fn as_in(self) -> In<T> {
        In(self.0)
    }

    /// Writes several, one after the other. The caller has said that there is room for them.
    pub(crate) fn put_all(self, values: &[T]) {
        if !self.is_null() {
            // SAFETY: not NULL, so the caller says that so many may be written; what is ours does not overlap it.
            unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), self.0, values.len()) }
        }
    }

    pub(crate) fn as_ptr(self) -> *mut T {
        self.0
    }
}

/// Where the caller has a value, or NULL.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct In<T>(*const T);

impl<T: Copy> In<T> {
    pub(crate) fn at(pointer: *const T) -> In<T> {
        In(pointer)
    }

    /// What comes so many values later, for the caller has said that it is there.
    pub(crate) fn after(self, count: usize) -> In<T> {
        In(self.0.wrapping_add(count))
    }

    pub(crate) fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// The value, unless it is NULL.
    pub(crate) fn get(self) -> Option<T> {
        // SAFETY: not NULL, so the caller says that it may be read.
        (!self.is_null()).then(|| unsafe { self.0.read_unaligned() })
    }

    /// The value. Refuses NULL.
    pub(crate) fn required(self) -> Result<T> {
        self.get().ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "a pointer is NULL"))
    }

    /// Several values, one after the other. Refuses NULL.
    pub(crate) fn all(self, count: usize) -> Result<Vec<T>> {
        if self.is_null() {
            return Err(Failure::hint(code::INVALID_PARAMETER, "a pointer is NULL"));
        }
        // SAFETY: not NULL, so the caller says that so many may be read.
        Ok((0..count).map(|index| unsafe { self.0.wrapping_add(index).read_unaligned() }).collect())
    }

    pub(crate) fn as_ptr(self) -> *const T {
        self.0
    }
}
