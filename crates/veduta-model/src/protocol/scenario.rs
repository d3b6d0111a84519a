//! What is checked: who does what, with which kind of object, by which protocol.

use super::fault::Fault;
use super::process::Call;
use super::step::Step;
use super::world::PROCESSES;

/// Where the bytes of the object are, and so what proves to an opener that somebody lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bytes {
    /// In a memfd, which an opener gets from a living process that has it.
    Memfd,
    /// In the entry's own file. A second lock stands for having them, which can be asked about without being taken.
    Entry,
}

/// What kind of lock says that a process is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// `flock`. To ask about it is to take it, for a moment; but the last holder can release and ask in one call.
    Flock,
    /// A lock of the open file description that `fcntl` can be asked about (`F_OFD_GETLK`), and that is only ever
    /// shared. Nobody ever looks like a holder who is none; but every close has to mark the word and ask.
    Query,
}

/// What an opener does first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// It is present, reads the word, then gets the bytes. One that finds none was in the way of all who asked
    /// meanwhile whether anybody is present.
    PresenceFirst,
    /// It gets the bytes, is present, then reads the word (again).
    BytesFirst,
}

/// A way to keep a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Protocol {
    /// The kind of lock.
    pub presence: Presence,
    /// What comes first.
    pub order: Order,
}

impl Protocol {
    /// What the library does.
    pub const LIBRARY: Self = Self { presence: Presence::Flock, order: Order::PresenceFirst };
}

/// Three processes, each with the calls that it makes one after another.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What all of them keep to.
    pub protocol: Protocol,
    /// What each process does.
    pub scripts: [&'static [Call]; PROCESSES],
    /// How many of them, from the first, start with a handle on one object, as after a fork.
    pub inherited: usize,
    /// Where the bytes are.
    pub bytes: Bytes,
    /// The process whose descriptors no other may look at.
    pub hidden: Option<usize>,
    /// Whether processes may be killed, at any step.
    pub kills: bool,
    /// What is done wrong.
    pub fault: Option<Fault>,
}

impl Scenario {
    pub(super) fn first_step(&self, call: Call) -> Step {
        match call {
            Call::Create | Call::Open => Step::OpenEntry,
            Call::Close | Call::CloseShared
                if matches!(self.fault, Some(Fault::HidesThenCloses | Fault::ClosesOnly)) =>
            {
                Step::CloseDescriptors
            }
            Call::Close | Call::CloseShared => self.first_step_of_close(call),
            Call::Sweep => Step::ListNames,
        }
    }

    pub(super) fn first_step_of_close(&self, call: Call) -> Step {
        let private = call == Call::Close;
        if private && self.protocol.presence == Presence::Flock {
            Step::ReleaseAndTest
        } else {
            Step::DropPresence
        }
    }
}
