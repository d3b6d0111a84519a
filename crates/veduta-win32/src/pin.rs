//! How threads look into the handle table without a lock and without counting: each says which entry it is using, and who closes a
//! handle waits until nobody says so.
//!
//! Saying so is a plain store. That a closer sees it is the kernel's doing: `membarrier(2)` makes every running thread of the
//! process pass a full barrier, and costs the closer about as much as another system call. Where the kernel does not have it, every
//! look pays for a barrier of its own.
//!
//! The argument. A user stores the entry into its pin and then loads the table's slot again; a closer empties the slot, has the barrier made
//! everywhere, and then reads the pins. If the user's store comes before its barrier, the closer reads it and waits. Else the user's load
//! comes after the barrier, finds the slot emptied, and the entry is not used.

use crate::environment;
use rustix::io::Errno;
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering, compiler_fence, fence};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// What one thread is using.
#[repr(align(64))]
pub(crate) struct Pin<T> {
    entry: AtomicPtr<T>,
    taken: AtomicBool,
}

/// All pins of the process. They are never freed: a thread that ends leaves its pin to the next.
pub(crate) struct Pins<T: 'static> {
    all: Mutex<All<T>>,
}

pub(crate) type All<T> = Vec<&'static Pin<T>>;

/// Ends the use of an entry.
pub(crate) struct Pinned<T: 'static>(&'static Pin<T>);

impl<T> Drop for Pinned<T> {
    fn drop(&mut self) {
        self.0.entry.store(null_mut(), Ordering::Release);
    }
}

/// Which pin a thread has. One table, so one kind of pin.
pub(crate) struct Mine<T: 'static> {
    pin: Cell<Option<&'static Pin<T>>>,
    at_first_use: fn(),
}

impl<T> Mine<T> {
    pub(crate) const fn new(at_first_use: fn()) -> Mine<T> {
        Mine { pin: Cell::new(None), at_first_use }
    }

    /// Leaves the pin to the next thread.
    pub(crate) fn give_up(&self) {
        if let Some(pin) = self.pin.take() {
            pin.taken.store(false, Ordering::Release);
        }
    }
}

impl<T> Pins<T> {
    pub(crate) const fn new() -> Pins<T> {
        Pins { all: Mutex::new(Vec::new()) }
    }

    /// Marks what `slot` holds as used by this thread, for a short time; `None` if it is empty.
    #[inline(always)]
    pub(crate) fn pin(&self, mine: &Mine<T>, slot: &AtomicPtr<T>) -> Option<(*mut T, Pinned<T>)> {
        let pin = match mine.pin.get() {
            Some(pin) => pin,
            None => self.take(mine),
        };
        debug_assert!(pin.entry.load(Ordering::Relaxed).is_null(), "a thread uses one entry at a time");
        let mut entry = slot.load(Ordering::Relaxed);
        while !entry.is_null() {
            pin.entry.store(entry, Ordering::Relaxed);
            light_barrier();
            let now = slot.load(Ordering::Acquire);
            if now == entry {
                return Some((entry, Pinned(pin)));
            }
            entry = now;
        }
        pin.entry.store(null_mut(), Ordering::Release);
        None
    }

    /// Waits until no thread uses an entry that is in no slot any more. `false`: somebody may use it all the same, because the kernel does not
    /// help any more; then it must not be freed.
    pub(crate) fn wait_until_unused(&self, mine: &Mine<T>, entry: *mut T) -> bool {
        let pins = self.lock();
        let is_mine = |pin: &Pin<T>| mine.pin.get().is_some_and(|mine| std::ptr::eq(mine, pin));
        let mut others =
            pins.iter().filter(|pin| !is_mine(pin) && pin.taken.load(Ordering::Acquire)).peekable();
        // Who takes a pin from now on comes by this lock, and finds the slot empty.
        if others.peek().is_none() {
            return true;
        }
        if !heavy_barrier() {
            return false;
        }
        let uses = |pin: &Pin<T>| std::ptr::eq(pin.entry.load(Ordering::Acquire), entry);
        let users: Vec<_> = others.filter(|pin| uses(pin)).copied().collect();
        // Who uses the entry may be waiting for a lock of a thread that forks, and that one for this.
        drop(pins);
        for pin in users {
            let mut looks = 0_u32;
            while uses(pin) {
                looks += 1;
                if looks < 1000 { std::hint::spin_loop() } else { std::thread::yield_now() }
            }
        }
        true
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, All<T>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In a child made by `fork`, only the calling thread exists: nobody else uses anything.
    pub(crate) fn forget_others(pins: &All<T>, mine: &Mine<T>) {
        for pin in pins.iter().filter(|pin| !mine.pin.get().is_some_and(|mine| std::ptr::eq(mine, **pin))) {
            pin.entry.store(null_mut(), Ordering::Relaxed);
            pin.taken.store(false, Ordering::Relaxed);
        }
    }

    #[cold]
    fn take(&self, mine: &Mine<T>) -> &'static Pin<T> {
        prepare();
        (mine.at_first_use)();
        let mut pins = self.lock();
        let free = |pin: &&&'static Pin<T>| {
            pin.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
        };
        let pin = match pins.iter().find(free) {
            Some(pin) => *pin,
            None => {
                let pin: &'static Pin<T> = Box::leak(Box::new(Pin {
                    entry: AtomicPtr::new(null_mut()),
                    taken: AtomicBool::new(true),
                }));
                pins.push(pin);
                pin
            }
        };
        mine.pin.set(Some(pin));
        pin
    }
}

/// Whether closers can have a barrier made in every thread. Only ever becomes true.
static KERNEL_HELPS: AtomicBool = AtomicBool::new(false);

#[inline(always)]
fn light_barrier() {
    if KERNEL_HELPS.load(Ordering::Relaxed) {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

const PRIVATE_EXPEDITED: i32 = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: i32 = 1 << 4;

fn membarrier(command: i32) -> Result<(), Errno> {
    // SAFETY: the call takes two numbers and touches no memory of ours.
    match unsafe { libc::syscall(libc::SYS_membarrier, command, 0) } {
        -1 => Err(std::io::Error::last_os_error().raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error)),
        _ => Ok(()),
    }
}

fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let helps = environment::direction("VEDUTA_MEMBARRIER").is_none_or(|value| value != "0");
        if helps && membarrier(REGISTER_PRIVATE_EXPEDITED).is_ok() {
            KERNEL_HELPS.store(true, Ordering::SeqCst);
        }
    });
}

/// A barrier in every thread that may have relied on it. Says whether it was made: a program may forbid itself the call later.
fn heavy_barrier() -> bool {
    fence(Ordering::SeqCst);
    let mut made = membarrier(PRIVATE_EXPEDITED);
    if made == Err(Errno::PERM) {
        // Not registered: nobody looked yet, or this is a child that does not inherit it.
        made = membarrier(REGISTER_PRIVATE_EXPEDITED).and_then(|()| membarrier(PRIVATE_EXPEDITED));
    }
    made.is_ok() || !KERNEL_HELPS.load(Ordering::SeqCst)
}
