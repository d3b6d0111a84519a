//! Where the bytes can be a slice: private, or on the caller's word.

use crate::scratch::{PAGE, code};
use crate::{pattern, section, view};
use veduta::{Code, ViewAccess};

#[test]
fn a_private_view_is_an_ordinary_slice() {
    let section = section(10_000);
    let shared = section.map(ViewAccess::Write).unwrap();
    shared.write_at(0, &pattern(10_000)).unwrap();
    let mut private = section.map(ViewAccess::Copy).unwrap().into_private().unwrap();
    assert_eq!(*private, pattern(10_000));
    shared.fill(0..10_000, 0xFF).unwrap();
    assert_eq!(*private, pattern(10_000), "later changes are not seen");
    private.reverse();
    private[..4].copy_from_slice(b"mine");
    assert_eq!(shared.compare_bytes(0, &[0xFF; 10_000]).unwrap(), None, "and none of its own are");
    assert_eq!(&private[..4], b"mine");
}

#[test]
fn a_private_view_keeps_what_was_written_before() {
    let section = section(3 * PAGE as u64);
    let copy = section.view().access(ViewAccess::Copy).offset(10).len(5_000).map().unwrap();
    copy.write_at(4_990, b"mine").unwrap();
    let private = copy.into_private().unwrap();
    assert_eq!((private.len(), &private[4_990..4_994]), (5_000, &b"mine"[..]));
}

#[test]
fn only_a_copy_view_that_can_be_read_becomes_private() {
    let section = section(3 * PAGE as u64);
    for access in [ViewAccess::Read, ViewAccess::Write, ViewAccess::NoAccess] {
        assert_eq!(code(section.map(access).unwrap().into_private()), Code::INVALID_PARAMETER, "{access:?}");
    }
    for range in [0..1, 2 * PAGE..3 * PAGE, 0..3 * PAGE] {
        let mut copy = section.map(ViewAccess::Copy).unwrap();
        copy.protect(range.clone(), ViewAccess::NoAccess).unwrap();
        assert_eq!(code(copy.into_private()), Code::NOACCESS, "{range:?}");
        let mut copy = section.map(ViewAccess::Copy).unwrap();
        copy.protect(range, ViewAccess::Read).unwrap();
        let mut private = copy.into_private().unwrap();
        private.fill(7);
        assert_eq!(*private, [7; 3 * PAGE], "it may be written again");
    }
}

#[test]
#[allow(unsafe_code, reason = "slices on the caller's word are the point")]
fn a_slice_on_the_callers_word() {
    let mut view = view(10_000);
    // SAFETY: nobody else has the section.
    unsafe { view.slice_mut(5..10) }.unwrap().copy_from_slice(b"slice");
    // SAFETY: nobody else has the section.
    assert_eq!(unsafe { view.slice(5..10) }.unwrap(), b"slice");
    // SAFETY: it fails, and gives no slice.
    assert_eq!(code(unsafe { view.slice(0..10_001) }), Code::INVALID_PARAMETER);
    let mut read = section(100).map(ViewAccess::Read).unwrap();
    // SAFETY: it fails, and gives no slice.
    assert_eq!(code(unsafe { read.slice_mut(0..10) }), Code::NOACCESS);
}
