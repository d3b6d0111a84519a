//! Unnamed pipes.

use crate::attributes::Attributes;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::file::{self, File, RIGHTS, Shape, right};
use crate::pointer::Out;
use crate::rights::{GENERIC_READ, GENERIC_WRITE};
use crate::table;
use crate::types::{BOOL, DWORD, HANDLE, POINTER};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::FileType;
use rustix::net::{RecvFlags, recv};
use rustix::pipe::{PipeFlags, SpliceFlags};
use rustix::time::Timespec;
use std::os::fd::BorrowedFd;

export! {
    fn CreatePipe(reader: Out<HANDLE>, writer: Out<HANDLE>, attributes: Attributes, size: DWORD) -> BOOL {
        let (reader, writer) = (reader.required()?, writer.required()?);
        let inherit = attributes.inherits();
        let (from, to) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        if size as usize > rustix::pipe::fcntl_getpipe_size(&to)? {
            // The size is a wish; the limit for it is the system's.
            let _granted = rustix::pipe::fcntl_setpipe_size(&to, size as usize);
        }
        let from = file::insert(File::new(from, false)?, RIGHTS.map(GENERIC_READ), inherit)?;
        let to = File::new(to, false).and_then(|to| file::insert(to, RIGHTS.map(GENERIC_WRITE), inherit));
        if to.is_err() {
            table::close(from)?;
        }
        writer.put(to?);
        reader.put(from);
        Ok(())
    }

    fn PeekNamedPipe(
        pipe: HANDLE,
        buffer: POINTER,
        capacity: DWORD,
        read: Out<DWORD>,
        available: Out<DWORD>,
        left: Out<DWORD>,
    ) -> BOOL {
        let pipe = file::used(pipe)?;
        if pipe.shape() != Shape::Pipe {
            return Err(Failure::hint(code::INVALID_FUNCTION, "this is no pipe"));
        }
        pipe.may(right::READ_DATA)?;
        let waiting = rustix::io::ioctl_fionread(pipe.descriptor())?;
        if waiting == 0 && is_abandoned(pipe.descriptor())? {
            return fail(code::BROKEN_PIPE);
        }
        let mut seen = 0;
        if !buffer.is_null() && capacity > 0 && waiting > 0 {
            let bytes = peek(pipe.descriptor(), capacity as usize)?;
            // SAFETY: the caller says that the buffer has so many bytes, and no more were looked at.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast::<u8>(), bytes.len()) };
            seen = bytes.len() as u32;
        }
        read.put(seen);
        available.put(waiting.max(seen.into()) as u32);
        // There are no messages in an unnamed pipe.
        left.put(0);
        Ok(())
    }
}

/// Whether nothing will ever come.
fn is_abandoned(pipe: BorrowedFd<'_>) -> Result<bool> {
    let mut descriptors = [PollFd::from_borrowed_fd(pipe, PollFlags::IN)];
    rustix::event::poll(&mut descriptors, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    let [descriptor] = &descriptors;
    Ok(descriptor.revents().contains(PollFlags::HUP) && !descriptor.revents().contains(PollFlags::IN))
}

/// The first bytes, which stay where they are.
fn peek(pipe: BorrowedFd<'_>, most: usize) -> Result<Vec<u8>> {
    if FileType::from_raw_mode(rustix::fs::fstat(pipe)?.st_mode) == FileType::Socket {
        let mut bytes = vec![0; most.min(1 << 20)];
        let (read, _) = recv(pipe, &mut bytes[..], RecvFlags::PEEK | RecvFlags::DONTWAIT)?;
        bytes.truncate(read);
        return Ok(bytes);
    }
    // They go into a second pipe too, where nobody minds that they are taken out.
    let (from, to) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    let size = rustix::pipe::fcntl_getpipe_size(pipe)?;
    if size > rustix::pipe::fcntl_getpipe_size(&to)? {
        let _granted = rustix::pipe::fcntl_setpipe_size(&to, size);
    }
    let copied = rustix::pipe::tee(pipe, &to, most, SpliceFlags::NONBLOCK)?;
    let mut bytes = vec![0; copied];
    let mut read = 0;
    while read < copied {
        match rustix::io::read(&from, &mut bytes[read..])? {
            0 => break,
            more => read += more,
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}
