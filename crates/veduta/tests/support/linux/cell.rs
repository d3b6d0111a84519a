//! Verbs that change who an actor is and what it can see, and the one that tries to break out of a read-only handle.

use crate::support::Actor;
use crate::support::stage::{Stage, Verb, done};
use rustix::fs::{Mode, OFlags};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal};
use rustix::thread::UnshareFlags;
use std::ffi::CString;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use veduta::os::unix::HandleExt;
use veduta::{Result, Section, SectionAccess, ViewAccess};

pub(super) const VERBS: &[(&str, Verb)] = &[
    ("become", become_user),
    ("hide", |_, _| {
        set_dumpable_behavior(DumpableBehavior::NotDumpable).expect("every process may");
        done()
    }),
    ("find-ways-to-write", find_ways_to_write),
    ("vandalize", vandalize),
    ("enter-cell", enter),
    ("enter-pid-namespace", enter_pid_namespace),
];

/// Why this process may not mount, become other users and so on; `None` if it may.
pub fn lacks_privileges() -> Option<&'static str> {
    // To change owners, to override permissions, to look into other users' processes, to change users, to mount.
    const NEEDED: u64 = 1 | 1 << 1 | 1 << 19 | 1 << 6 | 1 << 7 | 1 << 21;
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line =
        status.lines().find_map(|line| line.strip_prefix("CapEff:")).expect("every process has capabilities");
    let capabilities = u64::from_str_radix(line.trim(), 16).expect("they are a number");
    (capabilities & NEEDED != NEEDED).then_some("it takes root")
}

/// Becomes another user, with nothing left of root.
#[allow(unsafe_code, reason = "rustix changes one thread only")]
fn become_user(_: &mut Stage, words: &[&str]) -> Result<String> {
    let id: u32 = words[0].parse().expect("a user has a number");
    let succeeded = |status, what| assert_eq!(status, 0, "{what}: {}", std::io::Error::last_os_error());
    // SAFETY: no groups are pointed to.
    succeeded(unsafe { libc::setgroups(0, std::ptr::null()) }, "setgroups");
    // SAFETY: takes numbers only.
    succeeded(unsafe { libc::setresgid(id, id, id) }, "setresgid");
    // SAFETY: takes numbers only.
    succeeded(unsafe { libc::setresuid(id, id, id) }, "setresuid");
    // Both are lost with the old identity.
    set_dumpable_behavior(DumpableBehavior::Dumpable).expect("every process may");
    set_parent_process_death_signal(Some(Signal::KILL)).expect("every process may");
    Ok(String::new())
}

fn unshare(flags: UnshareFlags) {
    #[allow(unsafe_code, reason = "some flags would break the standard library's assumptions")]
    // SAFETY: mounts and pids are not among them.
    unsafe { rustix::thread::unshare_unsafe(flags) }.expect("root may");
}

/// Goes where a file system of its own is mounted: `enter-cell PATH TYPE OPTIONS`.
fn enter(_: &mut Stage, words: &[&str]) -> Result<String> {
    let [path, kind, options] = words else { panic!("enter-cell PATH TYPE OPTIONS") };
    unshare(UnshareFlags::NEWNS);
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).expect("root may");
    let (flags, data): (Vec<_>, Vec<_>) = options.split(',').partition(|option| *option == "noexec");
    let flags = if flags.is_empty() { MountFlags::empty() } else { MountFlags::NOEXEC };
    let data = CString::new(data.join(",")).expect("options are text");
    mount("veduta-test", *path, *kind, flags, &*data).expect("root may");
    Ok(String::new())
}

/// The next child is the first process of another pid namespace.
fn enter_pid_namespace(_: &mut Stage, _: &[&str]) -> Result<String> {
    unshare(UnshareFlags::NEWPID);
    Ok(String::new())
}

/// Tries to take a name away without the library: `vandalize PATH` of the name's directory. Says what it achieved.
fn vandalize(_: &mut Stage, words: &[&str]) -> Result<String> {
    let path = Path::new(words[0]);
    let attempts = [
        ("look inside", fs::read_dir(path).is_ok()),
        ("remove entry", fs::remove_file(path.join("e")).is_ok()),
        ("put something beside it", fs::write(path.join("f"), "").is_ok()),
        ("rename", fs::rename(path, path.with_extension("gone")).is_ok()),
        ("remove", fs::remove_dir(path).is_ok()),
        ("write to entry", fs::OpenOptions::new().write(true).open(path.join("e")).is_ok()),
        ("change mode", fs::set_permissions(path, fs::Permissions::from_mode(0o777)).is_ok()),
    ];
    Ok(attempts
        .iter()
        .filter(|(_, succeeded)| *succeeded)
        .map(|(attempt, _)| *attempt)
        .collect::<Vec<_>>()
        .join("\t"))
}

/// Tries every way there is from a handle that may only read to bytes that can be written; names those that led there.
fn find_ways_to_write(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let section = stage.handle(words[0]);
    let mut ways = Vec::new();
    let mut found = |way: String, led_there: bool| {
        if led_there {
            ways.push(way);
        }
    };
    found("map for writing".to_owned(), section.map(ViewAccess::Write).is_ok());
    found("duplicate with more".to_owned(), section.try_clone_with(SectionAccess::WRITE).is_ok());
    let mut view = section.map(ViewAccess::Read)?;
    let whole = 0..view.len();
    found("protect".to_owned(), view.protect(whole, ViewAccess::Write).is_ok());
    let [card, files @ ..] = &section.try_clone()?.into_descriptors()?[..] else { panic!("there is a card") };
    for (index, file) in files.iter().enumerate() {
        for (way, attempt) in WAYS {
            found(format!("{way} descriptor {index}"), attempt(file.as_fd()));
        }
    }
    found("forge card".to_owned(), forge(card, files));
    Ok(ways.join("\t"))
}

type Way = (&'static str, fn(BorrowedFd<'_>) -> bool);

const WAYS: &[Way] = &[
    ("write to", |file| rustix::io::pwrite(file, b"!", 0).is_ok()),
    ("truncate", |file| rustix::fs::ftruncate(file, 1).is_ok()),
    ("allocate", |file| rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, 1).is_ok()),
    ("change mode of", |file| rustix::fs::fchmod(file, Mode::from_raw_mode(0o666)).is_ok()),
    ("reopen", |file| {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::open(path, OFlags::RDWR, Mode::empty()).is_ok()
    }),
    ("map", |file| map_page(file, ProtFlags::READ | ProtFlags::WRITE).is_ok()),
    ("map and protect", |file| {
        let page = map_page(file, ProtFlags::READ).expect("it can be read");
        #[allow(unsafe_code, reason = "the library would not")]
        // SAFETY: the page was mapped just now and nobody else knows it.
        unsafe { rustix::mm::mprotect(page, 4096, MprotectFlags::READ | MprotectFlags::WRITE) }.is_ok()
    }),
];

#[allow(unsafe_code, reason = "the library would not")]
fn map_page(file: BorrowedFd<'_>, protection: ProtFlags) -> rustix::io::Result<*mut std::ffi::c_void> {
    // SAFETY: the kernel picks the address, so no existing mapping is replaced.
    unsafe { rustix::mm::mmap(std::ptr::null_mut(), 4096, protection, MapFlags::SHARED, file, 0) }
}

/// Writes more rights on the card, which is no secret, and adopts the handle again.
fn forge(card: &OwnedFd, files: &[OwnedFd]) -> bool {
    let all_rights = [0x1F_u8; 1];
    let mut forged = [0; 64];
    let length = rustix::io::pread(card, &mut forged, 0).expect("a card can be read");
    let own = SectionAccess::READ.bits().to_le_bytes();
    let place = forged[..length]
        .windows(4)
        .rposition(|bytes| bytes == own)
        .expect("the card says what the handle may");
    rustix::io::pwrite(card, &all_rights, place as u64).expect("a card can be written");
    let copies =
        [card].into_iter().chain(files).map(|fd| fd.try_clone().expect("descriptors are left")).collect();
    Section::from_descriptors(copies).is_ok_and(|section| section.map(ViewAccess::Write).is_ok())
}

/// The verbs.
impl Actor {
    /// Becomes another user, who can be looked into again by his like.
    #[track_caller]
    pub fn become_user(&mut self, uid: u32) {
        self.answer(&["become", &uid.to_string()]).expect("root may become anybody");
    }

    /// Ways by which it came from its latest handle, which only reads, to bytes that it can write.
    #[track_caller]
    pub fn ways_to_write(&mut self, name: &str) -> String {
        self.answer(&["find-ways-to-write", name]).expect("it can try")
    }

    /// What it could do to a name's directory without the library.
    #[track_caller]
    pub fn vandalize(&mut self, directory: &Path) -> String {
        self.answer(&["vandalize", &directory.display().to_string()]).expect("it can try")
    }

    /// Goes where a file system of its own is mounted.
    #[track_caller]
    pub fn enter_cell(&mut self, path: &Path, kind: &str, options: &str) {
        self.answer(&["enter-cell", &path.display().to_string(), kind, options]).expect("root may mount");
    }

    /// Lets nobody look into it from now on: it is not dumpable.
    #[track_caller]
    pub fn hide(&mut self) {
        self.answer(&["hide"]).expect("a process may hide");
    }
}
