//! The entry protocol: the life of one name.
//!
//! A name X is a *directory* that holds one file, the entry. The directory is filled under a temporary name and then
//! renamed to X, which goes over nothing or an empty directory and fails over any other. It is never filled again, so
//! whoever unlinks an entry through a descriptor of its directory can hit no other.
//!
//! In the entry is a word, LIVE, DYING(tag) or DEAD, and on the entry is a lock, *presence*: shared, asked about without
//! being taken, and dropped by the kernel when its process dies. Nobody ever waits for it.
//!
//! * To **kill** is to mark the word as DYING with a tag of one's own, to ask who is present, and to change that very
//!   mark to DEAD if nobody is. An exchange that fails means that somebody else came in between.
//! * To **open** is to get the bytes from a process that has them, to be present, and to read the word again: a mark
//!   that is there is changed back to LIVE, and the killer starts over.
//! * To **close** is to be present no longer, and then to kill what may have lost its last holder.
//!
//! [`Rule`] says what must hold, a [`Scenario`] who does what, and `stateright` searches every state that any
//! interleaving of the [`Step`]s of three processes gets to, with a SIGKILL at any of them. A [`Fault`] breaks the
//! protocol on purpose, to see that the search would notice.
//!
//! Processes retry without a bound, and the search still ends: a state remembers no history, tags, entries and
//! directories that nobody remembers are used again, and so going round a loop leads to a state that was there before.

mod close;
mod create;
mod fault;
mod open;
mod process;
mod remove;
mod rules;
mod scenario;
mod search;
mod settle;
mod state;
mod step;
mod sweep;
mod turn;
mod world;

pub use fault::Fault;
pub use process::Call;
pub use rules::Rule;
pub use scenario::{Bytes, Order, Presence, Protocol, Scenario};
pub use search::Action;
pub use state::{Loss, State};
pub use step::Step;
pub use world::PROCESSES;
