//! What a system has to provide, and which one it is.
//!
//! A back end is a module with these parts. There is no trait: exactly one back end is compiled.
//!
//! - `Directory`, `Place`: a namespace, and a name in it. Opened once, passed around.
//! - `section::{place, open, create_named, create_unnamed, may_know_residency}`, and `section::Section` with `bytes`, `file`, `file_path`,
//!   `duplicate`, `seal`, `is_sealed` and its public `facts`. A section knows its descriptors; what they are for is policy and
//!   stands in `crate::section`.
//! - `view::Mapping`: whole pages at addresses, unmapped when dropped; `view::{start_write_back, commit, committed}`, `promise`.
//! - what lets the copies in `crate::memory` go on that meet missing bytes: their `landing`.
//! - `namespace::{list, find, sweep}`: what lives, who holds it, and the removal of what nobody holds.
//! - `PAGE`: the size of the pages that protections and residency are told in.
//!
//! Everything fails with `crate::Error`, whose code is the Win32 one.
#![allow(unsafe_code)]

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;
