//! A host that lives by faults of its own, as a Java virtual machine does: it has handlers of SIGSEGV and SIGBUS that run on stacks
//! of their own, and mend what its threads touch in its own memory. It and the library work side by side, in threads and in
//! children.
#![allow(unsafe_code, reason = "handlers of signals are what is tested")]

use crate::scratch::{PAGE, Watchdog, child};
use crate::{is_missing, map, scratch};
use std::ffi::c_void;
use std::os::fd::AsRawFd;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use veduta::os::unix::in_page;
use veduta::{View, ViewAccess};

const THREADS: usize = 4;
const ROUNDS: usize = 200;
/// A page for each round of each thread, and of a child of each.
const PAGES: usize = 2 * THREADS * ROUNDS;

/// Memory of the host's in which every page faults once.
struct Region {
    base: AtomicUsize,
    mended: AtomicUsize,
}

/// Pages that may not be touched: SIGSEGV.
static GUARDED: Region = Region::new();
/// Pages of a file that was cut off: SIGBUS.
static MISSING: Region = Region::new();

impl Region {
    const fn new() -> Region {
        Region { base: AtomicUsize::new(0), mended: AtomicUsize::new(0) }
    }

    fn map(&self, protection: i32, flags: i32, file: i32) {
        // SAFETY: the kernel picks the address.
        let base = unsafe { libc::mmap(null_mut(), PAGES * PAGE, protection, flags, file, 0) };
        assert_ne!(base, libc::MAP_FAILED);
        self.base.store(base.addr(), Ordering::SeqCst);
    }

    fn page(&self, index: usize) -> *mut u8 {
        (self.base.load(Ordering::SeqCst) + index * PAGE) as *mut u8
    }

    /// Puts a page of zeros where a thread met none. `false`: the address is elsewhere.
    fn mend(&self, address: usize) -> bool {
        let page = address / PAGE * PAGE;
        if !(self.page(0).addr()..self.page(PAGES).addr()).contains(&page) {
            return false;
        }
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
        // SAFETY: the page is one of the host's.
        let zeros = unsafe { libc::mmap(page as *mut c_void, PAGE, protection, flags, -1, 0) };
        self.mended.fetch_add(1, Ordering::SeqCst);
        zeros != libc::MAP_FAILED
    }
}

type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void);

/// The host's handler. It knows no faults but its own, and is only ever called on a stack of its own.
extern "C" fn mend(signal: i32, info: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel passes what happened, or who hands on.
    let info = unsafe { &*info };
    // SAFETY: a fault has an address.
    let address = unsafe { info.si_addr() }.addr();
    let region = if signal == libc::SIGSEGV { &GUARDED } else { &MISSING };
    if !on_own_stack() || !region.mend(address) {
        // SAFETY: ends the process at once, as a host does that meets what it does not know.
        unsafe { libc::_exit(3) };
    }
}

/// The same handler of a host that knows of the library.
extern "C" fn ask_and_mend(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: what the kernel passed to this handler.
    if !unsafe { in_page::handle(info.cast(), context) } {
        mend(signal, info, context);
    }
}

fn on_own_stack() -> bool {
    // SAFETY: zeros are a valid description.
    let mut now: libc::stack_t = unsafe { std::mem::zeroed() };
    // SAFETY: only asks, and there is room for the answer.
    let asked = unsafe { libc::sigaltstack(std::ptr::null(), &raw mut now) };
    asked == 0 && now.ss_flags & libc::SS_ONSTACK != 0
}

/// What the host does when it starts.
fn start_host(on_bus_error: Handler) {
    let file = scratch::file((PAGES * PAGE) as u64);
    GUARDED.map(libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1);
    MISSING.map(libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, file.as_raw_fd());
    file.set_len(0).unwrap();
    for (signal, handler) in [(libc::SIGSEGV, mend as Handler), (libc::SIGBUS, on_bus_error)] {
        // SAFETY: zeros are a valid action.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        // SAFETY: the handlers have the form that the flag says.
        assert_eq!(unsafe { libc::sigaction(signal, &raw const action, null_mut()) }, 0);
    }
}

/// What the library does for the first time.
fn start_library() -> View {
    let file = scratch::file(2 * PAGE as u64);
    let view = map(&file, ViewAccess::Write);
    file.set_len(PAGE as u64).unwrap();
    view
}

/// Faults of the host's and of the library's, in turn and one within the other.
fn take_turns(view: &View, part: usize) {
    for index in part * ROUNDS..(part + 1) * ROUNDS {
        is_missing(view.read_at(PAGE - 8, &mut [0; 16]), PAGE);
        // SAFETY: the host mends the page.
        unsafe { MISSING.page(index).write_volatile(1) };
        is_missing(view.write_at(PAGE + index, &[1; 300]), PAGE + index);
        // SAFETY: as above; nobody else uses the page.
        let guarded = unsafe { std::slice::from_raw_parts_mut(GUARDED.page(index), PAGE) };
        // The library's copy meets a page that the host mends: it knows nothing of that.
        view.read_at(0, guarded).unwrap();
        is_missing(view.fill(PAGE..2 * PAGE, 1), PAGE);
    }
}

/// The same in threads of the host, and in a child of each.
fn live_together(view: &View) {
    let _watchdog = Watchdog::new();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                take_turns(view, thread);
                // SAFETY: the child is a copy of this thread, and ends with `_exit`.
                match unsafe { libc::fork() } {
                    0 => {
                        let lived = std::panic::catch_unwind(|| take_turns(view, THREADS + thread));
                        // SAFETY: ends the child, without what the parent has registered.
                        unsafe { libc::_exit(i32::from(lived.is_err())) };
                    }
                    child => {
                        let mut status = 0;
                        // SAFETY: there is room for the status.
                        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                        assert_eq!(status, 0, "the child has both");
                    }
                }
            });
        }
    });
    for (what, region) in [("guarded", &GUARDED), ("missing", &MISSING)] {
        // The children's were counted in their copies.
        assert_eq!(region.mended.load(Ordering::SeqCst), PAGES / 2, "{what}");
    }
}

#[test]
fn a_host_with_handlers_of_its_own_goes_on_beside_the_library() {
    for role in [
        "host::role_there_before",
        "host::role_came_later_and_installed_the_library_again",
        "host::role_came_later_and_asks",
    ] {
        let status = child::play(role, &[]).until_ended();
        assert!(status.success(), "{role}: {status}");
    }
}

#[test]
#[ignore = "a role: a host that was there before the library"]
fn role_there_before() {
    start_host(mend);
    live_together(&start_library());
}

#[test]
#[ignore = "a role: a host that came later, after which the library is installed once more"]
fn role_came_later_and_installed_the_library_again() {
    let view = start_library();
    start_host(mend);
    in_page::install().unwrap();
    live_together(&view);
}

#[test]
#[ignore = "a role: a host that came later, and asks the library"]
fn role_came_later_and_asks() {
    let view = start_library();
    start_host(ask_and_mend);
    live_together(&view);
}
