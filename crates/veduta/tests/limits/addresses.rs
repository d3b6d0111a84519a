//! RLIMIT_AS and RLIMIT_DATA: an operation with no page of addresses left, with one, with two, with four … until it has enough.

use crate::confined::{self, Belongings, expect, under};
use crate::operations::{self, Stage};
use crate::scratch::PAGE;
use rustix::process::Resource;
use std::time::Duration;
use veduta::{Code, Section, Timer, ViewAccess};

#[test]
fn addresses_that_run_out_are_told_and_nothing_is_left_behind() {
    confined::play("addresses::role_without_addresses");
}

#[test]
#[ignore = "a role: runs out of addresses"]
fn role_without_addresses() {
    keep_heap();
    let stage = Stage::new();
    for operation in operations::all() {
        let what = operation.what;
        // What is made once, at the first time.
        drop((operation.run)(&stage));
        let before = Belongings::now();
        let needed = (0..=12).map(|power| (1 << power) / 2).find(|&left| {
            let result =
                under(Resource::As, size("VmSize:") + left * PAGE as u64, || (operation.run)(&stage));
            let succeeded = result.is_ok();
            if let Err(error) = &result {
                expect(error, Code::NOT_ENOUGH_MEMORY, &["RLIMIT_AS", "needed", "in use", "ulimit -v"]);
            }
            drop(result);
            assert_eq!(Belongings::now(), before, "{what}, with {left} pages left");
            succeeded
        });
        let needed = needed.unwrap_or_else(|| panic!("{what} takes more than 2048 pages"));
        assert!(needed > 0 || !operation.maps, "{what} takes none");
    }
}

#[test]
fn a_limit_on_data_is_met_by_copies_alone() {
    confined::play("addresses::role_without_data");
}

#[test]
#[ignore = "a role: may have no more memory of its own"]
fn role_without_data() {
    keep_heap();
    let section = Section::options().size(1 << 20).create_unnamed().unwrap();
    drop(section.map(ViewAccess::Copy).unwrap());
    let before = Belongings::now();
    under(Resource::Data, size("VmData:") + PAGE as u64, || {
        let error = section.map(ViewAccess::Copy).unwrap_err();
        expect(&error, Code::NOT_ENOUGH_MEMORY, &["RLIMIT_DATA", "1.0 MiB needed", "in use", "ulimit -d"]);
        section.map(ViewAccess::Write).unwrap();
    });
    assert_eq!(Belongings::now(), before);
    section.map(ViewAccess::Copy).unwrap();
}

/// A thread has a stack.
#[test]
fn a_thread_without_addresses_for_its_stack_is_told() {
    confined::play("addresses::role_without_stacks");
}

#[test]
#[ignore = "a role: has no addresses for stacks"]
fn role_without_stacks() {
    keep_heap();
    let timer = Timer::options().create_unnamed().unwrap();
    let before = Belongings::now();
    under(Resource::As, size("VmSize:") + PAGE as u64, || {
        let error = timer.set(Duration::from_secs(100), None).unwrap_err();
        expect(&error, Code::NO_SYSTEM_RESOURCES, &["thread", "RLIMIT_AS", "2.0 MiB needed"]);
    });
    assert_eq!(Belongings::now(), before);
    timer.set(Duration::ZERO, None).unwrap();
    assert_eq!(veduta::wait_any(&[&timer], None).unwrap(), veduta::Waited::Signaled(0));
}

/// Gives the C library memory enough for whatever a test allocates: what is tried is what the kernel refuses, not the heap.
fn keep_heap() {
    for parameter in [libc::M_TRIM_THRESHOLD, libc::M_MMAP_THRESHOLD] {
        #[allow(unsafe_code, reason = "the standard library cannot ask the C library for it")]
        // SAFETY: takes only numbers.
        unsafe {
            libc::mallopt(parameter, 1 << 30);
        }
    }
    drop(std::hint::black_box(Vec::<u8>::with_capacity(16 << 20)));
}

/// A number of bytes in this process's status.
fn size(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("it is in the status");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("it is a number") << 10
}
