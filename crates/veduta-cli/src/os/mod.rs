//! What the tool takes from the system beyond what std and the library give, and which system it is.
//!
//! As in the library, a system is a module with these parts, and exactly one is compiled:
//!
//! - `signals`: what ends a process from outside. A signal is a number of the system's.
//!   - `note(&last)` keeps the number of the first one, and lets the second end the process; `watch(&last, take)` keeps the last, and calls `take` for
//!     each, on a thread of its own.
//!   - `Running::of(child)` is a command that signals go on to: `pass_on(signal)`.
//!   - `UntilTold::watch()`, and its `wait()` until standard input ends or a signal comes.
//!   - `die_by(signal)` ends the process as the signal would have, or gives the exit code that says so.
//! - `processes`: `code_or_signal(status)` says how one ended; `was_killed(status)`, and by what: `KILL`; `end_with_parent()`.
//! - `machine`: `user_name`, `free_space` of a directory's disk, `shared_memory` in use, the limits that an error met, as hints (`descriptors_hint`, `file_size_hint`), and the variable
//!   that `TEMPORARY` files follow.
//! - `files`: `open` without waiting, `is_same`, `check_writable`, what a file has `allocated`, its `next_data`, `reserve`, `share_blocks`, `keep_attributes`, `keep_permissions`,
//!   `survive_size_limit`.
//! - `unnamed::Unnamed`: a new file that has no name until it is `publish`ed, and is gone with its process.
//!
//! They fail with `std::io::Error`, which the verbs put into words. What a system does not have is an error or `None`, and a row in docs/limits.md.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;
