//! Calls that have an order: memory of heaps, locks, streams, threads that are suspended, children.

use crate::random::Random;
use crate::registry::Kind;
use crate::world::World;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

mod ends {
    unsafe extern "C" {
        pub(super) fn ExitThread(code: u32);
        pub(super) fn _endthreadex(code: u32);
        pub(super) fn _endthread();
        pub(super) safe fn SleepEx(milliseconds: u32, alertable: i32) -> u32;
    }
}

extern "C" fn returns(_argument: *mut c_void) -> u32 {
    7
}

extern "C" fn exits(_argument: *mut c_void) -> u32 {
    // SAFETY: there is nothing in this frame.
    unsafe { ends::ExitThread(8) };
    0
}

extern "C" fn ends_ex(_argument: *mut c_void) -> u32 {
    // SAFETY: as above.
    unsafe { ends::_endthreadex(9) };
    0
}

extern "C" fn ends(_argument: *mut c_void) -> u32 {
    // SAFETY: as above.
    unsafe { ends::_endthread() };
    0
}

extern "C" fn dozes(_argument: *mut c_void) -> u32 {
    for _ in 0..3 {
        ends::SleepEx(1, 1);
    }
    10
}

pub fn routine(random: &mut Random) -> u64 {
    let routine: extern "C" fn(*mut c_void) -> u32 = random.of(&[returns, exits, ends_ex, ends, dozes]);
    (routine as *const c_void).expose_provenance() as u64
}

static PROCEDURES: AtomicU64 = AtomicU64::new(0);

extern "C" fn procedure(_a: u64, _b: u64, _c: u64) {
    PROCEDURES.fetch_add(1, Ordering::Relaxed);
}

/// For a queue, and for timers, which pass two more.
pub fn apc() -> u64 {
    (procedure as *const c_void).expose_provenance() as u64
}

static STAYING: AtomicU64 = AtomicU64::new(0);

/// Runs until the word that it is given is no more 1; allocates nothing, so that it can be suspended anywhere.
extern "C" fn stays(word: *mut c_void) -> u32 {
    // SAFETY: the word outlives the thread.
    let word = unsafe { &*word.cast::<AtomicU64>() };
    STAYING.fetch_add(1, Ordering::SeqCst);
    word.store(1, Ordering::SeqCst);
    while word.load(Ordering::SeqCst) == 1 {
        std::hint::spin_loop();
        // SAFETY: gives the processor away.
        unsafe { libc::sched_yield() };
    }
    11
}

const BLOCK: usize = 64;

fn at(words: &mut [u64]) -> u64 {
    words.as_mut_ptr().expose_provenance() as u64
}

/// One of the scenarios.
pub fn run(world: &mut World) {
    match world.random.below(40) {
        0..8 => heap(world),
        8..14 => local(world),
        14..19 => critical(world),
        19..24 => slim(world),
        24..29 => once(world),
        29..33 => pipe(world),
        33..36 => streams(world),
        36 => guarded(world),
        37 => suspended(world),
        38 if world.random.percent(20) => child(world),
        _ => wide_main(world),
    }
}

const SIZES: &[u64] = &[0, 1, 15, 16, 4095, 4096, 65536, 1 << 20, 1 << 63, u64::MAX, u64::MAX - 48];

fn heap(world: &mut World) {
    let own = world.random.percent(50);
    let maximum = world.random.of(&[0, 0, 100, 5000, u64::MAX]);
    let heap =
        if own { world.call("HeapCreate", &[0, 0, maximum]) } else { world.call("GetProcessHeap", &[]) };
    let mut blocks = Vec::new();
    for _ in 0..world.random.below(12) {
        let size = world.random.of(SIZES);
        let flags = world.random.of(&[0, 8, 1, 9]);
        match world.random.below(6) {
            0..2 => {
                let made = world.call("HeapAlloc", &[heap, flags, size]);
                if made != 0 {
                    blocks.push((made, size));
                    fill(world, made, size, flags & 8 != 0);
                }
            }
            2 => {
                if let Some((block, _)) = blocks.pop() {
                    world.call("HeapFree", &[heap, 0, block]);
                }
            }
            3 => {
                if let Some((block, old)) = blocks.pop() {
                    let flags = flags | world.random.of(&[0, 0x10]);
                    let made = world.call("HeapReAlloc", &[heap, flags, block, size]);
                    blocks.push(if made == 0 { (block, old) } else { (made, size) });
                    if made != 0 {
                        fill(world, made, size, false);
                    }
                }
            }
            4 => {
                if let Some(&(block, size)) = blocks.last() {
                    if world.call("HeapSize", &[heap, 0, block]) != size {
                        world.fail("HeapSize is not what was asked for");
                    }
                    world.call("HeapValidate", &[heap, 0, block]);
                    // The block of another heap, a heap that is none.
                    world.call("HeapFree", &[heap + 1, 0, block]);
                    world.call("HeapReAlloc", &[u64::MAX, 0, block, 5]);
                }
            }
            _ => {
                world.call("HeapFree", &[heap, 0, 0]);
                world.call("HeapSize", &[heap, 0, 0]);
                world.call("HeapReAlloc", &[heap, 0, 0, 5]);
                world.call("HeapValidate", &[heap, 0, 0]);
                world.call("HeapDestroy", &[0xDEAD_0000]);
            }
        }
    }
    if own && world.random.percent(50) {
        world.call("HeapDestroy", &[heap]);
        world.call("HeapAlloc", &[heap, 0, 5]);
        world.call("HeapDestroy", &[heap]);
        return;
    }
    for (block, _) in blocks {
        world.call("HeapFree", &[heap, 0, block]);
    }
    world.call("HeapDestroy", &[heap]);
}

/// All of a block can be written, and is 0 if that was wanted.
fn fill(world: &mut World, block: u64, size: u64, zeroed: bool) {
    let bytes = std::ptr::with_exposed_provenance_mut::<u8>(block as usize);
    if !zeroed {
        // SAFETY: the heap gave so many bytes.
        unsafe { bytes.write_bytes(0xAB, size as usize) };
    }
    // SAFETY: as above; they were written just now, or are to be 0.
    let bytes = unsafe { std::slice::from_raw_parts_mut(bytes, size as usize) };
    if zeroed && bytes.iter().any(|&byte| byte != 0) {
        world.fail("memory that was to be zero is not");
    }
    bytes.fill(0xAB);
}

fn local(world: &mut World) {
    let global = world.random.percent(50);
    let name = |rest: &str| format!("{}{rest}", if global { "Global" } else { "Local" });
    let flags = world.random.of(&[0, 2, 0x40, 0x42]);
    let size = world.random.of(SIZES);
    let mut memory = world.call(&name("Alloc"), &[flags, size]);
    for pointer in [0, 1, 8] {
        world.call(&name("Size"), &[pointer & !15]);
        world.call(&name("Lock"), &[pointer & !15]);
        world.call(&name("Unlock"), &[pointer & !15]);
        world.call(&name("ReAlloc"), &[0, pointer, 0]);
    }
    if memory != 0 {
        for _ in 0..world.random.below(5) {
            match world.random.below(4) {
                0 => {
                    world.call(&name("Lock"), &[memory]);
                }
                1 => {
                    world.call(&name("Unlock"), &[memory]);
                }
                2 => {
                    world.call(&name("Size"), &[memory]);
                }
                _ => {
                    let size = world.random.of(SIZES);
                    let flags = world.random.of(&[0, 2, 0x40, 0x42, 0x80, 0x82]);
                    let made = world.call(&name("ReAlloc"), &[memory, size, flags]);
                    memory = if made == 0 { memory } else { made };
                }
            }
        }
    }
    world.call(&name("Free"), &[memory]);
}

fn critical(world: &mut World) {
    let mut block = vec![0; BLOCK];
    let section = at(&mut block);
    match world.random.below(3) {
        0 => world.call("InitializeCriticalSection", &[section]),
        1 => world.call("InitializeCriticalSectionAndSpinCount", &[section, 4000]),
        _ => world.call("InitializeCriticalSectionEx", &[section, 0, u64::from(u32::MAX)]),
    };
    world.call("SetCriticalSectionSpinCount", &[section, 0x8000_0001]);
    let depth = world.random.below(4);
    for _ in 0..depth {
        if world.random.percent(50) {
            world.call("EnterCriticalSection", &[section]);
        } else if world.call("TryEnterCriticalSection", &[section]) & 0xFFFF_FFFF == 0 {
            world.fail("a critical section of this thread could not be entered again");
        }
    }
    if depth == 1 {
        let mut variable = vec![0; BLOCK];
        let variable = at(&mut variable);
        world.call("InitializeConditionVariable", &[variable]);
        world.call("SleepConditionVariableCS", &[variable, section, 1]);
        world.call("WakeConditionVariable", &[variable]);
        world.call("WakeAllConditionVariable", &[variable]);
    }
    for _ in 0..depth {
        world.call("LeaveCriticalSection", &[section]);
    }
    world.call("DeleteCriticalSection", &[section]);
}

/// Wakes the sleeper, after a while.
extern "C" fn wakes(variable: *mut c_void) -> u32 {
    unsafe extern "C" {
        fn WakeAllConditionVariable(variable: *mut c_void);
    }
    ends::SleepEx(1, 0);
    // SAFETY: the variable outlives the thread.
    unsafe { WakeAllConditionVariable(variable) };
    0
}

fn slim(world: &mut World) {
    let mut block = vec![0; BLOCK];
    let lock = at(&mut block);
    world.call("InitializeSRWLock", &[lock]);
    if world.random.percent(50) {
        world.call("AcquireSRWLockExclusive", &[lock]);
        if world.call("TryAcquireSRWLockShared", &[lock]) & 0xFF != 0 {
            world.fail("a lock was had twice");
        }
        let mut variable = vec![0; BLOCK];
        let variable = at(&mut variable);
        let milliseconds = world.random.below(3) as u64;
        world.call("SleepConditionVariableSRW", &[variable, lock, milliseconds, 0]);
        world.call("SleepConditionVariableSRW", &[variable, lock, 1, 0xFFF0]);
        if world.random.percent(25) {
            world.private = true;
            let thread = world.call(
                "CreateThread",
                &[0, 0, (wakes as *const c_void).expose_provenance() as u64, variable, 0, 0],
            );
            world.private = false;
            if world.random.percent(50) {
                world.call("SleepConditionVariableSRW", &[variable, lock, 3000, 0]);
            } else {
                let mut block = vec![0; BLOCK];
                let section = at(&mut block);
                world.call("InitializeCriticalSection", &[section]);
                world.call("EnterCriticalSection", &[section]);
                world.call("SleepConditionVariableCS", &[variable, section, 3000]);
                world.call("LeaveCriticalSection", &[section]);
                world.call("DeleteCriticalSection", &[section]);
            }
            world.call("WaitForSingleObject", &[thread, 10_000]);
            world.call("CloseHandle", &[thread]);
        }
        world.call("ReleaseSRWLockExclusive", &[lock]);
    } else {
        world.call("AcquireSRWLockShared", &[lock]);
        world.call("TryAcquireSRWLockShared", &[lock]);
        if world.call("TryAcquireSRWLockExclusive", &[lock]) & 0xFF != 0 {
            world.fail("a lock was had twice");
        }
        let mut variable = vec![0; BLOCK];
        let variable = at(&mut variable);
        world.call("SleepConditionVariableSRW", &[variable, lock, 1, 1]);
        world.call("ReleaseSRWLockShared", &[lock]);
        world.call("ReleaseSRWLockShared", &[lock]);
    }
}

extern "C" fn initializes(_once: *mut c_void, parameter: u64, context: *mut u64) -> i32 {
    // SAFETY: the function is passed a place.
    unsafe { context.write(parameter) };
    (parameter != 8) as i32
}

fn once(world: &mut World) {
    let mut block = vec![0; BLOCK];
    let once = at(&mut block);
    let mut place = [0; 2];
    let place = at(&mut place);
    world.call("InitOnceInitialize", &[once]);
    for _ in 0..world.random.below(6) {
        // What another call would have to end is not begun twice: that waits.
        match world.random.below(6) {
            0 | 1 => {
                let parameter = world.random.of(&[0, 4, 8, 3]);
                let function =
                    world.random.of(&[(initializes as *const c_void).expose_provenance() as u64, 0]);
                world.call("InitOnceExecuteOnce", &[once, function, parameter, place]);
            }
            2 => {
                let done = world.call("InitOnceBeginInitialize", &[once, 1, place, 0]);
                let _known = done;
            }
            3 => {
                world.call("InitOnceBeginInitialize", &[once, 0xFF00, place, place + 8]);
                world.call("InitOnceBeginInitialize", &[once, 0, 0, 0]);
            }
            4 => {
                let fresh = world.call("InitOnceBeginInitialize", &[once, 0, place, place + 8]) != 0;
                // SAFETY: the array is this function's.
                let pending =
                    unsafe { std::ptr::with_exposed_provenance::<u32>(place as usize).read_volatile() } != 0;
                if fresh && pending {
                    let flags = world.random.of(&[0, 4]);
                    if world.call("InitOnceComplete", &[once, flags, 0]) == 0 {
                        world.fail("what was begun cannot be completed");
                    }
                }
            }
            _ => {
                let flags = world.random.of(&[0, 1, 2, 4, 0x80]);
                let context = world.random.of(&[0, 4, 3]);
                world.call("InitOnceComplete", &[once, flags, context]);
            }
        }
    }
}

fn pipe(world: &mut World) {
    let mut ends = [0; 2];
    let place = at(&mut ends);
    if world.call("CreatePipe", &[place, place + 8, 0, 0]) == 0 {
        return;
    }
    // SAFETY: the array is this function's.
    let [reader, writer] =
        unsafe { std::ptr::with_exposed_provenance::<[u64; 2]>(place as usize).read_volatile() };
    let mut data = vec![0x55; 512];
    let data = at(&mut data);
    let mut counts = [0; 4];
    let count = at(&mut counts);
    for _ in 0..world.random.below(5) {
        let length = world.random.of(&[1, 100, 4096]);
        world.call("WriteFile", &[writer, data, length, count, 0]);
        world.call("PeekNamedPipe", &[reader, data, length, count, count + 8, count + 16]);
        world.call("ReadFile", &[reader, data, 4096, count, 0]);
        world.call("ReadFile", &[writer, data, 4096, count, 0]);
        world.call("WriteFile", &[reader, data, 4096, count, 0]);
    }
    if world.random.percent(50) {
        world.call("CloseHandle", &[writer]);
        world.call("ReadFile", &[reader, data, 4096, count, 0]);
        world.call("PeekNamedPipe", &[reader, data, 10, count, 0, 0]);
        world.call("CloseHandle", &[reader]);
    } else {
        world.call("CloseHandle", &[reader]);
        world.call("WriteFile", &[writer, data, 10, count, 0]);
        world.call("CloseHandle", &[writer]);
    }
}

fn streams(world: &mut World) {
    // SAFETY: makes a stream, or NULL.
    let stream = unsafe { libc::tmpfile() };
    if stream.is_null() {
        return;
    }
    let file = stream.expose_provenance() as u64;
    let mut texts: Vec<u16> =
        (0..300).map(|index| if index % 70 == 69 { 10 } else { 0x61 + index % 26 }).collect();
    texts.extend([0xD800, 0x20AC, 0]);
    let text = texts.as_mut_ptr().expose_provenance() as u64;
    world.call("veduta_fputws", &[text, file]);
    // SAFETY: the stream is open.
    unsafe { libc::rewind(stream) };
    let mut buffer = vec![0; 128];
    let buffer = at(&mut buffer);
    for _ in 0..8 {
        let capacity = world.random.of(&[0, 1, 2, 10, 100, 512, u64::from(u32::MAX)]).min(512);
        world.call("veduta_fgetws", &[buffer, capacity, file]);
    }
    // SAFETY: it is closed once.
    unsafe { libc::fclose(stream) };
}

extern "C" fn reads(address: *mut c_void) {
    if !address.is_null() {
        // SAFETY: the first byte of a view.
        unsafe { address.cast::<u8>().read_volatile() };
    }
}

fn guarded(world: &mut World) {
    let mut fault = [0; 4];
    let fault = at(&mut fault);
    let body = (reads as *const c_void).expose_provenance() as u64;
    world.call("veduta_guarded", &[0, 0, fault]);
    if world.call("veduta_guarded", &[body, 0, fault]) & 0xFFFF_FFFF != 0 {
        world.fail("a body that does nothing did not end");
    }
    let section = world.call("CreateFileMappingW", &[u64::MAX, 0, 4, 0, 4096, 0]);
    let view = world.call("MapViewOfFile", &[section, 4, 0, 0, 0]);
    if view != 0 {
        world.call("veduta_guarded", &[body, view, 0]);
    }
}

fn suspended(world: &mut World) {
    let word = AtomicU64::new(0);
    let place = (&raw const word).expose_provenance() as u64;
    let flags = world.random.of(&[0, 4]);
    let routine = (stays as *const c_void).expose_provenance() as u64;
    world.private = true;
    let thread = world.call("CreateThread", &[0, 0, routine, place, flags, 0]);
    world.private = false;
    if thread == 0 {
        return;
    }
    if flags == 4 {
        world.call("SuspendThread", &[thread]);
        world.call("ResumeThread", &[thread]);
        world.call("ResumeThread", &[thread]);
    }
    while word.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    let times = world.random.below(4);
    for _ in 0..times {
        world.call("SuspendThread", &[thread]);
    }
    for _ in 0..times + 1 {
        world.call("ResumeThread", &[thread]);
    }
    word.store(2, Ordering::SeqCst);
    if world.call("WaitForSingleObject", &[thread, 60_000]) & 0xFFFF_FFFF != 0 {
        world.fail("a thread that was resumed does not end");
    }
    world.call("CloseHandle", &[thread]);
}

fn child(world: &mut World) {
    let is_wide = world.random.percent(50);
    let line = world.random.of(&["/bin/true", "/bin/sleep 5", "\"/bin/sleep\" 0.01"]);
    let mut units: Vec<u16> = line.encode_utf16().chain([0]).collect();
    let mut bytes: Vec<u8> = line.bytes().chain([0]).collect();
    let (name, text) = if is_wide {
        ("CreateProcessW", units.as_mut_ptr().expose_provenance())
    } else {
        ("CreateProcessA", bytes.as_mut_ptr().expose_provenance())
    };
    let mut startup = [0; 13];
    startup[0] = 104;
    let startup = at(&mut startup);
    let mut made = [0; 3];
    let made = at(&mut made);
    let flags = world.random.of(&[0, 4, 0x400]);
    // A child that does not use the library keeps what it inherits until it ends, and then leaves the names to whoever comes next.
    let inherits = world.shared.threads == 1 && line == "/bin/true";
    let inherit = u64::from(inherits);
    if world.call(name, &[0, text as u64, 0, 0, inherit, flags, 0, 0, startup, made]) == 0 {
        world.fail(&format!("{line} cannot be started"));
    }
    // SAFETY: the array is this function's.
    let [process, thread, _ids] =
        unsafe { std::ptr::with_exposed_provenance::<[u64; 3]>(made as usize).read_volatile() };
    if world.random.percent(50) {
        world.call("TerminateProcess", &[process, 5]);
        if world.call("WaitForSingleObject", &[process, 10_000]) & 0xFFFF_FFFF != 0 {
            world.fail("a child that was terminated is there");
        }
    }
    world.call("ResumeThread", &[thread]);
    if inherits {
        world.call("WaitForSingleObject", &[process, 10_000]);
    }
    world.shared.handles.add(process, Kind::Child);
    world.shared.handles.add(thread, Kind::Thread);
}

extern "C" fn main_of_wide(count: i32, _arguments: *mut *mut u16) -> i32 {
    count
}

/// Once: the texts stay as long as the process.
fn wide_main(world: &mut World) {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.swap(true, Ordering::Relaxed) {
        return;
    }
    let mut texts = *b"one\0tw\xFFo\0";
    let first = texts.as_mut_ptr().expose_provenance() as u64;
    let mut arguments = [first, first + 4, 0];
    let place = at(&mut arguments);
    let entry = (main_of_wide as *const c_void).expose_provenance() as u64;
    if world.call("veduta_wide_main", &[entry, 2, place]) & 0xFFFF_FFFF != 2 {
        world.fail("main was not called");
    }
}
