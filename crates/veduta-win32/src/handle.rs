//! `CloseHandle`, `DuplicateHandle`, and what is asked of handles of any kind.

use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::object::Object;
use crate::pointer::Out;
use crate::process::{self, mailbox};
use crate::rights::Rights;
use crate::table::{self, INHERIT, PROTECT_FROM_CLOSE};
use crate::thread;
use crate::types::{BOOL, DWORD, HANDLE};
use std::sync::Arc;

const DUPLICATE_CLOSE_SOURCE: u32 = 1;
const DUPLICATE_SAME_ACCESS: u32 = 2;

export! {
    fn CloseHandle(handle: HANDLE) -> BOOL {
        if handle == HANDLE::CURRENT_PROCESS || handle == HANDLE::CURRENT_THREAD {
            return Ok(());
        }
        table::close(handle)
    }

    fn DuplicateHandle(
        source_process: HANDLE,
        source: HANDLE,
        target_process: HANDLE,
        target: Out<HANDLE>,
        access: DWORD,
        inherit: BOOL,
        options: DWORD,
    ) -> BOOL {
        if !process::is_current(source_process)? {
            return Err(Failure::hint(
                code::NOT_SUPPORTED,
                "only handles of the calling process can be duplicated: have the other process give its handle away",
            ));
        }
        let duplicated = duplicate(source, access, options).and_then(|(object, access)| {
            let inherit = inherit.is_true();
            if target_process == HANDLE::NULL {
                return fail(code::INVALID_HANDLE);
            }
            if process::is_current(target_process)? {
                if target.is_null() { Ok(HANDLE::NULL) } else { table::insert(object, access, inherit) }
            } else {
                mailbox::send(target_process, &object, access, inherit)
            }
        });
        // The source is closed also when there is no duplicate.
        if options & DUPLICATE_CLOSE_SOURCE != 0 {
            // What cannot be closed, such as a pseudo handle or one that is protected, is no failure of the duplicate: the caller would
            // not learn its value.
            let _stays = table::close(source);
        }
        target.put(duplicated?);
        Ok(())
    }

    fn GetHandleInformation(handle: HANDLE, flags: Out<DWORD>) -> BOOL {
        let now = table::entry(handle)?.flags();
        flags.required()?.put(now);
        Ok(())
    }

    fn SetHandleInformation(handle: HANDLE, mask: DWORD, flags: DWORD) -> BOOL {
        if mask & !(INHERIT | PROTECT_FROM_CLOSE) != 0 {
            return fail(code::INVALID_PARAMETER);
        }
        table::entry(handle)?.set_flags(mask, flags);
        Ok(())
    }
}

/// What the duplicate refers to, and the bits of its rights that the table keeps.
fn duplicate(source: HANDLE, access: u32, options: u32) -> Result<(Arc<Object>, u32)> {
    if source == HANDLE::CURRENT_PROCESS {
        return Ok((process::current()?, process::ALL_ACCESS));
    }
    if source == HANDLE::CURRENT_THREAD {
        return Ok((thread::current()?, thread::ALL_ACCESS));
    }
    let wanted = if options & DUPLICATE_SAME_ACCESS != 0 { Rights::Same } else { Rights::Mask(access) };
    let entry = table::entry(source)?;
    entry.object.duplicate(entry.access, wanted)
}
