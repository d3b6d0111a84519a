//! Sections: creating and opening them, what they are made of, and the handles to them.

// Row: descriptors
#[cfg(target_os = "linux")]
mod adopted;
mod commit;
mod create;
// Row: descriptors
#[cfg(target_os = "linux")]
mod descriptors;
// Row: room
#[cfg(target_os = "linux")]
mod disk;
mod errors;
mod file;
mod handle;
// Row: large pages
#[cfg(target_os = "linux")]
mod huge;
mod large_pages;
mod opened;
// Row: room
#[cfg(target_os = "linux")]
mod room;
#[path = "../scratch/mod.rs"]
mod scratch;
