//! Reading what the program says is a descriptor, list or identifier, without believing the lengths and offsets in it.
//!
//! The kernel reads: where there is no memory it says so, while following the pointer would end the process. These are no calls whose
//! speed matters.

use crate::code;
use crate::failure::{Failure, Result};
use rustix::io::Errno;
use std::sync::atomic::{AtomicBool, Ordering};

/// Some sandboxes forbid the call.
static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// So many bytes from an address of this process. `ERROR_NOACCESS` where they cannot be read.
pub(super) fn read(address: usize, length: usize) -> Result<Vec<u8>> {
    if address == 0 {
        return Err(Failure::hint(code::INVALID_PARAMETER, "a pointer is NULL"));
    }
    if address.checked_add(length).is_none() {
        return unreadable(address);
    }
    let mut bytes = vec![0; length];
    if length == 0 {
        return Ok(bytes);
    }
    if !FORBIDDEN.load(Ordering::Relaxed) {
        match read_by_kernel(address, &mut bytes) {
            Ok(read) if read == length => return Ok(bytes),
            Ok(_) | Err(Errno::FAULT) => return unreadable(address),
            Err(_) => FORBIDDEN.store(true, Ordering::Relaxed),
        }
    }
    let source = std::ptr::with_exposed_provenance::<u8>(address);
    // SAFETY: the caller says that the structure is there; the kernel does not check it for us.
    unsafe { std::ptr::copy_nonoverlapping(source, bytes.as_mut_ptr(), length) };
    Ok(bytes)
}

fn read_by_kernel(address: usize, bytes: &mut [u8]) -> std::result::Result<usize, Errno> {
    let local = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    let remote =
        libc::iovec { iov_base: std::ptr::with_exposed_provenance_mut(address), iov_len: bytes.len() };
    let process = rustix::process::getpid().as_raw_nonzero().get();
    // SAFETY: the local part is ours and that long; the kernel checks the other.
    let read = unsafe { libc::process_vm_readv(process, &local, 1, &remote, 1, 0) };
    usize::try_from(read)
        .map_err(|_| Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL))
}

fn unreadable<T>(address: usize) -> Result<T> {
    Err(Failure::hint(code::NOACCESS, format!("there is no memory to read at {address:#x}")))
}

pub(super) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(offset..offset + 2)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(offset..offset + 4)?.try_into().ok()?))
}

pub(super) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(offset..offset + 8)?.try_into().ok()?))
}
