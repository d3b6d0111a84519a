//! Holes of files for which their disk has no room.

use crate::disk::Disk;
use crate::scratch::{fill, unfill};
use crate::{PAGE, is_missing, map, scratch, whole};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use veduta::{View, ViewAccess};

/// A file of 16 pages of which two are there, filled with 7.
fn sparse_file(disk: &Path) -> File {
    let file = File::options().read(true).write(true).create_new(true).open(disk.join("sparse")).unwrap();
    (&file).write_all(&[7; 2 * PAGE]).unwrap();
    file.set_len(16 * PAGE as u64).unwrap();
    file.sync_all().unwrap();
    file
}

/// Every way to write, into a hole for which there is no room.
fn writes_fail(view: &View) {
    let other = whole(1);
    is_missing(view.write_at(100, &[8; 3 * PAGE]), 2 * PAGE);
    is_missing(view.fill(PAGE + 5..16 * PAGE, 8), 2 * PAGE);
    is_missing(view.write_value(5 * PAGE - 2, &[8_u8; 2]), 5 * PAGE - 2);
    is_missing(view.copy_from(6 * PAGE + 1, &other, 0..10), 6 * PAGE + 1);
    is_missing(view.copy_within(0..PAGE, 7 * PAGE + 3), 7 * PAGE + 3);
    // What there was room for was written, and goes on being there.
    assert_eq!(view.compare_bytes(100, &[8; 2 * PAGE - 100]).unwrap(), None);
    view.write_at(0, b"goes on").unwrap();
}

#[test]
fn a_disk_that_is_full_behind_a_hole() {
    Disk::ext4("unused", b"", |disk| {
        let file = sparse_file(&disk.path());
        let filling = fill(&disk.path());
        let view = map(&file, ViewAccess::Write);
        writes_fail(&view);
        // To read a hole takes no room.
        let mut buffer = [1; PAGE];
        view.read_at(9 * PAGE, &mut buffer).unwrap();
        assert_eq!(buffer, [0; PAGE]);
        overlapping_copies_fail(&view);
        // What others give up is there for the next try.
        unfill(&filling);
        view.write_at(9 * PAGE, &[8; PAGE]).unwrap();
    });
}

/// From where a hole can be read to where it cannot be written.
fn overlapping_copies_fail(view: &View) {
    for behind in [1, 1000, 1024, 1500, PAGE, 5000] {
        let mut expected: Vec<u8> = (0..2 * PAGE).map(|index| (index % 251) as u8).collect();
        view.write_at(0, &expected).unwrap();
        is_missing(view.copy_within(behind..behind + 4 * PAGE, 0), 2 * PAGE);
        expected.copy_within(behind.., 0);
        expected[2 * PAGE - behind..].fill(0);
        assert_eq!(view.compare_bytes(0, &expected).unwrap(), None, "from {behind}");
    }
}

#[test]
fn a_memory_file_system_that_is_full_behind_a_hole() {
    Disk::tmpfs(|disk| {
        let file = sparse_file(&disk.path());
        let filling = fill(&disk.path());
        let view = map(&file, ViewAccess::Write);
        writes_fail(&view);
        // There, a hole that is read through a view becomes a page.
        is_missing(view.read_at(PAGE, &mut [0; 2 * PAGE]), 2 * PAGE);
        is_missing(view.compare(0..3 * PAGE, &view, 0), 2 * PAGE);
        let target = scratch::file(0);
        assert_eq!(view.write_to(0..3 * PAGE, &target, 0).unwrap(), 2 * PAGE);
        is_missing(view.write_to(2 * PAGE..3 * PAGE, &target, 0), 2 * PAGE);
        unfill(&filling);
        view.write_at(9 * PAGE, &[8; PAGE]).unwrap();
    });
}
