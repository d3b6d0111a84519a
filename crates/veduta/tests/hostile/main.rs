//! Hostile neighbours: whoever may write to a namespace's directory, or to what stands in it, does so, at any moment. Errors,
//! wrong answers and time-outs are allowed. A crash, a hang, and anything done outside the directory are not.
// Row: entries
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "maps pages as an outsider does")]

mod damage;
mod files;
mod holders;
mod mutated;
mod mutator;
mod objects;
mod patience;
mod random;
#[path = "../scratch/mod.rs"]
mod scratch;
mod words;
