//! `ReadFile` and `WriteFile`.

use super::overlapped::{self, AT_END, Overlapped};
use super::{Shape, Used, right, used};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::pointer::Out;
use crate::types::{BOOL, DWORD, HANDLE};
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use std::ffi::c_void;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Linux transfers no more at once.
const MOST: usize = 0x7FFF_F000;

export! {
    fn ReadFile(
        file: HANDLE,
        buffer: *mut c_void,
        length: DWORD,
        transferred: Out<DWORD>,
        at: Out<Overlapped>,
    ) -> BOOL {
        // Windows writes this before it looks at anything else.
        transferred.put(0);
        let file = used(file)?;
        file.may(right::READ_DATA)?;
        check_pointers(&file, transferred, at)?;
        let read = |at| read(&file, buffer, length as usize, at);
        let bytes = if at.is_null() {
            read(None)?
        } else {
            overlapped::complete(at, |offset| match read(Some(offset))? {
                0 if length > 0 && file.shape() == Shape::Regular => fail(code::HANDLE_EOF),
                bytes => Ok(bytes),
            })?
        };
        transferred.put(bytes);
        Ok(())
    }

    fn WriteFile(
        file: HANDLE,
        buffer: *const c_void,
        length: DWORD,
        transferred: Out<DWORD>,
        at: Out<Overlapped>,
    ) -> BOOL {
        transferred.put(0);
        let file = used(file)?;
        file.may(right::WRITE_DATA | right::APPEND_DATA)?;
        check_pointers(&file, transferred, at)?;
        let write = |at| write(&file, buffer, length as usize, at);
        let bytes = if at.is_null() {
            write(None)?
        } else {
            overlapped::complete(at, |offset| write(Some(offset)))?
        };
        transferred.put(bytes);
        Ok(())
    }

    fn FlushFileBuffers(file: HANDLE) -> BOOL {
        let file = used(file)?;
        file.may(right::WRITE_DATA | right::APPEND_DATA)?;
        if file.shape() == Shape::Regular {
            rustix::io::retry_on_intr(|| rustix::fs::fsync(file.descriptor()))?;
        }
        Ok(())
    }
}

fn check_pointers(file: &Used, transferred: Out<DWORD>, at: Out<Overlapped>) -> Result<()> {
    if !at.is_null() {
        return Ok(());
    }
    if file.overlapped && file.shape() == Shape::Regular {
        return Err(Failure::hint(
            code::INVALID_PARAMETER,
            "the file was opened with FILE_FLAG_OVERLAPPED: pass an OVERLAPPED that says where",
        ));
    }
    transferred.required().map(drop)
}

fn read(file: &Used, buffer: *mut c_void, length: usize, at: Option<u64>) -> Result<u32> {
    let at = at.filter(|_| file.shape() == Shape::Regular);
    let descriptor = file.descriptor();
    let mut done = 0;
    while done < length {
        // The kernel checks the buffer: a bad one is EFAULT, which becomes ERROR_NOACCESS.
        let to = buffer.wrapping_byte_add(done);
        let some = (length - done).min(MOST);
        let result = match at {
            Some(at) => {
                let at = offset(at, done)?;
                // SAFETY: the descriptor is open; the caller says that the buffer has `length` bytes.
                status(unsafe { libc::pread(descriptor.as_raw_fd(), to, some, at) })
            }
            // SAFETY: as above.
            None => status(unsafe { libc::read(descriptor.as_raw_fd(), to, some) }),
        };
        match result {
            Ok(0) if done == 0 && file.shape() == Shape::Pipe => {
                return fail(code::BROKEN_PIPE);
            }
            Ok(0) => break,
            Ok(bytes) => done += bytes,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait_until(descriptor, PollFlags::IN)?,
            // What was read before is read; the failure comes again with the next call.
            Err(_) if done > 0 => break,
            Err(Errno::ISDIR) => return fail(code::INVALID_FUNCTION),
            Err(errno) => return Err(errno.into()),
        }
        // What is not a file gives what it has.
        if file.shape() != Shape::Regular && done > 0 {
            break;
        }
    }
    if let Some(at) = at {
        move_behind(file, at, done)?;
    }
    Ok(done as u32)
}

fn write(file: &Used, buffer: *const c_void, length: usize, at: Option<u64>) -> Result<u32> {
    let appends = file.access() & right::WRITE_DATA == 0 || at == Some(AT_END);
    let regular = file.shape() == Shape::Regular;
    let at = at.filter(|_| regular && !appends);
    let descriptor = file.descriptor();
    let mut done = 0;
    while done < length {
        let from = buffer.wrapping_byte_add(done);
        let some = (length - done).min(MOST);
        let result = match at {
            Some(at) => {
                let at = offset(at, done)?;
                // SAFETY: the descriptor is open; the caller says that the buffer has `length` bytes.
                status(unsafe { libc::pwrite(descriptor.as_raw_fd(), from, some, at) })
            }
            None if regular && appends => {
                let part = libc::iovec { iov_base: from.cast_mut(), iov_len: some };
                // SAFETY: as above; the vector outlives the call. -1 is the description's own position, which moves behind what is written.
                status(unsafe {
                    libc::pwritev2(descriptor.as_raw_fd(), &raw const part, 1, -1, libc::RWF_APPEND)
                })
            }
            // SAFETY: as above.
            None => quietly(regular, || status(unsafe { libc::write(descriptor.as_raw_fd(), from, some) })),
        };
        match result {
            Ok(bytes) => done += bytes,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait_until(descriptor, PollFlags::OUT)?,
            // Also after a part was written: few programs compare the count with what they asked for, because on Windows it is the same.
            Err(errno) => return Err(errno.into()),
        }
    }
    if let Some(at) = at {
        move_behind(file, at, done)?;
    }
    Ok(done as u32)
}

fn status(bytes: isize) -> rustix::io::Result<usize> {
    usize::try_from(bytes)
        .map_err(|_| Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}

fn offset(at: u64, done: usize) -> Result<i64> {
    at.checked_add(done as u64).and_then(|at| i64::try_from(at).ok()).ok_or_else(|| {
        Failure::hint(code::INVALID_PARAMETER, "no file reaches as far as this OVERLAPPED says")
    })
}

/// A handle without `FILE_FLAG_OVERLAPPED` goes on behind what was read or written at an offset.
fn move_behind(file: &Used, at: u64, done: usize) -> Result<()> {
    if !file.overlapped {
        rustix::fs::seek(file.descriptor(), rustix::fs::SeekFrom::Start(at + done as u64))?;
    }
    Ok(())
}

/// Somebody who shares the description, a shell perhaps, has made it one that does not wait.
fn wait_until(descriptor: BorrowedFd<'_>, ready: PollFlags) -> Result<()> {
    let mut descriptors = [PollFd::from_borrowed_fd(descriptor, ready)];
    match rustix::event::poll(&mut descriptors, None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Writes to what may be a pipe that nobody reads any more: the signal of that is not for a program of Windows, which gets an error.
fn quietly<R>(regular: bool, write: impl FnOnce() -> rustix::io::Result<R>) -> rustix::io::Result<R> {
    if regular {
        return write();
    }
    let mut pipe = empty_set();
    // SAFETY: the set was made by `empty_set`.
    unsafe { libc::sigaddset(&raw mut pipe, libc::SIGPIPE) };
    let mut pending = empty_set();
    // SAFETY: the set is there to be written.
    unsafe { libc::sigpending(&raw mut pending) };
    // SAFETY: as for `sigaddset`.
    let was_pending = unsafe { libc::sigismember(&raw const pending, libc::SIGPIPE) } == 1;
    let mut before = empty_set();
    // SAFETY: both sets outlive the call. Only this thread's mask changes, and it is put back below.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const pipe, &raw mut before) };
    let result = write();
    if result.as_ref().is_err_and(|&errno| errno == Errno::PIPE) && !was_pending {
        let none = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the set and the time outlive the call. The signal goes to the thread that wrote, so it is here that it is taken.
        unsafe { libc::sigtimedwait(&raw const pipe, std::ptr::null_mut(), &raw const none) };
    }
    // SAFETY: the mask of before.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut()) };
    result
}

fn empty_set() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: the call fills the set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: it was just filled.
    unsafe { set.assume_init() }
}
