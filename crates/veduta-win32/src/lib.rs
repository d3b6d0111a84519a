//! The Win32 C interface of veduta: functions with Windows' own names, for C and C++ programs on Linux.
//!
//! There is nothing here for Rust to call. docs/win32.md says how to use it, and what is not there.

// What C passes cannot be checked by a compiler. Pointers are followed in `pointer`, `text` and a few named places.
#![allow(unsafe_code)]

mod addresses;
mod apc;
mod attributes;
mod code;
mod environment;
mod export;
mod failure;
mod file;
mod fork;
mod format_message;
mod handle;
mod heap;
mod holes;
mod in_page;
mod last_error;
mod local;
mod memory;
mod object;
mod pin;
mod pipe;
mod pointer;
mod process;
mod rights;
mod section;
mod security;
mod standard;
mod strings;
mod sync;
mod system;
mod table;
mod text;
mod thread;
mod time;
mod types;
mod view;
mod wait;
mod wide;
