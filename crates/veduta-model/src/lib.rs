//! What veduta must do, written down twice so that a machine can hold the library against it.
//!
//! [`protocol`] is the life of one name in a directory: every step that a process takes to create, open, close or
//! sweep an entry, checked for every interleaving of three processes with a kill at every step.
//!
//! [`Manager`] is the object manager of Windows as far as veduta goes: it says what every [`Operation`] of several
//! actors, and every [`sync::Operation`] of their threads, must come to, for the library to come to the same.

mod manager;
mod operation;
pub mod protocol;
#[cfg(feature = "proptest")]
pub mod strategy;
pub mod sync;

pub use manager::{Manager, Names};
pub use operation::{Operation, Outcome, Protection, Rights, Run, ViewAccess};
