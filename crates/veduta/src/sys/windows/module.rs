//! The program or library that this is part of, and how long it stays in memory.

use super::error::{done, failed};
use crate::Result;
use std::ptr::null_mut;
use std::sync::OnceLock;
use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};

/// Keeps it from being unloaded: threads of ours and the handler of exceptions never end, and would be left without their code.
pub(crate) fn stay_loaded(operation: &'static str) -> Result<()> {
    static STAYS: OnceLock<Result<(), u32>> = OnceLock::new();
    let stays = STAYS.get_or_init(|| {
        let flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
        let inside = stay_loaded as *const u16;
        let mut module = null_mut();
        // SAFETY: the flags say that the pointer is no name but an address inside; the handle is written to a variable of ours.
        done(unsafe { GetModuleHandleExW(flags, inside, &raw mut module) })
    });
    stays.map_err(|code| failed(operation, code))
}
