//! The functions under test, as the headers declare them, and short ways to call them.

#![allow(non_snake_case, reason = "the names are Windows'")]

use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};

// Only linking it brings the functions in.
use veduta_win32 as _;

pub(crate) type Handle = *mut c_void;
pub(crate) type Routine = extern "C" fn(*mut c_void) -> u32;
pub(crate) type Procedure = extern "C" fn(usize);

#[repr(C)]
pub(crate) struct SecurityAttributes {
    pub length: u32,
    pub descriptor: *mut c_void,
    pub inherit: i32,
}

#[repr(C)]
pub(crate) struct StartupInfo {
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
pub(crate) struct ProcessInformation {
    pub process: Handle,
    pub thread: Handle,
    pub process_id: u32,
    pub thread_id: u32,
}

unsafe extern "C" {
    pub(crate) safe fn GetLastError() -> u32;
    pub(crate) safe fn SetLastError(code: u32);
    pub(crate) safe fn CloseHandle(handle: Handle) -> i32;
    pub(crate) safe fn DuplicateHandle(
        source_process: Handle,
        source: Handle,
        target_process: Handle,
        target: Option<&mut Handle>,
        access: u32,
        inherit: i32,
        options: u32,
    ) -> i32;
    pub(crate) safe fn SetHandleInformation(handle: Handle, mask: u32, flags: u32) -> i32;
    pub(crate) safe fn CreateEventA(
        attributes: Option<&SecurityAttributes>,
        manual: i32,
        set: i32,
        name: *const c_char,
    ) -> Handle;
    pub(crate) safe fn SetEvent(event: Handle) -> i32;
    pub(crate) safe fn CreateMutexA(
        attributes: Option<&SecurityAttributes>,
        owned: i32,
        name: *const c_char,
    ) -> Handle;
    pub(crate) safe fn ReleaseMutex(mutex: Handle) -> i32;
    pub(crate) safe fn CreateSemaphoreA(
        attributes: Option<&SecurityAttributes>,
        count: i32,
        maximum: i32,
        name: *const c_char,
    ) -> Handle;
    pub(crate) safe fn ReleaseSemaphore(semaphore: Handle, count: i32, previous: Option<&mut i32>) -> i32;
    pub(crate) safe fn WaitForSingleObject(handle: Handle, milliseconds: u32) -> u32;
    pub(crate) safe fn WaitForSingleObjectEx(handle: Handle, milliseconds: u32, alertable: i32) -> u32;
    pub(crate) fn WaitForMultipleObjects(
        count: u32,
        handles: *const Handle,
        all: i32,
        milliseconds: u32,
    ) -> u32;
    pub(crate) safe fn SleepEx(milliseconds: u32, alertable: i32) -> u32;
    pub(crate) safe fn QueueUserAPC(procedure: Option<Procedure>, thread: Handle, argument: usize) -> u32;

    pub(crate) fn CreateThread(
        attributes: Option<&SecurityAttributes>,
        stack_size: usize,
        routine: Option<Routine>,
        argument: *mut c_void,
        flags: u32,
        id: Option<&mut u32>,
    ) -> Handle;
    pub(crate) safe fn ExitThread(exit_code: u32);
    pub(crate) fn _beginthread(
        routine: Option<extern "C" fn(*mut c_void)>,
        stack_size: u32,
        argument: *mut c_void,
    ) -> usize;
    pub(crate) fn _beginthreadex(
        attributes: Option<&SecurityAttributes>,
        stack_size: u32,
        routine: Option<Routine>,
        argument: *mut c_void,
        flags: u32,
        id: Option<&mut u32>,
    ) -> usize;
    pub(crate) safe fn _endthreadex(exit_code: u32);
    pub(crate) safe fn GetCurrentThread() -> Handle;
    pub(crate) safe fn GetCurrentThreadId() -> u32;
    pub(crate) safe fn GetThreadId(thread: Handle) -> u32;
    pub(crate) safe fn OpenThread(access: u32, inherit: i32, id: u32) -> Handle;
    pub(crate) safe fn GetExitCodeThread(thread: Handle, exit_code: Option<&mut u32>) -> i32;
    pub(crate) safe fn SuspendThread(thread: Handle) -> u32;
    pub(crate) safe fn ResumeThread(thread: Handle) -> u32;
    pub(crate) safe fn SetThreadPriority(thread: Handle, priority: i32) -> i32;
    pub(crate) safe fn GetThreadPriority(thread: Handle) -> i32;

    pub(crate) safe fn TlsAlloc() -> u32;
    pub(crate) safe fn TlsFree(index: u32) -> i32;
    pub(crate) safe fn TlsGetValue(index: u32) -> *mut c_void;
    pub(crate) safe fn TlsSetValue(index: u32, value: *mut c_void) -> i32;

    pub(crate) fn CreateProcessA(
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
    pub(crate) fn CreateProcessW(
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
    pub(crate) safe fn ExitProcess(exit_code: u32);
    pub(crate) safe fn TerminateProcess(process: Handle, exit_code: u32) -> i32;
    pub(crate) safe fn GetExitCodeProcess(process: Handle, exit_code: Option<&mut u32>) -> i32;
    pub(crate) safe fn GetCurrentProcess() -> Handle;
    pub(crate) safe fn GetCurrentProcessId() -> u32;
    pub(crate) safe fn GetProcessId(process: Handle) -> u32;
    pub(crate) safe fn OpenProcess(access: u32, inherit: i32, id: u32) -> Handle;
    pub(crate) safe fn GetCommandLineA() -> *const c_char;

    pub(crate) safe fn CreateFileMappingA(
        file: Handle,
        attributes: Option<&SecurityAttributes>,
        protection: u32,
        size_high: u32,
        size_low: u32,
        name: *const c_char,
    ) -> Handle;
    pub(crate) safe fn MapViewOfFile(
        section: Handle,
        access: u32,
        offset_high: u32,
        offset_low: u32,
        length: usize,
    ) -> *mut c_void;
    pub(crate) fn UnmapViewOfFile(address: *const c_void) -> i32;

    pub(crate) safe fn CreatePipe(
        read: &mut Handle,
        write: &mut Handle,
        attributes: Option<&SecurityAttributes>,
        size: u32,
    ) -> i32;
    pub(crate) fn ReadFile(
        file: Handle,
        buffer: *mut u8,
        length: u32,
        read: Option<&mut u32>,
        overlapped: *mut c_void,
    ) -> i32;
    pub(crate) fn WriteFile(
        file: Handle,
        buffer: *const u8,
        length: u32,
        written: Option<&mut u32>,
        overlapped: *mut c_void,
    ) -> i32;
}

pub(crate) const INFINITE: u32 = u32::MAX;
pub(crate) const TIMEOUT: u32 = 258;
pub(crate) const ABANDONED: u32 = 0x80;
pub(crate) const IO_COMPLETION: u32 = 0xC0;
pub(crate) const STILL_ACTIVE: u32 = 259;
pub(crate) const SUSPENDED: u32 = 4;
pub(crate) const SAME_ACCESS: u32 = 2;
pub(crate) const INHERIT: u32 = 1;
pub(crate) const SYNCHRONIZE: u32 = 0x0010_0000;

/// What a test waits at most: it says that something is wrong, not how fast it should be.
pub(crate) const LONG: u32 = 60_000;

pub(crate) const INHERITABLE: Option<&SecurityAttributes> = Some(&SecurityAttributes {
    length: size_of::<SecurityAttributes>() as u32,
    descriptor: null_mut(),
    inherit: 1,
});

// SAFETY: it is never changed.
unsafe impl Sync for SecurityAttributes {}

pub(crate) fn event(attributes: Option<&SecurityAttributes>) -> Handle {
    let event = CreateEventA(attributes, 1, 0, null());
    assert!(!event.is_null(), "{}", GetLastError());
    event
}

/// Memory of a page.
pub(crate) fn section(attributes: Option<&SecurityAttributes>) -> Handle {
    let nowhere = std::ptr::without_provenance_mut(usize::MAX);
    let section = CreateFileMappingA(nowhere, attributes, 4, 0, 4096, null());
    assert!(!section.is_null(), "{}", GetLastError());
    section
}

/// Writes a byte into a section.
#[track_caller]
pub(crate) fn write_byte(section: Handle, byte: u8) {
    let view = MapViewOfFile(section, 2, 0, 0, 0);
    assert!(!view.is_null(), "{}", GetLastError());
    // SAFETY: it was just mapped for writing, and nobody else looks at it just now.
    unsafe { view.cast::<u8>().write_volatile(byte) };
    // SAFETY: nobody has a reference into it.
    assert_eq!(unsafe { UnmapViewOfFile(view) }, 1);
}

/// Reads the byte that [`write_byte`] writes.
#[track_caller]
pub(crate) fn read_byte(section: Handle) -> u8 {
    let view = MapViewOfFile(section, 4, 0, 0, 0);
    assert!(!view.is_null(), "{}", GetLastError());
    // SAFETY: it was just mapped for reading, and nobody writes to it just now.
    let byte = unsafe { view.cast::<u8>().read_volatile() };
    // SAFETY: nobody has a reference into it.
    assert_eq!(unsafe { UnmapViewOfFile(view) }, 1);
    byte
}

pub(crate) fn mutex(attributes: Option<&SecurityAttributes>) -> Handle {
    let mutex = CreateMutexA(attributes, 0, null());
    assert!(!mutex.is_null(), "{}", GetLastError());
    mutex
}

/// Waits until it is signaled.
#[track_caller]
pub(crate) fn wait(handle: Handle) {
    assert_eq!(WaitForSingleObject(handle, LONG), 0, "error {}", GetLastError());
}

#[track_caller]
pub(crate) fn close(handle: Handle) {
    assert_eq!(CloseHandle(handle), 1, "error {}", GetLastError());
}

#[track_caller]
pub(crate) fn close_all<const COUNT: usize>(handles: [Handle; COUNT]) {
    handles.into_iter().for_each(close);
}

#[track_caller]
pub(crate) fn duplicate(handle: Handle) -> Handle {
    let mut duplicate = null_mut();
    let here = GetCurrentProcess();
    assert_eq!(DuplicateHandle(here, handle, here, Some(&mut duplicate), 0, 0, SAME_ACCESS), 1);
    duplicate
}

/// The exit code of a thread.
#[track_caller]
pub(crate) fn thread_code(thread: Handle) -> u32 {
    let mut code = 0;
    assert_eq!(GetExitCodeThread(thread, Some(&mut code)), 1, "error {}", GetLastError());
    code
}

/// The exit code of a process.
#[track_caller]
pub(crate) fn process_code(process: Handle) -> u32 {
    let mut code = 0;
    assert_eq!(GetExitCodeProcess(process, Some(&mut code)), 1, "error {}", GetLastError());
    code
}

/// A thread that runs a routine with an argument.
#[track_caller]
pub(crate) fn thread(routine: Routine, argument: Handle, flags: u32) -> Handle {
    // SAFETY: the routines of these tests take what they are passed.
    let thread = unsafe { CreateThread(None, 0, Some(routine), argument, flags, None) };
    assert!(!thread.is_null(), "error {}", GetLastError());
    thread
}

pub(crate) fn number(handle: Handle) -> String {
    handle.addr().to_string()
}

pub(crate) fn handle(number: &str) -> Handle {
    std::ptr::without_provenance_mut(number.parse().expect("a number"))
}

impl StartupInfo {
    pub(crate) fn new() -> StartupInfo {
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

pub(crate) const NO_PROCESS: ProcessInformation =
    ProcessInformation { process: null_mut(), thread: null_mut(), process_id: 0, thread_id: 0 };

/// What a test passes to `CreateProcess`; the rest is NULL.
#[derive(Default)]
pub(crate) struct Start<'a> {
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
    pub(crate) fn start(mut self) -> Result<ProcessInformation, u32> {
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
