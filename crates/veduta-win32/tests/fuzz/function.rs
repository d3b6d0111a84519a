//! Every exported function: what it takes, and what its result says.

#![allow(
    non_snake_case,
    clashing_extern_declarations,
    reason = "all are called by their address, through one door"
)]

use self::Argument::*;
use self::Outcome::*;
use crate::registry::Kind::{
    self, Any, Event, File, Mutex, Pipe, Process, Section, Semaphore, Thread, Timer,
};

/// What an argument is, for [`crate::argument`] to make one.
#[derive(Clone, Copy)]
pub enum Argument {
    /// A handle; most often one of that kind.
    H(Kind),
    /// A handle that is no pipe's: reading from or writing to a pipe waits for its other end.
    NotPipe,
    /// A process: most often the calling one.
    P,
    /// A process that may be terminated: a child, or none.
    Child,
    /// Something that can be suspended without harm: nothing can.
    NoThread,
    B,
    /// Flags, some of these.
    F(&'static [u32]),
    /// One of these, or something else.
    One(&'static [u32]),
    N,
    Small,
    Size,
    /// A distance or position: high halves are such that files stay small.
    Low,
    HighAt,
    Distance,
    /// Milliseconds.
    Ms,
    Zero,
    Name(bool),
    Path(bool),
    /// A path that is only looked at.
    Look(bool),
    /// A directory to go to.
    Go(bool),
    Text(bool),
    Variable(bool),
    Sddl(bool),
    Attributes,
    Out(usize),
    /// An output that must be there.
    Place(usize),
    In(usize),
    /// A buffer of bytes, or of units of 16 bits, with room for what `Capacity` says.
    Buffer(bool),
    Capacity,
    CapacityAt,
    /// Bytes to read or write, and how many.
    Data,
    DataLength,
    Overlapped,
    /// An address in memory that was made by these functions, or NULL, or one that nothing is at.
    Region,
    /// A file to map, or the paging file.
    Backing,
    /// Where to put memory: most often anywhere.
    Base,
    /// How large: as Size, with more that can be had.
    Length,
    /// As Region, but only in memory that is the calling thread's.
    Own,
    Handles,
    Count,
    Sid,
    SidOut,
    Acl,
    Descriptor,
    /// The 99 inserts of a message.
    Inserts,
    MessageSource(bool),
    MessageFlags,
    MessageBuffer(bool),
    Routine,
    Apc,
    ProcessId,
    /// The size of a stack.
    Stack,
    ThreadId,
    Startup,
    /// A text that is there, with its end.
    There(bool),
    /// A buffer with that text in it and room behind it.
    Room(bool),
    /// At most as many units as any text has.
    Within,
    CharAt,
    StdWhich,
    /// SetFilePointer's method and the like.
    Method,
    Tls,
    Due,
    Ranges,
    SystemTime,
    ClassBuffer,
    ClassSize,
    MemoryStatus,
}

/// What a result of C says, and how wide it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing.
    Void,
    /// 0 says failed; 32 bits.
    Zero32,
    /// As above; a pointer or handle.
    Null,
    /// -1 says failed.
    MinusOne,
    /// u32::MAX says failed, if the last error says so.
    Max32,
    /// Something without a failure.
    Value,
    /// As Zero32, and 0 may just be the answer.
    Maybe,
}

pub struct Function {
    pub name: &'static str,
    pub address: unsafe extern "C" fn(),
    pub arguments: &'static [Argument],
    pub result: Outcome,
}

macro_rules! functions {
    ($table:ident: $($name:ident($($argument:expr),* $(,)?) $result:ident;)*) => {
        unsafe extern "C" { $(fn $name();)* }
        pub static $table: &[Function] = &[$(Function {
            name: stringify!($name),
            address: $name,
            arguments: &[$($argument),*],
            result: $result,
        }),*];
    };
}

const A: bool = false;
const W: bool = true;
const ACCESS: &[u32] = &[
    0x8000_0000,
    0x4000_0000,
    0x2000_0000,
    0x1000_0000,
    0x10_0000,
    0x1F_0003,
    0x1F_0001,
    0x1_0000,
    1,
    2,
    4,
    8,
];
const SHARE: &[u32] = &[1, 2, 4];
const PROTECTION: &[u32] = &[2, 4, 4, 4, 8, 0x20, 0x40, 1, 0x10, 0x80, 0x100, 0x104, 0x400];
const SECTION: &[u32] =
    &[2, 4, 4, 8, 0x20, 0x40, 0x0400_0004, 0x0800_0004, 0x1000_0004, 0x100_0002, 0x8000_0004];
const MAPPING: &[u32] = &[4, 2, 1, 0x20, 0xF001F, 6, 0x8000_0000];
const ALLOCATION: &[u32] = &[0x3000, 0x3000, 0x2000, 0x1000, 0x8_0000, 0x10_0000, 0x2000_0000, 0x4000];
const FILE_FLAGS: &[u32] = &[0x80, 0x4000_0000, 0x0200_0000, 0x0400_0000, 0x8000_0000, 0x1000_0000, 1, 0x100];
const DISPOSITION: &[u32] = &[1, 2, 3, 4, 4, 5];
const CODE_PAGES: &[u32] = &[0, 1, 3, 65001, 1252, 28591, 932];

functions! { FUNCTIONS:
    // Handles and waits.
    CloseHandle(H(Any)) Zero32;
    DuplicateHandle(P, H(Any), P, Out(8), F(ACCESS), B, F(&[1, 2, 2, 2])) Zero32;
    GetHandleInformation(H(Any), Out(4)) Zero32;
    SetHandleInformation(H(Any), F(&[1, 2, 3]), F(&[1, 2])) Zero32;
    WaitForSingleObject(H(Any), Ms) Max32;
    WaitForSingleObjectEx(H(Any), Ms, B) Max32;
    WaitForMultipleObjects(Count, Handles, B, Ms) Max32;
    WaitForMultipleObjectsEx(Count, Handles, B, Ms, B) Max32;
    SignalObjectAndWait(H(Event), H(Any), Ms, B) Max32;
    Sleep(Ms) Void;
    SleepEx(Ms, B) Value;
    QueueUserAPC(Apc, H(Thread), N) Zero32;
    // Objects.
    CreateEventA(Attributes, B, B, Name(A)) Null;
    CreateEventW(Attributes, B, B, Name(W)) Null;
    CreateEventExA(Attributes, Name(A), F(&[1, 2]), F(ACCESS)) Null;
    CreateEventExW(Attributes, Name(W), F(&[1, 2]), F(ACCESS)) Null;
    OpenEventA(F(ACCESS), B, Name(A)) Null;
    OpenEventW(F(ACCESS), B, Name(W)) Null;
    SetEvent(H(Event)) Zero32;
    ResetEvent(H(Event)) Zero32;
    PulseEvent(H(Event)) Zero32;
    CreateMutexA(Attributes, B, Name(A)) Null;
    CreateMutexW(Attributes, B, Name(W)) Null;
    CreateMutexExA(Attributes, Name(A), F(&[1]), F(ACCESS)) Null;
    CreateMutexExW(Attributes, Name(W), F(&[1]), F(ACCESS)) Null;
    OpenMutexA(F(ACCESS), B, Name(A)) Null;
    OpenMutexW(F(ACCESS), B, Name(W)) Null;
    ReleaseMutex(H(Mutex)) Zero32;
    CreateSemaphoreA(Attributes, Small, Small, Name(A)) Null;
    CreateSemaphoreW(Attributes, Small, Small, Name(W)) Null;
    CreateSemaphoreExA(Attributes, Small, Small, Name(A), F(&[0, 0, 1]), F(ACCESS)) Null;
    CreateSemaphoreExW(Attributes, Small, Small, Name(W), F(&[0, 0, 1]), F(ACCESS)) Null;
    OpenSemaphoreA(F(ACCESS), B, Name(A)) Null;
    OpenSemaphoreW(F(ACCESS), B, Name(W)) Null;
    ReleaseSemaphore(H(Semaphore), Small, Out(4)) Zero32;
    CreateWaitableTimerA(Attributes, B, Name(A)) Null;
    CreateWaitableTimerW(Attributes, B, Name(W)) Null;
    CreateWaitableTimerExA(Attributes, Name(A), F(&[1, 2]), F(ACCESS)) Null;
    CreateWaitableTimerExW(Attributes, Name(W), F(&[1, 2]), F(ACCESS)) Null;
    OpenWaitableTimerA(F(ACCESS), B, Name(A)) Null;
    OpenWaitableTimerW(F(ACCESS), B, Name(W)) Null;
    SetWaitableTimer(H(Timer), Due, Small, Apc, N, B) Zero32;
    SetWaitableTimerEx(H(Timer), Due, Small, Apc, N, Zero, N) Zero32;
    CancelWaitableTimer(H(Timer)) Zero32;
    // Sections, views, memory.
    CreateFileMappingA(Backing, Attributes, F(SECTION), Zero, Length, Name(A)) Null;
    CreateFileMappingW(Backing, Attributes, F(SECTION), Zero, Length, Name(W)) Null;
    CreateFileMappingNumaA(Backing, Attributes, F(SECTION), Zero, Length, Name(A), N) Null;
    CreateFileMappingNumaW(Backing, Attributes, F(SECTION), Zero, Length, Name(W), N) Null;
    CreateFileMapping2(Backing, Attributes, F(&[0xF001F, 6, 4]), F(&[2, 4]), F(&[0x0800_0000, 0x0400_0000]), Length, Name(W), Zero, Zero) Null;
    OpenFileMappingA(F(MAPPING), B, Name(A)) Null;
    OpenFileMappingW(F(MAPPING), B, Name(W)) Null;
    MapViewOfFile(H(Section), F(MAPPING), Zero, Low, Length) Null;
    MapViewOfFileEx(H(Section), F(MAPPING), N, Low, Length, Base) Null;
    MapViewOfFileExNuma(H(Section), F(MAPPING), Zero, Low, Length, Base, N) Null;
    MapViewOfFileNuma2(H(Section), P, Low, Base, Length, F(&[0, 0, 0x2000]), F(PROTECTION), N) Null;
    MapViewOfFile3(H(Section), P, Base, Low, Length, F(&[0, 0, 0x2000, 0x4000]), F(PROTECTION), Zero, Zero) Null;
    UnmapViewOfFile(Own) Zero32;
    UnmapViewOfFileEx(Own, F(&[1, 2])) Zero32;
    UnmapViewOfFile2(P, Own, F(&[1, 2])) Zero32;
    FlushViewOfFile(Region, Size) Zero32;
    VirtualAlloc(Base, Length, F(ALLOCATION), F(PROTECTION)) Null;
    VirtualAllocEx(P, Base, Length, F(ALLOCATION), F(PROTECTION)) Null;
    VirtualAllocExNuma(P, Base, Length, F(ALLOCATION), F(PROTECTION), N) Null;
    VirtualFree(Own, Size, One(&[0x4000, 0x8000, 0x8000])) Zero32;
    VirtualFreeEx(P, Own, Size, One(&[0x4000, 0x8000, 0x8000])) Zero32;
    VirtualProtect(Own, Size, F(PROTECTION), Out(4)) Zero32;
    VirtualProtectEx(P, Own, Size, F(PROTECTION), Out(4)) Zero32;
    VirtualQuery(Region, Out(48), One(&[48, 48, 48, 0, 47])) Zero32;
    VirtualQueryEx(P, Region, Out(48), One(&[48, 48, 48, 0, 47])) Zero32;
    VirtualLock(Region, Size) Zero32;
    VirtualUnlock(Region, Size) Zero32;
    PrefetchVirtualMemory(P, One(&[0, 1, 2]), Ranges, F(&[0, 0, 1])) Zero32;
    GetLargePageMinimum() Value;
    IsBadReadPtr(Region, Size) Value;
    IsBadHugeReadPtr(Region, Size) Value;
    IsBadWritePtr(Region, Size) Value;
    IsBadHugeWritePtr(Region, Size) Value;
    IsBadCodePtr(Region) Value;
    IsBadStringPtrA(There(A), Size) Value;
    IsBadStringPtrW(There(W), Size) Value;
    // Files.
    CreateFileA(Path(A), F(ACCESS), F(SHARE), Attributes, One(DISPOSITION), F(FILE_FLAGS), H(File)) MinusOne;
    CreateFileW(Path(W), F(ACCESS), F(SHARE), Attributes, One(DISPOSITION), F(FILE_FLAGS), H(File)) MinusOne;
    DeleteFileA(Path(A)) Zero32;
    DeleteFileW(Path(W)) Zero32;
    MoveFileA(Path(A), Path(A)) Zero32;
    MoveFileW(Path(W), Path(W)) Zero32;
    MoveFileExA(Path(A), Path(A), F(&[1, 2, 4, 8])) Zero32;
    MoveFileExW(Path(W), Path(W), F(&[1, 2, 4, 8])) Zero32;
    CopyFileA(Path(A), Path(A), B) Zero32;
    CopyFileW(Path(W), Path(W), B) Zero32;
    CreateDirectoryA(Path(A), Attributes) Zero32;
    CreateDirectoryW(Path(W), Attributes) Zero32;
    RemoveDirectoryA(Path(A)) Zero32;
    RemoveDirectoryW(Path(W)) Zero32;
    GetCurrentDirectoryA(Capacity, Buffer(A)) Zero32;
    GetCurrentDirectoryW(Capacity, Buffer(W)) Zero32;
    SetCurrentDirectoryA(Go(A)) Zero32;
    SetCurrentDirectoryW(Go(W)) Zero32;
    GetFullPathNameA(Look(A), Capacity, Buffer(A), Out(8)) Zero32;
    GetFullPathNameW(Look(W), Capacity, Buffer(W), Out(8)) Zero32;
    GetFileType(H(File)) Maybe;
    GetFileTime(H(File), Out(8), Out(8), Out(8)) Zero32;
    SetFileTime(H(File), In(8), In(8), In(8)) Zero32;
    GetFileInformationByHandle(H(File), Out(52)) Zero32;
    GetFileInformationByHandleEx(H(File), One(&[0, 1, 9, 18, 2, 4]), ClassBuffer, ClassSize) Zero32;
    SetFileInformationByHandle(H(File), One(&[0, 4, 5, 6, 21, 1]), ClassBuffer, ClassSize) Zero32;
    GetFileAttributesA(Look(A)) Max32;
    GetFileAttributesW(Look(W)) Max32;
    GetFileAttributesExA(Look(A), One(&[0, 0, 1]), Out(36)) Zero32;
    GetFileAttributesExW(Look(W), One(&[0, 0, 1]), Out(36)) Zero32;
    SetFileAttributesA(Path(A), F(&[1, 0x80, 0x20])) Zero32;
    SetFileAttributesW(Path(W), F(&[1, 0x80, 0x20])) Zero32;
    GetFinalPathNameByHandleA(H(File), Buffer(A), Capacity, F(&[0, 0, 1, 2, 4, 8])) Zero32;
    GetFinalPathNameByHandleW(H(File), Buffer(W), Capacity, F(&[0, 0, 1, 2, 4, 8])) Zero32;
    GetOverlappedResult(H(File), In(32), Out(4), Zero) Zero32;
    CancelIo(H(File)) Zero32;
    CancelIoEx(H(File), Overlapped) Zero32;
    veduta_linux_path(Look(A), Buffer(A), Capacity) Null;
    SetFilePointer(H(File), Low, HighAt, Method) Max32;
    SetFilePointerEx(H(File), Distance, Out(8), Method) Zero32;
    GetFileSize(H(File), Out(4)) Max32;
    GetFileSizeEx(H(File), Out(8)) Zero32;
    SetEndOfFile(H(File)) Zero32;
    GetTempPathA(Capacity, Buffer(A)) Zero32;
    GetTempPathW(Capacity, Buffer(W)) Zero32;
    GetTempFileNameA(Go(A), Text(A), Small, Out(260)) Zero32;
    GetTempFileNameW(Go(W), Text(W), Small, Out(520)) Zero32;
    ReadFile(NotPipe, Data, DataLength, Out(4), Overlapped) Zero32;
    WriteFile(NotPipe, Data, DataLength, Out(4), Overlapped) Zero32;
    FlushFileBuffers(NotPipe) Zero32;
    CreatePipe(Out(8), Out(8), Attributes, Size) Zero32;
    PeekNamedPipe(H(Pipe), Data, DataLength, Out(4), Out(4), Out(4)) Zero32;
    // What SetStdHandle was given, which may be -1.
    GetStdHandle(StdWhich) Maybe;
    SetStdHandle(StdWhich, H(File)) Zero32;
    // Processes and threads.
    CreateProcessA(Look(A), Text(A), Attributes, Attributes, Zero, F(&[4, 8, 0x200, 0x800_0000, 0x400]), Zero, Go(A), Startup, Out(24)) Zero32;
    CreateProcessW(Look(W), Room(W), Attributes, Attributes, Zero, F(&[4, 8, 0x200, 0x800_0000, 0x400]), Zero, Go(W), Startup, Out(24)) Zero32;
    TerminateProcess(Child, N) Zero32;
    GetExitCodeProcess(H(Process), Out(4)) Zero32;
    GetCurrentProcess() Value;
    GetCurrentProcessId() Value;
    _getpid() Value;
    GetProcessId(H(Process)) Zero32;
    OpenProcess(F(ACCESS), B, ProcessId) Null;
    GetCurrentThread() Value;
    GetCurrentThreadId() Value;
    GetThreadId(H(Thread)) Zero32;
    GetProcessIdOfThread(H(Thread)) Zero32;
    OpenThread(F(ACCESS), B, ThreadId) Null;
    GetExitCodeThread(H(Thread), Out(4)) Zero32;
    SuspendThread(NoThread) Max32;
    ResumeThread(H(Thread)) Max32;
    SetThreadPriority(H(Thread), Small) Zero32;
    GetThreadPriority(H(Thread)) Value;
    SwitchToThread() Value;
    CreateThread(Attributes, Stack, Routine, N, F(&[4, 0x1_0000]), Out(4)) Null;
    _beginthreadex(Attributes, One(&[0, 1, 65536, 0x10_0000]), Routine, N, F(&[4, 0x1_0000]), Out(4)) Null;
    _beginthread(Routine, One(&[0, 1, 65536, 0x10_0000]), N) MinusOne;
    TlsAlloc() Max32;
    TlsFree(Tls) Zero32;
    TlsGetValue(Tls) Maybe;
    TlsSetValue(Tls, N) Zero32;
    GetLastError() Value;
    SetLastError(N) Void;
    // The environment and the system.
    GetCommandLineA() Value;
    GetCommandLineW() Value;
    CommandLineToArgvW(Text(W), Out(4)) Null;
    GetModuleFileNameA(One(&[0, 0, 1, 0x1000]), Buffer(A), Capacity) Zero32;
    GetModuleFileNameW(One(&[0, 0, 1, 0x1000]), Buffer(W), Capacity) Zero32;
    GetModuleHandleA(Text(A)) Null;
    GetModuleHandleW(Text(W)) Null;
    GetEnvironmentVariableA(Variable(A), Buffer(A), Capacity) Zero32;
    GetEnvironmentVariableW(Variable(W), Buffer(W), Capacity) Zero32;
    SetEnvironmentVariableA(Variable(A), Text(A)) Zero32;
    SetEnvironmentVariableW(Variable(W), Text(W)) Zero32;
    GetComputerNameA(Buffer(A), CapacityAt) Zero32;
    GetComputerNameW(Buffer(W), CapacityAt) Zero32;
    GetUserNameA(Buffer(A), CapacityAt) Zero32;
    GetUserNameW(Buffer(W), CapacityAt) Zero32;
    SetErrorMode(N) Value;
    GetErrorMode() Value;
    OutputDebugStringA(Name(A)) Void;
    OutputDebugStringW(Name(W)) Void;
    GetSystemInfo(Place(48)) Void;
    GetNativeSystemInfo(Out(48)) Void;
    GlobalMemoryStatus(Out(56)) Void;
    GlobalMemoryStatusEx(MemoryStatus) Zero32;
    GetTickCount() Value;
    GetTickCount64() Value;
    timeGetTime() Value;
    timeBeginPeriod(N) Value;
    timeEndPeriod(N) Value;
    QueryPerformanceCounter(Out(8)) Zero32;
    QueryPerformanceFrequency(Out(8)) Zero32;
    GetSystemTimeAsFileTime(Out(8)) Void;
    GetSystemTimePreciseAsFileTime(Out(8)) Void;
    GetSystemTime(Out(16)) Void;
    GetLocalTime(Out(16)) Void;
    SystemTimeToFileTime(SystemTime, Out(8)) Zero32;
    FileTimeToSystemTime(In(8), Out(16)) Zero32;
    CompareFileTime(In(8), In(8)) Value;
    FileTimeToLocalFileTime(In(8), Out(8)) Zero32;
    LocalFileTimeToFileTime(In(8), Out(8)) Zero32;
    // Text.
    FormatMessageA(MessageFlags, MessageSource(A), N, Small, MessageBuffer(A), Capacity, Inserts) Zero32;
    FormatMessageW(MessageFlags, MessageSource(W), N, Small, MessageBuffer(W), Capacity, Inserts) Zero32;
    MultiByteToWideChar(One(CODE_PAGES), F(&[0, 0, 8, 1]), Text(A), One(&[u32::MAX]), Buffer(W), Capacity) Zero32;
    WideCharToMultiByte(One(CODE_PAGES), F(&[0, 0, 0x80, 0x400]), Text(W), One(&[u32::MAX]), Buffer(A), Capacity, In(2), Out(4)) Zero32;
    GetACP() Value;
    GetOEMCP() Value;
    IsValidCodePage(One(CODE_PAGES)) Value;
    GetCPInfo(One(CODE_PAGES), Out(20)) Zero32;
    IsDBCSLeadByte(N) Value;
    IsDBCSLeadByteEx(N, N) Value;
    lstrlenA(Text(A)) Value;
    lstrlenW(Text(W)) Value;
    lstrcpyA(Room(A), Text(A)) Null;
    lstrcpyW(Room(W), Text(W)) Null;
    lstrcpynA(Room(A), Text(A), One(&[0, 1, 5, 260])) Maybe;
    lstrcpynW(Room(W), Text(W), One(&[0, 1, 5, 260])) Maybe;
    lstrcatA(Room(A), Text(A)) Null;
    lstrcatW(Room(W), Text(W)) Null;
    lstrcmpA(Text(A), Text(A)) Value;
    lstrcmpW(Text(W), Text(W)) Value;
    lstrcmpiA(Text(A), Text(A)) Value;
    lstrcmpiW(Text(W), Text(W)) Value;
    veduta_wcslen(There(W)) Value;
    veduta_wcsnlen(There(W), Within) Value;
    veduta_wcscpy(Room(W), There(W)) Value;
    veduta_wcsncpy(Room(W), There(W), Within) Value;
    veduta_wcscat(Room(W), There(W)) Value;
    veduta_wcsncat(Room(W), There(W), Within) Value;
    veduta_wcscmp(There(W), There(W)) Value;
    veduta_wcsncmp(There(W), There(W), Within) Value;
    veduta_wcsicmp(There(W), There(W)) Value;
    veduta_wcsnicmp(There(W), There(W), Within) Value;
    veduta_wcschr(There(W), CharAt) Value;
    veduta_wcsrchr(There(W), CharAt) Value;
    veduta_wcsstr(There(W), There(W)) Value;
    veduta_wcspbrk(There(W), There(W)) Value;
    veduta_wcsspn(There(W), There(W)) Value;
    veduta_wcscspn(There(W), There(W)) Value;
    veduta_wcstok(Room(W), There(W), Place(8)) Value;
    veduta_wcstol(There(W), Out(8), One(&[0, 10, 16, 8, 36, 1, 37])) Value;
    veduta_wcstoul(There(W), Out(8), One(&[0, 10, 16, 8, 36, 1, 37])) Value;
    veduta_wcstoll(There(W), Out(8), One(&[0, 10, 16, 8, 36, 1, 37])) Value;
    veduta_wcstoull(There(W), Out(8), One(&[0, 10, 16, 8, 36, 1, 37])) Value;
    veduta_wcstod(There(W), Out(8)) Value;
    veduta_wcsdup(There(W)) Value;
    veduta_wcsupr(Room(W)) Value;
    veduta_wcslwr(Room(W)) Value;
    veduta_wmemcpy(Room(W), There(W), One(&[0, 1])) Value;
    veduta_wmemmove(Room(W), There(W), One(&[0, 1])) Value;
    veduta_wmemset(Room(W), CharAt, Within) Value;
    veduta_wmemcmp(There(W), There(W), One(&[0, 1])) Value;
    veduta_wmemchr(There(W), CharAt, One(&[0, 1])) Value;
    veduta_mbstowcs(Room(W), There(A), Within) Value;
    veduta_wcstombs(Room(A), There(W), Within) Value;
    // Security.
    InitializeAcl(Out(256), One(&[256, 256, 8, 0, 7, 9, 65535, 65536]), One(&[2, 2, 4, 1])) Zero32;
    IsValidAcl(Acl) Value;
    AddAccessAllowedAce(Acl, One(&[2, 4]), N, Sid) Zero32;
    AddAccessAllowedAceEx(Acl, One(&[2, 4]), F(&[1, 2, 0x20]), N, Sid) Zero32;
    AddAccessDeniedAce(Acl, One(&[2, 4]), N, Sid) Zero32;
    AddAccessDeniedAceEx(Acl, One(&[2, 4]), F(&[1, 2, 0x20]), N, Sid) Zero32;
    InitializeSecurityDescriptor(Out(40), One(&[1, 1, 0, 2])) Zero32;
    IsValidSecurityDescriptor(Descriptor) Zero32;
    SetSecurityDescriptorDacl(Descriptor, B, Acl, B) Zero32;
    SetSecurityDescriptorSacl(Descriptor, B, Acl, B) Zero32;
    GetSecurityDescriptorDacl(Descriptor, Out(4), Out(8), Out(4)) Zero32;
    GetSecurityDescriptorSacl(Descriptor, Out(4), Out(8), Out(4)) Zero32;
    SetSecurityDescriptorOwner(Descriptor, Sid, B) Zero32;
    SetSecurityDescriptorGroup(Descriptor, Sid, B) Zero32;
    GetSecurityDescriptorOwner(Descriptor, Out(8), Out(4)) Zero32;
    GetSecurityDescriptorGroup(Descriptor, Out(8), Out(4)) Zero32;
    GetSecurityDescriptorControl(Descriptor, Out(2), Out(4)) Zero32;
    GetSecurityDescriptorLength(Descriptor) Zero32;
    ConvertStringSecurityDescriptorToSecurityDescriptorA(Sddl(A), One(&[1, 1, 0]), Out(8), Out(4)) Zero32;
    ConvertStringSecurityDescriptorToSecurityDescriptorW(Sddl(W), One(&[1, 1, 0]), Out(8), Out(4)) Zero32;
    ConvertSecurityDescriptorToStringSecurityDescriptorA(Descriptor, One(&[1, 1, 0]), F(&[1, 2, 4, 8]), Out(8), Out(4)) Zero32;
    ConvertSecurityDescriptorToStringSecurityDescriptorW(Descriptor, One(&[1, 1, 0]), F(&[1, 2, 4, 8]), Out(8), Out(4)) Zero32;
    AllocateAndInitializeSid(In(6), Small, N, N, N, N, N, N, N, N, Out(8)) Zero32;
    CreateWellKnownSid(One(&[0, 1, 7, 22, 26, 27, 99, u32::MAX]), Zero, SidOut, CapacityAt) Zero32;
    IsWellKnownSid(Sid, One(&[0, 1, 22, 26])) Maybe;
    IsValidSid(Sid) Value;
    GetLengthSid(Sid) Zero32;
    GetSidLengthRequired(Small) Value;
    InitializeSid(Out(68), In(6), Small) Zero32;
    GetSidSubAuthority(Sid, Small) Value;
    GetSidSubAuthorityCount(Sid) Value;
    GetSidIdentifierAuthority(Sid) Value;
    EqualSid(Sid, Sid) Maybe;
    CopySid(Capacity, SidOut, Sid) Zero32;
    ConvertStringSidToSidA(Sddl(A), Out(8)) Zero32;
    ConvertStringSidToSidW(Sddl(W), Out(8)) Zero32;
    ConvertSidToStringSidA(Sid, Out(8)) Zero32;
    ConvertSidToStringSidW(Sid, Out(8)) Zero32;
}

// What needs an order, an object of the caller's, or a stream: see `scenario`.
functions! { IN_ORDER:
    LocalAlloc() Null;
    LocalReAlloc() Null;
    LocalFree() Maybe;
    LocalSize() Maybe;
    LocalLock() Null;
    LocalUnlock() Maybe;
    GlobalAlloc() Null;
    GlobalReAlloc() Null;
    GlobalFree() Maybe;
    GlobalSize() Maybe;
    GlobalLock() Null;
    GlobalUnlock() Maybe;
    GetProcessHeap() Null;
    HeapCreate() Null;
    HeapDestroy() Zero32;
    HeapAlloc() Null;
    HeapReAlloc() Null;
    HeapFree() Zero32;
    HeapSize() MinusOne;
    HeapValidate() Zero32;
    InitializeCriticalSection() Void;
    InitializeCriticalSectionAndSpinCount() Zero32;
    InitializeCriticalSectionEx() Zero32;
    EnterCriticalSection() Void;
    TryEnterCriticalSection() Value;
    LeaveCriticalSection() Void;
    DeleteCriticalSection() Void;
    SetCriticalSectionSpinCount() Value;
    InitializeSRWLock() Void;
    AcquireSRWLockExclusive() Void;
    AcquireSRWLockShared() Void;
    ReleaseSRWLockExclusive() Void;
    ReleaseSRWLockShared() Void;
    TryAcquireSRWLockExclusive() Value;
    TryAcquireSRWLockShared() Value;
    InitializeConditionVariable() Void;
    SleepConditionVariableCS() Zero32;
    SleepConditionVariableSRW() Zero32;
    WakeConditionVariable() Void;
    WakeAllConditionVariable() Void;
    InitOnceInitialize() Void;
    InitOnceExecuteOnce() Maybe;
    InitOnceBeginInitialize() Zero32;
    InitOnceComplete() Zero32;
    FreeSid() Value;
    veduta_guarded() Value;
    veduta_fputws() Value;
    veduta_fgetws() Value;
    veduta_wide_main() Value;
}

/// What ends its caller: threads and children of the fuzzer call these.
pub const ENDS: &[&str] = &["ExitProcess", "ExitThread", "_endthreadex", "_endthread"];
