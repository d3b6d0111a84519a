//! No patience, for `loom`: to look again is to look later.

use super::futex::Deadline;
use crate::Result;

pub(super) struct Patience;

impl Patience {
    pub(super) fn new() -> Patience {
        Patience
    }

    pub(super) fn spin<T>(&self, _: Deadline, _: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
        Ok(None)
    }
}
