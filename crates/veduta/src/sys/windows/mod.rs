//! The system, on Windows: the kernel has it all, and here are its calls.
//!
//! [`section`] is a handle to a section, or to any other object, and what is known of it; [`view`] its mappings. [`directory`] says how names
//! are called, [`namespace`] lists what has one. [`security`] makes descriptors of modes, and writes into them what the kernel does not keep, such as
//! a size that is no multiple of pages. [`in_page`] is what becomes of bytes that are not there. [`sync`] has mutexes, events, semaphores and timers.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod assembly;
mod directory;
mod environment;
mod error;
#[cfg(any(test, feature = "steps"))]
pub(crate) mod for_tests;
mod holders;
pub(crate) mod in_page;
mod memory;
mod module;
pub(crate) mod namespace;
mod native;
pub(crate) mod section;
mod security;
pub(crate) mod sync;
pub(crate) mod view;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) use assembly::assembly_functions;
pub(crate) use directory::{Directory, Place};
pub(crate) use memory::promise;

/// The size of the pages that protections and residency are told in, on all processors that Windows runs on.
pub(crate) const PAGE: usize = 4096;
