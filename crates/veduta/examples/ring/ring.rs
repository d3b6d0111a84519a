//! A ring in a section: one process sends messages of one size, another one receives them, in order and each once.
//!
//! The section begins with two numbers: how many messages were ever sent, and how many were ever received. Each is written by one side only.
//! Behind them are the slots; message `n` is in slot `n % slots`. What everything rests on:
//!
//! 1. `received <= sent <= received + slots`, always. The sender fills slots from `sent` on as long as that holds, the receiver reads those from
//!    `received` on, so no slot is read and written at the same time.
//! 2. A side stores its number, with release, after it is done with the slot; the other one loads it, with acquire, before it touches the slot.
//! 3. Nobody falls asleep past the other: who wants to sleep raises a flag and looks at the other's number once more; who has changed a number looks
//!    at the other's flag. All four are sequentially consistent, so at least one of the two sees what the other one did. Only who finds a flag
//!    signals: a stream in which nobody sleeps makes no system call.
//!
//! What the other process writes is input. A side believes its own number, which it keeps to itself, and checks the other's against it; bytes are
//! copied in and out. Whatever the other one does, this one meets an error, wrong bytes, or nobody who wakes it, and nothing worse.

use std::io::{Error, ErrorKind, Result};
use std::sync::atomic::Ordering;
use veduta::{Event, Section, View, ViewAccess, Waitable};

/// What both sides agree on.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// The bytes of a message.
    pub(crate) size: usize,
    /// How many messages there is room for: a power of two, at least 2.
    pub(crate) slots: u64,
    pub(crate) wait: Wait,
}

/// What a side does as long as there is nothing to receive, or no room to send.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    /// Sleeps until the other side signals an event.
    Sleep,
    /// Looks again and again, and keeps a processor busy that nobody else wants.
    Spin,
}

/// How often a side looks before it sleeps, or lets others run: for less time than a sleep costs, and long enough to meet what is on its way.
const LOOKS: u32 = 64;

pub(crate) struct Sender(Side);

impl Sender {
    /// Becomes the sender of the ring of this name. Goes on where the last one stopped, if there was one.
    pub(crate) fn join(name: &str, shape: Shape) -> Result<Sender> {
        Side::join(name, shape, Role::Sender).map(Sender)
    }

    /// Sends a message of the size agreed on. Waits for room.
    pub(crate) fn send(&mut self, message: &[u8]) -> Result<()> {
        let Sender(side) = self;
        assert_eq!(message.len(), side.shape.size, "all messages have one size");
        if side.filled(side.others) == side.shape.slots {
            side.wait()?;
        }
        side.view.write_at(side.slot(), message)?;
        side.advance(true)
    }
}

pub(crate) struct Receiver {
    side: Side,
    /// What messages are copied into, piece by piece: it stays in the nearest cache, so it costs little more than to read them where they lie.
    piece: Vec<u8>,
}

/// The longest piece.
const PIECE: usize = 16 << 10;

impl Receiver {
    /// Becomes the receiver of the ring of this name. Goes on where the last one stopped, if there was one.
    pub(crate) fn join(name: &str, shape: Shape) -> Result<Receiver> {
        let side = Side::join(name, shape, Role::Receiver)?;
        Ok(Receiver { side, piece: vec![0; shape.size.min(PIECE)] })
    }

    /// Receives the next message, and hands it out in pieces of at most 16 KiB. Waits for one.
    pub(crate) fn receive(&mut self, mut read: impl FnMut(&[u8])) -> Result<()> {
        let Receiver { side, piece } = self;
        if side.filled(side.others) == 0 {
            side.wait()?;
        }
        for at in (0..side.shape.size).step_by(PIECE) {
            let piece = &mut piece[..PIECE.min(side.shape.size - at)];
            side.view.read_at(side.slot() + at, piece)?;
            read(piece);
        }
        // Who sleeps for room is not woken for each slot, but twice in a round: in a full ring the receiver is sure to come by there.
        let half = side.shape.slots / 2;
        side.advance(side.done.wrapping_add(1) & (half - 1) == 0)
    }
}

#[derive(Clone, Copy)]
enum Role {
    Sender,
    Receiver,
}

/// Where a side's words are. The two sides write to different cache lines, and processors fetch lines in pairs.
#[derive(Clone, Copy)]
struct Words {
    number: usize,
    /// Whether it sleeps, or is about to.
    sleeps: usize,
}

const OF_SENDER: Words = Words { number: 0, sleeps: 128 };
const OF_RECEIVER: Words = Words { number: 256, sleeps: 384 };
const SLOTS: usize = 4096;

/// What sender and receiver have in common.
struct Side {
    view: View,
    /// Keeps the name, by which the other side finds the same bytes.
    _section: Section,
    shape: Shape,
    role: Role,
    own: Words,
    other: Words,
    /// What this side sleeps on, and what the other one does; not if they spin.
    events: Option<[Event; 2]>,
    /// This side's number.
    done: u64,
    /// The other side's number, when this one last looked.
    others: u64,
}

impl Side {
    fn join(name: &str, shape: Shape, role: Role) -> Result<Side> {
        assert!(shape.slots.is_power_of_two() && shape.slots >= 2, "{} slots", shape.slots);
        let size = SLOTS as u64 + shape.slots * shape.size as u64;
        let (section, _) = Section::options().size(size).create(name)?;
        let view = section.view().access(ViewAccess::Write).len(size).map()?;
        let event = |what| Event::options().create(&format!("{name} {what}")).map(|(event, _)| event);
        let (own, other, sleeps_on, wakes) = match role {
            Role::Sender => (OF_SENDER, OF_RECEIVER, "room", "messages"),
            Role::Receiver => (OF_RECEIVER, OF_SENDER, "messages", "room"),
        };
        let events = match shape.wait {
            Wait::Sleep => Some([event(sleeps_on)?, event(wakes)?]),
            Wait::Spin => None,
        };
        if let Some([_, other]) = &events {
            // The last one in this role may have ended after it lowered a flag, and before it signaled.
            other.set()?;
        }
        let done = view.load(own.number, Ordering::Acquire)?;
        let mut side = Side { view, _section: section, shape, role, own, other, events, done, others: done };
        side.others = side.look()?;
        Ok(side)
    }

    /// How many messages are in the ring, if this is the other side's number.
    fn filled(&self, others: u64) -> u64 {
        match self.role {
            Role::Sender => self.done.wrapping_sub(others),
            Role::Receiver => others.wrapping_sub(self.done),
        }
    }

    /// Where the message is that comes next.
    fn slot(&self) -> usize {
        SLOTS + (self.done & (self.shape.slots - 1)) as usize * self.shape.size
    }

    /// The other side's number.
    fn look(&self) -> Result<u64> {
        let others = self.view.load(self.other.number, Ordering::SeqCst)?;
        match self.filled(others) <= self.shape.slots {
            true => Ok(others),
            false => Err(Error::new(ErrorKind::InvalidData, "the other side of the ring went wrong")),
        }
    }

    /// Waits until the other side's number is not the one known.
    #[cold]
    fn wait(&mut self) -> Result<()> {
        let known = self.others;
        let mut looks = 0;
        loop {
            self.others = self.look()?;
            if self.others != known {
                return Ok(());
            }
            match &self.events {
                Some([event, _]) if looks == LOOKS => {
                    self.sleeps(self.own, true)?;
                    if self.look()? == known {
                        // For no reason, if it was signaled for a sleep that did not come to be: one looks again in any case.
                        let _ = event.wait(None)?;
                    }
                    self.sleeps(self.own, false)?;
                }
                _ if looks < LOOKS => {
                    std::hint::spin_loop();
                    looks += 1;
                }
                _ => std::thread::yield_now(),
            }
        }
    }

    /// Raises or lowers a side's flag.
    fn sleeps(&self, side: Words, sleeps: bool) -> Result<()> {
        Ok(self.view.store(side.sleeps, u32::from(sleeps), Ordering::SeqCst)?)
    }

    /// Is done with a slot. Where it `wakes`, it signals the other side if that sleeps.
    fn advance(&mut self, wakes: bool) -> Result<()> {
        // It began at what stood in the ring.
        self.done = self.done.wrapping_add(1);
        let Some([_, other]) = self.events.as_ref().filter(|_| wakes) else {
            return Ok(self.view.store(self.own.number, self.done, Ordering::Release)?);
        };
        self.view.store(self.own.number, self.done, Ordering::SeqCst)?;
        if self.view.load::<u32>(self.other.sleeps, Ordering::SeqCst)? != 0 {
            // First the flag: after the signal it would be that of the next sleep.
            self.sleeps(self.other, false)?;
            other.set()?;
        }
        Ok(())
    }
}
