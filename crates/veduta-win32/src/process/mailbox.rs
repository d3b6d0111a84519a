//! Handles that one process puts into another's table.
//!
//! Whoever creates a process shares a pair of sockets with it. To put a handle into the other's table means to send the object's
//! descriptors there, with the value that the handle has in the other process, which the sender chooses. The receiver looks into its
//! sockets when it is asked for a value that it does not know: nothing runs in it, and it may not have begun to run.
//!
//! Values so chosen are never given out by the table, and no two senders choose the same: from the creator they have bit 29; from a
//! child, the child's *lane*, a number that its creator gave it.

use super::{DUP_HANDLE, Process, RIGHTS};
use crate::code;
use crate::failure::{Failure, Result, fail};
use crate::object::{Object, Packed};
use crate::table::{self, FOREIGN, INHERIT};
use crate::types::HANDLE;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// In values that the creator has chosen.
const FROM_CREATOR: u32 = 1 << 29;
const LANE_SHIFT: u32 = 18;
const LANES: u32 = 1 << (29 - LANE_SHIFT);
/// How many values of one lane there are; after that they begin anew.
const LANE_VALUES: u32 = 1 << (LANE_SHIFT - 2);
const CREATOR_VALUES: u32 = 1 << 27;

/// The most descriptors that an object comes to.
const MOST_DESCRIPTORS: usize = 16;
const LONGEST_MESSAGE: usize = 64 << 10;

/// Values that one sender chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    Creators,
    Lane(u32),
}

impl Values {
    fn value(self, count: u32) -> u32 {
        match self {
            Values::Creators => FOREIGN | FROM_CREATOR | ((count % CREATOR_VALUES) << 2),
            Values::Lane(lane) => FOREIGN | (lane << LANE_SHIFT) | ((count % LANE_VALUES) << 2),
        }
    }

    fn has(self, value: u32) -> bool {
        let fixed = match self {
            Values::Creators => !0 << 29,
            Values::Lane(_) => !0 << LANE_SHIFT,
        };
        value & fixed == self.value(0) & fixed && value & 3 == 0
    }
}

/// Which one of its sender's a value is.
fn count(value: u32) -> u32 {
    let values = if value & FROM_CREATOR != 0 { CREATOR_VALUES } else { LANE_VALUES };
    value >> 2 & (values - 1)
}

/// One end of a pair of sockets between a process and its creator.
pub(super) struct Lane {
    socket: OwnedFd,
    /// What this end chooses.
    sends: Values,
    sent: AtomicU32,
    /// What the other end chooses.
    receives: Values,
    /// The count that follows the last one received.
    received: AtomicU32,
    /// Who takes in what has arrived. Another thread that looks for it meanwhile waits until it is in the table.
    collecting: Mutex<()>,
}

/// The other end, for a child that is to be made.
pub(super) struct ChildsEnd {
    pub(super) socket: OwnedFd,
    /// The number of the lane.
    pub(super) lane: u32,
    /// Where the child begins to count.
    pub(super) first: u32,
}

/// The lanes that were used and are free, the longest free first, with where their values go on.
static FREE: Mutex<VecDeque<(u32, u32)>> = Mutex::new(VecDeque::new());
static FRESH: AtomicU32 = AtomicU32::new(0);
/// Where new lanes begin to count: behind what this process has inherited.
static FIRST: AtomicU32 = AtomicU32::new(0);

/// This process' end of its creator's lane, the process that it is of, and the creator's id.
static CREATOR: OnceLock<(u32, u32, Lane)> = OnceLock::new();

/// Makes a lane for a new child, which inherits these values. `None`: there are too many children for another.
pub(super) fn new_lane(inherited: impl Iterator<Item = u32>) -> Result<Option<(Lane, ChildsEnd)>> {
    let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let (lane, first) = match free {
        Some(free) => free,
        None => match FRESH
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |lane| (lane < LANES).then_some(lane + 1))
        {
            Ok(lane) => (lane, FIRST.load(Ordering::Relaxed)),
            Err(_) => return Ok(None),
        },
    };
    let (ours, theirs) = rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    // The child may have what a creator has chosen before.
    let sent = inherited
        .filter(|&value| Values::Creators.has(value))
        .map(|value| count(value) + 1)
        .max()
        .unwrap_or(0);
    let ours = Lane {
        socket: ours,
        sends: Values::Creators,
        sent: AtomicU32::new(sent),
        receives: Values::Lane(lane),
        received: AtomicU32::new(first),
        collecting: Mutex::new(()),
    };
    Ok(Some((ours, ChildsEnd { socket: theirs, lane, first })))
}

/// In a child: the creator left this end here.
pub(super) fn adopt(creator: u32, socket: OwnedFd, lane: u32, first: u32) {
    if lane < LANES {
        let lane = Lane {
            socket,
            sends: Values::Lane(lane),
            sent: AtomicU32::new(first),
            receives: Values::Creators,
            received: AtomicU32::new(0),
            collecting: Mutex::new(()),
        };
        let _second = CREATOR.set((std::process::id(), creator, lane));
    }
}

/// In a child: it inherited this value, which its own children must not choose again.
pub(super) fn inherited(value: u32) {
    if value >= FOREIGN && !Values::Creators.has(value) {
        FIRST.fetch_max(count(value) + 1, Ordering::Relaxed);
    }
}

/// The lane of this process' creator; a forked child has none.
fn creator() -> Option<(u32, &'static Lane)> {
    let (process, creator, lane) = CREATOR.get()?;
    (*process == std::process::id()).then_some((*creator, lane))
}

/// Puts a handle to an object into the table of another process, and gives the value that it has there.
pub(crate) fn send(process: HANDLE, object: &Object, access: u32, inherit: bool) -> Result<HANDLE> {
    let entry = table::entry(process)?;
    if RIGHTS.map(entry.access) & DUP_HANDLE == 0 {
        return Err(Failure::hint(
            code::ACCESS_DENIED,
            "the handle to the process has not the right PROCESS_DUP_HANDLE",
        ));
    }
    let process: &Process = entry.object.as_kind()?;
    if process.0.look().is_some() {
        return Err(Failure::hint(code::ACCESS_DENIED, "the process has ended"));
    }
    if let Some(lane) = &process.0.lane {
        return lane.send(object, access, inherit);
    }
    match creator() {
        Some((creator, lane)) if creator == process.id() => lane.send(object, access, inherit),
        _ => Err(Failure::hint(
            code::NOT_SUPPORTED,
            "handles can be put only into a process that this one created with CreateProcess, or that created this one",
        )),
    }
}

/// Takes in what other processes have put here.
pub(crate) fn collect() {
    // The library's constructor sees to it that there is something to collect.
    super::inherit::is_linked();
    if let Some((_, lane)) = creator() {
        lane.collect();
    }
    let children: Vec<_> = super::others().children.values().map(Arc::clone).collect();
    children.iter().filter_map(|child| child.lane.as_ref()).for_each(Lane::collect);
}

impl Lane {
    fn send(&self, object: &Object, access: u32, inherit: bool) -> Result<HANDLE> {
        let Packed { kind, detail, descriptors } = object.pack()?;
        let value = self.sends.value(self.sent.fetch_add(1, Ordering::Relaxed));
        let flags = if inherit { INHERIT } else { 0 };
        let message = format!("{value} {access} {flags} {kind} {detail}");
        let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(OwnedFd::as_fd).collect();
        if message.len() > LONGEST_MESSAGE || borrowed.len() > MOST_DESCRIPTORS {
            return fail(code::NOT_SUPPORTED);
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&borrowed));
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        loop {
            let bytes = [IoSlice::new(message.as_bytes())];
            match rustix::net::sendmsg(&self.socket, &bytes, &mut ancillary, flags) {
                Ok(_) => return Ok(HANDLE(value as usize)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN | Errno::TOOMANYREFS) => {
                    return Err(Failure::hint(
                        code::NO_SYSTEM_RESOURCES,
                        "the other process has not used what it was given before; it can be given a few hundred handles ahead",
                    ));
                }
                Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => {
                    return Err(Failure::hint(
                        code::ACCESS_DENIED,
                        "the other process has ended, or its program does not use veduta",
                    ));
                }
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Takes in what has arrived.
    pub(super) fn collect(&self) {
        let _collecting = self.collecting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = vec![0; LONGEST_MESSAGE];
        while let Some((length, descriptors)) = self.receive(&mut bytes) {
            let taken = std::str::from_utf8(&bytes[..length])
                .ok()
                .and_then(|message| self.take_in(message, descriptors));
            if taken.is_none() && crate::failure::diagnoses() {
                eprintln!("veduta: a handle arrived from another process in a form that cannot be used");
            }
        }
    }

    fn receive(&self, bytes: &mut [u8]) -> Option<(usize, Vec<OwnedFd>)> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let received = loop {
            let mut bytes = [IoSliceMut::new(bytes)];
            match rustix::net::recvmsg(&self.socket, &mut bytes, &mut ancillary, flags) {
                Err(Errno::INTR) => {}
                received => break received.ok()?,
            }
        };
        // Nothing: the other end is closed. Nobody sends messages without bytes.
        if received.bytes == 0 {
            return None;
        }
        let rights = ancillary.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        });
        Some((received.bytes, rights.flatten().collect()))
    }

    fn take_in(&self, message: &str, descriptors: Vec<OwnedFd>) -> Option<()> {
        let mut words = message.split(' ');
        let mut number = || words.next()?.parse::<u32>().ok();
        let (value, access, flags) = (number()?, number()?, number()?);
        let (kind, detail) = (words.next()?.to_owned(), words.next()?.to_owned());
        if !self.receives.has(value) {
            return None;
        }
        self.received.store(count(value) + 1, Ordering::Relaxed);
        let object = super::inherit::unpack(Packed { kind, detail, descriptors })?;
        table::adopt(value, Arc::new(object), access, flags & INHERIT);
        Some(())
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Values::Lane(lane) = self.receives {
            let next = self.received.load(Ordering::Relaxed);
            FREE.lock().unwrap_or_else(PoisonError::into_inner).push_back((lane, next));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CREATOR_VALUES, LANE_VALUES, LANES, Values, count};
    use crate::table::FOREIGN;

    #[test]
    fn senders_choose_different_values_that_the_table_does_not() {
        let senders = [Values::Creators, Values::Lane(0), Values::Lane(1), Values::Lane(LANES - 1)];
        for sender in senders {
            let last = if sender == Values::Creators { CREATOR_VALUES } else { LANE_VALUES } - 1;
            for number in [0, 1, last] {
                let value = sender.value(number);
                assert!((FOREIGN..1 << 31).contains(&value) && value.is_multiple_of(4), "{value:#x}");
                assert_eq!(count(value), number);
                let owners: Vec<_> = senders.iter().filter(|sender| sender.has(value)).collect();
                assert_eq!(owners, [&sender], "{value:#x}");
            }
        }
    }
}
