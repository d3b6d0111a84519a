//! `veduta_guarded`: survives a view whose bytes are gone, because its file was cut off or cannot be read.
//!
//! Windows raises a structured exception then (`EXCEPTION_IN_PAGE_ERROR`), Linux the signal SIGBUS, which `veduta` handles and puts to
//! [`recover`]. That does not jump: it edits the registers to which the kernel returns, so that the thread goes on where
//! `veduta_guarded_enter` left the stack, and the kernel puts back the signal mask. What the body was doing is left undone, as with `longjmp`.

use crate::addresses;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::pointer::Out;
use crate::types::{INT, POINTER};
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use veduta::os::unix::in_page;

const EXCEPTION_IN_PAGE_ERROR: u32 = 0xC000_0006;

/// `veduta_fault`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Fault {
    address: POINTER,
    code: u32,
}

type Body = extern "C" fn(*mut c_void);

const INVALID: INT = -1;

export! {
    fn veduta_guarded(body: Option<Body>, context: POINTER, fault: Out<Fault>) -> INT, failing INVALID {
        let body = body.ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "there is no function to call"))?;
        match guarded(body, context)? {
            None => Ok(0),
            Some(address) => {
                fault.put(Fault { address: address as POINTER, code: EXCEPTION_IN_PAGE_ERROR });
                Ok(1)
            }
        }
    }
}

/// One call of `veduta_guarded`, while its body runs.
#[repr(C)]
struct Frame {
    /// The stack as [`enter`] left it: what it has to put back lies there.
    stack: usize,
    /// Where the fault was.
    address: usize,
    /// The call that this one was made in.
    outer: *mut Frame,
}

thread_local! {
    /// The innermost call of this thread. Without a destructor: the handler reads it.
    static INNERMOST: Cell<*mut Frame> = const { Cell::new(null_mut()) };
}

fn guarded(body: Body, context: *mut c_void) -> Result<Option<usize>> {
    install()?;
    let outer = INNERMOST.get();
    let mut frame = Frame { stack: 0, address: 0, outer };
    let innermost = &raw mut frame;
    INNERMOST.set(innermost);
    // SAFETY: the function and its argument are the caller's; the frame outlives the call.
    let faulted = unsafe { veduta_guarded_enter(body, context, innermost) };
    INNERMOST.set(outer);
    // SAFETY: the frame is this function's; the handler, which also writes to it, ran in this thread.
    let address = unsafe { (*innermost).address };
    Ok((faulted != 0).then_some(address))
}

unsafe extern "C" {
    /// Calls the body; 0 if it returned, 1 if the handler came back in its stead.
    fn veduta_guarded_enter(body: Body, context: *mut c_void, frame: *mut Frame) -> INT;
    /// Where the handler comes back.
    fn veduta_guarded_resume();
}

// What a function must leave as it found it is put on the stack, and the stack's address into the frame (its first word).
#[cfg(target_arch = "x86_64")]
std::arch::global_asm!(
    ".pushsection .text.veduta_guarded_enter,\"ax\",@progbits",
    ".balign 16",
    ".hidden veduta_guarded_enter",
    ".globl veduta_guarded_enter",
    ".type veduta_guarded_enter,@function",
    "veduta_guarded_enter:",
    ".cfi_startproc",
    "push rbp",
    ".cfi_def_cfa_offset 16",
    ".cfi_offset rbp, -16",
    "mov rbp, rsp",
    ".cfi_def_cfa_register rbp",
    "push rbx",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "sub rsp, 8",
    "stmxcsr [rsp]",
    "fnstcw [rsp + 4]",
    "mov [rdx], rsp",
    "mov rax, rdi",
    "mov rdi, rsi",
    "call rax",
    "xor eax, eax",
    "jmp 2f",
    ".hidden veduta_guarded_resume",
    ".globl veduta_guarded_resume",
    "veduta_guarded_resume:",
    // Only the stack pointer is right here. Its frame pointer lies where it was pushed.
    "cld",
    "emms",
    "ldmxcsr [rsp]",
    "fldcw [rsp + 4]",
    "mov eax, 1",
    "2:",
    "add rsp, 8",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbx",
    "pop rbp",
    ".cfi_def_cfa rsp, 8",
    "ret",
    ".cfi_endproc",
    ".size veduta_guarded_enter, . - veduta_guarded_enter",
    ".popsection",
);

#[cfg(target_arch = "aarch64")]
std::arch::global_asm!(
    ".pushsection .text.veduta_guarded_enter,\"ax\",@progbits",
    ".balign 16",
    ".hidden veduta_guarded_enter",
    ".globl veduta_guarded_enter",
    ".type veduta_guarded_enter,@function",
    "veduta_guarded_enter:",
    ".cfi_startproc",
    "stp x29, x30, [sp, #-176]!",
    ".cfi_def_cfa_offset 176",
    ".cfi_offset x29, -176",
    ".cfi_offset x30, -168",
    "mov x29, sp",
    "stp x19, x20, [sp, #16]",
    "stp x21, x22, [sp, #32]",
    "stp x23, x24, [sp, #48]",
    "stp x25, x26, [sp, #64]",
    "stp x27, x28, [sp, #80]",
    "stp d8, d9, [sp, #96]",
    "stp d10, d11, [sp, #112]",
    "stp d12, d13, [sp, #128]",
    "stp d14, d15, [sp, #144]",
    "mrs x9, fpcr",
    "str x9, [sp, #160]",
    "mov x9, sp",
    "str x9, [x2]",
    "mov x9, x0",
    "mov x0, x1",
    "blr x9",
    "mov w0, #0",
    "b 2f",
    ".hidden veduta_guarded_resume",
    ".globl veduta_guarded_resume",
    "veduta_guarded_resume:",
    // Only the stack pointer is right here.
    "ldr x9, [sp, #160]",
    "msr fpcr, x9",
    "mov w0, #1",
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
    "ldp x29, x30, [sp], #176",
    ".cfi_def_cfa_offset 0",
    "ret",
    ".cfi_endproc",
    ".size veduta_guarded_enter, . - veduta_guarded_enter",
    ".popsection",
);

/// Has faults put to [`recover`].
fn install() -> Result<()> {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if !INSTALLED.load(Ordering::Acquire) {
        in_page::set_recovery(recover)?;
        INSTALLED.store(true, Ordering::Release);
    }
    Ok(())
}

/// Leaves the body whose thread met a fault in one of our views.
fn recover(fault: &mut in_page::Fault<'_>) -> bool {
    let frame = INNERMOST.get();
    // The registry is not locked by this thread: nobody touches memory of the program meanwhile.
    if frame.is_null() || !addresses::is_in_view(fault.address()) {
        return false;
    }
    // SAFETY: the frame is one of this thread, whose call has not returned.
    unsafe { (*frame).address = fault.address() };
    // SAFETY: as above.
    let stack = unsafe { (*frame).stack };
    // SAFETY: that is what `veduta_guarded_resume` is for: it needs the stack as it was left for it, and no more.
    unsafe { fault.go_on(veduta_guarded_resume as *const () as usize, stack) }
}
