//! What files owe to sections, and how they travel: both without a function of C.

use super::create::{Disposition, Opened, Request, open};
use super::share::{self, Byte};
use super::{File, right};
use crate::object::Packed;
use crate::rights::{GENERIC_EXECUTE, GENERIC_READ, GENERIC_WRITE};
use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use veduta::{Protection, Section, ViewAccess};

struct Scratch(PathBuf);

impl Scratch {
    fn file(test: &str) -> (Scratch, PathBuf) {
        let directory = std::env::temp_dir().join(format!("veduta-win32-{}-{test}", std::process::id()));
        fs::create_dir(&directory).expect("nothing of that name is there");
        let path = directory.join("f");
        fs::write(&path, [7; 5000]).expect("the directory is there");
        (Scratch(directory), path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("nobody else removes it");
    }
}

fn opened(path: &Path, access: u32, share: u32, disposition: Disposition, flags: u32) -> Result<Opened, u32> {
    let path = path.to_str().expect("it is UTF-8").to_owned();
    let request = Request { path, access, share, disposition, flags, mode: None };
    open(&request).map_err(|failure| failure.code())
}

fn existing(path: &Path, access: u32, share: u32) -> Result<Opened, u32> {
    opened(path, access, share, Disposition::OpenExisting, 0)
}

const BOTH: u32 = GENERIC_READ | GENERIC_WRITE;

fn map(file: &Opened, protection: Protection) -> Section {
    let mapped = file.file.to_map(file.access, protection).expect("it has the rights");
    Section::options().file(&mapped).protection(protection).create_unnamed().expect("it is a file")
}

/// Facts TR-05, TR-07, TR-08, TR-13, TR-14: what a section or a view of a file forbids, and what not, for each that may be left of it.
#[test]
fn a_mapped_file_is_not_cut_off() {
    let (_scratch, path) = Scratch::file("mapped");
    let may_shrink = || {
        let before = fs::metadata(&path).unwrap().len();
        let file = existing(&path, BOTH, share::ALL).unwrap();
        let shrunk = share::shrink(file.file.descriptor(), 100).map_err(|failure| failure.code());
        drop(file);
        let truncated = opened(&path, BOTH, share::ALL, Disposition::TruncateExisting, 0).err();
        assert_eq!(shrunk.err(), truncated);
        let created = opened(&path, BOTH, share::ALL, Disposition::CreateAlways, 0).err();
        assert_eq!(created, truncated);
        assert!(truncated.is_none() || fs::metadata(&path).unwrap().len() == before);
        fs::write(&path, [7; 5000]).unwrap();
        truncated
    };
    for protection in [Protection::ReadWrite, Protection::ReadOnly, Protection::WriteCopy] {
        assert_eq!(may_shrink(), None);
        let file = existing(&path, BOTH, 0).unwrap();
        let section = map(&file, protection);
        drop(file);
        assert_eq!(may_shrink(), Some(1224), "{protection:?}: a section, and its file is closed");
        existing(&path, BOTH, 0).map(drop).expect("a section limits nobody");
        let view = section.map(ViewAccess::Read).unwrap();
        drop(section);
        assert_eq!(may_shrink(), Some(1224), "{protection:?}: a view");
        drop(view);
    }
    assert_eq!(may_shrink(), None, "nothing is left of it");
}

/// Facts CFM-19, CFM-25, CFM-23, CFM-28, CFM-31, CFM-32: what a section takes of the handle.
#[test]
fn sections_take_rights_of_the_handle() {
    let (scratch, path) = Scratch::file("rights");
    let code = |access, protection| {
        let file = existing(&path, access, share::ALL).unwrap();
        file.file.to_map(file.access, protection).err().map(|failure| failure.code())
    };
    let all = GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE;
    assert_eq!(code(GENERIC_READ, Protection::ReadWrite), Some(5));
    assert_eq!(code(GENERIC_READ, Protection::WriteCopy), None);
    assert_eq!(code(GENERIC_READ, Protection::ExecuteReadWrite), Some(5));
    assert_eq!(code(GENERIC_WRITE, Protection::ReadWrite), Some(5));
    assert_eq!(code(GENERIC_WRITE, Protection::ReadOnly), Some(5));
    assert_eq!(code(BOTH, Protection::ExecuteRead), Some(5));
    assert_eq!(code(all, Protection::ExecuteReadWrite), None);
    let directory = File::new(fs::File::open(&scratch.0).unwrap().into(), false).unwrap();
    assert_eq!(directory.to_map(right::READ_DATA, Protection::ReadOnly).unwrap_err().code(), 193);
    let pipe = File::new(rustix::pipe::pipe().unwrap().0, false).unwrap();
    assert_eq!(pipe.to_map(right::READ_DATA, Protection::ReadOnly).unwrap_err().code(), 6);
}

/// A duplicate that travelled has the same position and the same limits, and the file goes with the last.
#[test]
fn a_handle_in_two_places_is_one_open_file() {
    let (_scratch, path) = Scratch::file("travel");
    const DELETE_ON_CLOSE: u32 = 0x0400_0000;
    let first = opened(&path, BOTH, 0, Disposition::OpenExisting, DELETE_ON_CLOSE).unwrap();
    let Packed { detail, descriptors, .. } = first.file.pack().unwrap();
    assert!(!detail.contains(char::is_whitespace));
    rustix::fs::seek(first.file.descriptor(), rustix::fs::SeekFrom::Start(7)).unwrap();
    drop(first);
    assert!(path.exists(), "what is on its way counts");
    let second = File::unpack(&detail, descriptors).unwrap();
    assert_eq!(rustix::fs::tell(second.descriptor()).unwrap(), 7);
    assert_eq!(existing(&path, GENERIC_READ, share::ALL).err(), Some(32));
    drop(second);
    assert!(!path.exists());
    for (detail, descriptors) in [("", vec![]), ("00", vec![])] {
        assert_eq!(File::unpack(detail, descriptors).err().map(|failure| failure.code()), Some(13));
    }
}

#[test]
fn a_duplicate_has_no_more_rights_than_its_source() {
    let (_scratch, path) = Scratch::file("narrowed");
    let file = existing(&path, GENERIC_READ, share::ALL).unwrap();
    let narrowed = |mask| file.file.narrowed(file.access, mask).map_err(|failure| failure.code());
    assert_eq!(narrowed(GENERIC_READ).map(|access| access & right::READ_DATA), Ok(right::READ_DATA));
    assert_eq!(narrowed(0).map(|access| access & right::READ_DATA), Ok(0));
    assert_eq!(narrowed(BOTH), Err(5));
    assert_eq!(narrowed(right::READ_DATA), Ok(right::READ_DATA));
}

/// Somebody was stopped while it was opening the file: nobody waits for it for long.
#[test]
fn a_stopped_opener_stops_nobody_for_long() {
    let (_scratch, path) = Scratch::file("stopped");
    let stopped = fs::File::open(&path).unwrap();
    for byte in [Byte::Opening, Byte::UsesRead, Byte::DeniesWrite] {
        share::say(stopped.as_fd(), byte).unwrap();
    }
    existing(&path, GENERIC_READ, share::READ).map(drop).expect("they agree");
    // The watchdog is generous: what is shown is that there is an end.
    let begun = Instant::now();
    assert_eq!(existing(&path, GENERIC_WRITE, share::ALL).err(), Some(32));
    assert!(begun.elapsed() < Duration::from_secs(30));
    drop(stopped);
    existing(&path, GENERIC_WRITE, 0).map(drop).expect("it has ended");
}
