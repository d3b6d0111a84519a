//! What a system has to provide, and which one it is.
//!
//! A back end is a module with these parts, by these names. There is no trait: exactly one back end is compiled. Everything fails with `crate::Error`, whose code is the
//! Win32 one. Policy (what may be asked, what is checked first, what an error advises) stands in the public types, once; a back end makes the calls.
//!
//! - `Directory`: a namespace, `of` a scope or `private`; its `path` and `scope`. `Place`: a name in it, opened once and passed around.
//! - `section::Section`: a handle, to a section or to an object of another kind, with its `facts` (`section::Facts`: kind, size, protection, rights, the
//!   `page` that views are made of). It can `map`, `duplicate`, `seal`; it can be inherited (`make_inheritable`, `numbers`, `from_numbers`).
//!   Made by `section::{open, create_named, create_unnamed}` of a `section::place` and a `crate::section::NewSection`.
//! - `view::Mapping`: whole pages at addresses, and all that is done with them; unmapped when dropped. `view::{write_to, private_copy,
//!   copy_within_process}`: what the system copies, and finds out by itself if bytes are gone.
//! - `sync`: mutexes, events, semaphores and timers as `Object`s, made of `crate::sync::NewState`; `Target`s to wait for until a `Deadline`, `any` or `all`, with an
//!   `Interrupt`; `Thread` and `Acquired` for owners of mutexes; `Pending` for futures.
//! - `namespace::{list, find, sweep}`: what lives, who holds it, and the removal of what nobody holds.
//! - what lets the copies in `crate::memory` go on that meet missing bytes: it moves the thread to their `landing`. `assembly_functions`: how functions
//!   in assembly look in its object files.
//! - `promise`: whether memory can be had. `PAGE`: the size of the pages that protections and residency are told in.
//! - `for_tests`: what only tests see, such as the steps at which a process dies.
#![allow(unsafe_code)]

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;

#[cfg(not(any(target_os = "linux", windows)))]
compile_error!("veduta runs on Linux and on Windows; docs/limits.md says why on no other system");

/// The one part without which the compiler would say something else first.
#[cfg(not(any(target_os = "linux", windows)))]
macro_rules! assembly_functions {
    () => {
        ""
    };
}
#[cfg(not(any(target_os = "linux", windows)))]
pub(crate) use assembly_functions;
