//! Threads, processes, and what passes between them, as a program of C sees it.

#![allow(unsafe_code, reason = "the functions under test are C's")]

mod apc;
mod c;
mod command_line;
mod create;
mod exit;
mod fork;
mod inherit;
mod local;
mod mailbox;
mod many;
mod role;
mod suspend;
mod sys;
mod thread;
