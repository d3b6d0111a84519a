//! Large pages and NUMA nodes, which most machines do not have: then clear words.

use crate::scratch::{code, file, skipped};
use veduta::{Code, Pages, Section, ViewAccess};

#[test]
fn large_pages_are_for_memory_of_its_own() {
    let file = file(2 << 20);
    assert_eq!(
        code(Section::options().file(&file).pages(Pages::Huge).create_unnamed()),
        Code::INVALID_PARAMETER
    );
}

// Row: large pages
#[cfg(target_os = "linux")]
#[test]
fn large_pages_do_not_go_into_an_entry() {
    let private = crate::scratch::Private::new();
    let mut options = Section::options();
    options.size(2 << 20).pages(Pages::Huge).namespace(private.namespace());
    assert_eq!(code(options.create("large")), Code::NOT_SUPPORTED);
}

#[test]
fn memory_of_the_first_node_can_be_preferred() {
    match Section::options().size(1 << 20).numa_node(0).create_unnamed() {
        Ok(section) => section.map(ViewAccess::Write).unwrap().write_at(0, b"near").unwrap(),
        Err(error) => {
            assert!(
                [Code::NOT_SUPPORTED, Code::INVALID_PARAMETER].contains(&error.code())
                    && error.advice().is_some(),
                "{error}"
            );
            skipped(error);
        }
    }
}

#[test]
fn a_node_that_the_machine_lacks_is_refused_with_those_that_it_has() {
    for node in [5_000, u32::MAX] {
        let error = Section::options().size(1 << 20).numa_node(node).create_unnamed().unwrap_err();
        assert_eq!(error.code(), Code::INVALID_PARAMETER);
        assert!(error.advice().unwrap().contains(&format!("no NUMA node {node}")), "{error}");
    }
    let file = file(100);
    assert_eq!(code(Section::options().file(&file).numa_node(0).create_unnamed()), Code::NOT_SUPPORTED);
}
