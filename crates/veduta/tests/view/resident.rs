//! Pages in memory: which are, which should be, which must stay.

use crate::scratch::{PAGE, code, file, takes};
use crate::view;
use veduta::Residency::{Absent, Resident};
use veduta::{Advice, Code, Section, ViewAccess};

#[test]
fn touched_pages_are_resident_and_others_absent() {
    let view = view(4 * PAGE as u64);
    assert_eq!(view.residency(0..4 * PAGE).unwrap(), [Absent; 4]);
    view.write_at(PAGE + 5, b"here").unwrap();
    assert_eq!(view.residency(0..4 * PAGE).unwrap(), [Absent, Resident, Absent, Absent]);
    assert_eq!(view.residency(PAGE + 100..2 * PAGE + 1).unwrap(), [Resident, Absent]);
}

#[test]
fn residency_is_told_for_the_pages_of_the_range() {
    let view = view(4 * PAGE as u64);
    for (range, pages) in [(0..1, 1), (PAGE - 1..PAGE + 1, 2), (0..4 * PAGE, 4), (0..0, 0), (100..100, 0)] {
        assert_eq!(view.residency(range.clone()).unwrap().len(), pages, "{range:?}");
    }
    assert_eq!(code(view.residency(0..4 * PAGE + 1)), Code::INVALID_PARAMETER);
}

#[test]
fn advice_changes_no_byte() {
    let file = file(4 * PAGE as u64);
    let of_file = Section::options().file(&file).create_unnamed().unwrap().map(ViewAccess::Write).unwrap();
    let all = [
        Advice::Normal,
        Advice::Sequential,
        Advice::Random,
        Advice::WillNeed,
        Advice::PopulateRead,
        Advice::PopulateWrite,
        Advice::Cold,
        Advice::PageOut,
    ];
    for view in [view(4 * PAGE as u64), of_file] {
        view.fill(0..4 * PAGE, 7).unwrap();
        for advice in all {
            if takes(advice) {
                view.advise(100..3 * PAGE, advice).unwrap();
            } else {
                assert_eq!(code(view.advise(100..3 * PAGE, advice)), Code::NOT_SUPPORTED, "{advice:?}");
            }
            view.advise(5..5, advice).unwrap();
        }
        view.prefetch(0..4 * PAGE).unwrap();
        assert_eq!(view.compare_bytes(0, &[7; 4 * PAGE]).unwrap(), None);
        assert_eq!(code(view.advise(0..4 * PAGE + 1, Advice::Normal)), Code::INVALID_PARAMETER);
        assert_eq!(code(view.prefetch(0..4 * PAGE + 1)), Code::INVALID_PARAMETER);
    }
}
