//! Memory for the program: heaps, and the older local and global memory. All of it is the C library's.
//!
//! In front of each block stands a header with the size that was asked for (`HeapSize` says just that), the heap, and a mark by which
//! a pointer that is none of ours, or was freed, is noticed instead of confusing the C library.

use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::last_error;
use crate::types::{BOOL, DWORD, HANDLE, POINTER, SIZE, UINT};
use std::ptr::{self, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

const HEAP_GENERATE_EXCEPTIONS: u32 = 4;
const HEAP_ZERO_MEMORY: u32 = 8;
const HEAP_REALLOC_IN_PLACE_ONLY: u32 = 0x10;
const MOVEABLE: u32 = 2;
const ZEROINIT: u32 = 0x40;
const MODIFY: u32 = 0x80;

/// Blocks begin where malloc's do plus this, so they are aligned as malloc's.
#[repr(C, align(16))]
struct Header {
    /// Its place among the blocks of a heap that can be destroyed.
    previous: *mut Header,
    next: *mut Header,
    size: usize,
    heap: usize,
    locks: u32,
    moveable: bool,
    mark: u64,
}

const HEADER: usize = size_of::<Header>();
const _: () = assert!(HEADER.is_multiple_of(16));
const LIVE: u64 = 0x7665_6475_7461_6865;
const FREED: u64 = 0x6672_6565_6672_6565;

/// `LocalAlloc` and `GlobalAlloc` take from the process heap, as on Windows.
const PROCESS_HEAP: usize = 0x1_0000;
/// Heaps that were created: a number of its own each, never used again, and its newest block.
static HEAPS: Mutex<Heaps> = Mutex::new(Heaps { heaps: Vec::new(), last: PROCESS_HEAP });

pub(crate) struct Heaps {
    heaps: Vec<Heap>,
    last: usize,
}

struct Heap {
    number: usize,
    /// The most that may be allocated, or 0: no limit.
    maximum: usize,
    newest: *mut Header,
}

// SAFETY: the blocks of a heap belong to the process, and their list is changed under the lock of HEAPS only.
unsafe impl Send for Heap {}

pub(crate) fn heaps() -> MutexGuard<'static, Heaps> {
    HEAPS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Heaps {
    fn get(&mut self, number: usize) -> Result<&mut Heap> {
        let found = self.heaps.iter_mut().find(|heap| heap.number == number);
        found.ok_or_else(|| Failure::hint(code::INVALID_HANDLE, "it is no heap, or one that was destroyed"))
    }
}

impl Heap {
    fn link(&mut self, block: *mut Header) {
        // SAFETY: a new block of ours, which nobody else knows.
        unsafe { (*block).previous = null_mut() };
        // SAFETY: as above.
        unsafe { (*block).next = self.newest };
        if !self.newest.is_null() {
            // SAFETY: blocks in the list are alive: who frees one unlinks it first.
            unsafe { (*self.newest).previous = block };
        }
        self.newest = block;
    }

    fn unlink(&mut self, block: *mut Header) {
        // SAFETY: a live block of this heap.
        let Header { previous, next, .. } = unsafe { block.read() };
        if previous.is_null() {
            self.newest = next;
        } else {
            // SAFETY: neighbours in the list are alive.
            unsafe { (*previous).next = next };
        }
        if !next.is_null() {
            // SAFETY: as above.
            unsafe { (*next).previous = previous };
        }
    }
}

/// Memory that the program gives back with `LocalFree`.
pub(crate) fn allocate(size: usize) -> Result<POINTER> {
    allocate_in(PROCESS_HEAP, size, false, false)
}

/// Memory with these values in it, that the program gives back with `LocalFree`.
pub(crate) fn allocate_copy<T: Copy>(values: &[T]) -> Result<*mut T> {
    let memory = allocate(size_of_val(values))?.cast::<T>();
    // SAFETY: it was just made, that large, and aligned for everything.
    unsafe { ptr::copy_nonoverlapping(values.as_ptr(), memory, values.len()) };
    Ok(memory)
}

fn allocate_in(heap: usize, size: usize, zeroed: bool, moveable: bool) -> Result<POINTER> {
    let mut registry = if heap == PROCESS_HEAP { None } else { Some(heaps()) };
    if let Some(registry) = &mut registry {
        let maximum = registry.get(heap)?.maximum;
        // As on Windows, what comes near a fixed heap's size does not fit.
        if maximum != 0 && size > maximum {
            return Err(Failure::hint(
                code::NOT_ENOUGH_MEMORY,
                "the block is larger than the heap may become",
            ));
        }
    }
    let whole = size.checked_add(HEADER).filter(|&whole| whole <= isize::MAX as usize);
    let whole = whole.ok_or(Failure::Code(code::NOT_ENOUGH_MEMORY))?;
    let block = if zeroed {
        // SAFETY: nothing is asked of the arguments.
        unsafe { libc::calloc(1, whole) }
    } else {
        // SAFETY: as above.
        unsafe { libc::malloc(whole) }
    };
    if block.is_null() {
        return fail(code::NOT_ENOUGH_MEMORY);
    }
    let block = block.cast::<Header>();
    let header =
        Header { previous: null_mut(), next: null_mut(), size, heap, locks: 0, moveable, mark: LIVE };
    // SAFETY: it was just made, and there is room for a header.
    unsafe { block.write(header) };
    if let Some(registry) = &mut registry {
        registry.get(heap)?.link(block);
    }
    Ok(memory_of(block))
}

fn memory_of(block: *mut Header) -> POINTER {
    block.cast::<u8>().wrapping_add(HEADER).cast()
}

/// The header of what the program says is a block.
fn block_of(memory: POINTER) -> Result<*mut Header> {
    let block = memory.cast::<u8>().wrapping_sub(HEADER).cast::<Header>();
    if memory.is_null() || !block.is_aligned() {
        return Err(Failure::hint(code::INVALID_HANDLE, "it is not memory of such a function"));
    }
    // SAFETY: the caller says that it is a block of ours; what is not has at least some other memory in front.
    match unsafe { (*block).mark } {
        LIVE => Ok(block),
        FREED => Err(Failure::hint(code::INVALID_HANDLE, "the memory was freed before")),
        _ => Err(Failure::hint(
            code::INVALID_HANDLE,
            "it is not memory of such a function, or was overrun in front",
        )),
    }
}

/// A block that must be one of this heap.
fn block_in(heap: usize, memory: POINTER) -> Result<*mut Header> {
    let block = block_of(memory).map_err(|_| {
        Failure::hint(code::INVALID_PARAMETER, "it is no memory of a heap, or was freed before")
    })?;
    // SAFETY: a live block.
    if unsafe { (*block).heap } != heap {
        return Err(Failure::hint(code::INVALID_PARAMETER, "the memory is of another heap"));
    }
    Ok(block)
}

fn free(block: *mut Header) -> Result<()> {
    // SAFETY: a live block.
    let heap = unsafe { (*block).heap };
    if heap != PROCESS_HEAP {
        heaps().get(heap)?.unlink(block);
    }
    release(block);
    Ok(())
}

fn release(block: *mut Header) {
    // SAFETY: a live block that is in no list. Volatile, so that the mark is there though the memory is given back.
    let mark = unsafe { &raw mut (*block).mark };
    // SAFETY: as above.
    unsafe { mark.write_volatile(FREED) };
    // SAFETY: it came from malloc, and nobody can find it any more.
    unsafe { libc::free(block.cast()) };
}

/// How a block may be made another size.
struct Resize {
    zeroed: bool,
    in_place: bool,
}

fn resize(block: *mut Header, size: usize, how: Resize) -> Result<POINTER> {
    // SAFETY: a live block.
    let Header { size: old, heap, moveable, .. } = unsafe { block.read() };
    // SAFETY: as above; malloc made it.
    let room = unsafe { libc::malloc_usable_size(block.cast()) } - HEADER;
    if size <= room && (size <= old || how.in_place || room / 2 <= size) {
        if how.zeroed && size > old {
            let added = memory_of(block).cast::<u8>().wrapping_add(old);
            // SAFETY: malloc says that there is so much room.
            unsafe { ptr::write_bytes(added, 0, size - old) };
        }
        // SAFETY: a live block.
        unsafe { (*block).size = size };
        return Ok(memory_of(block));
    }
    if how.in_place {
        return Err(Failure::hint(code::NOT_ENOUGH_MEMORY, "the block cannot grow where it is"));
    }
    let new = allocate_in(heap, size, how.zeroed, moveable)?;
    // SAFETY: both are at least that large, and different memory.
    unsafe { ptr::copy_nonoverlapping(memory_of(block).cast::<u8>(), new.cast::<u8>(), old.min(size)) };
    free(block)?;
    Ok(new)
}

/// What a heap function that must not fail does instead.
fn or_exception(flags: u32, result: Result<POINTER>) -> Result<POINTER> {
    if flags & HEAP_GENERATE_EXCEPTIONS != 0
        && let Err(failure) = &result
        && failure.code() == code::NOT_ENOUGH_MEMORY
    {
        eprintln!(
            "veduta: there is no memory for a heap with HEAP_GENERATE_EXCEPTIONS; nothing can catch that here"
        );
        std::process::abort();
    }
    result
}

export! {
    fn LocalAlloc(flags: UINT, size: SIZE) -> POINTER {
        allocate_in(PROCESS_HEAP, size, flags & ZEROINIT != 0, flags & MOVEABLE != 0)
    }

    fn LocalReAlloc(memory: POINTER, size: SIZE, flags: UINT) -> POINTER { reallocate(memory, size, flags) }

    fn LocalFree(memory: POINTER) -> POINTER { Ok(give_back("LocalFree", memory)) }

    fn LocalSize(memory: POINTER) -> SIZE { size_of_block(memory) }

    fn LocalLock(memory: POINTER) -> POINTER { lock(memory) }

    fn LocalUnlock(memory: POINTER) -> BOOL { unlock(memory) }

    fn GlobalAlloc(flags: UINT, size: SIZE) -> POINTER {
        allocate_in(PROCESS_HEAP, size, flags & ZEROINIT != 0, flags & MOVEABLE != 0)
    }

    fn GlobalReAlloc(memory: POINTER, size: SIZE, flags: UINT) -> POINTER { reallocate(memory, size, flags) }

    fn GlobalFree(memory: POINTER) -> POINTER { Ok(give_back("GlobalFree", memory)) }

    fn GlobalSize(memory: POINTER) -> SIZE { size_of_block(memory) }

    fn GlobalLock(memory: POINTER) -> POINTER { lock(memory) }

    fn GlobalUnlock(memory: POINTER) -> BOOL { unlock(memory) }

    fn GetProcessHeap() -> HANDLE { Ok(HANDLE(PROCESS_HEAP)) }

    /// HEAP_NO_SERIALIZE is a promise that we do not need. A heap with a maximum refuses blocks that are larger.
    fn HeapCreate(_flags: DWORD, _initial: SIZE, maximum: SIZE) -> HANDLE {
        let mut heaps = heaps();
        heaps.last += PROCESS_HEAP;
        let number = heaps.last;
        heaps.heaps.push(Heap { number, maximum, newest: null_mut() });
        Ok(HANDLE(number))
    }

    fn HeapDestroy(heap: HANDLE) -> BOOL {
        if heap.0 == PROCESS_HEAP {
            return Err(Failure::hint(code::INVALID_HANDLE, "the process heap cannot be destroyed"));
        }
        let mut heaps = heaps();
        heaps.get(heap.0)?;
        let index = heaps.heaps.iter().position(|known| known.number == heap.0);
        let gone = heaps.heaps.swap_remove(index.unwrap_or_default());
        drop(heaps);
        let mut next = gone.newest;
        while !next.is_null() {
            let block = next;
            // SAFETY: blocks in the list are alive, and the list is nobody else's now.
            next = unsafe { (*block).next };
            release(block);
        }
        Ok(())
    }

    fn HeapAlloc(heap: HANDLE, flags: DWORD, size: SIZE) -> POINTER {
        or_exception(flags, allocate_in(heap.0, size, flags & HEAP_ZERO_MEMORY != 0, false))
    }

    fn HeapReAlloc(heap: HANDLE, flags: DWORD, memory: POINTER, size: SIZE) -> POINTER {
        let how = Resize {
            zeroed: flags & HEAP_ZERO_MEMORY != 0,
            in_place: flags & HEAP_REALLOC_IN_PLACE_ONLY != 0,
        };
        or_exception(flags, block_in(heap.0, memory).and_then(|block| resize(block, size, how)))
    }

    /// Freeing NULL is no error.
    fn HeapFree(heap: HANDLE, _flags: DWORD, memory: POINTER) -> BOOL {
        if memory.is_null() { Ok(()) } else { free(block_in(heap.0, memory)?) }
    }

    fn HeapSize(heap: HANDLE, _flags: DWORD, memory: POINTER) -> SIZE, failing SIZE_FAILED {
        let block = block_in(heap.0, memory)?;
        // SAFETY: a live block.
        Ok(unsafe { (*block).size })
    }

    fn HeapValidate(heap: HANDLE, _flags: DWORD, memory: POINTER) -> BOOL {
        if memory.is_null() {
            if heap.0 == PROCESS_HEAP { return Ok(()) }
            return heaps().get(heap.0).map(|_| ());
        }
        block_in(heap.0, memory).map(|_| ())
    }
}

const SIZE_FAILED: usize = usize::MAX;

fn reallocate(memory: POINTER, size: usize, flags: u32) -> Result<POINTER> {
    let block = block_of(memory)?;
    if flags & MODIFY != 0 {
        // SAFETY: a live block.
        unsafe { (*block).moveable = flags & MOVEABLE != 0 };
        return Ok(memory);
    }
    // SAFETY: a live block.
    let stays = unsafe { !(*block).moveable } && flags & MOVEABLE == 0;
    resize(block, size, Resize { zeroed: flags & ZEROINIT != 0, in_place: stays })
}

/// NULL says that it is done; what was passed, that it failed.
pub(crate) fn give_back(function: &'static str, memory: POINTER) -> POINTER {
    if memory.is_null() {
        return memory;
    }
    match block_of(memory).and_then(free) {
        Ok(()) => null_mut(),
        Err(failure) => {
            failure.report(function);
            memory
        }
    }
}

fn size_of_block(memory: POINTER) -> Result<usize> {
    let block = block_of(memory)?;
    // SAFETY: a live block.
    Ok(unsafe { (*block).size })
}

/// Memory is where it is: locking counts, for those who look at the result of unlocking.
fn lock(memory: POINTER) -> Result<POINTER> {
    let block = block_of(memory)?;
    // SAFETY: a live block. Programs that lock one from several threads keep those apart, as on Windows.
    let Header { moveable, locks, .. } = unsafe { block.read() };
    if moveable {
        // SAFETY: as above.
        unsafe { (*block).locks = locks.saturating_add(1) };
    }
    Ok(memory)
}

/// False with the last error 0 says that nobody locks it any more.
fn unlock(memory: POINTER) -> Result<BOOL> {
    let block = block_of(memory)?;
    // SAFETY: a live block.
    let Header { moveable, locks, .. } = unsafe { block.read() };
    if !moveable {
        return Ok(BOOL::TRUE);
    }
    if locks == 0 {
        return Err(Failure::hint(code::NOT_LOCKED, "it was unlocked more often than locked"));
    }
    // SAFETY: a live block.
    unsafe { (*block).locks = locks - 1 };
    if locks == 1 {
        last_error::set(code::SUCCESS);
    }
    Ok((locks > 1).into())
}
