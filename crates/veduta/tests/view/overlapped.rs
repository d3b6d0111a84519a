//! Files that answer before they have written.

use crate::scratch::named_file;
use crate::{pattern, view};
use std::fs::OpenOptions;
use std::os::windows::fs::OpenOptionsExt;
use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_OVERLAPPED;

#[test]
fn a_file_for_overlapped_operations_is_written_before_the_call_returns() {
    let named = named_file(0);
    let file = OpenOptions::new().write(true).custom_flags(FILE_FLAG_OVERLAPPED).open(named.path()).unwrap();
    let view = view(1 << 20);
    view.write_at(0, &pattern(1 << 20)).unwrap();
    let mut done = 0;
    while done < view.len() {
        done += view.write_to(done..view.len(), &file, done as u64).unwrap();
    }
    assert!(std::fs::read(named.path()).unwrap() == pattern(1 << 20));
}
