//! Memory, disk, descriptors, addresses and threads that run out: an error that says which limit, what was needed and what was
//! there; nothing changed, nothing left behind; and once the limit is lifted, the same handles work.
// Row: limits
#![cfg(target_os = "linux")]

mod addresses;
mod confined;
mod descriptors;
mod disk;
mod file_size;
mod mappings;
mod memory;
mod operations;
#[path = "../scratch/mod.rs"]
mod scratch;
mod threads;
