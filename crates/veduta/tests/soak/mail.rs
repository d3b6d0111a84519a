//! Handles on their way to another process, through a socket.

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use veduta::os::unix::MAX_DESCRIPTORS;

pub(crate) struct Mailbox(UnixDatagram);

fn address(process: u32) -> SocketAddr {
    SocketAddr::from_abstract_name(format!("veduta-soak-{process}")).expect("the name is short")
}

impl Mailbox {
    /// That of this process.
    pub(crate) fn new() -> Mailbox {
        let socket = UnixDatagram::bind_addr(&address(std::process::id())).expect("it has our number in it");
        Mailbox(socket)
    }

    /// A handle to the name of this number that somebody sent.
    pub(crate) fn receive(&self) -> Option<(usize, Vec<OwnedFd>)> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut number = [0];
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        rustix::net::recvmsg(&self.0, &mut [IoSliceMut::new(&mut number)], &mut control, flags).ok()?;
        let mut descriptors = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                descriptors.extend(received);
            }
        }
        Some((number[0] as usize, descriptors))
    }
}

/// Sends a handle, if that process can be reached and has room.
pub(crate) fn send(process: u32, number: usize, descriptors: &[OwnedFd]) -> bool {
    let socket = UnixDatagram::unbound().expect("a socket can be had");
    if socket.connect_addr(&address(process)).is_err() {
        return false;
    }
    let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(OwnedFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&borrowed)), "there is space for all");
    let number = [number as u8];
    rustix::net::sendmsg(&socket, &[IoSlice::new(&number)], &mut control, SendFlags::DONTWAIT).is_ok()
}
