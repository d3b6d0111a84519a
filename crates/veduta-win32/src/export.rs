//! How a function of Rust becomes one of C: the panic guard, the last error, the value that says "failed".

use crate::failure::{Failure, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Functions as C sees them: `fn Name(arguments) -> type { body }`.
///
/// The body gives a [`Result`]. What it says on failure becomes the thread's last error, and the function returns what stands for
/// failure in its type, or the value after `failing`. A panic is caught: it must not unwind into C.
///
/// Functions that programs call all the time may say `at_once { … }`: what gives `Some` there is returned before the guard is put up, and
/// `None` has the body do everything. Such a block must not panic, which would end the program, must not fail, and allocates nothing.
macro_rules! export {
    ($($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $returned:ty $(, failing $failed:path)? $(, at_once $at_once:block)?)? $body:block)*) => {$(
        $(#[$attribute])*
        #[allow(non_snake_case, clippy::too_many_arguments, reason = "the name and the arguments are Windows'")]
        #[allow(unsafe_code, reason = "the attribute: no other library may have a function of this name")]
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $type),*) $(-> $returned)? {
            $crate::export::at_once!($($($at_once)?)? {
                $crate::export::call(
                    stringify!($name),
                    $crate::export::failed!($($returned $(, $failed)?)?),
                    move || -> $crate::failure::Result<_> { $body },
                )
            })
        }
    )*};
}
pub(crate) use export;

/// What is done at once, if anything, and otherwise what is guarded.
macro_rules! at_once {
    ($guarded:block) => {
        $guarded
    };
    ($at_once:block $guarded:block) => {
        match $at_once {
            Some(value) => $crate::export::Returned::of(value),
            None => $crate::export::guarded(move || $guarded),
        }
    };
}
pub(crate) use at_once;

/// A function of its own, so that what is done at once has nothing to keep for it.
#[cold]
#[inline(never)]
pub(crate) fn guarded<R>(call: impl FnOnce() -> R) -> R {
    call()
}

/// What a function returns when it fails.
macro_rules! failed {
    () => {
        ()
    };
    ($returned:ty) => {
        <$returned as $crate::export::FailsAs>::FAILED
    };
    ($returned:ty, $failed:path) => {
        $failed
    };
}
pub(crate) use failed;

/// Types with a value that says "failed" in most functions that return them.
pub(crate) trait FailsAs {
    const FAILED: Self;
}

/// What a function of C returns, made from what its body gave.
pub(crate) trait Returned<Value> {
    fn of(value: Value) -> Self;
}

impl<T> Returned<T> for T {
    fn of(value: T) -> T {
        value
    }
}

#[inline(always)]
pub(crate) fn call<Value, R: Returned<Value>>(
    function: &'static str,
    failed: R,
    body: impl FnOnce() -> Result<Value>,
) -> R {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => R::of(value),
        Ok(Err(failure)) => {
            failure.report(function);
            failed
        }
        Err(_) => {
            Failure::panicked().report(function);
            failed
        }
    }
}
