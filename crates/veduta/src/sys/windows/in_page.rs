//! Bytes that are not there, and the exceptions by which Windows says so.
//!
//! Two kinds are looked at, before anybody else sees them. A copy of ours that meets a page which cannot be read or given memory returns where it is, as
//! if it had been a call that failed. And a page of a reserved section that is touched is committed, and the instruction tried again: on every
//! system, pages of such sections come by being touched.

use super::error::failed;
use super::module::stay_loaded;
use crate::memory::landing;
use crate::{Result, ViewAccess};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{OnceLock, PoisonError, RwLock};
use windows_sys::Win32::Foundation::{EXCEPTION_ACCESS_VIOLATION, EXCEPTION_IN_PAGE_ERROR};
use windows_sys::Win32::System::Diagnostics::Debug::{
    AddVectoredExceptionHandler, CONTEXT, EXCEPTION_CONTINUE_EXECUTION, EXCEPTION_CONTINUE_SEARCH,
    EXCEPTION_POINTERS,
};

const MAP: &str = "map view";

/// The views of reserved sections: where each begins, its end, and what it may do.
static RESERVED: RwLock<BTreeMap<usize, (usize, ViewAccess)>> = RwLock::new(BTreeMap::new());

/// Lets pages of a view come by being touched.
pub(crate) fn note_reserved(start: usize, end: usize, access: ViewAccess) {
    RESERVED.write().unwrap_or_else(PoisonError::into_inner).insert(start, (end, access));
}

pub(crate) fn forget_reserved(start: usize) {
    RESERVED.write().unwrap_or_else(PoisonError::into_inner).remove(&start);
}

/// Has exceptions come here. Once.
pub(crate) fn be_ready() -> Result<()> {
    stay_loaded(MAP)?;
    static HANDLER: OnceLock<usize> = OnceLock::new();
    let handler = *HANDLER.get_or_init(|| {
        // SAFETY: the function is one for this, and lives as long as the program.
        unsafe { AddVectoredExceptionHandler(1, Some(met)) }.addr()
    });
    if handler == 0 { Err(failed(MAP, super::error::last())) } else { Ok(()) }
}

unsafe extern "system" fn met(pointers: *mut EXCEPTION_POINTERS) -> i32 {
    // SAFETY: the system passes whole structures.
    let EXCEPTION_POINTERS { ExceptionRecord: record, ContextRecord: context } = unsafe { *pointers };
    // SAFETY: as above.
    let record = unsafe { *record };
    let (code, count) = (record.ExceptionCode, record.NumberParameters);
    let [operation, address, ..] = record.ExceptionInformation;
    // Windows tells of a page that cannot be had by the second; Wine, of a file that was cut off, by the first.
    if !matches!(code, EXCEPTION_ACCESS_VIOLATION | EXCEPTION_IN_PAGE_ERROR) || count < 2 {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    if code == EXCEPTION_ACCESS_VIOLATION && comes_by_being_touched(address, operation) {
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    // SAFETY: as above; nobody else has it now.
    if go_on(unsafe { &mut *context }, address) {
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    EXCEPTION_CONTINUE_SEARCH
}

/// Lets a routine of ours return that met bytes which are not there. Says whether it was one.
#[cfg(target_arch = "x86_64")]
fn go_on(context: &mut CONTEXT, address: usize) -> bool {
    let Some(landing) = landing(context.Rip as usize) else { return false };
    (context.Rip, context.Rax) = (landing as u64, address as u64);
    true
}

#[cfg(target_arch = "aarch64")]
fn go_on(context: &mut CONTEXT, address: usize) -> bool {
    let Some(landing) = landing(context.Pc as usize) else { return false };
    context.Pc = landing as u64;
    context.Anonymous.Anonymous.X0 = address as u64;
    true
}

/// Commits the page of a reserved section that was touched, or finds it committed by somebody who touched it at the same time. Says whether the instruction can be tried
/// again.
fn comes_by_being_touched(address: usize, operation: usize) -> bool {
    // Nothing that is done under this lock touches a view.
    let reserved = RESERVED.read().unwrap_or_else(PoisonError::into_inner);
    let Some((_, &(end, access))) = reserved.range(..=address).next_back() else { return false };
    address < end && super::view::come(address, operation, access)
}

/// Commits what is reserved of a range of addresses: the system itself is about to touch it, which no exception tells.
pub(crate) fn commit_reserved(range: Range<usize>) {
    let reserved = RESERVED.read().unwrap_or_else(PoisonError::into_inner);
    let before = reserved.range(..=range.start).next_back();
    for (&start, &(end, access)) in before.into_iter().chain(reserved.range(range.start + 1..)) {
        if start >= range.end {
            break;
        }
        // What cannot be committed is met by whoever touches it.
        let _ = super::view::commit(start.max(range.start)..end.min(range.end), access);
    }
}
