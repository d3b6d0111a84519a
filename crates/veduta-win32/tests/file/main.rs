//! Files, pipes, standard handles and the environment, as a program of C sees them.

// The functions under test are C's.
#![allow(unsafe_code, reason = "the functions under test are C's")]

mod change;
mod create;
mod environment;
mod information;
mod mapped;
mod path;
mod pipe;
mod role;
mod scratch;
mod sharing;
mod sys;
mod temporary;
mod transfer;
