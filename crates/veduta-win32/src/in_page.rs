//! `veduta_guarded`: survives a view whose bytes are gone, because its file was cut off or cannot be read.
//!
//! Windows raises a structured exception then (`EXCEPTION_IN_PAGE_ERROR`), Linux the signal SIGBUS. The handler does not jump: it edits the
//! registers to which the kernel returns, so that the thread goes on where [`enter`] left them, and the kernel puts back the signal mask.
//! What the body was doing is left undone, as with `longjmp`.

use crate::addresses;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::pointer::Out;
use crate::types::{INT, POINTER};
use std::cell::Cell;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

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

/// What handled SIGBUS before.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// Installs the handler, once. It stays: another library may have put its own before it and hand on to this one.
fn install() -> Result<()> {
    if BEFORE.get().is_some() {
        return Ok(());
    }
    static INSTALLING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _installing = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if BEFORE.get().is_some() {
        return Ok(());
    }
    let failed = || Failure::from(std::io::Error::last_os_error());
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only asks, and there is room for the answer.
    if unsafe { libc::sigaction(libc::SIGBUS, null(), before.as_mut_ptr()) } != 0 {
        return Err(failed());
    }
    // SAFETY: the call has filled it, and zeros would do too.
    let before = unsafe { before.assume_init() };
    // Known before the handler can run.
    let _first = BEFORE.set(before);
    let mut ours = before;
    ours.sa_sigaction = handle as extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void) as usize;
    // Its mask and its other flags are kept, for when it is called from ours. It must stay, and a stack of its own is always right.
    ours.sa_flags = before.sa_flags & !libc::SA_RESETHAND | libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler has the form that SA_SIGINFO asks for.
    if unsafe { libc::sigaction(libc::SIGBUS, &raw const ours, null_mut()) } != 0 {
        return Err(failed());
    }
    Ok(())
}

extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    let frame = INNERMOST.get();
    if !frame.is_null() {
        // SAFETY: the kernel passes what happened.
        let info = unsafe { &*info };
        let raised_by_fault = info.si_code > 0;
        // SAFETY: the field is there for signals that a fault raised, and a number for all others.
        let address = unsafe { info.si_addr() } as usize;
        // The registry is not locked by this thread: nobody touches memory of the program meanwhile.
        if raised_by_fault && addresses::is_in_view(address) {
            // SAFETY: the frame is one of this thread, whose call has not returned.
            unsafe { (*frame).address = address };
            // SAFETY: as above.
            let stack = unsafe { (*frame).stack };
            go_on(context.cast(), stack);
            return;
        }
    }
    hand_on(signal, info, context);
}

/// Makes the kernel return to [`veduta_guarded_resume`].
#[cfg(target_arch = "x86_64")]
fn go_on(context: *mut libc::ucontext_t, stack: usize) {
    // SAFETY: the kernel passes the interrupted registers, and reads them back.
    let registers = unsafe { &mut (*context).uc_mcontext.gregs };
    registers[libc::REG_RIP as usize] = veduta_guarded_resume as *const () as i64;
    registers[libc::REG_RSP as usize] = stack as i64;
}

/// Makes the kernel return to [`veduta_guarded_resume`].
#[cfg(target_arch = "aarch64")]
fn go_on(context: *mut libc::ucontext_t, stack: usize) {
    /// The kind of branch that led there, which a landing pad would be asked for.
    const BTYPE: u64 = 3 << 10;
    // SAFETY: the kernel passes the interrupted registers, and reads them back.
    let registers = unsafe { &mut (*context).uc_mcontext };
    registers.pc = veduta_guarded_resume as *const () as u64;
    registers.sp = stack as u64;
    registers.pstate &= !BTYPE;
}

/// What would have happened without this handler.
fn hand_on(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    let before = BEFORE.get();
    let handler = before.map_or(libc::SIG_DFL, |before| before.sa_sigaction);
    // SAFETY: the kernel passes what happened.
    let raised_by_fault = unsafe { (*info).si_code } > 0;
    match (handler, before) {
        // Ignored: what somebody sent. A fault cannot be.
        (libc::SIG_IGN, _) if !raised_by_fault => {}
        (libc::SIG_DFL | libc::SIG_IGN, _) | (_, None) => {
            // SAFETY: zeros are a valid set of flags and signals, and SIG_DFL is 0.
            let default: libc::sigaction = unsafe { std::mem::zeroed() };
            // SAFETY: gives up this handler for the one of the system, which ends the process.
            unsafe { libc::sigaction(signal, &raw const default, null_mut()) };
            if !raised_by_fault {
                // It is blocked until the return, and comes then. A fault comes again by itself.
                // SAFETY: a signal to this thread.
                unsafe { libc::raise(signal) };
            }
        }
        (handler, Some(before)) if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: it was installed as a function of this form.
            let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void) =
                unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        (handler, Some(_)) => {
            // SAFETY: it was installed as a function of this form.
            let handler: extern "C" fn(i32) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}
