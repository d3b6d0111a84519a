//! What this process has open by name. Who opens such a name once more shares the descriptors that are there: it takes two looks
//! at the entry and no step of the entry protocol, and its closing nothing.
//!
//! What it rests on:
//! - [`Files`] are never changed while two handles have them, and closed by the last: as long as anybody has them, the presence lock is
//!   ours and the object lives. Whoever comes when the last is closing finds nothing here, and opens as another process would.
//! - Only descriptions are shared that no other process has, [`Hold::is_ours`]: nobody else can release their locks. After a fork
//!   neither side finds what was open before.
//! - A handle never gets descriptors that can do more than it may. They would be given away with it.
//! - Names and rights are the kernel's to judge, at every open, [`is_open_to_us`]. Where anything is not as it was, the name is
//!   opened anew.

use super::directory::{Directory, FileName};
use super::entry::{self, Place};
use super::fork;
use super::hold::Hold;
use super::record::FileId;
use super::section::{Facts, Store};
use crate::{Kind, SectionAccess};
use rustix::fd::AsFd;
use rustix::fs::{Access, AtFlags, Stat};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The descriptors of a handle, or of several. The hold goes before the bytes: a process that was stopped in between would be a
/// holder that shows nothing.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) hold: Option<Hold>,
    pub(crate) store: Store,
    /// Whether they are open for writing, as far as the protection goes.
    pub(crate) writes: bool,
    listing: Option<Listing>,
}

impl Files {
    pub(crate) fn new(hold: Option<Hold>, store: Store, writes: bool) -> Files {
        Files { hold, store, writes, listing: None }
    }

    fn are_of(&self, place: &Place) -> bool {
        self.hold.as_ref().and_then(Hold::place).is_some_and(|its| its == place)
    }

    /// Whether a handle with that access may have these descriptors, too.
    pub(crate) fn serve(&self, access: SectionAccess) -> bool {
        self.writes == access.contains(SectionAccess::WRITE) && self.hold.as_ref().is_none_or(Hold::is_ours)
    }

    /// Which file the bytes are in.
    pub(crate) fn id(&self) -> rustix::io::Result<FileId> {
        match (&self.store, &self.hold) {
            (Store::Entry(_), Some(hold)) => hold.id(),
            (store, _) => entry::identity(store.as_fd()),
        }
    }
}

/// What a number leads to.
struct Known {
    files: Weak<Files>,
    facts: Facts,
}

/// Takes files that are gone out of the registry.
#[derive(Debug)]
struct Listing {
    number: u64,
}

impl Drop for Listing {
    fn drop(&mut self) {
        let mut known = registry();
        // By now there may be others by that number.
        if known.get(&self.number).is_some_and(|known| known.files.strong_count() == 0) {
            known.remove(&self.number);
        }
    }
}

/// By numbers, which are hashes already.
type Registry = HashMap<u64, Known, BuildHasherDefault<AsItIs>>;

#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers are hashed")
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Nothing is closed, and no other lock is taken, under its lock.
static REGISTRY: Mutex<Registry> = Mutex::new(HashMap::with_hasher(BuildHasherDefault::new()));

fn registry() -> MutexGuard<'static, Registry> {
    // From now on a child finds it unlocked.
    fork::generation();
    // Nothing that is done with it can leave it half done.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of a place: FNV-1a, beginning with the directory, whose identity stays its own, because who has a name open in it has it
/// open. There is no secret in it: two places with one number take turns in the registry, and who finds nothing opens anew. Names that were
/// chosen to fall together make a search as long as there are names open, which is never more than this process may have descriptors.
pub(crate) fn number(directory: &Directory, file: &FileName) -> u64 {
    let FileId { device, inode } = directory.id();
    let begin = 0xcbf2_9ce4_8422_2325 ^ inode ^ device.rotate_left(32);
    file.directory()
        .iter()
        .fold(begin, |number, &byte| (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The number of a place as it is open, for writing or not.
fn number_of(place: &Place, writes: bool) -> u64 {
    place.number & !1 | u64::from(writes)
}

thread_local! {
    /// The lock while this thread forks: in the child, a thread that had it would not be there to give it back.
    // Without a destructor: processes fork on their way out, too.
    static KEPT: RefCell<Option<ManuallyDrop<MutexGuard<'static, Registry>>>> = const { RefCell::new(None) };
}

/// Before a fork: nobody else has the lock until [`let_go_of_lock`].
pub(crate) fn keep_lock() {
    KEPT.set(Some(ManuallyDrop::new(registry())));
}

/// After a fork, in the parent and in the child.
pub(crate) fn let_go_of_lock() {
    drop(KEPT.take().map(ManuallyDrop::into_inner));
}

/// The files of a name that this process has open, for a handle with that access, and what is known of them; `None`: open it
/// anew.
pub(crate) fn find(place: &Place, kind: Kind, access: SectionAccess) -> Option<(Arc<Files>, Facts)> {
    let writes = access.contains(SectionAccess::WRITE);
    let (files, facts) = {
        let registry = registry();
        let known = registry.get(&number_of(place, writes))?;
        (known.files.upgrade()?, known.facts)
    };
    if facts.kind != kind || !files.are_of(place) || !files.serve(access) {
        return None;
    }
    let entry = is_open_to_us(place, &files)?;
    let bytes = match &files.store {
        Store::Entry(_) => entry,
        // It is sealed against being cut off.
        Store::Memory(_) => return Some((files, Facts { access, ..facts })),
        Store::File(_) => rustix::fs::fstat(files.store.as_fd()).ok()?,
    };
    if (bytes.st_size as u64) < facts.start + facts.size {
        return None;
    }
    let owner = (!writes).then_some(bytes.st_uid);
    Some((files, Facts { access, owner, ..facts }))
}

/// Whether the entry still stands where its name is, and this process, as the user that it is now, could open it; if so, its state.
fn is_open_to_us(place: &Place, files: &Files) -> Option<Stat> {
    let (directory, path) = (&place.directory, place.file.entry());
    let stat = rustix::fs::statat(directory, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    if files.hold.as_ref()?.id() != Ok(FileId::of(&stat)) {
        return None;
    }
    let access = if files.writes { Access::READ_OK | Access::WRITE_OK } else { Access::READ_OK };
    rustix::fs::accessat(directory, path, access, AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(stat)
}

/// Lets later opens find files that were just opened, or made. If another thread did the same, either will do.
pub(crate) fn list(mut files: Files, facts: Facts) -> Arc<Files> {
    let Some(place) = files.hold.as_ref().and_then(Hold::place) else { return Arc::new(files) };
    let number = number_of(place, files.writes);
    files.listing = Some(Listing { number });
    let files = Arc::new(files);
    registry().insert(number, Known { files: Arc::downgrade(&files), facts });
    files
}

/// Keeps later opens from finding the files of a handle: they are its own from then on. `false`: other handles have them already.
pub(crate) fn withdraw(files: &mut Arc<Files>) -> bool {
    {
        let mut registry = registry();
        // If it is one, it stays one under the lock: only an open could make more of it.
        if Arc::strong_count(files) > 1 {
            return false;
        }
        if let Some(Listing { number }) = &files.listing
            && registry.get(number).is_some_and(|known| Weak::as_ptr(&known.files) == Arc::as_ptr(files))
        {
            registry.remove(number);
        }
    }
    if let Some(files) = Arc::get_mut(files) {
        // Nothing is left for it to take out.
        std::mem::forget(files.listing.take());
    }
    true
}
