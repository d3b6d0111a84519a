//! `CreateProcess`.

use super::exit::Page;
use super::inherit::{Inheritance, VARIABLE};
use super::spawn::{Group, Spawn, spawn};
use super::{ALL_ACCESS, Process, command_line, mailbox, program};
use crate::attributes::Attributes;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::file::{File, path};
use crate::object::Kind;
use crate::pointer::{In, Out};
use crate::standard;
use crate::table;
use crate::text::{Narrow, Text, Wide};
use crate::thread::Thread;
use crate::types::{BOOL, DWORD, HANDLE, POINTER};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::Signal;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

const CREATE_SUSPENDED: u32 = 0x0000_0004;
const DETACHED_PROCESS: u32 = 0x0000_0008;
const CREATE_NEW_CONSOLE: u32 = 0x0000_0010;
const NORMAL_PRIORITY_CLASS: u32 = 0x0000_0020;
const IDLE_PRIORITY_CLASS: u32 = 0x0000_0040;
const HIGH_PRIORITY_CLASS: u32 = 0x0000_0080;
const REALTIME_PRIORITY_CLASS: u32 = 0x0000_0100;
const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
const CREATE_UNICODE_ENVIRONMENT: u32 = 0x0000_0400;
const BELOW_NORMAL_PRIORITY_CLASS: u32 = 0x0000_4000;
const ABOVE_NORMAL_PRIORITY_CLASS: u32 = 0x0000_8000;
const INHERIT_PARENT_AFFINITY: u32 = 0x0001_0000;
const CREATE_BREAKAWAY_FROM_JOB: u32 = 0x0100_0000;
const CREATE_DEFAULT_ERROR_MODE: u32 = 0x0400_0000;
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

const KNOWN_FLAGS: u32 = CREATE_SUSPENDED
    | DETACHED_PROCESS
    | CREATE_NEW_CONSOLE
    | NORMAL_PRIORITY_CLASS
    | IDLE_PRIORITY_CLASS
    | HIGH_PRIORITY_CLASS
    | REALTIME_PRIORITY_CLASS
    | CREATE_NEW_PROCESS_GROUP
    | CREATE_UNICODE_ENVIRONMENT
    | BELOW_NORMAL_PRIORITY_CLASS
    | ABOVE_NORMAL_PRIORITY_CLASS
    | INHERIT_PARENT_AFFINITY
    | CREATE_BREAKAWAY_FROM_JOB
    | CREATE_DEFAULT_ERROR_MODE
    | CREATE_NO_WINDOW;

const STARTF_USESTDHANDLES: u32 = 0x0000_0100;

/// `STARTUPINFO` of both kinds. Windows, sizes and places are for whoever draws them.
#[repr(C)]
#[derive(Clone, Copy)]
struct StartupInfo {
    size: DWORD,
    reserved: POINTER,
    desktop: POINTER,
    title: POINTER,
    window: [DWORD; 7],
    flags: DWORD,
    show_window: u16,
    reserved_size: u16,
    reserved_bytes: POINTER,
    standard: [HANDLE; 3],
}

const _: () = assert!(size_of::<StartupInfo>() == 104);

#[repr(C)]
#[derive(Clone, Copy)]
struct ProcessInformation {
    process: HANDLE,
    thread: HANDLE,
    process_id: DWORD,
    thread_id: DWORD,
}

export! {
    fn CreateProcessA(
        application: Narrow,
        command_line: Narrow,
        process_attributes: Attributes,
        thread_attributes: Attributes,
        inherit: BOOL,
        flags: DWORD,
        environment: POINTER,
        directory: Narrow,
        startup: In<StartupInfo>,
        information: Out<ProcessInformation>,
    ) -> BOOL {
        let what = What::new(application, command_line, environment, directory, startup, flags)?;
        what.create(process_attributes, thread_attributes, inherit.is_true(), information)
    }

    fn CreateProcessW(
        application: Wide,
        command_line: Wide,
        process_attributes: Attributes,
        thread_attributes: Attributes,
        inherit: BOOL,
        flags: DWORD,
        environment: POINTER,
        directory: Wide,
        startup: In<StartupInfo>,
        information: Out<ProcessInformation>,
    ) -> BOOL {
        let what = What::new(application, command_line, environment, directory, startup, flags)?;
        what.create(process_attributes, thread_attributes, inherit.is_true(), information)
    }
}

/// What is to be created.
struct What {
    application: Option<String>,
    command_line: Option<String>,
    environment: Vec<CString>,
    directory: Option<String>,
    startup: StartupInfo,
    flags: u32,
}

impl What {
    fn new<T: Text>(
        application: T,
        command_line: T,
        environment: POINTER,
        directory: T,
        startup: In<StartupInfo>,
        flags: u32,
    ) -> Result<What> {
        let unknown = flags & !KNOWN_FLAGS;
        if unknown != 0 {
            let hint = format!("of the flags, {unknown:#x} cannot be had here");
            return Err(Failure::hint(code::INVALID_PARAMETER, hint));
        }
        if flags & DETACHED_PROCESS != 0 && flags & CREATE_NEW_CONSOLE != 0 {
            let hint = "DETACHED_PROCESS and CREATE_NEW_CONSOLE exclude each other";
            return Err(Failure::hint(code::INVALID_PARAMETER, hint));
        }
        let startup = startup.required()?;
        Ok(What {
            application: application.read()?,
            command_line: command_line.read()?,
            environment: environment_of(environment, flags & CREATE_UNICODE_ENVIRONMENT != 0)?,
            directory: directory.read()?,
            startup,
            flags,
        })
    }

    fn create(
        self,
        process_attributes: Attributes,
        thread_attributes: Attributes,
        inherit: bool,
        information: Out<ProcessInformation>,
    ) -> Result<()> {
        let information = information.required()?;
        let program = match (&self.application, &self.command_line) {
            (Some(application), _) => program::named(application)?,
            (None, Some(line)) => program::in_command_line(line)?,
            (None, None) => {
                return Err(Failure::hint(
                    code::INVALID_PARAMETER,
                    "neither lpApplicationName nor lpCommandLine says what to run",
                ));
            }
        };
        let process = self.start(&program, inherit)?;
        let insert = || -> Result<(HANDLE, HANDLE)> {
            let object = Arc::new(process.clone().into_object());
            let handle = table::insert(object, ALL_ACCESS, process_attributes.inherits())?;
            let thread = Arc::new(Thread::First(process.clone()).into_object());
            let thread = table::insert(thread, crate::thread::ALL_ACCESS, thread_attributes.inherits());
            thread.map(|thread| (handle, thread)).inspect_err(|_| drop(table::close(handle)))
        };
        let (handle, thread) = insert().inspect_err(|_| {
            // Nobody would know of it.
            let _gone = rustix::process::pidfd_send_signal(&process.0.pidfd, Signal::KILL);
        })?;
        information.put(ProcessInformation {
            process: handle,
            thread,
            process_id: process.id(),
            thread_id: process.id(),
        });
        Ok(())
    }

    fn start(self, program: &Path, inherit: bool) -> Result<Process> {
        let line = self.command_line.filter(|line| !line.is_empty()).or(self.application).unwrap_or_default();
        let inherited = if inherit { table::inherited() } else { Vec::new() };
        let mut inheritance = Inheritance::new();
        inheritance.command_line(&line);
        let page = Page::new()?;
        inheritance.page(&page)?;
        let lane = match mailbox::new_lane(inherited.iter().map(|entry| entry.handle().0 as u32))? {
            Some((lane, childs_end)) => {
                inheritance.mailbox(childs_end)?;
                Some(lane)
            }
            None => None,
        };
        for entry in &inherited {
            inheritance.handle(entry)?;
        }
        let (list, variable, open) = inheritance.finish()?;
        let mut environment = self.environment;
        environment.push(text(variable)?);
        let directory = self.directory.as_deref().map(open_directory).transpose()?;
        let standard = standard_of(&self.startup)?;
        let spawned = spawn(&Spawn {
            program: text(program.as_os_str().as_bytes())?,
            arguments: command_line::split(&line).into_iter().map(text).collect::<Result<_>>()?,
            environment,
            directory: directory.as_ref().map(OwnedFd::as_fd),
            standard: standard.each_ref().map(|stream| stream.as_ref().map(OwnedFd::as_raw_fd)),
            open: open.iter().map(OwnedFd::as_raw_fd).collect(),
            list: list.as_raw_fd(),
            group: match self.flags {
                flags if flags & DETACHED_PROCESS != 0 => Group::NoTerminal,
                flags if flags & CREATE_NEW_PROCESS_GROUP != 0 => Group::New,
                _ => Group::Same,
            },
            nice: nice(self.flags),
            stopped: self.flags & CREATE_SUSPENDED != 0,
        });
        let (id, pidfd) = spawned.map_err(|errno| match errno {
            Errno::PERM if self.flags & CREATE_SUSPENDED != 0 => Failure::hint(
                code::NOT_SUPPORTED,
                "CREATE_SUSPENDED needs ptrace(2), which is not allowed here",
            ),
            Errno::AGAIN => {
                Failure::hint(code::NO_PROC_SLOTS, "the system allows this user no more processes")
            }
            errno => program::failure(errno, program),
        })?;
        Process::child(id, pidfd, page, lane, self.flags & CREATE_SUSPENDED != 0)
    }
}

fn text(text: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(text).map_err(|_| Failure::Code(code::INVALID_PARAMETER))
}

fn open_directory(directory: &str) -> Result<OwnedFd> {
    let wrong = || {
        let directory = directory.escape_debug();
        Failure::hint(code::DIRECTORY, format!("lpCurrentDirectory, \"{directory}\", is no directory"))
    };
    let place = path::to_linux(directory).map_err(|_| wrong())?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(&place, flags, Mode::empty()).map_err(|errno| match errno {
        Errno::ACCESS => errno.into(),
        _ => wrong(),
    })
}

/// The nice value that goes with a priority class.
fn nice(flags: u32) -> i32 {
    let classes = [
        (IDLE_PRIORITY_CLASS, 19),
        (BELOW_NORMAL_PRIORITY_CLASS, 10),
        (ABOVE_NORMAL_PRIORITY_CLASS, -5),
        (HIGH_PRIORITY_CLASS, -10),
        (REALTIME_PRIORITY_CLASS, -20),
    ];
    classes.iter().find(|(class, _)| flags & class != 0).map_or(0, |(_, nice)| *nice)
}

/// What the child's standard input, output and error are to be; `None`: this process'.
///
/// Handles that are passed here need not be inheritable. On Windows they must be, but those that `GetStdHandle` gives always are.
fn standard_of(startup: &StartupInfo) -> Result<[Option<OwnedFd>; 3]> {
    let mut streams = [None, None, None];
    for (index, stream) in streams.iter_mut().enumerate() {
        let passed = startup.flags & STARTF_USESTDHANDLES != 0;
        let handle = if passed {
            startup.standard[index]
        } else {
            match standard::current((-10 - index as i32).cast_unsigned()) {
                Some(handle) => handle,
                None => continue,
            }
        };
        *stream = Some(match stream_of(handle) {
            Ok(descriptor) => descriptor,
            // As on Windows, a child without the stream.
            Err(_) => rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
                .and_then(|null| rustix::io::fcntl_dupfd_cloexec(&null, 3))?,
        });
    }
    Ok(streams)
}

fn stream_of(handle: HANDLE) -> Result<OwnedFd> {
    let entry = table::entry(handle)?;
    let file: &File = entry.object.as_kind()?;
    Ok(rustix::io::fcntl_dupfd_cloexec(file.descriptor(), 3)?)
}

/// The child's variables: those of the block, or this process'. What tells the library where things are goes along in any case, as on Windows
/// drives and the names of objects do not depend on the environment.
fn environment_of(block: POINTER, is_wide: bool) -> Result<Vec<CString>> {
    let own = || {
        std::env::vars_os().map(|(name, value)| {
            let mut variable = name.into_encoded_bytes();
            variable.push(b'=');
            variable.extend(value.into_encoded_bytes());
            variable
        })
    };
    let is_ours = |variable: &[u8]| variable.starts_with(b"VEDUTA_");
    let mut variables: Vec<Vec<u8>> = if block.is_null() {
        own().collect()
    } else if is_wide {
        let texts = texts(In::<u16>::at(block.cast_const().cast()))?;
        texts.iter().map(|units| Ok(Wide::decode(units)?.into_bytes())).collect::<Result<_>>()?
    } else {
        texts(In::<u8>::at(block.cast_const().cast()))?
    };
    // Names that begin with "=" are Windows' own: the current directories of the drives.
    variables.retain(|variable| !variable.starts_with(b"="));
    let name = |variable: &[u8]| variable.split(|&byte| byte == b'=').next().map(<[u8]>::to_vec);
    for variable in own().filter(|variable| is_ours(variable)) {
        if !variables.iter().any(|other| name(other) == name(&variable)) {
            variables.push(variable);
        }
    }
    variables.retain(|variable| !variable.starts_with(format!("{VARIABLE}=").as_bytes()));
    variables.into_iter().map(text).collect()
}

/// The texts of a block, each of which ends with 0, and the block with another.
fn texts<U: Copy + Default + PartialEq>(block: In<U>) -> Result<Vec<Vec<U>>> {
    let mut texts = Vec::new();
    let mut text = Vec::new();
    for index in 0.. {
        let unit = block.after(index).required()?;
        if unit != U::default() {
            text.push(unit);
        } else if text.is_empty() {
            break;
        } else {
            texts.push(std::mem::take(&mut text));
        }
    }
    Ok(texts)
}
