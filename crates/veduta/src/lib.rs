//! The file-mapping system of Windows as a library: named sections that processes share, views of files and memory,
//! copy-on-write, exact lifetimes. On Linux it needs no daemon, leaks nothing when processes are killed, and is not bounded
//! by the size of /dev/shm.
//!
//! ```
//! use veduta::{Disposition, Section, ViewAccess};
//!
//! // Whoever comes first creates it; everybody else opens the same bytes.
//! let (section, disposition) = Section::options().size(1 << 20).create(r"Local\Welcome")?;
//! assert_eq!(disposition, Disposition::Created);
//! section.map(ViewAccess::Write)?.write_at(0, b"hello")?;
//! # Ok::<(), veduta::Error>(())
//! ```
//!
//! - [`Section`]: memory, or a file, that processes share; [`Section::options`] creates and opens.
//! - [`View`]: part of a section at addresses of this process.
//! - [`Mutex`], [`Event`], [`Semaphore`], [`Timer`]: to keep in step; [`wait_any`] and [`wait_all`] wait for several,
//!   [`Waiting`] in asynchronous code.
//! - [`Namespace`]: where names live, what lives there, who holds it.
//! - [`Error`] with its Win32 [`Code`].
//!
//! ARCHITECTURE.md is the map of the source, docs/limits.md says what is not done.

mod access;
mod disposition;
mod error;
mod memory;
mod name;
mod namespace;
pub mod os;
mod protections;
mod section;
mod sync;
mod sys;
mod view;
mod windows;

pub use access::{Protection, SectionAccess, SyncAccess, ViewAccess};
pub use disposition::Disposition;
pub use error::{Code, Error, Result};
#[cfg(feature = "steps")]
#[doc(hidden)]
pub use memory::copy_routine;
pub use memory::{SharedAtomic, SharedInteger};
pub use name::{ObjectName, Scope};
pub use namespace::{
    Backing, Holder, HolderAccess, Kind, Listing, Namespace, ObjectInfo, Problem, Sweep, SweepMode, Swept,
    User,
};
pub use section::{Commit, Pages, Section, SectionOptions};
pub use sync::{
    Awaitable, Due, Event, Interrupt, MAXIMUM_WAIT_OBJECTS, Mutex, MutexGuard, ObjectState, Owner, Reset,
    Semaphore, SyncObject, SyncOptions, Timer, Waitable, Waited, Waiting, signal_and_wait, wait_all,
    wait_any, waiting_any,
};
#[cfg(any(test, fuzzing, feature = "steps"))]
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, reason = "what there is depends on the system")]
pub use sys::for_tests::*;
pub use view::{Advice, PrivateView, Region, Residency, View, ViewOptions};
pub use windows::Windows;

/// The README's example runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
