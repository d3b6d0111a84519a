//! The functions under test, as the headers declare them, and short ways to call them.

#![allow(non_snake_case, reason = "the names are Windows'")]

use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};

// Only linking it brings the functions in.
use veduta_win32 as _;

pub type Handle = *mut c_void;
pub type Routine = extern "C" fn(*mut c_void) -> u32;
pub type Procedure = extern "C" fn(usize);

#[repr(C)]
pub struct SecurityAttributes {
    pub length: u32,
    pub descriptor: *mut c_void,
    pub inherit: i32,
}

#[repr(C)]
pub struct StartupInfo {
    pub size: u32,
    pub texts: [*mut c_void; 3],
    pub numbers: [u32; 7],
    pub flags: u32,
    pub show_window: u16,
    pub reserved_size: u16,
    pub reserved: *mut c_void,
    pub standard: [Handle; 3],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ProcessInformation {
    pub process: Handle,
    pub thread: Handle,
    pub process_id: u32,
    pub thread_id: u32,
}

unsafe extern "C" {
    pub safe fn GetLastError() -> u32;
    pub safe fn SetLastError(code: u32);
    pub safe fn CloseHandle(handle: Handle) -> i32;
    pub safe fn DuplicateHandle(
        source_process: Handle,
        source: Handle,
        target_process: Handle,
        target: Option<&mut Handle>,
        access: u32,
        inherit: i32,
        options: u32,
    ) -> i32;
    pub safe fn SetHandleInformation(handle: Handle, mask: u32, flags: u32) -> i32;
    pub safe fn CreateEventA(
        attributes: Option<&SecurityAttributes>,
        manual: i32,
        set: i32,
        name: *const c_char,
    ) -> Handle;
    pub safe fn SetEvent(event: Handle) -> i32;
    pub safe fn CreateMutexA(attributes: Option<&SecurityAttributes>, owned: i32, name: *const c_char) -> Handle;
    pub safe fn ReleaseMutex(mutex: Handle) -> i32;
    pub safe fn CreateSemaphoreA(
        attributes: Option<&SecurityAttributes>,
        count: i32,
        maximum: i32,
        name: *const c_char,
    ) -> Handle;
    pub safe fn ReleaseSemaphore(semaphore: Handle, count: i32, previous: Option<&mut i32>) -> i32;
    pub safe fn WaitForSingleObject(handle: Handle, milliseconds: u32) -> u32;
    pub safe fn WaitForSingleObjectEx(handle: Handle, milliseconds: u32, alertable: i32) -> u32;
    pub fn WaitForMultipleObjects(count: u32, handles: *const Handle, all: i32, milliseconds: u32) -> u32;
    pub safe fn SleepEx(milliseconds: u32, alertable: i32) -> u32;
    pub safe fn QueueUserAPC(procedure: Option<Procedure>, thread: Handle, argument: usize) -> u32;

    pub fn CreateThread(
        attributes: Option<&SecurityAttributes>,
        stack_size: usize,
        routine: Option<Routine>,
        argument: *mut c_void,
        flags: u32,
        id: Option<&mut u32>,
    ) -> Handle;
    pub safe fn ExitThread(exit_code: u32);
    pub fn _beginthread(
        routine: Option<extern "C" fn(*mut c_void)>,
        stack_size: u32,
        argument: *mut c_void,
    ) -> usize;
    pub fn _beginthreadex(
        attributes: Option<&SecurityAttributes>,
        stack_size: u32,
        routine: Option<Routine>,
        argument: *mut c_void,
        flags: u32,
        id: Option<&mut u32>,
    ) -> usize;
    pub safe fn _endthreadex(exit_code: u32);
    pub safe fn GetCurrentThread() -> Handle;
    pub safe fn GetCurrentThreadId() -> u32;
    pub safe fn GetThreadId(thread: Handle) -> u32;
    pub safe fn OpenThread(access: u32, inherit: i32, id: u32) -> Handle;
    pub safe fn GetExitCodeThread(thread: Handle, exit_code: Option<&mut u32>) -> i32;
    pub safe fn SuspendThread(thread: Handle) -> u32;
    pub safe fn ResumeThread(thread: Handle) -> u32;
    pub safe fn SetThreadPriority(thread: Handle, priority: i32) -> i32;
    pub safe fn GetThreadPriority(thread: Handle) -> i32;

    pub safe fn TlsAlloc() -> u32;
    pub safe fn TlsFree(index: u32) -> i32;
    pub safe fn TlsGetValue(index: u32) -> *mut c_void;
    pub safe fn TlsSetValue(index: u32, value: *mut c_void) -> i32;

    pub fn CreateProcessA(
        application: *const c_char,
        command_line: *mut c_char,
        process_attributes: Option<&SecurityAttributes>,
        thread_attributes: Option<&SecurityAttributes>,
        inherit: i32,
        flags: u32,
        environment: *mut c_void,
        directory: *const c_char,
        startup: Option<&StartupInfo>,
        information: Option<&mut ProcessInformation>,
    ) -> i32;
    pub fn CreateProcessW(
        application: *const u16,
        command_line: *mut u16,
        process_attributes: Option<&SecurityAttributes>,
        thread_attributes: Option<&SecurityAttributes>,
        inherit: i32,
        flags: u32,
        environment: *mut c_void,
        directory: *const u16,
        startup: Option<&StartupInfo>,
        information: Option<&mut ProcessInformation>,
    ) -> i32;
    pub safe fn ExitProcess(exit_code: u32);
    pub safe fn TerminateProcess(process: Handle, exit_code: u32) -> i32;
    pub safe fn GetExitCodeProcess(process: Handle, exit_code: Option<&mut u32>) -> i32;
    pub safe fn GetCurrentProcess() -> Handle;
    pub safe fn GetCurrentProcessId() -> u32;
    pub safe fn GetProcessId(process: Handle) -> u32;
    pub safe fn OpenProcess(access: u32, inherit: i32, id: u32) -> Handle;
    pub safe fn GetCommandLineA() -> *const c_char;

    pub safe fn CreatePipe(
        read: &mut Handle,
        write: &mut Handle,
        attributes: Option<&SecurityAttributes>,
        size: u32,
    ) -> i32;
    pub fn ReadFile(
        file: Handle,
        buffer: *mut u8,
        length: u32,
        read: Option<&mut u32>,
        overlapped: *mut c_void,
    ) -> i32;
    pub fn WriteFile(
        file: Handle,
        buffer: *const u8,
        length: u32,
        written: Option<&mut u32>,
        overlapped: *mut c_void,
    ) -> i32;
}

pub const INFINITE: u32 = u32::MAX;
pub const TIMEOUT: u32 = 258;
pub const ABANDONED: u32 = 0x80;
pub const IO_COMPLETION: u32 = 0xC0;
pub const STILL_ACTIVE: u32 = 259;
pub const SUSPENDED: u32 = 4;
pub const SAME_ACCESS: u32 = 2;
pub const INHERIT: u32 = 1;
pub const SYNCHRONIZE: u32 = 0x0010_0000;

/// What a test waits at most: it says that something is wrong, not how fast it should be.
pub const LONG: u32 = 60_000;

pub const INHERITABLE: Option<&SecurityAttributes> = Some(&SecurityAttributes {
    length: size_of::<SecurityAttributes>() as u32,
    descriptor: null_mut(),
    inherit: 1,
});

// SAFETY: it is never changed.
unsafe impl Sync for SecurityAttributes {}

pub fn event(attributes: Option<&SecurityAttributes>) -> Handle {
    let event = CreateEventA(attributes, 1, 0, null());
    assert!(!event.is_null(), "{}", GetLastError());
    event
}

pub fn mutex(attributes: Option<&SecurityAttributes>) -> Handle {
    let mutex = CreateMutexA(attributes, 0, null());
    assert!(!mutex.is_null(), "{}", GetLastError());
    mutex
}

/// Waits until it is signaled.
#[track_caller]
pub fn wait(handle: Handle) {
    assert_eq!(WaitForSingleObject(handle, LONG), 0, "error {}", GetLastError());
}

#[track_caller]
pub fn close(handle: Handle) {
    assert_eq!(CloseHandle(handle), 1, "error {}", GetLastError());
}

#[track_caller]
pub fn close_all<const COUNT: usize>(handles: [Handle; COUNT]) {
    handles.into_iter().for_each(close);
}

#[track_caller]
pub fn duplicate(handle: Handle) -> Handle {
    let mut duplicate = null_mut();
    let here = GetCurrentProcess();
    assert_eq!(DuplicateHandle(here, handle, here, Some(&mut duplicate), 0, 0, SAME_ACCESS), 1);
    duplicate
}

/// The exit code of a thread.
#[track_caller]
pub fn thread_code(thread: Handle) -> u32 {
    let mut code = 0;
    assert_eq!(GetExitCodeThread(thread, Some(&mut code)), 1, "error {}", GetLastError());
    code
}

/// The exit code of a process.
#[track_caller]
pub fn process_code(process: Handle) -> u32 {
    let mut code = 0;
    assert_eq!(GetExitCodeProcess(process, Some(&mut code)), 1, "error {}", GetLastError());
    code
}

/// A thread that runs a routine with an argument.
#[track_caller]
pub fn thread(routine: Routine, argument: Handle, flags: u32) -> Handle {
    // SAFETY: the routines of these tests take what they are passed.
    let thread = unsafe { CreateThread(None, 0, Some(routine), argument, flags, None) };
    assert!(!thread.is_null(), "error {}", GetLastError());
    thread
}

pub fn number(handle: Handle) -> String {
    handle.addr().to_string()
}

pub fn handle(number: &str) -> Handle {
    std::ptr::without_provenance_mut(number.parse().expect("a number"))
}

impl StartupInfo {
    pub fn new() -> StartupInfo {
        StartupInfo {
            size: size_of::<StartupInfo>() as u32,
            texts: [null_mut(); 3],
            numbers: [0; 7],
            flags: 0,
            show_window: 0,
            reserved_size: 0,
            reserved: null_mut(),
            standard: [null_mut(); 3],
        }
    }
}

pub const NO_PROCESS: ProcessInformation =
    ProcessInformation { process: null_mut(), thread: null_mut(), process_id: 0, thread_id: 0 };

/// What a test passes to `CreateProcess`; the rest is NULL.
#[derive(Default)]
pub struct Start<'a> {
    pub application: Option<&'a str>,
    pub line: Option<&'a str>,
    pub inherit: bool,
    pub flags: u32,
    pub environment: Option<Vec<u8>>,
    pub directory: Option<&'a str>,
    pub standard: Option<[Handle; 3]>,
}

impl Start<'_> {
    /// The process, or the error.
    pub fn start(mut self) -> Result<ProcessInformation, u32> {
        let text = |text: Option<&str>| text.map(|text| CString::new(text).expect("no zeros"));
        let (application, line, directory) = (text(self.application), text(self.line), text(self.directory));
        let pointer = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
        let mut startup = StartupInfo::new();
        if let Some(standard) = self.standard {
            startup.flags = 0x100;
            startup.standard = standard;
        }
        let mut information = NO_PROCESS;
        // SAFETY: the texts end with 0, the block with two, and all last until the call returns.
        let created = unsafe {
            CreateProcessA(
                pointer(&application),
                pointer(&line).cast_mut(),
                None,
                None,
                self.inherit.into(),
                self.flags,
                self.environment.as_mut().map_or(null_mut(), |block| block.as_mut_ptr().cast()),
                pointer(&directory),
                Some(&startup),
                Some(&mut information),
            )
        };
        if created == 1 { Ok(information) } else { Err(GetLastError()) }
    }
}
