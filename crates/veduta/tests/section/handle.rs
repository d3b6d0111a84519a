//! Handles: rights, duplicates, inheritance.

use crate::scratch::{Private, child, code, file, name};
use veduta::os::InheritExt;
use veduta::{Code, Protection, Section, SectionAccess, ViewAccess};

pub(crate) const READ: SectionAccess = SectionAccess::READ;

/// One section of each kind, and how many descriptors it has on Linux besides its card: without a name, with one, with one in a private namespace, and of a file.
pub(crate) fn one_of_each_kind(private: &Private) -> [(&'static str, usize, Section); 5] {
    let files = [file(100), file(100)];
    let mut options = Section::options();
    options.size(100);
    let mut in_private = options.clone();
    in_private.namespace(private.namespace());
    [
        ("unnamed", 1, options.create_unnamed().unwrap()),
        ("named", 2, options.create_new(&name("kind")).unwrap()),
        ("private", 2, in_private.create_new("kind").unwrap()),
        ("file", 1, options.clone().file(&files[0]).create_unnamed().unwrap()),
        ("named file", 2, options.clone().file(&files[1]).create_new(&name("kind of file")).unwrap()),
    ]
}

/// The handle's rights are asked first (5), then the section's protection (87).
#[test]
fn every_view_takes_the_rights_of_the_handle_and_the_protection_of_the_section() {
    let rights = [
        SectionAccess::QUERY,
        READ,
        SectionAccess::WRITE,
        SectionAccess::EXECUTE,
        SectionAccess::EXTEND_SIZE,
    ];
    for protection in Protection::ALL {
        let section = Section::options().size(1).protection(protection).create_unnamed().unwrap();
        for bits in 0..1 << rights.len() {
            let chosen = rights.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1);
            let access = chosen.map(|(_, right)| *right).collect::<SectionAccess>();
            let handle = section.try_clone_with(access).unwrap();
            for view in ViewAccess::ALL {
                let (writes, executes) = (view.writes_shared(), view.executes());
                let missing = !access.contains(if writes { SectionAccess::WRITE } else { READ })
                    || (executes && !access.contains(SectionAccess::EXECUTE));
                let forbidden =
                    (writes && !protection.writes_shared()) || (executes && !protection.executes());
                let expected = match (missing, forbidden) {
                    (true, _) => Some(Code::ACCESS_DENIED),
                    (false, true) => Some(Code::INVALID_PARAMETER),
                    (false, false) => None,
                };
                let mapped = handle.map(view).err().map(|error| error.code());
                assert_eq!(mapped, expected, "{view:?} of {protection} with {access}");
            }
        }
    }
}

/// The handle that a role was left.
pub(crate) fn inherited() -> Section {
    let numbers = std::env::var("HANDLE").unwrap();
    #[allow(unsafe_code, reason = "adopting numbers is up to who got them")]
    // SAFETY: this role inherited them, and adopts them once.
    let section = unsafe { Section::from_inherited(&numbers) };
    section.unwrap()
}

#[test]
fn the_name_goes_with_the_last_handle_in_whatever_order_they_go() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in orders {
        let name = name("order");
        let created = Section::options().size(1).create_new(&name).unwrap();
        let opened = Section::options().access(READ).open(&name).unwrap();
        let cloned = created.try_clone().unwrap();
        let mut handles = [Some(created), Some(opened), Some(cloned)];
        for (gone, index) in order.into_iter().enumerate() {
            assert!(Section::options().open(&name).is_ok(), "{gone} of 3 handles are gone");
            handles[index] = None;
        }
        assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND, "{order:?}");
    }
}

#[test]
fn handles_are_not_inherited_unless_asked() {
    for (kind, _, section) in one_of_each_kind(&Private::new()) {
        assert!(!section.is_inheritable(), "{kind}");
        assert_eq!(section.inherited_numbers(), None, "{kind}");
        let section = section.into_inheritable().unwrap();
        assert!(section.is_inheritable() && section.inherited_numbers().is_some(), "{kind}");
        assert!(!section.try_clone().unwrap().is_inheritable(), "a clone is asked for itself");
    }
}

#[test]
fn a_child_adopts_what_it_inherits() {
    for (kind, _, section) in one_of_each_kind(&Private::new()) {
        let mut child = child::play_heir("handle::role_adopt", section.try_clone().unwrap());
        assert_eq!(child.hear(), "written");
        let view = section.map(ViewAccess::Read).unwrap();
        assert_eq!(view.compare_bytes(0, b"by the child").unwrap(), None, "{kind}");
        let Some(name) = section.name().map(ToString::to_string) else { continue };
        drop(section);
        if name.starts_with("Local") {
            assert!(Section::options().open(&name).is_ok(), "{kind}: the child holds the name");
            child.kill();
            assert_eq!(code(Section::options().open(&name)), Code::FILE_NOT_FOUND, "{kind}");
        }
    }
}

#[test]
#[ignore = "a role: adopts an inherited handle and keeps it"]
fn role_adopt() {
    let section = inherited();
    section.map(ViewAccess::Write).unwrap().write_at(0, b"by the child").unwrap();
    child::say("written");
    child::listen();
}

#[test]
fn handles_can_be_shared_by_threads() {
    fn check<T: Send + Sync>() {}
    check::<Section>();
}
