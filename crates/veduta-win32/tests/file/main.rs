//! Files, pipes, standard handles and the environment, as a program of C sees them.

#![allow(unsafe_code, reason = "the functions under test are C's")]
#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "some facts are about calls in a row, safe for one reason"
)]
#![allow(unreachable_pub, reason = "what the subjects share")]

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
