//! The system, on Linux: here it is built, out of memory files, locks and a directory.
//!
//! Read [`entry`] first: the protocol by which names live and die. Above it [`section`] makes objects of entries and bytes,
//! [`namespace`] lists them. Below it [`record`] is what stands in an entry, [`presence`] the locks on it, [`hold`] a
//! handle's grip on it, [`opened`] what this process need not open again, [`reach`] how an opener gets the bytes, [`directory`]
//! where entries stand, [`in_page`] what becomes of bytes that are not there. [`sync`] makes mutexes, events and semaphores of
//! sections of one page.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod assembly;
mod cgroup;
mod commit;
mod directory;
mod entry;
mod environment;
mod error;
#[cfg(any(test, fuzzing, feature = "steps"))]
pub(crate) mod for_tests;
mod fork;
#[cfg(any(test, fuzzing))]
#[allow(unreachable_pub, reason = "fuzzers reach it")]
pub mod fuzzing;
mod hold;
pub(crate) mod in_page;
mod large_pages;
mod limits;
pub(crate) mod namespace;
mod opened;
mod presence;
mod processes;
mod reach;
mod record;
pub(crate) mod section;
mod step;
pub(crate) mod sync;
pub(crate) mod transfer;
pub(crate) mod view;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) use assembly::assembly_functions;
pub(crate) use commit::promise;
pub(crate) use directory::Directory;
pub(crate) use entry::Place;
pub(crate) use record::PAGE;
