//! In-page errors: an instruction touches a mapped page whose bytes are not there, and the kernel sends SIGBUS.
//!
//! The handler lets three kinds of instructions go on: those of the copies in [`crate::memory`], which then return an
//! error; those that touch a page of ours that outsiders can cut off ([`pages`]), which find zeros; and those that a
//! *recovery* takes care of. Every other fault goes to the handler that was there before.
//!
//! It allocates nothing, takes no lock, and touches no memory of a thread's own: it may interrupt anything.

mod fault;
mod pages;

use fault::ErrorNumber;
pub use fault::{Fault, Recovery};
pub(crate) use pages::Watched;

use super::error::{failed, last};
use crate::{Code, Error, Result};
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

const OPERATION: &str = "install handler of in-page errors";

type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void);

/// One installation. Each has a function of its own: a library that came later, and hands on to the one it found, hands
/// on to an older installation, and so never in a circle.
struct Layer {
    handler: Handler,
    /// What was there before; null as long as this layer is not installed.
    before: AtomicPtr<libc::sigaction>,
    /// Whether what was there was called, and is not to be called again.
    spent: AtomicBool,
}

impl Layer {
    const fn new(handler: Handler) -> Layer {
        Layer { handler, before: AtomicPtr::new(null_mut()), spent: AtomicBool::new(false) }
    }

    fn is(&self, action: &libc::sigaction) -> bool {
        action.sa_sigaction == self.handler as usize
    }
}

static LAYERS: [Layer; 8] = [
    Layer::new(handle::<0>),
    Layer::new(handle::<1>),
    Layer::new(handle::<2>),
    Layer::new(handle::<3>),
    Layer::new(handle::<4>),
    Layer::new(handle::<5>),
    Layer::new(handle::<6>),
    Layer::new(handle::<7>),
];

/// What is asked about faults that nothing else here takes care of; a [`Recovery`], or null.
static RECOVERY: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// Sees to it that there is a handler, before anything is mapped that can be missing.
#[inline]
pub(crate) fn be_ready() -> Result<()> {
    static READY: AtomicBool = AtomicBool::new(false);
    if !READY.load(Ordering::Acquire) {
        install()?;
        READY.store(true, Ordering::Release);
    }
    Ok(())
}

/// Puts the handler before the one that is installed now, unless that is this one. Two threads that do so at once install
/// two layers, which does no harm.
pub(crate) fn install() -> Result<()> {
    let now = action(None)?;
    if LAYERS.iter().any(|layer| layer.is(&now)) {
        return Ok(());
    }
    // For ever, once it is in a layer: the handler may run at any time.
    let before = Box::into_raw(Box::new(now));
    let is_taken = |layer: &&Layer| {
        layer.before.compare_exchange(null_mut(), before, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    };
    let Some(layer) = LAYERS.iter().find(is_taken) else {
        // SAFETY: nobody else got to know of it.
        drop(unsafe { Box::from_raw(before) });
        return Err(Error::new(Code::NO_SYSTEM_RESOURCES, OPERATION).hint(format!(
            "another handler took its place {} times; have that one call `in_page::handle` instead",
            LAYERS.len()
        )));
    };
    let mut ours = now;
    ours.sa_sigaction = layer.handler as usize;
    // The other's mask and flags hold while it is called from here. The handler must stay, and a stack of its own is always right.
    ours.sa_flags = now.sa_flags & !libc::SA_RESETHAND | libc::SA_SIGINFO | libc::SA_ONSTACK;
    let replaced = action(Some(&ours))?;
    if replaced.sa_sigaction != now.sa_sigaction {
        // Somebody installed another just now.
        layer.before.store(Box::into_raw(Box::new(replaced)), Ordering::Release);
    }
    Ok(())
}

/// Installs an action for SIGBUS, if one is given; returns the one before.
fn action(new: Option<&libc::sigaction>) -> Result<libc::sigaction> {
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    let new = new.map_or(null(), std::ptr::from_ref);
    // SAFETY: the action, if there is one, has a function of the form that its flags say, and there is room for the other.
    if unsafe { libc::sigaction(libc::SIGBUS, new, before.as_mut_ptr()) } != 0 {
        return Err(failed(OPERATION, last()));
    }
    // SAFETY: the call has filled it, and zeros would do too.
    Ok(unsafe { before.assume_init() })
}

/// Has faults that nothing else takes care of put to `recovery`.
pub(crate) fn set_recovery(recovery: Recovery) -> Result<()> {
    RECOVERY.store(recovery as *mut (), Ordering::Release);
    install()
}

extern "C" fn handle<const LAYER: usize>(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    let error_number = ErrorNumber::save();
    // SAFETY: the kernel, or who hands on to this handler, passes what happened.
    if !unsafe { recover(info.cast(), context) } {
        hand_on(&LAYERS[LAYER], signal, info, context);
    }
    error_number.restore();
}

/// Takes care of a fault if it is one of those that this library can.
///
/// # Safety
/// The two are what the kernel passed to a handler of SIGBUS that runs now, in this thread.
pub(crate) unsafe fn recover(info: *mut c_void, context: *mut c_void) -> bool {
    // SAFETY: passed on to the caller.
    let Some(mut fault) = (unsafe { Fault::of(info, context) }) else { return false };
    if let Some(landing) = crate::memory::landing(fault.instruction()) {
        let address = fault.address();
        fault.return_to(landing, address);
        return true;
    }
    if pages::replace(fault.address()) {
        return true;
    }
    let recovery = RECOVERY.load(Ordering::Acquire);
    if recovery.is_null() {
        return false;
    }
    // SAFETY: only `set_recovery` stores there.
    let recovery = unsafe { std::mem::transmute::<*mut (), Recovery>(recovery) };
    recovery(&mut fault)
}

/// What would have happened without this handler.
fn hand_on(layer: &Layer, signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: null, or what `install` left there for ever.
    let before = unsafe { layer.before.load(Ordering::Acquire).as_ref() };
    // SAFETY: the kernel passes what happened.
    let by_fault = unsafe { (*info).si_code } > 0;
    let once = before.is_some_and(|before| before.sa_flags & libc::SA_RESETHAND != 0);
    let spent = layer.spent.fetch_or(once, Ordering::AcqRel);
    match before.filter(|_| !spent).map(|before| (before.sa_sigaction, before.sa_flags)) {
        // Ignored: what somebody sent. A fault cannot be.
        Some((libc::SIG_IGN, _)) if !by_fault => {}
        None | Some((libc::SIG_DFL | libc::SIG_IGN, _)) => {
            // SAFETY: zeros are a valid set of flags and signals, and SIG_DFL is 0.
            let default: libc::sigaction = unsafe { std::mem::zeroed() };
            // SAFETY: gives up this handler for the one of the system, which ends the process.
            unsafe { libc::sigaction(signal, &raw const default, null_mut()) };
            if !by_fault {
                // It is blocked until the return, and comes then. A fault comes again by itself.
                // SAFETY: a signal to this thread.
                unsafe { libc::raise(signal) };
            }
        }
        Some((handler, flags)) if flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: it was installed as a function of this form.
            let handler = unsafe { std::mem::transmute::<usize, Handler>(handler) };
            handler(signal, info, context);
            if !by_fault {
                stay(layer);
            }
        }
        Some((handler, _)) => {
            // SAFETY: it was installed as a function of this form.
            let handler = unsafe { std::mem::transmute::<usize, extern "C" fn(i32)>(handler) };
            handler(signal);
            if !by_fault {
                stay(layer);
            }
        }
    }
}

/// Handlers of one kind, the standard library's among them, give up their place for the system's, and mean their own: what comes next ends
/// the process. After a signal that was only sent there are still copies to look after. As that handler wanted it, it is not called
/// again.
fn stay(layer: &Layer) {
    let Ok(now) = action(None) else { return };
    if now.sa_sigaction != libc::SIG_DFL {
        return;
    }
    layer.spent.store(true, Ordering::Release);
    let mut ours = now;
    ours.sa_sigaction = layer.handler as usize;
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // If that fails, the system's stays.
    let _ = action(Some(&ours));
}
