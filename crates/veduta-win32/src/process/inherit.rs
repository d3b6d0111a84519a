//! What a child gets from its creator, and takes in before its `main`.
//!
//! The creator leaves descriptors open in the child, and a list of what they are in a memory file. A variable of the environment says
//! which descriptor the list is. The list and each descriptor are named with the numbers of their files, so that a variable that has outlived
//! its descriptors is noticed: a program in between, such as a shell, may have closed them and opened others.
//!
//! Lines of the list: `veduta 1 PID`, written by the child itself just before it becomes the new program; `command HEX`; `creator PID`;
//! `page FD`; `mailbox FD LANE FIRST`; `handle VALUE ACCESS FLAGS KIND DETAIL FD...`. Handles are also for who is started by a child that
//! does not use the library; the rest is the child's alone.

use super::exit::{self, Page};
use super::mailbox::{self, ChildsEnd};
use crate::code;
use crate::environment;
use crate::failure::{Result, diagnoses};
use crate::object::{Object, Packed};
use crate::table::{self, Entry};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use rustix::fs::MemfdFlags;
use rustix::io::FdFlags;
use std::collections::HashSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(super) const VARIABLE: &str = "VEDUTA_INHERIT";
const FIRST_LINE: &str = "veduta 1 0000000000\n";
/// Where in the list the child's id goes.
pub(super) const PID_AT: i64 = 9;
pub(super) const PID_DIGITS: usize = 10;
/// Standard input, output and error come to the child in another way.
const FIRST_DESCRIPTOR: RawFd = 3;

/// What a child is to get.
pub(super) struct Inheritance {
    text: String,
    descriptors: Vec<OwnedFd>,
}

impl Inheritance {
    pub(super) fn new() -> Inheritance {
        let text = format!("{FIRST_LINE}creator {}\n", std::process::id());
        Inheritance { text, descriptors: Vec::new() }
    }

    /// Windows gives a child its command line as it was passed.
    pub(super) fn command_line(&mut self, line: &str) {
        let digits: String = line.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.line(format_args!("command {digits}"));
    }

    pub(super) fn page(&mut self, page: &Page) -> Result<()> {
        let token = self.leave(page.descriptor()?)?;
        self.line(format_args!("page {token}"));
        Ok(())
    }

    pub(super) fn mailbox(&mut self, end: ChildsEnd) -> Result<()> {
        let token = self.leave(end.socket)?;
        self.line(format_args!("mailbox {token} {} {}", end.lane, end.first));
        Ok(())
    }

    pub(super) fn handle(&mut self, entry: &Entry) -> Result<()> {
        let packed = match entry.object.pack() {
            // Some objects cannot leave the process. Who asked for their handles to be inherited gets the rest.
            Err(failure) if failure.code() == code::NOT_SUPPORTED => return Ok(()),
            packed => packed?,
        };
        let Packed { kind, detail, descriptors } = packed;
        let tokens =
            descriptors.into_iter().map(|descriptor| self.leave(descriptor)).collect::<Result<Vec<_>>>()?;
        let (value, tokens) = (entry.handle().0, tokens.join(" "));
        self.line(format_args!("handle {value} {} {} {kind} {detail} {tokens}", entry.access, entry.flags()));
        Ok(())
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn leave(&mut self, descriptor: OwnedFd) -> Result<String> {
        let descriptor = above_standard(descriptor)?;
        let token = token(descriptor.as_fd())?;
        self.descriptors.push(descriptor);
        Ok(token)
    }

    /// The list, the value of the variable, and what to leave open.
    pub(super) fn finish(mut self) -> Result<(OwnedFd, String, Vec<OwnedFd>)> {
        let list = above_standard(rustix::fs::memfd_create("veduta inheritance", MemfdFlags::CLOEXEC)?)?;
        let mut text = std::mem::take(&mut self.text).into_bytes();
        while !text.is_empty() {
            let written = rustix::io::write(&list, &text)?;
            text.drain(..written);
        }
        let variable = format!("{VARIABLE}={}", token(list.as_fd())?);
        Ok((list, variable, self.descriptors))
    }
}

fn above_standard(descriptor: OwnedFd) -> Result<OwnedFd> {
    if descriptor.as_raw_fd() >= FIRST_DESCRIPTOR {
        return Ok(descriptor);
    }
    Ok(rustix::io::fcntl_dupfd_cloexec(&descriptor, FIRST_DESCRIPTOR)?)
}

/// A descriptor, and which file it is.
fn token(descriptor: BorrowedFd<'_>) -> Result<String> {
    let file = rustix::fs::fstat(descriptor)?;
    Ok(format!("{}:{}:{}", descriptor.as_raw_fd(), file.st_dev, file.st_ino))
}

/// Makes an object of what another process sent.
pub(super) fn unpack(packed: Packed) -> Option<Object> {
    let kind = packed.kind.clone();
    match catch_unwind(AssertUnwindSafe(|| Object::unpack(packed))).ok()? {
        Ok(object) => Some(object),
        Err(failure) => {
            if diagnoses() {
                eprintln!(
                    "veduta: a handle from another process ({kind}) cannot be used: error {}",
                    failure.code()
                );
            }
            None
        }
    }
}

/// The library's constructor. Its number puts it after that of Rust's library, and before those of the program.
#[used]
#[allow(unsafe_code, reason = "the attribute: the C library calls what it finds in this section")]
#[unsafe(link_section = ".init_array.00100")]
static CONSTRUCTOR: extern "C" fn() = begin;

/// Whoever refers to this gets the constructor linked, too: from a static library, only what is referred to is.
pub(super) fn is_linked() {
    std::hint::black_box(&CONSTRUCTOR);
}

extern "C" fn begin() {
    let _ = catch_unwind(|| {
        crate::fork::prepare();
        take_in();
    });
}

/// The descriptors that were taken, so that none is taken twice.
#[derive(Default)]
struct Taken(HashSet<RawFd>);

impl Taken {
    /// Takes what a token says, if it is still that.
    fn take(&mut self, text: &str) -> Option<OwnedFd> {
        let number: RawFd = text.split(':').next()?.parse().ok()?;
        if number < FIRST_DESCRIPTOR || self.0.contains(&number) {
            return None;
        }
        // SAFETY: it is only asked about, and an error if it is closed.
        let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
        if token(borrowed).ok()? != text {
            return None;
        }
        rustix::io::fcntl_setfd(borrowed, FdFlags::CLOEXEC).ok()?;
        self.0.insert(number);
        // SAFETY: it is the very file that was left here for the library, and nothing else in this process has been told of it.
        Some(unsafe { OwnedFd::from_raw_fd(number) })
    }
}

/// Takes in what the creator has left.
fn take_in() -> Option<()> {
    let variable = std::env::var(VARIABLE).ok()?;
    // SAFETY: constructors run before the program has other threads.
    unsafe { std::env::remove_var(VARIABLE) };
    if environment::is_foreign() {
        return None;
    }
    let mut taken = Taken::default();
    let list = taken.take(&variable)?;
    // Only memory files have seals.
    rustix::fs::fcntl_get_seals(&list).ok()?;
    let text = read(&list)?;
    let mut lines = text.lines();
    let child: u32 = lines.next()?.strip_prefix("veduta 1 ")?.parse().ok()?;
    let mut child = Newborn { is_it: child == std::process::id(), creator: None };
    for line in lines {
        if child.take_in(line, &mut taken).is_none() && diagnoses() {
            eprintln!("veduta: something that was to be inherited is not there: {line}");
        }
    }
    Some(())
}

fn read(list: &OwnedFd) -> Option<String> {
    let mut text = vec![0; usize::try_from(rustix::fs::fstat(list).ok()?.st_size).ok()?];
    let mut length = 0;
    while length < text.len() {
        match rustix::io::pread(list, &mut text[length..], length as u64).ok()? {
            0 => return None,
            read => length += read,
        }
    }
    String::from_utf8(text).ok()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(byte).collect()
}

struct Newborn {
    /// Whether the list was made for this process, not for one that started this one.
    is_it: bool,
    creator: Option<u32>,
}

impl Newborn {
    fn take_in(&mut self, line: &str, taken: &mut Taken) -> Option<()> {
        let mut words = line.split(' ');
        match words.next()? {
            "command" => {
                let line = words.next().and_then(bytes).and_then(|line| String::from_utf8(line).ok())?;
                if self.is_it {
                    environment::set_command_line(&line);
                }
            }
            "creator" => self.creator = Some(words.next()?.parse().ok()?),
            "page" => {
                let page = taken.take(words.next()?)?;
                if self.is_it {
                    exit::adopt(Page::map(page).ok()?);
                }
            }
            "mailbox" => {
                let socket = taken.take(words.next()?)?;
                let (lane, first) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
                if self.is_it {
                    mailbox::adopt(self.creator?, socket, lane, first);
                }
            }
            "handle" => {
                let mut number = || words.next()?.parse::<u32>().ok();
                let (value, access, flags) = (number()?, number()?, number()?);
                let (kind, detail) = (words.next()?.to_owned(), words.next()?.to_owned());
                let descriptors = words.map(|token| taken.take(token)).collect::<Option<Vec<_>>>()?;
                let object = unpack(Packed { kind, detail, descriptors })?;
                mailbox::inherited(value);
                table::adopt(value, Arc::new(object), access, flags);
            }
            _ => return None,
        }
        Some(())
    }
}
