//! Programs that know nothing of veduta, and their objects: whatever calls `CreateFileMapping` by a name shares the section with us. What the other
//! program does stands in `peer.c`; `wine/cargo` compiles it, and says where it is.
//!
//! On Linux such programs are compiled against `veduta-win32`, whose tests have them.
// Row: plain C
#![cfg(windows)]

#[path = "../scratch/mod.rs"]
mod scratch;

use scratch::{code, name, wine_is_wrong};
use std::io::{BufRead, BufReader, Write};
use std::os::windows::io::AsHandle;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use veduta::os::windows::HandleExt;
use veduta::{
    Code, Disposition, Event, Kind, Mutex, Namespace, Protection, Section, SectionAccess, Semaphore,
    ViewAccess, Waitable, Waited,
};

fn peer(words: &[&str]) -> Command {
    let program = std::env::var_os("VEDUTA_PEER").expect("VEDUTA_PEER is tests/plain_c/peer.c, compiled");
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// What the other program says in the end.
fn said(words: &[&str]) -> String {
    let output = peer(words).output().expect("it can be started");
    let text = String::from_utf8(output.stdout).expect("it is text");
    assert!(output.status.success(), "{words:?}: {text}");
    text.trim_end().to_owned()
}

/// The other program while it has a section.
struct Keeper {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Keeper {
    fn create(name: &str, size: &str, protection: &str, text: &str) -> Keeper {
        let mut child = peer(&["create", name, size, protection, text]).spawn().expect("it can be started");
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut keeper = Keeper { child, lines };
        assert_eq!(keeper.line(), "last error 0");
        assert_eq!(keeper.line(), "ready");
        keeper
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("it is text");
        line.trim_end().to_owned()
    }

    /// Lets it go on, and gives what stands in its section.
    fn end(mut self) -> String {
        self.child.stdin.take().expect("it is piped").write_all(b"go on\n").expect("it reads");
        let text = self.line();
        assert!(self.child.wait().expect("it ends").success());
        text
    }
}

#[test]
fn another_program_opens_our_section() {
    let name = name("ours");
    let section = Section::options().size(5_000).create_new(&name).unwrap();
    let view = section.map(ViewAccess::Write).unwrap();
    view.write_at(0, b"from Rust\0").unwrap();
    // Its size is rounded for who asks the kernel alone.
    assert_eq!(said(&["open", &name, "from C"]), "8192 bytes: from Rust");
    assert_eq!(view.compare_bytes(0, b"from C\0").unwrap(), None);
    assert_eq!(Section::options().open(&name).unwrap().len(), 5_000);
}

#[test]
fn we_open_the_section_of_another_program() {
    let name = name("theirs");
    let keeper = Keeper::create(&name, "5000", "4", "from C");
    let (section, disposition) = Section::options().size(1).create(&name).unwrap();
    assert_eq!(disposition, Disposition::Opened);
    // Nobody but its maker knows what it asked for.
    assert_eq!((section.len(), section.protection()), (8192, Protection::ReadWrite));
    let view = section.map(ViewAccess::Write).unwrap();
    assert_eq!(view.compare_bytes(0, b"from C\0").unwrap(), None);
    view.write_at(0, b"from Rust\0").unwrap();
    drop((view, section));
    assert_eq!(keeper.end(), "from Rust");
}

#[test]
fn the_protection_of_another_programs_section_holds() {
    let name = name("theirs, to read");
    let keeper = Keeper::create(&name, "4096", "2", "");
    let section = Section::options().open(&name).unwrap();
    if wine_is_wrong("views of memory to read") {
        assert_eq!(section.protection(), Protection::ReadWrite);
        assert!(section.map(ViewAccess::Write).is_ok());
    } else {
        assert_eq!(section.protection(), Protection::ReadOnly);
        assert_eq!(code(section.map(ViewAccess::Write)), Code::INVALID_PARAMETER);
    }
    section.map(ViewAccess::Copy).unwrap().write_at(0, b"mine").unwrap();
    let reader = Section::options().access(SectionAccess::READ).open(&name).unwrap();
    assert_eq!(reader.map(ViewAccess::Read).unwrap().read_value::<u8>(0).unwrap(), 0);
    drop((section, reader));
    assert_eq!(keeper.end(), "");
}

#[test]
fn the_section_of_another_program_is_listed() {
    let name = name("theirs, listed");
    let keeper = Keeper::create(&name, "5000", "4", "");
    let object = Namespace::local().unwrap().object(&name).unwrap();
    assert_eq!((object.kind, object.size, object.created), (Kind::Section, 8192, None));
    let pids: Vec<_> = object.holders.iter().map(|holder| holder.pid).collect();
    assert_eq!(pids, [keeper.child.id()]);
    let listing = Namespace::local().unwrap().objects().unwrap();
    assert!(listing.objects.iter().any(|listed| listed.name == name), "{listing:?}");
    assert_eq!(code(Event::options().create(&name)), Code::INVALID_HANDLE);
    keeper.end();
}

#[test]
fn a_handle_is_put_into_another_program() {
    let section = Section::options().size(100).create_unnamed().unwrap();
    let view = section.map(ViewAccess::Write).unwrap();
    view.write_at(0, b"from Rust\0").unwrap();
    let mut child = peer(&["given", "from C"]).spawn().expect("it can be started");
    let number = section.duplicate_into(child.as_handle()).unwrap();
    // What it has is its own.
    drop(section);
    writeln!(child.stdin.take().expect("it is piped"), "{number}").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), "from Rust");
    assert_eq!(view.compare_bytes(0, b"from C\0").unwrap(), None);
}

#[test]
fn a_handle_of_windows_is_adopted() {
    let section = Section::options().size(5_000).create_unnamed().unwrap();
    let copy = section.handle().try_clone_to_owned().unwrap();
    let adopted = Section::from_handle(copy).unwrap();
    assert_eq!((adopted.len(), adopted.access()), (5_000, section.access()));
    let event: std::os::windows::io::OwnedHandle = Event::options().create_unnamed().unwrap().into_handle();
    assert_eq!(code(Section::from_handle(event)), Code::INVALID_HANDLE);
    let file = scratch::file(10);
    let file = std::os::windows::io::OwnedHandle::from(file);
    assert_eq!(code(Section::from_handle(file)), Code::INVALID_HANDLE);
}

#[test]
fn a_mode_becomes_an_access_control_list() {
    let name = name("with a mode");
    for (mode, expected) in [(0o600, None), (0o604, Some("0x20005")), (0o606, Some("0x20007"))] {
        let _section = Section::options().size(100).mode(mode).create_new(&name).unwrap();
        let list = said(&["rights", &name]);
        let of = |user: &str| list.lines().find_map(|line| line.strip_suffix(user)).map(str::trim);
        // Everybody, the system, administrators.
        assert_eq!(of("S-1-1-0"), expected, "{mode:o}: {list}");
        assert_eq!((of("S-1-5-18"), of("S-1-5-32-544")), (Some("0xf001f"), Some("0xf001f")), "{list}");
    }
}

#[test]
fn mutexes_events_and_semaphores_are_shared_too() {
    // Three names: another test lists, and may hold one for a moment.
    let [event_name, mutex_name, semaphore_name] = ["event", "mutex", "semaphore"].map(name);
    let event = Event::options().create_new(&event_name).unwrap();
    said(&["set", &event_name]);
    assert_eq!(event.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
    let mutex = Mutex::options().create_new(&mutex_name).unwrap();
    said(&["abandon", &mutex_name]);
    assert_eq!(mutex.wait(Duration::ZERO).unwrap(), Waited::Abandoned(0));
    mutex.release().unwrap();
    let semaphore = Semaphore::options().count(3).maximum(9).create_new(&semaphore_name).unwrap();
    assert_eq!(said(&["post", &semaphore_name]), "3");
    assert_eq!(semaphore.release(1).unwrap(), 4);
}
