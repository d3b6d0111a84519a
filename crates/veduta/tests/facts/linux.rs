//! What the facts take of Linux.

use crate::scratch::{self, child};
use serde_json::{Value, json};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use tempfile::NamedTempFile;
use veduta::os::InheritExt;
use veduta::os::unix::HandleExt;
use veduta::{Result, Section, View, ViewAccess};

/// Whether what a row says of Linux is to be observed.
pub(crate) fn deviates(_: &str) -> bool {
    true
}

/// What Wine does instead.
pub(crate) fn of_wine(_: &str) -> Option<Value> {
    None
}

/// Rows that cannot be shown here, and why.
pub(crate) const ELSEWHERE: &[(&str, &str)] = &[];

fn eventfd() -> OwnedFd {
    #[allow(unsafe_code, reason = "the standard library has no such object")]
    // SAFETY: takes only numbers.
    let number = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
    assert!(number >= 0, "no event can be made");
    #[allow(unsafe_code, reason = "the standard library has no such object")]
    // SAFETY: it was just made, and nothing else owns it.
    unsafe {
        OwnedFd::from_raw_fd(number)
    }
}

/// An object of the kernel that is no file: the nearest there is to an event.
pub(crate) fn event() -> File {
    eventfd().into()
}

pub(crate) fn pipe() -> File {
    let (reader, _writer) = std::io::pipe().expect("a pipe can be made");
    OwnedFd::from(reader).into()
}

pub(crate) fn directory() -> File {
    File::open("/").expect("the root is there")
}

pub(crate) fn has_large_pages() -> bool {
    std::path::Path::new("/sys/kernel/mm/hugepages").is_dir()
}

/// What comes of taking handles of other kinds for those of sections.
pub(crate) fn others_as_sections() -> Vec<Result<Section>> {
    let file = scratch::file(4096);
    [vec![eventfd()], vec![file.into()]].map(Section::from_descriptors).into()
}

/// Deletes a file by its handle.
pub(crate) fn delete_by_handle(file: NamedTempFile) -> io::Result<()> {
    file.close()
}

/// How many mappings of a section with that name this process has.
pub(crate) fn mappings(name: &str, _: usize) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("a process can read its own maps");
    maps.lines().filter(|line| line.contains(name)).count()
}

/// What is behind the two pages of a reserved section that were committed.
pub(crate) fn uncommitted(section: &Section, _: &View) -> Value {
    let taken = scratch::bytes_of(section).metadata().expect("memory has a size").blocks() * 512;
    if taken == 2 * 4096 { json!("takes no memory") } else { json!(format!("takes {taken}")) }
}

/// The numbers of a handle that children do not inherit, and what keeps it open.
pub(crate) fn private_numbers(section: &Section) -> (String, Vec<OwnedFd>) {
    let descriptors = scratch::descriptors(section);
    let numbers: Vec<_> = descriptors.iter().map(|fd| fd.as_raw_fd().to_string()).collect();
    (numbers.join(","), descriptors)
}

/// The handle, not inheritable any more.
pub(crate) fn taken_back(section: Section) -> Section {
    let descriptors = section.into_descriptors().expect("descriptors are left");
    Section::from_descriptors(descriptors).expect("it is a handle")
}

/// Whether children would get the handle, whatever it says itself.
pub(crate) fn reaches_children(section: &Section) -> bool {
    section.inherited_numbers().expect("it is inheritable").split(',').all(|number| {
        #[allow(unsafe_code, reason = "the handle tells only numbers")]
        // SAFETY: the descriptor is open as long as the section, which lives longer.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number.parse().expect("a number")) };
        !rustix::io::fcntl_getfd(descriptor).expect("it is open").contains(rustix::io::FdFlags::CLOEXEC)
    })
}

/// Puts a handle into another process, which writes to the section.
pub(crate) fn into_another_process(section: &Section) {
    let mut child = child::play("system::role_fetch", &[]);
    assert_eq!(child.hear(), "running");
    let (numbers, _descriptors) = private_numbers(section);
    child.tell(&numbers);
    assert_eq!(child.hear(), "adopted");
}

/// The kernel's way to take a descriptor out of another process; sending one through a socket comes to the same.
#[test]
#[ignore = "a role: fetches the descriptors of a handle from its parent"]
fn role_fetch() {
    child::say("running");
    let parent = rustix::process::getppid().expect("a child has a parent");
    let parent = rustix::process::pidfd_open(parent, rustix::process::PidfdFlags::empty()).expect("it lives");
    let descriptors = child::listen()
        .split(',')
        .map(|number| {
            let none = rustix::process::PidfdGetfdFlags::empty();
            rustix::process::pidfd_getfd(&parent, number.parse().expect("a number"), none)
                .expect("a child of the same user may")
        })
        .collect();
    let section = Section::from_descriptors(descriptors).expect("it is a handle");
    section
        .map(ViewAccess::Write)
        .and_then(|view| view.write_at(0, b"from the child"))
        .expect("it may be written");
    child::say("adopted");
}
