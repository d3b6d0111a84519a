//! The entry protocol: the life of one name.
//!
//! A name X is a *directory* that holds one file, the entry. The directory is filled under a temporary name and then
//! renamed to X, which goes over nothing or an empty directory and fails over any other. It is never filled again, so
//! whoever unlinks an entry through a descriptor of its directory can hit no other.
//!
//! In the entry is a word, LIVE, DYING(tag) or DEAD, and on the entry is a lock, *presence*, which holders share and the
//! kernel drops when they die. Nobody ever waits for it.
//!
//! * To **settle** is to find out whether anybody holds an entry: mark the word as DYING with a tag of one's own, ask who
//!   is present, and change that very mark to DEAD if nobody is. An exchange that fails means that somebody else came in
//!   between. What is dead is removed.
//! * To **open** is to be present, to read the word, and to get the bytes from a process that has them: the proof that
//!   it lives. A mark that was there is changed back to LIVE, and who left it starts over. Whoever fails settles.
//! * To **close** is to be present no longer. Who finds in the same call that nobody else is writes DEAD and removes.
//!
//! That is [`Protocol::LIBRARY`]. Others keep the same rules; [`Presence`] and [`Order`] say what they cost and save.
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
