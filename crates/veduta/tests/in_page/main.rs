//! Real faults under views: disks that are full behind a hole, a device that cannot be read; and a host with faults of its own.
// Row: signals
#![cfg(target_os = "linux")]

mod device;
mod disk;
mod full;
mod host;
#[path = "../scratch/mod.rs"]
mod scratch;

use scratch::PAGE;
use std::fs::File;
use std::path::Path;
use veduta::{Code, Section, View, ViewAccess};

fn map(file: &File, access: ViewAccess) -> View {
    Section::options().file(file).create_unnamed().unwrap().map(access).unwrap()
}

fn open(path: &Path) -> File {
    File::options().read(true).write(true).open(path).unwrap()
}

/// A view of a file of its own with `pages` pages of 9.
fn whole(pages: usize) -> View {
    let view = map(&scratch::file((pages * PAGE) as u64), ViewAccess::Write);
    view.fill(0..pages * PAGE, 9).unwrap();
    view
}

#[track_caller]
fn is_missing<T: std::fmt::Debug>(result: veduta::Result<T>, at: usize) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::SWAPERROR, "{error}");
    assert_eq!(error.failed_at(), Some(at as u64), "{error}");
}
