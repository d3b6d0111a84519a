//! What tests and actors take of Windows: lines that are connections on this machine, processes that are handles.
#![allow(unsafe_code, reason = "the standard library knows its own children only")]

use super::WATCHDOG;
use super::actor::{Ending, Event};
use super::stage::Verb;
use super::world::START;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;
use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, INFINITE, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
    PROCESS_TERMINATE, TerminateProcess, WaitForSingleObject,
};

/// What an actor can do besides `stage::VERBS`.
pub const VERBS: &[&[(&str, Verb)]] = &[];

/// How a killed process ends. No test ends with that.
const KILLED: u32 = 0xDEAD;

/// Nothing that an actor has is Windows' own.
#[derive(Default)]
pub struct Post {}

/// A directory whose path tells the names of a test from all others.
pub fn root() -> TempDir {
    let root = tempfile::Builder::new().prefix("veduta-test-").tempdir().expect("a directory can be made");
    std::fs::create_dir(root.path().join("private")).expect("it is empty");
    root
}

/// What a test and an actor talk over.
pub type Line = TcpStream;

/// Starts an actor, which connects.
pub fn start(command: &mut Command) -> (Process, Line) {
    let meeting = Meeting::new();
    let child = command.env(START, meeting.address()).spawn().expect("this program can be started again");
    let started = Process::of(child.id(), OwnedHandle::from(child));
    (started, meeting.accept())
}

/// An actor's line to the test that started it.
pub fn line_to_starter(meeting: &str) -> Line {
    TcpStream::connect(meeting).expect("the test listens")
}

/// Where actors report that other actors started.
pub struct Meeting {
    address: String,
    listener: TcpListener,
}

impl Meeting {
    pub fn new() -> Meeting {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is left");
        listener.set_nonblocking(true).expect("a listener can be asked");
        let address = listener.local_addr().expect("it is bound").to_string();
        Meeting { address, listener }
    }

    /// What [`report_to`] takes.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn accept(&self) -> Line {
        let begun = Instant::now();
        loop {
            match self.listener.accept() {
                Ok((line, _)) => {
                    line.set_nonblocking(false).expect("a connection can be waited for");
                    return line;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(begun.elapsed() < WATCHDOG, "no actor connects");
                    sleep(Duration::from_millis(1));
                }
                Err(error) => panic!("the listener is open: {error}"),
            }
        }
    }

    /// The next who reports.
    pub fn meet(&self) -> (Process, Line) {
        let line = self.accept();
        // A connection does not know its peer. Byte by byte: what follows is the actor's to read.
        let mut said = Vec::new();
        let mut byte = [0];
        loop {
            (&line).read_exact(&mut byte).expect("it says who it is");
            if byte == *b"\n" {
                break;
            }
            said.extend(byte);
        }
        let id = String::from_utf8_lossy(&said).parse().expect("a process has a number");
        let rights = PROCESS_TERMINATE | PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION;
        // SAFETY: takes numbers only.
        let handle = unsafe { OpenProcess(rights, 0, id) };
        assert!(!handle.is_null(), "it waits for us: {}", std::io::Error::last_os_error());
        // SAFETY: opened just now, and nobody else's.
        (Process::of(id, unsafe { OwnedHandle::from_raw_handle(handle) }), line)
    }
}

/// An actor's line to the test that meets it.
pub fn report_to(meeting: &str) -> Line {
    let mut line = TcpStream::connect(meeting).expect("the test listens");
    writeln!(line, "{}", std::process::id()).expect("the test listens");
    line
}

/// A process that a test watches.
#[derive(Clone)]
pub struct Process {
    id: u32,
    handle: Arc<OwnedHandle>,
}

impl Process {
    fn of(id: u32, handle: OwnedHandle) -> Process {
        Process { id, handle: Arc::new(handle) }
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    /// It may be gone already.
    pub fn kill(&self) {
        // SAFETY: the handle is open.
        unsafe { TerminateProcess(self.handle.as_raw_handle(), KILLED) };
    }

    /// Tells what becomes of it.
    pub(super) fn watch(&self, events: &Sender<Event>) {
        // SAFETY: the handle is open.
        unsafe { WaitForSingleObject(self.handle.as_raw_handle(), INFINITE) };
        let mut code = 0;
        // SAFETY: the handle is open, and there is room for the code.
        let told = unsafe { GetExitCodeProcess(self.handle.as_raw_handle(), &raw mut code) };
        assert_ne!(told, 0, "a process that ended tells how");
        let ending = if code == KILLED { Ending::Killed(9) } else { Ending::Exited(code.cast_signed()) };
        let _ = events.send(Event::Ended(ending));
    }

    /// What it is doing, for who reads why a test failed.
    pub fn whereabouts(&self) -> &'static str {
        "Windows does not tell what it does"
    }
}

/// Now, on a clock that all processes share.
pub fn nanoseconds() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is later than 1970");
    now.as_nanos() as u64
}
