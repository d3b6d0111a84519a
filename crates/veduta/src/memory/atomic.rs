//! The integers that shared bytes can be touched as without a copy.

use std::sync::atomic::*;

/// An atomic integer of the standard library that can stand in shared memory.
pub trait SharedAtomic: sealed::Sealed {
    /// The integer.
    type Value: Copy;
    #[doc(hidden)]
    fn load(&self, order: Ordering) -> Self::Value;
    #[doc(hidden)]
    fn store(&self, value: Self::Value, order: Ordering);
}

/// An integer that can be loaded and stored atomically in shared memory.
pub trait SharedInteger: Copy + sealed::Sealed {
    /// Its atomic.
    type Atomic: SharedAtomic<Value = Self>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! atomics {
    ($($atomic:ident = $integer:ident),*) => {$(
        impl sealed::Sealed for $atomic {}
        impl sealed::Sealed for $integer {}
        impl SharedAtomic for $atomic {
            type Value = $integer;
            #[inline]
            fn load(&self, order: Ordering) -> $integer { $atomic::load(self, order) }
            #[inline]
            fn store(&self, value: $integer, order: Ordering) { $atomic::store(self, value, order) }
        }
        impl SharedInteger for $integer {
            type Atomic = $atomic;
        }
    )*};
}

atomics!(
    AtomicU8 = u8,
    AtomicU16 = u16,
    AtomicU32 = u32,
    AtomicU64 = u64,
    AtomicUsize = usize,
    AtomicI8 = i8,
    AtomicI16 = i16,
    AtomicI32 = i32,
    AtomicI64 = i64,
    AtomicIsize = isize
);
