//! The handle table: from the value that the program has to the object.
//!
//! A value is a multiple of 4 below 2^30: the index of a slot, and above it a number that changes each time the slot is used again,
//! so that a value that was closed is noticed for a long time. Values from 2^30 on were chosen by another process that put the
//! handle here (see [`crate::process::mailbox`]).

use crate::code;
use crate::failure::{Failure, Result, fail};
use crate::object::Object;
use crate::pin::{All, Mine, Pins};
use crate::types::HANDLE;
use std::collections::{HashMap, VecDeque};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};

/// `HANDLE_FLAG_INHERIT`.
pub(crate) const INHERIT: u32 = 1;
/// `HANDLE_FLAG_PROTECT_FROM_CLOSE`.
pub(crate) const PROTECT_FROM_CLOSE: u32 = 2;

/// A handle: an object, and what may be done with it through this one.
pub(crate) struct Entry {
    value: u32,
    /// The rights, as bits of an access mask, of objects that do not keep them themselves.
    pub(crate) access: u32,
    flags: AtomicU32,
    pub(crate) object: Arc<Object>,
}

impl Entry {
    pub(crate) fn handle(&self) -> HANDLE {
        HANDLE(self.value as usize)
    }

    pub(crate) fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }

    pub(crate) fn set_flags(&self, mask: u32, flags: u32) {
        let change = |old: u32| Some(old & !mask | flags & mask);
        let _always = self.flags.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }

    fn check_unprotected(&self) -> Result<()> {
        if self.flags() & PROTECT_FROM_CLOSE == 0 {
            return Ok(());
        }
        Err(Failure::hint(code::INVALID_HANDLE, "HANDLE_FLAG_PROTECT_FROM_CLOSE is set on the handle"))
    }
}

const INDEX_BITS: u32 = 18;
const GENERATION_BITS: u32 = 10;
/// Values from here on belong to other processes to choose.
pub(crate) const FOREIGN: u32 = 1 << 30;
/// All that there can be: a look at one is a single load, and memory comes for those that are used.
const SLOTS: usize = 1 << INDEX_BITS;

type Slot = AtomicPtr<Entry>;

struct Table {
    slots: [Slot; SLOTS],
    /// Who fills and empties slots. Who looks does not need it.
    writers: Mutex<Writers>,
    foreign: RwLock<Foreign>,
    pins: Pins<Entry>,
}

/// No object is dropped while it is locked: that may take other locks, and who forks takes those before this one.
type Foreign = Option<HashMap<u32, Arc<Entry>>>;

struct Writers {
    /// Slots that were used and are free, the longest free first, with their next generation.
    free: VecDeque<(u32, u32)>,
    /// Slots from here on were never used. The first is: no handle is NULL.
    fresh: u32,
}

static TABLE: Table = Table {
    slots: [const { AtomicPtr::new(null_mut()) }; SLOTS],
    writers: Mutex::new(Writers { free: VecDeque::new(), fresh: 1 }),
    foreign: RwLock::new(None),
    pins: Pins::new(),
};

thread_local! {
    static MINE: Mine<Entry> = const {
        // A thread that ends gives its pin back. The pin itself has no destructor, so that looking is cheap.
        Mine::new(|| {
            let _ended = AT_THREAD_END.try_with(|_| ());
        })
    };
    static AT_THREAD_END: GivesUp = const { GivesUp };
}

struct GivesUp;

impl Drop for GivesUp {
    fn drop(&mut self) {
        let _gone = MINE.try_with(Mine::give_up);
    }
}

/// The program may set the two low bits of a handle as it likes. NULL is the value of a slot that is always empty.
#[inline(always)]
fn plain(handle: HANDLE) -> Option<u32> {
    u32::try_from(handle.0 & !3).ok()
}

fn slot(value: u32) -> &'static Slot {
    &TABLE.slots[(value >> 2) as usize % SLOTS]
}

/// Calls `use_it` with the entry of a handle, for calls that have to be short: nothing is counted. Meanwhile nobody can finish closing the handle,
/// so it must return at once, and not come back here. `None`: look more closely.
#[inline(always)]
pub(crate) fn quick<R>(handle: HANDLE, use_it: impl FnOnce(&Entry) -> R) -> Option<R> {
    let value = plain(handle).filter(|&value| value < FOREIGN)?;
    let (entry, pinned) = MINE.with(|mine| TABLE.pins.pin(mine, slot(value)))?;
    // SAFETY: it was in its slot after this thread had pinned it, so whoever takes it out waits for `pinned` to go.
    let entry = unsafe { &*entry };
    let result = (entry.value == value).then(|| use_it(entry));
    drop(pinned);
    result
}

/// The entry of a handle. It outlives the closing of the handle, as on Windows the object does for who is using it.
pub(crate) fn entry(handle: HANDLE) -> Result<Arc<Entry>> {
    let found = quick(handle, |entry| {
        // SAFETY: every entry in the table came from an `Arc`.
        unsafe { Arc::increment_strong_count(entry) };
        // SAFETY: the count that was just added is this one's.
        unsafe { Arc::from_raw(entry) }
    });
    let far = || plain(handle).filter(|&value| value >= FOREIGN).and_then(foreign);
    match found.or_else(far) {
        Some(entry) => Ok(entry),
        None => fail(code::INVALID_HANDLE),
    }
}

fn writers() -> MutexGuard<'static, Writers> {
    TABLE.writers.lock().unwrap_or_else(PoisonError::into_inner)
}

fn foreign_to_write() -> RwLockWriteGuard<'static, Foreign> {
    TABLE.foreign.write().unwrap_or_else(PoisonError::into_inner)
}

/// A new handle to an object.
pub(crate) fn insert(object: Arc<Object>, access: u32, inherit: bool) -> Result<HANDLE> {
    let mut writers = writers();
    let (index, generation) = match writers.free.pop_front() {
        Some(free) => free,
        None if writers.fresh < 1 << INDEX_BITS => {
            writers.fresh += 1;
            (writers.fresh - 1, 0)
        }
        None => return Err(Failure::hint(code::NO_SYSTEM_RESOURCES, "this process has too many handles")),
    };
    let value = (generation << INDEX_BITS | index) << 2;
    let flags = if inherit { INHERIT } else { 0 };
    fill(value, Arc::new(Entry { value, access, flags: AtomicU32::new(flags), object }));
    Ok(HANDLE(value as usize))
}

fn fill(value: u32, entry: Arc<Entry>) {
    slot(value).store(Arc::into_raw(entry).cast_mut(), Ordering::Release);
}

/// Puts a handle under a value that was chosen elsewhere: a parent's, or one that another process put here.
pub(crate) fn adopt(value: u32, object: Arc<Object>, access: u32, flags: u32) {
    let entry = Arc::new(Entry { value, access, flags: AtomicU32::new(flags), object });
    if value >= FOREIGN {
        let before = foreign_to_write().get_or_insert_default().insert(value, entry);
        drop(before);
        return;
    }
    let mut writers = writers();
    let index = value >> 2 & ((1 << INDEX_BITS) - 1);
    // Whoever chose it may be anybody: NULL is no handle, and nothing that is there is replaced.
    let is_taken = !slot(value).load(Ordering::Acquire).is_null();
    if index == 0 || !value.is_multiple_of(4) || is_taken {
        return;
    }
    while writers.fresh <= index {
        let skipped = writers.fresh;
        if skipped != index {
            writers.free.push_back((skipped, 0));
        }
        writers.fresh += 1;
    }
    // A value of before may have left the slot free.
    writers.free.retain(|&(free, _)| free != index);
    fill(value, entry);
}

/// Closes a handle. When this returns, no thread is using its entry in [`quick`].
pub(crate) fn close(handle: HANDLE) -> Result<()> {
    let closed = match plain(handle) {
        Some(value) if value < FOREIGN => close_own(value)?,
        Some(value) => close_foreign(value)?,
        None => None,
    };
    match closed {
        Some(_dropped_without_a_lock) => Ok(()),
        None => fail(code::INVALID_HANDLE),
    }
}

fn close_own(value: u32) -> Result<Option<Arc<Entry>>> {
    let slot = slot(value);
    let mut writers = writers();
    let pointer = slot.load(Ordering::Acquire);
    // SAFETY: only this function frees entries, after it emptied their slot under this lock.
    let Some(entry) = unsafe { pointer.as_ref() }.filter(|entry| entry.value == value) else {
        return Ok(None);
    };
    entry.check_unprotected()?;
    slot.store(null_mut(), Ordering::SeqCst);
    // Whoever fills the slot before the wait below is over puts another entry there.
    let generation = (value >> 2 >> INDEX_BITS) + 1;
    let index = value >> 2 & ((1 << INDEX_BITS) - 1);
    writers.free.push_back((index, generation & ((1 << GENERATION_BITS) - 1)));
    drop(writers);
    let unused = MINE.with(|mine| TABLE.pins.wait_until_unused(mine, pointer));
    // SAFETY: it was put there by `fill`, came out of the slot once, and no thread uses it without a count of its own.
    let entry = unsafe { Arc::from_raw(pointer) };
    if !unused {
        // Lost, rather than used after it was freed.
        std::mem::forget(Arc::clone(&entry));
    }
    Ok(Some(entry))
}

fn close_foreign(value: u32) -> Result<Option<Arc<Entry>>> {
    if let Some(entry) = foreign(value) {
        entry.check_unprotected()?;
    }
    Ok(foreign_to_write().as_mut().and_then(|foreign| foreign.remove(&value)))
}

/// All handles that children inherit.
pub(crate) fn inherited() -> Vec<Arc<Entry>> {
    let fresh = writers().fresh;
    let own = (1..fresh).filter_map(|index| {
        let (pinned, _pinned) = MINE.with(|mine| TABLE.pins.pin(mine, slot(index << 2)))?;
        // SAFETY: pinned, as in `quick`.
        let value = unsafe { (*pinned).value };
        drop(_pinned);
        entry(HANDLE(value as usize)).ok()
    });
    let inherits = |entry: &Arc<Entry>| entry.flags() & INHERIT != 0;
    let mut inherited: Vec<_> = own.filter(inherits).collect();
    let foreign = TABLE.foreign.read().unwrap_or_else(PoisonError::into_inner);
    let foreign = foreign.iter().flat_map(|foreign| foreign.values());
    inherited.extend(foreign.filter(|entry| inherits(entry)).cloned());
    inherited
}

#[cold]
fn foreign(value: u32) -> Option<Arc<Entry>> {
    let find = || {
        let foreign = TABLE.foreign.read().unwrap_or_else(PoisonError::into_inner);
        foreign.as_ref().and_then(|foreign| foreign.get(&value).cloned())
    };
    find().or_else(|| {
        crate::process::mailbox::collect();
        find()
    })
}

/// What who forks has, so that no other thread is in the middle of something: in the child it would be so for ever.
pub(crate) struct Locks {
    _writers: MutexGuard<'static, Writers>,
    _foreign: RwLockWriteGuard<'static, Foreign>,
    pins: MutexGuard<'static, All<Entry>>,
}

pub(crate) fn lock() -> Locks {
    Locks { _writers: writers(), _foreign: foreign_to_write(), pins: TABLE.pins.lock() }
}

impl Locks {
    /// In a child made by `fork`: what its other threads were doing in the parent is nothing to it.
    pub(crate) fn after_fork_in_child(&self) {
        MINE.with(|mine| Pins::forget_others(&self.pins, mine));
    }
}
