//! Namespaces: what lives there, what was left behind, and what keeps others out.

// Row: entries
#[cfg(target_os = "linux")]
mod directories;
// Row: entries
#[cfg(target_os = "linux")]
mod entries;
// Row: entries
#[cfg(target_os = "linux")]
mod facts;
// Row: entries
#[cfg(target_os = "linux")]
mod hold;
mod listing;
#[path = "../scratch/mod.rs"]
mod scratch;
// Row: entries
#[cfg(target_os = "linux")]
mod sweep;
