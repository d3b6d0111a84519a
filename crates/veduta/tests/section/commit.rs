//! What is promised of memory.

use crate::scratch::{code, name};
use veduta::{Code, Commit, Section, ViewAccess};

pub(crate) const SIZE: u64 = 1 << 20;

/// Openers learn what was promised.
#[test]
fn a_promise_belongs_to_the_section() {
    for commit in [Commit::Checked, Commit::Reserve, Commit::Now] {
        for scope in ["Local", "Global"] {
            let name = name(&format!("promise {commit:?}")).replace("Local", scope);
            let section = Section::options().size(SIZE).commit(commit).create_new(&name).unwrap();
            let opened = Section::options().open(&name).unwrap();
            assert_eq!((section.commit(), opened.commit()), (commit, commit));
        }
    }
}

#[test]
fn pages_of_a_reserved_section_are_taken_one_by_one() {
    for name in [String::new(), name("reserved"), name("reserved").replace("Local", "Global")] {
        let (section, _) = Section::options().size(100_000).commit(Commit::Reserve).create(&name).unwrap();
        let view = section.map(ViewAccess::Write).unwrap();
        let read = section.view().offset(4096).map().unwrap();
        drop(section);
        assert_eq!(view.committed(50_000).unwrap(), (false, view.len()));
        view.commit(8192..3 * 4096 + 1).unwrap();
        read.commit(7 * 4096..7 * 4096 + 1).unwrap();
        for (from, to, taken) in [(0, 2, false), (2, 4, true), (4, 8, false), (8, 9, true), (9, 25, false)]
            .map(|(a, b, c)| (a * 4096, view.len().min(b * 4096), c))
        {
            assert_eq!(view.committed(from).unwrap(), (taken, to), "from {from}, {name:?}");
            assert_eq!(view.committed(to - 1).unwrap(), (taken, to));
            if from > 0 {
                assert_eq!(read.committed(from - 4096).unwrap(), (taken, to - 4096));
            }
        }
        // Again changes nothing, and no byte.
        view.write_at(2 * 4096, b"kept").unwrap();
        view.commit(0..view.len()).unwrap();
        assert_eq!(view.committed(0).unwrap(), (true, view.len()));
        assert_eq!(view.compare_bytes(2 * 4096, b"kept").unwrap(), None);
    }
}

/// The system touches them itself.
#[test]
fn pages_of_a_reserved_section_come_by_being_locked() {
    let section = Section::options().size(100_000).commit(Commit::Reserve).create_unnamed().unwrap();
    let view = section.map(ViewAccess::Write).unwrap();
    view.lock(50_000..50_001).unwrap();
    assert_eq!(view.committed(50_000).unwrap(), (true, 13 * 4096));
    assert_eq!(view.committed(0).unwrap(), (false, 12 * 4096));
    view.unlock(50_000..50_001).unwrap();
    assert_eq!(view.read_value::<u64>(50_000).unwrap(), 0);
}

#[test]
fn more_than_there_is_is_refused() {
    for commit in [Commit::Checked, Commit::Now] {
        assert_eq!(
            code(Section::options().size(3 << 50).commit(commit).create_unnamed()),
            Code::COMMITMENT_LIMIT
        );
    }
}
