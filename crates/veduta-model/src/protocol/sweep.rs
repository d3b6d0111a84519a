//! Sweeping: settling what is under every name there is, also those that creators left half-way.

use super::process::{Ending, PathSet};
use super::turn::{Next, Turn};

impl Turn<'_> {
    pub(super) fn list_names(&mut self) -> Next {
        self.task.queue = self.state.files.paths().collect::<PathSet>();
        self.sweep_next()
    }

    pub(super) fn sweep_next(&mut self) -> Next {
        match self.task.queue.take_first() {
            Some(path) => {
                self.task.path = path;
                self.settle()
            }
            None => Next::End(Ending::Done),
        }
    }
}
