//! Atomics by offset.

use crate::scratch::code;
use crate::{section, view};
use std::sync::atomic::*;
use veduta::{Code, View, ViewAccess};

macro_rules! every_width {
    ($check:ident) => {
        $check!(AtomicU8, u8);
        $check!(AtomicU16, u16);
        $check!(AtomicU32, u32);
        $check!(AtomicU64, u64);
        $check!(AtomicUsize, usize);
        $check!(AtomicI8, i8);
        $check!(AtomicI16, i16);
        $check!(AtomicI32, i32);
        $check!(AtomicI64, i64);
        $check!(AtomicIsize, isize);
    };
}

#[test]
fn every_width_loads_stores_and_changes() {
    let view = view(4096);
    macro_rules! check {
        ($atomic:ty, $integer:ty) => {
            let size = size_of::<$integer>();
            for offset in [0, size, 1024, 4096 - size] {
                view.store::<$integer>(offset, 100, Ordering::Release).unwrap();
                assert_eq!(view.load::<$integer>(offset, Ordering::Acquire).unwrap(), 100);
                let atomic = view.atomic::<$atomic>(offset).unwrap();
                assert_eq!(atomic.fetch_add(27, Ordering::AcqRel), 100);
                assert_eq!(
                    atomic.compare_exchange(127, <$integer>::MAX, Ordering::SeqCst, Ordering::Relaxed),
                    Ok(127)
                );
                assert_eq!(view.read_value::<$integer>(offset).unwrap(), <$integer>::MAX);
            }
        };
    }
    every_width!(check);
}

#[test]
fn an_atomic_must_be_aligned_and_inside() {
    let view = view(4096);
    macro_rules! check {
        ($atomic:ty, $integer:ty) => {
            let size = size_of::<$integer>();
            for offset in 1..size {
                assert_eq!(code(view.atomic::<$atomic>(offset)), Code::MAPPED_ALIGNMENT);
                assert_eq!(code(view.load::<$integer>(offset, Ordering::Relaxed)), Code::MAPPED_ALIGNMENT);
                assert_eq!(
                    code(view.store::<$integer>(offset, 1, Ordering::Relaxed)),
                    Code::MAPPED_ALIGNMENT
                );
            }
            for offset in [4097 - size, 4096, usize::MAX, usize::MAX - size + 1] {
                assert_eq!(code(view.atomic::<$atomic>(offset)), Code::INVALID_PARAMETER, "at {offset}");
            }
        };
    }
    every_width!(check);
    let error = view.atomic::<AtomicU64>(12).unwrap_err();
    assert!(error.advice().unwrap().contains("not a multiple of 8"), "{error}");
}

#[test]
fn alignment_is_that_of_the_address() {
    let section = section(4096);
    let view = section.view().access(ViewAccess::Write).offset(4).map().unwrap();
    assert_eq!(code(view.atomic::<AtomicU64>(0)), Code::MAPPED_ALIGNMENT);
    view.atomic::<AtomicU64>(4).unwrap().store(7, Ordering::Relaxed);
    let whole = section.map(ViewAccess::Read).unwrap();
    assert_eq!(whole.load::<u64>(8, Ordering::Relaxed).unwrap(), 7, "one place, seen through two views");
}

#[test]
fn a_view_that_cannot_be_written_only_loads() {
    let section = section(4096);
    section.map(ViewAccess::Write).unwrap().store::<u32>(8, 7, Ordering::Release).unwrap();
    let read = section.map(ViewAccess::Read).unwrap();
    assert_eq!(read.load::<u32>(8, Ordering::Acquire).unwrap(), 7);
    assert_eq!(code(read.atomic::<AtomicU32>(8)), Code::NOACCESS);
    assert_eq!(code(read.store::<u32>(8, 1, Ordering::Release)), Code::NOACCESS);
    let none = section.map(ViewAccess::NoAccess).unwrap();
    assert_eq!(code(none.load::<u32>(8, Ordering::Acquire)), Code::NOACCESS);
}

#[test]
fn no_count_is_lost_between_threads_and_views() {
    const THREADS: usize = 4;
    const EACH: u64 = 20_000;
    let section = section(4096);
    let views: Vec<View> = (0..THREADS).map(|_| section.map(ViewAccess::Write).unwrap()).collect();
    std::thread::scope(|scope| {
        for view in &views {
            scope.spawn(|| {
                for _ in 0..EACH {
                    view.atomic::<AtomicU64>(64).unwrap().fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(views[0].load::<u64>(64, Ordering::Relaxed).unwrap(), THREADS as u64 * EACH);
}

#[test]
#[should_panic(expected = "there is no such thing as a release load")]
fn loads_have_no_release_order() {
    let _ = view(4096).load::<u32>(0, Ordering::Release);
}

#[test]
#[should_panic(expected = "there is no such thing as an acquire store")]
fn stores_have_no_acquire_order() {
    let _ = view(4096).store::<u32>(0, 1, Ordering::Acquire);
}
