//! `OVERLAPPED`: where to read and write, and what came of it. Everything is done when the call returns; nothing goes on in the background.

use super::used;
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::object::Object;
use crate::pointer::{In, Out};
use crate::table;
use crate::types::{BOOL, DWORD, HANDLE};

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Overlapped {
    status: usize,
    transferred: usize,
    offset_low: u32,
    offset_high: u32,
    event: HANDLE,
}

const STATUS_SUCCESS: u32 = 0;
const STATUS_PENDING: u32 = 0x103;
const STATUS_END_OF_FILE: u32 = 0xC000_0011;
const STATUS_PIPE_BROKEN: u32 = 0xC000_014B;
/// A status that carries a Win32 code.
const STATUS_WIN32: u32 = 0xC007_0000;

/// The offset that stands for the end of the file, for who writes.
pub(crate) const AT_END: u64 = u64::MAX;

impl Overlapped {
    pub(crate) fn offset(&self) -> u64 {
        u64::from(self.offset_high) << 32 | u64::from(self.offset_low)
    }
}

/// Does what an `OVERLAPPED` was passed for, and fills it.
pub(crate) fn complete(at: Out<Overlapped>, work: impl FnOnce(u64) -> Result<u32>) -> Result<u32> {
    let begun = at.as_in().required()?;
    signal(begun.event, false)?;
    let result = work(begun.offset());
    let (status, transferred) = match &result {
        Ok(bytes) => (STATUS_SUCCESS, *bytes),
        Err(failure) => (status(failure.code()), 0),
    };
    at.put(Overlapped { status: status as usize, transferred: transferred as usize, ..begun });
    signal(begun.event, true)?;
    result
}

/// Sets the event that was passed along, if there is one, or resets it.
fn signal(event: HANDLE, set: bool) -> Result<()> {
    if event == HANDLE::NULL {
        return Ok(());
    }
    match &*table::entry(event)?.object {
        Object::Event(event) if set => Ok(event.set()?),
        Object::Event(event) => Ok(event.reset()?),
        _ => fail(code::INVALID_HANDLE),
    }
}

fn status(code: u32) -> u32 {
    match code {
        code::HANDLE_EOF => STATUS_END_OF_FILE,
        code::BROKEN_PIPE => STATUS_PIPE_BROKEN,
        code => STATUS_WIN32 | code & 0xFFFF,
    }
}

fn code_of(status: u32) -> u32 {
    match status {
        STATUS_END_OF_FILE => code::HANDLE_EOF,
        STATUS_PIPE_BROKEN => code::BROKEN_PIPE,
        status if status & 0xFFFF_0000 == STATUS_WIN32 => status & 0xFFFF,
        _ => code::MR_MID_NOT_FOUND,
    }
}

export! {
    fn GetOverlappedResult(file: HANDLE, at: In<Overlapped>, transferred: Out<DWORD>, _wait: BOOL) -> BOOL {
        used(file)?;
        let done = at.required()?;
        let status = done.status as u32;
        if status == STATUS_PENDING {
            return Err(Failure::hint(
                code::IO_INCOMPLETE,
                "this OVERLAPPED was not passed to a read or write that went well or failed",
            ));
        }
        transferred.required()?.put(done.transferred as u32);
        // As for every status of Windows: the top two bits say whether it is an error.
        if status >> 30 == 3 { fail(code_of(status)) } else { Ok(()) }
    }

    fn CancelIo(file: HANDLE) -> BOOL {
        used(file)?;
        Ok(())
    }

    fn CancelIoEx(file: HANDLE, _at: In<Overlapped>) -> BOOL {
        used(file)?;
        fail::<()>(code::NOT_FOUND)
    }
}
