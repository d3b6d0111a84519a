//! The verbs, one file each.

pub(crate) mod completions;
pub(crate) mod cp;
pub(crate) mod hold;
pub(crate) mod lock;
pub(crate) mod ls;
pub(crate) mod man;
pub(crate) mod post;
pub(crate) mod read;
pub(crate) mod show;
pub(crate) mod signal;
pub(crate) mod sweep;
pub(crate) mod tour;
pub(crate) mod wait;
pub(crate) mod write;

use crate::context::Context;
use crate::failure::Outcome;

/// Something that can be asked of the tool, with its arguments.
pub(crate) trait Verb {
    fn run(&self, context: &Context) -> Outcome;
}
