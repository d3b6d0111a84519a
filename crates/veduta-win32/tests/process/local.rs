//! Slots of thread-local storage.

use super::sys::*;
use std::ffi::c_void;
use std::ptr::{null_mut, without_provenance_mut};

#[test]
fn each_thread_has_its_own_value() {
    let index = TlsAlloc();
    assert_ne!(index, u32::MAX);
    std::thread::scope(|scope| {
        for thread in 1..9 {
            scope.spawn(move || {
                SetLastError(5);
                assert_eq!((TlsGetValue(index), GetLastError()), (null_mut(), 0));
                for round in 0..1000 {
                    let value: *mut c_void = without_provenance_mut(thread << 32 | round);
                    assert_eq!(TlsSetValue(index, value), 1);
                    SetLastError(5);
                    assert_eq!((TlsGetValue(index), GetLastError()), (value, 0));
                }
            });
        }
    });
    assert_eq!(TlsGetValue(index), null_mut());
    assert_eq!(TlsFree(index), 1);
    assert_eq!((TlsFree(index), GetLastError()), (0, 87));
}

#[test]
fn what_was_freed_is_null_when_it_is_allocated_again() {
    let index = TlsAlloc();
    assert_eq!(TlsSetValue(index, without_provenance_mut(1)), 1);
    assert_eq!(TlsFree(index), 1);
    // Others may allocate it in between: then it is theirs.
    let taken: Vec<_> = (0..100).map(|_| TlsAlloc()).collect();
    assert!(taken.contains(&index) || taken.iter().all(|taken| *taken != u32::MAX));
    assert!(taken.iter().all(|taken| TlsGetValue(*taken).is_null()));
    taken.into_iter().for_each(|taken| assert_eq!(TlsFree(taken), 1));
}

#[test]
fn indexes_are_checked() {
    for index in [1088, 5000, u32::MAX] {
        assert_eq!((TlsGetValue(index), GetLastError()), (null_mut(), 87));
        assert_eq!((TlsSetValue(index, null_mut()), GetLastError()), (0, 87));
        assert_eq!((TlsFree(index), GetLastError()), (0, 87));
    }
}
