//! Protections that change, and what is told of them.

use crate::scratch::{PAGE, code, wine_is_wrong};
use crate::section;
use ViewAccess::{Copy, ExecuteCopy, ExecuteRead, ExecuteWrite, NoAccess, Read, Write};
use veduta::{Code, Region, Section, View, ViewAccess};

const PAGES: usize = 8;

fn map(access: ViewAccess) -> View {
    section((PAGES * PAGE) as u64).map(access).unwrap()
}

/// Runs of pages as their lengths in pages and what may be done with them.
fn runs(view: &View) -> Vec<(usize, ViewAccess)> {
    let regions = view.regions().unwrap();
    let mut next = regions[0].allocation_base;
    for region in &regions {
        assert_eq!(region.base, next, "regions follow each other");
        assert_eq!((region.allocation_base, region.allocation_access), (regions[0].base, view.access()));
        next += region.len;
    }
    regions.iter().map(|region| (region.len / PAGE, region.access)).collect()
}

/// What each access may become; what it may not is refused.
const BECOMES: [(ViewAccess, &[ViewAccess]); 7] = [
    (NoAccess, &[NoAccess]),
    (Read, &[NoAccess, Read]),
    (Write, &[NoAccess, Read, Write]),
    (Copy, &[NoAccess, Read, Copy]),
    (ExecuteRead, &[NoAccess, Read, ExecuteRead]),
    (ExecuteWrite, &[NoAccess, Read, Write, ExecuteRead, ExecuteWrite]),
    (ExecuteCopy, &[NoAccess, Read, Copy, ExecuteRead, ExecuteCopy]),
];

#[test]
fn a_view_becomes_only_what_it_was_mapped_for() {
    for (mapped, allowed) in BECOMES {
        for to in ViewAccess::ALL {
            let mut view = map(mapped);
            let changed = view.protect(0..view.len(), to).map_err(|error| error.code());
            if allowed.contains(&to) {
                assert_eq!(changed, Ok(mapped), "{mapped:?} to {to:?}");
                assert_eq!(runs(&view), [(PAGES, to)]);
            } else {
                let refusal = changed.unwrap_err();
                assert!(
                    [Code::INVALID_PARAMETER, Code::NOT_SUPPORTED].contains(&refusal),
                    "{mapped:?} to {to:?}"
                );
                assert_eq!(runs(&view), [(PAGES, mapped)], "nothing changed");
            }
        }
    }
}

#[test]
fn shared_pages_do_not_become_copies_in_place() {
    for (mapped, to) in [(Read, Copy), (Write, Copy), (ExecuteRead, ExecuteCopy), (ExecuteWrite, Copy)] {
        let error = map(mapped).protect(0..1, to).unwrap_err();
        assert_eq!(error.code(), Code::NOT_SUPPORTED, "{mapped:?} to {to:?}");
        assert!(error.advice().unwrap().contains("map another view for Copy"), "{error}");
    }
}

#[test]
fn whole_pages_change_that_the_range_touches() {
    for (range, changed) in
        [(0..1, 0..1), (PAGE - 1..PAGE + 1, 0..2), (2 * PAGE..3 * PAGE, 2..3), (5_000..20_000, 1..5)]
    {
        let mut view = map(Write);
        view.protect(range.clone(), Read).unwrap();
        for page in 0..PAGES {
            let expected = if changed.contains(&page) { Read } else { Write };
            assert_eq!(view.query(page * PAGE + 17).unwrap().access, expected, "page {page} of {range:?}");
        }
    }
}

#[test]
fn a_view_that_begins_inside_a_page_counts_from_its_first_byte() {
    let section = section((PAGES * PAGE) as u64);
    let mut view =
        section.view().access(Write).offset(PAGE as u64 + 1_000).len(2 * PAGE as u64).map().unwrap();
    view.protect(PAGE..PAGE + 1, Read).unwrap();
    assert_eq!(runs(&view), [(1, Write), (1, Read), (1, Write)]);
    let first = view.as_ptr().addr() - 1_000;
    let second = Region {
        base: first + PAGE,
        allocation_base: first,
        len: PAGE,
        access: Read,
        allocation_access: Write,
    };
    assert_eq!(view.query(PAGE - 1_000).unwrap(), second);
    assert_eq!(view.query(2 * PAGE - 1_001).unwrap(), second);
    assert_eq!(view.query(PAGE - 1_001).unwrap().access, Write);
    assert_eq!(code(view.write_at(PAGE - 1_001, b"ab")), Code::NOACCESS);
    view.write_at(PAGE - 1_002, b"ab").unwrap();
}

#[test]
fn safe_access_follows_the_protection_page_by_page() {
    let mut view = map(Write);
    view.fill(0..view.len(), 7).unwrap();
    view.protect(2 * PAGE..4 * PAGE, Read).unwrap();
    view.protect(5 * PAGE..6 * PAGE, NoAccess).unwrap();
    let (write, read) = (
        |range: std::ops::Range<usize>| view.fill(range, 8).is_ok(),
        |offset, len| view.read_at(offset, &mut vec![0; len]).is_ok(),
    );
    assert!(write(0..2 * PAGE) && !write(0..2 * PAGE + 1) && !write(3 * PAGE..3 * PAGE + 1));
    assert!(write(4 * PAGE..5 * PAGE) && !write(4 * PAGE..5 * PAGE + 1) && write(6 * PAGE..8 * PAGE));
    assert!(
        read(0, 5 * PAGE) && !read(0, 5 * PAGE + 1) && !read(6 * PAGE - 1, 1) && read(6 * PAGE, 2 * PAGE)
    );
    assert_eq!(code(view.load::<u32>(5 * PAGE, std::sync::atomic::Ordering::Relaxed)), Code::NOACCESS);
    view.protect(5 * PAGE..6 * PAGE, Write).unwrap();
    assert_eq!(view.read_value::<u8>(5 * PAGE).unwrap(), 7, "the bytes were kept");
}

#[test]
fn regions_split_and_join() {
    let mut view = map(Write);
    assert_eq!(runs(&view), [(8, Write)]);
    assert_eq!(view.protect(2 * PAGE..3 * PAGE, Read).unwrap(), Write);
    assert_eq!(runs(&view), [(2, Write), (1, Read), (5, Write)]);
    assert_eq!(view.protect(3 * PAGE..5 * PAGE, Read).unwrap(), Write);
    assert_eq!(runs(&view), [(2, Write), (3, Read), (3, Write)]);
    assert_eq!(view.protect(4 * PAGE..8 * PAGE, NoAccess).unwrap(), Read, "what the first page was");
    assert_eq!(runs(&view), [(2, Write), (2, Read), (4, NoAccess)]);
    assert_eq!(view.protect(0..8 * PAGE, Write).unwrap(), Write);
    assert_eq!(runs(&view), [(8, Write)]);
}

#[test]
fn an_empty_range_is_refused() {
    let mut view = map(Write);
    for at in [0, 100, PAGE, 8 * PAGE] {
        assert_eq!(code(view.protect(at..at, Read)), Code::INVALID_PARAMETER, "at {at}");
        assert_eq!(runs(&view), [(8, Write)]);
    }
    assert_eq!(code(view.protect(0..8 * PAGE + 1, Read)), Code::INVALID_PARAMETER);
    assert_eq!(code(view.query(8 * PAGE)), Code::INVALID_PARAMETER);
    assert_eq!(code(view.query(usize::MAX)), Code::INVALID_PARAMETER);
}

#[test]
fn written_pages_of_a_copy_view_are_told_from_the_others() {
    let view = map(Copy);
    assert_eq!(view.read_value::<u8>(PAGE).unwrap(), 0);
    assert_eq!(runs(&view), [(8, Copy)], "reading copies nothing");
    for page in [1, 2, 5] {
        view.write_at(page * PAGE + 9, b"own").unwrap();
    }
    let execute = map(ExecuteCopy);
    execute.write_at(7 * PAGE, b"own").unwrap();
    if wine_is_wrong("VQ-14") {
        assert_eq!((runs(&view), runs(&execute)), (vec![(8, Copy)], vec![(8, ExecuteCopy)]));
        return;
    }
    assert_eq!(runs(&view), [(1, Copy), (2, Write), (2, Copy), (1, Write), (2, Copy)]);
    assert_eq!(runs(&execute), [(7, ExecuteCopy), (1, ExecuteWrite)]);
}

#[test]
fn a_view_of_large_pages_or_of_a_whole_file_is_one_region() {
    let file = crate::scratch::file(100_000);
    let view = Section::options().file(&file).create_unnamed().unwrap().map(Write).unwrap();
    assert_eq!(runs(&view), [(25, Write)]);
}
