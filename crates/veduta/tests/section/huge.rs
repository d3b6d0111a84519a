//! Large pages of Linux: reserved ones, and those that the kernel makes by itself.

use crate::scratch::skipped;
use std::path::Path;
use veduta::{Code, Pages, Section, ViewAccess};

/// What a file of the system says.
fn setting(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

#[test]
fn large_pages_are_taken_or_counted_out() {
    const LARGE: u64 = 2 << 20;
    const KIND: &str = "/sys/kernel/mm/hugepages/hugepages-2048kB";
    if !Path::new(KIND).is_dir() {
        return skipped("this kernel has no large pages of 2 MiB");
    }
    match Section::options().size(2 * LARGE).pages(Pages::HugeOf(LARGE)).create_unnamed() {
        Ok(section) => {
            let view = section.map(ViewAccess::Write).unwrap();
            view.write_at(LARGE as usize + 5, b"large").unwrap();
            assert_eq!(view.as_ptr().addr() % LARGE as usize, 0);
            assert_eq!(view.query(0).unwrap().len, 2 * LARGE as usize);
            let part = section.view().offset(LARGE + 5).len(5).map().unwrap();
            assert_eq!(part.compare_bytes(0, b"large").unwrap(), None);
        }
        Err(error) => {
            assert_eq!(error.code(), Code::NO_SYSTEM_RESOURCES);
            let advice = error.advice().unwrap();
            assert!(advice.starts_with("2 large pages of 2.0 MiB needed, "), "{advice}");
            assert!(advice.contains(&format!("{KIND}/nr_hugepages")), "it says what to do: {advice}");
        }
    }
}

#[test]
fn large_pages_of_a_size_that_the_machine_lacks_are_refused() {
    let error = Section::options().size(3 << 20).pages(Pages::HugeOf(3 << 20)).create_unnamed().unwrap_err();
    assert_eq!(error.code(), Code::NOT_SUPPORTED);
    assert!(error.advice().unwrap().contains("3.0 MiB"), "{error}");
}

#[test]
fn transparent_large_pages_are_there_or_switched_off() {
    const SWITCH: &str = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
    let on = ["[always]", "[within_size]", "[advise]", "[force]"];
    let on = on.iter().any(|on| setting(SWITCH).contains(on));
    match Section::options().size(4 << 20).pages(Pages::Transparent).create_unnamed() {
        Ok(section) => {
            assert!(on);
            section.map(ViewAccess::Write).unwrap().write_at(0, b"as any other").unwrap();
        }
        Err(error) => {
            assert!(!on);
            assert_eq!(error.code(), Code::NOT_SUPPORTED);
            assert!(error.advice().unwrap().contains("transparent"), "{error}");
        }
    }
}
