//! What veduta must do, written down twice so that a machine can hold the library against it.
//!
//! [`protocol`] is the life of one name in a directory: every step that a process takes to create, open, close or
//! sweep an entry, checked for every interleaving of three processes with a kill at every step.

pub mod protocol;
