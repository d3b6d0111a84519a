//! Flushing to the device: waiting for it, and only starting it.

use crate::scratch::{FileAt, Private, code, file};
use crate::{pattern, view};
use veduta::{Code, Section, ViewAccess};

#[test]
fn the_file_has_what_was_flushed() {
    let file = file(0);
    let section = Section::options().file(&file).size(50_000).create_unnamed().unwrap();
    let view = section.map(ViewAccess::Write).unwrap();
    view.write_at(0, &pattern(50_000)).unwrap();
    view.flush(0..50_000).unwrap();
    view.flush_async(0..50_000).unwrap();
    let mut bytes = vec![0; 50_000];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert!(bytes == pattern(50_000));
}

#[test]
fn memory_has_nothing_to_flush() {
    let private = Private::new();
    let mut options = Section::options();
    options.size(10_000);
    let in_private = options.clone().namespace(private.namespace()).create_new("flush").unwrap();
    for view in [view(10_000), in_private.map(ViewAccess::Write).unwrap()] {
        view.flush(0..10_000).unwrap();
        view.flush_async(0..10_000).unwrap();
    }
}

#[test]
fn copies_are_never_flushed() {
    let file = file(10_000);
    let section = Section::options().file(&file).create_unnamed().unwrap();
    let copy = section.map(ViewAccess::Copy).unwrap();
    copy.fill(0..10_000, 9).unwrap();
    copy.flush(0..10_000).unwrap();
    copy.flush_async(0..10_000).unwrap();
    let mut bytes = [1; 10_000];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(bytes, [0; 10_000]);
}

#[test]
fn a_range_must_be_within_the_view() {
    let file = file(10_000);
    let view = Section::options().file(&file).create_unnamed().unwrap().map(ViewAccess::Write).unwrap();
    for range in [0..10_001, 10_001..10_001, usize::MAX..usize::MAX] {
        assert_eq!(code(view.flush(range.clone())), Code::INVALID_PARAMETER, "{range:?}");
        assert_eq!(code(view.flush_async(range.clone())), Code::INVALID_PARAMETER, "{range:?}");
        assert_eq!(code(crate::view(10_000).flush(range)), Code::INVALID_PARAMETER, "of memory too");
    }
    view.flush(10_000..10_000).unwrap();
    view.flush_async(5..5).unwrap();
}
