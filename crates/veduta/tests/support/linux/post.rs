//! Verbs that copy an actor, or put its handles into other processes, as descriptors.

use super::{report_to, socket};
use crate::support::stage::{self, Stage, Verb, done};
use crate::support::{Actor, Incarnation, Outcome};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use veduta::os::unix::{HandleExt, MAX_DESCRIPTORS};
use veduta::{Result, Section};

pub(super) const VERBS: &[(&str, Verb)] = &[
    ("fork", fork),
    ("expose", expose),
    ("mailbox", |stage, words| {
        let mailbox = UnixDatagram::bind_addr(&socket(words[0])).expect("the address is free");
        stage.post.mailbox = Some(mailbox);
        done()
    }),
    ("send", send),
    ("receive", receive),
];

/// What an actor has of descriptors.
#[derive(Default)]
pub struct Post {
    mailbox: Option<UnixDatagram>,
    /// Those that it only keeps open.
    exposed: Vec<OwnedFd>,
}

/// Both processes answer: the parent its test, the child whoever meets it.
fn fork(stage: &mut Stage, words: &[&str]) -> Result<String> {
    if fork_process() {
        stage.speak_on(report_to(words[0]));
        // Standard input is the line to our parent's test, which waits for that to close.
        let nothing = File::open("/dev/null").expect("it is there");
        rustix::stdio::dup2_stdin(nothing).expect("standard input is open");
    }
    done()
}

/// Whether this is the child.
#[allow(unsafe_code, reason = "the standard library does not fork")]
pub fn fork_process() -> bool {
    // SAFETY: the child has this thread only. The other one waits in the harness for this one and holds nothing that an
    // actor uses; malloc sees to itself.
    let pid = unsafe { libc::fork() };
    assert_ne!(pid, -1, "a process may fork");
    pid == 0
}

/// Takes its latest handle apart, and keeps the descriptors at numbers that no child has in use for anything else.
fn expose(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let low = stage.take(words[0]).into_descriptors()?;
    let high = low.iter().map(|fd| rustix::io::fcntl_dupfd_cloexec(fd, 500).expect("descriptors are left"));
    stage.post.exposed = high.collect();
    let numbers: Vec<_> = stage.post.exposed.iter().map(|fd| fd.as_raw_fd().to_string()).collect();
    Ok(numbers.join(","))
}

fn send(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let descriptors = stage.take(words[0]).into_descriptors()?;
    let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(OwnedFd::as_fd).collect();
    let mail = UnixDatagram::unbound().expect("a socket can be had");
    mail.connect_addr(&socket(words[1])).expect("the mailbox is open");
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&borrowed)), "there is space for all");
    let sent = rustix::net::sendmsg(&mail, &[IoSlice::new(b"a handle")], &mut control, SendFlags::empty());
    sent.expect("the mailbox has room");
    done()
}

fn receive(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let mailbox = stage.post.mailbox.take().expect("it has a mailbox");
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut text = [0; 16];
    rustix::net::recvmsg(&mailbox, &mut [IoSliceMut::new(&mut text)], &mut control, RecvFlags::empty())
        .expect("there is mail");
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    stage.adopt(words[0], Section::from_descriptors(descriptors)?)
}

/// The verbs.
impl Actor {
    /// Takes its latest handle apart and keeps the descriptors, which no child inherits; gives their numbers.
    #[track_caller]
    pub fn expose(&mut self, name: &str) -> String {
        self.answer(&["expose", name]).expect("descriptors are left")
    }

    /// Gives its latest handle to another actor, over a Unix socket.
    #[track_caller]
    pub fn send(&mut self, name: &str, to: &mut Actor) -> Outcome<Incarnation> {
        let mailbox = format!("veduta-mail-{}", to.pid());
        to.answer(&["mailbox", &mailbox]).expect("an address with its pid is free");
        self.answer(&["send", name, &mailbox]).expect("the mailbox is open");
        to.answer(&["receive", name]).map(|answer| stage::decode_incarnation(&answer))
    }
}
