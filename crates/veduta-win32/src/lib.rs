//! The Win32 C interface of veduta: functions with Windows' own names, for C and C++ programs on Linux.
//!
//! There is nothing here for Rust to call. docs/win32.md says how to use it, and what is not there.

// What C passes cannot be checked by a compiler. Pointers are followed in `pointer`, `text` and a few named places.
#![allow(unsafe_code)]

mod apc;
mod attributes;
mod code;
mod export;
mod failure;
mod file;
mod handle;
mod last_error;
mod object;
mod pin;
mod pointer;
mod process;
mod rights;
mod section;
mod security;
mod sync;
mod table;
mod text;
mod thread;
mod types;
mod wait;
