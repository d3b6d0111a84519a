//! RLIMIT_NOFILE: an operation with no descriptor left, with one, with two … until it has enough.

use crate::confined::{self, Belongings, expect, under};
use crate::operations::{self, Stage};
use rustix::process::Resource;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use veduta::Code;

/// More than any operation takes.
const MANY: u64 = 24;

#[test]
fn descriptors_that_run_out_are_told_and_nothing_is_left_behind() {
    confined::play("descriptors::role_without_descriptors");
}

#[test]
#[ignore = "a role: runs out of descriptors"]
fn role_without_descriptors() {
    let stage = Stage::new();
    let (_filled, end) = fill();
    for operation in operations::all() {
        let what = operation.what;
        let before = Belongings::now();
        let refused = (0..=MANY).find(|&left| {
            let result = under(Resource::Nofile, end + left, || (operation.run)(&stage));
            let succeeded = result.is_ok();
            if let Err(error) = &result {
                expect(error, Code::TOO_MANY_OPEN_FILES, &["RLIMIT_NOFILE", &(end + left).to_string()]);
            }
            drop(result);
            assert_eq!(Belongings::now(), before, "{what}, with {left} left");
            succeeded
        });
        let needed = refused.unwrap_or_else(|| panic!("{what} takes more than {MANY} descriptors"));
        assert_eq!(needed > 0, operation.opens, "{what} takes {needed}");
    }
}

/// Makes the open descriptors those from 0 on, without a gap. Says where they end.
fn fill() -> (Vec<OwnedFd>, u64) {
    let null = File::open("/dev/null").expect("there is one");
    let highest = || {
        let open = std::fs::read_dir("/proc/self/fd").expect("/proc is mounted").flatten();
        open.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()).max().expect("some are open")
    };
    let highest = highest();
    let mut filled = Vec::new();
    loop {
        let next: OwnedFd = null.try_clone().expect("there is no limit yet").into();
        let number = next.as_raw_fd();
        filled.push(next);
        if number > highest {
            filled.push(null.into());
            return (filled, number as u64 + 1);
        }
    }
}
