//! Closing: who goes last takes the name along.
//!
//! Presence goes before the bytes. In between it is a process that shows bytes and is not present, which harms nobody;
//! the other way round it would be a holder that shows none.

use super::fault::Fault;
use super::process::{Call, Ending};
use super::scenario::{Bytes, Presence};
use super::step::Step;
use super::turn::{Next, Turn};
use super::world::{Lock, Word};

impl Turn<'_> {
    pub(super) fn release_and_test(&mut self) -> Next {
        if self.task.settling {
            return self.test_probe();
        }
        let alone = self.lock(Lock::Exclusive);
        Next::Step(if alone { Step::StoreDead } else { Step::CloseDescriptors })
    }

    pub(super) fn store_dead(&mut self) -> Next {
        let entry = self.entry();
        self.state.files.store(entry, Word::Dead);
        Next::Step(Step::OpenDirectory)
    }

    pub(super) fn drop_presence(&mut self) -> Next {
        self.description().lock = Lock::Free;
        // A lock goes with the description; a memfd has a descriptor of its own.
        if self.task.call.closes() && self.scenario.bytes == Bytes::Memfd {
            return Next::Step(Step::CloseDescriptors);
        }
        self.settle()
    }

    pub(super) fn close_descriptors(&mut self) -> Next {
        if self.task.settling {
            return self.settled(false);
        }
        if self.does(Fault::HidesThenCloses) && self.description().bytes {
            self.description().bytes = false;
            return Next::Step(self.scenario.first_step_of_close(self.task.call));
        }
        match self.task.call {
            _ if self.does(Fault::ClosesOnly) => Next::End(Ending::Done),
            Call::Close if self.scenario.protocol.presence == Presence::Flock => Next::End(Ending::Done),
            _ => self.settle(),
        }
    }
}
