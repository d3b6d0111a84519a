//! Sections: creating and opening them, what they are made of, and the handles to them.

// Row: descriptors
#[cfg(target_os = "linux")]
mod adopted;
mod commit;
mod create;
mod errors;
mod file;
mod handle;
mod large_pages;
mod opened;
#[path = "../scratch/mod.rs"]
mod scratch;
