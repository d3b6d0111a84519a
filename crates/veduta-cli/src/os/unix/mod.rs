//! Unix, as Linux has it.

pub(crate) mod files;
pub(crate) mod machine;
pub(crate) mod processes;
pub(crate) mod signals;
pub(crate) mod unnamed;
