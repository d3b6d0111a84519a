//! How a thread leaves what it is doing, for good, without unwinding: on Windows, `ExitThread` runs no destructors of what is on the
//! stack, and no handlers.
//!
//! Unwinding would not do, either: `pthread_exit` unwinds through every frame, and those of Rust do not let it pass.

use std::cell::Cell;
use std::ffi::c_void;

// Both functions have no unwinding information, so that whoever unwinds this far takes it for the bottom of the stack: an exception
// that nobody catches ends the program, and `pthread_exit` goes on to end the thread.
#[cfg(target_arch = "x86_64")]
std::arch::global_asm!(
    ".text",
    ".balign 16",
    ".globl veduta_win32_thread_call",
    ".hidden veduta_win32_thread_call",
    ".type veduta_win32_thread_call, @function",
    "veduta_win32_thread_call:",
    "push rbp",
    "push rbx",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    // The stack is aligned for the call.
    "sub rsp, 8",
    "mov [rdx], rsp",
    "mov rax, rdi",
    "mov rdi, rsi",
    "call rax",
    "2:",
    "add rsp, 8",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbx",
    "pop rbp",
    "ret",
    ".size veduta_win32_thread_call, . - veduta_win32_thread_call",
    ".globl veduta_win32_thread_leave",
    ".hidden veduta_win32_thread_leave",
    ".type veduta_win32_thread_leave, @function",
    "veduta_win32_thread_leave:",
    "mov rsp, rdi",
    "mov eax, esi",
    "jmp 2b",
    ".size veduta_win32_thread_leave, . - veduta_win32_thread_leave",
);

#[cfg(target_arch = "aarch64")]
std::arch::global_asm!(
    ".text",
    ".balign 16",
    ".globl veduta_win32_thread_call",
    ".hidden veduta_win32_thread_call",
    ".type veduta_win32_thread_call, %function",
    "veduta_win32_thread_call:",
    "stp x29, x30, [sp, #-160]!",
    "stp x19, x20, [sp, #16]",
    "stp x21, x22, [sp, #32]",
    "stp x23, x24, [sp, #48]",
    "stp x25, x26, [sp, #64]",
    "stp x27, x28, [sp, #80]",
    "stp d8, d9, [sp, #96]",
    "stp d10, d11, [sp, #112]",
    "stp d12, d13, [sp, #128]",
    "stp d14, d15, [sp, #144]",
    "mov x9, sp",
    "str x9, [x2]",
    "mov x9, x0",
    "mov x0, x1",
    "blr x9",
    "2:",
    "ldp x19, x20, [sp, #16]",
    "ldp x21, x22, [sp, #32]",
    "ldp x23, x24, [sp, #48]",
    "ldp x25, x26, [sp, #64]",
    "ldp x27, x28, [sp, #80]",
    "ldp d8, d9, [sp, #96]",
    "ldp d10, d11, [sp, #112]",
    "ldp d12, d13, [sp, #128]",
    "ldp d14, d15, [sp, #144]",
    "ldp x29, x30, [sp], #160",
    "ret",
    ".size veduta_win32_thread_call, . - veduta_win32_thread_call",
    ".globl veduta_win32_thread_leave",
    ".hidden veduta_win32_thread_leave",
    ".type veduta_win32_thread_leave, %function",
    "veduta_win32_thread_leave:",
    "mov sp, x0",
    "mov w0, w1",
    "b 2b",
    ".size veduta_win32_thread_leave, . - veduta_win32_thread_leave",
);

/// What a thread runs.
pub(super) type Routine = extern "C" fn(*mut c_void) -> u32;

unsafe extern "C" {
    /// Calls `routine(argument)`, and notes at `place` where `veduta_win32_thread_leave` returns to.
    fn veduta_win32_thread_call(routine: *const c_void, argument: *mut c_void, place: *mut usize) -> u32;
    /// Makes the call that noted `place` return `code`.
    fn veduta_win32_thread_leave(place: usize, code: u32) -> !;
}

thread_local! {
    /// Where [`leave`] goes; 0: nowhere.
    static PLACE: Cell<usize> = const { Cell::new(0) };
}

/// Calls a routine of the program, which may [`leave`].
pub(super) fn call(routine: Routine, argument: *mut c_void) -> u32 {
    // SAFETY: `Cell` is its content, and this thread's.
    let code =
        unsafe { veduta_win32_thread_call(routine as *const c_void, argument, PLACE.with(Cell::as_ptr)) };
    PLACE.set(0);
    code
}

/// Ends the calling thread: makes its [`call`] return, or lets the C library end a thread that has none.
pub(super) fn leave(code: u32) -> ! {
    let place = PLACE.get();
    if place != 0 {
        // SAFETY: the call that noted it has not returned. What lies between is given up, as `ExitThread` does.
        unsafe { veduta_win32_thread_leave(place, code) }
    }
    let mut unused = 0;
    // SAFETY: `pthread_exit` is a function of C that takes a pointer. Its caller is the bottom of the stack that it unwinds.
    unsafe {
        veduta_win32_thread_call(
            libc::pthread_exit as *const c_void,
            std::ptr::without_provenance_mut(code as usize),
            &raw mut unused,
        )
    };
    unreachable!("pthread_exit does not return")
}
