//! Mutexes, events, semaphores and timers: objects of the kernel, and its calls.
//!
//! [`object`] has the handles, [`wait`] the waits, [`interrupt`] what ends them before their time, [`state`] what the kernel tells of an object. What it does not
//! keep for us is what this process has to do with an object, by whatever handle: which acquisitions of a mutex have a guard ([`owner`]), and what a
//! timer calls ([`timers`]); [`known`] keeps that. [`pending`] waits for futures. A program's own procedures and wakers are called by [`errands`].

mod errands;
mod interrupt;
mod known;
mod native;
mod object;
mod owner;
mod pending;
mod state;
mod timers;
mod wait;

pub(crate) use interrupt::Interrupt;
pub(crate) use object::{Object, create_named, create_unnamed, open};
pub(crate) use owner::{Acquired, Thread};
pub(crate) use pending::{Begun, Pending};
pub(crate) use state::state_of;
pub(crate) use timers::Schedule;
pub(crate) use wait::{Deadline, Target, all, any};
