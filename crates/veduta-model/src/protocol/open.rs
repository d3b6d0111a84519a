//! Opening: to be present, to get the bytes as the proof that somebody lives, and to see that nobody doubts it.
//!
//! A settler marks the word, then asks who is present; an opener is present, then reads the word. So one of the two
//! sees the other, and what is revived is never removed. When the opener gets the bytes does not matter for that, see
//! [`Order`].

use super::fault::Fault;
use super::process::{Call, Ending};
use super::scenario::{Bytes, Order};
use super::step::Step;
use super::turn::{Next, Turn};
use super::world::{Description, Lock, Word};

impl Turn<'_> {
    pub(super) fn open_entry(&mut self) -> Next {
        if let Some(directory) = self.task.directory {
            return self.open_to_settle(directory);
        }
        match (self.state.files.lookup(self.task.path), self.task.call, self.scenario.protocol.order) {
            (None, Call::Create, _) => Next::Step(Step::MakeEntry),
            (None, _, _) => Next::End(Ending::NotFound),
            (Some(entry), _, order) => {
                self.task.description = Some(Description::fresh(entry));
                Next::Step(match order {
                    Order::PresenceFirst => Step::TakePresence,
                    Order::BytesFirst => Step::ReadHeader,
                })
            }
        }
    }

    pub(super) fn take_presence(&mut self) -> Next {
        // Refused: a prober has it, and will be away by the time that is settled.
        let granted = self.lock(Lock::Shared);
        if self.task.directory.is_some() && self.does(Fault::PresentTooLate) {
            return Next::End(Ending::Created);
        }
        match self.scenario.protocol.order {
            _ if !granted => Next::Step(Step::DropPresence),
            Order::PresenceFirst => Next::Step(Step::ReadHeader),
            Order::BytesFirst if self.does(Fault::TrustsFirstWord) => Next::End(Ending::Opened),
            Order::BytesFirst => Next::Step(Step::ConfirmWord),
        }
    }

    pub(super) fn read_header(&mut self) -> Next {
        let entry = self.entry();
        self.task.seen = self.state.files.word(entry);
        if self.task.seen == Word::Dead {
            return Next::Step(Step::DropPresence);
        }
        if self.scenario.protocol.order == Order::BytesFirst {
            self.task.seen = Word::Live;
        }
        match self.scenario.bytes {
            _ if self.does(Fault::OpensWithoutProof) => self.take_bytes(),
            Bytes::Memfd => Next::Step(Step::ReachBytes),
            Bytes::Entry => Next::Step(Step::QueryBytes),
        }
    }

    pub(super) fn reach_bytes(&mut self) -> Next {
        let entry = self.entry();
        let shown = self.state.is_shown(entry, self.scenario.hidden);
        if shown { self.take_bytes() } else { Next::Step(Step::DropPresence) }
    }

    pub(super) fn query_bytes(&mut self) -> Next {
        let owned = self.others().any(|other| other.bytes);
        Next::Step(if owned { Step::TakeBytes } else { Step::DropPresence })
    }

    pub(super) fn take_bytes(&mut self) -> Next {
        self.description().bytes = true;
        match self.scenario.protocol.order {
            Order::PresenceFirst => self.accept(self.task.seen),
            Order::BytesFirst => Next::Step(Step::TakePresence),
        }
    }

    pub(super) fn confirm_word(&mut self) -> Next {
        let entry = self.entry();
        let word = self.state.files.word(entry);
        self.accept(word)
    }

    pub(super) fn revive(&mut self) -> Next {
        let entry = self.entry();
        match self.state.files.exchange(entry, self.task.seen, Word::Live) {
            Ok(()) => Next::End(Ending::Opened),
            Err(found) => self.accept(found),
        }
    }

    /// What a word means to a process that is present and has the bytes.
    fn accept(&mut self, word: Word) -> Next {
        match word {
            Word::Live => Next::End(Ending::Opened),
            Word::Dead => Next::Step(Step::DropPresence),
            Word::Dying(_) if self.does(Fault::LeavesMark) => Next::End(Ending::Opened),
            Word::Dying(_) => {
                self.task.seen = word;
                Next::Step(Step::Revive)
            }
        }
    }
}
