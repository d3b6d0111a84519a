//! What the kernel says of a fault, and the registers with which the thread goes on.

use std::ffi::c_void;
use std::marker::PhantomData;

/// Takes care of a fault, or says that it cannot. Runs as a signal handler: only what those may do.
pub type Recovery = fn(&mut Fault<'_>) -> bool;

/// An instruction that met bytes which are not there.
#[derive(Debug)]
pub struct Fault<'a> {
    address: usize,
    context: *mut libc::ucontext_t,
    handler: PhantomData<&'a mut ()>,
}

impl Fault<'_> {
    /// `None`: it is not about bytes that an instruction touched and that are not there. Somebody sent the signal, an address was not
    /// aligned, or memory failed that nobody touched.
    ///
    /// # Safety
    /// The two are what the kernel passed to a handler of SIGBUS that runs as long as the value lives.
    pub(super) unsafe fn of<'a>(info: *mut c_void, context: *mut c_void) -> Option<Fault<'a>> {
        // SAFETY: passed on to the caller.
        let info = unsafe { &*info.cast::<libc::siginfo_t>() };
        // SAFETY: the field is there for signals that a fault raised, and a number for all others.
        let address = unsafe { info.si_addr() } as usize;
        matches!(info.si_code, libc::BUS_ADRERR | libc::BUS_OBJERR | libc::BUS_MCEERR_AR).then_some(Fault {
            address,
            context: context.cast(),
            handler: PhantomData,
        })
    }

    /// The address of the first byte that is not there.
    pub fn address(&self) -> usize {
        self.address
    }

    /// The address of the instruction; 0 on processors whose registers are not known here.
    pub fn instruction(&self) -> usize {
        // SAFETY: the kernel passed the interrupted registers, see `of`.
        let context = unsafe { &*self.context };
        #[cfg(target_arch = "x86_64")]
        return context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize;
        #[cfg(target_arch = "aarch64")]
        return context.uc_mcontext.pc as usize;
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            let _ = context;
            0
        }
    }

    /// Has the thread go on at a `ret` of the function that it is in, with that function's result.
    pub(super) fn return_to(&mut self, instruction: usize, result: usize) {
        // SAFETY: the kernel passed the interrupted registers, see `of`, and reads them back.
        let context = unsafe { &mut *self.context };
        #[cfg(target_arch = "x86_64")]
        {
            context.uc_mcontext.gregs[libc::REG_RAX as usize] = result as i64;
            context.uc_mcontext.gregs[libc::REG_RIP as usize] = instruction as i64;
        }
        #[cfg(target_arch = "aarch64")]
        {
            context.uc_mcontext.regs[0] = result as u64;
            context.uc_mcontext.pc = instruction as u64;
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            let _ = (context, instruction, result);
            unreachable!("no routine has a landing here");
        }
    }

    /// Has the thread go on at another instruction, with another stack pointer; all other registers are those of the instruction that
    /// met the fault. `false`, and nothing done, on processors whose registers are not known here.
    ///
    /// # Safety
    /// What is there copes with that, and with leaving undone whatever the thread was doing.
    pub unsafe fn go_on(&mut self, instruction: usize, stack: usize) -> bool {
        // SAFETY: the kernel passed the interrupted registers, see `of`, and reads them back.
        let context = unsafe { &mut *self.context };
        #[cfg(target_arch = "x86_64")]
        {
            context.uc_mcontext.gregs[libc::REG_RIP as usize] = instruction as i64;
            context.uc_mcontext.gregs[libc::REG_RSP as usize] = stack as i64;
            true
        }
        #[cfg(target_arch = "aarch64")]
        {
            /// The kind of branch that led there, which a landing pad would be asked for.
            const BTYPE: u64 = 3 << 10;
            context.uc_mcontext.pc = instruction as u64;
            context.uc_mcontext.sp = stack as u64;
            context.uc_mcontext.pstate &= !BTYPE;
            true
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            let _ = (context, instruction, stack);
            false
        }
    }
}

/// The C library's error number of this thread, which the interrupted code may be about to look at.
pub(super) struct ErrorNumber {
    place: *mut i32,
    number: i32,
}

impl ErrorNumber {
    pub(super) fn save() -> ErrorNumber {
        // SAFETY: only asks for an address.
        let place = unsafe { libc::__errno_location() };
        // SAFETY: this thread's own.
        ErrorNumber { place, number: unsafe { *place } }
    }

    pub(super) fn restore(self) {
        // SAFETY: this thread's own.
        unsafe { *self.place = self.number };
    }
}
