//! Events: set until they are reset.

use crate::sync::Reset;

#[derive(Debug, Clone)]
pub(in crate::manager) struct Event {
    pub(super) reset: Reset,
    pub(super) signaled: bool,
    /// Whether it is signaled only for who waits just now.
    pub(super) pulsed: bool,
}

impl Event {
    pub(super) fn new(reset: Reset, signaled: bool) -> Event {
        Event { reset, signaled, pulsed: false }
    }

    pub(super) fn pulse(&mut self) {
        (self.signaled, self.pulsed) = (true, true);
    }

    /// All who can go on did.
    pub(super) fn end_pulse(&mut self) {
        if self.pulsed {
            (self.signaled, self.pulsed) = (false, false);
        }
    }

    pub(super) fn take(&mut self) {
        match self.reset {
            Reset::Auto => self.signaled = false,
            Reset::Manual => {}
        }
    }
}
